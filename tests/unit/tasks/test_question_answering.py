"""Question answering: windows, targets, loss, answers at true offsets, and the null threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForQuestionAnswering

from bertolt.data.examples import Answer, QuestionExample
from bertolt.data.features import Encoded, Feature
from bertolt.data.table import Row
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import SettingError
from bertolt.inference.engine import tensors
from bertolt.inference.run import Model
from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.spec import ModelSpec
from bertolt.results import Answers
from bertolt.tasks.answer_windows import window_targets
from bertolt.tasks.question_answering import TASK
from bertolt.tasks.task import has_target, typed_settings
from tiny import FAMILIES

Folder = Callable[[str], Path]


def spec_of(max_length: int = 64, **settings: Any) -> ModelSpec:
    typed = typed_settings(TASK, settings)
    return ModelSpec(task=TASK.name, settings=typed.model_dump(), max_length=max_length)


def example_of(question: str, context: str, *answers: tuple[str, int]) -> QuestionExample:
    found = tuple(Answer(text=text, start=start) for text, start in answers)
    return QuestionExample(question=question, context=context, answers=found or None)


@dataclass
class Knowing:
    """An engine that points at one token wherever it stands, and else at the row's first token."""

    token: int
    seen: list[Feature] = field(default_factory=list)

    def logits(self, features: Sequence[Feature]) -> list[np.ndarray]:
        self.seen.extend(features)
        found = []
        for feature in features:
            logits = np.full((len(feature), 2), -5, dtype=np.float32)
            logits[0] = 0
            logits[feature.ids == self.token] = 5
            found.append(logits)
        return found


def model_of(folder: Path, word: str, spec: ModelSpec) -> Model:
    tokenizer = Tokenizer.from_folder(folder)
    (tokens,) = tokenizer.tokens([word])
    return Model(TASK, spec, tokenizer, Knowing(int(tokens.ids[-1])))


def encode(model: Model, example: QuestionExample) -> Encoded:
    return model.encode([example])[0]


def answer(model: Model, context: str, question: str = "film ?") -> Answers:
    (result,) = model.results([QuestionExample(question=question, context=context)])
    assert isinstance(result, Answers)
    assert result.answer == context[result.start : result.end]
    for span in result.answers:
        assert span.text == context[span.start : span.end]
    return result


def test_settings_are_typed() -> None:
    assert typed_settings(TASK, {"top_k": "5", "null_threshold": "-1.5"}).model_dump() == {
        "top_k": 5,
        "max_answer_words": 30,
        "overlap": 128,
        "max_question_tokens": 64,
        "null_threshold": -1.5,
    }
    with pytest.raises(SettingError):
        typed_settings(TASK, {"top_k": "0"})


def test_optional_targets_are_not_needed_to_learn() -> None:
    row = Row(1, {"question": "q", "context": "c d", "answers": "c"})
    example = TASK.example(row, TASK.Settings())
    assert has_target(TASK, example)
    assert not has_target(TASK, TASK.example(Row(1, {"question": "q", "context": "c d"}), TASK.Settings()))


def test_contexts_and_articles_stand_on_one_side_of_a_split() -> None:
    one = QuestionExample(question="a", context="x")
    assert TASK.group(one) == TASK.group(QuestionExample(question="b", context="x"))
    assert TASK.group(one) != TASK.group(QuestionExample(question="a", context="y"))
    assert TASK.group(QuestionExample(question="a", context="x", title="T")) == "T"
    assert TASK.stratum(QuestionExample(question="a", context="x", answers=())) == "impossible"
    assert TASK.stratum(example_of("a", "x", ("x", 0))) == "answerable"


