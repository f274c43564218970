"""A view for each kind of result, with a tiny trained model of each task."""

from __future__ import annotations

import json

from playwright.sync_api import Page, Route, expect

from browser.visiting import box, open_model, panel, percent, predicted
from http_server import Running

GOOD = "the film was gorgeous and moving ."
BAD = "the plot was dull and boring ."


def test_labels_have_a_bar_each_with_its_probability(page: Page, alone: Running) -> None:
    open_model(page, alone, "reviews")
    box(page, "Text").fill(GOOD)
    found = predicted(alone, "reviews", GOOD)
    result = panel(page, "reviews")
    expect(result.locator(".verdict")).to_have_text(f"positive{percent(found['score'])}")
    expect(result.locator(".bars .value")).to_have_text(
        [percent(found["scores"][name]) for name in ("positive", "negative")]
    )
    width = "element => element.getBoundingClientRect().width / element.parentElement.offsetWidth"
    drawn = result.locator(".bars .fill").first.evaluate(width)
    assert abs(drawn - found["score"]) < 0.01


def test_several_labels_stand_against_their_own_thresholds(page: Page, site: Running) -> None:
    open_model(page, site, "multi-label-classification")
    box(page, "Text").fill(GOOD)
    found = predicted(site, "multi-label-classification", GOOD)
    result = panel(page, "multi-label-classification")
    expect(result.locator(".bars .threshold")).to_have_count(3)
    order = sorted(found["scores"], key=lambda name: -found["scores"][name])
    titles = [f"holds from {percent(found['thresholds'][name])}" for name in order]
    marks = result.locator(".bars .threshold").all()
    assert [mark.get_attribute("title") for mark in marks] == titles
    assert (
        marks[0].evaluate("e => Number(e.style.getPropertyValue('--part'))") == found["thresholds"][order[0]]
    )
    expect(result.locator(".bars .holds")).to_have_count(len(found["passed"]))
    expect(result.locator(".chip")).to_have_text(found["passed"])


def test_a_pair_has_two_fields(page: Page, site: Running) -> None:
    open_model(page, site, "sentence-pair-classification")
    box(page, "Text").fill("the film was gorgeous .")
    result = panel(page, "sentence-pair-classification")
    expect(result).to_contain_text("The result appears here as you stop typing.")
    box(page, "Text pair").fill("a gorgeous film !")
    given = {"text": "the film was gorgeous .", "text_pair": "a gorgeous film !"}
    found = predicted(site, "sentence-pair-classification", given)
    expect(result.locator(".verdict")).to_have_text(found["label"] + percent(found["score"]))
    expect(result.locator(".fieldname")).to_have_text(["Text", "Text pair"])  # the tint of each
    expect(result.locator(".tinted")).to_have_text(list(given.values()))


def test_tags_stand_under_their_words(page: Page, site: Running) -> None:
    open_model(page, site, "token-classification")
    box(page, "Text").fill("the film was gorgeous .")
    found = predicted(site, "token-classification", "the film was gorgeous .")
    result = panel(page, "token-classification")
    expect(result.locator(".tag .word")).to_have_text([word["text"] for word in found["words"]])
    expect(result.locator(".tag .kind")).to_have_text([word["tag"] for word in found["words"]])
    kinds = sorted({word["tag"] for word in found["words"]})
    counts = [sum(word["tag"] == kind for word in found["words"]) for kind in kinds]
    expect(result.get_by_role("list", name="Tags").locator("li")).to_have_text(
        [f"{kind} {count}" for kind, count in zip(kinds, counts, strict=True)]
    )


def test_every_kind_of_tag_has_a_tint_of_its_own_whatever_the_text(page: Page, site: Running) -> None:
    open_model(page, site, "token-classification")
    result = panel(page, "token-classification")
    tint = "element => getComputedStyle(element).backgroundColor"
    tints: list[dict[str, str]] = []
    for text in ("the film was gorgeous .", "gorgeous film ."):
        box(page, "Text").fill(text)
        found = predicted(site, "token-classification", text)
        expect(result.locator(".tag .word")).to_have_text([word["text"] for word in found["words"]])
        drawn: dict[str, str] = {}
        for tag, word in zip(result.locator(".tag").all(), found["words"], strict=True):
            assert drawn.setdefault(word["tag"], tag.evaluate(tint)) == tag.evaluate(tint)
        swatches = result.get_by_role("list", name="Tags").locator(".swatch").all()
        assert len({swatch.evaluate(tint) for swatch in swatches}) == len(drawn) == len(swatches)
        tints.append(drawn)
    first, second = tints
    assert len(second) > 1
    assert second.items() <= first.items()


