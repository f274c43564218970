"""Two probes of one task on the same texts, layer by layer: what fine-tuning did to the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.errors import InputError
from bertolt.metrics.paired import Difference, paired
from bertolt.metrics.probing import counted_f1, expected_layer_statistic
from bertolt.metrics.statistic import Statistic
from bertolt.probing.record import ProbeFolder, load_counts, load_probe
from bertolt.probing.results import Figure
from bertolt.wording import counted


@dataclass(frozen=True, slots=True)
class InputChange:
    """F1 of one input in both, and B less A with its 95% interval over texts."""

    name: str
    a: Figure
    b: Figure
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        shared = {"name": self.name, "a": self.a.model_dump(), "b": self.b.model_dump()}
        return {**shared, "difference": self.difference.to_dict()}


@dataclass(frozen=True, slots=True)
class ProbeComparison:
    """Two probes beside each other.

    Args:
        task: what both read out.
        a, b: the models.
        n: texts of the test part.
        inputs: those that both have, in the order of A.
        expected_layer: B's less A's; None where one of them has none.
        centre: of gravity of the first seed's mixing weights, of A and of B.
    """

    task: str
    a: str
    b: str
    n: int
    inputs: tuple[InputChange, ...]
    expected_layer: Difference | None
    centre: tuple[float, float]

    @property
    def verdict(self) -> str:
        """The answer in one sentence: the layers that lost or won beyond chance."""
        lost = [each.name for each in self.inputs if each.difference.high < 0]
        won = [each.name for each in self.inputs if each.difference.low > 0]
        if not lost and not won:
            return f"no difference can be shown at any layer on {counted(self.n, 'text')}"
        parts = [f"more in {', '.join(won)}"] * bool(won) + [f"less in {', '.join(lost)}"] * bool(lost)
        texts = counted(self.n, "text")
        return f"{self.task} can be read out of B {' and '.join(parts)} than out of A ({texts})"

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "task": self.task,
            "a": self.a,
            "b": self.b,
            "verdict": self.verdict,
            "n": self.n,
            "inputs": [each.to_dict() for each in self.inputs],
            "expected_layer": None if self.expected_layer is None else self.expected_layer.to_dict(),
            "centre_of_gravity": {"a": self.centre[0], "b": self.centre[1]},
        }


def compare_probes(folder_a: Path, folder_b: Path) -> ProbeComparison:
    """Compares two probe folders.

    The intervals are of the paired bootstrap over texts; they do not hold what another seed would change.

    Raises:
        FolderError: a folder is damaged.
        InputError: the probes are of different tasks, or were measured on different texts.
    """
    a, b = load_probe(folder_a), load_probe(folder_b)
    if a.record.edge_task != b.record.edge_task:
        raise InputError(
            "two probes of one edge task",
            f"{a.record.edge_task} and {b.record.edge_task}",
            "compare probes of the same task, made of two models",
        )
    if a.record.data["test"] != b.record.data["test"]:
        raise InputError(
            "two probes that were measured on the same targets",
            "different ones",
            "give both the same --test, or the same DATA and --seed (tokenizers may drop other spans)",
        )
    of_a, of_b = _statistics(a), _statistics(b)
    n = a.record.texts["test"]
    shared = [each for each in a.results.inputs if each.name in of_b]
    shift = None
    if a.results.expected_layer is not None and b.results.expected_layer is not None:
        shift = paired(expected_layer_statistic(_curve(a)), expected_layer_statistic(_curve(b)), n)
    return ProbeComparison(
        task=a.record.edge_task,
        a=a.record.model,
        b=b.record.model,
        n=n,
        inputs=tuple(
            InputChange(
                each.name,
                each.f1,
                b.results.named(each.name).f1,
                paired(of_a[each.name], of_b[each.name], n),
            )
            for each in shared
        ),
        expected_layer=shift,
        centre=(a.results.mixes[0].centre_of_gravity, b.results.mixes[0].centre_of_gravity),
    )


def _statistics(probe: ProbeFolder) -> Mapping[str, Statistic]:
    counts = load_counts(probe.path)
    gold = counts["gold"] + counts["unseen"]
    rows = zip(probe.results.inputs, counts["hits"], counts["predicted"], strict=True)
    return {each.name: counted_f1(hits, gold, predicted) for each, hits, predicted in rows}


def _curve(probe: ProbeFolder) -> list[Statistic]:
    found = _statistics(probe)
    mixes = [each.name for each in probe.results.inputs if each.mixed]
    return [found["layer 0"], *(found[name] for name in mixes)]
