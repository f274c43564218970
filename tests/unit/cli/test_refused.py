"""Wrong options and damaged folders: one message in three parts, exit code 2, nothing left behind.

In this process, which is faster than the processes of ``tests/end_to_end``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.cli import main
from process import listing

Refused = Callable[..., None]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Runs a command in an empty folder and holds it to what a refusal is."""
    monkeypatch.chdir(tmp_path)

    def check(words: list[str | Path], *parts: str) -> None:
        before = listing(tmp_path)
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert (code, out) == (2, "")
        message = err.splitlines()[-3:]
        starts = ("error: expected ", "       found ", "       do: ")
        assert all(line.startswith(start) for line, start in zip(message, starts, strict=True)), err
        for part in parts:
            assert part in "\n".join(message), message
        assert listing(tmp_path) == before
        assert main([*map(str, words), "--json"]) == 2
        out, _ = capsys.readouterr()
        assert list(json.loads(out)) == ["error"]
        assert list(json.loads(out)["error"]) == ["expected", "found", "do"]

    return check


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Callable[[str], Path]) -> Path:
    """The folder of a model that was hardly trained."""
    folder = tmp_path_factory.mktemp("small")
    rows = "".join(f"{word},{label}\n" for word, label in (("good", "yes"), ("bad", "no")) * 10)
    (folder / "a.csv").write_text("text,label\n" + rows, encoding="utf-8")
    words = ["train", folder / "a.csv", "--model", tiny_folder("bert"), "--out", folder / "model",
             "--epochs", "1", "--threads", "1", "--json"]  # fmt: skip
    assert main([str(word) for word in words]) == 0
    return folder / "model"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--task", "text-clasification"], ["text-clasification", "did you mean text-classification"]),
        (["--model", "minilmm/"], ["'minilmm/'", "did you mean minilm"]),
        (["--set", "top=1"], ["'top'", "bertolt tasks text-classification"]),
        (["--set", "top"], ["--set NAME=VALUE", "'top'"]),
        (["--long", "middle"], ["--long", "'head', 'tail'", "'middle'"]),
        (["--epochs", "0"], ["--epochs", "greater than or equal to 1", "found 0"]),
        (["--epochs", "two"], ["--epochs", "a valid integer", "'two'"]),
        (["--lr", "2"], ["--lr", "less than 1", "2"]),
        (["--max-length", "600"], ["--max-length of at most 512", "600"]),
        (["--class-weight", "none.json"], ["none, balanced, or a JSON file", "'none.json'"]),
        (["--group", "film"], ["'film' (--group)", "'text', 'label'"]),
        (["--epohcs", "1"], ["an option of bertolt train", "'--epohcs'", "did you mean --epochs?"]),
        (["--epochs"], ["the arguments of bertolt train", "--epochs", "bertolt train --help"]),
        (["--resume", "here"], ["--resume DIR alone", "DATA"]),
        (["--device", "tpu"], ["--device", "'tpu'"]),
    ],
)
def test_options_of_train(
    refused: Refused,
    words: list[str],
    parts: list[str],
    tiny_folder: Callable[[str], Path],
    sentiment_csv: Path,
) -> None:
    model = [] if "--model" in words or "--resume" in words else ["--model", tiny_folder("bert")]
    refused(["train", sentiment_csv, *model, *words], *parts)


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("notext.csv", "number,label\n1,a\n2,b\n", ["a text column", "'number'", "--text"]),
        ("nolabel.csv", "text,stuff\none,a\ntwo,b\n", ["a label column", "'stuff'", "--label"]),
        ("oneclass.csv", "text,label\none,a\ntwo,a\n", ["two different labels", "only 'a'"]),
        ("header.csv", "text,label\n", ["rows with a text and a label", "no rows"]),
        ("data.xlsx", "PK", ["a whole workbook", "CSV UTF-8"]),
    ],
)
def test_data(
    refused: Refused,
    name: str,
    content: str,
    parts: list[str],
    tiny_folder: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    refused(["train", name, "--model", tiny_folder("bert")], *parts)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["trian", "a.csv"], ["a verb out of", "did you mean train?"]),
        (["--verbose"], ["--verbose"]),
        (["train"], ["DATA", "none", "bertolt train reviews.csv"]),
        (["train", "rotten-tomatos"], ["did you mean rotten-tomatoes"]),
        (["train", "--resume", "nowhere"], ["an interrupted training in 'nowhere.run'"]),
        (["tasks", "translaton"], ["a task out of"]),
        (["models", "extra"], ["the arguments of bertolt models", "extra"]),
        (["evaluate"], ["the arguments of bertolt evaluate", "'MODEL'"]),
        (["evaluate", "nowhere", "a.csv"], ["a model folder", "no folder 'nowhere'"]),
        (["predict", "nowhere", "a", "--input", "b.csv"], ["TEXT or --input", "both"]),
        (["predict", "nowhere", "a", "--output", "b.csv"], ["--input F beside --output"]),
        (["predict", "nowhere", "a", "--text", "b"], ["--input F beside --text"]),
    ],
)
def test_words(refused: Refused, words: list[str | Path], parts: list[str]) -> None:
    refused(words, *parts)


def test_a_file_instead_of_a_verb(refused: Refused, sentiment_csv: Path) -> None:
    refused([sentiment_csv], f"bertolt train {sentiment_csv}")


def test_the_input_as_output(refused: Refused, small: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\ngood\n", encoding="utf-8")
    refused(["predict", small, "--input", "a.csv", "--output", "./a.csv"], "another file than the input")


@pytest.mark.parametrize("output", ["out.xlsx", "nowhere/out.csv"])
def test_an_output_that_cannot_be(refused: Refused, output: str, small: Path, sentiment_csv: Path) -> None:
    refused(["predict", small, "--input", sentiment_csv, "--output", output], output.partition("/")[0])


def test_a_file_without_a_row(refused: Refused, small: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n", encoding="utf-8")
    refused(
        ["predict", small, "--input", "a.csv", "--output", "b.csv"], "rows to predict in a.csv", "no rows"
    )


@pytest.mark.parametrize("how", ["missing", "cut off", "not text"])
@pytest.mark.parametrize(
    "name", ["bertolt.json", "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]
)
def test_a_damaged_model_folder(refused: Refused, small: Path, tmp_path: Path, name: str, how: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small, folder)
    file = folder / name
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:40] if how == "cut off" else b"\xff\xfe\x00" * 9)
    refused(["predict", folder, "good"], name if how != "missing" else "model")
