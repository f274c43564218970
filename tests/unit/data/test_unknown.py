"""What is said of tokens that the vocabulary lacks."""

from __future__ import annotations

import pytest

from bertolt.data.findings import Finding, Place
from bertolt.data.tokenizer import TokenCount
from bertolt.data.unknown import MULTILINGUAL, UnknownTally, unknown_findings
from bertolt.errors import DataError


def findings(*counts: tuple[int, int]) -> list[Finding]:
    places = [Place("a.csv", line) for line in range(2, 2 + len(counts))]
    return unknown_findings(places, [TokenCount(*count) for count in counts])


def test_nothing_is_said_where_all_is_known() -> None:
    assert findings((5, 0), (0, 0)) == []
    for tally in (UnknownTally(), UnknownTally.of([(5, 0), (0, 0)])):
        assert tally.notes() == tally.warnings() == []
        tally.refuse()


@pytest.mark.parametrize(
    ("counts", "level", "lines"),
    [
        ([(98, 0), (2, 1)], "note", [3]),  # 1% of all, and just half of that row
        ([(97, 0), (3, 2)], "warning", [3]),  # more than half of that row
        ([(95, 2), (5, 3)], "warning", [2, 3]),
        ([(20, 1)], "warning", [2]),  # a twentieth
        ([(4, 2)], "warning", [2]),  # just half
        ([(4, 2), (5, 3)], "error", [2, 3]),
    ],
)
def test_levels_and_lines(counts: list[tuple[int, int]], level: str, lines: list[int]) -> None:
    (found,) = findings(*counts)
    assert (found.level, found.code) == (level, "unknown")
    assert [place.line for group in found.groups for place in group] == lines
    assert bool(found.do) == (level != "note")


def test_the_sentences() -> None:
    tally = UnknownTally.of([(3, 2), (6, 1), (1, 0)])
    assert (tally.tokens, tally.unknown, tally.with_unknown, tally.mostly) == (10, 3, 2, 1)
    sentence = (
        "3 of 10 tokens (30.0%) are unknown to the model's vocabulary, in 2 texts; "
        "of 1 text more than half of the tokens are unknown"
    )
    assert findings((3, 2), (6, 1), (1, 0))[0].what == sentence
    assert tally.notes() == [f"unknown: {sentence}"]
    meaning = "The model cannot tell such tokens apart: these predictions say little"
    assert tally.warnings() == [f"warning: {sentence}. {meaning}"]
    few = UnknownTally.of([(2, 1)])
    assert few.warnings() == [
        "warning: 1 of 2 tokens (50.0%) are unknown to the model's vocabulary, in 1 text."
    ]


def test_training_on_more_than_half_is_refused_and_multilingual_models_are_named() -> None:
    UnknownTally.of([(4, 2)]).refuse()
    with pytest.raises(DataError) as caught:
        UnknownTally.of([(4, 2), (1, 1)]).refuse()
    assert caught.value.found.startswith("3 of 5 tokens (60.0%) are unknown to the model's vocabulary")
    assert all(name in caught.value.do for name in MULTILINGUAL)
