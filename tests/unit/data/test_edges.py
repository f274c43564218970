"""Edge data in its official formats: jiant's jsonl, SemEval-2010 task 8, pronouns, and trees."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.data.edges import EMPTY, OUTSIDE, EdgeExample, LeftOut, check_spans, label_names, one_label_each
from bertolt.data.jiant import read_jiant
from bertolt.data.readers.pronouns import open_pronouns
from bertolt.data.readers.semeval import open_semeval
from bertolt.data.readers.source import TextSource, text_source
from bertolt.data.table import Row
from bertolt.data.trees import arcs, phrases
from bertolt.errors import DataError


def _source(folder: Path, text: str) -> TextSource:
    file = folder / "file.txt"
    file.write_text(text, encoding="utf-8")
    return text_source(file, name=file.name)


def _jiant(*targets: dict[str, object], text: str = "The cat  sat .") -> tuple[EdgeExample, LeftOut]:
    left_out = LeftOut()
    example = read_jiant(Row(7, {"text": text, "targets": list(targets)}), left_out)
    return check_spans(example, left_out), left_out


def test_jiant_spans_are_words() -> None:
    example, left_out = _jiant(
        {"span1": [0, 2], "span2": [2, 3], "label": "ARG0"}, {"span1": [2, 4], "label": ["b", "a", "a"]}
    )
    assert [example.text[a:b] for a, b in example.targets[0].spans] == ["The cat", "sat"]
    assert [example.text[a:b] for a, b in example.targets[1].spans] == ["sat ."]
    assert [each.labels for each in example.targets] == [("ARG0",), ("a", "b")]
    assert label_names([example]) == ("ARG0", "a", "b")
    assert not one_label_each([example])
    assert left_out.counts() == {}


def test_spans_outside_and_empty_ones_are_counted() -> None:
    good = {"span1": [0, 1], "label": "x"}
    example, left_out = _jiant(
        good,
        {"span1": [3, 5], "label": "x"},
        {"span1": [-1, 1], "label": "x"},
        {"span1": [2, 2], "label": "x"},
    )
    assert len(example.targets) == 1
    assert left_out.counts() == {OUTSIDE: 2, EMPTY: 1}
    assert left_out.notes() == [
        f"left out: 2 × {OUTSIDE} (line 7)", f"left out: 1 × {EMPTY} (line 7)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"text": "a"}, "targets"),
        ({"text": 1, "targets": []}, "text"),
        ({"text": "a", "targets": [{"label": "x"}]}, "span1"),
        ({"text": "a", "targets": [{"span1": [0], "label": "x"}]}, "first word"),
        ({"text": "a", "targets": [{"span1": [0, 1.5], "label": "x"}]}, "first word"),
        ({"text": "a", "targets": [{"span1": [0, 1], "label": None}]}, "label"),
    ],
)
def test_another_form_than_jiants_names_its_line(values: dict[str, object], part: str) -> None:
    with pytest.raises(DataError, match=f"(?s){part}.*line 3"):
        read_jiant(Row(3, json.loads(json.dumps(values))), LeftOut())


SEMEVAL = (
    '1\t"The <e1>child</e1> was bound into the <e2>cradle</e2>."\nOther\nComment:\n\n'
    '2\t"A <e2>mill</e2> of "old <e1>flour</e1>"."\nProduct-Producer(e1,e2)\nComment: no\n\n\n'
)


def test_semeval(tmp_path: Path) -> None:
    first, second = open_semeval(_source(tmp_path, SEMEVAL))
    assert first.values["text"] == "The child was bound into the cradle."
    assert second.line == 5
    text = second.values["text"]
    assert text == 'A mill of "old flour".'
    assert [text[slice(*second.values[name])] for name in ("span1", "span2")] == ["flour", "mill"]
    assert second.values["label"] == "Product-Producer(e1,e2)"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("Other", "Others", "line 2"),
        ("<e1>child</e1>", "child", "line 1"),
        ('2\t"A', "2 A", "line 5"),
    ],
)
def test_semeval_malformed(tmp_path: Path, old: str, new: str, part: str) -> None:
    with pytest.raises(DataError, match=part):
        list(open_semeval(_source(tmp_path, SEMEVAL.replace(old, new))))


def test_pronouns(tmp_path: Path) -> None:
    text = "The bee landed because it had pollen.\nit\nThe bee,the flower\nthe flower\n\nA b.\nb\nA,B\nA\n"
    first, second = open_pronouns(_source(tmp_path, text))
    assert first.values["candidates"] == ["The bee", "the flower"]
    assert (second.line, second.values["answer"]) == (6, "A")
    for broken, part in (("a\nb\nc,d\n", "3 lines on line 1"), ("a\nb\nc\nd\n", "line 3")):
        with pytest.raises(DataError, match=part):
            open_pronouns(_source(tmp_path, broken))


@pytest.mark.parametrize("read", [open_semeval, open_pronouns])
def test_nothing_in_it(tmp_path: Path, read: Callable[[TextSource], object]) -> None:
    with pytest.raises(DataError, match="at least one sentence"):
        read(_source(tmp_path, "\n\n"))


def test_arcs() -> None:
    # The cat sat: the root is its own head; an open head is no arc.
    assert arcs([2, 3, 0, None], ["det", "nsubj", "root", "_"]) == [
        (0, 1, "det"), (1, 2, "nsubj"), (2, 2, "root"),
    ]  # fmt: skip


def test_phrases_by_hand() -> None:
    # " the old cat sat on the mat . "
    heads = [3, 3, 4, 0, 7, 7, 4, 4]
    deprels = ["det", "amod", "nsubj", "root", "case", "det", "obl", "punct"]
    upos = ["DET", "ADJ", "NOUN", "VERB", "ADP", "DET", "NOUN", "PUNCT"]
    found, gaps = phrases(heads, deprels, upos)
    assert found == [((0, 3), "NP"), ((0, 7), "clause"), ((4, 7), "PP")]
    assert gaps == 0


def test_a_subtree_with_a_gap_is_no_phrase() -> None:
    # 1 and 3 belong together, 2 is the root between them.
    found, gaps = phrases([3, 0, 2], ["amod", "root", "obj"], ["ADJ", "VERB", "NOUN"])
    assert gaps == 1
    assert found == [((0, 3), "clause")]
    possessor, _ = phrases([3, 1, 0], ["nmod:poss", "case", "root"], ["PROPN", "PART", "NOUN"])
    assert possessor == [((0, 2), "NP"), ((0, 3), "NP")]
    assert phrases([2, 1], ["a", "b"], ["NOUN", "NOUN"])[0] == [((0, 2), "NP"), ((0, 2), "NP")]  # a loop ends
