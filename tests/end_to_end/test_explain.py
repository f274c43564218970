"""``explain`` and ``corrections export`` as processes; from a correction to a model that learnt it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

from bertolt.serving.corrections import Corrections, Origin, read_corrections
from process import environment, run

TEXT = "the film was dull <b>x</b> & gorgeous"


def test_explain_in_three_forms(model: Path, tmp_path: Path) -> None:
    shown = run("explain", model, TEXT, "--html", tmp_path / "why.html", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert "speaks for" in shown.out
    assert "dull" in shown.out
    assert "\x1b" not in shown.out  # no colours into a pipe
    page = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>x</b>" not in page
    assert "default-src 'none'" in page
    done = run("explain", model, TEXT, "--target", "negative", "--json", cwd=tmp_path)
    assert done.document["target"] == "negative"
    assert [each["text"] for each in done.document["tokens"]][:4] == ["the", "film", "was", "dull"]
    refused = run("explain", model, TEXT, "--target", "dull", "--json", cwd=tmp_path)
    assert refused.code == 2
    assert "negative, positive" in refused.document["error"]["expected"]


def test_a_saved_correction_outlives_a_kill(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from bertolt.serving.corrections import Corrections, Origin\n"
        "store = Corrections(Path('c.sqlite'))\n"
        "values = {'input': 'a film', 'prediction': None, 'correction': 'positive'}\n"
        "print(store.save(Path('m'), Origin('m', '', ''), values), flush=True); time.sleep(60)\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        os.kill(process.pid, signal.SIGKILL)
    assert [each.input for each in read_corrections(tmp_path / "c.sqlite", "m")] == ["a film"]


def test_correct_export_train_and_the_correction_sticks(
    model: Path, backbone: Path, sentiment_csv: Path, tmp_path: Path
) -> None:
    texts = [f"the {noun} was predictable" for noun in ("film", "plot", "cast", "script", "score", "story")]
    before = run("predict", model, *texts, "--json", cwd=tmp_path).document["results"]
    other = {"positive": "negative", "negative": "positive"}
    right = [other[each["label"]] for each in before]  # whoever corrects says the opposite
    file = tmp_path / "all.sqlite"
    store = Corrections(file)
    for text, result, label in zip(texts, before, right, strict=True):
        for copy in (text, f"{text} .", f"{text} !", f"{text} from start to end ."):
            values = {"input": copy, "prediction": result, "correction": label}
            store.save(model, Origin(model.name, "", "text-classification"), values)
    done = run("corrections", "export", model, "--corrections", file, "--output", "more.csv", cwd=tmp_path)
    assert done.code == 0, done.err
    with (tmp_path / "more.csv").open(encoding="utf-8", newline="") as stream:
        assert len([*csv.DictReader(stream)]) == 24
    trained = run(
        "train", sentiment_csv, "more.csv", "--model", backbone, "--out", "again", "--epochs", "12", "--lr",
        "0.01", "--batch-size", "8", "--threads", "1", "--max-length", "64", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert trained.code == 0, trained.err
    after = run("predict", "again", *texts, "--json", cwd=tmp_path).document["results"]
    assert [each["label"] for each in after] == right
