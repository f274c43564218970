"""``bertolt adapt``: a model reads unlabelled text before it is fine-tuned."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bertolt.cli.metrics import metric_rows
from bertolt.cli.options import (
    READ,
    Delimiter,
    Encoding,
    Header,
    Json,
    MaxCell,
    MaxExpansion,
    Sheet,
    Threads,
    given_options,
)
from bertolt.cli.output import print_json, print_table
from bertolt.cli.resuming import refuse_others, require, resumable
from bertolt.cli.training_options import Epochs, KeepExamples, LearningRate, Resume, Seed, TrainDevice
from bertolt.training.settings import check_settings
from bertolt.unlabelled.settings import AdaptSettings
from bertolt.wording import counted, quoted

if TYPE_CHECKING:
    from bertolt.unlabelled.adapt import Adaptation

_DEFAULT: AdaptSettings = AdaptSettings.model_construct(model="", data=(), out="")

_DATA = (
    "Text files (one document a line, or documents between blank lines, one sentence a line), tables with "
    "a text column, names of data sets or hf:OWNER/NAME; read one after another."
)


def adapt(  # noqa: PLR0913 (a parameter is an option)
    context: typer.Context,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="What is adapted: a name, a folder or a Hub id.")
    ] = None,
    data: Annotated[list[str] | None, typer.Argument(metavar="DATA …", help=_DATA)] = None,
    *,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="The model folder.")] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="COL", help="The data's text column.", show_default="usual names"),
    ] = None,
    next_sentence: Annotated[
        bool, typer.Option("--next-sentence", help="Learn as well whether a text follows another.")
    ] = False,
    whole_word: Annotated[
        bool, typer.Option("--whole-word", help="Hide all pieces of a word together.")
    ] = False,
    epochs: Epochs = _DEFAULT.epochs,
    lr: LearningRate = None,
    batch_size: Annotated[int, typer.Option(metavar="N", help="Rows of a step.")] = _DEFAULT.batch_size,
    max_length: Annotated[
        int | None,
        typer.Option(metavar="N", help="Tokens of a row; longer documents fill several.", show_default="128"),
    ] = None,
    warm_up: Annotated[
        int,
        typer.Option(metavar="N", help="Steps in which a new head is trained alone, before the rest."),
    ] = _DEFAULT.warm_up,
    seed: Seed = _DEFAULT.seed,
    keep_examples: KeepExamples = _DEFAULT.keep_examples,
    device: TrainDevice = _DEFAULT.device,
    threads: Threads = None,
    resume: Resume = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    max_cell: MaxCell = READ.max_cell,
    max_expansion: MaxExpansion = READ.max_expansion,
    json: Json = False,
) -> None:
    """Let a model read unlabelled text: 15% of the tokens are hidden, and it learns to guess them.

    The folder is a model that `bertolt train --model DIR` begins from, and at once one that fills in
    [MASK]. A tenth of the documents is held out to measure it on, before and after.

    \b
    Example:
      bertolt adapt minilm reviews.txt --out models/adapted
      bertolt predict models/adapted "The film was [MASK]." --set targets=good,bad
      bertolt train reviews.csv --model models/adapted
      bertolt adapt --resume models/adapted
    """
    given = given_options(context)
    given.pop("json", None)
    done = _resume(given) if resume is not None else _begin(given)
    if json:
        print_json(_document(done))
    else:
        _show(done)


def _begin(given: dict[str, Any]) -> Adaptation:
    wanted = {
        "model": "MODEL, what is adapted",
        "data": "DATA, unlabelled text",
        "out": "--out DIR, the model folder",
    }
    require(given, wanted, "bertolt adapt minilm reviews.txt --out models/adapted")
    settings = check_settings(AdaptSettings, given)
    from bertolt.progress import say
    from bertolt.unlabelled.adapt import adapt as run

    with resumable(Path(settings.out), "adapt"):
        return run(settings, say)


def _resume(given: dict[str, Any]) -> Adaptation:
    folder = given.pop("resume")
    refuse_others(given, "adaptation", ("model", "data"))
    from bertolt.progress import say
    from bertolt.unlabelled.adapt import resume as run

    with resumable(Path(folder), "adapt"):
        return run(Path(folder), say)


def _document(done: Adaptation) -> Mapping[str, Any]:
    return {
        "folder": str(done.folder),
        "task": done.record.spec.task,
        "before": done.before,
        "metrics": done.record.metrics,
        "measured_on": done.record.measured_on,
        "examples": done.record.examples,
        "seconds": round(done.seconds, 3),
        "spec": done.record.spec.model_dump(mode="json"),
    }


def _show(done: Adaptation) -> None:
    title, *rows = metric_rows(done.metrics)
    before = ["undefined" if value is None else f"{value:.4f}" for value in done.before.values()]
    count = done.record.examples["validation"]
    sys.stdout.write(f"measured on {counted(count, 'held-out document')}, with 95% intervals:\n")
    print_table(
        [(*title, "before"), *((*row, value) for row, value in zip(rows, before, strict=True))],
        right=(1, 2, 3, 4),
        indent=2,
    )
    sys.stdout.write(
        f"model folder: {done.folder} ({done.seconds:,.0f} s)\n"
        "next:\n"
        f'  bertolt predict {quoted(str(done.folder))} "The film was [MASK]."\n'
        f"  bertolt train DATA --model {done.folder}\n"
    )
