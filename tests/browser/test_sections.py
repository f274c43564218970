"""The examples, the model and the table."""

from __future__ import annotations

import csv
import io
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.visiting import box, open_model, panel, percent, predicted
from http_server import Running, running


def asked(site: Running, path: str) -> Any:
    """What a route answers."""
    with urllib.request.urlopen(site.url + path, timeout=30) as answer:
        return json.loads(answer.read())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of a good, a bad and an unclear film, and more rows than the page shows at once."""
    words = ("gorgeous and moving", "dull and boring", "gorgeous and boring")
    path = tmp_path / "films.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "text"))
        writer.writerows((number, f"the film was {words[number % 3]} .") for number in range(130))
    return path


def drop(page: Page, path: Path) -> None:
    """Drops a file where the page takes one."""
    data = page.evaluate_handle(
        """([text, name]) => {
            const data = new DataTransfer();
            data.items.add(new File([text], name, { type: "text/csv" }));
            return data;
        }""",
        [path.read_text(encoding="utf-8"), path.name],
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": data})


def test_the_gallery_shows_right_and_wrong(page: Page, site: Running) -> None:
    open_model(page, site, "sentence-pair-classification", "examples")
    cards = page.locator(".gallery li")
    total = asked(site, "/v1/models/sentence-pair-classification/examples")
    expect(cards).to_have_count(24)
    while total["state"] != "done":
        total = asked(site, "/v1/models/sentence-pair-classification/examples")
    page.get_by_label("Right", exact=True).check()
    expect(page.locator(".gallery .badge.wrong")).to_have_count(0)
    expect(page.locator(".gallery .badge.right")).to_have_count(min(24, total["right"]))
    page.get_by_label("Wrong", exact=True).check()
    expect(page.locator(".gallery .badge.right")).to_have_count(0)
    wrong = asked(site, "/v1/models/sentence-pair-classification/examples?only=wrong")
    expect(cards).to_have_count(len(wrong["examples"]))
    first = wrong["examples"][0]
    expect(cards.first.locator("dd")).to_have_text(
        [first["gold"], f"{first['predicted']} {percent(first['score'])}"]
    )
    cards.first.get_by_role("button", name="Try it").click()
    expect(box(page, "Text")).to_have_value(first["input"]["text"])
    expect(box(page, "Text pair")).to_have_value(first["input"]["text_pair"])
    expect(panel(page, "sentence-pair-classification").locator(".verdict")).to_contain_text(
        first["predicted"]
    )


def test_the_model_shows_figures_pictures_and_card(page: Page, alone: Running) -> None:
    found = asked(alone, "/v1/models/reviews")
    open_model(page, alone, "reviews", "model")
    rows = page.locator("table.metrics tbody tr")
    expect(rows).to_have_count(len(found["record"]["metrics"]))
    accuracy = found["record"]["metrics"]["accuracy"]
    row = page.get_by_role("row", name="Accuracy", exact=False).first
    expect(row.locator("td.number")).to_have_text(
        [f"{accuracy['value']:.4f}", f"{accuracy['low']:.4f} to {accuracy['high']:.4f}"]
    )
    expect(row.locator("svg.interval")).to_have_count(1)
    pictures = page.locator("figure img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        assert picture.get_attribute("alt")
        assert picture.evaluate("image => image.complete ? image.naturalWidth : image.decode().then(() => 1)")
    title = next(line for line in found["card"].splitlines() if line.startswith("# "))
    expect(page.locator(".card")).to_contain_text(title.removeprefix("# "))


def test_a_dropped_table_is_sorted_by_confidence_and_downloaded(
    page: Page, alone: Running, table: Path
) -> None:
    open_model(page, alone, "reviews", "table")
    with page.expect_response("**/table/*") as first:
        drop(page, table)
    assert first.value.json()["total"] == 130
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text("130 rows done")
    rows = outcome.locator("tbody tr")
    expect(rows).to_have_count(100)
    sure = {text: predicted(alone, "reviews", text)["score"] for text in sorted(set(_texts(table)))}
    least, most = min(sure.values()), max(sure.values())
    expect(rows.first.locator("td").nth(2)).to_have_text(percent(least))
    header = outcome.get_by_role("columnheader", name="Confidence")
    expect(header).to_have_attribute("aria-sort", "ascending")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(rows.first.locator("td").nth(2)).to_have_text(percent(most))
    outcome.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(130)
    with page.expect_download() as download:
        outcome.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "films-results.csv"
    read = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["id"] for row in read] == [str(number) for number in range(130)]
    for row in read[:3]:
        assert float(row["score"]) == pytest.approx(sure[row["text"]], abs=1e-5)


def _texts(table: Path) -> list[str]:
    with table.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def test_a_table_shows_its_progress_and_can_be_stopped(
    page: Page, folders: dict[str, Path], table: Path
) -> None:
    with running(folders["reviews"], request_rows=10) as site:
        open_model(page, site, "reviews", "table")
        site.worker.open.clear()
        page.locator("#table-file").set_input_files(table)
        bar = page.get_by_role("progressbar", name="Progress")
        expect(bar).to_have_attribute("max", "130")
        expect(page.locator(".outcome")).to_contain_text("0 of 130")
        page.get_by_role("button", name="Stop").click()
        expect(page.locator(".outcome")).to_contain_text("the server has forgotten the file")
        site.worker.open.set()


def test_a_table_without_the_column_is_explained(
    page: Page, alone: Running, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("422")
    path = tmp_path / "wrong.csv"
    path.write_text("colour,size\nred,3\n", encoding="utf-8")
    open_model(page, alone, "reviews", "table")
    drop(page, path)
    expect(page.locator(".outcome .problem")).to_contain_text("colour")
