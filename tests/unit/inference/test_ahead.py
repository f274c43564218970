"""Tokenising one window while the one before is computed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from bertolt.errors import DataError
from bertolt.inference.run import ahead


class Encoder:
    """Gives each window back, upper case, and remembers the threads."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def __call__(self, window: Sequence[Any]) -> list[Any]:
        self.threads.append(threading.get_ident())
        if "bad" in window:
            raise DataError("a text", "bad", "mend it")
        return [text.upper() for text in window]


def test_windows_come_in_order_with_their_tokens() -> None:
    encode = Encoder()
    found = list(ahead([["a", "b"], ["c"], ["d"]], encode))
    assert found == [(["a", "b"], ["A", "B"]), (["c"], ["C"]), (["d"], ["D"])]
    assert encode.threads[0] == threading.get_ident()
    assert threading.get_ident() not in encode.threads[1:]
    assert len(set(encode.threads[1:])) == 1


def test_the_next_window_is_tokenised_while_one_is_computed() -> None:
    begun = threading.Event()

    def encode(window: Sequence[Any]) -> list[Any]:
        if window == ["b"]:
            begun.set()
        return list(window)

    windows = ahead([["a"], ["b"]], encode)
    assert next(windows) == (["a"], ["a"])
    assert begun.wait(10)  # although nobody has asked for it
    assert next(windows) == (["b"], ["b"])


def test_one_window_at_most_is_drawn_ahead() -> None:
    drawn: list[str] = []

    def windows() -> Iterator[list[str]]:
        for name in "abcd":
            drawn.append(name)
            yield [name]

    found = ahead(windows(), Encoder())
    next(found)
    assert drawn == ["a", "b"]
    next(found)
    assert drawn == ["a", "b", "c"]
    found.close()
    assert drawn == ["a", "b", "c"]


def test_faults_come_after_the_windows_before_them() -> None:
    def windows() -> Iterator[list[str]]:
        yield ["a"]
        yield ["b"]
        raise ValueError("the input ends here")

    found = ahead(windows(), Encoder())
    assert next(found) == (["a"], ["A"])
    assert next(found) == (["b"], ["B"])
    with pytest.raises(ValueError, match="ends here"):
        next(found)


def test_a_fault_of_the_tokeniser_is_carried_over() -> None:
    found = ahead([["a"], ["bad"], ["c"]], Encoder())
    assert next(found) == (["a"], ["A"])
    with pytest.raises(DataError, match="mend it"):
        next(found)


def test_nothing_gives_nothing() -> None:
    assert list(ahead([], Encoder())) == []
