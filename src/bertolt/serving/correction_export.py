"""Saved corrections as rows for training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.data.writers import open_writer
from bertolt.data.writers.memory import csv_bytes
from bertolt.errors import DataError, InputError
from bertolt.inference.opening import open_model
from bertolt.serving.correction_values import training_row
from bertolt.serving.corrections import corrections_file, read_corrections
from bertolt.tasks.task import input_columns, target_columns
from bertolt.wording import quoted


@dataclass(frozen=True, slots=True)
class Export:
    """Rows for training.

    Args:
        columns: of the task, inputs before targets.
        rows: the last correction of each input, in the order in which they were saved.
        replaced: how many earlier ones of the same inputs there were.
        left_out: why others are left out, a line each.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    replaced: int
    left_out: tuple[str, ...]

    def csv(self) -> bytes:
        """As a csv file in UTF-8.

        Raises:
            DataError: words and tags, which csv cannot hold.
        """
        _check_flat(self, ".csv")
        return csv_bytes(self.columns, self.rows)


def export_rows(
    name: Path | str,
    file: Path | None = None,
    *,
    task: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Export:
    """The corrections of a model.

    Args:
        name: a model folder or a Hub id.
        file: where they are; None: beside the folder, or in the working directory for a Hub id.
        task, settings: as the server was told.

    Raises:
        FolderError: not a model folder, or not a file of corrections.
        DiskError: the file cannot be read.
        DataError: there are none.
    """
    model = open_model(name, task=task, settings=settings)
    place = corrections_file(model.home) if file is None else file
    found = read_corrections(place, model.title)
    if not found:
        raise DataError(
            f"corrections of {model.title!r} in {str(place)!r}",
            "none",
            f"save some on the page: bertolt serve {quoted(str(name))}",
        )
    rows: dict[str, dict[str, Any]] = {}
    left_out: list[str] = []
    for each in found:
        if each.origin.task != model.task.name:
            left_out.append(f"correction {each.number} is left out: it is of a model for {each.origin.task}")
            continue
        key = json.dumps(each.input, sort_keys=True)
        rows.pop(key, None)  # the last one stands where it was saved
        try:
            rows[key] = training_row(model.task, model.spec, each.input, each.correction)
        except InputError as error:
            left_out.append(f"correction {each.number} is left out: {error}")
    used = {name for row in rows.values() for name in row}
    columns = [column.name for column in (*input_columns(model.task), *target_columns(model.task))]
    return Export(
        columns=tuple(name for name in columns if name in used),
        rows=tuple(rows.values()),
        replaced=len(found) - len(left_out) - len(rows),
        left_out=tuple(left_out),
    )


def write_rows(file: Path, export: Export) -> None:
    """Writes them; an older file is replaced when all is written.

    Raises:
        DataError: another ending, or one that cannot hold lists of words.
        DiskError: the file cannot be written.
    """
    suffix = file.suffix.lower()
    if suffix in (".csv", ".tsv"):
        _check_flat(export, suffix)
    with open_writer(file, export.columns) as writer:
        for row in export.rows:
            writer.write(row)


def _check_flat(export: Export, suffix: str) -> None:
    """Labels and answers are read from their JSON in csv; words are not."""
    if "words" in export.columns:
        raise DataError(
            "a format that holds lists of words and tags", suffix, "give --output a name that ends in .jsonl"
        )
