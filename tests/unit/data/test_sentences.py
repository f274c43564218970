from __future__ import annotations

import time

import pytest

from bertolt.data.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One film. Two films! Three?", ("One film.", "Two films!", "Three?")),
        ("He said \"No.\" Then he left.", ('He said "No."', "Then he left.")),
        ("Mr. Smith met Dr. No at 3.5 p.m. yesterday.", ("Mr. Smith met Dr. No at 3.5 p.m. yesterday.",)),
        ("J. R. Tolkien wrote it. So did I. Well...", ("J. R. Tolkien wrote it.", "So did I.", "Well...")),
        ("Bad.<br /><br />very bad", ("Bad.<br /><br />", "very bad")),
        ("See fig. 3 and No. 5. No. 6 too.", ("See fig. 3 and No. 5.", "No. 6 too.")),
        ("no stop<br />next line", ("no stop<br />", "next line")),
        ("A title\n\nA body.", ("A title", "A body.")),
        ("よい映画。また見る！", ("よい映画。", "また見る！")),
        ("wait... what", ("wait... what",)),
        ("   ", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_sentences(text: str, sentences: tuple[str, ...]) -> None:
    assert split_sentences(text) == sentences


def test_only_white_space_is_lost() -> None:
    text = 'Oh! It is... fine (really?). \n\n<br/>The U.S. cut? "Yes." i.e. no.\tEnd'
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "text",
    ["a. " * 100_000, "... " * 100_000, "." * 500_000, " " * 500_000 + "x", "\n" * 500_000 + "x",
     '."' * 200_000, "<br " * 200_000, ". " + " \t" * 300_000, "A." * 200_000],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    split_sentences(text)
    assert time.process_time() - start < 5
