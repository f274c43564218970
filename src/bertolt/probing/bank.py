"""All probes of a run as one network: they share the data of a step and no parameter.

The probe of Tenney et al. (2019, "What do you learn from context?", §3.2): each span's token vectors are
projected (one linear layer for each of the two spans), pooled by self-attention, concatenated, and read by
an MLP of two layers (tanh, layer norm, dropout). What differs between probes is their input: the word-piece
embedding alone, one layer, or the layers 0..k in a learnt mix (Peters et al. 2018).

Axes: P probes, T tokens, S vectors of a token, D their width, M tokens of all spans, N targets, H the width
of a probe, K labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

LEXICAL = "lexical"
#: Scores of a mix are parameters times this. The published runs take some 50,000 steps at 1e-4, ours some
#: 1,200 at 1e-3: under Adam a parameter moves by at most the rate a step, and scores must move as far.
MIXING_SPEED = 10.0


@dataclass(frozen=True, slots=True)
class Input:
    """What a probe reads.

    Args:
        name: ``lexical``, ``layer 3`` or ``layers 0-3``.
        top: the layer, or the last one of the mix; -1 for the embedding alone.
        mixed: whether it is a mix of the layers 0..top.
    """

    name: str
    top: int
    mixed: bool = False


def layer(number: int) -> Input:
    """One layer alone; 0 is the output of the embedding layer."""
    return Input(f"layer {number}", number)


def mix(top: int) -> Input:
    """The layers 0..top in a learnt mix; of layer 0 alone there is nothing to mix."""
    return Input(f"layers 0-{top}", top, mixed=True) if top else layer(0)


def all_inputs(layers: int) -> list[Input]:
    """Every input of an encoder of ``layers`` layers, single ones first."""
    singles = [layer(number) for number in range(layers + 1)]
    return [Input(LEXICAL, -1), *singles, *(mix(top) for top in range(1, layers + 1))]


def control_inputs(layers: int) -> list[Input]:
    """The inputs that controls are measured on: all but the mixes of a part of the layers."""
    return [Input(LEXICAL, -1), *(layer(number) for number in range(layers + 1)), mix(layers)]


@dataclass(frozen=True, slots=True)
class Shape:
    """What all probes of a bank have in common.

    Args:
        width: of the encoder, D.
        spans: of a target, 1 or 2.
        labels: K.
        projection: width of the probe, H.
        dropout: its rate.
    """

    width: int
    spans: int
    labels: int
    projection: int = 256
    dropout: float = 0.3


@dataclass(frozen=True, slots=True)
class EdgeBatch:
    """Some targets and the states that their spans need.

    Args:
        states: of the tokens, shape (S, T, D): word-piece embedding, then the layers 0..L.
        tokens: for each span of a target, the tokens of all of them, shape (M,).
        owners: for each span of a target, the target of each of ``tokens``, in order, shape (M,).
        labels: whether each label holds, shape (N, K).
    """

    states: Tensor
    tokens: tuple[Tensor, ...]
    owners: tuple[Tensor, ...]
    labels: Tensor


class ProbeBank(nn.Module):
    """The probes of some inputs. All begin from the same weights and drop the same units, so that what
    a probe learns does not depend on which others are in the bank.

    Args:
        inputs: of the probes; P of them.
        shape: what they share.
        seed: of their first weights.
    """

    def __init__(self, inputs: Sequence[Input], shape: Shape, seed: int) -> None:
        super().__init__()
        # Mixes come last: only their inputs need a gradient.
        self.inputs = tuple(sorted(inputs, key=lambda each: each.mixed))
        self.shape = shape
        self._single = [each.top + 1 for each in self.inputs if not each.mixed]
        self._tops = [each.top for each in self.inputs if each.mixed]
        count, generator = len(self.inputs), torch.Generator().manual_seed(seed)
        self._depth = max(self._tops, default=0) + 1

        def linear(inputs: int, outputs: int) -> tuple[nn.Parameter, nn.Parameter]:
            """Weight (P, inputs, outputs) and bias, flat, as vectors are not decayed; as torch's Linear."""
            bound = 1 / math.sqrt(inputs)
            first = torch.empty(inputs + 1, outputs).uniform_(-bound, bound, generator=generator)
            weight, bias = first[:-1].repeat(count, 1, 1), first[-1].repeat(count)
            return nn.Parameter(weight), nn.Parameter(bias)

        width, labels = shape.projection, shape.labels
        projections = [linear(shape.width, width) for _ in range(shape.spans)]
        self.projection = nn.ParameterList(weight for weight, _ in projections)
        self.projection_bias = nn.ParameterList(bias for _, bias in projections)
        scores = [linear(width, 1)[0].detach().reshape(-1) for _ in range(shape.spans)]
        self.attention = nn.ParameterList(nn.Parameter(score) for score in scores)
        self.hidden, self.hidden_bias = linear(width * shape.spans, width)
        self.norm = nn.Parameter(torch.ones(count * width))
        self.norm_bias = nn.Parameter(torch.zeros(count * width))
        self.output, self.output_bias = linear(width, labels)
        self.mixing = nn.Parameter(torch.zeros(max(1, len(self._tops)) * self._depth))
        self.scale = nn.Parameter(torch.ones(max(1, len(self._tops))))
        for name, parameter in list(self.named_parameters()):
            self.register_buffer(_best_name(name), parameter.detach().clone())
        self.register_buffer("best_scores", torch.full((count,), -math.inf))

    def forward(self, batch: EdgeBatch) -> Tensor:
        """Logits of shape (P, N, K)."""
        pooled = [
            self._pool(self._project(batch.states, span), batch.tokens[span], batch.owners[span], span)
            for span in range(self.shape.spans)
        ]
        hidden = torch.tanh(
            torch.baddbmm(self._rows(self.hidden_bias), torch.cat(pooled, dim=2), self.hidden)
        )
        hidden = functional.layer_norm(hidden, (self.shape.projection,))
        hidden = hidden * self._rows(self.norm) + self._rows(self.norm_bias)
        if self.training and self.shape.dropout:
            kept = torch.rand(hidden.shape[1:], device=hidden.device) >= self.shape.dropout
            hidden = hidden * (kept / (1 - self.shape.dropout))
        return torch.baddbmm(self._rows(self.output_bias), hidden, self.output)

    def mixing_weights(self) -> Tensor:
        """The share of each layer in each mix, shape (mixes, L + 1); 0 above a mix's last layer."""
        if not self._tops:
            return torch.zeros(0, self._depth)
        scores = MIXING_SPEED * self.mixing.view(len(self._tops), self._depth)
        tops = torch.tensor(self._tops, device=scores.device)[:, None]
        above = torch.arange(self._depth, device=scores.device) > tops
        return torch.softmax(scores.masked_fill(above, -math.inf), dim=1)

    def keep_best(self, scores: Tensor) -> Tensor:
        """Keeps the weights of the probes that are better than ever.

        The best weights are buffers, so that a checkpoint holds them.

        Args:
            scores: of the probes, shape (P,); greater is better.

        Returns:
            The best score of each probe so far, shape (P,).
        """
        best = self.get_buffer("best_scores")
        better = scores.to(best.device) > best
        best[better] = scores.to(best.device)[better]
        for name, parameter in self.named_parameters():
            rows, own = self._by_probe(parameter, better)
            kept = self.get_buffer(_best_name(name)).view(rows, -1)
            kept[own] = parameter.detach().view(rows, -1)[own]
        return best

    def take_best(self) -> None:
        """Makes the best weights of each probe its weights."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(self.get_buffer(_best_name(name)))

    def _by_probe(self, parameter: nn.Parameter, chosen: Tensor) -> tuple[int, Tensor]:
        """How many probes share a parameter, and which of those are chosen."""
        if parameter is not self.mixing and parameter is not self.scale:
            return len(self.inputs), chosen
        own = chosen[len(self._single) :]
        return (len(self._tops), own) if self._tops else (1, chosen.new_zeros(1))

    def _project(self, states: Tensor, span: int) -> Tensor:
        """The tokens' vectors for each probe, shape (P, T, H)."""
        weight, bias = self.projection[span], self._rows(self.projection_bias[span])
        count = len(self._single)
        found = []
        if count:
            found.append(torch.baddbmm(bias[:count], states[self._single], weight[:count]))
        if self._tops:
            shares = self.mixing_weights() * self.scale[:, None]
            layers = states[1 : 1 + self._depth]
            mixed = (shares @ layers.flatten(1)).view(len(self._tops), *layers.shape[1:])
            found.append(torch.baddbmm(bias[count:], mixed, weight[count:]))
        return torch.cat(found) if len(found) > 1 else found[0]

    def _pool(self, projected: Tensor, tokens: Tensor, owners: Tensor, span: int) -> Tensor:
        """Self-attentive pooling of the tokens of each target's span, shape (P, N, H)."""
        chosen = projected[:, tokens]
        targets = int(owners[-1]) + 1
        if len(owners) == targets:  # spans of one token each, whose weight is 1
            return chosen
        scores = (chosen * self._rows(self.attention[span])).sum(dim=2)
        empty = scores.new_zeros(len(scores), targets)
        greatest = empty.scatter_reduce(
            1, owners.expand(len(scores), -1), scores.detach(), "amax", include_self=False
        )
        shares = torch.exp(scores - greatest[:, owners])
        total = empty.index_add(1, owners, shares)
        sums = chosen.new_zeros(len(chosen), targets, chosen.shape[2])
        return sums.index_add(1, owners, chosen * shares[:, :, None]) / total[:, :, None]

    def _rows(self, flat: Tensor) -> Tensor:
        """A flat parameter as (P, 1, its own width)."""
        return flat.view(len(self.inputs), 1, -1)


def _best_name(name: str) -> str:
    return f"best_{name.replace('.', '_')}"
