from __future__ import annotations

from pathlib import Path

import pytest

from bertolt.data.readers import open_table
from bertolt.data.table import Row
from bertolt.errors import DataError
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.registry import get_task


def table(tmp_path: Path, text: str, name: str = "a.conll") -> list[Row]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return list(open_table(path))


def refused(tmp_path: Path, text: str, name: str = "a.conll") -> tuple[str, str, str]:
    with pytest.raises(DataError) as caught:
        table(tmp_path, text, name)
    return caught.value.expected, caught.value.found, caught.value.do


def sentence(line: int, words: str, tags: str) -> Row:
    return Row(line, {"words": words.split(), "tags": tags.split()})


@pytest.mark.parametrize("suffix", [".conll", ".bio", ".iob"])
def test_sentences_with_tabs_and_blank_lines_of_spaces_and_tabs(tmp_path: Path, suffix: str) -> None:
    rows = table(tmp_path, "\nIn\tO\r\nNew York\tB-location\n\t\n \n#\tO\n# 1\tO\n", f"a{suffix}")
    assert rows == [
        Row(2, {"words": ["In", "New York"], "tags": ["O", "B-location"]}),
        Row(6, {"words": ["#", "# 1"], "tags": ["O", "O"]}),
    ]


def test_conll_2003_with_four_columns_and_document_starts(tmp_path: Path) -> None:
    text = (
        "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ  B-VP O\n"
        "-DOCSTART- O\nPeter NNP B-NP B-PER \n"
    )
    assert table(tmp_path, text) == [sentence(3, "EU rejects", "B-ORG O"), sentence(6, "Peter", "B-PER")]


def test_no_break_spaces_are_part_of_a_word(tmp_path: Path) -> None:
    assert table(tmp_path, "5\u00a0km O\n") == [Row(1, {"words": ["5\u00a0km"], "tags": ["O"]})]


def test_comments_where_tabs_separate(tmp_path: Path) -> None:
    assert table(tmp_path, "# id 1 O\nA\tO\n# B-x\nB\tO\n") == [sentence(2, "A B", "O O")]


def test_a_hash_where_spaces_separate_is_a_token_if_it_looks_like_one(tmp_path: Path) -> None:
    text = "# id 17 domain=en\n# _ _ O\nrun _ _ O\n# _ _ NN\n# a comment\n\n# id 18 domain=en\nB _ _ B-x\n"
    assert table(tmp_path, text) == [sentence(2, "# run #", "O O NN"), sentence(8, "B", "B-x")]


def test_words_without_tags_are_read(tmp_path: Path) -> None:
    assert table(tmp_path, "\nA\nword\n\nB\n") == [
        Row(2, {"words": ["A", "word"]}),
        Row(5, {"words": ["B"]}),
    ]


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("a\tO\nb\n", "2 fields separated by a tab", "1 field"),
        ("a\tX\tO\nb\tO\n", "3 fields separated by a tab", "2 fields"),
        ("a O\nb X O\n", "2 fields separated by spaces", "3 fields"),
    ],
)
def test_another_number_of_fields_is_told(tmp_path: Path, text: str, expected: str, found: str) -> None:
    assert refused(tmp_path, text) == (
        f"{expected}, as on most lines",
        f"{found} on line 2 of {tmp_path}/a.conll",
        "correct that line",
    )


@pytest.mark.parametrize(("line", "found"), [("\tO", "no word"), ("b\t", "no tag")])
def test_an_empty_word_or_tag_is_told(tmp_path: Path, line: str, found: str) -> None:
    assert refused(tmp_path, f"a\tO\n{line}\n") == (
        f"a word and a tag on line 2 of {tmp_path}/a.conll",
        found,
        "correct that line",
    )


def token(number: str, word: str, upos: str, head: str, deprel: str) -> str:
    return "\t".join([number, word, "lemma", upos, "X" + upos, "_", head, deprel, "_", "_"]) + "\n"


def test_conllu_takes_syntactic_words_and_drops_empty_nodes(tmp_path: Path) -> None:
    text = (
        "# newdoc id = d\n# sent_id = s-1\n# text = vámonos al mar \n# text_en = let's go\n"
        + token("1-2", "vámonos", "_", "_", "_")
        + token("1", "vamos", "VERB", "0", "root")
        + token("2", "nos", "PRON", "1", "obj")
        + token("2.1", "ghost", "VERB", "_", "_")
        + token("3", "mar", "_", "_", "_")
        + "\n\n"
        + token("1", "Sí", "INTJ", "0", "root")
    )
    first = {
        "sent_id": "s-1",
        "text": "vámonos al mar ",
        "words": ["vamos", "nos", "mar"],
        "upos": ["VERB", "PRON", "_"],
        "xpos": ["XVERB", "XPRON", "X_"],
        "heads": [0, 1, None],
        "deprels": ["root", "obj", "_"],
    }
    second = {
        "sent_id": None,
        "text": None,
        "words": ["Sí"],
        "upos": ["INTJ"],
        "xpos": ["XINTJ"],
        "heads": [0],
        "deprels": ["root"],
    }
    assert table(tmp_path, text, "a.conllu") == [Row(5, first), Row(12, second)]


