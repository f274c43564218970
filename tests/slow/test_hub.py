"""The Hub as it lies on a disk: a model in the Hub's cache, a data set as a folder of parquet files.

The libraries of the Hub are the real ones; what they would have downloaded is laid out for them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from process import environment, run

pytestmark = pytest.mark.slow

DATA_SET = """
import datasets, sys
features = datasets.Features(
    {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["sour", "sweet"])}
)
for split in ("train", "test"):
    texts = [f"the {('lemon', 'sugar')[index % 2]} number {index}" for index in range(60)]
    table = {"text": texts, "label": [index % 2 for index in range(60)]}
    datasets.Dataset.from_dict(table, features=features).to_parquet(f"owner/taste/data/{split}-0.parquet")
"""


def _offline(cache: Path) -> dict[str, str]:
    return {**environment(), "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache), "HF_HOME": str(cache)}


def _lay_out(backbone: Path, cache: Path) -> None:
    """The cache that a download of owner/tiny would have left."""
    repository = cache / "models--owner--tiny"
    snapshot = repository / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    snapshot.mkdir(parents=True)
    for file in backbone.iterdir():
        (snapshot / file.name).write_bytes(file.read_bytes())
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(snapshot.name, encoding="ascii")


def test_a_model_and_a_data_set_of_the_hub(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _lay_out(tiny_folder("bert"), cache)
    subprocess.run([sys.executable, "-c", DATA_SET], cwd=tmp_path, env=_offline(cache), check=True)
    words = ("train", "hf:owner/taste", "--model", "owner/tiny", "--out", "m", "--json")
    trained = run(*words, cwd=tmp_path, env=_offline(cache))
    assert trained.code == 0, trained.out + trained.err
    assert trained.document["spec"]["labels"] == ["sour", "sweet"]
    measured = run("evaluate", "m", "hf:owner/taste", "--json", cwd=tmp_path, env=_offline(cache))
    assert measured.code == 0, measured.out + measured.err
    assert measured.document["n"] == 60


def test_a_model_that_is_not_in_the_cache(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\na,x\nb,y\n", encoding="utf-8")
    words = ("train", "reviews.csv", "--model", "owner/none", "--json")
    done = run(*words, cwd=tmp_path, env=_offline(tmp_path / "cache"))
    assert done.code == 2
    assert "HF_HUB_OFFLINE is set" in done.document["error"]["found"]
    assert not (tmp_path / "models").exists()
