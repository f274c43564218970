"""What people and models write stays text, and the page loads nothing but its own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from browser.visiting import box, open_model, panel
from http_server import Running

HOSTILE = '<img src=x onerror="window.hit = true">'


def untouched(page: Page) -> bool:
    """Whether nothing of a hostile text became an element or ran."""
    return not page.evaluate("window.hit === true || document.querySelector('img[src=x]') !== null")


@pytest.fixture
def hostile(page: Page) -> Page:
    """A page whose labels and answers are hostile."""

    def models(route: Route) -> None:
        listed = route.fetch().json()
        for model in listed["models"]:
            model["labels"] = [HOSTILE, *model["labels"]]
        route.fulfill(json={**listed, "read_only": False})

    def results(route: Route) -> None:
        found: dict[str, Any] = route.fetch().json()
        for result in found["results"]:
            result["label"] = HOSTILE
            result["scores"] = {HOSTILE: result["score"], **result["scores"]}
        route.fulfill(json=found)

    def explained(route: Route) -> None:
        found = route.fetch().json()
        route.fulfill(json={**found, "target": HOSTILE, "note": HOSTILE, "method": HOSTILE})

    page.route("**/v1/models", models)
    page.route("**/predict", results)
    page.route("**/explain", explained)
    return page


def test_texts_and_labels_are_never_html(hostile: Page, alone: Running) -> None:
    open_model(hostile, alone, "reviews")
    box(hostile, "Text").fill(f"the film {HOSTILE} was gorgeous")
    result = panel(hostile, "reviews")
    expect(result.locator(".verdict")).to_contain_text(HOSTILE)
    expect(result.locator(".tinted")).to_have_text(f"the film {HOSTILE} was gorgeous")
    expect(result.locator(".reading h4")).to_contain_text(HOSTILE)
    result.get_by_text("Wrong? Say what it should be").click()
    assert untouched(hostile)


def test_nor_are_the_card_the_table_and_the_examples(page: Page, alone: Running, tmp_path: Path) -> None:
    def card(route: Route) -> None:
        found = route.fetch().json()
        found["card"] = (
            f"# {HOSTILE}\n\n{HOSTILE} [link](javascript:window.hit=true)\n\n```\n{HOSTILE}\n```\n"
        )
        route.fulfill(json=found)

    page.route("**/v1/models/reviews", card)
    open_model(page, alone, "reviews", "model")
    expect(page.locator(".card")).to_contain_text(HOSTILE)
    assert page.locator("a[href^='javascript:']").count() == 0
    assert untouched(page)

    def examples(route: Route) -> None:
        found = route.fetch().json()
        for each in found["examples"]:
            each |= {"input": HOSTILE, "gold": HOSTILE, "predicted": HOSTILE}
        route.fulfill(json=found)

    page.route("**/examples?*", examples)
    page.goto(f"{alone.url}/#examples")
    expect(page.locator(".gallery .text").first).to_have_text(HOSTILE)
    assert untouched(page)

    file = tmp_path / "films.csv"
    file.write_text("text\n" + '"' + HOSTILE.replace('"', '""') + '"\n', encoding="utf-8")
    page.goto(f"{alone.url}/#table")
    page.locator("#table-file").set_input_files(file)
    expect(page.locator("table.rows td.text")).to_have_text(HOSTILE)
    assert untouched(page)


def test_the_policy_stops_scripts_and_styles_that_are_not_files(
    page: Page, alone: Running, forgiven: list[str]
) -> None:
    answer = page.goto(alone.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    inline = "[...document.querySelectorAll('script:not([src]), style, [style]')].length"
    assert page.evaluate(inline) == 0
    forgiven.append("Content Security Policy")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.hit = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", '<i id="styled" style="color: rgb(1, 2, 3)">i</i>');
        }"""
    )
    assert untouched(page)
    assert page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(1, 2, 3)"


def test_no_attribute_of_a_drawn_page_holds_a_listener(page: Page, site: Running) -> None:
    open_model(page, site, "question-answering")
    box(page, "Question").fill("what was gorgeous ?")
    box(page, "Context").fill("the film was gorgeous .")
    panel(page, "question-answering").locator(".verdict").wait_for()
    listeners = """[...document.querySelectorAll("*")].flatMap((e) => e.getAttributeNames())
        .filter((name) => name.startsWith("on"))"""
    assert page.evaluate(listeners) == []
