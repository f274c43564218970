"""``bertolt bench``: how fast a model is on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bertolt.cli.options import Json, Set, Task, Text, Threads, settings_from
from bertolt.cli.output import print_json, print_table
from bertolt.errors import DiskError, InputError

if TYPE_CHECKING:
    from bertolt.evaluation.bench.measure import Bench


def bench(
    folders: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL … DATA", help="Model folders or Hub ids, the reference first; at the end the data."
        ),
    ],
    *,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write bench.json and bench.svg there.")
    ] = None,
    text: Text = None,
    task: Task = None,
    set_: Set = None,
    threads: Threads = None,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, help="Turns of each program.")] = 5,
    json: Json = False,
) -> None:
    """Measure texts a second, latency and memory on this machine, and how much of its limit that is.

    Use it to choose what to serve: a folder, its export for ONNX Runtime, or its 8-bit export. Each folder is
    measured in its own process. They take turns, and the medians are shown. The limit is the rate of float32
    matrix products, measured in the same run. Answers are compared with those of the first folder.

    \b
    Example:
      bertolt bench models/reviews rotten-tomatoes
      bertolt bench models/reviews models/reviews-int8 reviews.csv --out speed
    """
    if len(folders) < 2:
        raise InputError(
            "one or several model folders, and at the end the data",
            repr(folders[0]),
            "name the data too: bertolt bench MODEL DATA",
        )
    from bertolt.api.measuring import bench as run

    target = None if out is None else _folder(Path(out))
    found = run(
        folders[:-1],
        folders[-1],
        text=text or (),
        threads=threads,
        rounds=rounds,
        task=task,
        settings=settings_from(set_),
    )
    files = {} if target is None else _write(target, found)
    if json:
        print_json({**found.to_dict(), "files": files})
        return
    _show(found)
    for file in files.values():
        sys.stdout.write(f"written: {file}\n")


def _show(found: Bench) -> None:
    work = found.work
    sys.stdout.write(
        f"{work.texts:,} texts of {work.tokens:,} tokens, {work.operations / 1e9:,.0f} x 10^9 operations; "
        f"{found.threads} threads, medians of {found.rounds} rounds\n"
        f"limit: {found.gflops:,.0f} x 10^9 a second, the fastest that float32 matrix products ran here\n"
        f"alone: {work.latency_texts} texts of about {work.latency_tokens:g} tokens, one after the other\n\n"
    )
    head = ("", "texts/s", "tokens/s", "of the limit", "first is x", "p50 ms", "p99 ms", "MB", "same answers")
    rows: list[tuple[str, ...]] = [head]
    for line in found.lines:
        rows.append(
            (
                line.name,
                f"{line.texts_per_second:,.1f}",
                f"{line.tokens_per_second:,.0f}",
                f"{line.share:.0%}",
                f"{line.ratio:.2f}",
                f"{line.p50_ms:.1f}",
                f"{line.p99_ms:.1f}",
                f"{line.megabytes:,.0f}",
                f"{line.agree:,} of {work.texts:,}",
            )
        )
    print_table(rows, right=tuple(range(1, 9)))
    for name, problem in found.problems.items():
        sys.stdout.write(f"not measured: {name} {problem}\n")


def _folder(path: Path) -> Path:
    """The folder of --out, made before anything is measured."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(
            f"a folder {str(path)!r} that can be written", str(error.strerror).lower(), "name another --out"
        ) from error
    return path


def _write(folder: Path, found: Bench) -> dict[str, Any]:
    import json

    from bertolt.reports.bench_picture import bench_picture

    document = json.dumps(found.to_dict(), ensure_ascii=False, indent=1).encode()
    contents = {"bench.json": document, "bench.svg": bench_picture(found).svg()}
    for name, content in contents.items():
        try:
            (folder / name).write_bytes(content)
        except OSError as error:
            raise DiskError(
                f"a file {str(folder / name)!r} that can be written",
                str(error.strerror).lower(),
                "make room, or name another --out",
            ) from error
    return {name.removeprefix("bench."): str(folder / name) for name in contents}
