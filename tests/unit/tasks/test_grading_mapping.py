"""Files of other sets as grades: recognised by columns and labels, read by a table that can be replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bertolt.data.examples import GradedExample
from bertolt.data.sources import open_source
from bertolt.data.table import MemoryTable, Row
from bertolt.errors import DataError, SettingError
from bertolt.tasks.cleaning import clean_table
from bertolt.tasks.grades import read_grade, write_grade
from bertolt.tasks.grading_mapping import mapped, packaged_mapping, parse_mapping
from bertolt.tasks.reading import ColumnChoice, Reading, read_labelled
from bertolt.tasks.sentence_grading import TASK
from bertolt.tasks.task import TaskSettings, typed_settings
from bertolt.training.corpus import read_corpus
from bertolt.training.settings import TrainSettings

TRUTH = ("verifiable", "truth")


def read(path: Path, settings: TaskSettings | None = None, choice: ColumnChoice | None = None) -> Reading:
    table = open_source(str(path), TASK.layouts).pick("train")
    return read_labelled(TASK, table, settings or TASK.Settings(), choice or ColumnChoice())


def graded(reading: Reading) -> list[tuple[str, str | None, tuple[str, ...]]]:
    examples: list[GradedExample] = reading.examples
    return [(example.text, example.label, example.judged) for example in examples]


def test_cola_trains_grammar_only(tmp_path: Path) -> None:
    file = tmp_path / "cola.tsv"
    file.write_text('gj04\t1\t\tThe "doll" wriggled.\ngj04\t0\t*\tThe doll wriggled itself it.\n')
    found = read(file)
    assert found.name.endswith("cola.tsv (read as CoLA)")
    assert graded(found) == [
        ('The "doll" wriggled.', "acceptable", ("acceptable",)),
        ("The doll wriggled itself it.", "not grammatical", ("acceptable",)),
    ]


def test_liar_trains_truth(tmp_path: Path) -> None:
    names = ("pants-fire", "false", "barely-true", "half-true", "mostly-true", "true")
    file = tmp_path / "liar.tsv"
    file.write_text(
        "".join(
            f"{n}.json\t{name}\tClaim {n}.\ta\tb\tc\td\te\t0\t1\t2\t3\t4\tf\n" for n, name in enumerate(names)
        )
    )
    grades = ["false", "false", "somewhat true", "somewhat true", "somewhat true", "true"]
    assert graded(read(file)) == [(f"Claim {n}.", grade, TRUTH) for n, grade in enumerate(grades)]


def test_fever_trains_what_can_be_verified(tmp_path: Path) -> None:
    file = tmp_path / "fever.jsonl"
    labels = ("NOT ENOUGH INFO", "REFUTES", "SUPPORTS")
    file.write_text("".join(json.dumps({"claim": f"c {label}", "label": label}) + "\n" for label in labels))
    assert graded(read(file)) == [
        ("c NOT ENOUGH INFO", "grammatical", TRUTH),
        ("c REFUTES", "false", TRUTH),
        ("c SUPPORTS", "true", TRUTH),
    ]


def test_joci_has_a_context_which_keeps_its_sentences_together(tmp_path: Path) -> None:
    file = tmp_path / "joci.csv"
    rows = "".join(f"A bridge .,Sentence {n} .,{n}\n" for n in range(1, 6))
    file.write_text("CONTEXT,HYPOTHESIS,LABEL\n" + rows)
    found = read(file, choice=ColumnChoice(group="CONTEXT"))
    assert [label for _, label, _ in graded(found)] == ["false"] * 2 + ["somewhat true"] * 2 + ["true"]
    assert {example.context for example in found.examples} == {"A bridge ."}
    assert {TASK.group(example) for example in found.examples} == {"A bridge ."}
    assert found.groups == ["A bridge ."] * 5
    assert TASK.texts(found.examples[0]) == ("A bridge .", "Sentence 1 .")


def test_a_file_of_no_set_is_read_as_grades(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("claim,label\nOne.,4\nTwo.,somewhat true\nThree.,False\nFour.,acceptable\n")
    found = read(file)
    assert found.name.endswith("own.csv")
    labels = [("One.", "true"), ("Two.", "somewhat true"), ("Three.", "false"), ("Four.", "acceptable")]
    assert graded(found) == [(text, label, ()) for text, label in labels]


def test_named_columns_are_read_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "fever.jsonl"
    file.write_text(json.dumps({"claim": "A claim.", "label": "SUPPORTS"}) + "\n")
    with pytest.raises(DataError, match="0 to 4"):
        read(file, choice=ColumnChoice(text=("claim",)))


def test_a_label_that_the_set_lacks_is_refused_with_its_line() -> None:
    rows = [Row(line, {"claim": "c", "label": "SUPPORTS"}) for line in range(1, 60)]
    table = MemoryTable("claims", ("claim", "label"), [*rows, Row(60, {"claim": "c", "label": "DISPUTED"})])
    with pytest.raises(DataError, match="'DISPUTED' on line 60"):
        list(mapped(table, packaged_mapping()))


def test_of_two_sets_the_one_with_more_columns_is_taken() -> None:
    sets = parse_mapping(
        '[one]\ntext = "a"\nlabel = "b"\nlabels = {x = 2}\n'
        '[two]\ntext = "a"\nlabel = "b"\nalso = ["c"]\nlabels = {x = 4}\n',
        "sets.toml",
    )
    table = MemoryTable("t", ("a", "b", "c"), [Row(1, {"a": "text", "b": "x", "c": ""})])
    found = mapped(table, sets)
    assert found.name == "t (read as two)"
    assert next(iter(found)).values["label"] == "4"


def test_a_users_mapping_stands_in_place_of_the_packaged_one(tmp_path: Path) -> None:
    mapping = tmp_path / "sets.toml"
    mapping.write_text('[News]\ntext = "headline"\nlabel = "verdict"\nlabels = {fake = 2, real = "true"}\n')
    settings = typed_settings(TASK, {"mapping": str(mapping)})
    file = tmp_path / "news.csv"
    file.write_text("headline,verdict\nOne.,fake\nTwo.,real\n")
    assert graded(read(file, settings)) == [("One.", "false", ()), ("Two.", "true", ())]
    mapping.unlink()  # the settings hold it
    again = TASK.Settings.model_validate(json.loads(json.dumps(settings.model_dump())))
    assert graded(read(file, again)) == [("One.", "false", ()), ("Two.", "true", ())]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a", "TOML"),
        ('[a]\ntext = "t"\nlabels = {x = 1}\n', "label"),
        ('[a]\ntext = "t"\nlabel = "l"\nlabels = {x = 5}\n', "'5' is no grade"),
        ('[a]\ntext = "t"\nlabel = "l"\njudges = ["taste"]\nlabels = {x = 1}\n', "'taste' is none of"),
        ('[a]\ntext = "t"\nlabel = "l"\nname = "n"\nlabels = {x = 1}\n', "a.toml"),
        ("a = 1\n", "a.toml"),
    ],
)
def test_a_mapping_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(SettingError) as error:
        typed_settings(TASK, {"mapping": str(file)})
    assert said in str(error.value)


def test_a_mapping_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="mapping=FILE"):
        typed_settings(TASK, {"mapping": str(tmp_path / "none.toml")})


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("2", ("false", ())),
        (" Not Grammatical ", ("not grammatical", ())),
        ("unverifiable", ("grammatical", ())),
        ("true [verifiable, truth]", ("true", TRUTH)),
        ("true [taste]", None),
        ("5", None),
        ("", None),
    ],
)
def test_grades_as_they_are_written(raw: str, found: tuple[str, tuple[str, ...]] | None) -> None:
    assert read_grade(raw) == found
    if found is not None:
        assert read_grade(write_grade(*found)) == found


def test_each_set_is_capped_by_a_seeded_draw_that_is_told(tmp_path: Path) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_text("text,label\n" + "".join(f"small {n},{n % 5}\n" for n in range(30)))
    large.write_text("text,label\n" + "".join(f"large {n},{n % 5}\n" for n in range(80)))

    def corpus(seed: int) -> tuple[list[str], list[str]]:
        settings = TrainSettings(data=(str(small), str(large)), seed=seed)
        found = read_corpus(TASK, TASK.Settings.model_validate({"cap": 50}), settings)
        return [example.text for example in found.train + found.validation], found.notes

    texts, notes = corpus(0)
    assert sum(text.startswith("small") for text in texts) == 30
    assert sum(text.startswith("large") for text in texts) == 50
    assert any("large.csv: 50 of 80 rows are drawn (seed 0)" in note for note in notes)
    assert not any("small.csv" in note and "drawn" in note for note in notes)
    assert corpus(0)[0] == texts
    assert set(corpus(1)[0]) != set(texts)


def test_files_of_other_sets_are_not_cleaned(tmp_path: Path) -> None:
    file = tmp_path / "fever.jsonl"
    file.write_text(json.dumps({"claim": "A claim.", "label": "SUPPORTS"}) + "\n")
    table = open_source(str(file), TASK.layouts).pick("train")
    with pytest.raises(DataError, match="read as FEVER"):
        clean_table(table, TASK, TASK.Settings(), ColumnChoice(), tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