def test_entities_are_marked_as_spans(page: Page, site: Running) -> None:
    text = "😀 Ada Lovelace met Charles"  # the server counts characters, and the first one is two units here
    spans = [("Ada Lovelace", 2, 14, "PER"), ("Charles", 19, 26, "PER")]
    words = [("😀", 0, 1, "O"), ("Ada", 2, 5, "B-PER"), ("Lovelace", 6, 14, "I-PER"), ("met", 15, 18, "O"),
             ("Charles", 19, 26, "B-PER")]  # fmt: skip
    keys = ("text", "start", "end")
    answer = {
        "words": [dict(zip((*keys, "tag"), each, strict=True), score=0.8) for each in words],
        "entities": [dict(zip((*keys, "label"), each, strict=True), score=0.9) for each in spans],
        "truncated": False, "tokens": 6, "tokens_read": 6,
    }  # fmt: skip

    def reply(route: Route) -> None:
        route.fulfill(json={"model": "token-classification", "results": [answer]})

    page.route("**/token-classification/predict", reply)
    open_model(page, site, "token-classification")
    box(page, "Text").fill(text)
    result = panel(page, "token-classification")
    expect(result.locator(".verdict")).to_have_text("2 spans found")
    expect(result.locator(".tag .word")).to_have_text(["Ada Lovelace", "Charles"])


def test_unknown_tokens_are_said(page: Page, alone: Running) -> None:
    found = predicted(alone, "reviews", "ดี มาก dull")
    assert (found["tokens"], found["unknown"]) == (3, 2)
    open_model(page, alone, "reviews")
    box(page, "Text").fill("ดี มาก dull")
    # Other notes, such as those of an explanation, may stand beside it.
    note = panel(page, "reviews").locator(".note", has_text="vocabulary")
    expect(note).to_contain_text("2 of 3 tokens are not in the model's vocabulary; it")
    expect(note).to_have_class("note warn")
    box(page, "Text").fill("ดี dull film")
    expect(note).to_contain_text("1 of 3 tokens is not in the model's vocabulary.")
    expect(note).to_have_class("note")
    box(page, "Text").fill("dull film")
    expect(note).to_have_count(0)


def test_an_answer_is_marked_in_its_passage_and_others_on_demand(page: Page, site: Running) -> None:
    from contract.rows import CONTEXT

    given = {"question": "what was gorgeous ?", "context": CONTEXT}
    found = predicted(site, "question-answering", given)
    open_model(page, site, "question-answering")
    box(page, "Question").fill(given["question"])
    box(page, "Context").fill(given["context"])
    result = panel(page, "question-answering")
    expect(result.locator(".verdict")).to_have_text(
        (found["answer"] or "No answer in this passage") + percent(found["score"])
    )
    expect(result.locator(".passage")).to_have_text(CONTEXT)
    buttons = result.locator("button.candidate")
    expect(buttons).to_have_count(len(found["answers"]) + 1)  # "no answer" is one of them
    for other in found["answers"]:
        name = f"{other['text']} {percent(other['score'])}"
        button = result.get_by_role("button", name=name, exact=True)
        button.click()
        expect(result.locator("mark")).to_have_text(CONTEXT[other["start"] : other["end"]])
        expect(button).to_have_attribute("aria-pressed", "true")
    result.get_by_role("button", name="no answer").click()
    expect(result.locator("mark")).to_have_count(0)


def test_a_candidate_fills_in_on_click(page: Page, site: Running) -> None:
    text = "the [MASK] was [MASK] ."
    found = predicted(site, "fill-mask", text)
    open_model(page, site, "fill-mask")
    box(page, "Text").fill(text)
    result = panel(page, "fill-mask")
    expect(result.locator("button.candidate")).to_have_count(sum(map(len, found["masks"])))
    expect(result.locator("h4")).to_have_text(["Missing word 1", "Missing word 2"])
    first = found["masks"][1][0]
    result.locator("ol").nth(1).get_by_role("button").first.click()
    expect(box(page, "Text")).to_have_value(f"the [MASK] was {first['token']} .")
    expect(result.locator("ol")).to_have_count(1)
    expect(box(page, "Text")).to_be_focused()


def test_a_grade_is_a_gauge_of_five_steps(page: Page, site: Running) -> None:
    given = "film the gorgeous was ."
    found = predicted(site, "sentence-grading", given)
    open_model(page, site, "sentence-grading")
    box(page, "Text").fill(given)
    result = panel(page, "sentence-grading")
    steps = result.locator(".gauge .step")
    expect(steps.locator(".name")).to_have_text(list(found["probabilities"]))
    expect(steps.locator(".value")).to_have_text([percent(each) for each in found["probabilities"].values()])
    expect(result.locator(".gauge [aria-current=step] .number")).to_have_text(str(found["grade"]))
    expect(result.locator(".bars .value")).to_have_text(
        [percent(each) for each in found["judgements"].values()]
    )
    expect(page.get_by_label("Show which words moved it")).to_have_count(0)  # which grades do not say


