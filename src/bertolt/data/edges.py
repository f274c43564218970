"""Texts with labelled spans, or pairs of spans: what edge probing reads (Tenney et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bertolt.data.examples import Example

Span = tuple[int, int]

#: Why a target is left out, by name.
OUTSIDE = "a span outside its text"
EMPTY = "an empty span"
NO_TOKEN = "a span of which the tokenizer keeps no character"


@dataclass(frozen=True, slots=True)
class EdgeTarget:
    """A span, or a pair of spans, with its labels.

    Args:
        spans: one or two, as character offsets into the text, end excluded.
        labels: all that hold; none holds for a target of a task of several labels that has none.
    """

    spans: tuple[Span, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeExample(Example):
    """A text and its targets, maybe none."""

    text: str
    targets: tuple[EdgeTarget, ...]


@dataclass(slots=True)
class LeftOut:
    """What was not taken, by reason, with the lines on which it begins.

    Args:
        lines: of each reason, one for each target.
    """

    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, reason: str, line: int) -> None:
        """Counts one."""
        self.lines.setdefault(reason, []).append(line)

    def extend(self, other: LeftOut) -> None:
        """Takes in the counts of another."""
        for reason, lines in other.lines.items():
            self.lines.setdefault(reason, []).extend(lines)

    def counts(self) -> dict[str, int]:
        """How many of each reason."""
        return {reason: len(lines) for reason, lines in self.lines.items()}

    def notes(self, most: int = 5) -> list[str]:
        """A line for people for each reason."""
        found = []
        for reason, lines in self.lines.items():
            places = list(dict.fromkeys(lines))
            shown = ", ".join(map(str, places[:most])) + (", …" if len(places) > most else "")
            found.append(f"left out: {len(lines):,} × {reason} (line{'s' * (len(places) > 1)} {shown})")
        return found


def check_spans(example: EdgeExample, left_out: LeftOut) -> EdgeExample:
    """The example without targets that have a span that is empty or outside the text."""
    kept = []
    for target in example.targets:
        reason = next((found for span in target.spans if (found := _wrong(span, len(example.text)))), None)
        if reason is None:
            kept.append(target)
        else:
            left_out.add(reason, example.line)
    if len(kept) == len(example.targets):
        return example
    return EdgeExample(line=example.line, text=example.text, targets=tuple(kept))


def label_names(examples: Iterable[EdgeExample]) -> tuple[str, ...]:
    """Every label of some examples, in alphabetical order."""
    return tuple(sorted({label for each in examples for target in each.targets for label in target.labels}))


def one_label_each(examples: Iterable[EdgeExample]) -> bool:
    """Whether every target has exactly one label."""
    return all(len(target.labels) == 1 for each in examples for target in each.targets)


def word_types(text: str, spans: Sequence[Span]) -> tuple[str, ...]:
    """What is written in each span: the word type of a target of a word, as the control task needs it."""
    return tuple(text[start:stop] for start, stop in spans)


def _wrong(span: Span, length: int) -> str | None:
    start, stop = span
    if start >= stop:
        return EMPTY
    return OUTSIDE if start < 0 or stop > length else None
