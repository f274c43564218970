"""``bertolt probe`` and ``bertolt compare`` of probes, as processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from edges import random_labels
from process import Outcome, refused, run

OPTIONS = (
    "--edge-task", "edges", "--epochs", "1", "--lr", "0.02", "--threads", "1", "--device", "cpu",
    "--set", "projection=16", "--set", "steps=60",
)  # fmt: skip


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory, backbone: Path) -> tuple[Path, Outcome]:
    """The folder that the command ran in, and how it ended."""
    folder = tmp_path_factory.mktemp("probed")
    random_labels(folder)
    done = run("probe", backbone, "edges.jsonl", *OPTIONS, "--out", "probes/one", "--json", cwd=folder)
    assert done.code == 0, done.err
    return folder, done


def test_it_prints_one_document(probed: tuple[Path, Outcome]) -> None:
    folder, done = probed
    document = done.document
    assert set(document) == {
        "folder", "edge_task", "model", "labels", "texts", "targets", "left_out", "sentences", "results",
        "seconds",
    }  # fmt: skip
    assert document["folder"] == "probes/one"
    assert document["labels"] == ["fish", "flesh", "fowl"]
    assert len(document["sentences"]) == 2
    assert len(document["results"]["code"]) == 3
    assert "read: " in done.err
    names = {file.name for file in (folder / "probes" / "one").iterdir()}
    assert names == {
        "bertolt.json",
        "results.json",
        "probes.safetensors",
        "counts.safetensors",
        "report.html",
    }


def test_for_people_and_compared(probed: tuple[Path, Outcome], backbone: Path) -> None:
    folder, _ = probed
    done = run(
        "probe", backbone, "edges.jsonl", *OPTIONS, "--seed", "0", "--beside", "probes/one",
        "--out", "probes/two", "--keep-states", cwd=folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    for part in ("random labels", "selectivity", "random network", "labels as a code"):
        assert part in done.out, done.out
    assert "report: probes/two" in done.err
    assert list((folder / "probes" / "two.run" / "states").glob("*/states-*.npy"))
    compared = run("compare", "probes/one", "probes/two", cwd=folder)
    assert compared.code == 0, compared.err
    assert "no difference can be shown at any layer" in compared.out
    document = run("compare", "probes/one", "probes/two", "--json", cwd=folder).document
    assert {each["difference"]["value"] for each in document["inputs"]} == {0.0}


def test_refused(probed: tuple[Path, Outcome], model: Path) -> None:
    folder, _ = probed
    refused(["probe"], "MODEL", cwd=folder)
    refused(["probe", "minilm", "edges.jsonl", "--out", "p"], "--edge-task", cwd=folder)
    refused(["probe", "--resume", "probes/one", "--seed", "1"], "--resume DIR alone", cwd=folder)
    refused(["probe", "--resume", "probes/one"], "interrupted", cwd=folder)
    refused(["compare", "probes/one", model], "two model folders or two probe folders", cwd=folder)
    refused(["compare", "probes/one", "probes/one", "edges.jsonl"], "without DATA", cwd=folder)
