"""``bertolt check``: a task's data, read row by row, with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bertolt.data.checks import LabelUse, check_near_duplicates, quick_check
from bertolt.data.columns import rename
from bertolt.data.encoding import undecodable_lines
from bertolt.data.findings import CheckRow, Finding, Place, single
from bertolt.data.lengths import CountTokens, Lengths, length_findings, measure_lengths
from bertolt.data.readers.options import ReadSettings
from bertolt.data.sources import Split as Part
from bertolt.data.sources import open_source
from bertolt.data.splits import MIN_FOR_TEST, labels_of
from bertolt.data.table import Table
from bertolt.data.tokenizer import TokenCount
from bertolt.data.unknown import unknown_findings
from bertolt.errors import DataError
from bertolt.progress import Progress
from bertolt.tasks.reading import ColumnChoice, Located, has_text, locate_columns
from bertolt.tasks.table_labels import (
    labels_in,
    meaning_notes,
    no_label_marker,
    note_meaning,
    strange_error,
    strange_labels,
)
from bertolt.tasks.task import Task, TaskSettings, has_target
from bertolt.wording import counted

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


@dataclass(frozen=True, slots=True)
class _Example:
    """An example that can be used.

    Args:
        place: where it stands.
        example: the task's record.
        role: the part of a training that it is for.
        labelled: whether its table has labels.
    """

    place: Place
    example: Any
    role: Part
    labelled: bool


def check_data(
    data: Sequence[str],
    task: Task,
    settings: TaskSettings,
    choice: ColumnChoice,
    *,
    counter: CountTokens | None,
    seconds: float = 60.0,
    progress: Progress | None = None,
    held_out: Mapping[Part, str] | None = None,
) -> DataCheck:
    """Looks at data without training on it.

    Args:
        data: one DATA, or several that belong together, such as a training and a test file.
        task: what is to be learnt.
        settings: the task's.
        choice: the columns that the user named; its verb says what the data is for: ``train``,
            ``evaluate`` or, without labels, ``adapt``.
        counter: counts the tokens of texts; None leaves lengths out.
        seconds: that the search for near-duplicates may take.
        progress: is advanced by 1 a row of that search.
        held_out: the DATA of ``--validation`` and ``--test``.

    Raises:
        DataError, UnknownNameError: there is no such file or name.
    """
    check = DataCheck()
    rows: list[_Example] = []
    given: list[tuple[str, Part | None]] = [(name, None) for name in data]
    given += [(name, part) for part, name in (held_out or {}).items()]
    for name, role in given:
        for part, table in _tables(name, task, check, choice.read):
            named: Part = role or (part if part in ("validation", "test") else "train")  # type: ignore[assignment]
            rows += _read(_free(part, check), table, (task, settings, choice), check, named)
    rows = _settle_no_label(task, settings, rows, check)
    use = label_use(task, rows, choice, cut=held_out or ())
    if use.learnt:
        check.findings += _label_errors(task, settings, rows)
    usable = [_check_row(task, each.place, each.example) for each in rows]
    check.findings += quick_check(usable, use)
    if usable and counter is not None:
        counts = _per_row(usable, counter([text for row in usable for text in row.texts]))
        check.lengths = measure_lengths(counts, policies=task.policies)
        check.findings += length_findings(check.lengths)
        check.findings += unknown_findings([row.place for row in usable], counts)
    check.findings += check_near_duplicates(usable, seconds=seconds, progress=progress)
    check.findings.sort(key=lambda finding: _ORDER[finding.level])
    return check


def _free(part: str, check: DataCheck) -> str:
    """The name of a part, with a number where another file has the same name."""
    number, name = 1, part
    while name in check.parts:
        number += 1
        name = f"{part} ({number})"
    return name


def label_use(
    task: Task, rows: Sequence[_Example], choice: ColumnChoice, *, cut: Collection[Part] = ()
) -> LabelUse:
    """What the labels of the data are for; ``cut`` names the parts that need not be cut off."""
    roles = {each.role for each in rows} | set(cut)
    train = sum(each.role == "train" for each in rows)
    named = "validation" in roles and "validation" not in cut
    parts = 1 + ("validation" not in roles) + ("test" not in roles and not named and train >= MIN_FOR_TEST)
    return LabelUse(
        tags=is_tagging(task), learnt=choice.verb[0] == "train", least=parts, balance=_balance(task)
    )


def is_tagging(task: Task) -> bool:
    """Whether a task has a tag for each word."""
    return any(column.name == "tags" and column.target for column in task.columns)


def _balance(task: Task) -> str:
    """The advice for data in which some labels are rare: by the figures that the task has."""
    weight = "try --class-weight balanced"
    if is_tagging(task):
        return f"the rare tag is learnt from few words: {weight}"
    if task.metric == "macro_f1":
        return f"look at macro_f1 rather than micro_f1, and {weight}"
    if "macro_f1" in getattr(task, "chosen", ()):
        return f"look at macro_f1 rather than accuracy, and {weight}"
    if "matthews" in getattr(task, "chosen", ()):
        return f"look at matthews rather than accuracy, and {weight}"
    return f"look at {task.metric}, and add rows of the rare label"


def _settle_no_label(
    task: Task, settings: TaskSettings, rows: list[_Example], check: DataCheck
) -> list[_Example]:
    """Leaves out the rows whose label stands for no label, with findings; see ``no_label_marker``."""
    known = labels_in(task, [each.example for each in rows if each.role == "train" and each.labelled])
    marker, note = no_label_marker(settings, known)
    if note:
        check.findings.append(Finding("note", "no-label", note))
    without = [each for each in rows if each.labelled and task.stratum(each.example) == marker]
    if not marker or not without:
        return rows
    state = ("no-label", f"without a label ({marker})")
    check.findings.append(_account(state, [each.place for each in without]))
    gone = {id(each) for each in without}
    return [each for each in rows if id(each) not in gone]


def _label_errors(task: Task, settings: TaskSettings, rows: Sequence[_Example]) -> list[Finding]:
    """What training would refuse: labels that it cannot learn, and labels that only another part has."""
    train = [each.example for each in rows if each.labelled and each.role == "train"]
    findings = []
    labels: Collection[str] = ()
    if train:
        try:
            labels = task.label_names(train, settings)
        except DataError as error:
            return [_from_error("labels", error)]
    for role in ("validation", "test"):
        others = [each for each in rows if each.labelled and each.role == role]
        strange = strange_labels(task, [each.example for each in others], labels, train)
        if train and strange:
            refused = strange_error(strange, role)
            places = [
                each.place for each in others if set(labels_of(task.stratum(each.example))) & strange.keys()
            ]
            what = f"expected {refused.expected}; found {refused.found}"
            findings.append(Finding("error", "strange-labels", what, refused.do, single(places)))
    return findings


def check_rows(task: Task, part: str, examples: Sequence[Any]) -> list[CheckRow]:
    """Examples as the checks see them."""
    return [_check_row(task, Place(part, example.line), example) for example in examples]


def quick_notes(task: Task, parts: Mapping[str, Sequence[Any]]) -> list[str]:
    """What the quick part of the check has to say of a training's examples, a line a warning."""
    rows = [row for part, examples in parts.items() for row in check_rows(task, part, examples)]
    use = LabelUse(tags=is_tagging(task), balance=_balance(task))
    return [
        f"{finding.level}: {finding.what}"
        + (f" ({finding.lines(3)})" if finding.groups else "")
        + (f"; {finding.do}" if finding.do else "")
        for finding in quick_check(rows, use)
        if finding.level != "note"
    ]


