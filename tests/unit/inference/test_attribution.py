"""Which words moved a result: hand-made functions, and every kind of result on tiny models."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

import bertolt
from bertolt.data.tokenizer import Tokens
from bertolt.errors import InputError, MissingExtraError, SettingError, UnknownNameError
from bertolt.inference.attribution import Attribution, weights_note
from bertolt.inference.attribution_methods import few_points, many_points
from bertolt.inference.attribution_targets import log_odds
from bertolt.inference.attribution_words import words_of
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.unread import find_unread
from bertolt.tasks.reading import input_example
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import TaskSettings
from contract.rows import CONTEXT, ROWS

Load = Callable[..., Pipeline]


@pytest.fixture(scope="module")
def load(tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Given a task, and options of the training, its pipeline."""
    made: dict[str, Pipeline] = {}

    def train(task: str, family: str = "bert", **options: Any) -> Pipeline:
        key = json.dumps([task, family, options])
        if key not in made:
            home = tmp_path_factory.mktemp("explained")
            rows, data = ROWS[task], home / "data.jsonl"
            data.write_text("".join(json.dumps(row) + "\n" for row in rows.rows * 4), encoding="utf-8")
            bertolt.train(
                data, validation=data, task=task, out=home / "m", model=tiny_folder(family), epochs=2,
                lr=5e-3, batch_size=3, threads=1, device="cpu", quiet=True, set=dict(rows.settings),
                **options,
            )  # fmt: skip
            made[key] = bertolt.pipeline(home / "m", device="cpu")
        return made[key]

    return train


def test_a_linear_function_is_explained_exactly_by_one_point() -> None:
    weights = torch.tensor([[1.0, -2.0], [0.5, 3.0]])
    found = few_points(
        lambda rows: (rows * weights).sum(dim=(1, 2)), torch.ones(2, 2),
        torch.tensor([[0.0, 1.0], [1.0, 0.0]]),
        points=1,
    )  # fmt: skip
    # (1 - 0) * 1 + (1 - 1) * -2, and (1 - 1) * 0.5 + (1 - 0) * 3
    np.testing.assert_allclose(found.numpy(), [1.0, 3.0])


@pytest.mark.parametrize("rows", [1, 2, 64])
def test_a_square_adds_up_and_the_chunks_do_not_matter(rows: int) -> None:
    embedded, baseline = torch.tensor([[3.0], [1.0]]), torch.tensor([[1.0], [0.0]])
    found = few_points(lambda inputs: inputs.pow(2).sum(dim=(1, 2)), embedded, baseline, points=3, rows=rows)
    np.testing.assert_allclose(found.numpy(), [8.0, 1.0], rtol=1e-6)  # 9 - 1, and 1 - 0


def test_the_reference_is_the_integral() -> None:
    found = many_points(
        lambda inputs: inputs.pow(5).sum(dim=(1, 2)), torch.tensor([[2.0], [1.0]]), torch.zeros(2, 1)
    )
    np.testing.assert_allclose(found.numpy(), [32.0, 1.0], rtol=1e-5)


def test_log_odds() -> None:
    logits = torch.log(torch.tensor([[0.7, 0.2, 0.1]]))
    assert float(log_odds(logits, 0, sigmoid=False)) == pytest.approx(math.log(0.7 / 0.3), abs=1e-6)
    assert float(log_odds(logits, 2, sigmoid=True)) == pytest.approx(math.log(0.1), abs=1e-6)


def test_pieces_belong_to_words_and_none_is_lost() -> None:
    task = get_task("text-classification")
    example = input_example(task, "isn't 映画", TaskSettings())
    tokens = Tokens(
        np.arange(5, dtype=np.int32), np.asarray([[0, 3], [3, 4], [4, 5], [6, 7], [7, 8]], np.int32)
    )
    found = [(word.text, word.start, word.end, word.tokens) for word in words_of(task, example, [tokens])]
    # "is" and "n't" share the token "isn"; the first has it. Chinese is explained token by token.
    assert found == [("is", 0, 2, (0,)), ("n't", 2, 5, (1, 2)), ("映", 6, 7, (3,)), ("画", 7, 8, (4,))]


def assert_sound(found: Attribution) -> None:
    assert [found.texts[each.field][each.start : each.end] for each in found.tokens] == [
        each.text for each in found.tokens
    ]
    assert all(math.isfinite(each.score) for each in found.tokens)
    assert found.sum == pytest.approx(found.change, abs=0.05 * max(1.0, abs(found.change)))
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "modernbert"])
def test_the_reference_adds_up_in_every_family(load: Load, family: str) -> None:
    pipeline = load("text-classification", family)
    found = bertolt.explain(pipeline, "the film wasn't dull , it was gorgeous", method="integrated-gradients")
    assert_sound(found)
    assert found.target == pipeline("the film wasn't dull , it was gorgeous").to_dict()["label"]
    assert found.unread == ()
    scores = pipeline("the film wasn't dull , it was gorgeous").to_dict()["scores"]
    probability = scores[found.target]
    assert found.value == pytest.approx(math.log(probability / (1 - probability)), abs=1e-4)


