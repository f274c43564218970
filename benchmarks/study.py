"""The harness of every study: cells in, one line of JSON a finished cell out.

A study is a module that lists its cells and calls ``run_study``; from the repository root:

    python -m benchmarks.speed --data-root build/benchmarks [--only CELL] [--list]

A cell is one or more commands. Each runs in a fresh process and prints its figures as JSON: the whole of
standard output, or its last line. The variants of a cell take turns (A, B, C, A, B, C, ...), so that a
machine that slows down slows all of them, and the line holds each raw value beside the medians. Cells that
have a line in ``benchmarks/results/STUDY.jsonl`` are not run again.

In a command ``$DATA`` is the data root, ``$OUT`` an empty folder that is deleted after the run, ``$SEED``
the cell's seed and ``$DEVICE`` the study's ``--device``; its first word is looked up beside the running
interpreter. Commands run in the repository root, without network.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import Json, describe_machine

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CELL_SECONDS = 1200  # A longer cell must be a run that can be resumed.


class StudyError(Exception):
    """A study that cannot go on: a bad list of cells, a damaged results file, a command that failed."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the commands that a cell sets side by side.

    Args:
        name: the key of its figures in the cell's line.
        command: as a person would type it; quoting as in a shell, but no shell runs it.
    """

    name: str
    command: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the results.

    Args:
        name: unique within the study.
        variants: run in this order, ``repeats`` rounds of it.
        seed: stands for ``$SEED`` in every command.
        repeats: rounds.
    """

    name: str
    variants: tuple[Variant, ...]
    seed: int = 0
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Where:
    """What the marks of a command stand for that the cells do not know.

    Args:
        data_root: ``$DATA``.
        device: ``$DEVICE``.
    """

    data_root: Path
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Run:
    """What one process gave: wall-clock seconds from start to exit, and its figures."""

    seconds: float
    figures: dict[str, Json]


def run_study(name: str, cells: Sequence[Cell], argv: Sequence[str] | None = None) -> int:
    """The command line of a study: run the cells that have no line yet.

    Args:
        name: of the results file, beginning with its area, such as ``"speed-peers"``.
        cells: in the order in which they run.
        argv: the arguments; those of the process by default.

    Returns:
        The exit code: 0 done, 2 for a study that could not go on.
    """
    parser = argparse.ArgumentParser(prog=name, description=f"Runs the study {name}.")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that $DATA stands for")
    parser.add_argument("--only", action="append", metavar="CELL", help="run only this cell (repeatable)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results files")
    parser.add_argument("--device", default="cpu", help="what $DEVICE stands for (default: cpu)")
    parser.add_argument("--list", action="store_true", help="print the cells and what is done, run nothing")
    options = parser.parse_args(argv)
    path = options.results / f"{name}.jsonl"
    where = Where(options.data_root, options.device)
    try:
        chosen = select_cells(cells, options.only)
        done = finished_cells(path)
        for cell in chosen:
            if options.list or cell.name in done:
                print(f"{cell.name}: {'finished' if cell.name in done else 'to run'}", file=sys.stderr)
            else:
                append_line(path, {"study": name, **run_cell(cell, where)})
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run_one_of(area: str, studies: Mapping[str, Sequence[Cell]], default: str = "") -> int:
    """The command line of several studies: the first argument names one of them.

    Args:
        area: with which their results files begin.
        studies: the cells of each.
        default: the study of a command line that names none; empty: there is none.

    Returns:
        See ``run_study``; 1 for a name that is no study.
    """
    given = sys.argv[1:]
    name = given.pop(0) if given and not given[0].startswith("-") else default
    if name not in studies:
        print(f"name a study: {', '.join(studies)}", file=sys.stderr)
        return 1
    return run_study(f"{area}-{name}", studies[name], given)


def select_cells(cells: Sequence[Cell], only: Sequence[str] | None) -> list[Cell]:
    """The cells named by ``--only``, or all.

    Raises:
        StudyError: a name that is not a cell, or that two cells or two variants share.
    """
    names = [cell.name for cell in cells]
    if len(set(names)) < len(names):
        raise StudyError(f"two cells of the study share a name: {', '.join(sorted(names))}")
    for cell in cells:
        if not cell.variants or cell.repeats < 1:
            raise StudyError(f"the cell {cell.name} runs nothing")
        if len({variant.name for variant in cell.variants}) < len(cell.variants):
            raise StudyError(f"two variants of the cell {cell.name} share a name")
    unknown = [name for name in only or () if name not in names]
    if unknown:
        raise StudyError(f"no cell is called {unknown[0]}; choose out of {', '.join(names)}")
    return [cell for cell in cells if only is None or cell.name in only]


