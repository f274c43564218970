"""Every family of the table: what its row says, on a tiny network with random weights.

An export takes half a minute, so only those of some families are tried here; the study tasks-families tries
all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bertolt.models.families import FAMILIES
from family_checks import MOST_USED, check_family, check_temperature

pytestmark = pytest.mark.slow
SUPPORTED = [kind for kind, family in FAMILIES.items() if family.support != "refused"]


@pytest.mark.parametrize("kind", SUPPORTED)
def test_what_the_row_of_a_family_says(kind: str, tmp_path: Path) -> None:
    check_family(kind, tmp_path, exports=kind in (*MOST_USED, "longformer", "fnet"))


@pytest.mark.parametrize("kind", SUPPORTED)
def test_the_temperature_divides_the_logits_and_leaves_the_encoder(kind: str) -> None:
    check_temperature(kind)
