"""Makes the pictures of the README and of the page: the views of sentiment, question and grade, the report.

It serves trained models, types into the page with Chromium, and takes pictures of what a visitor sees::

    python docs/make_pictures.py --sentiment models/reviews --question models/squad --grading models/grading

Needs the extras serve and dev, and `chromium` on the PATH.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

TEXT = (
    "The script is thin and the first hour drags, but the two leads are so warm and so funny "
    "that I forgave it everything."
)
QUESTION = "Where did the play have its first night?"
CONTEXT = (
    "The Threepenny Opera is a play with music by Bertolt Brecht and Kurt Weill, after John Gay's ballad "
    "opera. It had its first night on 31 August 1928 at the Theater am Schiffbauerdamm in Berlin, and was "
    "played there more than 350 times in the next two years."
)
SENTENCE = "The Moon is larger than the Earth."
MOST_BYTES = 300_000


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves a model folder until the end of the block; yields the address."""
    words = [sys.executable, "-m", "bertolt", "serve", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    """What the server prints once it listens, over however many lines."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        try:
            return str(json.loads(read)["address"])
        except json.JSONDecodeError:
            continue
    raise SystemExit(f"expected a server; found that it ended with {process.wait()}")


def new_page(browser: Browser, width: int, height: int, scale: float, dark: bool) -> Page:
    """An empty page of this size, in CSS pixels."""
    return browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )


def take(page: Page, file: Path, *, until: int | None = None) -> None:
    """Writes the picture, down to a place in CSS pixels, and refuses one that takes long to load."""
    width = (page.viewport_size or {"width": 0})["width"]
    clip = None if until is None else {"x": 0, "y": 0, "width": width, "height": until}
    page.screenshot(path=file, full_page=True, clip=clip)
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"expected a picture of at most {MOST_BYTES:,} bytes; found {size:,} in {file.name}")
    print(f"{file.name}: {size:,} bytes", file=sys.stderr)


#: What a view shows last, by the picture: a grade is in need of no tint to be read.
LAST = {"grade.png": ".gauge .step .value"}


def view(browser: Browser, folder: Path, fields: dict[str, str], file: Path, dark: bool) -> None:
    """The view of a model with its fields filled in, once all of it is there."""
    with served(folder) as address:
        page = new_page(browser, 900, 600, 1.4, dark)
        page.goto(address)
        for name, text in fields.items():
            page.get_by_role("textbox", name=name, exact=True).fill(text)
        page.locator(LAST.get(file.name, ".reading .tinted")).first.wait_for(timeout=60_000)
        page.evaluate("document.activeElement.blur()")
        take(page, file)
        page.close()


def main() -> None:
    """Makes those whose model is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sentiment", type=Path, help="a folder of text-classification with its report.html")
    parser.add_argument("--question", type=Path, help="a model folder of question-answering")
    parser.add_argument("--grading", type=Path, help="a model folder of sentence-grading")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures", help="where to")
    parser.add_argument("--dark", action="store_true", help="in dark colours")
    given = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("expected chromium on the PATH; found none; do: apt-get install -y chromium")
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--no-first-run"]
        )
        if given.sentiment:
            view(browser, given.sentiment, {"Text": TEXT}, given.out / "sentiment.png", given.dark)
            page = new_page(browser, 820, 1100, 1.25, given.dark)
            page.goto((given.sentiment / "report.html").resolve().as_uri())
            after = "Math.floor(document.querySelectorAll('h2')[3].getBoundingClientRect().top) - 24"
            take(page, given.out / "report.png", until=page.evaluate(after))  # figures and two pictures
        if given.question:
            fields = {"Question": QUESTION, "Context": CONTEXT}
            view(browser, given.question, fields, given.out / "question.png", given.dark)
        if given.grading:
            view(browser, given.grading, {"Text": SENTENCE}, given.out / "grade.png", given.dark)
        browser.close()


if __name__ == "__main__":
    main()