def test_of_two_labels_one_speaks_against_the_other(load: Load) -> None:
    pipeline = load("text-classification")
    one, other = (
        bertolt.explain(pipeline, "the plot was dull", target=name) for name in ("negative", "positive")
    )
    np.testing.assert_allclose(
        [each.score for each in one.tokens], [-each.score for each in other.tokens], atol=1e-5
    )


@pytest.mark.parametrize(
    ("task", "family"),
    [("sentence-pair-classification", "bert"), ("next-sentence-prediction", "modernbert")],
)
def test_pairs_have_two_fields(load: Load, task: str, family: str) -> None:
    pair = {"text": "the film was gorgeous .", "text_pair": "the plot was dull ."}
    found = bertolt.explain(load(task, family), pair, method="integrated-gradients")
    assert_sound(found)
    assert {each.field for each in found.tokens} == {"text", "text_pair"}


def test_several_labels(load: Load) -> None:
    pipeline = load("multi-label-classification")
    found = bertolt.explain(pipeline, "the film was gorgeous", target="joy", method="integrated-gradients")
    assert_sound(found)
    probability = pipeline("the film was gorgeous").to_dict()["scores"]["joy"]
    assert found.value == pytest.approx(math.log(probability / (1 - probability)), abs=1e-4)


def test_an_answer(load: Load) -> None:
    value = {"question": "what was gorgeous ?", "context": CONTEXT}
    pipeline = load("question-answering")
    found = bertolt.explain(pipeline, value, method="integrated-gradients")
    assert_sound(found)
    assert found.target == (pipeline(value).to_dict()["answer"] or "no answer")
    with pytest.raises(SettingError, match="no label to explain"):
        bertolt.explain(pipeline, value, target="yes")


def test_a_tag_of_a_word(load: Load) -> None:
    pipeline = load("token-classification")
    found = bertolt.explain(
        pipeline, "the film was gorgeous", word=1, target="NOUN", method="integrated-gradients"
    )
    assert_sound(found)
    assert found.target == "NOUN of film"
    for word in (None, 4, -1):
        with pytest.raises(SettingError, match="the number of a word, 0 to 3"):
            bertolt.explain(pipeline, "the film was gorgeous", word=word)


def test_what_was_not_read_is_said(load: Load) -> None:
    pipeline = load("text-classification", max_length=8)
    text = "the film was gorgeous and moving . the plot was dull ."
    found = bertolt.explain(pipeline, text)
    assert [each.text for each in found.tokens] == ["the", "film", "was", "gorgeous", "and", "moving"]
    assert [(each.field, text[each.start : each.end]) for each in found.unread] == [
        ("text", ". the plot was dull .")
    ]
    assert find_unread(pipeline, text) == found.unread


def test_what_was_not_read_of_each_text_is_said(load: Load) -> None:
    pipeline = load("sentence-pair-classification", max_length=11)  # 8 tokens beside the special ones
    pair = {"text": "the film was gorgeous and moving .", "text_pair": "the plot was dull ."}
    unread = find_unread(pipeline, pair)
    assert [(each.field, pair[each.field][each.start : each.end]) for each in unread] == [
        ("text", "and moving ."),
        ("text_pair", "."),
    ]


def test_windows_are_explained_whole(load: Load) -> None:
    pipeline = load("text-classification", max_length=8, long="windows")
    found = bertolt.explain(pipeline, "the film was gorgeous and moving . the plot was dull .")
    assert len(found.tokens) == 12
    assert found.unread == ()


def test_a_text_without_words(load: Load) -> None:
    found = bertolt.explain(load("text-classification"), "")
    assert (found.tokens, found.change) == ((), pytest.approx(0.0))


def test_what_cannot_be_explained_is_refused(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="fill-mask, whose results are candidates"):
        bertolt.explain(load("fill-mask"), "the [MASK] was dull")
    pipeline = load("text-classification")
    with pytest.raises(UnknownNameError, match="did you mean positive"):
        bertolt.explain(pipeline, "a", target="positiv")
    with pytest.raises(SettingError, match="a word only of a model that tags words"):
        bertolt.explain(pipeline, "a", word=0)
    with pytest.raises(SettingError, match="fast, integrated-gradients"):
        bertolt.explain(pipeline, "a", method=cast(Any, "occlusion"))
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(MissingExtraError, match=r"bertolt\[explain\]"):
        bertolt.explain(pipeline, "a", method="integrated-gradients")


def test_an_int8_folder_says_whose_weights_are_explained(load: Load) -> None:
    record = load("text-classification").record
    assert weights_note(record) == ""
    exported = cast(Any, SimpleNamespace(engine="onnx-int8"))
    assert "onnx-int8" in weights_note(exported)
    assert "float32 weights" in weights_note(exported)