def finished_cells(path: Path) -> set[str]:
    """The names of the cells that have a line in a results file.

    Raises:
        StudyError: a line that is not JSON, as a killed write leaves it.
    """
    done: set[str] = set()
    if path.exists():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                done.add(json.loads(line)["cell"])
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise StudyError(f"{path.name}, line {number}, is no cell's line; delete it") from error
    return done


def append_line(path: Path, line: Mapping[str, Json]) -> None:
    """Append one line and force it to the disk, so that a finished cell is never run twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def run_cell(cell: Cell, where: Where) -> dict[str, Json]:
    """Run the variants of a cell in turns.

    Args:
        cell: what to run.
        where: the data and the device.

    Returns:
        The cell's line: where and when it ran, and by variant the command, the medians and the raw runs.

    Raises:
        StudyError: a command that failed or printed no figures.
    """
    line = describe_machine()
    start = time.perf_counter()
    runs: dict[str, list[Run]] = {variant.name: [] for variant in cell.variants}
    for repeat in range(cell.repeats):
        for variant in cell.variants:
            print(f"{cell.name}: {variant.name} ({repeat + 1} of {cell.repeats})", file=sys.stderr)
            runs[variant.name].append(run_command(variant.command, where, cell.seed))
    seconds = time.perf_counter() - start
    if seconds > CELL_SECONDS:
        print(f"warning: {cell.name} took {seconds:.0f} s, over {CELL_SECONDS}: split it", file=sys.stderr)
    variants: dict[str, Json] = {}
    for variant in cell.variants:
        variants[variant.name] = {"command": variant.command, **summarize_runs(runs[variant.name])}
    return {
        "cell": cell.name,
        "seed": cell.seed,
        "repeats": cell.repeats,
        "device": where.device,
        "seconds": round(seconds, 3),
        **line,
        "variants": variants,
    }


def run_command(command: str, where: Where, seed: int) -> Run:
    """Run one command in a fresh process.

    Args:
        command: with ``$DATA``, ``$OUT``, ``$SEED`` and ``$DEVICE``.
        where: what two of them stand for.
        seed: what ``$SEED`` stands for.

    Raises:
        StudyError: the command failed, or printed no figures. Its own message goes to standard error.
    """
    with tempfile.TemporaryDirectory() as out:
        root = str(where.data_root.resolve())
        known = {"$DATA": root, "$OUT": out, "$SEED": str(seed), "$DEVICE": where.device}
        words = shlex.split(command)
        for mark, value in known.items():
            words = [word.replace(mark, value) for word in words]
        beside = Path(sys.executable).parent / words[0]  # an absolute path stays what it is
        if beside.exists():
            words[0] = str(beside)
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        start = time.perf_counter()
        try:
            done = subprocess.run(
                words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=False
            )
        except FileNotFoundError as error:
            raise StudyError(f"no such program: {words[0]}") from error
        seconds = time.perf_counter() - start
    if done.returncode != 0:
        print(done.stdout[-2000:], file=sys.stderr)  # with --json the message stands there
        raise StudyError(f"exit code {done.returncode} from: {command}")
    # A results file says nothing of the folders of one machine.
    output = done.stdout.replace(known["$OUT"], "$OUT").replace(known["$DATA"], "$DATA")
    return Run(round(seconds, 3), parse_figures(output, command))


def parse_figures(output: str, command: str) -> dict[str, Json]:
    """The JSON object that a command printed: all of its output, or the last line.

    Raises:
        StudyError: neither is a JSON object.
    """
    stripped = output.strip()
    for text in (stripped, stripped.rpartition("\n")[2]):
        try:
            figures = json.loads(text)
        except json.JSONDecodeError:
            continue
        if isinstance(figures, dict):
            return figures
    raise StudyError(f"no JSON object at the end of what this printed: {command}")


def summarize_runs(runs: Sequence[Run]) -> dict[str, Json]:
    """Medians and raw values of one variant.

    Returns:
        ``seconds``: the median of the wall-clock seconds. ``figures``: the median of every number that all
        runs give, and every other value that is the same in all of them. ``runs``: all of it, run by run.
    """
    figures: dict[str, Json] = {}
    for key in runs[0].figures:
        values = [run.figures[key] for run in runs if key in run.figures]
        numbers = [value for value in values if isinstance(value, int | float) and type(value) is not bool]
        if len(numbers) == len(runs):
            figures[key] = statistics.median(numbers)
        elif len(values) == len(runs) and all(value == values[0] for value in values):
            figures[key] = values[0]
    raw: list[Json] = [{"seconds": run.seconds, "figures": run.figures} for run in runs]
    return {"seconds": statistics.median(run.seconds for run in runs), "figures": figures, "runs": raw}