@pytest.mark.parametrize("family", FAMILIES)
def test_windows_overlap_and_hold_the_whole_context(tiny_folder: Folder, family: str) -> None:
    model = model_of(tiny_folder(family), "gorgeous", spec_of(32, overlap=5))
    context = "the film was dull . " * 20
    encoded = encode(model, QuestionExample(question="film was ?", context=context))
    question, passage = model.tokenizer.tokens(["film was ?", context])
    template = model.tokenizer.pair
    first = len(template.before) + len(question.ids) + len(template.between)
    room = 32 - template.size - len(question.ids)
    windows = encoded.context.windows
    assert [len(feature) for feature in encoded.features] == [32] * len(windows)
    assert windows[0] == (0, room)
    assert windows[-1][1] == len(passage.ids)
    for (_, before), (start, stop) in pairwise(windows[:-1]):
        assert before - start == 5
        assert stop - start == room
    for feature, (start, stop) in zip(encoded.features, windows, strict=True):
        np.testing.assert_array_equal(feature.ids[first : first + room], passage.ids[start:stop])
    assert encoded.tokens == encoded.tokens_read == len(question.ids) + len(passage.ids)
    assert [feature.weight for feature in encoded.features] == [1.0] * len(windows)
    assert [feature.target for feature in encoded.features] == [None] * len(windows)


def test_a_long_question_is_cut_and_that_is_said(tiny_folder: Folder) -> None:
    model = model_of(tiny_folder("bert"), "gorgeous", spec_of(64, max_question_tokens=4))
    result = answer(model, "the film was gorgeous .", "the film was dull and the plot was ?")
    assert result.truncated
    assert (result.tokens, result.tokens_read) == (14, 9)
    # Without the setting it may still fill half a row at most, so that the context has room.
    narrow = model_of(tiny_folder("bert"), "gorgeous", spec_of(13))
    assert answer(narrow, "the film was gorgeous .", "film " * 30).tokens_read == 5 + 5
    assert not answer(narrow, "the film was gorgeous .").truncated


