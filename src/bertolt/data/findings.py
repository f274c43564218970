"""What a check has to say of data: findings, each with its rows and one sentence of advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands.

    Args:
        part: the table or split.
        line: of the file, 1-based.
    """

    part: str
    line: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A row as the checks see it.

    Args:
        place: where it stands.
        texts: its strings, in the task's order.
        labels: its label, or its labels where several can hold; empty where there is none.
    """

    place: Place
    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Args:
        level: an error keeps training from using the data; a warning is worth a look; a note says what is.
        code: its short name, such as ``"duplicate"``.
        what: a sentence without a full stop.
        do: one sentence of advice; empty for a note that needs none.
        groups: the rows that it is about: one group a row, or one a set of rows that belong together.
    """

    level: Level
    code: str
    what: str
    do: str = ""
    groups: tuple[tuple[Place, ...], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it, as ``--json`` prints it; a group is a list of ``{"part", "line"}``."""
        groups = [[{"part": place.part, "line": place.line} for place in group] for group in self.groups]
        return {"level": self.level, "code": self.code, "what": self.what, "do": self.do, "rows": groups}

    def lines(self, most: int = 8) -> str:
        """The rows for people, at most ``most`` groups: ``lines 3, 7 and 12 = 40 (and 5 more)``."""
        if not self.groups:
            return ""
        several = len({place.part for group in self.groups for place in group}) > 1

        def show(place: Place) -> str:
            return f"{place.part} {place.line}" if several else str(place.line)

        shown = []
        for group in self.groups[:most]:
            more = f" = … ({len(group)} rows)" if len(group) > 4 else ""
            shown.append(" = ".join(show(place) for place in group[:4]) + more)
        more = f" and {len(self.groups) - most:,} more" if len(self.groups) > most else ""
        return f"line{'s' * (len(self.groups) > 1 or len(self.groups[0]) > 1)} {', '.join(shown)}{more}"


def single(places: Sequence[Place]) -> tuple[tuple[Place, ...], ...]:
    """Each place as a group of its own."""
    return tuple((place,) for place in places)
