"""The Hub as it lies on a disk: a model in the Hub's cache, a data set as a folder of parquet files.

The libraries of the Hub are the real ones; what they would have downloaded is laid out for them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_hub import fake_hub
from hub_models import labels, write_plain
from process import command, environment, run

pytestmark = pytest.mark.slow

DATA_SET = """
import datasets, sys
features = datasets.Features(
    {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["sour", "sweet"])}
)
for split in ("train", "test"):
    texts = [f"the {('lemon', 'sugar')[index % 2]} number {index}" for index in range(60)]
    table = {"text": texts, "label": [index % 2 for index in range(60)]}
    datasets.Dataset.from_dict(table, features=features).to_parquet(f"people/taste/data/{split}-0.parquet")
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
    words = ("train", "hf:people/taste", "--model", "owner/tiny", "--out", "m", "--json")
    trained = run(*words, cwd=tmp_path, env=_offline(cache))
    assert trained.code == 0, trained.out + trained.err
    assert trained.document["spec"]["labels"] == ["sour", "sweet"]
    measured = run("evaluate", "m", "hf:people/taste", "--json", cwd=tmp_path, env=_offline(cache))
    assert measured.code == 0, measured.out + measured.err
    assert measured.document["n"] == 60


def test_a_model_that_is_not_in_the_cache(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\na,x\nb,y\n", encoding="utf-8")
    words = ("train", "reviews.csv", "--model", "owner/none", "--json")
    done = run(*words, cwd=tmp_path, env=_offline(tmp_path / "cache"))
    assert done.code == 2
    assert "HF_HUB_OFFLINE is set" in done.document["error"]["found"]
    assert not (tmp_path / "models").exists()


def test_a_killed_download_is_made_good(tmp_path: Path) -> None:
    """With the variables that users set: HF_ENDPOINT, HF_HOME, HF_TOKEN and HF_HUB_OFFLINE."""
    size = {"vocab_size": 400_000}  # 25 MB of embeddings: more than the library writes at a time
    folder = write_plain(
        tmp_path / "m", "distilbert", "AutoModelForSequenceClassification", {**labels("a", "b"), **size}
    )
    cache = tmp_path / "cache"
    words = ("predict", "owner/large", "the film .", "--json")
    with fake_hub() as hub:
        hub.revisions["owner/large"] = {"main": folder}
        hub.private.add("owner/large")
        env = {name: value for name, value in environment().items() if name != "HF_HUB_OFFLINE"}
        env |= {"HF_ENDPOINT": hub.address, "HF_HOME": str(cache), "HF_TOKEN": hub.token}
        hub.stall_after = 15_000_000
        with subprocess.Popen(command(*words), cwd=tmp_path, env=env, stdout=subprocess.PIPE) as process:
            end = time.monotonic() + 120
            while not [path for path in cache.rglob("*.incomplete") if path.stat().st_size > 10_000_000]:
                assert time.monotonic() < end
                time.sleep(0.1)
            process.kill()
        hub.stall_after = None
        hub.asked.clear()
        done = run(*words, cwd=tmp_path, env=env)
        assert done.code == 0, done.err
        fetched = [path.rpartition("/")[2] for method, path, _ in hub.asked if method == "GET"]
        assert fetched.count("model.safetensors") == 1
        assert "config.json" not in fetched  # it was complete, and is not fetched again
        offline = run(*words, cwd=tmp_path, env={**env, "HF_HUB_OFFLINE": "1", "HF_TOKEN": ""})
        assert offline.document == done.document


def test_a_data_set_by_revision_and_token(tmp_path: Path) -> None:
    with fake_hub() as hub:
        for name, label in (("main", "new"), ("v1", "old")):
            folder = tmp_path / "data" / name
            folder.mkdir(parents=True)
            rows = "".join(f"text {number},{label if number % 2 else 'other'}\n" for number in range(20))
            (folder / "train.csv").write_text("text,label\n" + rows, encoding="utf-8")
            hub.revisions.setdefault("owner/rows", {})[name] = folder
        env = {name: value for name, value in environment().items() if name != "HF_HUB_OFFLINE"}
        env |= {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "cache")}
        for given, label in (("hf:owner/rows:train", "new"), ("hf:owner/rows@v1:train", "old")):
            found = run("check", given, "--json", cwd=tmp_path, env=env)
            assert found.code == 0, found.out + found.err
            assert label in found.out
        hub.private.add("owner/rows")
        other = {**env, "HF_HOME": str(tmp_path / "other")}
        refused = run("check", "hf:owner/rows@v1:train", "--json", cwd=tmp_path, env=other)
        assert refused.code == 2, refused.out + refused.err
        assert "HF_TOKEN" in refused.document["error"]["do"]
        allowed = run(
            "check", "hf:owner/rows@v1:train", "--json", cwd=tmp_path, env={**other, "HF_TOKEN": hub.token}
        )
        assert allowed.code == 0, allowed.out
