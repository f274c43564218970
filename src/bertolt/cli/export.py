"""``bertolt export``: a model for another engine, if it gives the same answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bertolt.cli.options import Folder, Json, Label, Set, Task, Text, Threads, settings_from
from bertolt.cli.output import print_json
from bertolt.wording import quoted

if TYPE_CHECKING:
    from bertolt.inference.export import Exported


def export(  # noqa: PLR0913 (a parameter is an option)
    folder: Folder,
    *,
    out: Annotated[str, typer.Option(metavar="DIR2", help="The exported model folder.")],
    int8: Annotated[
        bool, typer.Option("--int8", help="Compute matrix products in 8 bits: faster, not quite the same.")
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="What the gate reads: a file, or a data set, of which its validation part.",
            show_default="the validation rows in DIR",
        ),
    ] = None,
    text: Text = None,
    label: Label = None,
    task: Task = None,
    set_: Set = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the texts that the gate cuts and joins.")] = 0,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Export a model for ONNX Runtime, and refuse to write what does not give the same answers.

    The gate runs all examples, and pieces of them, through both engines: in fp32 probabilities within 0.0001.
    With --int8 it measures on at least 200 labelled rows what 8 bits cost, at most 1.5 points and 2% other
    answers, and searches for the fastest way that costs so little; see docs/export.md. DIR2 is a model folder
    like any other: predict, serve, evaluate and compare use its engine unless --engine torch says otherwise.

    \b
    Example:
      bertolt export models/reviews --out models/reviews-onnx
      bertolt export models/reviews --out models/reviews-int8 --int8
      bertolt predict models/reviews-int8 "A gorgeous, witty film."
    """
    from bertolt.api import using
    from bertolt.api.exporting import export as run
    from bertolt.inference.onnx_graph import check_extra
    from bertolt.models.device import set_threads

    check_extra()
    set_threads(threads)
    pipeline = using.pipeline(folder, task=task, device="cpu", engine="torch", settings=settings_from(set_))
    done = run(
        pipeline,
        out=out,
        int8=int8,
        data=data,
        text=text or (),
        label=label or (),
        seed=seed,
    )
    if json:
        print_json(_document(folder, done))
    else:
        sys.stdout.write(_summary(done))


def _document(folder: str, done: Exported) -> dict[str, object]:
    return {
        "folder": str(done.folder),
        "source": folder,
        "replaced": done.replaced,
        "engine": done.engine.model_dump(mode="json"),
    }


def _summary(done: Exported) -> str:
    engine = done.engine
    how = "" if engine.quantisation is None else f" ({engine.quantisation})"
    replaced = ", in the place of an older one" if done.replaced else ""
    return (
        f"exported folder: {done.folder}{replaced}\n"
        f"engine: {engine.name}, {engine.precision}{how}\n"
        "next:\n"
        f'  bertolt predict {quoted(str(done.folder))} "Your text."\n'
        f"  bertolt serve {quoted(str(done.folder))}\n"
    )
