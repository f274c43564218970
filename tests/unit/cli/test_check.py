"""``bertolt check``: exit codes, the document, the copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertolt.cli import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tiny_folder: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str | Path) -> tuple[int, str]:
        code = main(["check", *map(str, words), "--model", str(tiny_folder("bert"))])
        return code, capsys.readouterr().out

    return call


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    rows = [f"the film number {n} was {word},{label}" for n in range(12)
            for word, label in (("gorgeous", "pos"), ("dull", "neg"))]  # fmt: skip
    path = tmp_path / "messy.csv"
    path.write_text(
        "\n".join(["text,label", *rows, ",pos", "Good.<br />Bad.,Pos", rows[0], "Fine,Pos"]) + "\n"
    )
    return path


def test_warnings_alone_end_well(check: Run, messy: Path) -> None:
    code, out = check(messy)
    assert code == 0
    assert out.startswith(
        "what fits the columns, the likeliest first:\n  text-classification: a text in each row"
    )
    assert f"\n    bertolt train {messy}\n" in out
    assert "\nmessy.csv: 28 rows\ncolumns: text = 'text', label = 'label'\n" in out
    assert "warning: 1 row with an empty text\n  line 26\n  do: " in out
    assert "  lines 2 = 28\n" in out
    assert out.endswith("0 errors, 5 warnings\n")


def test_the_document_has_every_finding_with_its_rows(check: Run, messy: Path) -> None:
    code, out = check(messy, "--json")
    document = json.loads(out)
    assert document["parts"] == {"messy.csv": 28}
    assert document["lengths"]["most"] > 5
    found: dict[str, Any] = {each["code"]: each for each in document["findings"]}
    assert found["html"]["rows"] == [[{"part": "messy.csv", "line": 27}]]
    assert document["fix"] is None
    assert (code, document["errors"], document["warnings"]) == (0, 0, 5)


def test_errors_end_with_one_and_still_one_document(check: Run, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(b"text,label\nna\x81ve,pos\n")
    code, out = check(path, "--json")
    assert code == 1
    assert json.loads(out)["errors"] == 1


def test_fix_writes_a_copy_and_says_what_it_did(check: Run, messy: Path, tmp_path: Path) -> None:
    code, out = check(messy, "--fix", tmp_path / "clean.csv")
    lines = (tmp_path / "clean.csv").read_text().splitlines()
    assert len(lines) == 1 + 26
    assert lines[-2:] == ["Good. Bad.,pos", "Fine,pos"]
    assert "wrote" in out
    assert "label 'Pos' written as 'pos': 2, lines 27, 29" in out
    assert code == 0
    again, out = check(tmp_path / "clean.csv")
    assert again == 0
    assert out.endswith("0 errors, 0 warnings\n")


def test_several_files_and_fix_are_refused(check: Run, messy: Path, tmp_path: Path) -> None:
    assert check(messy, messy, "--fix", tmp_path / "c.csv")[0] == 2
    assert check(tmp_path / "missing.csv")[0] == 2


def test_the_options_of_reading_are_used_and_stand_in_the_commands(check: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"Film {n} war schön^{'good' if n % 2 else 'bad'}" for n in range(30)]
    path.write_bytes("\n".join(rows).encode("cp1250"))
    options = ("--no-header", "--delimiter", "^", "--encoding", "cp1250", "--text", "1", "--label", "2")
    code, out = check(path, *options)
    assert code == 0
    assert f"bertolt train {path} --delimiter '^' --encoding cp1250 --no-header --text 1 --label 2" in out
    assert "a.csv: 30 rows" in out


def test_a_folder_of_folders_is_checked(check: Run, tmp_path: Path) -> None:
    for label in ("pos", "neg"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for n in range(12):
            (tmp_path / "data" / label / f"{n}.txt").write_text(f"{label} text number {n}")
    code, out = check(tmp_path / "data")
    assert code == 0
    assert "each folder is a label, and each file in it a text: 'neg' 12, 'pos' 12" in out