def test_targets_of_windows() -> None:
    offsets = np.asarray([[2 * place, 2 * place + 1] for place in range(10)], dtype=np.int32)
    windows = [(0, 4), (3, 7), (6, 10)]
    assert window_targets(None, offsets, windows, 5) == [None] * 3
    assert window_targets((), offsets, windows, 5) == [(0, 0)] * 3
    inside = [Answer(text="d e", start=6)]  # tokens 3 and 4
    assert window_targets(inside, offsets, windows, 5) == [(0, 0), (5, 6), (0, 0)]
    twice = [Answer(text="d", start=6)]  # where two windows overlap
    assert window_targets(twice, offsets, windows, 5) == [(8, 8), (5, 5), (0, 0)]
    other = [Answer(text="d e", start=6), Answer(text="c d", start=4)]  # the first that is whole
    assert window_targets(other, offsets, windows, 5) == [(7, 8), (5, 6), (0, 0)]
    longer = [Answer(text="c d e f g h", start=4)]  # whole in none: the part that is there
    assert window_targets(longer, offsets, windows, 5) == [(7, 8), (5, 8), (5, 6)]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_is_that_of_transformers(tiny_folder: Folder, family: str) -> None:
    model = model_of(tiny_folder(family), "gorgeous", spec_of(24, overlap=4))
    context = "the film was gorgeous and moving , the plot was dull and boring from start to end ."
    encoded = encode(model, example_of("what was the film ?", context, ("moving", 26)))
    torch.manual_seed(0)
    backbone = load_backbone(str(tiny_folder(family)))
    network = TASK.head.build(backbone, Blueprint((), attention_dropout=True)).eval()
    features = encoded.features
    assert len(features) > 1
    inputs = tensors(features, model.tokenizer.pad_id, torch.device("cpu"))
    starts, ends = torch.tensor([feature.target for feature in features]).T
    with torch.inference_mode():
        expected = network(**inputs, start_positions=starts, end_positions=ends).loss * len(features)
        found = TASK.loss(TASK.head.forward(network, inputs), features, None)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_loss_does_not_see_padding_and_counts_weights() -> None:
    short = Feature(ids=np.zeros(2, dtype=np.int32), target=(1, 0))
    long = Feature(ids=np.zeros(3, dtype=np.int32), target=(0, 2), weight=0.5)
    logits = torch.tensor([[[0.0, 1.0], [0.0, 1.0], [99.0, 99.0]], [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    expected = math.log(2) + 0.5 * math.log(3)
    assert TASK.loss(logits, [short, long], None).item() == pytest.approx(expected)


def test_a_classifier_as_backbone_gets_two_outputs_a_token(tiny_folder: Folder, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    AutoModelForSequenceClassification.from_pretrained(
        tiny_folder("distilbert"), num_labels=3
    ).save_pretrained(tmp_path)
    Tokenizer.from_folder(tiny_folder("distilbert")).save(tmp_path, 512)
    network = TASK.head.build(load_backbone(str(tmp_path)), Blueprint((), attention_dropout=True))
    assert network.config.num_labels == 2
    network.save_pretrained(tmp_path / "again")
    again = AutoModelForQuestionAnswering.from_pretrained(tmp_path / "again")
    ids = torch.arange(6)[None]
    with torch.inference_mode():
        both = TASK.head.forward(network.eval(), {"input_ids": ids})
        assert both.shape == (1, 6, 2)
        torch.testing.assert_close(both[..., 1], again.eval()(input_ids=ids).end_logits)
        TASK.head.fold_temperature(network, 2.0)
        torch.testing.assert_close(TASK.head.forward(network, {"input_ids": ids}), both / 2)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_at_every_place_of_a_window(tiny_folder: Folder, family: str) -> None:
    model = model_of(tiny_folder(family), " gorgeous", spec_of(20, overlap=6))
    for place in range(30):
        words = ["film"] * 30
        words[place] = "gorgeous"
        result = answer(model, "plot " + " ".join(words))
        assert (result.answer, result.start) == ("gorgeous", 5 + 5 * place)
        assert not result.truncated


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "before",
    [
        "cafe\u0301 nai\u0308ve e\u0301te\u0301",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f44d\U0001f3fd",
        "שָׁלוֹם עולם , مرحبا بالعالم",
        "東京都 と ไทย",
        "a \ud800 lone surrogate",
        "\t \u00a0 \u200b\n",
    ],
)
def test_offsets_are_true_behind_any_text(tiny_folder: Folder, family: str, before: str) -> None:
    model = model_of(tiny_folder(family), " gorgeous", spec_of(64))
    context = f"{before} gorgeous , {before}"
    result = answer(model, context)
    assert (result.answer, result.start) == ("gorgeous", len(before) + 1)


def test_questions_on_one_context_tokenise_it_once(
    tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(tiny_folder("bert"), "gorgeous", spec_of())
    batches: list[list[str]] = []
    tokenise = Tokenizer.tokens

    def counted(self: Tokenizer, texts: Sequence[str], **options: Any) -> Any:
        batches.append(list(texts))
        return tokenise(self, texts, **options)

    monkeypatch.setattr(Tokenizer, "tokens", counted)
    questions = [f"what was {noun} ?" for noun in ("film", "plot", "cast")]
    list(model.results(QuestionExample(question=each, context="a gorgeous film") for each in questions))
    assert [text for batch in batches for text in batch].count("a gorgeous film") == 1


def test_a_context_of_200_000_characters(tiny_folder: Folder) -> None:
    model = model_of(tiny_folder("bert"), "gorgeous", spec_of(512))
    context = "the film was dull . " * 9_000 + "gorgeous " + "the plot was cold . " * 1_000
    result = answer(model, context)
    assert (result.answer, result.start) == ("gorgeous", 180_000)
    assert result.tokens_read == result.tokens == 50_003
    # Linear in the text: 50,001 tokens of context, of which each window but the first reads 379 new ones.
    assert len(model.engine.seen) == math.ceil((50_001 - 507) / (507 - 128)) + 1  # type: ignore[attr-defined]


def test_a_context_without_tokens_has_no_answer(tiny_folder: Folder) -> None:
    for context in ("", " \n", "\x01"):
        result = answer(model_of(tiny_folder("bert"), "gorgeous", spec_of()), context)
        assert (result.answer, result.start, result.end, result.answers) == ("", 0, 0, ())
        assert (result.score, result.no_answer_score) == (1.0, 1.0)
