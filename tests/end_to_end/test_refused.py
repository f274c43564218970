"""What cannot be used is refused: one message, exit code 2, nothing left behind."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from process import environment, listing, refused, run

HEADER = "text,label\n"


def train(data: str | Path, backbone: str | Path, *more: str | Path) -> list[str | Path]:
    return ["train", data, "--model", backbone, "--out", "model", "--threads", "1", *more]


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("empty.csv", b"", ["data in empty.csv", "an empty file"]),
        ("latin.csv", b"text,label\nfine,a\ncaf\x81,b\n", ["UTF-8", "0x81 on line 3", "--encoding"]),
        ("blank.csv", (HEADER + ",a\n  ,b\n").encode(), ["rows with a text", "2 rows with an empty text"]),
        ("broken.jsonl", b'{"text": "a", "label": "b"}\n' * 712 + b'{"text": \n', ["line 713"]),
        ("cut.parquet", b"PAR1\x15\x04\x15", ["a whole parquet file"]),
    ],
)  # fmt: skip
def test_data(name: str, content: bytes, parts: list[str], backbone: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    refused(train(name, backbone), *parts, cwd=tmp_path)


def test_a_language_that_the_vocabulary_lacks(backbone: Path, tmp_path: Path) -> None:
    rows = "".join(f"ดี มาก {number},a\nแย่ มาก {number},b\n" for number in range(20))
    (tmp_path / "thai.csv").write_text(HEADER + rows, encoding="utf-8")
    parts = ("a language that the model's vocabulary knows", "more than half", "xlm-roberta-base")
    refused(train("thai.csv", backbone), *parts, cwd=tmp_path)
    (tmp_path / "thai.txt").write_text("ดี มาก\nแย่ มาก\n" * 20, encoding="utf-8")
    refused(["adapt", backbone, "thai.txt", "--out", "model"], *parts, cwd=tmp_path)


def test_a_missing_file(backbone: Path, tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text(HEADER, encoding="utf-8")
    refused(train("reviws.csv", backbone), "no file reviws.csv", "did you mean reviews.csv", cwd=tmp_path)


def test_a_hub_id_without_a_network(sentiment_csv: Path, tmp_path: Path) -> None:
    parts = ("no folder 'nobody/no-model'", "while HF_HUB_OFFLINE is set", "check the name")
    refused(train(sentiment_csv, "nobody/no-model"), *parts, cwd=tmp_path)


def test_an_output_folder_that_is_not_ours(backbone: Path, sentiment_csv: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.txt").write_text("do not lose this", encoding="utf-8")
    refused(train(sentiment_csv, backbone), "'model', which bertolt did not write", "--out", cwd=tmp_path)


def test_a_model_for_another_task(model: Path, tmp_path: Path) -> None:
    record = json.loads((model / "bertolt.json").read_text(encoding="utf-8"))
    assert record["spec"]["task"] == "text-classification"
    words = ["predict", model, "a", "--task", "multi-label-classification"]
    refused(words, "a model for multi-label-classification", "one for text-classification", cwd=tmp_path)


def test_labels_that_the_model_does_not_know(model: Path, tmp_path: Path) -> None:
    (tmp_path / "stars.csv").write_text(HEADER + "good,positive\nbad,one star\n", encoding="utf-8")
    refused(["evaluate", model, "stars.csv"], "negative, positive", "'one star' on line 3", cwd=tmp_path)


def test_a_row_that_breaks_late_leaves_no_output(model: Path, tmp_path: Path) -> None:
    lines = ['{"text": "good"}\n'] * 712 + ['{"text": "go\n']
    (tmp_path / "a.jsonl").write_text("".join(lines), encoding="utf-8")
    refused(["predict", model, "--input", "a.jsonl", "--output", "b.csv"], "line 713", cwd=tmp_path)


FULL = """
import errno, os

def full(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

os.fsync = full
"""


def test_a_full_disk_while_predicting(model: Path, sentiment_csv: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(FULL, encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    done = run(
        "predict", model, "--input", sentiment_csv, "--output", "out.csv", "--json",
        cwd=work, env=environment(hooks),
    )  # fmt: skip
    assert done.code == 2, done
    assert "No space left" in done.document["error"]["found"]
    assert "free some space" in done.document["error"]["do"]
    assert listing(work) == {}


def test_a_full_disk_before_training(backbone: Path, sentiment_csv: Path, tmp_path: Path) -> None:
    def smallest_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # less than the weights need

    done = run(*train(sentiment_csv, backbone, "--epochs", "1"), cwd=tmp_path, before=smallest_files)
    assert done.code == 2, done
    assert "Traceback" not in done.err
    assert done.err.count("error: expected") == 1, done.err
    assert list(tmp_path.iterdir()) == []  # the trial before the first step found it


def test_a_full_disk_while_training(backbone: Path, sentiment_csv: Path, tmp_path: Path) -> None:
    weights = (backbone / "model.safetensors").stat().st_size

    def small_files() -> None:
        # Room for the weights, not for the optimiser's two moments of each in the checkpoint of an epoch.
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 * weights // 2, 3 * weights // 2))

    done = run(*train(sentiment_csv, backbone, "--epochs", "2"), cwd=tmp_path, before=small_files)
    assert done.code == 2, done
    assert "Traceback" not in done.err
    assert done.err.count("error: expected") == 1, done.err
    assert not (tmp_path / "model").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model.run"]
    resumed = run("train", "--resume", "model", cwd=tmp_path)  # with room, the run goes on
    assert resumed.code == 0, resumed.err
    assert (tmp_path / "model" / "bertolt.json").is_file()


@pytest.mark.parametrize("name", ["bertolt.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_model_folder(name: str, model: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:40])
    refused(["predict", folder, "good"], name, "again", cwd=tmp_path)
