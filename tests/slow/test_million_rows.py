"""A million short rows, from file to file, in constant memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from process import command, environment, run

ROWS = 1_000_000
#: KiB of resident memory at most, of which torch and transformers take about half.
MOST = 1_000_000


@pytest.mark.slow
def test_a_million_rows_stay_under_a_gigabyte(
    tiny_folder: Callable[[str], Path], sentiment_csv: Path, tmp_path: Path
) -> None:
    words = ("train", sentiment_csv, "--model", tiny_folder("bert"), "--out", "model", "--epochs", "1")
    assert run(*words, "--threads", "1", cwd=tmp_path).code == 0
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("number,text\n")
        file.writelines(f"{number},good film {number % 100}\n" for number in range(ROWS))
    watched = [
        sys.executable, "-c",
        "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)",
    ]  # fmt: skip
    done = subprocess.run(
        [*watched, *command("predict", "model", "--input", "in.csv", "--output", "out.parquet", "--json")],
        cwd=tmp_path, env=environment(), capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document, memory = done.stdout.splitlines()
    assert json.loads(document)["rows"] == ROWS
    assert int(memory) < MOST
    numbers = pq.read_table(tmp_path / "out.parquet", columns=["number"])["number"].to_pylist()
    assert numbers == [str(number) for number in range(ROWS)]
