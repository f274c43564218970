"""``bertolt evaluate``: how good a model is on labelled text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bertolt.cli.metrics import print_metrics
from bertolt.cli.options import (
    READ,
    Delimiter,
    Device,
    Dtype,
    Encoding,
    Engine,
    Folder,
    Header,
    Json,
    Label,
    MaxCell,
    MaxExpansion,
    Set,
    Sheet,
    Task,
    Text,
    Threads,
    read_settings,
    settings_from,
)
from bertolt.cli.output import print_json
from bertolt.wording import counted

if TYPE_CHECKING:
    from bertolt.evaluation.abstention import Abstention
    from bertolt.evaluation.evaluate import Evaluation
    from bertolt.inference.pipeline import Pipeline


def evaluate(  # noqa: PLR0913 (a parameter is an option)
    context: typer.Context,
    folder: Folder,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A file with labels, or a data set, of which its test part.")
    ],
    *,
    text: Text = None,
    label: Label = None,
    task: Task = None,
    set_: Set = None,
    device: Device = "auto",
    dtype: Dtype = "fp32",
    engine: Engine = "auto",
    threads: Threads = None,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write pictures and the worst rows to an HTML file.")
    ] = None,
    abstain_below: Annotated[
        float | None,
        typer.Option(metavar="P", min=0, max=1, help="Say what answering unsure below P would buy."),
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    max_cell: MaxCell = READ.max_cell,
    max_expansion: MaxExpansion = READ.max_expansion,
    json: Json = False,
) -> None:
    """Measure a model on labelled text: every metric with its 95% interval.

    The intervals are percentiles of 1,000 bootstrap resamples of the rows. Rows without text or label
    are left out and listed.

    \b
    Example:
      bertolt evaluate models/reviews more-reviews.csv
      bertolt evaluate models/tomatoes rotten-tomatoes --json
    """
    from bertolt.api import measuring, using
    from bertolt.models.device import set_threads

    set_threads(threads)
    pipeline = using.pipeline(
        folder, task=task, device=device, dtype=dtype, engine=engine, settings=settings_from(set_)
    )
    reading = measuring.read_test_data(
        pipeline, data, text=text or (), label=label or (), options=read_settings(context)
    )
    if abstain_below is not None:
        pipeline = pipeline.abstaining(abstain_below)
    found = measuring.measure(pipeline, reading)
    abstention = _abstention(pipeline, found)
    if report is not None:
        _write_report(report, folder, data, pipeline, found)
    if json:
        document: dict[str, Any] = {"folder": folder, "data": data, "task": pipeline.model.task.name}
        left_out = {
            "without_text": len(reading.without_text),
            "without_label": len(reading.without_label),
            **{reason: len(lines) for reason, lines in reading.left_out.items()},
        }
        extra = {
            "abstention": None if abstention is None else abstention.to_dict(),
            "report": report,
        }
        print_json({**document, **found.to_dict(), "left_out": left_out, **extra})
        return
    print_metrics(found.metrics, counted(len(found.examples), "row"))
    if found.read_whole < 1:
        sys.stdout.write(f"{1 - found.read_whole:.1%} of the texts were not read whole\n")
    for note in found.unknown.notes():
        sys.stdout.write(note + "\n")
    if abstention is not None:
        from bertolt.reports.words import abstention_sentence

        sys.stdout.write(abstention_sentence(abstention) + "\n")
    if report is not None:
        sys.stdout.write(f"report: {report}\n")


def _abstention(pipeline: Pipeline, found: Evaluation) -> Abstention | None:
    """What it buys to answer "unsure", where that was asked for."""
    from bertolt.evaluation.abstention import abstain_at
    from bertolt.evaluation.judging import judge

    below = pipeline.model.withheld_below
    return None if below is None else abstain_at(judge(pipeline.model, found), below)


def _write_report(file: str, folder: str, data: str, pipeline: Pipeline, found: Evaluation) -> None:
    from bertolt.models.backbone import model_title
    from bertolt.reports.report import Subject, write_report
    from bertolt.training.run_folder import RunFolder
    from bertolt.training.runlog import read_log

    subject = Subject(
        name=model_title(folder),
        data=data,
        model=pipeline.model,
        record=pipeline.record,
        log=read_log(RunFolder(Path(folder)).path),
    )
    write_report(Path(file), subject, found)
