"""What ``bertolt bench`` prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bertolt.api import measuring
from bertolt.cli import main
from bertolt.evaluation.bench.measure import Bench, Line, Workload

WORK = Workload(texts=1000, tokens=26_000, operations=5.5e11, latency_texts=40, latency_tokens=30)


def line(name: str, rate: float, agree: int) -> Line:
    return Line(name, rate, 26 * rate, rate / 1000, 500 / rate, 8.04, 12.5, 612.4, 1.5, agree, {}, (2.0,))


@pytest.fixture(autouse=True)
def _measured(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (line("bertolt reviews", 500.0, 1000), line("transformers batch-32", 125.0, 998))
    found = Bench(WORK, 220.0, 2, 5, lines, {"onnxruntime int8": "ended with exit code 1"})
    monkeypatch.setattr(measuring, "bench", lambda *args, **options: found)


def test_the_table_sets_programs_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "reviews", "short.csv"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "1,000 texts of 26,000 tokens, 550 x 10^9 operations; 2 threads, medians of 5 rounds"
    assert out[1].startswith("limit: 220 x 10^9 a second")
    assert out[5].split()[2:7] == ["500.0", "13,000", "50%", "1.00", "8.0"]
    assert out[5].endswith("12.5  612  1,000 of 1,000")
    assert out[6].split()[2:] == ["125.0", "3,250", "12%", "4.00", "8.0", "12.5", "612", "998", "of", "1,000"]
    assert out[7] == "not measured: onnxruntime int8 ended with exit code 1"


def test_a_picture_and_a_document_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deep" / "speed"
    assert main(["bench", "reviews", "short.csv", "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("files") == {"json": str(out / "bench.json"), "svg": str(out / "bench.svg")}
    assert json.loads((out / "bench.json").read_text()) == printed
    assert printed["programs"][1]["agree"] == 998
    assert (out / "bench.svg").read_bytes().startswith(b"<?xml")


def test_a_folder_that_cannot_be_written_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["bench", "reviews", "short.csv", "--out", str(tmp_path / "file" / "speed")]) == 2
    assert "that can be written" in capsys.readouterr().err


def test_data_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "reviews"]) == 2
    assert "do: name the data too: bertolt bench MODEL DATA" in capsys.readouterr().err
