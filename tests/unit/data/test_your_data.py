"""The examples of docs/your-data.md are read, each with the number of rows that stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from bertolt.data.sources import open_source
from bertolt.errors import DataError
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.registry import get_task

PAGE = Path(__file__).parents[3] / "docs" / "your-data.md"
#: A name, a number of rows and maybe options, and then the content of the file.
EXAMPLE = re.compile(r"^`([\w.]+)`: (\d+) rows?(?: with `([^`\n]*)`)?\n\n```\w*\n(.*?)```$", re.M | re.S)
EXAMPLES = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))


def test_every_example_of_the_table_is_there() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## Every shape")[2].partition("\n\n`")[0]
    named = set(re.findall(r"\b\w+\.(?:csv|tsv|jsonl|json|conll|conllu)\b", table))
    assert named == {name for name, *_ in EXAMPLES}
    assert len(named) >= 15


@pytest.mark.parametrize(("name", "rows", "options", "content"), EXAMPLES, ids=[each[0] for each in EXAMPLES])
def test_an_example_is_read(name: str, rows: str, options: str, content: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    words = shlex.split(options)
    given: dict[str, list[str]] = {"--task": ["text-classification"], "--text": [], "--label": []}
    for option, value in zip(words[::2], words[1::2], strict=True):
        given[option] = [value] if option == "--task" else [*given[option], value]
    task = get_task(given["--task"][0])
    choice = ColumnChoice(tuple(given["--text"]), tuple(given["--label"]))
    table = open_source(str(file), task.layouts).pick("train")
    reading = read_labelled(task, table, task.Settings(), choice)
    assert len(reading.examples) == int(rows)
    assert all(example.values() for example in reading.examples)
    assert not reading.without_text
    assert not reading.without_label


@pytest.mark.parametrize("suffix", ["db", "feather", "orc", "pkl", "dta", "xml", "docx", "pdf"])
def test_what_the_page_says_is_not_read_is_refused(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(b"\x00\x01content")
    with pytest.raises(DataError, match="a file name that ends in"):
        open_source(str(file))
