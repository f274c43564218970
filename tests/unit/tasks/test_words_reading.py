"""Rows with words and tags: accepted, repaired, refused by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bertolt.data.readers import open_table
from bertolt.data.table import Row
from bertolt.errors import DataError, InputError
from bertolt.tasks.reading import ColumnChoice, input_example, read_labelled
from bertolt.tasks.task import TaskSettings
from bertolt.tasks.token_classification import TASK
from bertolt.tasks.words_reading import JOINED, REWRITTEN, read_words_example

CONLLU = """\
# text = Don't  go, du!
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVB\t_\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_
3.1\tyou\tyou\tPRON\tPRP\t_\t_\t_\t_\t_
4\t,\t,\tPUNCT\t,\t_\t3\tpunct\t_\t_
5\tdu\tdu\t_\tFW\t_\t3\tdep\t_\t_
6\t!\t!\tPUNCT\t.\t_\t3\tpunct\t_\t_

# text = du
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\tIN\t_\t0\troot\t_\t_
2\tle\tle\tDET\tDT\t_\t1\tdet\t_\t_

1\talone\talone\t_\tRB\t_\t0\troot\t_\t_
"""


def read(**values: Any) -> Any:
    return read_words_example(Row(7, values))


def read_file(path: Path, content: str, *label: str) -> Any:
    path.write_text(content, encoding="utf-8")
    return read_labelled(TASK, open_table(path), TaskSettings(), ColumnChoice(label=label))


def test_words_alone_are_joined_by_blanks() -> None:
    example = read(words=["an", "old", "film"], tags=["DET", "ADJ", "NOUN"])
    assert example.text == "an old film"
    assert example.words == ((0, 2), (3, 6), (7, 11))
    assert example.tags == ("DET", "ADJ", "NOUN")
    assert example.line == 7
    assert example.note == ""


def test_words_in_a_text_of_their_own_keep_its_offsets() -> None:
    example = read(text="  An old\tfilm", words=["An", "old", "film"])
    assert example.text == "  An old\tfilm"
    assert example.words == ((2, 4), (5, 8), (9, 13))
    assert example.tags is None


def test_a_text_with_something_else_than_the_words_gives_way_to_them() -> None:
    example = read(text="du film", words=["de", "le", "film"], tags=["A", "B", "C"])
    assert example.text == "de le film"
    assert example.note == JOINED


def test_a_text_alone_is_cut_by_the_rule_and_may_have_tags() -> None:
    example = read(text="Dull!", tags=["ADJ", "PUNCT"])
    assert (example.words, example.tags) == (((0, 4), (4, 5)), ("ADJ", "PUNCT"))


def test_values_are_a_row_that_reads_as_the_same_record() -> None:
    example = read(text="Don't", words=["Do", "n't"], tags=["AUX", None])
    assert example.values() == {"text": "Don't", "words": ["Do", "n't"], "tags": ["AUX", None]}
    assert read(**example.values()) == example


def test_open_tags_and_tags_that_are_numbers() -> None:
    assert read(words=["a", "b", "c", "d"], tags=["_", None, " X ", 3]).tags == (None, None, "X", "3")
    assert read(words=["a", "b"], tags=["_", ""]).tags is None


def test_tags_of_spans_are_rewritten_and_it_is_noted() -> None:
    example = read(text="x", words=["New", "York"], tags=["I-LOC", "I-LOC"])
    assert example.tags == ("B-LOC", "I-LOC")
    assert example.note == f"{JOINED}; {REWRITTEN}"


@pytest.mark.parametrize(
    ("values", "expected", "found"),
    [
        ({"words": ["a", "b"], "tags": ["X"]}, "one tag for each word, so 2 on line 7", "1 tag"),
        ({"words": ["a"], "tags": ["X", "Y"]}, "one tag for each word, so 1 on line 7", "2 tags"),
        ({"text": "a b c", "tags": ["X"]}, "one tag for each word, so 3 on line 7", "1 tag"),
        ({"words": ["a", " "], "tags": ["X", "Y"]}, "words that are strings and not blank on line 7", "' '"),
        ({"words": ["a", 1], "tags": ["X", "Y"]}, "words that are strings and not blank on line 7", "1"),
        ({"words": "a b", "tags": ["X", "Y"]}, "a list of words on line 7", "str 'a b'"),
        ({"words": ["a"], "tags": "X"}, "a list of tags on line 7", "str 'X'"),
        ({"words": ["a"], "tags": [0.5]}, "a label in the column 'tags' on line 7", "float '0.5'"),
        ({"text": 3}, "text in the column 'text' on line 7", "int '3'"),
    ],
)
def test_refused_by_line(values: dict[str, Any], expected: str, found: str) -> None:
    with pytest.raises(DataError) as caught:
        read(**values)
    assert (caught.value.expected, caught.value.found) == (expected, found)


def test_conllu_has_offsets_into_its_text(tmp_path: Path) -> None:
    reading = read_file(tmp_path / "a.conllu", CONLLU)
    first, second = reading.examples
    assert first.text == "Don't  go, du!"
    assert [first.text[start:end] for start, end in first.words] == ["Do", "n't", "go", ",", "du", "!"]
    assert first.tags == ("AUX", "PART", "VERB", "PUNCT", None, "PUNCT")
    assert (second.text, second.tags) == ("de le", ("ADP", "DET"))
    assert reading.without_label == [16]
    assert reading.repaired == {JOINED: [12]}


def test_conllu_reads_xpos_where_it_is_named(tmp_path: Path) -> None:
    reading = read_file(tmp_path / "a.conllu", CONLLU, "xpos")
    assert [example.tags for example in reading.examples] == [
        ("VB", "RB", "VB", ",", "FW", "."), ("IN", "DT"), ("RB",)
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["I-LOC I-LOC B-LOC O I-PER", "B-LOC I-LOC B-LOC O B-PER"])
def test_conll_in_either_scheme(tmp_path: Path, scheme: str) -> None:
    words = ["New", "York", "London", "and", "Ann"]
    lines = [f"{word}\t{tag}\n" for word, tag in zip(words, scheme.split(), strict=True)]
    (example,) = read_file(tmp_path / "a.conll", "".join(lines)).examples
    assert example.text == "New York London and Ann"
    assert example.tags == ("B-LOC", "I-LOC", "B-LOC", "O", "B-PER")


def test_jsonl_by_its_usual_names(tmp_path: Path) -> None:
    content = '{"tokens": ["a", "b"], "ner_tags": ["O", "B-X"]}\n'
    assert read_file(tmp_path / "a.jsonl", content).examples[0].tags == ("O", "B-X")


def test_a_table_without_text_and_words_is_refused_with_both_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"text, review.*words, tokens"):
        read_file(tmp_path / "a.jsonl", '{"tags": ["O"]}\n')


def test_inputs_of_a_person() -> None:
    settings = TaskSettings()
    assert input_example(TASK, "So dull", settings).words == ((0, 2), (3, 7))
    assert input_example(TASK, {"text": "So dull"}, settings).words == ((0, 2), (3, 7))
    assert input_example(TASK, {"words": ["So dull"]}, settings).words == ((0, 7),)
    assert input_example(TASK, {"text": "Sodull", "words": ["So", "dull"]}, settings).words == (
        (0, 2),
        (2, 6),
    )
    assert input_example(TASK, {"words": []}, settings).words == ()
    for wrong in ({}, {"tags": ["X"]}, {"words": ["a"], "tags": ["X"]}, 3):
        with pytest.raises(InputError, match='"text": … or "words": …'):
            input_example(TASK, wrong, settings)
    with pytest.raises(InputError) as caught:
        input_example(TASK, {"words": [1]}, settings)
    assert "line" not in str(caught.value)
