"""How long a training will take, said before it begins."""

from __future__ import annotations

import time

from bertolt.training.loop import Plan
from bertolt.training.objective import Objective, signals_of


def expected_time(objective: Objective, plan: Plan, where: str) -> str:
    """How long the run will take, from one step's gradient, which is thrown away."""
    steps = objective.steps(0)
    middle = sorted(steps, key=lambda step: step.tokens)[len(steps) // 2]
    seconds = float("inf")
    objective.network.train()
    before = objective.state()
    for _ in range(3):  # the first one warms up, and another program may disturb one of the others
        start = time.perf_counter()
        for batch in middle.batches:
            objective.loss(batch).backward()  # type: ignore[no-untyped-call]
        seconds = min(seconds, time.perf_counter() - start)
    objective.network.zero_grad()
    objective.load_state(before)
    signals_of(objective)  # those of thrown away steps are no news
    tokens = sum(step.tokens for step in steps)
    minutes = plan.epochs * seconds * tokens / max(1, middle.tokens) / 60
    return (
        f"time: about {minutes:.1f} minutes for {plan.epochs} epochs of {len(steps):,} steps ({where}); "
        f"learning rate {plan.learning_rate:g}"
    )
