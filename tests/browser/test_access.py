"""By keyboard, on a phone, and by axe-core, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bertolt.serving.corrections import Corrections
from browser.visiting import box, open_model, panel
from http_server import Running, running

GOOD = "the film was gorgeous and moving ."
INPUTS = {
    "reviews": {"Text": GOOD},
    "multi-label-classification": {"Text": GOOD},
    "sentence-pair-classification": {"Text": "the film was gorgeous .", "Text pair": "a gorgeous film !"},
    "token-classification": {"Text": GOOD},
    "question-answering": {"Question": "what was gorgeous ?", "Context": GOOD},
    "fill-mask": {"Text": "the film was [MASK] ."},
    "sentence-grading": {"Text": "film the gorgeous was ."},
}


@pytest.fixture(scope="module")
def everything(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of all models that takes corrections."""
    with running(*folders.values()) as found:
        found.app.state.corrections = store = Corrections(tmp_path_factory.mktemp("saved") / "all.sqlite")
        yield found
        store.close()


def fill(page: Page, site: Running, model: str) -> None:
    """Opens a view with a result, an explanation where there is one, and the form of a correction open."""
    open_model(page, site, model)
    for name, text in INPUTS[model].items():
        box(page, name).fill(text)
    result = panel(page, model)
    result.locator("summary").last.click()
    if page.get_by_label("Show which words moved it").count():
        result.locator(".tinted").first.wait_for()


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html']} {node['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def sideways(page: Page) -> list[str]:
    """What stands out of a narrow window at the right, by its class."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll("main *, header *")]
                .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
                .map((e) => `${e.tagName}.${e.getAttribute("class")}`)"""
    )


def open_section(page: Page, site: Running, section: str, tmp_path: Path) -> None:
    """Opens a section of the first model and waits until it is filled."""
    open_model(page, site, "reviews", section)
    if section == "table":
        file = tmp_path / "films.csv"
        file.write_text(f"text\n{GOOD}\n{'unbrokenword' * 30}\n", encoding="utf-8")
        page.locator("#table-file").set_input_files(file)
    page.locator(
        {"examples": ".gallery li", "table": "table.rows td", "model": "figure img"}[section]
    ).first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("model", list(INPUTS))
def test_axe_finds_nothing_serious_in_a_view(
    page: Page, everything: Running, model: str, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    fill(page, everything, model)
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_text_that_was_cut(
    page: Page, everything: Running, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    open_model(page, everything, "sentence-grading")
    box(page, "Text").fill("the hero was cold . " * 150)
    panel(page, "sentence-grading").locator(".unread").first.wait_for()
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("section", ["examples", "table", "model"])
def test_axe_finds_nothing_serious_in_a_section(
    page: Page, everything: Running, section: str, scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    page.emulate_media(color_scheme=scheme)
    open_section(page, everything, section, tmp_path)
    assert serious(page) == []


@pytest.mark.parametrize("model", list(INPUTS))
def test_a_view_fits_a_phone(page: Page, everything: Running, model: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    fill(page, everything, model)
    assert sideways(page) == []


@pytest.mark.parametrize("section", ["examples", "table", "model"])
def test_a_section_fits_a_phone(page: Page, everything: Running, section: str, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    open_section(page, everything, section, tmp_path)
    assert sideways(page) == []
    assert serious(page) == []  # what scrolls inside can be scrolled by keyboard


def test_long_words_fit_a_phone(page: Page, everything: Running) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    open_model(page, everything, "reviews")
    box(page, "Text").fill("unbrokenword" * 30)
    panel(page, "reviews").locator(".tinted").wait_for()
    assert sideways(page) == []


def focused(page: Page) -> Any:
    """What has the focus: its id, or its text."""
    return page.evaluate("document.activeElement.id || document.activeElement.textContent")


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until something of this id or text has the focus, which must be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == name:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    raise AssertionError(f"Tab does not reach {name!r}")


def test_by_keyboard_alone(page: Page, everything: Running) -> None:
    page.goto(everything.url)
    page.locator("#model-choice").wait_for()
    page.keyboard.press("Tab")
    assert focused(page) == "To the content"
    page.keyboard.press("Enter")
    tab_to(page, "field-text")
    page.keyboard.type(GOOD)
    verdict = panel(page, "reviews").locator(".verdict")
    expect(verdict).to_contain_text("positive")
    tab_to(page, "below")
    page.keyboard.press("End")
    expect(page.locator(".slider output")).to_have_text("99.0%")
    page.keyboard.press("Home")
    tab_to(page, "Wrong? Say what it should be")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # the first label that the model does not say
    tab_to(page, "Save correction")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved. Thank you.")).to_be_visible()
    page.goto(f"{everything.url}/#table")
    page.locator("#table-file").wait_for()
    tab_to(page, "table-file")
    page.goto(f"{everything.url}/#try")
    tab_to(page, "Examples")
    page.keyboard.press("Enter")
    page.locator(".gallery li").first.wait_for()
    assert focused(page) == "main"
    tab_to(page, "Try it")
