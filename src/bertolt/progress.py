"""Progress of long work, on standard error: a bar where a person looks, nothing where none does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Receives how far the work is."""

    def advance(self, amount: float, text: str = "") -> None:
        """Adds to what is done; ``text`` stands beside the bar, such as the loss or the speed."""


class NoProgress:
    """Shows nothing."""

    def advance(self, amount: float, text: str = "") -> None:
        """See ``Progress.advance``."""


def say(text: str) -> None:
    """Prints a line for people, on standard error; where that cannot be written, nobody is told."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError:  # such as a full disk; the work goes on without it
        pass


@contextmanager
def progress_bar(title: str, total: float | None) -> Iterator[Progress]:
    """A bar with the share done, the time left, and a text of the caller's or else the speed.

    Nothing is drawn when standard error is not a terminal, so that logs stay readable.

    Args:
        title: what is done, such as ``"training"``.
        total: how much there is to do, or None where that is unknown.
    """
    if not sys.stderr.isatty():
        yield NoProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(title, total=total, text="")

        class Bar:
            def advance(self, amount: float, text: str = "") -> None:
                task = bars.tasks[bar]
                speed = f"{(task.completed + amount) / task.elapsed:,.0f}/s" if task.elapsed else ""
                bars.update(bar, advance=amount, text=text or speed)

        yield Bar()
