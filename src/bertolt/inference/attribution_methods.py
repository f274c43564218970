"""How much each token moves a number: integrated gradients over input embeddings, by few steps or by many.

Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks" (https://arxiv.org/abs/1703.01365):
the gradient is averaged on the straight way from a baseline, which says nothing, to the input, and
multiplied by the way. The attributions add up to what the number changes from the baseline to the input,
but for the error of the average. Shapes: R rows that are computed at once, T tokens, H dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from bertolt.errors import MissingExtraError, SettingError

Method = Literal["fast", "integrated-gradients"]
METHODS: tuple[Method, ...] = get_args(Method)

#: Embeddings (R, T, H) to one number a row, (R,).
Function = Callable[[Tensor], Tensor]

#: Points of the fast method, chosen by the study explain-agreement: see docs/explain.md.
FAST_POINTS = 6
#: Points of the reference.
MANY_POINTS = 64


def check_method(name: str) -> Method:
    """The method of a name.

    Raises:
        SettingError: another name.
    """
    for method in METHODS:
        if name == method:
            return method
    raise SettingError(f"a method out of {', '.join(METHODS)}", repr(name), "choose one of those")


def few_points(
    function: Function, embedded: Tensor, baseline: Tensor, *, points: int = FAST_POINTS, rows: int = 64
) -> Tensor:
    """Integrated gradients by the midpoint rule.

    With few points it comes nearer than Gauss and Legendre's, which the sharp turn of a layer's
    normalisation near the baseline leads astray.

    Args:
        function: what is explained.
        embedded: the input, shape (T, H).
        baseline: of the same shape.
        points: of the rule: so many passes forward and back.
        rows: how many of them are computed at once, at most.

    Returns:
        The attribution of each token, shape (T,).
    """
    way = embedded - baseline
    total = torch.zeros_like(way)
    steps = ((torch.arange(points) + 0.5) / points).to(way)
    for start in range(0, points, rows):
        inputs = (baseline + steps[start : start + rows, None, None] * way).requires_grad_()
        (gradient,) = torch.autograd.grad(function(inputs).sum(), inputs)
        total += gradient.sum(dim=0)
    return (total / points * way).sum(dim=1)


def many_points(
    function: Function, embedded: Tensor, baseline: Tensor, *, points: int = MANY_POINTS, rows: int = 64
) -> Tensor:
    """The reference: captum's integrated gradients, arguments and result as of ``few_points``.

    Raises:
        MissingExtraError: captum is not installed.
    """
    try:
        from captum.attr import IntegratedGradients
    except ImportError as error:
        raise MissingExtraError("explain", "the method integrated-gradients") from error
    gradients: Any = IntegratedGradients(function)
    found: Tensor = gradients.attribute(
        embedded[None].requires_grad_(),
        baselines=baseline[None],
        n_steps=points,
        method="gausslegendre",
        internal_batch_size=rows,
    )
    return found[0].sum(dim=1).detach()
