"""Lines of results in a terminal and in a pipe."""

from __future__ import annotations

import os

import pytest

from bertolt.cli import views
from bertolt.cli.views import cells, print_results
from bertolt.results import Entity, Labels, Result, TaggedWord, Tags

SHARED = {"truncated": False, "tokens": 3, "tokens_read": 3}


def labels(label: str, *, read: int = 3, unknown: int = 0) -> Labels:
    return Labels(
        label=label, score=0.75, scores={}, truncated=read < 3, tokens=3, tokens_read=read, unknown=unknown
    )


def test_aligned_lines_with_a_mark_where_a_text_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_results([("one\ntext", labels("映画")), ("two", labels("abc", read=2))])
    assert capsys.readouterr().out == (
        "映画  0.750                        one text\nabc   0.750  [read 2 of 3 tokens]  two\n"
    )
    print_results([("one", labels("a"))])
    assert capsys.readouterr().out == "a  0.750  one\n"


def test_a_mark_where_most_tokens_are_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    print_results([("one", labels("a", unknown=1)), ("two", labels("b", unknown=2))])
    assert capsys.readouterr().out == (
        "a  0.750                           one\nb  0.750  [2 of 3 tokens unknown]  two\n"
    )


def test_a_terminal_gets_short_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(views.shutil, "get_terminal_size", lambda: os.terminal_size((40, 20)))
    print_results([("x" * 100, labels("a"))])
    (line,) = capsys.readouterr().out.splitlines()
    assert len(line) <= 40
    assert line.endswith("x…")


def test_a_stream_is_printed_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    def endless() -> object:
        for number in range(views.ROWS_ALIGNED + 1):
            yield str(number), labels("a")
        assert len(capsys.readouterr().out.splitlines()) == views.ROWS_ALIGNED

    print_results(endless())  # type: ignore[arg-type]


def test_tags() -> None:
    words = (TaggedWord(text="Rome", start=0, end=4, tag="PROPN", score=0.5),)
    entity = Entity(label="LOC", text="Rome", start=0, end=4, score=0.5)
    assert cells(Tags(words=words, entities=None, **SHARED)) == ["Rome/PROPN"]
    assert cells(Tags(words=words, entities=(entity,), **SHARED)) == ["LOC Rome"]
    assert cells(Tags(words=words, entities=(), **SHARED)) == ["(none)"]


def test_another_kind_is_json() -> None:
    assert cells(Result(**SHARED)) == ["{}"]
