"""What a probe found, in two plain sentences."""

from __future__ import annotations

from bertolt.probing.edge_tasks import get_edge_task
from bertolt.probing.record import ProbeFolder
from bertolt.probing.results import Figure


def sentences(found: ProbeFolder) -> tuple[str, str]:
    """How well it can be read out, against the controls; and where."""
    results, layers = found.results, found.record.layers
    best = results.named(results.best_layer)
    what = get_edge_task(found.record.edge_task).what
    first = (
        f"{what[:1].upper()}{what[1:]}: {best.name} of {layers} gives it away best, F1 {shown(best.f1)}; "
        f"word pieces alone give {shown(results.lexical.f1)}, a network of random weights "
        f"{shown(best.random)}, and random labels, learnt by heart, {shown(best.control)}"
        f"{_selective(best.selectivity)}."
    )
    centre = sum(each.centre_of_gravity for each in results.mixes) / len(results.mixes)
    gain = results.gain
    if results.expected_layer is None:
        return first, (
            f"That the layers above the embeddings add anything cannot be shown (F1 of all mixed less layer "
            f"0 is {interval(gain)}), so no layer can be named."
        )
    return first, (
        f"All layers mixed give F1 {shown(results.mix.f1)}; what they add, {interval(gain)}, is expected at "
        f"layer {interval(results.expected_layer, 2)}, and the mixing weights centre on layer {centre:.1f}."
    )


def shown(figure: Figure | None) -> str:
    """A value without its interval."""
    return "undefined" if figure is None or figure.value is None else f"{figure.value:.3f}"


def interval(figure: Figure, digits: int = 3) -> str:
    """``0.054 (0.045 to 0.063)``."""
    if figure.value is None:
        return "undefined"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.{digits}f} (no interval)"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def _selective(selectivity: Figure | None) -> str:
    if selectivity is None or selectivity.low is None or selectivity.high is None:
        return ""
    if selectivity.low > 0:
        return ""
    if selectivity.high < 0:
        return ", which is more: the probe learns words by heart, and its F1 says little of the network"
    return ": no more can be shown than words learnt by heart"
