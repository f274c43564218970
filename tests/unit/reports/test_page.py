"""The page: one file, nothing executed, nothing loaded."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from bertolt.errors import DiskError
from bertolt.evaluation.evaluate import evaluate_examples
from bertolt.inference.pipeline import Pipeline
from bertolt.reports.page import page, section, table, text_cell
from bertolt.reports.report import Subject, write_report
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings


class Tags(HTMLParser):
    """Keeps what a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_texts_are_escaped_wherever_they_stand() -> None:
    evil = '<script>alert("x")</script>'
    found = page(evil, [evil], [section(evil, table((evil,), [(evil,)]))])
    assert "script" not in Tags(found).tags
    assert found.count("&lt;script&gt;") == 6  # title, heading, lead, section, column, cell


def test_a_long_text_opens_on_a_click_and_is_whole() -> None:
    text = " ".join(f"word{n}" for n in range(200))
    cell = text_cell(text)
    assert cell.startswith("<details><summary>word0 word1 ")
    head, rest = cell.removeprefix("<details><summary>").removesuffix("</details>").split(" …</summary>")
    assert head + rest == text
    assert text_cell("x" * 1000).count("x") == 1000


@pytest.fixture(scope="module")
def trained(tiny_folder: object, sentiment_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("report") / "m"
    settings = TrainSettings(
        data=(str(sentiment_csv),), out=str(folder), model=str(tiny_folder("bert")),  # type: ignore[operator]
        epochs=1, lr=1e-3, threads=1, device="cpu",
    )  # fmt: skip
    return fine_tune(settings, lambda line: None).pipeline


def subject(pipeline: Pipeline, *, texts: bool = True) -> Subject:
    return Subject("m<1>", "rows & more", pipeline.model, pipeline.record, texts=texts)


def test_the_report_is_one_file_without_scripts_or_addresses(trained: Pipeline, tmp_path: Path) -> None:
    task = trained.model.task
    examples = [trained_example(task, n) for n in range(30)]
    write_report(tmp_path / "r.html", subject(trained), evaluate_examples(trained.model, examples))
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    found = Tags(text)
    assert found.open == []
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(found.tags)
    assert found.addresses
    assert all(address.startswith("data:image/svg+xml;base64,") for address in found.addresses)
    assert "m&lt;1&gt;" in text
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.html"]


def test_texts_are_left_out_of_a_private_report(trained: Pipeline, tmp_path: Path) -> None:
    task = trained.model.task
    evaluation = evaluate_examples(trained.model, [trained_example(task, n) for n in range(30)])
    write_report(tmp_path / "open.html", subject(trained), evaluation)
    write_report(tmp_path / "private.html", subject(trained, texts=False), evaluation)
    assert "film number" in (tmp_path / "open.html").read_text()
    assert "film number" not in (tmp_path / "private.html").read_text()


def test_unsure_is_told_in_the_report(trained: Pipeline, tmp_path: Path) -> None:
    quiet = trained.abstaining(0.999)
    evaluation = evaluate_examples(quiet.model, [trained_example(quiet.model.task, n) for n in range(10)])
    write_report(tmp_path / "r.html", subject(quiet), evaluation)
    assert "Unsure below 0.999: no text is answered." in (tmp_path / "r.html").read_text()


def test_a_report_that_cannot_be_written_leaves_nothing(trained: Pipeline, tmp_path: Path) -> None:
    evaluation = evaluate_examples(trained.model, [trained_example(trained.model.task, 0)])
    (tmp_path / "r.html").mkdir()
    with pytest.raises(DiskError):
        write_report(tmp_path / "r.html", subject(trained), evaluation)
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.html"]
    with pytest.raises(DiskError):
        write_report(tmp_path / "missing" / "r.html", subject(trained), evaluation)


def trained_example(task: object, number: int) -> object:
    from bertolt.data.examples import TextExample

    return TextExample(line=number, text=f"film number {number}", label=("negative", "positive")[number % 2])
