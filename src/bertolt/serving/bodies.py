"""A request's body as JSON, with everything that is none, or has another form, refused in three parts."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from bertolt.errors import InputError
from bertolt.serving.refusals import MalformedError

#: Lists and objects inside each other. Inputs need four.
DEPTH = 16
#: The greatest whole number that all readers of JSON keep exactly (RFC 8259, section 6).
MOST_NUMBER = 2**53 - 1

Form = TypeVar("Form", bound=BaseModel)


async def read_body(request: Request, form: type[Form]) -> Form:
    """A body in a form.

    Raises:
        MalformedError: not JSON in UTF-8, a number that JSON does not have or that is beyond
            ``MOST_NUMBER``, or too deep a nesting.
        InputError: JSON in another form.
    """
    body = await request.body()
    try:
        value = json.loads(body, parse_constant=_no_constant, parse_float=_fraction, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise MalformedError(
            "JSON", f"{error.msg.lower()} at line {error.lineno}, column {error.colno}", "correct the body"
        ) from error
    except UnicodeDecodeError as error:
        raise MalformedError(
            "JSON in UTF-8",
            f"the byte 0x{body[error.start]:02X} at {error.start}",
            "encode the body as UTF-8",
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    if _depth_above(value, DEPTH):
        raise _too_deep()
    return checked(form, value)


def checked(form: type[Form], value: Any) -> Form:
    """A value of JSON's types in a form.

    Raises:
        InputError: it has another one.
    """
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        if first["type"] == "extra_forbidden":
            known = ", ".join(form.model_fields)
            raise InputError(f"only the fields {known}", f"a field {where!r}", "leave it out") from error
        found = "nothing" if first["type"] == "missing" else "another value"
        raise InputError(
            f"{where}: {first['msg'].lower()}", found, "see /openapi.json for the form"
        ) from error


def _no_constant(name: str) -> NoReturn:
    raise MalformedError("JSON, which has no such number", name, "write a number, or null")


def _fraction(digits: str) -> float:
    value = float(digits)
    if abs(value) > MOST_NUMBER:
        raise _too_great(digits)
    return value


def _whole(digits: str) -> int:
    # Python reads more than 4,300 digits with an error of its own, and many digits slowly.
    if len(digits) > len(f"-{MOST_NUMBER}") or abs(value := int(digits)) > MOST_NUMBER:
        raise _too_great(digits)
    return value


def _too_great(digits: str) -> MalformedError:
    return MalformedError(
        f"numbers from -{MOST_NUMBER:,} to {MOST_NUMBER:,}",
        digits[:40] + ("…" if len(digits) > 40 else ""),
        "write a smaller number, or null",
    )


def _too_deep() -> MalformedError:
    return MalformedError(
        f"lists and objects at most {DEPTH} deep in each other",
        "more",
        "write the inputs in the documented form",
    )


def _depth_above(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def count_characters(value: Any) -> int:
    """The characters of all strings in a value of JSON's types, names of fields included."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + count_characters(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(map(count_characters, value))
    return 0
