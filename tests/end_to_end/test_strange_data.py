"""Data that is strange and right: it is trained on, predicted and written back without a loss."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from process import run

STRANGE = {
    "long": "good film " * 200_000,
    "nul": "good\x00film",
    "surrogate": "good \ud83d film",
    "hebrew": "סרט נפלא ‏ומרגש‏",
    "emoji": "👩‍👩‍👧‍👦 🎬❤️",
    "line breaks": "first\nsecond\r\nthird\u2028fourth",
    "blank": "   ",
    "controls": "\x1b[31mred\x07",
}


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A jsonl of strange texts with labels, each five times."""
    path = tmp_path_factory.mktemp("strange") / "strange.jsonl"
    rows = []
    for number in range(5):
        for name, text in STRANGE.items():
            # Of the longest text one copy is enough.
            shown = text if name != "long" or number == 0 else "good"
            rows.append({"text": shown, "label": "even" if len(rows) % 2 == 0 else "odd", "name": name})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_training_on_strange_texts(strange: Path, backbone: Path, tmp_path: Path) -> None:
    assert len(STRANGE["long"]) == 2_000_000
    done = run(
        "train", strange, "--model", backbone, "--out", "model", "--epochs", "1", "--threads", "1",
        "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.document["examples"]["train"] + done.document["examples"]["validation"] == 35
    assert "5 rows left out, without text: lines 7, 15, 23, 31, 39" in done.err
    assert "of texts are cut" in done.err


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_predicting_strange_texts(suffix: str, strange: Path, model: Path, tmp_path: Path) -> None:
    done = run("predict", model, "--input", strange, "--output", f"out{suffix}", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.document["without_text"] == 5
    path = tmp_path / f"out{suffix}"
    if suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
    elif suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    else:
        csv.field_size_limit(10_000_000)
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    assert len(rows) == 40
    for row, (name, text) in zip(rows, STRANGE.items(), strict=False):
        # Only the escapes of JSON hold a lone surrogate.
        expected = text if suffix == ".jsonl" else text.replace("\ud83d", "\ufffd")
        assert row["text"] == expected, name
        expected_labels = {"negative", "positive"} if name != "blank" else {None, ""}
        assert row["predicted_label"] in expected_labels, name
    assert str(rows[0]["truncated"]).lower() == "true"
    if suffix != ".jsonl":
        assert "5 lone surrogates" in done.err


def test_strange_texts_in_a_terminal(model: Path, tmp_path: Path) -> None:
    """No byte of a text moves the cursor; each text is one line."""
    texts = [text for name, text in STRANGE.items() if name not in ("long", "surrogate", "nul")]
    done = run("predict", model, *texts, cwd=tmp_path)
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == len(texts)
    assert "\x1b" not in done.out


def test_a_csv_from_windows(model: Path, tmp_path: Path) -> None:
    text = '\ufefftext;label\r\n"a ""good"" film;\r\nreally";positive\r\nawful;negative\r\n'
    (tmp_path / "windows.csv").write_text(text, encoding="utf-8", newline="")
    done = run("predict", model, "--input", "windows.csv", "--output", "out.csv", cwd=tmp_path)
    assert done.code == 0, done.err
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == ['a "good" film;\r\nreally', "awful"]


def test_ten_thousand_columns(model: Path, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(9_998)]
    rows = [[*names, "text", "label"], *([*["1"] * 9_998, f"good {n}", "positive"] for n in range(3))]
    with (tmp_path / "wide.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    done = run("predict", model, "--input", "wide.csv", "--output", "out.parquet", cwd=tmp_path)
    assert done.code == 0, done.err
    assert pq.read_table(tmp_path / "out.parquet").num_columns == 10_000 + 8


def test_a_column_that_only_a_late_row_has(model: Path, tmp_path: Path) -> None:
    rows = [{"text": "good"}] * 1500 + [{"text": "bad", "note": "late"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = run("predict", model, "--input", "a.jsonl", "--output", "b.jsonl", cwd=tmp_path)
    assert done.code == 0, done.err
    lines = (tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["note"] == "late"
