"""Text in, result out: the same numbers alone, in a list, shuffled, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from bertolt.errors import FolderError, InputError, SettingError
from bertolt.inference import engine, run
from bertolt.inference.pipeline import Pipeline
from bertolt.results import Labels
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings
from tiny import FAMILIES, sentiment_rows

LONG = "the film was gorgeous and the plot was dull . " * 40
TEXTS = [
    *(text for text, _ in sentiment_rows()[:20]),
    "", "a", LONG, LONG + LONG, "naïve 😀 \ud83d film", "film " * 300,
]  # fmt: skip


@pytest.fixture(scope="module", params=FAMILIES)
def folder(
    request: pytest.FixtureRequest,
    tiny_folder: Callable[[str], Path],
    sentiment_csv: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A model that windows read whole, trained for one epoch."""
    out = tmp_path_factory.mktemp("models") / request.param
    settings = TrainSettings(
        data=(str(sentiment_csv),), out=str(out), model=str(tiny_folder(request.param)), epochs=1, lr=5e-3,
        max_length=48, long="windows", device="cpu", threads=1,
    )  # fmt: skip
    return fine_tune(settings, lambda line: None).folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Pipeline:
    return Pipeline.from_folder(folder, device="cpu")


def _assert_near(one: list[Any], other: list[Any]) -> None:
    assert len(one) == len(other)
    for first, second in zip(one, other, strict=True):
        assert isinstance(first, Labels)
        assert first.scores.keys() == second.scores.keys()
        np.testing.assert_allclose([*first.scores.values()], [*second.scores.values()], rtol=0, atol=1e-5)
        assert (first.tokens, first.tokens_read) == (second.tokens, second.tokens_read)


def test_one_in_one_out_list_in_list_out_iterable_in_iterator_out(model: Pipeline) -> None:
    together = model(TEXTS)
    assert isinstance(together, list)
    one = model(TEXTS[0])
    assert isinstance(one, Labels)
    stream = model(iter(TEXTS))
    assert isinstance(stream, Iterator)
    assert list(stream) == together
    assert model(tuple(TEXTS)) == together
    assert model([{"text": text} for text in TEXTS]) == together
    _assert_near([model(text) for text in TEXTS], together)
    assert model([]) == []
    assert list(model(iter([]))) == []


def test_the_order_does_not_matter(model: Pipeline) -> None:
    together = model(TEXTS)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(TEXTS))
        shuffled = model([TEXTS[index] for index in order])
        _assert_near(shuffled, [together[index] for index in order])


@pytest.mark.parametrize("budget", [1, 97, 100_000])
def test_the_budget_does_not_matter(model: Pipeline, budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    together = model(TEXTS)
    monkeypatch.setitem(engine.MAX_TOKENS, "cpu", budget)
    _assert_near(model(TEXTS), together)


def test_windows_of_examples_do_not_matter(model: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    together = model(TEXTS)
    monkeypatch.setattr(run, "WINDOW_EXAMPLES", 3)
    _assert_near(model(TEXTS), together)
    monkeypatch.setattr(run, "WINDOW_CHARACTERS", 500)
    _assert_near(list(model(iter(TEXTS))), together)


def test_a_stream_is_consumed_one_window_ahead_of_what_is_asked_for(
    model: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WINDOW_EXAMPLES", 5)
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"the film was dull {taken}"

    stream = model(endless())
    assert taken == 0
    for asked in range(1, 12):
        next(stream)
        assert taken == -(-asked // 5) * 5 + 5


def test_long_texts_are_read_in_windows_weighted_by_their_tokens(model: Pipeline) -> None:
    text = "film " * 100  # more than two rows of 46 tokens hold
    tokens = model.model.tokenizer.tokens([text])[0].ids
    single = model.model.tokenizer.single
    count = -(-len(tokens) // 46)
    edges = [len(tokens) * index // count for index in range(count + 1)]
    logits, sizes = [], []
    for start, stop in pairwise(edges):
        row = torch.tensor([[*single.before, *tokens[start:stop], *single.after]])
        with torch.inference_mode():
            logits.append(model.model.engine.network(row.long()).logits[0].numpy())  # type: ignore[attr-defined]
        sizes.append(stop - start)
    mean = np.average(logits, axis=0, weights=sizes)
    expected = np.exp(mean) / np.exp(mean).sum()
    result = model(text)
    np.testing.assert_allclose([*result.scores.values()], expected, rtol=0, atol=1e-6)  # type: ignore[attr-defined]
    assert (result.tokens, result.tokens_read, result.truncated) == (len(tokens), len(tokens), False)


def test_transformers_gives_the_same_probabilities(folder: Path, model: Pipeline) -> None:
    theirs = pipeline(
        "text-classification", model=AutoModelForSequenceClassification.from_pretrained(folder),
        tokenizer=AutoTokenizer.from_pretrained(folder), top_k=None, device="cpu",
    )  # fmt: skip
    short = [text for text in TEXTS if text.isascii() and len(text) < 100]
    spec = model.model.spec
    assert spec.labels == ("negative", "positive")
    for text, ours in zip(short, model(short), strict=True):
        found = {entry["label"]: entry["score"] for entry in theirs([text])[0]}
        assert isinstance(ours, Labels)
        assert found == pytest.approx(ours.scores, abs=1e-5)


def test_the_label_is_the_most_probable_one(model: Pipeline) -> None:
    for result in model(TEXTS):
        assert isinstance(result, Labels)
        assert result.score == max(result.scores.values()) == result.scores[result.label]
        assert sum(result.scores.values()) == pytest.approx(1, abs=1e-9)


def test_a_shorter_row_cuts_and_says_so(folder: Path) -> None:
    model = Pipeline.from_folder(folder, device="cpu")
    spec = model.model.spec.model_copy(update={"long": "head+tail"})
    object.__setattr__(model.model, "spec", spec)
    cut, whole = model(["film " * 300, "film"])
    assert (cut.tokens_read, cut.truncated) == (46, True)
    assert cut.tokens >= 300
    assert (whole.tokens, whole.tokens_read, whole.truncated) == (whole.tokens, whole.tokens, False)


@pytest.mark.parametrize("wrong", [5, None, b"film", {"review": "a"}, {}])
def test_other_inputs_are_refused(model: Pipeline, wrong: Any) -> None:
    for inputs in (wrong, [wrong], ["film", wrong]):
        with pytest.raises(InputError):
            model(inputs)


def test_names_and_settings_are_checked(folder: Path) -> None:
    with pytest.raises(SettingError, match="a dtype out of fp32, bf16; found 'fp64'"):
        Pipeline.from_folder(folder, device="cpu", dtype="fp64")
    with pytest.raises(SettingError, match="a device out of auto, cpu"):
        Pipeline.from_folder(folder, device="tpu")
    with pytest.raises(SettingError, match="a setting of text-classification"):
        Pipeline.from_folder(folder, device="cpu", settings={"no_such": 1})
    assert Pipeline.from_folder(folder, task="sentiment-analysis", device="cpu").record.spec.task == (
        "text-classification"
    )
    with pytest.raises(FolderError) as caught:
        Pipeline.from_folder(folder, task="acceptability", device="cpu")
    assert caught.value.expected == "a model for acceptability"
    assert caught.value.found == f"one for text-classification in {str(folder)!r}"
