"""``bertolt check``: a task's data, read row by row, with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bertolt.data.checks import check_near_duplicates, quick_check
from bertolt.data.columns import rename
from bertolt.data.encoding import undecodable_lines
from bertolt.data.findings import CheckRow, Finding, Place, counted, single
from bertolt.data.lengths import CountTokens, Lengths, length_findings, measure_lengths
from bertolt.data.sources import open_source
from bertolt.data.table import Table
from bertolt.data.tokenizer import TokenCount
from bertolt.data.unknown import unknown_findings
from bertolt.errors import DataError
from bertolt.progress import Progress
from bertolt.tasks.reading import ColumnChoice, Located, has_text, locate_columns
from bertolt.tasks.task import Task, TaskSettings, has_target

_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(slots=True)
class DataCheck:
    """What a check found.

    Args:
        parts: rows of each table or split.
        columns: the task's column to the data's, of the first part that has them.
        lengths: in tokens, or None where nothing counted them.
        findings: errors first, then warnings, then notes.
    """

    parts: dict[str, int] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    lengths: Lengths | None = None
    findings: list[Finding] = field(default_factory=list)

    def of(self, level: str) -> list[Finding]:
        """The findings of a level."""
        return [finding for finding in self.findings if finding.level == level]

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "parts": self.parts,
            "columns": self.columns,
            "lengths": None if self.lengths is None else self.lengths.to_dict(),
            "errors": len(self.of("error")),
            "warnings": len(self.of("warning")),
            "findings": [finding.to_dict() for finding in self.findings],
        }


@dataclass(slots=True)
class _Rows:
    """What the tables hold, while they are read."""

    usable: list[CheckRow] = field(default_factory=list)
    examples: list[Any] = field(default_factory=list)


def check_data(
    data: Sequence[str],
    task: Task,
    settings: TaskSettings,
    choice: ColumnChoice,
    *,
    counter: CountTokens | None,
    seconds: float = 60.0,
    progress: Progress | None = None,
) -> DataCheck:
    """Looks at data without training on it.

    Args:
        data: one DATA, or several that belong together, such as a training and a test file.
        task: what is to be learnt.
        settings: the task's.
        choice: the columns that the user named.
        counter: counts the tokens of texts; None leaves lengths out.
        seconds: that the search for near-duplicates may take.
        progress: is advanced by 1 a row of that search.

    Raises:
        DataError, UnknownNameError: there is no such file or name.
    """
    check, rows = DataCheck(), _Rows()
    for name in data:
        for part, table in _tables(name, task, check):
            _read(part, table, (task, settings, choice), check, rows)
    if rows.examples:
        try:
            task.label_names(rows.examples, settings)
        except DataError as error:
            check.findings.append(_from_error("labels", error))
    check.findings += quick_check(rows.usable)
    if rows.usable and counter is not None:
        counts = _per_row(rows.usable, counter([text for row in rows.usable for text in row.texts]))
        check.lengths = measure_lengths(counts, policies=task.policies)
        check.findings += length_findings(check.lengths)
        check.findings += unknown_findings([row.place for row in rows.usable], counts)
    check.findings += check_near_duplicates(rows.usable, seconds=seconds, progress=progress)
    check.findings.sort(key=lambda finding: _ORDER[finding.level])
    return check


def check_rows(task: Task, part: str, examples: Sequence[Any]) -> list[CheckRow]:
    """Examples as the checks see them."""
    return [_check_row(task, Place(part, example.line), example) for example in examples]


def quick_notes(task: Task, parts: Mapping[str, Sequence[Any]]) -> list[str]:
    """What the quick part of the check has to say of a training's examples, a line a warning."""
    rows = [row for part, examples in parts.items() for row in check_rows(task, part, examples)]
    return [
        f"{finding.level}: {finding.what}"
        + (f" ({finding.lines(3)})" if finding.groups else "")
        + (f"; {finding.do}" if finding.do else "")
        for finding in quick_check(rows)
        if finding.level != "note"
    ]


def _check_row(task: Task, place: Place, example: Any) -> CheckRow:
    stratum = task.stratum(example) if has_target(task, example) else None
    labels = (stratum,) if isinstance(stratum, str) else tuple(stratum or ())
    return CheckRow(place, task.texts(example), labels)


def _tables(name: str, task: Task, check: DataCheck) -> list[tuple[str, Table]]:
    path = Path(name)
    try:
        if path.is_file():
            foreign = undecodable_lines(path)
            if foreign:
                check.findings.append(_not_utf8(path.name, foreign))
                return []
        source = open_source(name, task.layouts)
    except DataError as error:
        if not path.is_file():
            raise
        check.findings.append(_from_error("file", error))
        return []
    if source.whole is not None:
        return [(path.name, source.whole)]
    return list(source.parts.items())


