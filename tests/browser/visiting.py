"""What a visitor of the page does."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from playwright.sync_api import Locator, Page

from http_server import Running


def open_model(page: Page, site: Running, model: str, section: str = "try") -> None:
    """Opens the page at a section and chooses a model where there are several."""
    page.goto(f"{site.url}/#{section}")
    page.locator("#models > *").wait_for()
    choice = page.get_by_role("combobox", name="Model", exact=True)
    if choice.count():
        choice.select_option(model)


def predicted(site: Running, model: str, given: Any) -> dict[str, Any]:
    """What the API says of an input."""
    request = urllib.request.Request(
        f"{site.url}/v1/models/{model}/predict",
        json.dumps({"inputs": given}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read())["results"][0]
    return found


def box(page: Page, name: str) -> Locator:
    """A field of the input."""
    return page.get_by_role("textbox", name=name, exact=True)


def panel(page: Page, model: str) -> Locator:
    """The result of a model."""
    return page.get_by_role("article", name=f"Result of {model}")


def percent(value: float) -> str:
    """A probability as the page writes it."""
    rounded = f"{100 * value:.1f}"
    if rounded == "100.0" and value < 1:
        return ">99.9%"
    return "<0.1%" if rounded == "0.0" and value > 0 else f"{rounded}%"
