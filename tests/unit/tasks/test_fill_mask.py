"""The missing word: candidates against transformers, likelihood against its definition, refusals."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import pipeline as transformers_pipeline

from bertolt.data.examples import MaskedExample
from bertolt.data.table import MemoryTable, Row
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import DataError, InputError, SettingError
from bertolt.inference.engine import TorchEngine
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.run import Model
from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.spec import FolderRecord, ModelSpec
from bertolt.results import Candidates
from bertolt.tasks.fill_mask import TASK, FillOutput
from bertolt.tasks.mask_places import surface
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.task import typed_settings

TEXT = "the film was [MASK] and [MASK] ."


@pytest.fixture(scope="module")
def make(tiny_folder: Callable[[str], Path]) -> Callable[..., Pipeline]:
    def call(
        family: str = "bert", max_length: int = 64, long: str = "windows", **settings: object
    ) -> Pipeline:
        backbone = load_backbone(str(tiny_folder(family)))
        torch.manual_seed(0)
        network = TASK.head.build(backbone, Blueprint((), attention_dropout=False))
        tokenizer = Tokenizer.from_folder(backbone.folder)
        spec = ModelSpec(
            task=TASK.name, settings=typed_settings(TASK, settings).model_dump(), max_length=max_length,
            long=long,
        )  # fmt: skip
        engine = TorchEngine(network, TASK.head, pad_id=tokenizer.pad_id, device=torch.device("cpu"))
        record = FolderRecord(
            spec=spec, backbone=family, seed=0, data="", examples={}, versions={}, threads=1
        )
        return Pipeline(Model(TASK, spec, tokenizer, engine), record)

    return call


def _result(pipeline: Pipeline, text: str) -> Candidates:
    found = pipeline(text)
    assert isinstance(found, Candidates)
    return found


def test_candidates_are_those_of_transformers(make: Callable[..., Pipeline]) -> None:
    pipeline = make(top_k=4)
    fast = pipeline.model.tokenizer._fast
    theirs = transformers_pipeline(
        "fill-mask", model=pipeline.model.engine.network.eval(), tokenizer=fast, top_k=4
    )(TEXT)
    ours = _result(pipeline, TEXT)
    assert [len(place) for place in ours.masks] == [4, 4]
    for place, expected in zip(ours.masks, theirs, strict=True):
        for candidate, other in zip(place, expected, strict=True):
            assert candidate.score == pytest.approx(other["score"], abs=1e-6)
            assert candidate.token == other["token_str"].replace("##", "")
    first, second = (place[0].token for place in ours.masks)
    assert ours.masks[0][0].text == ours.text
    if not ours.masks[0][1].token.startswith("##"):
        assert second in ours.masks[0][1].text
    assert first in ours.text


def test_targets_are_compared_and_nothing_else(make: Callable[..., Pipeline]) -> None:
    for family in ("bert", "roberta", "modernbert"):
        everything = _result(make(family, top_k=1000), TEXT).masks[0]
        found = _result(make(family, targets="dull, gorgeous"), TEXT).masks[0]
        assert sorted(each.token for each in found) == ["dull", "gorgeous"]
        assert found[0].score >= found[1].score
        for each in found:
            same = [other for other in everything if other.token == each.token]
            assert each.score in [other.score for other in same]
            assert f"the film was {each.token} and " in each.text


def test_a_target_of_several_pieces_is_refused(make: Callable[..., Pipeline]) -> None:
    with pytest.raises(SettingError, match="'film' '##ed'"):
        make(targets="filmed")(TEXT)
    with pytest.raises(SettingError, match="one token"):
        make(targets="漢")(TEXT)


def test_each_family_reads_its_own_mask_and_the_usual_spelling(make: Callable[..., Pipeline]) -> None:
    pipeline = make("roberta")
    ours, theirs = (_result(pipeline, text) for text in (TEXT, TEXT.replace("[MASK]", "<mask>")))
    assert ours == theirs
    assert "MASK" not in ours.text.upper()


@pytest.mark.parametrize(("family", "token"), [("bert", r"\[MASK\]"), ("roberta", "<mask>")])
def test_a_text_without_a_mask_is_refused_by_the_models_own_token(
    make: Callable[..., Pipeline], family: str, token: str
) -> None:
    with pytest.raises(InputError, match=token):
        make(family)("the film was dull .")


def test_log_likelihood_is_the_sum_of_each_tokens(make: Callable[..., Pipeline]) -> None:
    pipeline = make(pseudo_log_likelihood=True)
    text = "the film was dull ."
    found = _result(pipeline, text)
    words = text.split()
    total = 0.0
    for place, word in enumerate(words):
        masked = " ".join([*words[:place], "[MASK]", *words[place + 1 :]])
        total += math.log(_result(make(targets=word), masked).masks[0][0].score)
    assert found.log_likelihood == pytest.approx(total, abs=1e-4)
    assert found.pseudo_perplexity == pytest.approx(math.exp(-total / 5), rel=1e-4)
    assert found.masks == ()
    assert "log_likelihood" in found.to_dict()
    assert "log_likelihood" not in _result(make(), TEXT).to_dict()


def test_masks_far_apart_are_found_in_windows_and_refused_in_the_head(make: Callable[..., Pipeline]) -> None:
    text = "[MASK] " + "film " * 40 + "[MASK]"
    found = _result(make(max_length=16), text)
    assert len(found.masks) == 2
    assert found.tokens == found.tokens_read == 42
    with pytest.raises(InputError, match="beyond"):
        make(max_length=16, long="head")(text)


def test_a_plain_text_is_its_own_target() -> None:
    rows = [Row(2, {"text": "the film was dull .", "label": "x"}), Row(3, {"text": "", "label": "x"})]
    table = MemoryTable("it", ("text", "label"), rows)
    reading = read_labelled(TASK, table, TASK.Settings(), ColumnChoice())
    assert reading.columns == {"text": "text", "unmasked": "text"}
    assert reading.examples == [
        MaskedExample(line=2, text="the film was dull .", unmasked="the film was dull .")
    ]
    assert reading.without_text == [3]


def test_known_words_are_measured(make: Callable[..., Pipeline]) -> None:
    model = make().model
    whole = "the film was dull and boring ."
    rows = [MaskedExample(text=TEXT, unmasked=whole), MaskedExample(text=whole, unmasked=whole)]
    cloze, drawn = (output for _, output in model.outputs(rows))
    probabilities = [
        _result(make(targets=word), TEXT).masks[place][0].score
        for place, word in enumerate(("dull", "boring"))
    ]
    assert cloze.known == 2
    assert cloze.log_likelihood == pytest.approx(sum(map(math.log, probabilities)), abs=1e-4)
    assert drawn.known == 1  # 15% of 7, at least one
    assert [output for _, output in model.outputs(rows[::-1])] == [drawn, cloze]  # the same masks again


def test_an_unmasked_text_that_is_another_is_refused(make: Callable[..., Pipeline]) -> None:
    for whole in ("the film was dull .", "the plot was dull and boring .", TEXT.replace("[MASK]", "dull", 1)):
        example = MaskedExample(line=7, text=TEXT, unmasked=whole)
        if "[MASK]" in whole:
            example = MaskedExample(line=7, text=whole, unmasked="the film was dull")
        with pytest.raises(DataError, match="line 7"):
            make().model.encode([example])


def test_statistics_by_hand() -> None:
    outputs = [
        FillOutput("", (), -2.0, 1, 2, 5, 5),
        FillOutput("", (), -6.0, 0, 2, 5, 5),
    ]
    statistics = TASK.statistics([], outputs, ModelSpec(task=TASK.name))
    weights = np.asarray([[1.0, 1.0], [2.0, 0.0]])
    np.testing.assert_allclose(statistics["masked_accuracy"](weights), [0.25, 0.5])
    np.testing.assert_allclose(statistics["perplexity"](weights), [math.exp(2), math.exp(1)])


def test_empty_and_special_texts_are_no_trouble(make: Callable[..., Pipeline]) -> None:
    pipeline = make(pseudo_log_likelihood=True)
    for text in ("", "\u200b", "[SEP] [CLS]"):
        assert _result(pipeline, text).log_likelihood == 0
    rows = [MaskedExample(text="[SEP]", unmasked="[SEP]"), MaskedExample(text="dull", unmasked="dull")]
    assert [output.known for _, output in pipeline.model.outputs(rows)] == [0, 1]


def test_class_weights_are_refused() -> None:
    with pytest.raises(SettingError, match="fill-mask"):
        TASK.loss(torch.zeros(1, 3), [], torch.ones(3))


@pytest.mark.parametrize(
    ("family", "token", "word", "continues"),
    [
        ("bert", "##ing", "ing", True), ("bert", "film", "film", False), ("bert", ".", ".", False),
        ("roberta", "Ġfilm", "film", False), ("roberta", "s", "s", True), ("roberta", ".", ".", False),
    ],
)  # fmt: skip
def test_tokens_as_they_stand_in_a_text(
    tiny_folder: Callable[[str], Path], family: str, token: str, word: str, continues: bool
) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder(family))
    number = tokenizer.token_to_id(token)
    assert number is not None
    assert surface(number, tokenizer) == (word, continues)