def _not_utf8(part: str, lines: Sequence[int]) -> Finding:
    return Finding(
        "error",
        "encoding",
        f"{part}: {counted(len(lines), 'line')} that are not in UTF-8",
        "save it as UTF-8 (in Excel: CSV UTF-8), or convert it with iconv from the encoding it has",
        single([Place(part, line) for line in lines]),
    )


def _from_error(code: str, error: DataError) -> Finding:
    return Finding("error", code, f"expected {error.expected}; found {error.found}", error.do)


def _locate(
    task: Task, table: Table, settings: TaskSettings, choice: ColumnChoice, check: DataCheck
) -> Located | None:
    """The columns; without targets where the table has none; None where it lacks a text."""
    try:
        return locate_columns(task, table, settings, choice)
    except DataError as error:
        check.findings.append(_from_error("columns", error))
    try:
        return locate_columns(task, table, settings, choice, targets=False)
    except DataError:
        return None  # the same error again


def _read(
    part: str,
    table: Table,
    how: tuple[Task, TaskSettings, ColumnChoice],
    check: DataCheck,
    rows: _Rows,
) -> None:
    task, settings, choice = how
    check.findings += [Finding("note", "file", f"{part}: {note}") for note in table.notes]
    located = _locate(task, table, settings, choice, check)
    if located is None:
        return
    mapping, table = located.mapping, located.table
    if located.guess:
        check.findings.append(Finding("note", "columns", located.guess))
    if located.warning:
        check.findings.append(Finding("warning", "columns", located.warning))
    check.columns = check.columns or dict(mapping)
    check.parts[part] = 0
    labelled = all(column.name in mapping for column in task.columns if column.target and column.required)
    places: dict[tuple[str, str], list[Place]] = {}
    unusable: dict[str, tuple[DataError, list[Place]]] = {}
    try:
        for row in table:
            check.parts[part] += 1
            place = Place(part, row.line)
            try:
                example = task.example(rename(row, mapping), settings)
            except DataError as error:
                unusable.setdefault(error.do, (error, []))[1].append(place)
                continue
            state = _state(task, example, labelled)
            if state is not None:
                places.setdefault(state, []).append(place)
            if state is None or state[0] == "note":
                rows.usable.append(_check_row(task, place, example))
                if labelled:
                    rows.examples.append(example)
    except DataError as error:
        check.findings.append(_from_error("unreadable", error))
    check.findings += [
        Finding(
            "warning",
            "lines-left-out",
            f"{counted(len(lines), 'line')} left out: {reason}",
            "remove them from the file, or leave it as it is: no verb reads them",
            single([Place(part, line) for line in lines]),
        )
        for reason, lines in table.left_out.items()
    ]
    check.findings += [_row_error(error, found) for error, found in unusable.values()]
    check.findings += [_account(state, found) for state, found in places.items()]


def _state(task: Task, example: Any, labelled: bool) -> tuple[str, str] | None:
    """What there is to say of a row: a code and a reason, or None."""
    if not has_text(task, example):
        return ("empty-text", "with an empty text")
    if labelled and not has_target(task, example):
        return ("left-out", example.note) if example.note else ("no-label", "without a label")
    return ("note", example.note) if example.note else None


def _account(state: tuple[str, str], places: Sequence[Place]) -> Finding:
    code, reason = state
    if code == "note":
        return Finding(
            "note", "note", f"{counted(len(places), 'row')} with a note, {reason}", "", single(places)
        )
    return Finding(
        "warning",
        code,
        f"{counted(len(places), 'row')} {reason}",
        "fill them in or remove them: training leaves them out",
        single(places),
    )


def _row_error(error: DataError, places: Sequence[Place]) -> Finding:
    what = f"{counted(len(places), 'row')} that cannot be used; the first: expected {error.expected}, "
    return Finding("error", "row", f"{what}found {error.found}", error.do, single(places))


def _per_row(rows: Sequence[CheckRow], counts: Sequence[TokenCount]) -> list[TokenCount]:
    """The counts of each row's texts together."""
    of_texts = iter(counts)
    sums: list[TokenCount] = []
    for row in rows:
        parts = [next(of_texts) for _ in row.texts]
        sums.append(TokenCount(sum(part.tokens for part in parts), sum(part.unknown for part in parts)))
    return sums
