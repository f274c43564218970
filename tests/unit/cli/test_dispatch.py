"""Endings and exit codes, the overview, and the help of every verb."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import typer

import bertolt.cli
from bertolt.cli import dispatch, main
from bertolt.cli.verbs import VERBS
from bertolt.errors import RefusedError, StoppedError
from bertolt.version import __version__
from process import environment


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A verb ``end`` that raises what is put into this list."""
    errors: list[BaseException] = []
    module = ModuleType("bertolt.cli.end")

    def end(*, json: bool = False) -> None:
        if errors:
            raise errors[0]

    module.end = end  # type: ignore[attr-defined]
    monkeypatch.setitem(dispatch.VERBS, "end", "Ends.")
    monkeypatch.setitem(sys.modules, "bertolt.cli.end", module)
    return errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (RefusedError("a", "b", "c"), 1),
        (StoppedError("c"), 130),
        (KeyboardInterrupt(), 130),
        (typer.Exit(1), 1),
    ],
)
def test_exit_codes(ending: list[BaseException], error: BaseException | None, code: int) -> None:
    if error is not None:
        ending.append(error)
    assert main(["end"]) == code


def test_three_lines_or_one_document(ending: list[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    ending.append(RefusedError("a film", "a play", "go out"))
    assert main(["end"]) == 1
    assert capsys.readouterr() == ("", "error: expected a film\n       found a play\n       do: go out\n")
    assert main(["end", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == {"error": {"expected": "a film", "found": "a play", "do": "go out"}}
    assert err == ""


def test_a_mistake_of_ours_is_not_hidden(ending: list[BaseException]) -> None:
    ending.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["end"])


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_lists_every_verb(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    for verb, line in VERBS.items():
        assert f"  {verb} " in out
        assert line in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"bertolt {__version__}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_help_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Example:" in out
    assert f"    bertolt {verb}" in out
    assert "--json" in out


def test_every_verb_has_its_file() -> None:
    folder = Path(bertolt.cli.__file__).parent
    assert not [verb for verb in VERBS if not (folder / f"{verb}.py").is_file()]


@pytest.mark.parametrize(
    ("words", "key"), [(["models"], "packaged"), (["datasets"], "datasets"), (["tasks"], "tasks")]
)
def test_lists(words: list[str], key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[key]
    assert main(words) == 0
    assert capsys.readouterr().out


def test_one_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "sentiment-analysis", "--json"]) == 0
    task = json.loads(capsys.readouterr().out)
    assert task["name"] == "text-classification"
    assert task["metric"] == "accuracy"
    assert [(column["name"], column["target"]) for column in task["columns"]] == [
        ("text", False),
        ("label", True),
    ]
    assert main(["tasks", "sentiment-analysis"]) == 0
    out = capsys.readouterr().out
    assert "Primary metric: accuracy" in out
    assert "text   read    review, sentence" in out


@pytest.mark.parametrize(("given", "kept"), [(None, "passive"), ("active", "active")])
def test_waiting_threads_sleep_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, given: str | None, kept: str
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", given or "")  # so that the test leaves it as it was
    if given is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    main(["models"])
    assert os.environ["OMP_WAIT_POLICY"] == kept


def test_verbs_that_train_nothing_load_neither_torch_nor_transformers(
    sentiment_csv: Path, tiny_folder: Callable[[str], Path]
) -> None:
    verbs = [
        ["tasks"], ["tasks", "fill-mask"], ["models"], ["datasets"],
        ["check", str(sentiment_csv), "--model", str(tiny_folder("bert"))],
        *(["check", str(sentiment_csv), "--model", str(tiny_folder("bert")), "--task", task, "--json"]
          for task in ("multi-label-classification", "sentence-grading", "fill-mask")),
    ]  # fmt: skip
    program = (
        "import sys; from bertolt.cli import main\n"
        f"codes = [main(words) for words in {verbs!r}]\n"
        "sys.stderr.write(repr((codes, sorted({'torch', 'transformers'} & set(sys.modules)))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stderr.splitlines()[-1] == "([0, 0, 0, 0, 0, 0, 1, 0], [])"


def test_the_packaged_models_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    main(["models"])
    header, minilm, mpnet = (line.split() for line in capsys.readouterr().out.splitlines()[:3])
    assert header == ["name", "model", "install", "parameters", "tokens", "speed", "languages"]
    assert minilm == ["minilm", "all-MiniLM-L6-v2", "bertolt[starter]", "22.7", "M", "512", "1.00", "English"]
    assert mpnet[:6] == ["mpnet", "all-mpnet-base-v2", "bertolt[base]", "109.5", "M", "512"]
