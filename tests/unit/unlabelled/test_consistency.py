"""The objective against a computation by hand; a target without gradient; collapse and rollback; resuming."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from bertolt.errors import SettingError
from bertolt.inference.engine import tensors
from bertolt.tasks.task import typed_values
from bertolt.training.method import TrainingContext
from bertolt.training.supervised import SupervisedData
from bertolt.unlabelled.consistency import Consistency, ConsistencyNetwork, Recipe
from bertolt.unlabelled.consistency_data import ConsistencyBatch, ConsistencySteps, Sizes
from bertolt.unlabelled.method_consistency import ConsistencySettings, ConsistencyTraining
from tiny_context import tiny_context

EQUAL = torch.tensor([0.5, 0.5], dtype=torch.float64)
RECIPE: dict[str, Any] = {
    "total_steps": 10, "annealing": "linear", "temperature": 0.5, "confidence": 0.0, "relative": False,
    "weight": 2.0, "ramp": 4, "decay": 0.0, "rollbacks": 1, "prior": EQUAL, "aligned": False,
}  # fmt: skip


@pytest.fixture
def context(tiny_folder: Callable[[str], Path], tmp_path: Path) -> TrainingContext:
    return tiny_context(tiny_folder("bert"), tmp_path / "run")


def _objective(
    context: TrainingContext, told: list[str] | None = None, *, max_tokens: int = 4096, **changes: Any
) -> Consistency:
    pool = context.prepared.encode(context.pool)
    sizes = Sizes(labelled=3, pool=5, steps=4, max_tokens=max_tokens)
    steps = ConsistencySteps(context.prepared.encoded, pool, lambda ids, _, __: ids[:-2], sizes, seed=0)
    recipe = Recipe(**{**RECIPE, **changes})

    def report(text: str, **figures: float) -> None:
        (told if told is not None else []).append(text)

    data = SupervisedData((), context.prepared.choices)
    return Consistency(context.model, steps, recipe, data, report)


def _batch(objective: Consistency, step: int) -> ConsistencyBatch:
    (batch,) = objective.steps(step // 4)[step % 4].batches
    found: ConsistencyBatch = batch
    return found


def test_the_loss_is_that_computed_by_hand(context: TrainingContext) -> None:
    objective = _objective(context, decay=0.0)
    objective.network.eval()
    batch = _batch(objective, 2)
    network, head = context.model.engine.network, context.model.engine.head

    def logits(rows: Any) -> torch.Tensor:
        with torch.no_grad():
            return head.forward(network, tensors(rows, 0, torch.device("cpu")))

    gold = torch.tensor([row.target for row in batch.labelled])
    losses = functional.cross_entropy(logits(batch.labelled), gold, reduction="none")
    limit = 0.2 * 0.5 + 0.5  # step 2 of 10, two classes
    kept = (-losses).exp() <= limit
    labelled = losses[kept].sum() / max(1, int(kept.sum()))
    guess = logits(batch.plain).softmax(-1)
    target = guess**2 / (guess**2).sum(-1, keepdim=True)
    divergence = (target * (target.log() - logits(batch.views).log_softmax(-1))).sum(-1)
    expected = labelled + 2.0 * (2 / 4) * divergence.mean()  # half of the ramp is over
    torch.testing.assert_close(objective.loss(batch).detach(), expected)
    signals = objective.signals()
    assert signals["unlabelled_loss"] == pytest.approx(divergence.mean().item(), rel=1e-4)
    assert signals["labelled_loss"] == pytest.approx(losses.mean().item(), rel=1e-4)
    assert signals["entropy"] == pytest.approx(-torch.xlogy(guess, guess).sum(-1).mean().item(), rel=1e-4)
    assert signals["share negative"] == pytest.approx((guess.argmax(-1) == 0).float().mean().item())
    assert objective.signals() == {}


def test_micro_batches_add_up_to_the_whole_step(context: TrainingContext) -> None:
    whole, cut = _objective(context, annealing="none"), _objective(context, annealing="none", max_tokens=40)
    whole.network.eval()
    cut.network.eval()
    (batch,), parts = whole.steps(1)[1].batches, cut.steps(1)[1].batches
    assert len(parts) > 2
    total = sum(cut.loss(part).item() for part in parts)
    assert total == pytest.approx(whole.loss(batch).item(), rel=1e-5)
    expected = whole.signals()
    assert cut.signals() == pytest.approx(expected, rel=1e-5)


def test_no_gradient_flows_through_the_target(context: TrainingContext) -> None:
    objective = _objective(context, weight=1.0, ramp=0)
    objective.network.eval()
    batch = _batch(objective, 1)
    objective.loss(batch).backward()
    found = [
        parameter.grad.clone() for parameter in objective.network.parameters() if parameter.grad is not None
    ]
    objective.network.zero_grad()
    # The same loss with the target as a number.
    guess = objective._guess(batch).clone()
    objective._guess = lambda _: guess  # type: ignore[method-assign]
    objective.loss(batch).backward()
    again = [parameter.grad for parameter in objective.network.parameters() if parameter.grad is not None]
    assert all(torch.equal(first, second) for first, second in zip(found, again, strict=True))
    assert not guess.requires_grad


def test_a_step_reads_each_text_once_with_gradient_and_the_pool_once_more(
    context: TrainingContext,
) -> None:
    objective = _objective(context)
    head, read = context.model.engine.head, {True: 0, False: 0}
    forward = head.forward

    def counted(network: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        read[torch.is_grad_enabled()] += len(inputs["input_ids"])
        return forward(network, inputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head, "forward", counted)
        for batch in objective.steps(0)[0].batches:
            objective.loss(batch)
    assert read == {True: 3 + 5, False: 5}


def test_unsure_texts_do_not_count(context: TrainingContext) -> None:
    objective = _objective(context, confidence=0.9999, ramp=0)
    objective.loss(_batch(objective, 0))
    signals = objective.signals()
    assert signals["confident_share"] == 0.0
    assert signals["unlabelled_loss"] == 0.0


def test_confidence_may_be_measured_by_that_on_labelled_texts(context: TrainingContext) -> None:
    counted = []
    for confidence in (0.0, 0.999):
        objective = _objective(context, confidence=confidence, relative=True, ramp=0)
        objective.network.eval()
        objective._guess = lambda batch: torch.tensor([[0.6, 0.4]] * 5)  # type: ignore[method-assign]
        for step in range(2):
            objective._confidence.load_state((0.7, True))
            objective.signals()
            objective.loss(_batch(objective, step))
        counted.append(objective.signals()["confident_share"])
    assert counted == [1.0, 0.0]  # 0.6 lies below 0.999 * 0.7


def test_a_planted_collapse_is_told_and_rolled_back_bit_for_bit(context: TrainingContext) -> None:
    told: list[str] = []
    objective = _objective(context, told, decay=0.9)
    network = objective.network
    assert isinstance(network, ConsistencyNetwork)
    good = {name: value.clone() for name, value in network.student.state_dict().items()}
    for _ in range(2):
        with torch.no_grad():
            for parameter in network.student.parameters():
                parameter.add_(0.1)
        objective._collapse.add(torch.tensor([[0.99, 0.01]] * 50))
        objective.validate()
        for copy in (network.student, network.teacher):
            assert copy is not None
            assert all(torch.equal(value, good[name]) for name, value in copy.state_dict().items())
    assert "negative is the guess" not in told[0]
    assert "positive is the guess for 0.0% of texts" in told[0]
    assert "0.5 of the unlabelled loss's weight" in told[0]
    assert "switched off" in told[1]
    assert objective._weight(9) == 0.0
    objective._collapse.add(torch.tensor([[0.99, 0.01]] * 50))
    objective.validate()  # no more rollbacks where nothing is learnt from the pool
    assert len(told) == 2


def test_good_weights_are_kept_at_each_check(context: TrainingContext) -> None:
    objective = _objective(context)
    network = objective.network
    assert isinstance(network, ConsistencyNetwork)
    with torch.no_grad():
        next(network.student.parameters()).add_(1.0)
    objective._collapse.add(torch.tensor([[0.9, 0.1], [0.1, 0.9]]))
    validation = objective.validate()
    assert validation is not None
    assert 0 <= validation.score <= 1
    for (name, value), kept in zip(
        network.student.state_dict().items(), network.good.state_dict().values(), strict=True
    ):
        assert torch.equal(value, kept), name


def test_every_row_is_read_as_often_as_any_other(context: TrainingContext) -> None:
    objective = _objective(context)
    labelled = [row.ids.tobytes() for epoch in range(2) for step in objective.steps(epoch)
                for batch in step.batches for row in batch.labelled]  # fmt: skip
    counts = [labelled.count(each.features[0].ids.tobytes()) for each in context.prepared.encoded]
    assert counts == [3] * 8  # 24 reads of 8 rows
    first = [[row.ids.tolist() for row in step.batches[0].plain] for step in objective.steps(1)]
    again = [[row.ids.tolist() for row in step.batches[0].plain] for step in _objective(context).steps(1)]
    assert first == again


def test_the_state_survives_json_bit_for_bit(context: TrainingContext) -> None:
    objective, other = (
        _objective(context, decay=0.9, aligned=True),
        _objective(context, decay=0.9, aligned=True),
    )
    for step in range(3):
        objective.loss(_batch(objective, step))
    objective._rollback.roll_back()
    other.load_state(json.loads(json.dumps(objective.state())))
    assert other.state() == objective.state()
    assert torch.equal(other._alignment.mean, objective._alignment.mean)
    assert other._confidence.mean == objective._confidence.mean != 0.5
    assert other._weight(8) == 1.0


class _KilledError(Exception):
    pass


class _KillingLog:
    def __init__(self, at: float) -> None:
        self.left = at
        self.records: list[tuple[str, dict[str, Any]]] = []

    def write(self, kind: str, figures: Mapping[str, float | str]) -> None:
        self.records.append((kind, dict(figures)))
        self.left -= kind == "step"
        if self.left < 0:
            raise _KilledError


def test_a_killed_run_goes_on_to_the_same_weights(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    options = ConsistencySettings(
        steps=4, check_every=2, labelled_batch=4, unlabelled_batch=6, ramp=2, confidence=0.5, teacher=0.9
    )

    def train(name: str, log: _KillingLog) -> dict[str, torch.Tensor]:
        seconds = 0.0 if math.isfinite(log.left) else 300.0
        context = tiny_context(
            tiny_folder("bert"), tmp_path / name, method=options, log=log, checkpoint_seconds=seconds
        )
        ConsistencyTraining().train(context)
        return {key: value.clone() for key, value in context.model.engine.network.state_dict().items()}

    log = _KillingLog(math.inf)
    whole = train("whole", log)
    with pytest.raises(_KilledError):
        train("killed", _KillingLog(3))
    resumed = train("killed", _KillingLog(math.inf))
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    kept = load_file(tmp_path / "whole" / "consistency" / "done" / "model.safetensors")
    assert any(name.startswith("teacher.") for name in kept)
    steps = [figures for kind, figures in log.records if kind == "step"]
    assert len(steps) == 4
    assert {"unlabelled_loss", "labelled_loss", "entropy", "share positive", "confident_share"} <= set(
        steps[0]
    )
    assert [figures["unlabelled_weight"] for figures in steps] == [0.0, 0.5, 1.0, 1.0]


def test_views_are_named_with_commas_and_strange_ones_refused() -> None:
    given = typed_values(ConsistencySettings, "--method consistency", "the docs", {"views": "mask,dropout"})
    assert given.views == ("mask", "dropout")
    with pytest.raises(SettingError, match="'shuffle' is none of replace, dropout, mask, back-translation"):
        typed_values(ConsistencySettings, "--method consistency", "the docs", {"views": "mask,shuffle"})
