"""Checks of rows: each finding with its lines."""

from __future__ import annotations

from bertolt.data.checks import (
    LabelUse,
    check_exact_duplicates,
    check_labels,
    check_near_duplicates,
    check_texts,
    near_equal,
    quick_check,
)
from bertolt.data.findings import CheckRow, Finding, Place, single


def rows(*given: tuple[str, str], part: str = "a") -> list[CheckRow]:
    return [CheckRow(Place(part, line), (text,), (label,)) for line, (text, label) in enumerate(given, 2)]


def by_code(findings: list[Finding]) -> dict[str, list[list[int]]]:
    return {
        finding.code: [[place.line for place in group] for group in finding.groups] for finding in findings
    }


def test_html_is_found_and_what_only_looks_like_it_is_not() -> None:
    given = rows(
        ("Good.<br /><br />Bad.", "x"), ("a < b and c > d", "x"), ("R&amp;D", "x"), ("AT&T <3", "x"),
        ("<b>bold</b>", "x"), ("x <brand> y", "x"), ("&#39;", "x"),
    )  # fmt: skip
    assert by_code(check_texts(given)) == {"html": [[2], [4], [6], [8]]}


def test_traces_of_a_wrong_encoding_are_found() -> None:
    given = rows(("Itâ€™s fine", "x"), ("cafÃ©", "x"), ("café, São Paulo", "x"), ("a \ufffd", "x"))
    assert by_code(check_texts(given)) == {"garbled": [[2], [3], [5]]}


def test_labels_that_differ_in_case_spaces_or_marks_are_near_equal() -> None:
    assert near_equal(["Pos", "pos", "neg", "sci-fi", "Sci Fi"]) == [["Pos", "pos"], ["sci-fi", "Sci Fi"]]
    assert near_equal(["+1", "-1", "1", "2"]) == []


def test_near_equal_labels_name_the_lines_of_the_rarer_spelling() -> None:
    given = rows(("a", "pos"), ("b", "pos"), ("c", "Pos"))
    found = check_labels(given)
    assert by_code(found)["near-equal-labels"] == [[4]]
    assert "'pos'" in next(each.do for each in found if each.code == "near-equal-labels")


def test_a_label_of_one_row_is_an_error_and_of_few_a_warning() -> None:
    given = rows(*[(f"t{n}", "many") for n in range(10)], ("u", "few"), ("v", "few"), ("w", "one"))
    found = {(each.level, each.code): each for each in check_labels(given)}
    assert [group[0].line for group in found["error", "few-rows"].groups] == [14]
    assert [group[0].line for group in found["warning", "few-rows"].groups] == [12, 13]
    assert "'many' 10, 'few' 2, 'one' 1" in found["note", "labels"].what


def test_imbalance_is_told_from_eleven_times_on() -> None:
    even = rows(*[("t", "a")] * 100, *[("t", "b")] * 10)
    assert "imbalance" not in by_code(check_labels(even))
    assert "imbalance" in by_code(check_labels([*even, *rows(("t", "a"))]))


def test_rows_without_labels_have_no_findings_on_labels() -> None:
    assert check_labels([CheckRow(Place("a", 1), ("text",))]) == []


def test_duplicates_within_across_and_with_two_labels() -> None:
    one = rows(("Same text.", "x"), ("other", "x"), ("same text", "x"), part="train")
    two = rows(("OTHER", "y"), part="test")
    found = by_code(check_exact_duplicates([*one, *two]))
    assert found == {
        "duplicate": [[2, 4]],
        "duplicate-across": [[3, 2]],
        "duplicate-contrary": [[3, 2]],
    }


def test_near_duplicates_leave_out_those_that_are_the_same() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    given = rows((long, "x"), (long.upper(), "x"), (long.replace("word30", "other"), "y"))
    assert by_code(check_near_duplicates(given, seconds=30)) == {
        "near-duplicate": [[2, 4]],
        "near-duplicate-contrary": [[2, 4]],
    }
    assert by_code(check_near_duplicates(given, seconds=-1)) == {"time-limit": []}


def test_near_duplicates_only_warn() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    found = check_near_duplicates(rows((long, "x"), (long + " more", "x")), seconds=30)
    assert [each.level for each in found] == ["warning"]


def test_the_quick_check_has_no_near_duplicates() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    given = rows((long, "x"), (long + " more", "y"))
    assert {each.code for each in quick_check(given)} == {"labels", "few-rows"}


def test_a_finding_shows_its_first_lines_and_counts_the_rest() -> None:
    places = [Place("a", line) for line in range(1, 13)]
    assert Finding("note", "n", "w", "", single(places)).lines(3) == "lines 1, 2, 3 and 9 more"
    assert Finding("note", "n", "w", "", single(places[:1])).lines() == "line 1"
    pair = ((Place("train", 3), Place("test", 9)),)
    assert Finding("note", "n", "w", "", pair).lines() == "lines train 3 = test 9"
    assert Finding("note", "n", "w").lines() == ""


def test_labels_in_other_unicode_forms_and_numbers_are_near_equal() -> None:
    assert near_equal(["é", "e\u0301", "x"]) == [["é", "e\u0301"]]
    assert near_equal(["ＰＯＳ", "pos", "１", "1", "1.0", "2"]) == [["ＰＯＳ", "pos"], ["１", "1", "1.0"]]
    assert near_equal(["True", "1", "0", "false"]) == [["True", "1"], ["0", "false"]]
    assert near_equal(["true", "1", "other"]) == []
    assert near_equal(["0", "O"]) == []
    assert near_equal(["0", "O", "B-PER"], tags=True) == [["0", "O"]]


def test_zero_in_the_place_of_o_is_said_of_tags_only() -> None:
    given = [CheckRow(Place("a", line), ("Ada ran",), ("PER", "0")) for line in range(1, 13)]
    assert "zero-for-o" in by_code(check_labels(given, LabelUse(tags=True)))
    assert "zero-for-o" not in by_code(check_labels(given))


def test_tags_are_counted_in_words_and_spoken_of_without_macro_f1() -> None:
    given = [CheckRow(Place("a", line), ("t",), ("O",) * 20 + ("PER",)) for line in range(1, 12)]
    found = {each.code: each for each in check_labels(given, LabelUse(tags=True, balance="look there"))}
    assert found["labels"].what == "2 tags: 'O' 220, 'PER' 11"
    assert found["imbalance"].what == "'O' has 20 times the words of 'PER'"
    assert found["imbalance"].do == "look there"


def test_labels_to_measure_on_may_be_rare_and_labels_to_split_may_not() -> None:
    given = rows(*[("t", "many")] * 200, ("t", "two"), ("t", "two"))
    assert "few-rows" not in by_code(check_labels(given, LabelUse(learnt=False)))
    assert [each.level for each in check_labels(given, LabelUse(least=3)) if each.code == "few-rows"] == [
        "error"
    ]
    assert [each.level for each in check_labels(given, LabelUse(least=2)) if each.code == "few-rows"] == [
        "warning"
    ]


def test_a_label_that_is_a_list_is_said() -> None:
    assert by_code(check_labels(rows(("t", "['a', 'b']"), ("t", "x"))))["list-labels"] == [[2]]
