"""A browser, and a server with a tiny trained model of every kind of result."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

from http_server import Running, running

ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
#: A tiny model of each view; `reviews` and `reversed` were trained on many more rows, one on wrong labels.
TASKS = (
    "multi-label-classification", "sentence-pair-classification", "token-classification",
    "question-answering", "fill-mask", "sentence-grading",
)  # fmt: skip
#: Milliseconds that a test waits for the page at most; a machine that does much else is slow.
PATIENCE = 5_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium from the PATH."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("these tests need Chromium on the PATH; get it with: apt-get install -y chromium", False)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def forgiven() -> list[str]:
    """Parts of errors of the console that a test provokes; the browser logs each answer of 400 and more."""
    return []


@pytest.fixture
def page(browser: Browser, forgiven: list[str]) -> Iterator[Page]:
    """A new page. The test fails where the page logs an error, or asks for anything from another host."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    hosts: set[str | None] = set()

    def seen(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            hosts.add(urlsplit(request.url).hostname)

    def local_only(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            route.abort()

    context.route("**/*", local_only)
    page.on("request", seen)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [error for error in errors if not any(part in error for part in forgiven)] == []
    assert hosts <= {"127.0.0.1"}


def _trained_reviews(rows: list[tuple[str, str]], home: Path, name: str, backbone: Path) -> Path:
    from bertolt.training.fine_tune import fine_tune
    from bertolt.training.settings import TrainSettings

    with (home / "data.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    fine_tune(
        TrainSettings(
            data=(str(home / "data.csv"),), task="text-classification", out=str(home / name),
            model=str(backbone), epochs=8, lr=1e-2, batch_size=8, seed=1, device="cpu", threads=1,
            max_length=32,
        ),
        lambda line: None,
    )  # fmt: skip
    return home / name


@pytest.fixture(scope="session")
def folders(tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The model folders by name; `reviews` reads at most 32 tokens."""
    from tiny import sentiment_rows
    from tiny_models import train_tiny

    rows = sentiment_rows()
    other = {"positive": "negative", "negative": "positive"}
    bert = tiny_folder("bert")
    new = tmp_path_factory.mktemp
    found = {
        "reviews": _trained_reviews(rows, new("reviews"), "reviews", bert),
        "reversed": _trained_reviews(
            [(text, other[label]) for text, label in rows], new("reversed"), "reversed", bert
        ),
    }
    return found | {task: train_tiny(task, new("tasks"), tiny_folder) for task in TASKS}


@pytest.fixture(scope="session")
def site(folders: dict[str, Path]) -> Iterator[Running]:
    """A server with all models."""
    with running(*folders.values()) as found:
        yield found


@pytest.fixture(scope="session")
def alone(folders: dict[str, Path]) -> Iterator[Running]:
    """A server with `reviews` alone."""
    with running(folders["reviews"]) as found:
        yield found
