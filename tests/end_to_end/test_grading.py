"""Grades from the command line: several files of other sets, an order of one's own, what is refused."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from process import Outcome, environment, refused, run

FAST = ("--epochs", "2", "--batch-size", "16", "--threads", "1", "--max-length", "32", "--lr", "0.01")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, backbone: Path) -> tuple[Path, Outcome]:
    """A model of two sets, one of them capped, and how its training ended."""
    folder = tmp_path_factory.mktemp("graded")
    nouns = ("film", "plot", "cast", "script", "ending", "score", "story", "camera", "hero", "drama")
    (folder / "cola.tsv").write_text(
        "".join(f"x\t1\t\tthe {noun} was witty .\nx\t0\t*\twas {noun} witty the .\n" for noun in nouns * 6)
    )
    claims = [
        {"claim": f"{opening} {noun} was {word} .", "label": label}
        for opening in ("the", "this", "to me the", "for once the")
        for noun in nouns
        for word, label in (("dull", "REFUTES"), ("warm", "SUPPORTS"), ("moving", "NOT ENOUGH INFO"))
    ]
    (folder / "claims.jsonl").write_text("".join(json.dumps(claim) + "\n" for claim in claims))
    done = run(
        "train", "cola.tsv", "claims.jsonl", "--task", "sentence-grading", "--model", backbone, *FAST,
        "--set", "cap=110", "--json", cwd=folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder / "models" / "cola", done


def test_sets_are_mixed_and_all_is_told(graded: tuple[Path, Outcome]) -> None:
    folder, done = graded
    assert "cola.tsv (read as CoLA): 120 rows" in done.err
    assert "claims.jsonl (read as FEVER): 120 rows" in done.err
    assert "claims.jsonl (read as FEVER): 110 of 120 rows are drawn (seed 0)" in done.err
    assert sum(done.document["examples"].values()) == 220
    assert next(iter(done.document["metrics"])) == "quadratic_weighted_kappa"
    config = json.loads((folder / "config.json").read_text())
    assert config["problem_type"] == "multi_label_classification"
    assert list(config["id2label"].values()) == [
        "acceptable", "verifiable", "more than false", "more than somewhat true",
    ]  # fmt: skip
    assert 0 < done.document["spec"]["choices"]["abstain_below"] <= 1


def test_a_sentence_is_graded(graded: tuple[Path, Outcome]) -> None:
    folder, _ = graded
    done = run("predict", folder, "the film was warm .", "--json", cwd=folder.parent)
    assert done.code == 0, done.err
    (result,) = done.document["results"]
    names = ["not grammatical", "grammatical", "false", "somewhat true", "true"]
    assert list(result["probabilities"]) == names
    assert sum(result["probabilities"].values()) == pytest.approx(1)
    assert result["name"] == names[result["grade"]]
    assert list(result["judgements"])[:2] == ["acceptable", "verifiable"]
    people = run("predict", folder, "the film was warm .", cwd=folder.parent)
    assert people.out.startswith(f"{result['grade']} {result['name']}  ")


def test_truth_is_withheld_below_a_probability(graded: tuple[Path, Outcome]) -> None:
    folder, _ = graded
    texts = ("the film was warm .", "this plot was dull .", "was film witty the .")

    def grades(below: str) -> list[int]:
        done = run("predict", folder, *texts, "--abstain-below", below, "--json", cwd=folder.parent)
        return [result["grade"] for result in done.document["results"]]

    plain = grades("0")
    assert grades("1") == [min(grade, 1) for grade in plain]
    fitted = run("predict", folder, *texts, "--json", cwd=folder.parent).document["results"]
    assert all(result["grade"] in (1, grade) for result, grade in zip(fitted, plain, strict=True))


def test_it_is_reported(graded: tuple[Path, Outcome]) -> None:
    folder, _ = graded
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "three times in four" in report
    assert "Grades stand in their order" in report
    assert "Risk and coverage" in report


def test_the_table_of_twenty_sentences_is_made(graded: tuple[Path, Outcome], tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    page = tmp_path / "grading.md"
    page.write_text((root / "docs" / "grading.md").read_text(encoding="utf-8"), encoding="utf-8")
    words = [sys.executable, root / "examples" / "grade_sentences.py", graded[0], "--page", page]
    subprocess.run(words, env=environment(), check=True, timeout=120, capture_output=True)
    made = page.read_text(encoding="utf-8")
    assert made.count("| Paris is the capital of France. | 4 true | ") == 1
    table = made.partition("<!-- twenty sentences: begin -->")[2].partition("<!-- twenty sentences: end")[0]
    assert sum(line.startswith("| ") and line.count("|") == 7 for line in table.splitlines()) == 22
    assert "On validation: The grades false and true are right three times in four" in made
    subprocess.run(words, env=environment(), check=True, timeout=120, capture_output=True)
    assert page.read_text(encoding="utf-8") == made


def test_an_order_of_ones_own(tmp_path: Path, backbone: Path) -> None:
    with (tmp_path / "stars.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("review", "stars"))
        for number in range(60):
            for stars, word in (("1", "awful"), ("2", "long"), ("3", "superb")):
                writer.writerow((f"the film was {word} , scene {number} .", stars))
    done = run(
        "train", "stars.csv", "--task", "sentence-grading", "--set", "order=1,2,3", "--model", backbone,
        *FAST, "--epochs", "8", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.document["metrics"]["quadratic_weighted_kappa"]["value"] > 0.9
    assert done.document["spec"]["labels"] == ["more than 1", "more than 2"]
    assert "acceptability_matthews" not in done.document["metrics"]
    assert done.document["spec"]["choices"] == {}
    found = run("predict", "models/stars", "the film was superb .", "--json", cwd=tmp_path)
    (result,) = found.document["results"]
    assert list(result["probabilities"]) == ["1", "2", "3"]
    assert (result["name"], result["judgements"]) == ("3", {})


def test_what_cannot_be_graded_is_refused(tmp_path: Path, backbone: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("text,label\none,good\ntwo,bad\n")
    grading = ("train", file, "--task", "sentence-grading", "--model", backbone)
    refused(grading, "'good' on line 2", "--set order=1,2,3,4,5", cwd=tmp_path)
    refused((*grading, "--set", "mapping=none.toml"), "mapping=FILE", cwd=tmp_path)
    refused((*grading, "--set", "order=bad"), "order", "two different labels", cwd=tmp_path)
    refused((*grading, "--set", "loss=cross-entropy"), "needs an order", cwd=tmp_path)
