"""``bertolt compare``: is one model better than another?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertolt.cli.compare_probes import are_probes, show_probes
from bertolt.cli.options import (
    READ,
    Delimiter,
    Device,
    Encoding,
    Engine,
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
    read_given,
    settings_from,
)
from bertolt.cli.output import one_line, print_json, print_table
from bertolt.wording import counted

if TYPE_CHECKING:
    from bertolt.evaluation.compare import Comparison, Flip

MOST_FLIPS = 10


def compare(  # noqa: PLR0913 (a parameter is an option)
    context: typer.Context,
    folder_a: Annotated[
        str, typer.Argument(metavar="MODEL_A", help="What there was: a model folder, or a Hub id.")
    ],
    folder_b: Annotated[str, typer.Argument(metavar="MODEL_B", help="Another: is it better?")],
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="A file with labels, or a data set, of which its test part. Without it the validation rows "
            "in MODEL_A, if both were trained on the same rows.",
        ),
    ] = None,
    *,
    text: Text = None,
    label: Label = None,
    task: Task = None,
    set_: Set = None,
    device: Device = "auto",
    engine: Engine = "auto",
    threads: Threads = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    max_cell: MaxCell = READ.max_cell,
    max_expansion: MaxExpansion = READ.max_expansion,
    json: Json = False,
) -> None:
    """Say whether model B is better than model A, on the same rows.

    Every metric is compared by the paired bootstrap (1,000 resamples), and the rows that are right by
    McNemar's test. The sentence at the end rests on the primary metric: B is better where the 95% interval
    of the difference lies above 0; a point is 0.01. Two probe folders are compared layer by layer.

    \b
    Example:
      bertolt compare models/old models/new new-reviews.csv
      bertolt compare models/one-epoch models/two-epochs
      bertolt compare probes/pos probes/pos-reviews
    """
    if are_probes(folder_a, folder_b, data):
        show_probes(folder_a, folder_b, as_json=json)
        return
    from bertolt.api import measuring, using
    from bertolt.inference.opening import settings_for
    from bertolt.models.device import set_threads

    set_threads(threads)
    given = settings_from(set_)
    a, b = (
        using.pipeline(
            folder, task=task, device=device, engine=engine, settings=settings_for(Path(folder), given)
        )
        for folder in (folder_a, folder_b)
    )
    found = measuring.compare(a, b, data, text=text or (), label=label or (), **read_given(context))
    if json:
        print_json({"a": folder_a, "b": folder_b, "data": data, **found.to_dict()})
        return
    _show(found)
    sys.stdout.write(f"\n{found.verdict}\nA is {folder_a}, B is {folder_b}\n")


def _show(found: Comparison) -> None:
    out = sys.stdout
    out.write(f"compared on {counted(found.n, 'row')}, with 95% intervals of the difference:\n")
    rows: list[tuple[str, ...]] = [("", "A", "B", "B - A", "low", "high")]
    for name, change in found.metrics.items():
        d = change.difference
        rows.append((name, *map(_figure, (change.a.value, change.b.value, d.value, d.low, d.high))))
    print_table(rows, right=(1, 2, 3, 4, 5), indent=2)
    if found.mcnemar is not None:
        out.write(
            f"\nonly A right: {found.only_a:,} rows; only B right: {found.only_b:,}; "
            f"McNemar p = {found.mcnemar:.4f}\n"
        )
    if found.classes:
        out.write("\nshare right by label:\n")
        rows = [("", "rows", "A", "B", "B - A", "low", "high")]
        for each in found.classes:
            d = each.difference
            figures = map(_figure, (each.a, each.b, d.value, d.low, d.high))
            rows.append((each.name, f"{each.n:,}", *figures))
        print_table(rows, right=(1, 2, 3, 4, 5, 6), indent=2)
    if found.flips:
        more = f", {MOST_FLIPS} of them shown" if len(found.flips) > MOST_FLIPS else ""
        out.write(f"\nrows on which they differ: {len(found.flips):,}{more} (--json has all)\n")
        print_table([_flip(flip) for flip in found.flips[:MOST_FLIPS]], right=(0,), indent=2)


def _flip(flip: Flip) -> tuple[str, str, str, str]:
    said = f"A {flip.a.predicted}, B {flip.b.predicted}, is {flip.a.gold}"
    change = {(True, False): "lost", (False, True): "won"}.get((bool(flip.a.right), bool(flip.b.right)), "")
    text = one_line(" | ".join(flip.a.texts), 60)
    return str(flip.a.line), change, one_line(said, 60), text


def _figure(value: float) -> str:
    return "undefined" if value != value else f"{value:.4f}"
