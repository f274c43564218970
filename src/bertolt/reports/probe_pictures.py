"""Pictures of probes: tasks by layers, mixing weights, and a probe against its controls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bertolt.metrics.statistic import FloatArray
from bertolt.probing.record import ProbeFolder
from bertolt.probing.results import Figure, InputResult
from bertolt.reports.style import BLUE, GREY, LIGHT, ORANGE, Picture, canvas, shorten


def layers_picture(probes: Sequence[ProbeFolder]) -> Picture:
    """F1 of each task read from each single layer, as a heatmap."""
    table = _table([[_value(each.f1) for each in probe.results.layers] for probe in probes])
    with canvas(1.8 + 0.62 * table.shape[1], 1.1 + 0.5 * len(probes)) as (figure, (axes,)):
        axes.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        _cells(axes, table)
        _axes(axes, probes, table.shape[1])
    best = "; ".join(f"{probe.record.edge_task} best from {probe.results.best_layer}" for probe in probes)
    return Picture(
        "Tasks by layers",
        figure,
        f"F1 by task and layer: {best}.",
        "Each number is the F1 of a probe that reads one layer alone; layer 0 is the embeddings. Tasks stand "
        "in the order of their expected layer. Compare layers of one task, and not tasks: some are harder.",
    )


def mixing_picture(probes: Sequence[ProbeFolder]) -> Picture:
    """The mixing weights of all layers for each task, with their centre of gravity."""
    table = _table([_mean([each.weights for each in probe.results.mixes]) for probe in probes])
    centres = [float(np.mean([each.centre_of_gravity for each in probe.results.mixes])) for probe in probes]
    expected = [probe.results.expected_layer for probe in probes]
    with canvas(1.8 + 0.62 * table.shape[1], 1.5 + 0.5 * len(probes)) as (figure, (axes,)):
        axes.imshow(table, cmap="Greys", vmin=0, vmax=float(np.nanmax(table)) * 1.6, aspect="auto")
        rows = np.arange(len(probes))
        axes.plot(centres, rows, "o", color=BLUE, label="centre of gravity")
        named = [(_value(each), row) for each, row in zip(expected, rows, strict=True) if each is not None]
        if named:
            axes.plot(*zip(*named, strict=True), "D", color=ORANGE, label="expected layer")
        _axes(axes, probes, table.shape[1])
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.35 - 0.1 / len(probes)), ncols=2)
    listed = "; ".join(
        f"{probe.record.edge_task} {centre:.2f}" for probe, centre in zip(probes, centres, strict=True)
    )
    return Picture(
        "Mixing weights",
        figure,
        f"Centres of gravity of the mixing weights: {listed}.",
        "The darker a layer, the more of it the probe of all layers mixes in. The dot is the mean layer by "
        "these weights; the diamond the layer at which what the layers add comes together. Where nothing "
        "that is added can be shown, there is no diamond.",
    )


def controls_picture(probe: ProbeFolder) -> Picture:
    """F1 by layer, of the task, of random labels and of a network with random weights."""
    layers = probe.results.layers
    at = np.arange(len(layers))
    lexical = _value(probe.results.lexical.f1)
    with canvas(6.8, 3.6) as (figure, (axes,)):
        low, high = (np.asarray([_end(each, end) for each in layers]) for end in ("low", "high"))
        axes.fill_between(at, low, high, color=LIGHT, linewidth=0, alpha=0.6)
        axes.plot(at, [_value(each.f1) for each in layers], "o-", color=BLUE, label="the task")
        axes.plot(at, [_value(each.random) for each in layers], "s--", color=GREY, label="random network")
        axes.plot(at, [_value(each.control) for each in layers], "^:", color=ORANGE, label="random labels")
        axes.axhline(lexical, color=GREY, linewidth=0.8)
        axes.annotate("word pieces alone", (0, lexical), ha="left", va="top", color=GREY)
        axes.set(xlabel="layer", ylabel="micro-F1", ylim=(0, 1.02))
        axes.set_xticks(at)
        axes.legend(loc="lower left")
    best = probe.results.named(probe.results.best_layer)
    return Picture(
        f"Against the controls: {probe.record.edge_task}",
        figure,
        f"{best.name}: task {_value(best.f1):.3f}, random network {_value(best.random):.3f}, random labels "
        f"{_value(best.control):.3f}.",
        "What the network itself knows is the distance to the network with random weights and to word pieces "
        "alone. Random labels, one for each word, can only be learnt by heart: where that line is as high as "
        "the task's, a high F1 says nothing of the network.",
    )


def _axes(axes: Axes, probes: Sequence[ProbeFolder], layers: int) -> None:
    models = {probe.record.model for probe in probes}
    names = [
        probe.record.edge_task + (f" ({shorten(probe.record.model)})" if len(models) > 1 else "")
        for probe in probes
    ]
    axes.set_yticks(range(len(probes)), names)
    axes.set_xticks(range(layers))
    axes.set_xlabel("layer")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _cells(axes: Axes, table: FloatArray) -> None:
    for row, column in np.ndindex(*table.shape):
        if not np.isnan(table[row, column]):
            colour = "white" if table[row, column] > 0.55 else "#222831"
            axes.text(column, row, f"{table[row, column]:.2f}", ha="center", va="center", color=colour)


def _table(rows: Sequence[Sequence[float]]) -> FloatArray:
    """Rows as an array, filled up with NaN where models have fewer layers."""
    table = np.full((len(rows), max(map(len, rows))), np.nan)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _mean(rows: Sequence[Sequence[float]]) -> list[float]:
    return [float(value) for value in np.mean(np.asarray(rows), axis=0)]


def _value(figure: Figure | None) -> float:
    return float("nan") if figure is None or figure.value is None else figure.value


def _end(each: InputResult, end: str) -> float:
    found = each.f1.low if end == "low" else each.f1.high
    return float("nan") if found is None else found
