"""The bank: pooling and mixing by hand, and probes that do not feel each other."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bertolt.probing.bank import EdgeBatch, Input, ProbeBank, Shape, all_inputs, control_inputs, layer, mix
from bertolt.training.optimisation import make_optimiser

LAYERS = 3
SHAPE = Shape(width=6, spans=2, labels=4, projection=5, dropout=0.0)


def _batch(seed: int = 0) -> EdgeBatch:
    """Three targets over seven tokens; the first span of the second has three tokens."""
    generator = torch.Generator().manual_seed(seed)
    return EdgeBatch(
        states=torch.randn(LAYERS + 2, 7, SHAPE.width, generator=generator),
        tokens=(torch.tensor([0, 2, 3, 4, 6]), torch.tensor([1, 5, 0])),
        owners=(torch.tensor([0, 1, 1, 1, 2]), torch.tensor([0, 1, 2])),
        labels=torch.randn(3, SHAPE.labels, generator=generator) > 0,
    )


def _alone(bank: ProbeBank, place: int, inputs: Tensor, batch: EdgeBatch) -> Tensor:
    """The logits of one probe, written out target by target."""
    width = SHAPE.projection

    def own(flat: Tensor, size: int) -> Tensor:
        return flat.view(len(bank.inputs), size)[place]

    rows = []
    for target in range(3):
        pooled = []
        for span in range(2):
            tokens = batch.tokens[span][batch.owners[span] == target]
            vectors = inputs[tokens] @ bank.projection[span][place] + own(bank.projection_bias[span], width)
            shares = torch.softmax(vectors @ own(bank.attention[span], width), dim=0)
            pooled.append((shares[:, None] * vectors).sum(dim=0))
        hidden = torch.tanh(torch.cat(pooled) @ bank.hidden[place] + own(bank.hidden_bias, width))
        normed = torch.nn.functional.layer_norm(
            hidden, (width,), own(bank.norm, width), own(bank.norm_bias, width)
        )
        rows.append(normed @ bank.output[place] + own(bank.output_bias, SHAPE.labels))
    return torch.stack(rows)


def _shaken(inputs: list[Input]) -> ProbeBank:
    bank = ProbeBank(inputs, SHAPE, seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in bank.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return bank


def test_every_probe_is_what_it_would_be_alone() -> None:
    bank, batch = _shaken(all_inputs(LAYERS)), _batch()
    logits = bank(batch)
    assert logits.shape == (len(bank.inputs), 3, SHAPE.labels)
    weights = bank.mixing_weights()
    for place, each in enumerate(bank.inputs):
        if each.mixed:
            row = weights[[i for i in bank.inputs if i.mixed].index(each)]
            scale = bank.scale[[i for i in bank.inputs if i.mixed].index(each)]
            inputs = scale * (row[:, None, None] * batch.states[1 : LAYERS + 2]).sum(dim=0)
        else:
            inputs = batch.states[each.top + 1]
        torch.testing.assert_close(logits[place], _alone(bank, place, inputs, batch))


def test_a_mix_of_the_first_layers_does_not_see_those_above() -> None:
    bank = _shaken(all_inputs(LAYERS))
    weights = bank.mixing_weights()
    assert weights.shape == (LAYERS, LAYERS + 1)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(LAYERS))
    assert weights[0, 2:].tolist() == [0, 0]
    fresh = ProbeBank([mix(LAYERS)], SHAPE, seed=0).mixing_weights()
    torch.testing.assert_close(fresh, torch.full((1, LAYERS + 1), 1 / (LAYERS + 1)))
    assert [each.name for each in control_inputs(2)] == [
        "lexical",
        "layer 0",
        "layer 1",
        "layer 2",
        "layers 0-2",
    ]
    assert mix(0) == layer(0)


def test_a_probe_learns_the_same_whoever_learns_beside_it() -> None:
    shape = Shape(width=6, spans=2, labels=4, projection=5, dropout=0.3)
    batch = _batch()

    def learnt(inputs: list[Input]) -> Tensor:
        bank = ProbeBank(inputs, shape, seed=3).train()
        optimiser = make_optimiser(bank, 1e-2)
        for step in range(5):
            torch.manual_seed(step)
            gold = batch.labels.float().expand(len(inputs), -1, -1)
            logits = bank(batch)
            torch.nn.functional.binary_cross_entropy_with_logits(logits, gold, reduction="sum").backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            optimiser.zero_grad()
        found: Tensor = bank.eval()(batch)[-1]
        return found

    torch.testing.assert_close(learnt([mix(LAYERS)]), learnt(all_inputs(LAYERS)))


def test_each_probe_keeps_its_own_best_weights() -> None:
    bank = ProbeBank([layer(0), layer(1), mix(2)], SHAPE, seed=0)
    bank.keep_best(torch.tensor([0.5, 0.5, 0.5]))
    first = bank.output.detach().clone(), bank.mixing.detach().clone()
    with torch.no_grad():
        for parameter in bank.parameters():
            parameter.add_(1.0)
    best = bank.keep_best(torch.tensor([0.4, 0.6, math.nan]))
    assert best.tolist() == [0.5, torch.tensor(0.6).item(), 0.5]
    bank.take_best()
    torch.testing.assert_close(bank.output.detach()[0], first[0][0])
    torch.testing.assert_close(bank.output.detach()[1], first[0][1] + 1)
    torch.testing.assert_close(bank.output.detach()[2], first[0][2])
    torch.testing.assert_close(bank.mixing.detach(), first[1])
