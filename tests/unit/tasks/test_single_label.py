"""What tasks of one label share: reading, cutting, averaging, choosing and decoding, by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from bertolt.data.examples import TextExample
from bertolt.data.features import Encoded, Feature
from bertolt.data.table import Row
from bertolt.data.tokenizer import NO_OFFSETS, Tokenizer, Tokens
from bertolt.errors import DataError
from bertolt.models.spec import ModelSpec
from bertolt.tasks.registry import get_task
from bertolt.tasks.single_label import SequenceOutput, encode_texts

TASK = get_task("text-classification")
SETTINGS = TASK.Settings()
SPEC = ModelSpec(task=TASK.name, labels=("a", "b", "c"), max_length=12)


@pytest.fixture(scope="module")
def tokenizer(tiny_folder: Callable[[str], Path]) -> Tokenizer:
    return Tokenizer.from_folder(tiny_folder("bert"))


def _tokens(count: int, first: int = 100) -> Tokens:
    return Tokens(np.arange(first, first + count, dtype=np.int32), NO_OFFSETS)


def _encode(counts: list[int], tokenizer: Tokenizer, long: str) -> Encoded:
    tokens = [_tokens(count, first) for count, first in zip(counts, (100, 200), strict=False)]
    return encode_texts(tokens, 1, SPEC.model_copy(update={"long": long}), tokenizer)


def _rows(encoded: Encoded) -> list[list[int]]:
    return [row.ids.tolist() for row in encoded.features]


@pytest.mark.parametrize("long", ["head", "tail", "head+tail", "windows"])
@pytest.mark.parametrize("count", [0, 1, 10])
def test_a_text_that_fits_is_one_row(tokenizer: Tokenizer, long: str, count: int) -> None:
    encoded = _encode([count], tokenizer, long)
    assert _rows(encoded) == [[2, *range(100, 100 + count), 3]]
    assert (encoded.tokens, encoded.tokens_read, encoded.truncated) == (count, count, False)
    assert encoded.features[0].weight == 1
    assert encoded.features[0].target == 1
    assert encoded.features[0].types is None


@pytest.mark.parametrize(
    ("long", "ids"),
    [
        ("head", [*range(100, 110)]),
        ("tail", [*range(115, 125)]),
        ("head+tail", [100, 101, 102, *range(118, 125)]),  # 128/510 of 10 is 3
    ],
)
def test_a_long_text_is_cut(tokenizer: Tokenizer, long: str, ids: list[int]) -> None:
    encoded = _encode([25], tokenizer, long)
    assert _rows(encoded) == [[2, *ids, 3]]
    assert (encoded.tokens, encoded.tokens_read, encoded.truncated) == (25, 10, True)


def test_windows_share_a_weight_of_one_by_their_tokens(tokenizer: Tokenizer) -> None:
    encoded = _encode([25], tokenizer, "windows")
    assert _rows(encoded) == [[2, *range(*edges), 3] for edges in ((100, 108), (108, 116), (116, 125))]
    assert [row.weight for row in encoded.features] == pytest.approx([8 / 25, 8 / 25, 9 / 25])
    assert (encoded.tokens, encoded.tokens_read) == (25, 25)


@pytest.mark.parametrize(
    ("counts", "long", "first", "second"),
    [
        ([3, 4], "head", (100, 103), (200, 204)),
        ([2, 20], "head", (100, 102), (200, 207)),  # 9 of 12 are text: the shorter one whole
        ([20, 20], "head", (100, 104), (200, 205)),
        ([20, 20], "tail", (116, 120), (215, 220)),
        ([20, 0], "head", (100, 109), (200, 200)),
    ],
)
def test_a_pair_shares_a_row(
    tokenizer: Tokenizer, counts: list[int], long: str, first: tuple[int, int], second: tuple[int, int]
) -> None:
    encoded = _encode(counts, tokenizer, long)
    assert _rows(encoded) == [[2, *range(*first), 3, *range(*second), 3]]
    types = encoded.features[0].types
    assert types is not None
    assert types.tolist() == [0] * (2 + first[1] - first[0]) + [1] * (1 + second[1] - second[0])
    assert encoded.tokens == sum(counts)
    assert encoded.tokens_read == first[1] - first[0] + second[1] - second[0]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_long_text_of_a_pair_is_read_in_windows_beside_the_other(
    tokenizer: Tokenizer, swapped: bool
) -> None:
    encoded = _encode([3, 14] if swapped else [14, 3], tokenizer, "windows")
    long, short = (200, range(100, 103)) if swapped else (100, range(200, 203))
    windows = [range(long, long + 4), range(long + 4, long + 9), range(long + 9, long + 14)]
    expected = [[2, *short, 3, *window, 3] if swapped else [2, *window, 3, *short, 3] for window in windows]
    assert _rows(encoded) == expected
    assert [row.weight for row in encoded.features] == pytest.approx([7 / 23, 8 / 23, 8 / 23])
    assert (encoded.tokens, encoded.tokens_read) == (17, 17)


def test_beside_windows_the_other_text_has_half_a_row_at_most(tokenizer: Tokenizer) -> None:
    encoded = _encode([14, 11], tokenizer, "windows")
    assert all(row.ids[-5:].tolist() == [200, 201, 202, 203, 3] for row in encoded.features)
    assert (encoded.tokens, encoded.tokens_read, encoded.truncated) == (25, 14 + 4, True)


def test_logits_of_windows_are_averaged_by_weight() -> None:
    rows = tuple(Feature(np.zeros(3, dtype=np.int32), weight=weight) for weight in (0.25, 0.75))
    encoded = Encoded(rows, tokens=20, tokens_read=19, unknown=3)
    logits = [np.asarray(values, dtype=np.float32) for values in ([1, 2, 3], [3, 2, 5])]
    output = TASK.combine(TextExample(text="x"), encoded, logits, SPEC)
    np.testing.assert_allclose(output.logits, [2.5, 2.0, 4.5])
    assert (output.tokens, output.tokens_read, output.unknown) == (20, 19, 3)


def _output(*logits: float) -> SequenceOutput:
    return SequenceOutput(np.asarray(logits, dtype=np.float32), tokens=5, tokens_read=4)


def test_decoding_by_hand() -> None:
    result = TASK.decode(TextExample(text="x"), _output(0.0, np.log(2.0), 0.0), SPEC)
    assert result.to_dict() == {
        "label": "b", "score": pytest.approx(0.5), "truncated": True, "tokens": 5,
        "tokens_read": 4, "unknown": 0,
        "scores": {"a": pytest.approx(0.25), "b": pytest.approx(0.5), "c": pytest.approx(0.25)},
    }  # fmt: skip


def test_the_temperature_is_that_of_least_loss() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(200, 3)) * 6
    gold = np.asarray([random.choice(3, p=softmax(row / 3)) for row in logits])
    examples = [TextExample(text="x", label=SPEC.labels[index]) for index in gold]
    chosen = TASK.choose(examples, [_output(*row) for row in logits], SPEC)
    losses = {
        t: -np.log(softmax(logits / t, axis=1)[np.arange(200), gold]).mean() for t in np.arange(1, 6, 0.01)
    }
    assert chosen.temperature == pytest.approx(min(losses, key=losses.__getitem__), abs=0.02)
    assert chosen.model_copy(update={"temperature": 1.0}) == SPEC


def test_statistics_by_hand() -> None:
    outputs = [_output(9, 0, 0), _output(0, 9, 0), _output(0, 9, 0), _output(0, 0, 9)]
    examples = [TextExample(text="x", label=label) for label in "abcc"]
    found = TASK.statistics(examples, outputs, SPEC)
    ones = np.ones((1, 4))
    assert found["accuracy"](ones)[0] == 0.75
    assert found["macro_f1"](ones)[0] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert found["accuracy"](np.asarray([[1.0, 1.0, 2.0, 0.0]]))[0] == 0.5


def test_labels_come_in_alphabetical_order_and_are_at_least_two() -> None:
    examples = [TextExample(text="x", label=label) for label in ("pos", "neg", "10", "9")]
    assert TASK.label_names(examples, SETTINGS) == ("10", "9", "neg", "pos")
    with pytest.raises(DataError) as caught:
        TASK.label_names(examples[:1] * 3, SETTINGS)
    assert caught.value.to_dict() == {
        "expected": "at least two different labels",
        "found": "only 'pos' in 3 rows",
        "do": "check the label column (--label), or add rows of another label",
    }


def test_an_unknown_label_is_named_with_its_line(tokenizer: Tokenizer) -> None:
    example = TASK.example(Row(7, {"text": "film", "label": "d"}), SETTINGS)
    with pytest.raises(DataError) as caught:
        TASK.encode(example, [_tokens(1)], SPEC, tokenizer)
    assert caught.value.expected == "one of the model's labels: a, b, c"
    assert caught.value.found == "'d' on line 7"
