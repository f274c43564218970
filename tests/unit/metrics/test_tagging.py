from __future__ import annotations

import re

import numpy as np
import pytest

from bertolt.errors import InputError
from bertolt.metrics import tagging


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("", []),
        ("O O", []),
        ("B-PER I-PER O", [("PER", 0, 2)]),
        ("B-PER B-PER", [("PER", 0, 1), ("PER", 1, 2)]),
        # IOB1: I begins a span, B only parts two of one type that touch.
        ("I-PER I-PER O I-LOC", [("PER", 0, 2), ("LOC", 3, 4)]),
        ("I-PER B-PER I-PER", [("PER", 0, 1), ("PER", 1, 3)]),
        # I after another type begins a span.
        ("B-PER I-LOC I-LOC", [("PER", 0, 1), ("LOC", 1, 3)]),
        ("I-PER I-LOC I-PER", [("PER", 0, 1), ("LOC", 1, 2), ("PER", 2, 3)]),
        # I after O begins one, whatever was before.
        ("B-PER O I-PER", [("PER", 0, 1), ("PER", 2, 3)]),
        # IOBES and BILOU.
        ("B-PER I-PER E-PER S-LOC O S-LOC", [("PER", 0, 3), ("LOC", 3, 4), ("LOC", 5, 6)]),
        ("B-PER I-PER L-PER U-LOC O U-LOC", [("PER", 0, 3), ("LOC", 3, 4), ("LOC", 5, 6)]),
        ("S-PER S-PER I-PER", [("PER", 0, 1), ("PER", 1, 2), ("PER", 2, 3)]),
        ("B-PER E-PER E-PER I-PER", [("PER", 0, 2), ("PER", 2, 3), ("PER", 3, 4)]),
        ("B-PER E-LOC", [("PER", 0, 1), ("LOC", 1, 2)]),
        ("I-PER S-PER", [("PER", 0, 1), ("PER", 1, 2)]),
        # IOE: E ends a span that I began.
        ("I-PER I-PER E-PER E-PER", [("PER", 0, 3), ("PER", 3, 4)]),
        # Bare prefixes, and types with a dash.
        ("B I O I", [("", 0, 2), ("", 3, 4)]),
        ("B-WORK-OF-ART I-WORK-OF-ART", [("WORK-OF-ART", 0, 2)]),
    ],
)
def test_spans_by_hand(tags: str, expected: list[tagging.Span]) -> None:
    assert tagging.spans(tags.split()) == expected


def _conlleval_chunks(tags: list[str]) -> list[tuple[str, int, int]]:
    """The sub endOfChunk and startOfChunk of conlleval.pl, written out case by case."""
    found: list[tuple[str, int, int]] = []
    begin: int | None = None
    last, last_type = "O", ""
    for i, tag_and_type in enumerate([*tags, "O"]):
        match = re.match(r"^([^-]*)-(.*)$", tag_and_type)
        tag, kind = match.groups() if match else (tag_and_type, "")
        end = (last, tag) in {
            ("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("E", "E"), ("E", "I"), ("E", "O")
        }  # fmt: skip
        end = end or (last != "O" and last_type != kind)
        start = (tag == "B") or (last, tag) in {("O", "I"), ("E", "E"), ("E", "I"), ("O", "E")}
        start = start or (tag != "O" and last_type != kind)
        if begin is not None and end:
            found.append((last_type, begin, i))
            begin = None
        if start:
            begin = i
        last, last_type = tag, kind
    return found


def test_spans_equal_the_rules_of_conlleval_on_random_tags() -> None:
    random = np.random.default_rng(0)
    names = ["O", "B-X", "I-X", "E-X", "B-Y", "I-Y", "E-Y"]
    for _ in range(2000):
        tags = [names[i] for i in random.integers(0, 7, 7)]
        # conlleval has no end at "E, B"; there the span would stay open beside the new one.
        if not re.search(r"E-(.) B-\1", " ".join(tags)):
            assert tagging.spans(tags) == _conlleval_chunks(tags)


def test_to_iob2_by_hand() -> None:
    tags = ["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "S-ORG", "B-ORG", "E-ORG"]
    assert tagging.to_iob2(tags) == ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "B-ORG", "B-ORG", "I-ORG"]
    assert tagging.to_iob2(["I", "I"]) == ["B", "I"]
    assert tagging.to_iob2([]) == []


def test_to_iob2_keeps_the_spans() -> None:
    random = np.random.default_rng(1)
    names = ["O", "B-X", "I-X", "E-X", "S-X", "I-Y", "L-Y", "U-Y"]
    for _ in range(300):
        tags = [names[i] for i in random.integers(0, 8, 8)]
        assert tagging.spans(tagging.to_iob2(tags)) == tagging.spans(tags)


@pytest.mark.parametrize("tag", ["NOUN", "X-PER", "B-", "", "o", "PER-B", "O-PER"])
def test_other_tags_are_refused(tag: str) -> None:
    with pytest.raises(InputError, match="tags such as"):
        tagging.spans(["O", tag])


GOLD = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "O"], ["B-ORG", "I-ORG", "B-PER"]]
PREDICTED = [["B-PER", "I-PER", "O", "B-ORG"], ["O", "B-LOC"], ["I-ORG", "I-ORG", "O"]]
# Right spans 1, 0, 1; gold 2, 0, 2; predicted 2, 1, 1. Right words 3, 1, 1 of 4, 2, 3.
WEIGHTS = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0], [0.0, 3.0, 0.0]])


def test_span_metrics_by_hand_with_weights() -> None:
    assert tagging.span_precision(GOLD, PREDICTED)(WEIGHTS) == pytest.approx([2 / 4, 2 / 3, 0.0])
    assert tagging.span_recall(GOLD, PREDICTED)(WEIGHTS) == pytest.approx([2 / 4, 2 / 4, 0.0])
    assert tagging.span_f1(GOLD, PREDICTED)(WEIGHTS) == pytest.approx([2 / 4, 4 / 7, 0.0])


def test_word_accuracy_is_over_words_not_sentences() -> None:
    assert tagging.word_accuracy(GOLD, PREDICTED)(WEIGHTS) == pytest.approx([5 / 9, 3 / 8, 1 / 2])


def test_word_accuracy_takes_any_tags() -> None:
    value = tagging.word_accuracy([["NOUN", "VERB"]], [["NOUN", "ADJ"]])(np.ones((1, 1)))
    assert value.tolist() == [0.5]


def test_no_spans_at_all_is_f1_0() -> None:
    assert tagging.span_f1([["O"]], [["O"]])(np.ones((1, 1))).tolist() == [0.0]


def test_unequal_numbers_of_sentences_or_words_are_errors() -> None:
    with pytest.raises(InputError, match="as many predicted sentences"):
        tagging.span_f1([["O"]], [])
    with pytest.raises(InputError, match="2 predicted tags in sentence 1"):
        tagging.word_accuracy([["O"], ["O", "O"]], [["O"], ["O"]])
