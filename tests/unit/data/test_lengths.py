"""Lengths: shares counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bertolt.data.lengths import Lengths, length_findings, measure_lengths
from bertolt.data.tokenizer import TokenCount


def lengths(counts: Sequence[int], **options: Any) -> Lengths:
    return measure_lengths([TokenCount(count, 0) for count in counts], **options)


def test_shares_of_texts_and_tokens_that_are_cut() -> None:
    found = lengths([6, 10, 20, 4], limits=(10,))  # a budget of 8 tokens
    (cut,) = found.cuts
    assert (found.median, found.most, found.total) == (8.0, 20, 40)
    assert cut.texts == 2 / 4
    assert cut.tokens == pytest.approx((2 + 12) / 40)
    assert cut.windows == (1 + 2 + 3 + 1) / 4


def test_a_limit_that_cuts_nothing_is_not_mentioned() -> None:
    assert [each.code for each in length_findings(lengths([5, 6]))] == ["lengths"]


def test_losing_a_twentieth_of_the_tokens_at_512_is_a_warning() -> None:
    mild = length_findings(lengths([510] * 99 + [600]))
    severe = length_findings(lengths([1020, 100]))
    assert {each.level for each in mild} == {"note"}
    assert [each.level for each in severe] == ["note", "note", "note", "warning"]


def test_a_task_that_reads_windows_only_cuts_nothing() -> None:
    found = lengths([1020, 100], policies=("windows",))
    assert found.to_dict()["policies"] == ["windows"]
    _, *long = length_findings(found)
    assert [(each.level, each.code) for each in long] == [("note", "long")] * 3
    assert long[0].what == "50.0% of texts are longer than --max-length 128; they are read whole, in windows"


def test_a_task_without_windows_is_not_advised_to_use_them() -> None:
    *_, last = length_findings(lengths([1020, 100], policies=("head", "tail")))
    assert last.what == "at --max-length 512, head, tail cut 50.0% of texts and lose 45.5% of tokens"
    assert (last.level, last.do) == ("warning", "")