def test_a_grade_that_is_withheld_says_which_is_likeliest(page: Page, site: Running) -> None:
    def withheld(route: Route) -> None:  # the small model is never sure enough of a grade above 1
        answer = route.fetch()
        body = answer.json()
        odds = dict.fromkeys(body["results"][0]["probabilities"], 0.1) | {"false": 0.6}
        body["results"][0] |= {"grade": 1, "name": "grammatical", "probabilities": odds}
        route.fulfill(response=answer, json=body)

    page.route("**/predict", withheld)
    open_model(page, site, "sentence-grading")
    box(page, "Text").fill("the hero was cold .")
    result = panel(page, "sentence-grading")
    expect(result.locator(".note").first).to_contain_text("Likeliest is “false” (60.0%). It is withheld")
    expect(result.locator(".verdict")).to_contain_text("Grammatical")


def test_the_context_of_a_graded_sentence_may_be_given(page: Page, site: Running) -> None:
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if "predict" in asked.url else None)
    open_model(page, site, "sentence-grading")
    box(page, "Text").fill("the hero was cold .")
    result = panel(page, "sentence-grading")
    result.locator(".gauge").wait_for()
    box(page, "Context (optional)").fill("the hero was warm .")
    given = {"text": "the hero was cold .", "context": "the hero was warm ."}
    found = predicted(site, "sentence-grading", given)
    expect(result.locator(".verdict .sure")).to_have_text(percent(found["probabilities"][found["name"]]))
    assert [json.loads(each)["inputs"] for each in sent] == ["the hero was cold .", given]


def test_what_a_graded_text_lost_is_grey(page: Page, site: Running) -> None:
    text = "the hero was cold . " * 150
    found = predicted(site, "sentence-grading", text)
    assert found["truncated"]
    open_model(page, site, "sentence-grading")
    box(page, "Text").fill(text)
    result = panel(page, "sentence-grading")
    grey = result.locator(".tinted .unread")
    expect(grey).to_have_count(1)
    lost = (grey.text_content() or "").split()
    assert len(lost) == found["tokens"] - found["tokens_read"]  # a word is a token here
    expect(result.get_by_role("heading", name="What it read")).to_be_visible()
    box(page, "Text").fill("the hero was cold .")
    expect(grey).to_have_count(0)
    expect(result.get_by_role("heading", name="What it read")).to_have_count(0)


def test_what_was_lost_is_grey_without_an_explanation_too(page: Page, alone: Running) -> None:
    text = "the film was gorgeous . " * 10  # the model reads 32 tokens
    open_model(page, alone, "reviews")
    box(page, "Text").fill(text)
    result = panel(page, "reviews")
    expect(result.locator(".token").first).to_be_visible()
    lost = result.locator(".unread").first.text_content()
    page.get_by_label("Show which words moved it").uncheck()
    expect(result.locator(".token")).to_have_count(0)
    expect(result.locator(".tinted .unread")).to_have_text(lost or "")


def test_unsure_is_what_falls_below_the_slider(page: Page, site: Running) -> None:
    given = "the film was gorgeous ."
    found = predicted(site, "multi-label-classification", given)
    open_model(page, site, "multi-label-classification")
    box(page, "Text").fill(given)
    verdict = panel(page, "multi-label-classification").locator(".verdict")
    expect(verdict).not_to_contain_text("unsure")
    slider = page.get_by_label("“unsure” below")
    slider.fill("0.99")
    assert found["score"] < 0.99
    expect(verdict).to_have_text("unsure" + percent(found["score"]))
    expect(panel(page, "multi-label-classification")).to_contain_text("Under the chosen 99.0%")
    slider.fill("0")
    expect(verdict).not_to_contain_text("unsure")


def test_the_same_text_through_two_models_side_by_side(page: Page, site: Running) -> None:
    open_model(page, site, "reviews")
    box(page, "Text").fill(BAD)
    one, other = panel(page, "reviews"), panel(page, "reversed")
    expect(one.locator(".verdict")).to_contain_text("negative")
    expect(other.locator(".verdict")).to_contain_text("positive")
    expect(other.get_by_text("≠ differs")).to_be_visible()
    expect(other).to_contain_text("The first model says “negative”.")
    expect(one.get_by_text("≠ differs")).to_be_hidden()
    left, right = one.bounding_box(), other.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]
    page.get_by_role("checkbox", name="reversed").uncheck()
    expect(other).to_have_count(0)
    expect(one.locator(".verdict")).to_contain_text("negative")


def test_models_of_other_labels_do_not_stand_beside(page: Page, site: Running) -> None:
    open_model(page, site, "reviews")
    expect(page.locator("fieldset.compare label")).to_have_text(["reversed"])
    open_model(page, site, "multi-label-classification")
    expect(page.locator("fieldset.compare")).to_have_count(0)
