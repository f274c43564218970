"""The log of a run as series over its steps, counted through all phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bertolt.metrics.statistic import FloatArray

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """Figures over steps.

    Args:
        at: steps, counted through all phases, shape (n,).
        values: shape (n,).
    """

    at: FloatArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.at)


class RunRecords:
    """The records of ``read_log``, in order.

    Args:
        records: of steps, validations and events; others are passed over.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._steps = [each for each in records if each["kind"] == "step"]
        self._validations = [each for each in records if each["kind"] == "validation"]
        self._events = [each for each in records if each["kind"] == "event"]
        lengths: dict[str, float] = {}
        for each in self._steps:
            phase = each.get("phase", "")
            lengths[phase] = max(lengths.get(phase, 0), each["step"])
        self._begin: dict[str, float] = {}
        total = 0.0
        for phase, length in lengths.items():
            self._begin[phase] = total
            total += length

    def __len__(self) -> int:
        return len(self._steps)

    def phases(self) -> list[tuple[str, float]]:
        """The name of each phase and the step after which it begins."""
        return list(self._begin.items())

    def steps(self, name: str, otherwise: str | None = None, unless: str | None = None) -> Series:
        """A figure of the steps that have it.

        Args:
            name: of the figure.
            otherwise: that stands in where a step lacks it.
            unless: a figure of steps in which nothing stands in.
        """
        return self._series(self._steps, name, otherwise, unless)

    def validations(self, name: str) -> Series:
        """A figure of the validations that have it."""
        return self._series(self._validations, name)

    def shares(self) -> dict[str, Series]:
        """The share of the outputs that each label has, by label."""
        names = dict.fromkeys(name for each in self._steps for name in each if name.startswith("share "))
        return {name.removeprefix("share "): self.steps(name) for name in names}

    def events(self) -> list[tuple[float, str, bool]]:
        """What happened: after which step, in words, and whether it is bad news."""
        return [(self._at(each), str(each["text"]), bool(each.get("alarm", 0))) for each in self._events]

    def _at(self, record: Record) -> float:
        return float(self._begin.get(record.get("phase", ""), 0.0) + record["step"])

    def _series(
        self,
        records: Sequence[Record],
        name: str,
        otherwise: str | None = None,
        unless: str | None = None,
    ) -> Series:
        found = []
        for each in records:
            value = each.get(name)
            if value is None and otherwise is not None and (unless is None or unless not in each):
                value = each.get(otherwise)
            if value is not None:
                found.append((self._at(each), value))
        array = np.asarray(sorted(found, key=lambda pair: pair[0]), dtype=np.float64).reshape(-1, 2)
        return Series(array[:, 0], array[:, 1])