@pytest.mark.parametrize(
    ("text", "expected", "found", "line"),
    [
        ("word O\n", "10 fields separated by tabs", "1 field", 1),
        ("# sent_id = 1\n1\tword\n", "10 fields separated by tabs", "2 fields", 2),
        (token("2", "a", "X", "0", "root"), "the word number 1 of its sentence", "the number '2'", 1),
        (
            token("1", "a", "X", "0", "root") + token("x", "b", "X", "1", "obj"),
            "the word number 2 of its sentence",
            "the number 'x'",
            2,
        ),
        (token("1", "a", "X", "-1", "root"), "the number of a word as head", "'-1'", 1),
        (token("1", "a", "X", "2", "root"), "a head out of 0 to 1", "2", 1),
        (token("1", "", "X", "0", "root"), "a word in the second field", "nothing", 1),
        (token("1-2", "a", "_", "_", "_"), "a sentence with at least one word", "no word", 1),
    ],
)
def test_malformed_conllu_is_told_with_its_line(
    tmp_path: Path, text: str, expected: str, found: str, line: int
) -> None:
    assert refused(tmp_path, text, "a.conllu") == (
        f"{expected}, as in CoNLL-U",
        f"{found} on line {line} of {tmp_path}/a.conllu",
        "correct that line",
    )


def notes(tmp_path: Path, text: str, name: str = "a.conll") -> tuple[str, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return open_table(path).notes


NUMBERED = "1\tDie\tO\tX\n2\tUni\tB-ORG\tY\n\n1\tBern\tB-LOC\tX\n"


@pytest.mark.parametrize("comment", ["", "#\thttp://example.org\t[2010]\n", "# id 1\n"])
def test_a_first_column_that_counts_is_no_word(tmp_path: Path, comment: str) -> None:
    text = comment + NUMBERED
    shift = bool(comment)
    assert table(tmp_path, text) == [
        sentence(1 + shift, "Die Uni", "X Y"),
        sentence(4 + shift, "Bern", "X"),
    ]
    assert notes(tmp_path, text) == (
        "column 1 counts the words; the words are column 2, and the tags column 4, the last one; "
        "to choose others by number: --text 2 --label 4",
    )


def test_columns_are_chosen_by_number(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(NUMBERED)
    task = get_task("token-classification")
    for choice, tags in (
        (ColumnChoice(("2",), ("3",)), ("O", "B-ORG")),
        (ColumnChoice((), ("3",)), ("O", "B-ORG")),
    ):
        reading = read_labelled(task, open_table(tmp_path / "a.conll"), task.Settings(), choice)
        assert reading.examples[0].text == "Die Uni"
        assert reading.examples[0].tags == tags


def test_numbers_that_begin_again_begin_a_sentence(tmp_path: Path) -> None:
    assert table(tmp_path, "1\tA\tO\n2\tB\tO\n1\tC\tO\n2\tD\tO\n") == [
        sentence(1, "A B", "O O"),
        sentence(3, "C D", "O O"),
    ]


def test_words_that_are_numbers_are_words(tmp_path: Path) -> None:
    assert table(tmp_path, "1999\tO\nwas\tO\n\n1\tO\n3\tO\n")[1] == sentence(4, "1 3", "O O")


def test_a_file_without_blank_lines_is_refused_with_the_way_out(tmp_path: Path) -> None:
    expected, found, do = refused(tmp_path, "word\tO\n" * 1001, "a.bio")
    assert expected.startswith("a blank line after each sentence, so at most 1,000 words in one, in ")
    assert found == "more than 1,000 words without a blank line, from line 1 on"
    assert do.endswith("""awk '{print} $1 == "." {print ""}' a.bio > sentences.conll""")


def test_a_header_is_no_word(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("token\ttag\nA\tO\n")
    opened = open_table(tmp_path / "a.conll")
    assert list(opened) == [sentence(2, "A", "O")]
    assert opened.left_out == {"a header, where a word was expected": [1]}


@pytest.mark.parametrize("name", ["a.txt", "a.tsv"])
def test_conll_under_another_ending_is_known_by_its_tags_or_its_task(tmp_path: Path, name: str) -> None:
    assert table(tmp_path, "张\tB-PER\n三\tI-PER\n\n在\tO\n", name) == [
        sentence(1, "张 三", "B-PER I-PER"),
        sentence(4, "在", "O"),
    ]
    path = tmp_path / name
    path.write_text("The\tDET\nfilm\tNOUN\n\nIt\tPRON\n")
    task = get_task("token-classification")
    assert list(open_table(path, task.layouts)) == [
        sentence(1, "The film", "DET NOUN"),
        sentence(4, "It", "PRON"),
    ]
    path.write_text("text\tlabel\na film\tgood\n")
    assert list(open_table(path, task.layouts)) == [Row(2, {"text": "a film", "label": "good"})]
