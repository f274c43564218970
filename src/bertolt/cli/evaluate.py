"""``bertolt evaluate``: how good a model is on labelled text."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from bertolt.cli.metrics import metric_rows
from bertolt.cli.options import Device, Dtype, Folder, Json, Label, Text, Threads
from bertolt.cli.output import print_json, print_table


def evaluate(  # noqa: PLR0913 (a parameter is an option)
    folder: Folder,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A file with labels, or a data set, of which its test part.")
    ],
    *,
    text: Text = None,
    label: Label = None,
    task: Annotated[str | None, typer.Option(metavar="T", help="Refuse a model for another task.")] = None,
    device: Device = "auto",
    dtype: Dtype = "fp32",
    threads: Threads = None,
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
    from bertolt import api
    from bertolt.models.device import set_threads

    set_threads(threads)
    pipeline = api.pipeline(folder, task=task, device=device, dtype=dtype)
    reading = api.read_test_data(pipeline, data, text=text or (), label=label or ())
    found = api.measure(pipeline, reading)
    if json:
        document: dict[str, Any] = {"folder": folder, "data": data, "task": pipeline.model.task.name}
        left_out = {
            "without_text": len(reading.without_text),
            "without_label": len(reading.without_label),
            **{reason: len(lines) for reason, lines in reading.left_out.items()},
        }
        print_json({**document, **found.to_dict(), "left_out": left_out})
        return
    sys.stdout.write(f"measured on {len(found.examples):,} rows, with 95% intervals:\n")
    print_table(metric_rows(found.metrics), right=(1, 2, 3), indent=2)
    if found.read_whole < 1:
        sys.stdout.write(f"{1 - found.read_whole:.1%} of the texts were not read whole\n")
