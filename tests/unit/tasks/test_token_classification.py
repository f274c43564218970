"""Tags of words: what is learnt, read, shown and measured, by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bertolt.data.examples import WordsExample
from bertolt.data.features import Encoded, Feature
from bertolt.data.table import Row
from bertolt.data.tokenizer import Tokenizer
from bertolt.data.truncation import overlapping
from bertolt.errors import DataError
from bertolt.inference.run import encode
from bertolt.metrics.calibration import fit_temperature
from bertolt.models.spec import ModelSpec
from bertolt.tasks.task import TaskSettings
from bertolt.tasks.token_classification import OPEN, TASK, TagsOutput, home_windows
from tiny import FAMILIES

SETTINGS = TaskSettings()
SPANS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
POS = ("ADJ", "NOUN", "PUNCT")


def example(line: int = 1, **values: Any) -> WordsExample:
    return TASK.example(Row(line, values), SETTINGS)


def spec(labels: Sequence[str] = POS, **values: Any) -> ModelSpec:
    return ModelSpec(task=TASK.name, labels=tuple(labels), **values)


def output(places: Sequence[int], labels: int, sure: float = 4.0) -> TagsOutput:
    """Logits that are 0 but at one place of each word."""
    return TagsOutput(sure * np.eye(labels, dtype=np.float32)[list(places)], 9, 9)


def one(tokenizer: Tokenizer, given: WordsExample, model: ModelSpec) -> Encoded:
    return encode(TASK, model, tokenizer, [given])[0]


# --- what is learnt


def test_labels_in_alphabetical_order_and_open_ones_are_none() -> None:
    rows = [example(words=["a", "b"], tags=["X", "B"]), example(words=["a", "b"], tags=["_", "A"])]
    assert TASK.label_names(rows, SETTINGS) == ("A", "B", "X")


def test_labels_of_spans_are_complete() -> None:
    rows = [example(words=["a", "b"], tags=["I-PER", "O"]), example(words=["a"], tags=["B-LOC"])]
    assert TASK.label_names(rows, SETTINGS) == SPANS


def test_one_label_and_mixed_labels_are_refused() -> None:
    with pytest.raises(DataError, match="at least two different tags"):
        TASK.label_names([example(words=["a"], tags=["X"])], SETTINGS)
    rows = [example(words=["a", "b"], tags=["B-PER", "O"]), example(4, words=["a"], tags=["PER"])]
    with pytest.raises(DataError, match="'PER' on line 4"):
        TASK.label_names(rows, SETTINGS)


def test_the_stratum_is_every_closed_tag() -> None:
    assert TASK.stratum(example(words=["a", "b", "c"], tags=["X", None, "X"])) == ("X", "X")


# --- what the model reads


def test_a_word_selects_its_leading_token(tiny_folder: Callable[[str], Path]) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    given = example(
        text="Boring films!", words=["Boring", "film", "s", "!"], tags=["ADJ", "NOUN", None, "PUNCT"]
    )
    encoded = one(tokenizer, given, spec())
    (feature,) = encoded.features
    assert [tokenizer.id_to_token(token) for token in feature.ids] == [
        "[CLS]", "boring", "film", "##s", "!", "[SEP]"
    ]  # fmt: skip
    assert feature.select is not None
    assert feature.select.tolist() == [1, 2, 3, 4]
    assert feature.target.tolist() == [0, 1, OPEN, 2]
    assert feature.weight == 3.0
    assert (encoded.tokens, encoded.tokens_read, encoded.truncated) == (4, 4, False)


def test_a_word_without_token_selects_the_first_special_one(tiny_folder: Callable[[str], Path]) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    encoded = one(tokenizer, example(words=["\u0301", "film"], tags=["ADJ", "NOUN"]), spec())
    (feature,) = encoded.features
    assert feature.select is not None
    assert feature.select.tolist() == [0, 1]
    assert feature.weight == 2.0


def test_no_words_are_a_row_that_selects_nothing(tiny_folder: Callable[[str], Path]) -> None:
    encoded = one(Tokenizer.from_folder(tiny_folder("roberta")), example(text=""), spec())
    (feature,) = encoded.features
    assert feature.select is not None
    assert (len(feature), len(feature.select), feature.target) == (2, 0, None)


def test_home_windows_by_hand() -> None:
    windows = [(0, 6), (4, 10), (6, 12)]
    # context in the three: token 4 has 1, 0, -; token 5 has 0, 1, -; token 6 has -, 2, 0;
    # token 8 has -, 1, 2 (the text's end is no edge); token 9 has -, 0, 3
    leading = np.asarray([0, 3, 4, 5, 6, 7, 8, 9, 11, -1])
    assert home_windows(leading, windows).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 0]
    assert home_windows(leading, [(0, 12)]).tolist() == [0] * 10


@pytest.mark.parametrize("family", FAMILIES)
def test_every_word_of_a_long_text_is_read_once_at_its_own_token(
    tiny_folder: Callable[[str], Path], family: str
) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder(family))
    words = ("the film 😀 was gorgeous , שלום " * 9).split()
    given = example(words=words, tags=["ADJ"] * len(words))
    whole = one(tokenizer, given, spec(max_length=512))
    parts = one(tokenizer, given, spec(max_length=20))
    assert len(whole.features) == 1
    assert len(parts.features) == len(overlapping(whole.tokens, 18, 4))
    assert sum(feature.weight for feature in parts.features) == len(words)
    assert parts.tokens_read == parts.tokens == whole.tokens
    (feature,) = whole.features
    assert feature.select is not None
    expected = feature.ids[feature.select]
    # Each window says the ids of the words that it reads; put in order they are the words' own.
    ids = [each.ids[each.select][:, None].astype(np.float32) for each in parts.features]
    combined = TASK.combine(given, parts, ids, spec()).logits[:, 0]
    assert combined.tolist() == expected.tolist()
    assert all(len(each) <= 20 for each in parts.features)


def test_words_without_token_keep_their_place_among_windows(tiny_folder: Callable[[str], Path]) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    words = ["film"] * 10 + ["\u0301"] + ["plot"] * 10
    given = example(words=words)
    encoded = one(tokenizer, given, spec(max_length=10))
    ids = [each.ids[each.select][:, None].astype(np.float32) for each in encoded.features]
    found = [
        tokenizer.id_to_token(int(each)) for each in TASK.combine(given, encoded, ids, spec()).logits[:, 0]
    ]
    assert found == ["[CLS]" if word == "\u0301" else word for word in words]


def test_a_tag_that_the_model_lacks_is_refused_by_line(tiny_folder: Callable[[str], Path]) -> None:
    given = example(31, words=["a", "film"], tags=["ADJ", "X"])
    with pytest.raises(DataError, match="'X' of the word 'film' on line 31"):
        one(Tokenizer.from_folder(tiny_folder("bert")), given, spec())


# --- loss


def loss(targets: Sequence[Sequence[int]], logits: Any, weight: Any = None) -> float:
    ids = np.asarray([0], dtype=np.int32)
    features = [Feature(ids, target=np.asarray(target, dtype=np.int64)) for target in targets]
    return float(TASK.loss(torch.tensor(logits), features, weight))


def test_loss_is_the_sum_over_words_with_a_tag() -> None:
    logits = [[0.0, 0.0], [math.log(3), 0.0], [5.0, 1.0], [0.0, math.log(4)]]
    # ln 2, -ln 3/4, open, -ln 4/5
    expected = math.log(2) - math.log(3 / 4) - math.log(4 / 5)
    assert loss([[1, 0], [], [OPEN, 1]], logits) == pytest.approx(expected)
    weighted = 3 * math.log(2) - 0.5 * math.log(3 / 4) - 3 * math.log(4 / 5)
    assert loss([[1, 0], [OPEN, 1]], logits, torch.tensor([0.5, 3.0])) == pytest.approx(weighted)


def test_loss_of_no_words_is_zero() -> None:
    assert loss([[], [OPEN]], [[1.0, 2.0]]) == 0.0


# --- what is chosen, shown and measured


def test_the_temperature_is_fitted_on_words_with_a_tag() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(6, 3)).astype(np.float32) * 5
    rows = [
        example(words=["a", "b"], tags=["ADJ", None]),
        example(words=list("abcd"), tags=["NOUN"] * 3 + ["ADJ"]),
    ]
    outputs = [TagsOutput(logits[:2], 2, 2), TagsOutput(logits[2:], 4, 4)]
    expected = fit_temperature(logits[[0, 2, 3, 4, 5]], [0, 1, 1, 1, 0])
    assert TASK.choose(rows, outputs, spec()).temperature == pytest.approx(expected)


def test_parts_of_speech_are_shown_with_true_offsets() -> None:
    given = example(text="  Dull 😀!", words=["Dull", "😀", "!"])
    result = TASK.decode(given, output([0, 1, 2], 3, math.log(2)), spec())
    assert result.entities is None
    assert [(word.text, word.start, word.end, word.tag) for word in result.words] == [
        ("Dull", 2, 6, "ADJ"), ("😀", 7, 8, "NOUN"), ("!", 8, 9, "PUNCT")
    ]  # fmt: skip
    assert [word.score for word in result.words] == pytest.approx([0.5] * 3)
    assert (result.tokens, result.tokens_read, result.truncated) == (9, 9, False)


def test_entities_are_read_as_conlleval_reads_them() -> None:
    given = example(text="Ann  Lee in New York", words=["Ann", "Lee", "in", "New", "York"])
    logits = np.zeros((5, 5), dtype=np.float32)
    for word, (place, sure) in enumerate([(4, 9.0), (4, 1.0), (0, 9.0), (2, 9.0), (1, 9.0)]):
        logits[word, place] = sure
    result = TASK.decode(given, TagsOutput(logits, 5, 5), spec(SPANS))
    assert result.entities is not None
    found = [(each.label, each.text, each.start, each.end) for each in result.entities]
    # I after O begins one; B after I begins another; the blanks between words belong to the text
    assert found == [("PER", "Ann  Lee", 0, 8), ("LOC", "New", 12, 15), ("LOC", "York", 16, 20)]
    assert result.entities[0].score == pytest.approx(math.e / (math.e + 4))
    assert result.to_dict()["entities"][0]["text"] == "Ann  Lee"
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()


def test_nothing_has_no_words() -> None:
    empty = TagsOutput(np.zeros((0, 5), dtype=np.float32), 0, 0)
    result = TASK.decode(example(text=" "), empty, spec(SPANS))
    assert (result.words, result.entities) == ((), ())


def test_statistics_of_parts_of_speech() -> None:
    rows = [example(words=list("abc"), tags=["ADJ", "NOUN", None]), example(words=["a"], tags=["PUNCT"])]
    outputs = [output([0, 0, 1], 3, math.log(2)), output([2], 3, math.log(2))]
    statistics = TASK.statistics(rows, outputs, spec())
    assert list(statistics) == ["word_accuracy", "log_loss"]
    weights = np.asarray([[1.0, 1.0], [2.0, 0.0]])
    assert statistics["word_accuracy"](weights).tolist() == pytest.approx([2 / 3, 1 / 2])
    # a right word costs ln 2, the wrong one ln 4
    nats = [(math.log(2) + math.log(4) + math.log(2)) / 3, (math.log(2) + math.log(4)) / 2]
    assert statistics["log_loss"](weights).tolist() == pytest.approx(nats)


def test_statistics_of_spans_come_first() -> None:
    rows = [
        example(words=list("abcd"), tags=["B-PER", "I-PER", "O", "B-LOC"]),
        example(words=["a"], tags=["O"]),
    ]
    outputs = [output([3, 4, 1, 0], 5), output([0], 5)]  # PER right, LOC at a wrong place
    statistics = TASK.statistics(rows, outputs, spec(SPANS))
    assert list(statistics) == ["span_f1", "span_precision", "span_recall", "word_accuracy", "log_loss"]
    once = np.ones((1, 2))
    values = {name: float(statistic(once)[0]) for name, statistic in statistics.items()}
    assert (values["span_f1"], values["span_precision"], values["span_recall"]) == (0.5, 0.5, 0.5)
    assert values["word_accuracy"] == pytest.approx(3 / 5)
