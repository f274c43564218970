"""Five hundred damaged model folders, used as a model and as a backbone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from damage import check_drawn, use_backbone, use_model
from tiny_models import train_tiny


@pytest.mark.parametrize("use", [use_model, use_backbone])
def test_five_hundred_damaged_folders(
    use: Callable[[Path], None], tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    model = train_tiny("text-classification", tmp_path / "whole", tiny_folder)
    check_drawn(use, model, tmp_path, 250)
