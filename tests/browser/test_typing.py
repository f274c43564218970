"""Results while typing, what was read of a text, and which words moved the result."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, expect

from browser.visiting import box, open_model, panel, predicted
from http_server import Running

GOOD = "the film was gorgeous and moving ."
BAD = "the plot was dull and boring ."


def test_results_come_once_typing_stops(page: Page, alone: Running) -> None:
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if "predict" in asked.url else None)
    open_model(page, alone, "reviews")
    box(page, "Text").press_sequentially(BAD, delay=5)
    expect(panel(page, "reviews").locator(".verdict")).to_contain_text("negative")
    assert json.loads(sent[-1])["inputs"] == BAD
    assert len(sent) < len(BAD) // 2  # not one a letter
    expect(page.locator("#announce")).to_contain_text("negative")
    box(page, "Text").fill("")
    expect(panel(page, "reviews")).to_contain_text("The result appears here as you stop typing.")


@pytest.mark.parametrize("aborted", [True, False])
def test_an_older_answer_never_overwrites_a_newer_one(page: Page, alone: Running, aborted: bool) -> None:
    if not aborted:  # then the number of the question alone keeps the late answer off
        page.add_init_script("AbortController.prototype.abort = () => {};")
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if GOOD in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/predict", hold_first)
    open_model(page, alone, "reviews")
    with page.expect_request("**/predict"):
        box(page, "Text").fill(GOOD)
    box(page, "Text").fill(BAD)
    verdict = panel(page, "reviews").locator(".verdict")
    expect(verdict).to_contain_text("negative")
    (first,) = held
    late = {"model": "reviews", "results": [predicted(alone, "reviews", GOOD)]}
    assert late["results"][0]["label"] == "positive"
    first.fulfill(json=late)
    page.wait_for_timeout(400)
    expect(verdict).to_contain_text("negative")


def test_an_error_takes_the_older_result_away(page: Page, alone: Running, forgiven: list[str]) -> None:
    forgiven.append("413")
    open_model(page, alone, "reviews")
    box(page, "Text").fill(GOOD)
    result = panel(page, "reviews")
    expect(result.locator(".verdict")).to_be_visible()

    box(page, "Text").fill("a" * 100_001)
    expect(result.locator(".problem")).to_contain_text("at most 100,000 characters")
    expect(result.locator(".verdict")).to_have_count(0)


def test_what_was_not_read_is_grey(page: Page, alone: Running) -> None:
    text = "the film was gorgeous and moving " * 10 + "but the ending was dull ."
    found = predicted(alone, "reviews", text)
    assert found["truncated"]
    open_model(page, alone, "reviews")
    box(page, "Text").fill(text)
    result = panel(page, "reviews")
    expect(result).to_contain_text(f"The model read {found['tokens_read']} of {found['tokens']} tokens")
    result.locator(".tinted .unread").first.wait_for()
    grey = "".join(result.locator(".tinted .unread").all_text_contents())
    assert grey.rstrip().endswith("but the ending was dull .")
    assert text.endswith(grey)
    words_read = text[: -len(grey)].split()
    assert len(words_read) == found["tokens_read"] or len(words_read) == found["tokens_read"] - 2
    expect(result.locator(".legend")).to_contain_text("not read by the model")
    expect(result.locator(".tinted")).to_have_text(text)


def test_words_are_tinted_by_what_they_did(page: Page, alone: Running) -> None:
    open_model(page, alone, "reviews")
    with page.expect_response("**/explain") as asked:
        box(page, "Text").fill(GOOD)
    found = asked.value.json()
    result = panel(page, "reviews")
    expect(result.locator(".reading h4")).to_have_text("What moved it towards “positive”")
    expect(result.locator(".legend")).to_contain_text("a full line below")
    strongest = max(found["tokens"], key=lambda token: abs(token["score"]))
    kind = "for" if strongest["score"] > 0 else "against"
    word = result.locator(".tinted .token").get_by_text(strongest["text"], exact=True)
    expect(word).to_have_class(f"token {kind}")
    assert word.evaluate("e => e.style.getPropertyValue('--strength')") == "1.000"
    assert word.evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"
    expect(result.locator(".movers").first).to_contain_text(strongest["text"])
    with page.expect_response("**/explain") as again:
        result.get_by_label("Label that is explained").select_option("negative")
    assert again.value.json()["target"] == "negative"
    expect(result.locator(".reading h4")).to_have_text("What moved it towards “negative”")
    page.get_by_label("Show which words moved it").uncheck()
    expect(result.locator(".tinted")).to_have_count(0)


def test_an_answers_words_are_tinted_too(page: Page, site: Running) -> None:
    open_model(page, site, "question-answering")
    box(page, "Question").fill("what was moving ?")
    box(page, "Context").fill("the film was gorgeous and the plot was moving .")
    result = panel(page, "question-answering")
    expect(result.locator(".tinted")).to_have_text(
        ["what was moving ?", "the film was gorgeous and the plot was moving ."]
    )
    expect(result.locator(".problem")).to_have_count(0)
