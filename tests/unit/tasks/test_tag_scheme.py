"""Which tags mark spans, and what becomes of those that do."""

from __future__ import annotations

import pytest

from bertolt.tasks.tag_scheme import as_iob2, complete, marks_spans, mixes_schemes


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["O", "B-PER", "I-PER"], True),
        (["O", "I-PER"], True),
        (["B-NP", "I-NP"], True),
        (["O", "B-creative-work", "E-x", "S-y", "U-z", "L-q"], True),
        (["O"], False),
        (["NOUN", "VERB"], False),
        (["-LRB-", "NN", "O"], False),
        (["O", "S-x"], False),
        (["O", "B-", "I-"], False),
        (["O", "B-PER", "NOUN"], False),
    ],
)
def test_marks_spans(labels: list[str], expected: bool) -> None:
    assert marks_spans(labels) is expected


def test_mixes_schemes() -> None:
    assert mixes_schemes(["O", "B-PER", "PER"])
    assert not mixes_schemes(["O", "B-PER"])
    assert not mixes_schemes(["NOUN", "O", "S-x"])


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O I-PER I-PER O", "O B-PER I-PER O"),  # IOB1
        ("I-PER B-PER I-LOC", "B-PER B-PER B-LOC"),
        ("B-PER I-PER O", "B-PER I-PER O"),
        ("S-PER B-LOC I-LOC E-LOC", "B-PER B-LOC I-LOC I-LOC"),
        ("O O", "O O"),
        ("NOUN I-PER", "NOUN I-PER"),
        ("I ADJ", "I ADJ"),
    ],
)
def test_as_iob2(tags: str, expected: str) -> None:
    assert as_iob2(tags.split()) == tuple(expected.split())


def test_an_open_tag_ends_a_span_and_stays_open() -> None:
    assert as_iob2(["I-PER", None, "I-PER"]) == ("B-PER", None, "B-PER")


def test_complete() -> None:
    assert complete(["B-PER", "I-LOC", "O"]) == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    assert complete(["B-NP"]) == ("O", "B-NP", "I-NP")
