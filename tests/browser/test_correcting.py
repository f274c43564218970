"""Wrong? Say what it should be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bertolt.serving.corrections import Corrections, read_corrections
from browser.visiting import box, open_model, panel, predicted
from http_server import Running, running
from process import serve

GOOD = "the film was gorgeous and moving ."
ASK = "Wrong? Say what it should be"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where corrections go."""
    return tmp_path_factory.mktemp("corrections") / "all.sqlite"


@pytest.fixture(scope="module")
def taking(folders: dict[str, Path], file: Path) -> Iterator[Running]:
    """A server that takes corrections of four models."""
    names = ("reviews", "multi-label-classification", "question-answering", "sentence-grading")
    with running(*(folders[name] for name in names)) as found:
        found.app.state.corrections = store = Corrections(file)
        yield found
        store.close()


def test_a_correction_is_in_the_file_once_the_page_says_saved(
    page: Page, taking: Running, file: Path
) -> None:
    open_model(page, taking, "reviews")
    box(page, "Text").fill(GOOD)
    form = panel(page, "reviews")
    form.get_by_text(ASK).click()
    right = form.get_by_label("Right label")
    assert right.locator("option").all_text_contents() == ["choose…", "negative"]
    right.select_option("negative")
    form.get_by_role("button", name="Save correction").click()
    expect(form.get_by_text("Saved. Thank you.")).to_be_visible()
    saved = read_corrections(file, "reviews")[-1]
    assert (saved.input, saved.correction) == (GOOD, "negative")
    assert saved.prediction == predicted(taking, "reviews", GOOD)
    expect(form.get_by_role("button", name="Save correction")).to_be_disabled()  # not twice by mistake


def test_several_labels_are_corrected_as_a_set(page: Page, taking: Running, file: Path) -> None:
    open_model(page, taking, "multi-label-classification")
    box(page, "Text").fill(GOOD)
    form = panel(page, "multi-label-classification")
    form.get_by_text(ASK).click()
    for name, wanted in (("anger", False), ("joy", True), ("love", True)):
        form.get_by_role("checkbox", name=name).set_checked(wanted)
    form.get_by_role("button", name="Save correction").click()
    expect(form.get_by_text("Saved. Thank you.")).to_be_visible()
    assert read_corrections(file, "multi-label-classification")[-1].correction == ["joy", "love"]


def test_an_answer_must_stand_in_its_passage(page: Page, taking: Running, file: Path) -> None:
    open_model(page, taking, "question-answering")
    box(page, "Question").fill("what was gorgeous ?")
    box(page, "Context").fill("the film was gorgeous .")
    form = panel(page, "question-answering")
    form.get_by_text(ASK).click()
    answer = form.get_by_label("Right answer, in the passage’s own words")
    answer.fill("the cat")
    form.get_by_role("button", name="Save correction").click()
    assert answer.evaluate("e => e.validationMessage") == "An answer stands in the passage word for word."
    answer.fill("the film")
    form.get_by_role("button", name="Save correction").click()
    expect(form.get_by_text("Saved. Thank you.")).to_be_visible()
    assert [each.correction for each in read_corrections(file, "question-answering")] == ["the film"]


def test_a_grade_is_corrected_by_its_name(page: Page, taking: Running, file: Path) -> None:
    given = "film the gorgeous was ."
    open_model(page, taking, "sentence-grading")
    box(page, "Text").fill(given)
    form = panel(page, "sentence-grading")
    form.get_by_text(ASK).click()
    says = predicted(taking, "sentence-grading", given)["name"]
    right = "true" if says != "true" else "false"
    form.get_by_label("Right grade").select_option(right)
    form.get_by_role("button", name="Save correction").click()
    expect(form.get_by_text("Saved. Thank you.")).to_be_visible()
    assert read_corrections(file, "sentence-grading")[-1].correction == right


def test_what_is_refused_is_said_and_can_be_sent_again(
    page: Page, taking: Running, forgiven: list[str]
) -> None:
    forgiven.append("403")
    open_model(page, taking, "reviews")
    box(page, "Text").fill(GOOD)
    form = panel(page, "reviews")
    form.get_by_text(ASK).click()
    form.get_by_label("Right label").select_option("negative")
    store, taking.app.state.corrections = taking.app.state.corrections, None
    form.get_by_role("button", name="Save correction").click()
    expect(form.locator(".problem")).to_be_visible()
    expect(form.get_by_text("Saved. Thank you.")).to_have_count(0)
    expect(form.get_by_role("button", name="Save correction")).to_be_enabled()
    taking.app.state.corrections = store


@pytest.mark.parametrize("options", [(), ("--read-only",)])
def test_the_form_goes_with_the_option_read_only(
    page: Page, folders: dict[str, Path], tmp_path: Path, options: tuple[str, ...]
) -> None:
    folder = shutil.copytree(folders["reviews"], tmp_path / "reviews")
    with serve(folder, *options, cwd=tmp_path) as (_, address):
        page.goto(address)
        box(page, "Text").fill(GOOD)
        panel(page, "reviews").locator(".tinted").wait_for()  # nothing is under way when the server ends
        expect(page.get_by_text(ASK)).to_have_count(0 if options else 1)


def test_a_read_only_server_shows_no_form(page: Page, alone: Running) -> None:
    assert alone.app.state.corrections is None
    open_model(page, alone, "reviews")
    box(page, "Text").fill(GOOD)
    expect(panel(page, "reviews").locator(".verdict")).to_be_visible()
    expect(page.get_by_text(ASK)).to_have_count(0)
