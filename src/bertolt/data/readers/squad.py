"""SQuAD json, versions 1.1 and 2.0: articles of paragraphs of questions.

Rajpurkar et al. 2016 (https://arxiv.org/abs/1606.05250) and 2018 (https://arxiv.org/abs/1806.03822).
``plausible_answers``, which are no answers, are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

COLUMNS = ("id", "question", "context", "answers", "is_impossible", "title")


@dataclass(frozen=True, slots=True)
class SquadTable(Noted):
    """One row a question; the line is the number of the question in the file.

    ``answers`` is a list of ``{"text", "start"}``, the start a character of the context; None where
    the file has no answers for the question. ``title`` is None where the article has none.

    Args:
        name: how messages call it.
        document: the parsed file; it stays in memory.
        columns: the names of the columns.
    """

    name: str
    document: dict[str, Any]
    columns: tuple[str, ...] = COLUMNS

    def __iter__(self) -> Iterator[Row]:
        number = 0
        for a, article in enumerate(self._list(self.document, "data", "the top level"), start=1):
            place = f"article {a}"
            title = (
                None
                if self._object(article, place).get("title") is None
                else self._text(article, "title", place)
            )
            for p, paragraph in enumerate(self._list(article, "paragraphs", place), start=1):
                place = f"article {a}, paragraph {p}"
                context = self._text(paragraph, "context", place)
                for q, question in enumerate(self._list(paragraph, "qas", place), start=1):
                    number += 1
                    place = f"article {a}, paragraph {p}, question {q}"
                    yield Row(number, self._question(question, place) | {"context": context, "title": title})

    def _question(self, question: Any, place: str) -> dict[str, Any]:
        values: dict[str, Any] = {
            "id": self._id(question, place),
            "question": self._text(question, "question", place),
            "answers": None,
            "is_impossible": question.get("is_impossible", False),
        }
        if not isinstance(values["is_impossible"], bool):
            raise self._malformed(f"true or false under 'is_impossible' in {place}", values["is_impossible"])
        if "answers" in question:
            values["answers"] = [
                self._answer(answer, f"{place}, answer {n}")
                for n, answer in enumerate(self._list(question, "answers", place), start=1)
            ]
        return values

    def _answer(self, answer: Any, place: str) -> dict[str, Any]:
        text = self._text(answer, "text", place)
        start = answer.get("answer_start")
        if not isinstance(start, int) or isinstance(start, bool):
            raise self._malformed(f"a whole number under 'answer_start' in {place}", start)
        return {"text": text, "start": start}

    def _id(self, question: Any, place: str) -> str:
        number = self._object(question, place).get("id")
        if isinstance(number, int) and not isinstance(number, bool):
            return str(number)
        return self._text(question, "id", place)

    def _object(self, value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._malformed(f"an object for {place}", value)
        return value

    def _list(self, value: Any, key: str, place: str) -> list[Any]:
        items = self._object(value, place).get(key)
        if not isinstance(items, list):
            raise self._malformed(f"a list under {key!r} in {place}", items)
        return items

    def _text(self, value: Any, key: str, place: str) -> str:
        text = self._object(value, place).get(key)
        if not isinstance(text, str):
            raise self._malformed(f"a string under {key!r} in {place}", text)
        return text

    def _malformed(self, expected: str, found: Any) -> DataError:
        shown = "nothing" if found is None else f"{found!r:.60}"
        return DataError(f"{expected} of {self.name}", shown, "write the file as SQuAD 1.1 or 2.0 has it")
