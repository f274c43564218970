"""A network of which one layer alone carries the label: the probe must name that layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from bertolt.data.features import Feature
from bertolt.data.tokenizer import Template
from bertolt.metrics.probing import centre_of_gravity, expected_layer
from bertolt.probing.bank import ProbeBank, Shape, all_inputs
from bertolt.probing.code import online_code
from bertolt.probing.encoder import States
from bertolt.probing.figures import best_layer
from bertolt.probing.objective import EdgeProbing, EdgeSet, Loss, make_plan, measure_bank
from bertolt.probing.store import Store, TokenisedText
from bertolt.progress import NoProgress
from bertolt.training.runlog import RunLog
from bertolt.training.runner import RunContext, Runner

LAYERS, WIDTH, LABELS, WORDS, TEXTS = 4, 12, 3, 6, 120
CARRIES = 3
NO_SPECIALS = Template((), (), (), (0, 0, 0, 0, 0))


class SyntheticEncoder:
    """Each token is another one, and its states are noise; that of one layer holds the label as well."""

    sources, width, layers, identity, device = LAYERS + 2, WIDTH, LAYERS, "synthetic", torch.device("cpu")
    equal_lengths = False

    def __init__(self, gold: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> None:
        random = np.random.default_rng(0)
        self._table = random.normal(size=(len(gold), LAYERS + 2, WIDTH)).astype(np.float16)
        self._table[np.arange(len(gold)), CARRIES + 1, gold] += 8

    def states(self, rows: Sequence[Feature]) -> list[States]:
        return [self._table[row.ids] for row in rows]


def _data(folder: Path) -> EdgeSet:
    gold = np.random.default_rng(1).integers(0, LABELS, size=TEXTS * WORDS)
    ids = np.arange(TEXTS * WORDS, dtype=np.int32).reshape(TEXTS, WORDS)
    texts = [TokenisedText(row, np.arange(WORDS)) for row in ids]
    store = Store(folder / "states", texts)
    store.build(SyntheticEncoder(gold), NO_SPECIALS, 64, NoProgress())  # type: ignore[arg-type]
    ranges = np.stack([np.arange(WORDS), np.arange(1, WORDS + 1)], axis=1)[:, None]
    labels = np.eye(LABELS, dtype=np.bool_)[gold].reshape(TEXTS, WORDS, LABELS)
    return EdgeSet(store, [ranges] * TEXTS, list(labels), np.ones(LABELS, dtype=np.bool_), True)


def _learnt(data: EdgeSet, folder: Path, texts: Sequence[int], loss: Loss = "labels") -> ProbeBank:
    bank = ProbeBank(all_inputs(LAYERS), Shape(WIDTH, 1, LABELS, projection=16, dropout=0.1), seed=0)
    objective = EdgeProbing(
        bank, data, texts, range(80, 100), loss=loss, batch_size=16, seed=0, epoch_steps=50
    )
    plan = make_plan(objective, epochs=4, min_steps=1, lr=1e-2, seed=0)
    runner = Runner(folder.parent, RunContext(RunLog(folder.parent), lambda line: None, "cpu"))
    runner.run_phase(folder.name, objective, plan)
    bank.take_best()
    return bank


def test_the_probe_names_the_layer_that_carries_the_label(tmp_path: Path) -> None:
    data = _data(tmp_path)
    bank = _learnt(data, tmp_path / "task", range(80))
    scores = measure_bank(bank, data, range(100, 120)).f1()
    by_name = dict(zip((each.name for each in bank.inputs), scores, strict=True))
    assert by_name[f"layer {CARRIES}"] > 0.95
    assert max(by_name["lexical"], by_name["layer 0"], by_name["layer 2"], by_name["layer 4"]) < 0.6
    validation = measure_bank(bank, data, range(80, 100)).f1().tolist()
    assert best_layer(bank.inputs, validation).name == f"layer {CARRIES}"
    weights = bank.mixing_weights()[-1].detach().double().numpy()
    assert weights.argmax() == CARRIES
    assert weights[CARRIES] > 0.7
    assert abs(centre_of_gravity(weights / weights.sum()) - CARRIES) < 0.6
    curve = [by_name["layer 0"], *(by_name[f"layers 0-{top}"] for top in range(1, LAYERS + 1))]
    assert abs(expected_layer(curve) - CARRIES) < 0.25
    # A finished part is read, and not learnt again.
    again = _learnt(data, tmp_path / "task", range(1))
    torch.testing.assert_close(again.state_dict(), bank.state_dict())


def test_the_code_is_short_where_the_label_is_and_no_longer_than_plain_elsewhere(tmp_path: Path) -> None:
    data = _data(tmp_path)

    def train(block: int, texts: Sequence[int]) -> ProbeBank:
        return _learnt(data, tmp_path / f"code-{block}", texts, "code")

    found = {each.name: each for each in online_code(data, range(80), 0, train)}
    plain = 80 * WORDS * np.log2(LABELS)
    carries = found[f"layer {CARRIES}"]
    assert carries.targets == 80 * WORDS
    assert carries.uniform == found["lexical"].uniform
    assert abs(carries.uniform - plain) < 1e-6
    assert carries.length == pytest.approx(sum(carries.bits))
    assert carries.bits[0] == carries.blocks[0] * np.log2(LABELS)
    assert carries.compression > 2 * found["lexical"].compression
    assert found["lexical"].compression < 1.1
