"""A model that ``bertolt train`` has trained, for all end-to-end tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from process import Outcome, run


@pytest.fixture(scope="session")
def backbone(tiny_folder: Callable[[str], Path]) -> Path:
    """The folder of a tiny BERT."""
    return tiny_folder("bert")


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory, backbone: Path, sentiment_csv: Path
) -> tuple[Path, Outcome]:
    """The folder of a trained model, and how ``bertolt train --json`` ended. Copy the folder to change it."""
    folder = tmp_path_factory.mktemp("trained")
    shutil.copy(sentiment_csv, folder / "reviews.csv")
    # Of eight seeds, one leaves a network of this size at chance.
    done = run(
        "train", "reviews.csv", "--model", backbone, "--epochs", "8", "--lr", "0.01", "--batch-size", "8",
        "--seed", "1", "--threads", "1", "--max-length", "64", "--json", cwd=folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder / "models" / "reviews", done


@pytest.fixture(scope="session")
def model(trained: tuple[Path, Outcome]) -> Path:
    """The folder of a trained model. Copy it before changing it."""
    return trained[0]
