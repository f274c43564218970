"""``bertolt train``: from labelled text to a model folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bertolt.cli.metrics import print_metrics, spread_rows
from bertolt.cli.options import (
    READ,
    Delimiter,
    Encoding,
    Header,
    Json,
    Label,
    MaxCell,
    MaxExpansion,
    Set,
    Sheet,
    Text,
    Threads,
    given_options,
    settings_from,
)
from bertolt.cli.output import print_json, print_table
from bertolt.cli.resuming import refuse_others, resumable
from bertolt.cli.training_options import Epochs, KeepExamples, LearningRate, Resume, Seed, TrainDevice
from bertolt.errors import InputError
from bertolt.progress import progress_bar, say
from bertolt.training.settings import TrainSettings, check_settings
from bertolt.wording import counted, quoted

if TYPE_CHECKING:
    from bertolt.models.spec import Repeats
    from bertolt.training.fine_tune import Run

_DEFAULT: TrainSettings = TrainSettings.model_construct(data=())

_DATA = "Files (csv, tsv, jsonl, parquet, …), names of data sets or hf:OWNER/NAME; read one after another."


def train(  # noqa: PLR0913 (a parameter is an option)
    context: typer.Context,
    data: Annotated[list[str] | None, typer.Argument(metavar="DATA", help=_DATA)] = None,
    *,
    task: Annotated[
        str, typer.Option(metavar="T", help="What is learnt; `bertolt tasks` lists them.")
    ] = _DEFAULT.task,
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="The model folder.", show_default="models/ and the data's name"),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="M", help="What training begins from: a name, a folder or a Hub id.")
    ] = _DEFAULT.model,
    validation: Annotated[
        str | None, typer.Option(metavar="FILE", help="Data to choose on.", show_default="a tenth is cut off")
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Data to measure on.", show_default="a tenth is cut off, from 200 rows on"
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Rows equal in this column stay on one side of the split."),
    ] = None,
    text: Text = None,
    label: Label = None,
    epochs: Epochs = _DEFAULT.epochs,
    lr: LearningRate = None,
    batch_size: Annotated[int, typer.Option(metavar="N", help="Examples of a step.")] = _DEFAULT.batch_size,
    max_length: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Tokens that are read at once.", show_default="512, or what the model has"
        ),
    ] = None,
    long: Annotated[
        str | None,
        typer.Option(
            metavar="head|tail|head+tail|windows",
            help="What is read of a longer text; windows read all of it.",
            show_default="the task's usual way; see `bertolt tasks TASK`",
        ),
    ] = _DEFAULT.long,
    class_weight: Annotated[
        str,
        typer.Option(
            metavar="none|balanced|FILE",
            help="How much each class counts; FILE is a JSON object of label to weight.",
        ),
    ] = _DEFAULT.class_weight,
    seed: Seed = _DEFAULT.seed,
    seeds: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Train N times, from --seed on, on one split; show the spread, keep the best on validation.",
        ),
    ] = _DEFAULT.seeds,
    folds: Annotated[
        int,
        typer.Option(
            metavar="K",
            help="Cross-validate: measure every row by a model trained without it, then train on all.",
        ),
    ] = _DEFAULT.folds,
    layer_decay: Annotated[
        float,
        typer.Option(metavar="X", help="Factor of the learning rate from each layer to the one below it."),
    ] = _DEFAULT.layer_decay,
    freeze_embeddings: Annotated[
        bool, typer.Option("--freeze-embeddings", help="Leave the input embeddings as they are.")
    ] = _DEFAULT.freeze_embeddings,
    patience: Annotated[
        int,
        typer.Option(metavar="N", help="Epochs without a gain after which training stops; 0: never."),
    ] = _DEFAULT.patience,
    keep_examples: KeepExamples = _DEFAULT.keep_examples,
    device: TrainDevice = _DEFAULT.device,
    threads: Threads = None,
    unlabelled: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Texts without labels, learnt from as well, as --method says; repeatable."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="adapt|consistency|self-training|few-shot",
            help="How to learn from few labels.",
            show_default="labels alone; self-training with --unlabelled",
        ),
    ] = None,
    set_: Set = None,
    resume: Resume = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    max_cell: MaxCell = READ.max_cell,
    max_expansion: MaxExpansion = READ.max_expansion,
    json: Json = False,
) -> None:
    """Fine-tune a model on labelled text and write its folder.

    DATA is enough: the columns are found by their usual names, a tenth of the rows is cut off to choose
    on and a tenth to measure on, and everything that is left out or cut is said before training begins.

    \b
    Example:
      bertolt train reviews.csv
      bertolt train rotten-tomatoes --out models/tomatoes --epochs 2
      bertolt train mail.csv --text body --label folder --class-weight balanced
      bertolt train reviews.csv --seeds 3
      bertolt train reviews.csv --folds 5
      bertolt train twenty.csv --unlabelled more.txt
      bertolt train --resume models/reviews
    """
    given = given_options(context)
    given.pop("json", None)
    run = _resume(given) if resume is not None else _begin(given)
    if json:
        print_json(_document(run))
    else:
        _show(run)


def _begin(given: dict[str, Any]) -> Run:
    if not given.get("data"):
        raise InputError(
            "DATA, a file of labelled texts or the name of a data set",
            "none",
            "for example: bertolt train reviews.csv",
        )
    if "set" in given:
        given["set"] = settings_from(given["set"])
    settings = check_settings(TrainSettings, given)
    with progress_bar("loading torch and transformers", None):
        from bertolt.api import training
        from bertolt.training.prepare import output_folder

    with resumable(output_folder(settings), "train"):
        return training.begin(settings, say)


def _resume(given: dict[str, Any]) -> Run:
    folder = given.pop("resume")
    refuse_others(given, "training", ("data",))
    from bertolt.api import training

    with resumable(Path(folder), "train"):
        return training.resume(folder)


def _document(run: Run) -> Mapping[str, Any]:
    return {
        "folder": str(run.folder),
        "task": run.record.spec.task,
        "metrics": run.record.metrics,
        "measured_on": run.record.measured_on,
        "examples": run.record.examples,
        "seconds": round(run.seconds, 3),
        "spec": run.record.spec.model_dump(mode="json"),
        **({} if run.record.method is None else {"method": run.record.method.model_dump(mode="json")}),
        **_repeats(run.record.repeats),
    }


def _repeats(repeats: Repeats | None) -> Mapping[str, Any]:
    """``seeds`` or ``folds``, and ``spread``; nothing of one training."""
    if repeats is None:
        return {}
    key = "seed" if repeats.kind == "seeds" else "fold"
    runs = [{key: run.number, **run.model_dump(mode="json", exclude={"number"})} for run in repeats.runs]
    spread = {name: found.model_dump(mode="json") for name, found in repeats.spread.items()}
    return {repeats.kind: runs, "spread": spread}


def _show(run: Run) -> None:
    if run.evaluation is not None:
        part = run.record.measured_on
        rows = counted(len(run.evaluation.examples), "row" if part == "folds" else f"{part} row")
        print_metrics(run.metrics, f"{rows} by cross-validation" if part == "folds" else rows)
    else:
        sys.stdout.write("not measured: there was no validation or test row\n")
    repeats = run.record.repeats
    if repeats is not None:
        sys.stdout.write(f"spread over {len(repeats.runs)} {repeats.kind}:\n")
        print_table(spread_rows(repeats.spread), right=(1, 2, 3, 4), indent=2)
    sys.stdout.write(
        f"model folder: {run.folder} ({run.seconds:,.0f} s)\n"
        "next:\n"
        f'  bertolt predict {quoted(str(run.folder))} "Your text."\n'
        f"  bertolt evaluate {quoted(str(run.folder))} DATA\n"
    )
