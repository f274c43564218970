"""The table of families in docs/models.md is made from the code."""

from __future__ import annotations

from docs.make_family_table import PAGE, page

from bertolt.models.families import FAMILIES


def test_the_table_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run: python docs/make_family_table.py"
    assert all(f"`{kind}`" in text for kind in FAMILIES)
