"""The whole check, on files with one fault each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bertolt.data.findings import Finding
from bertolt.data.sources import Split as Part
from bertolt.data.tokenizer import TokenCount
from bertolt.errors import DataError
from bertolt.tasks.checking import DataCheck, check_data, quick_notes
from bertolt.tasks.reading import ColumnChoice
from bertolt.tasks.registry import get_task
from bertolt.training.corpus import read_corpus, refuse_strange
from bertolt.training.settings import TrainSettings

TASK = get_task("text-classification")
GOOD = [(f"a film of number {n} that was {word}", label) for n in range(12)
        for word, label in (("good", "pos"), ("bad", "neg"))]  # fmt: skip


def write(path: Path, rows: Sequence[tuple[str, str]], header: str = "text,label") -> str:
    path.write_text("\n".join([header, *(f'"{text}",{label}' for text, label in rows)]) + "\n")
    return str(path)


def check(
    *data: str,
    task: str = "text-classification",
    held_out: dict[Part, str] | None = None,
    **columns: tuple[str, ...],
) -> DataCheck:
    found = get_task(task)
    return check_data(
        data,
        found,
        found.Settings(),
        ColumnChoice(**columns),
        counter=lambda texts: [TokenCount(len(t), t.count("?")) for t in texts],
        held_out=held_out,
    )


def only(found: DataCheck, level: str) -> Finding:
    (finding,) = found.of(level)
    return finding


def lines(finding: Finding) -> list[int]:
    return [place.line for group in finding.groups for place in group]


def test_good_data_has_notes_only(tmp_path: Path) -> None:
    found = check(write(tmp_path / "good.csv", GOOD))
    assert not found.of("error")
    assert not found.of("warning")
    assert found.parts == {"good.csv": 24}
    assert found.columns == {"text": "text", "label": "label"}
    assert found.lengths is not None
    assert found.lengths.most == len("a film of number 10 that was good")


def test_every_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(b"text,label\nna\x81ve,pos\nok,neg\n\x8dt\x8d,pos\n")
    found = only(check(str(path)), "error")
    assert (found.code, lines(found)) == ("encoding", [2, 4])


def test_a_missing_column_is_an_error_and_the_texts_are_checked_all_the_same(tmp_path: Path) -> None:
    found = check(write(tmp_path / "d.csv", [("A<br />b", "x")], header="text,klass"))
    assert only(found, "error").code == "columns"
    assert "--label" in only(found, "error").do
    assert only(found, "warning").code == "html"


def test_a_row_with_too_many_fields_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("text,label\na good film,pos\na,bad,film,neg\n")
    found = [each for each in check(str(path)).of("error") if each.code == "unreadable"]
    assert len(found) == 1
    assert "line 3" in found[0].what


def test_rows_that_cannot_be_used_are_gathered(tmp_path: Path) -> None:
    path = tmp_path / "numbers.jsonl"
    rows = [f'{{"text": "{text}", "label": "{label}"}}' for text, label in GOOD]
    path.write_text("\n".join([*rows, '{"text": 3, "label": "pos"}', '{"text": 4, "label": "neg"}']) + "\n")
    found = only(check(str(path)), "error")
    assert (found.code, lines(found)) == ("row", [25, 26])


def test_empty_texts_and_missing_labels_are_warnings(tmp_path: Path) -> None:
    found = check(write(tmp_path / "d.csv", [*GOOD, (" ", "pos"), ("no label here", "")]))
    assert {each.code: lines(each) for each in found.of("warning")} == {"empty-text": [26], "no-label": [27]}


def test_one_label_only_is_an_error(tmp_path: Path) -> None:
    found = check(write(tmp_path / "d.csv", [(f"text {n}", "pos") for n in range(12)]))
    assert only(found, "error").code == "labels"


def test_two_files_are_compared_with_each_other(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one.csv", GOOD), write(tmp_path / "two.csv", GOOD[:1])
    found = only(check(one, two), "warning")
    assert found.code == "duplicate-across"
    assert found.lines() == "lines one.csv 2 = two.csv 2"


def test_a_missing_file_is_no_finding_but_bad_input(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        check(str(tmp_path / "missing.csv"))


def test_findings_come_errors_first_and_as_plain_values(tmp_path: Path) -> None:
    found = check(write(tmp_path / "d.csv", [*GOOD, (" ", "pos"), ("a lone one", "odd")]))
    assert [each.level for each in found.findings] == sorted(
        (each.level for each in found.findings), key=["error", "warning", "note"].index
    )
    document = found.to_dict()
    assert (document["errors"], document["warnings"]) == (1, 1)
    assert document["findings"][0]["rows"] == [[{"part": "d.csv", "line": 27}]]


def test_training_is_told_of_warnings_with_lines() -> None:
    from bertolt.data.examples import TextExample

    def examples(*texts: str) -> list[TextExample]:
        return [TextExample(line=n, text=text, label="ab"[n % 2]) for n, text in enumerate(texts, 2)]

    train = examples(*(f"text {n}" for n in range(20)))
    notes = quick_notes(TASK, {"train": train, "test": examples("Text 7!")})
    assert len(notes) == 2
    assert notes[0].startswith("warning: 1 group of rows (2 rows) with the same text")
    assert "(lines train 9 = test 2)" in notes[0]
    assert "different labels" in notes[1]


def test_unknown_tokens_are_listed_by_line_and_over_both_texts_of_a_pair(tmp_path: Path) -> None:
    # The counter of these tests takes "?" for unknown.
    found = check(write(tmp_path / "a.csv", [*GOOD, ("????", "pos"), ("fine?", "neg")]))
    (finding,) = [each for each in found.findings if each.code == "unknown"]
    assert (finding.level, lines(finding)) == ("warning", [26, 27])
    assert found.lengths is not None
    assert found.lengths.to_dict()["unknown"] == 5
    path = tmp_path / "pairs.csv"
    path.write_text("sentence1,sentence2,label\n" + "???,ab,yes\nab,?,no\n" * 6)
    pairs = check(str(path), task="sentence-pair-classification")
    (finding,) = [each for each in pairs.findings if each.code == "unknown"]
    assert finding.what.startswith(
        "24 of 48 tokens (50.0%) are unknown to the model's vocabulary, in 12 texts; of 6"
    )
    assert finding.level == "warning"


def test_a_text_that_the_model_cannot_read_is_an_error(tmp_path: Path) -> None:
    found = check(
        write(tmp_path / "a.csv", [(f"??????{number}", label) for number in range(9) for label in "ab"])
    )
    (error,) = found.of("error")
    assert error.code == "unknown"
    assert "bert-base-multilingual-cased" in error.do


def test_labels_that_training_lacks_are_all_named_with_their_rows(tmp_path: Path) -> None:
    train = write(tmp_path / "train.csv", GOOD)
    other = write(tmp_path / "dev.csv", [*GOOD[:20], ("x one", "Pos "), ("x two", "odd"), ("x three", "odd")])
    found = check(train, held_out={"validation": other})
    error = next(each for each in found.of("error") if each.code == "strange-labels")
    assert error.what == (
        "expected only labels of the training part in the validation part; "
        "found 'Pos' on line 22, 'odd' on 2 rows (lines 23, 24)"
    )
    assert [(place.part, place.line) for group in error.groups for place in group] == [
        ("dev.csv", 22), ("dev.csv", 23), ("dev.csv", 24)
    ]  # fmt: skip
    corpus = read_corpus(TASK, TASK.Settings(), TrainSettings(data=(train,), validation=other))
    with pytest.raises(DataError) as caught:
        refuse_strange(TASK, corpus, TASK.label_names(corpus.train, TASK.Settings()))
    assert error.what == f"expected {caught.value.expected}; found {caught.value.found}"


def test_a_label_of_two_rows_is_refused_by_check_and_training_with_the_count_of_the_file(
    tmp_path: Path,
) -> None:
    rows = [(f"text number {n} of the file", "ok") for n in range(200)] + [("a", "alarm"), ("b", "alarm")]
    path = write(tmp_path / "many.csv", rows)
    assert only(check(path), "error").what.startswith("1 label with fewer than 3 rows")
    with pytest.raises(DataError, match=r"at least 3 rows of every label.*found 2 of 'alarm'"):
        read_corpus(TASK, TASK.Settings(), TrainSettings(data=(path,)))
    # With a test file of its own, two parts are enough.
    test = write(tmp_path / "test.csv", [("c", "ok")])
    assert not check(path, held_out={"test": test}).of("error")


def test_data_to_evaluate_on_needs_no_second_label(tmp_path: Path) -> None:
    path = write(tmp_path / "one.csv", [("a film that was good", "pos")])
    assert check(path).of("error")
    assert not check(path, verb=("evaluate",)).of("error")


def test_minus_one_is_left_out_by_the_check_as_by_training(tmp_path: Path) -> None:
    rows = [(f"text number {n} of the file", str(n % 4 - 1)) for n in range(48)]
    found = check(write(tmp_path / "snli.csv", rows))
    warning = next(each for each in found.of("warning") if each.code == "no-label")
    assert warning.what == "12 rows without a label (-1)"
    assert lines(warning)[:2] == [2, 6]
    assert "3 labels" in next(each for each in found.of("note") if each.code == "labels").what
