"""From what the probes say to the figures of a probe, each with its interval over texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bertolt.metrics.intervals import estimate
from bertolt.metrics.probing import (
    centre_of_gravity,
    counted_f1,
    difference,
    divergence_from_uniform,
    expected_layer_statistic,
)
from bertolt.metrics.relations import directed_macro_f1
from bertolt.metrics.statistic import Statistic
from bertolt.probing.bank import Input, ProbeBank
from bertolt.probing.corpus import ProbeData
from bertolt.probing.objective import Outcome
from bertolt.probing.results import CodeResult, Figure, InputResult, LabelResult, MixResult, ProbeResults

_OFFICIAL = "official "


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on the test part.

    Args:
        inputs: of the probes of the task, in the order of its outcome.
        validation: micro-F1 of each on the validation part.
        task: the probes themselves.
        control: on the control task.
        random: on the network of random weights.
        mixes: of each seed.
        code: the description lengths.
    """

    inputs: Sequence[Input]
    validation: Sequence[float]
    task: Outcome
    control: Outcome
    random: Outcome
    mixes: Sequence[MixResult]
    code: Sequence[CodeResult]


def best_layer(inputs: Sequence[Input], validation: Sequence[float]) -> Input:
    """The single layer with the greatest score on the validation part; the lowest of equals."""
    pairs = [(score, each) for score, each in zip(validation, inputs, strict=True) if _single(each)]
    return max(pairs, key=lambda pair: (pair[0], -pair[1].top))[1]


def mix_result(bank: ProbeBank, outcome: Outcome, seed: int) -> MixResult:
    """How the mix of all layers, the last probe of a bank, was learnt."""
    weights = bank.mixing_weights()[-1].detach().double().cpu().numpy()
    weights /= weights.sum()
    return MixResult(
        seed=seed,
        f1=float(outcome.f1()[-1]),
        weights=tuple(weights.tolist()),
        centre_of_gravity=centre_of_gravity(weights),
        divergence=divergence_from_uniform(weights),
    )


def figures(measured: Measured, data: ProbeData) -> ProbeResults:
    """All figures of a probe."""
    statistics = _statistics(measured, data)
    estimates = estimate(statistics, len(data.parts["test"]))
    found = {name: Figure.of(each) for name, each in estimates.items()}
    best = best_layer(measured.inputs, measured.validation).name
    return ProbeResults(
        inputs=tuple(
            InputResult(
                name=each.name,
                top=each.top,
                mixed=each.mixed,
                validation=score,
                f1=found[f"task {each.name}"],
                differential=found.get(f"differential {each.name}"),
                control=found.get(f"control {each.name}"),
                selectivity=found.get(f"selectivity {each.name}"),
                random=found.get(f"random {each.name}"),
                above_random=found.get(f"above {each.name}"),
            )
            for each, score in zip(measured.inputs, measured.validation, strict=True)
        ),
        best_layer=best,
        gain=found["gain"],
        expected_layer=found["expected"] if found["gain"].above_zero else None,
        mixes=tuple(measured.mixes),
        labels=_labels(measured.task, data, best),
        official={
            name.removeprefix(_OFFICIAL): each for name, each in found.items() if name.startswith(_OFFICIAL)
        },
        code=tuple(measured.code),
    )


def _statistics(measured: Measured, data: ProbeData) -> dict[str, Statistic]:
    """Every statistic over the texts of the test part, by a kind and the name of an input."""
    unseen = data.unseen[data.parts["test"]]
    of_task = _f1_by_name(measured.task, unseen)
    of_control = _f1_by_name(measured.control, np.zeros_like(unseen))
    of_random = _f1_by_name(measured.random, unseen)
    statistics: dict[str, Statistic] = {f"task {name}": each for name, each in of_task.items()}
    for name, each in of_control.items():
        statistics[f"control {name}"] = each
        statistics[f"selectivity {name}"] = difference(of_task[name], each)
    for name, each in of_random.items():
        statistics[f"random {name}"] = each
        statistics[f"above {name}"] = difference(of_task[name], each)
    mixes = [each.name for each in measured.inputs if each.mixed]
    curve = [of_task["layer 0"], *(of_task[name] for name in mixes)]
    for name, (below, at) in zip(mixes, pairwise(curve), strict=True):
        statistics[f"differential {name}"] = difference(at, below)
    statistics["gain"] = difference(curve[-1], curve[0])
    statistics["expected"] = expected_layer_statistic(curve)
    official = _official(measured, data)
    return statistics | {f"{_OFFICIAL}{name}": each for name, each in official.items()}


def _single(each: Input) -> bool:
    return not each.mixed and each.top >= 0


def _f1_by_name(
    outcome: Outcome, unseen: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> Mapping[str, Statistic]:
    gold = outcome.gold + unseen
    rows = zip(outcome.names, outcome.hits, outcome.predicted, strict=True)
    return {name: counted_f1(hits, gold, predicted) for name, hits, predicted in rows}


def _labels(outcome: Outcome, data: ProbeData, best: str) -> tuple[LabelResult, ...]:
    total = outcome.label_gold[None] + outcome.label_predicted
    f1 = np.divide(2 * outcome.label_hits, total, out=np.zeros(total.shape), where=total > 0)
    place = outcome.names.index(best)
    rows = [
        LabelResult(
            name=name,
            targets=int(outcome.label_gold[column]),
            best_layer=float(f1[place, column]),
            mix=float(f1[-1, column]),
        )
        for column, name in enumerate(data.labels)
    ]
    return tuple(sorted(rows, key=lambda row: -row.targets))


def _official(measured: Measured, data: ProbeData) -> dict[str, Statistic]:
    """The macro-F1 of SemEval-2010 task 8, where the data is of its kind: one relation a text."""
    examples = data.of("test")
    if "Other" not in data.task.negative or any(len(each.targets) != 1 for each in examples):
        return {}
    gold = [each.targets[0].labels[0] for each in examples]
    if set(gold) <= {"Other"}:
        return {}
    predicted = [data.labels[top] for top in measured.task.top[-1]]
    return {"SemEval macro-F1": directed_macro_f1(gold, predicted)}
