"""The README, run from top to bottom as a reader would; and every option that the pages name."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from process import environment

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
NEEDS_HUB = "<!-- needs the Hub -->"
RUN = {"sh", "console", "python"}
#: Of the repository, what a fresh clone has and the README's commands may read.
CLONED = (
    "README.md",
    "Makefile",
    "find-python.sh",
    "pyproject.toml",
    "constraints.txt",
    "LICENSE",
    "src",
    "examples",
    "docs",
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Args:
        page: the file.
        line: of its opening fence.
        language: what stands behind the fence.
        text: its lines, without the fences' indentation.
        needs_hub: whether it is only to be read, as ``NEEDS_HUB`` stands before it.
    """

    page: Path
    line: int
    language: str
    text: str
    needs_hub: bool

    @property
    def commands(self) -> str:
        """What a shell is to run: in ``console`` the lines behind a prompt."""
        if self.language != "console":
            return self.text
        return "\n".join(line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ "))


def _blocks(page: Path) -> Iterator[Block]:
    before, opened = "", None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = line.strip().startswith("```")
        if opened is None and fence:
            opened = (number, line.strip().removeprefix("```"), list[str](), before == NEEDS_HUB)
        elif opened is not None and fence:
            at, language, lines, needs_hub = opened
            yield Block(page, at, language, textwrap.dedent("\n".join(lines)), needs_hub)
            opened = None
        elif opened is not None:
            opened[2].append(line)
        if line.strip():
            before = line.strip()
    assert opened is None, f"{page.name}: the block on line {opened and opened[0]} is never closed"


def _named(text: str) -> Iterator[tuple[str, str]]:
    """Each verb and option of the ``bertolt`` commands in a text."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for command in re.findall(r"(?:^|[\s/`(])bertolt +([a-z]+\b[^|;&\n`#]*)", joined, flags=re.MULTILINE):
        verb = command.split()[0]
        yield verb, ""
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", command):
            yield verb, option


@functools.cache
def _help(verb: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bertolt", verb, "--help"], env={**environment(), "COLUMNS": "200"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else ""


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_verb_and_option_that_a_page_names_exists(page: Path) -> None:
    code = [block.commands for block in _blocks(page) if block.language in {*RUN, "bash", "text", ""}]
    inline = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page.read_text(encoding="utf-8"))
    for text in (*code, *inline):
        for verb, option in _named(text):
            printed = _help(verb)
            assert printed, f"{page.name}: there is no verb {verb!r} ({text.strip()[:80]})"
            known = re.findall(r"--[a-z][a-z-]*", printed)
            assert not option or option in known, f"{page.name}: bertolt {verb} knows no {option}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_python_block_compiles(page: Path) -> None:
    for block in _blocks(page):
        if block.language == "python":
            compile(block.text, f"{page.name}:{block.line}", "exec")


@pytest.mark.slow
def test_options_are_found_in_commands() -> None:
    text = "make demo\n.venv/bin/bertolt train a.csv --long tail \\\n    --seed 1 | tee x --no\nbertolt tasks"
    assert list(_named(text)) == [("train", ""), ("train", "--long"), ("train", "--seed"), ("tasks", "")]
    assert list(_named("see `bertolt predict --help` and --json")) == [("predict", ""), ("predict", "--help")]


def _clone(target: Path) -> dict[str, str]:
    """What a clone holds, with this interpreter's packages as its installed ``.venv``; the environment."""
    for name in CLONED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, target / name)
    installed = target / ".venv"
    (installed / "bin").mkdir(parents=True)
    for name, words in (("python", ""), ("bertolt", "-m bertolt ")):
        script = installed / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n', encoding="utf-8")
        script.chmod(0o755)
    (installed / ".installed-starter").touch()  # make then has nothing to install
    path = f"{installed / 'bin'}{os.pathsep}{os.environ['PATH']}"
    found = {**environment(), "PATH": path, "PYTHONPATH": str(target / "src")}
    del found["OMP_NUM_THREADS"]  # the README is for a machine of one's own
    return found


@pytest.mark.slow
def test_the_readme_runs_from_top_to_bottom(tmp_path: Path) -> None:
    clone = tmp_path / "bertolt"
    clone.mkdir()
    variables = _clone(clone)
    blocks = [block for block in _blocks(ROOT / "README.md") if block.language in RUN and not block.needs_hub]
    assert blocks
    for block in blocks:
        shell = ["bash", "-euo", "pipefail", "-c", block.commands]
        words = [sys.executable, "-c", block.text] if block.language == "python" else shell
        done = subprocess.run(
            words, cwd=clone, env=variables, capture_output=True, text=True, timeout=1800, check=False
        )
        assert done.returncode == 0, (
            f"README.md, line {block.line}:\n{block.text}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
