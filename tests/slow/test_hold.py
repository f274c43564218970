"""What must hold when something goes wrong around a process: a second writer, a kill, a closed stream."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.data.readers import open_table
from process import command, environment, run, wait_until
from tiny import sentiment_rows

Folder = Callable[[str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with data sets of 60 and of 600 rows."""
    rows = sentiment_rows()
    for name, part in (("few.csv", rows[:60]), ("many.csv", rows[:60] * 10)):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *part])
    return tmp_path


def train_words(data: str, backbone: Path, *more: str) -> list[str]:
    """A training into the folder ``m``; with ``--epochs 1000 --batch-size 2`` it lasts until it is killed."""
    return [
        "train", data, "--model", str(backbone), "--out", "m", "--batch-size", "8", "--threads", "1", *more
    ]  # fmt: skip


def start(*words: str, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(*words), cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_a_second_writer_of_one_folder_is_refused_and_the_first_goes_on(
    home: Path, tiny_folder: Folder
) -> None:
    bert = tiny_folder("bert")
    done = run(*train_words("few.csv", bert, "--epochs", "1", "--json"), cwd=home)
    assert done.code == 0, done.err
    (home / "m").rename(home / "other")
    (home / "m.run").rename(home / "other.run")
    with start(*train_words("many.csv", bert, "--epochs", "1000", "--batch-size", "2"), cwd=home) as first:
        wait_until((home / ".m.lock").exists)
        wait_until(lambda: (home / "m.run" / "log.jsonl").exists())
        lines = (home / "m.run" / "log.jsonl").read_bytes()
        for words in (
            train_words("few.csv", bert, "--epochs", "1"),
            train_words("few.csv", bert, "--seeds", "2"),
            train_words("few.csv", bert, "--folds", "2"),
            ["train", "--resume", "m"],
            ["adapt", str(bert), "few.csv", "--out", "m"],
            ["export", "other", "--out", "m"],
        ):
            second = run(*words, cwd=home)
            assert second.code == 2, (words, second)
            assert "expected that no other process writes 'm'" in second.err
            assert f"found that bertolt train (process {first.pid} on " in second.err
            assert "Traceback" not in second.err
        assert (home / "m.run" / "log.jsonl").read_bytes().startswith(lines)
        first.kill()
    # The lock of a killed process does not count.
    assert (home / ".m.lock").exists()
    done = run(*train_words("few.csv", bert, "--epochs", "1"), cwd=home)
    assert done.code == 0, done.err
    assert not (home / ".m.lock").exists()


def test_a_training_killed_before_its_report_goes_on_and_writes_it(home: Path, tiny_folder: Folder) -> None:
    script = (
        "import os, signal\n"
        "from bertolt.reports import training\n"
        "training.report_training = lambda run: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from bertolt.cli import main\n"
        f"main({train_words('few.csv', tiny_folder('bert'), '--epochs', '1')!r})\n"
    )
    killed = subprocess.run(
        [command()[0], "-c", script],
        cwd=home,
        env=environment(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    weights = (home / "m" / "model.safetensors").read_bytes()
    assert not (home / "m" / "report.html").exists()
    done = run("train", "--resume", "m", cwd=home)
    assert done.code == 0, done.err
    assert (home / "m" / "report.html").is_file()
    assert (home / "m" / "model.safetensors").read_bytes() == weights
    assert json.loads((home / "m.run" / "settings.json").read_text())["finished"]
    again = run("train", "--resume", "m", cwd=home)
    assert again.code == 2
    assert "found one that is finished" in again.err
    assert (
        os.listdir(home / "m.run") == ["settings.json", "log.jsonl"] or len(os.listdir(home / "m.run")) == 2
    )


@pytest.fixture(scope="module")
def trained(tiny_folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tiny_models import train_tiny

    return train_tiny("text-classification", tmp_path_factory.mktemp("trained"), tiny_folder)


def shell(line: str, *, cwd: Path, trained: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line of the shell in which ``bertolt`` and ``$DIR`` stand for the command and a model."""
    words = " ".join(map(repr, command()))
    return subprocess.run(
        ["bash", "-c", f"bertolt() {{ {words} \"$@\"; }}; {line}"],
        cwd=cwd, env={**environment(), "DIR": str(trained)}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "predict $DIR text", "predict $DIR text --json", "evaluate $DIR few.csv", "check few.csv", "tasks",
        "datasets --json", "--help", "train few.csv --model $DIR --epochs 1 --out m2",
    ],
)  # fmt: skip
def test_a_full_or_closed_standard_output_is_one_message(words: str, home: Path, trained: Path) -> None:
    for redirection, found in (("> /dev/full", "No space left on device"), (">&-", "a closed one")):
        done = shell(f"bertolt {words} {redirection}", cwd=home, trained=trained)
        assert done.returncode == 2, done
        assert done.stderr.count("error: expected") == 1, done.stderr
        assert found in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
    nobody = shell(f"bertolt {words} > /dev/full 2>&-", cwd=home, trained=trained)
    assert (nobody.returncode, nobody.stderr) == (2, ""), nobody


def test_closed_input_and_closed_or_full_standard_error(home: Path, trained: Path) -> None:
    for line, code, out in (
        ("bertolt predict $DIR text <&- | wc -l", 0, "1\n"),
        ("bertolt predict $DIR <&-", 2, ""),
        ("bertolt predict $DIR text 2>&- | wc -l", 0, "1\n"),
        ("bertolt predict $DIR text 2> /dev/full | wc -l", 0, "1\n"),
        ("bertolt predict $DIR text <&- 2>&- | wc -l", 0, "1\n"),
        ("bertolt nonsense 2>&-", 2, ""),
        ("bertolt nonsense 2> /dev/full", 2, ""),
        ("bertolt train few.csv --model $DIR --epochs 1 --out m <&- 2>&- | wc -l", 0, ""),
    ):
        done = shell(f"set -o pipefail; {line}", cwd=home, trained=trained)
        assert done.returncode == code, (line, done)
        assert done.stdout == out or not out, (line, done)
        assert "Traceback" not in done.stderr, (line, done)


def test_a_reader_that_goes_away_ends_it_quietly(home: Path, trained: Path) -> None:
    lines = 'seq 1 20000 | bertolt predict $DIR | head -1; echo "${PIPESTATUS[1]}"'
    for line in (lines, 'bertolt tasks | true; echo "${PIPESTATUS[0]}"'):
        done = shell(line, cwd=home, trained=trained)
        assert done.stdout.splitlines()[-1] in ("141", "0"), done
        assert done.stderr == "", done


def start_saving_often(*words: str, cwd: Path) -> subprocess.Popen[bytes]:
    """A prediction that writes down ten times a second how far it is."""
    script = (
        "from bertolt.inference import unfinished\nunfinished.EVERY_SECONDS = 0.1\n"
        f"from bertolt.cli import main\nmain({list(words)!r})\n"
    )
    return subprocess.Popen([command()[0], "-c", script], cwd=cwd, env=environment())


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_a_killed_prediction_goes_on_and_writes_the_same_rows(name: str, trained: Path, home: Path) -> None:
    rows = sentiment_rows()
    with (home / "big.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "text"), *((n, rows[n % 80][0]) for n in range(6_000))])
    words = ("predict", str(trained), "--input", "big.csv", "--output", name, "--threads", "1")
    state = home / f".{name}.part.json"
    for _ in range(2):  # killed twice
        more = ("--resume",) if state.exists() else ()
        before = state.read_bytes() if more else b""
        with start_saving_often(*words, *more, cwd=home) as process:
            wait_until(lambda before=before: state.exists() and state.read_bytes() != before)
            process.kill()
    assert not (home / name).exists()
    done = [json.loads(state.read_text())["point"]["rows"]]
    assert 0 < done[0] < 6_000
    changed = run(*words, "--resume", "--abstain-below", "0.7", cwd=home)
    assert changed.code == 2
    assert "--abstain-below" in changed.err
    resumed = run(*words, "--resume", "--json", cwd=home)
    assert resumed.code == 0, resumed.err
    assert resumed.document["rows"] == 6_000
    assert f"went on after {done[0]:,} rows" in resumed.err
    assert {path.name for path in home.iterdir() if path.name.startswith(".")} == set()
    table = [row.values for row in open_table(home / name)]
    assert [int(row["id"]) for row in table] == list(range(6_000))
    first, last = ({row["text"]: row["label"] for row in part} for part in (table[:80], table[-80:]))
    assert first == last
    again = run(*words, "--resume", cwd=home)
    assert again.code == 2
    assert "an interrupted prediction" in again.err


def test_what_a_killed_prediction_left_is_replaced_by_the_next_one(trained: Path, home: Path) -> None:
    words = ("predict", str(trained), "--input", "few.csv", "--output", "out.csv")
    (home / ".out.csv.part").write_text("left by a killed process")
    done = run(*words, cwd=home)
    assert done.code == 0, done.err
    assert {path.name for path in home.iterdir()} == {"few.csv", "many.csv", "out.csv"}


def test_a_file_that_changes_while_it_is_predicted_gives_no_output(trained: Path, home: Path) -> None:
    with (home / "big.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text",), *((text,) for text, _ in sentiment_rows()[:80] * 50)])
    words = ("predict", str(trained), "--input", "big.csv", "--output", "out.csv", "--threads", "1")
    with start(*words, cwd=home) as process:
        wait_until((home / ".out.csv.part").exists)
        with (home / "big.csv").open("a", encoding="utf-8") as file:
            file.write("one more line\n" * 1000)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert b"expected that big.csv stays the same while it is read" in err
    assert {path.name for path in home.iterdir()} == {"few.csv", "many.csv", "big.csv"}
