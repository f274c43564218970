"""Tables, one-line texts and documents that are written as they come."""

from __future__ import annotations

import json

import pytest

from bertolt.cli.options import settings_from
from bertolt.cli.output import JsonArray, ReportedError, one_line, print_json, print_table
from bertolt.errors import DataError, SettingError


def test_a_table_counts_cells_not_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([("映画", "1", "a"), ("abc", "10", "b")], right=(1,), indent=1)
    assert capsys.readouterr().out == " 映画   1  a\n abc   10  b\n"


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("a\nb\r\n c\x00d\u2028e", None, "a b c d e"),
        ("\x1b[31mred", None, "[31mred"),
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("映画館", 6, "映画館"),
        ("映画館", 5, "映画…"),
        ("映画館", 4, "映…"),
    ],
)
def test_one_line(text: str, most: int | None, expected: str) -> None:
    assert one_line(text, most) == expected


def test_json_refuses_what_json_lacks() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"value": float("nan")})


def test_an_array(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonArray("results") as array:
        array.add({"a": 1})
        array.add({"a": 2})
    assert json.loads(capsys.readouterr().out) == {"results": [{"a": 1}, {"a": 2}]}
    with JsonArray("results"):
        pass
    assert json.loads(capsys.readouterr().out) == {"results": []}


@pytest.mark.parametrize(("error", "code"), [(DataError("a", "b", "c"), 2), (KeyboardInterrupt(), 130)])
def test_an_array_that_ends_early(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    array = JsonArray("results")
    array.add(1)
    with pytest.raises(ReportedError) as caught, array:
        raise error
    assert caught.value.exit_code == code
    document = json.loads(capsys.readouterr().out)
    assert document["results"] == [1]
    assert set(document["error"]) == {"expected", "found", "do"}


def test_an_array_that_never_began(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError), JsonArray("results"):
        raise DataError("a", "b", "c")
    assert capsys.readouterr().out == ""


def test_settings_are_json_or_words() -> None:
    given = ["a=1", "b=true", "c=word", "d=[1, 2]", "e=x=y", "f="]
    assert settings_from(given) == {"a": 1, "b": True, "c": "word", "d": [1, 2], "e": "x=y", "f": ""}
    assert settings_from(None) == {}
    with pytest.raises(SettingError, match="it twice"):
        settings_from(["a=1", "a=2"])
