"""Few labels: the layer, the head that reads a mean, the linear head, names, and pairs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AutoModelForSequenceClassification

from bertolt.inference.engine import tensors
from bertolt.metrics.calibration import softmax
from bertolt.models.heads import SequenceHead
from bertolt.models.mean_reading import can_read_mean, head_input, layer_means, read_mean
from bertolt.training.method import TrainingContext
from bertolt.unlabelled.contrastive import Contrastive, pair_loss
from bertolt.unlabelled.embeddings import head_embeddings, layer_embeddings, normalised
from bertolt.unlabelled.few_shot import (
    TEMPLATES,
    FewShot,
    FewShotSettings,
    choose_layer,
    fit_head,
    fit_linear_head,
    init_linear_probe,
    name_directions,
)
from tiny_context import tiny_context

GOLD = [0, 1] * 10


@pytest.fixture
def make(tiny_folder: Callable[[str], Path], tmp_path: Path) -> Callable[..., TrainingContext]:
    def call(family: str = "bert", **options: object) -> TrainingContext:
        return tiny_context(tiny_folder(family), tmp_path / "run", **options)  # type: ignore[arg-type]

    return call


def _accuracy(context: TrainingContext) -> float:
    examples, outputs = zip(*context.model.outputs(context.prepared.corpus.validation), strict=True)
    labels = context.model.spec.labels
    return float(
        np.mean(
            [
                labels[int(output.logits.argmax())] == example.label
                for example, output in zip(examples, outputs, strict=True)
            ]
        )
    )


def _planted(layer: int, layers: int = 3, texts: int = 20) -> np.ndarray:
    """Noise, but for one layer that tells the classes apart."""
    found = np.random.default_rng(0).normal(size=(layers, texts, 8))
    found[layer - 1, :, 0] += 6 * (np.arange(texts) % 2)
    return found


@pytest.mark.parametrize("layer", [1, 3])
def test_the_planted_layer_is_found(layer: int) -> None:
    choice = choose_layer(_planted(layer), GOLD, seed=0)
    assert choice.layer == layer
    assert choice.accuracy[layer - 1] > 0.95
    assert len(choice.accuracy) == 3


def test_of_equal_layers_the_one_two_thirds_up_is_taken() -> None:
    same = np.repeat(_planted(1)[:1], 6, axis=0)
    assert choose_layer(same[:3], GOLD, seed=0).layer == 2
    lonely = choose_layer(same[:, :3], [0, 1, 1], seed=0)  # one text of a class: nothing to cross-validate
    assert (lonely.layer, lonely.accuracy) == (4, ())


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_the_head_reads_the_mean_of_the_layer(make: Callable[..., TrainingContext], family: str) -> None:
    context = make(family)
    model, rows = context.model, [row for each in context.prepared.encoded for row in each.features]
    network = model.engine.network.eval()
    inputs = tensors(rows, model.tokenizer.pad_id, model.engine.device)
    assert "attention_mask" in inputs
    with torch.no_grad():
        states = network.base_model(**inputs, output_hidden_states=True).hidden_states[1]
        by_hand = torch.stack([state[: len(row)].mean(0) for state, row in zip(states, rows, strict=True)])
        torch.testing.assert_close(layer_means(network, inputs)[1], by_hand)
        centre = by_hand.mean(0)
        read_mean(network, 1, centre)
        assert network.config.num_hidden_layers == 2
        found = head_input(network, model.engine.head, inputs)
    expected = torch.tanh(0.25 * nn.functional.layer_norm(by_hand - centre, by_hand.shape[-1:]))
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0)


def test_mpnets_means_are_transformers_and_its_head_keeps_its_own_reading(
    make: Callable[..., TrainingContext],
) -> None:
    """Its bias weighs tokens by their distance in every layer, so no layer can be made a mean."""
    context = make("mpnet")
    model, rows = context.model, [row for each in context.prepared.encoded for row in each.features]
    network = model.engine.network.eval()
    inputs = tensors(rows, model.tokenizer.pad_id, model.engine.device)
    with torch.no_grad():
        found = layer_means(network, inputs)
        for row, means in zip(rows, found.unbind(1), strict=True):
            alone = torch.from_numpy(row.ids.astype(np.int64))[None]
            states = network.base_model(input_ids=alone, output_hidden_states=True).hidden_states
            torch.testing.assert_close(means, torch.cat(states).mean(1), rtol=1e-5, atol=1e-5)
    assert not can_read_mean(network)
    init_linear_probe(context)
    assert network.config.num_hidden_layers == 2


def test_other_rows_of_a_batch_do_not_change_mean_pooling(
    make: Callable[..., TrainingContext],
) -> None:
    context = make()
    init_linear_probe(context)
    logits = context.model.engine.logits([row for each in context.prepared.encoded for row in each.features])
    alone = [context.model.engine.logits(each.features)[0] for each in context.prepared.encoded]
    np.testing.assert_allclose(softmax(np.stack(logits)), softmax(np.stack(alone)), atol=1e-5)


def test_the_folder_of_a_mean_reader_loads_with_the_same_probabilities(
    make: Callable[..., TrainingContext], tmp_path: Path
) -> None:
    context = make()
    init_linear_probe(context)
    network = context.model.engine.network.eval()
    network.save_pretrained(tmp_path / "saved")  # type: ignore[operator]
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    row = context.prepared.encoded[0].features[0]
    inputs = tensors([row], 0, torch.device("cpu"))
    with torch.no_grad():
        ours = SequenceHead().forward(network, inputs).softmax(-1)
        torch.testing.assert_close(loaded(**inputs).logits.softmax(-1), ours, atol=1e-5, rtol=0)


def test_embeddings_are_normalised_and_windows_are_averaged(
    make: Callable[..., TrainingContext],
) -> None:
    context = make()
    embeddings = layer_embeddings(context.model, context.prepared.encoded)
    assert embeddings.shape == (2, 8, 16)
    apart = normalised(embeddings, embeddings.mean(1, keepdims=True))
    rest = torch.from_numpy(embeddings - embeddings.mean(1, keepdims=True))
    expected = nn.functional.layer_norm(rest, (16,), eps=1e-12)
    np.testing.assert_allclose(apart, expected.numpy(), atol=1e-3)
    first, second = context.prepared.encoded[:2]
    joined = type(first)(features=first.features + second.features, tokens=2, tokens_read=2, unknown=0)
    (mean,) = head_embeddings(context.model, [joined])
    apart = head_embeddings(context.model, [first, second])
    np.testing.assert_allclose(mean, apart.mean(0), atol=1e-6)


class _Headed(nn.Sequential):
    """A network whose encoder changes nothing, with a linear head."""

    base_model_prefix = "encoder"

    def __init__(self, head: nn.Linear) -> None:
        super().__init__(OrderedDict(encoder=nn.Identity(), head=head))


def test_the_linear_head_is_scikit_learns(make: Callable[..., TrainingContext]) -> None:
    from sklearn.linear_model import LogisticRegression

    layer = _Headed(nn.Linear(4, 3))
    vectors = np.random.default_rng(0).normal(size=(30, 4))
    gold = np.arange(30) % 3
    fit_head(layer, vectors, gold)
    length = np.linalg.norm(vectors, axis=1).mean()
    scaled = (vectors - vectors.mean(0)) / length
    expected = LogisticRegression(C=2.0, max_iter=5000).fit(scaled, gold).predict_proba(scaled)
    found = layer(torch.from_numpy(vectors).float()).softmax(-1).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_names_that_point_the_right_way_help_where_labels_do_not() -> None:
    random = np.random.default_rng(1)
    classes = np.arange(400) % 2
    vectors = random.normal(size=(400, 200))
    vectors[:, 0] += 3.0 * (2 * classes - 1)
    directions = np.zeros((2, 200))
    directions[:, 0] = [-1, 1]
    right = {}
    for name, names in (("labels", None), ("names", directions)):
        layer = _Headed(nn.Linear(200, 2))
        fit_head(layer, vectors[:8], classes[:8], names)
        said = layer(torch.from_numpy(vectors[8:]).float()).argmax(-1).numpy()
        right[name] = (said == classes[8:]).mean()
    assert right["names"] > 0.97
    assert right["names"] > right["labels"] + 0.05


def test_directions_of_names_by_hand(make: Callable[..., TrainingContext]) -> None:
    context = make()
    found = name_directions(context.model, ["dull", "superb"])
    from bertolt.data.examples import TextExample

    texts = [TextExample(text=template.format(word)) for word in ("dull", "superb") for template in TEMPLATES]
    vectors = head_embeddings(context.model, context.model.encode(texts))
    half = vectors[len(TEMPLATES) :].mean(0) - vectors[: len(TEMPLATES)].mean(0)
    np.testing.assert_allclose(found[1], half / np.linalg.norm(half), atol=1e-6)
    np.testing.assert_allclose(found[0], -found[1], atol=1e-6)
    assert not name_directions(context.model, ["dull", "dull"]).any()


def test_pairs_by_hand() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    # Cosines 0.6 (same), 0 and 0.8 (different): 0.4 ** 2, and the mean of 0 and 0.64.
    assert pair_loss(vectors, torch.tensor([0, 0, 1])).item() == pytest.approx((0.16 + 0.32) / 2)
    assert pair_loss(vectors[:2], torch.tensor([0, 0])).item() == pytest.approx(0.16)


def test_pairs_are_drawn_by_seed_and_epoch_of_every_label(make: Callable[..., TrainingContext]) -> None:
    context = make(labelled=12)
    drawn = {}
    for seed in (0, 1):
        objective = Contrastive(context.model, context.prepared.encoded, steps=3, batch_size=6, seed=seed)
        for epoch in (0, 1):
            rows = [row for step in objective.steps(epoch) for row in step.batches[0]]
            drawn[seed, epoch] = [row.ids.tolist() for row in rows]
            assert [row.target for row in rows] == [0, 0, 0, 1, 1, 1] * 3
            again = [row.ids.tolist() for step in objective.steps(epoch) for row in step.batches[0]]
            assert again == drawn[seed, epoch]
    assert len({str(each) for each in drawn.values()}) == 4


@pytest.mark.parametrize(("kind", "least"), [("probe", 0.6), ("all", 0.8)])
def test_few_labels_are_enough(make: Callable[..., TrainingContext], kind: str, least: float) -> None:
    options = FewShotSettings(kind=kind, contrastive_steps=30, tuning_steps=20, label_names=False)
    context = make(labelled=90, method=options, lr=2e-2)
    FewShot().train(context)
    assert _accuracy(context) >= least
    done = {path.parent.name for path in (context.runner._folder).glob("*/done")}
    assert done == ({"contrastive", "fine-tuning"} if kind == "all" else set())


def test_a_probe_leaves_the_encoder_as_it_was(make: Callable[..., TrainingContext]) -> None:
    context = make("distilbert")
    network = context.model.engine.network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    init_linear_probe(context)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"classifier.weight", "classifier.bias"}
    assert any("keeps its own reading" in note for note in context.runner.notes)


def test_the_head_can_be_fitted_again(make: Callable[..., TrainingContext]) -> None:
    context = make()
    init_linear_probe(context)
    layer = context.model.engine.network.get_submodule("classifier")
    once = layer.weight.clone()  # type: ignore[union-attr, operator]
    fit_linear_head(context.model, context.prepared.encoded)
    torch.testing.assert_close(layer.weight, once)
