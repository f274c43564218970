"""What is published: the wheel and the sdist, installed where nothing else is, train and predict."""

from __future__ import annotations

import csv
import json
import os
import shlex
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from bertolt.data.packaged import packaged_tables
from bertolt.version import __version__

ROOT = Path(__file__).parents[2]


def _run(*words: str | Path, cwd: Path, timeout: int = 600) -> str:
    """Runs a command without this environment's packages on the path; what it printed on standard output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, timeout=timeout, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(built: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(built[1]).namelist())
    about = f"bertolt-{__version__}.dist-info/"
    assert {name.split("/")[0] for name in names} == {"bertolt", about.rstrip("/")}
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "bertolt").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("bertolt/")} == sources
    assert "bertolt/serving/page/index.html" in names  # without it `bertolt serve` has no page
    assert "bertolt/py.typed" in names  # else nobody's type checker sees the annotations
    assert about + "licenses/LICENSE" in names
    metadata = zipfile.ZipFile(built[1]).read(about + "METADATA").decode()
    assert "Requires-Python: >=3.11" in metadata
    assert "Provides-Extra: starter" in metadata


@pytest.mark.slow
def test_the_sdist_holds_what_is_needed_to_build_and_test(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt", "src/bertolt/version.py"} <= names
    assert "tests/tiny.py" in names
    assert not [name for name in names if name.startswith(("runs", "models", ".venv", "shared"))]


@pytest.mark.slow
def test_the_wheel_installed_alone_trains_and_predicts(built: tuple[Path, Path], tmp_path: Path) -> None:
    _run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    bin_folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    more = shlex.split(os.environ.get("PIP_ARGS", ""))
    wanted = f"{built[1]}[starter]"
    _run(
        bin_folder / "python", "-m", "pip", "install", "--quiet", *more,
        "-c", ROOT / "constraints.txt", wanted,
        cwd=tmp_path, timeout=1800,
    )  # fmt: skip
    bertolt = bin_folder / "bertolt"
    assert "train" in _run(bertolt, "--help", cwd=tmp_path)
    with (tmp_path / "reviews.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        rows = list(packaged_tables("rotten-tomatoes")["train"])
        writer.writerows((row.values["text"], row.values["label"]) for row in rows[:60] + rows[-60:])
    _run(bertolt, "train", "reviews.csv", "--epochs", "1", "--out", "model", cwd=tmp_path)
    measured = json.loads(_run(bertolt, "evaluate", "model", "reviews.csv", "--json", cwd=tmp_path))
    assert measured["n"] == 120
    accuracy = measured["metrics"]["accuracy"]
    assert 0 <= accuracy["low"] <= accuracy["value"] <= accuracy["high"] <= 1
    printed = _run(bertolt, "predict", "model", "A gorgeous film.", "A mess.", "--json", cwd=tmp_path)
    results = json.loads(printed)["results"]
    assert [sorted(result["scores"]) for result in results] == [["negative", "positive"]] * 2