def _check_row(task: Task, place: Place, example: Any) -> CheckRow:
    stratum = task.stratum(example) if has_target(task, example) else None
    labels = (stratum,) if isinstance(stratum, str) else tuple(stratum or ())
    return CheckRow(place, task.texts(example), labels)


def _tables(name: str, task: Task, check: DataCheck, options: ReadSettings) -> list[tuple[str, Table]]:
    path = Path(name)
    try:
        if path.is_file():
            foreign = undecodable_lines(path, options)
            if foreign:
                check.findings.append(_not_utf8(path.name, foreign))
                return []
        source = open_source(name, task.layouts, options)
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
        f"{part}: {counted(len(lines), 'line that is', 'lines that are')} not in UTF-8",
        "name the encoding that it has, such as --encoding cp1252, or save it as UTF-8 (in Excel: CSV UTF-8)",
        single([Place(part, line) for line in lines]),
    )


def _from_error(code: str, error: DataError) -> Finding:
    return Finding("error", code, f"expected {error.expected}; found {error.found}", error.do)


def _locate(
    task: Task, table: Table, settings: TaskSettings, choice: ColumnChoice, check: DataCheck
) -> Located | None:
    """The columns; without targets where the table has none; None where it lacks a text."""
    targets = choice.verb[0] in ("train", "evaluate")
    try:
        if targets:
            return locate_columns(task, table, settings, choice)
    except DataError as error:
        check.findings.append(_from_error("columns", error))
    try:
        return locate_columns(task, table, settings, choice, targets=False)
    except DataError as error:
        if not targets:
            check.findings.append(_from_error("columns", error))
        return None


def _read(
    part: str,
    table: Table,
    how: tuple[Task, TaskSettings, ColumnChoice],
    check: DataCheck,
    role: Part,
) -> list[_Example]:
    task, settings, choice = how
    rows: list[_Example] = []
    check.findings += [Finding("note", "file", f"{part}: {note}") for note in table.notes]
    located = _locate(task, table, settings, choice, check)
    if located is None:
        return rows
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
    meanings: dict[str, str] = {}
    try:
        for row in table:
            check.parts[part] += 1
            place = Place(part, row.line)
            try:
                example = task.example(rename(row, mapping), settings)
            except DataError as error:
                unusable.setdefault(error.do, (error, []))[1].append(place)
                continue
            if labelled:
                note_meaning(rename(row, mapping), example, meanings)
            state = _state(task, example, labelled)
            if state is not None:
                places.setdefault(state, []).append(place)
            if state is None or state[0] == "note":
                rows.append(_Example(place, example, role, labelled))
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
    check.findings += [Finding("note", "labels-read", f"{part}: {note}") for note in meaning_notes(meanings)]
    check.findings += [_row_error(error, found) for error, found in unusable.values()]
    check.findings += [_account(state, found) for state, found in places.items()]
    return rows


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
    what = f"{counted(len(places), 'row')} cannot be used; the first: expected {error.expected}, "
    return Finding("error", "row", f"{what}found {error.found}", error.do, single(places))


def _per_row(rows: Sequence[CheckRow], counts: Sequence[TokenCount]) -> list[TokenCount]:
    """The counts of each row's texts together."""
    of_texts = iter(counts)
    sums: list[TokenCount] = []
    for row in rows:
        parts = [next(of_texts) for _ in row.texts]
        sums.append(TokenCount(sum(part.tokens for part in parts), sum(part.unknown for part in parts)))
    return sums
