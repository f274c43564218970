"""The figures of a probe, as ``results.json`` holds them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bertolt.metrics.intervals import Estimate


class Frozen(BaseModel):
    """What is never changed, and has no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(Frozen):
    """A number with its 95% interval over the texts of the test part; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, found: Estimate) -> Figure:
        """From an estimate."""
        return cls(**found.to_dict())

    @property
    def above_zero(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low is not None and self.low > 0


class InputResult(Frozen):
    """What a probe of one input says, beside its controls.

    Args:
        name: of the input, such as ``layer 3``.
        top: the layer; see ``bank.Input``.
        mixed: whether it is a mix.
        validation: micro-F1 on the validation part, by which the best layer is chosen.
        f1: micro-F1 on the test part.
        differential: of a mix 0..k, what layer k adds.
        control: micro-F1 on the control task; None for mixes of a part of the layers, as the next three.
        selectivity: F1 less that on the control task.
        random: micro-F1 of the same probe on a network of random weights.
        above_random: F1 less that.
    """

    name: str
    top: int
    mixed: bool
    validation: float
    f1: Figure
    differential: Figure | None = None
    control: Figure | None = None
    selectivity: Figure | None = None
    random: Figure | None = None
    above_random: Figure | None = None


class MixResult(Frozen):
    """How the mix of all layers was learnt with one seed.

    Args:
        seed: of first weights, order and dropout.
        f1: on the test part.
        weights: of the layers 0..L.
        centre_of_gravity: their mean layer.
        divergence: from equal weights, in bits.
    """

    seed: int
    f1: float
    weights: tuple[float, ...]
    centre_of_gravity: float
    divergence: float


class LabelResult(Frozen):
    """One label on the test part: how often it stands there, and F1 of the best layer and of the mix."""

    name: str
    targets: int
    best_layer: float
    mix: float


class CodeResult(Frozen):
    """The online code of the training part's labels, read from one input.

    Args:
        name: of the input.
        targets: that were sent.
        blocks: ends of the blocks, in targets.
        bits: of each block; the first is sent with equal probabilities.
        length: in bits.
        uniform: bits with equal probabilities throughout.
        compression: ``uniform`` over ``length``.
    """

    name: str
    targets: int
    blocks: tuple[int, ...]
    bits: tuple[float, ...]
    length: float
    uniform: float
    compression: float


class ProbeResults(Frozen):
    """All figures of a probe.

    Args:
        inputs: single ones first, then mixes.
        best_layer: the name of the single layer that is best on the validation part.
        gain: F1 of all layers mixed less that of layer 0.
        expected_layer: None where the gain's interval does not lie above 0.
        mixes: of each seed.
        labels: the commonest first.
        official: the data's own measure of the mix, by name; empty where it has none.
        code: of word pieces alone, the best layer and the mix.
    """

    inputs: tuple[InputResult, ...]
    best_layer: str
    gain: Figure
    expected_layer: Figure | None
    mixes: tuple[MixResult, ...]
    labels: tuple[LabelResult, ...]
    official: dict[str, Figure]
    code: tuple[CodeResult, ...]

    def named(self, name: str) -> InputResult:
        """The result of an input."""
        return next(each for each in self.inputs if each.name == name)

    @property
    def mix(self) -> InputResult:
        """The mix of all layers."""
        return self.inputs[-1]

    @property
    def lexical(self) -> InputResult:
        """The word-piece embeddings alone."""
        return self.inputs[0]

    @property
    def layers(self) -> list[InputResult]:
        """The single layers, from 0."""
        return [each for each in self.inputs if not each.mixed and each.top >= 0]
