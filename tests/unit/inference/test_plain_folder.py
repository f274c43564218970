"""Models that others trained, as they are: equal to transformers' own pipelines, or refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

import bertolt
from bertolt.data.examples import WordsExample
from bertolt.errors import FolderError, SettingError
from bertolt.tasks.token_classification import tag_indices
from hub_models import change_config, labels, write_plain
from process import environment
from tiny import FAMILIES

CLASSIFIER = "AutoModelForSequenceClassification"
TEXTS = ["the film was gorgeous and moving .", "The PLOT was dull !", "to me the cast was cold"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Given a family, an Auto class and values of the configuration, the folder of such a model."""
    made: dict[str, Path] = {}

    def folder(family: str, auto_class: str, **config: Any) -> Path:
        key = repr((family, auto_class, sorted(config.items())))
        if key not in made:
            path = tmp_path_factory.mktemp("plain") / "model"
            made[key] = write_plain(path, family, auto_class, config)
        return made[key]

    return folder


def theirs(folder: Path, task: str, inputs: Any, **options: Any) -> Any:
    """What transformers' own pipeline says."""
    return transformers.pipeline(task, model=str(folder), device="cpu")(inputs, **options)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_classifier_answers_as_transformers_does(family: str, plain: Callable[..., Path]) -> None:
    folder = plain(family, CLASSIFIER, **labels("NEGATIVE", "POSITIVE"))
    pipeline = bertolt.pipeline(folder)
    assert pipeline.model.task.name == "text-classification"
    for ours, wanted in zip(
        pipeline(TEXTS), theirs(folder, "text-classification", TEXTS, top_k=None), strict=True
    ):
        assert ours.scores == pytest.approx({each["label"]: each["score"] for each in wanted}, abs=1e-5)
        assert ours.label == wanted[0]["label"]


@pytest.mark.parametrize("family", FAMILIES)
def test_labels_of_entailment_mean_pairs(family: str, plain: Callable[..., Path]) -> None:
    folder = plain(family, CLASSIFIER, **labels("contradiction", "entailment", "neutral"))
    pipeline = bertolt.pipeline(folder)
    assert pipeline.model.task.name == "sentence-pair-classification"
    ours = pipeline({"text": TEXTS[0], "text_pair": TEXTS[1]})
    wanted = theirs(folder, "text-classification", {"text": TEXTS[0], "text_pair": TEXTS[1]}, top_k=None)
    assert ours.scores == pytest.approx({each["label"]: each["score"] for each in wanted}, abs=1e-5)


def test_several_labels(plain: Callable[..., Path]) -> None:
    names = labels("joy", "anger", "fear")
    folder = plain("roberta", CLASSIFIER, problem_type="multi_label_classification", **names)
    pipeline = bertolt.pipeline(folder)
    assert pipeline.model.task.name == "multi-label-classification"
    wanted = theirs(folder, "text-classification", TEXTS[0], top_k=None)
    scores = {each["label"]: each["score"] for each in wanted}
    ours = pipeline(TEXTS[0])
    assert ours.scores == pytest.approx(scores, abs=1e-5)
    assert set(ours.passed) == {label for label, score in scores.items() if score >= 0.5}


@pytest.mark.parametrize("family", FAMILIES)
def test_tags(family: str, plain: Callable[..., Path]) -> None:
    folder = plain(
        family, "AutoModelForTokenClassification", **labels("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    )
    ours = bertolt.pipeline(folder)(TEXTS[0])
    tokens = theirs(folder, "token-classification", TEXTS[0], ignore_labels=[])
    by_start = {each["start"] + (TEXTS[0][each["start"]] == " "): each for each in tokens}
    for word in ours.words:
        assert word.tag == by_start[word.start]["entity"]
        assert word.score == pytest.approx(float(by_start[word.start]["score"]), abs=1e-5)


def test_answers(plain: Callable[..., Path]) -> None:
    folder = plain("distilbert", "AutoModelForQuestionAnswering")
    pipeline = bertolt.pipeline(folder, settings={"top_k": 1})
    question, context = "what was gorgeous ?", TEXTS[0]
    ours = pipeline({"question": question, "context": context})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForQuestionAnswering.from_pretrained(folder)
    given = tokenizer(question, context, return_tensors="pt")
    with torch.no_grad():
        output = network(**given)
    offsets = tokenizer(question, context, return_offsets_mapping=True)
    inside = [place for place, part in enumerate(offsets.sequence_ids()) if part == 1]
    start, end = max(
        ((first, last) for first in inside for last in inside if first <= last),
        key=lambda pair: float(output.start_logits[0, pair[0]] + output.end_logits[0, pair[1]]),
    )
    begin, stop = offsets["offset_mapping"][start][0], offsets["offset_mapping"][end][1]
    assert ours.start <= begin
    assert ours.end >= stop  # ours are whole words


def test_missing_words(plain: Callable[..., Path]) -> None:
    folder = plain("bert", "AutoModelForMaskedLM")
    ours = bertolt.pipeline(folder)("the film was [MASK] .")
    wanted = theirs(folder, "fill-mask", "the film was [MASK] .", top_k=5)
    assert [each.score for each in ours.masks[0]] == pytest.approx(
        [each["score"] for each in wanted], abs=1e-5
    )


def test_what_was_guessed_is_said(plain: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = bertolt.pipeline(plain("bert", CLASSIFIER))
    said = capsys.readouterr().err
    assert pipeline.model.spec.labels == ("LABEL_0", "LABEL_1")
    assert "--set names=A,B,… names them" in said
    assert "if it is another: --task sentence-pair-classification or multi-label-classification" in said
    assert "not calibrated" in said
    assert pipeline.model.spec.max_length == 512


def test_names_and_task_of_the_caller(plain: Callable[..., Path], tmp_path: Path) -> None:
    folder = plain("bert", CLASSIFIER)
    names = tmp_path / "names.txt"
    names.write_text("bad\ngood\n", encoding="utf-8")
    for given in ("bad,good", ["bad", "good"], str(names)):
        pipeline = bertolt.pipeline(folder, task="nli", settings={"names": given}, quiet=True)
        assert pipeline.model.spec.labels == ("bad", "good")
        assert pipeline.model.task.name == "sentence-pair-classification"
    several = bertolt.pipeline(folder, task="multi-label", settings={"names": "bad,good"}, quiet=True)
    assert several(TEXTS[0]).scores.keys() == {"bad", "good"}


@pytest.mark.parametrize("names", ["one", "a,a", "a,", ["a", "b", "c"], 3])
def test_names_that_do_not_fit(names: Any, plain: Callable[..., Path]) -> None:
    with pytest.raises(SettingError, match="2 different names in --set names"):
        bertolt.pipeline(plain("bert", CLASSIFIER), settings={"names": names})


def test_a_cross_encoder_of_sentence_transformers_reads_pairs(plain: Callable[..., Path]) -> None:
    folder = plain("bert", CLASSIFIER, sentence_transformers={"version": "5.0"}, **labels("no", "yes"))
    assert bertolt.pipeline(folder, quiet=True).model.task.name == "sentence-pair-classification"


def test_bilou_tags_are_read_as_spans(plain: Callable[..., Path]) -> None:
    names = labels("O", *(f"{mark}-PER" for mark in "BILU"))
    ours = bertolt.pipeline(plain("bert", "AutoModelForTokenClassification", **names))(TEXTS[0])
    assert ours.entities is not None
    assert all(entity.label == "PER" for entity in ours.entities)


def _edited(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    shutil.copytree(source, target)
    change_config(target, change)
    return target


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.update(id2label={"0": "a", "2": "b"}), "from 0 to 1 in id2label.*none for 1"),
        (
            lambda v: v.update(id2label={"0": "a", "1": "a"}),
            "a different name for each.*a twice.*names",
        ),
        (lambda v: v.update(id2label={"zero": "a", "1": "b"}), "an object from 0, 1, 2"),
        (lambda v: v.update(id2label=["a", "b"]), "an object from 0, 1, 2"),
        (lambda v: v.update(id2label={"0": "a", "1": "b", "2": "c"}), "as the head has outputs, 2; found 3"),
        (lambda v: v.update(id2label={"0": "a"}), "two labels or more.*a head for numbers"),
        (lambda v: v.update(problem_type="regression"), "a head for numbers"),
        (
            lambda v: v.update(architectures=["BertModel"]),
            "an encoder without a trained head.*train DATA --model",
        ),
        (lambda v: v.pop("architectures"), "an encoder without a trained head"),
        (lambda v: v.update(architectures=["BertForMultipleChoice"]), "an architecture that ends in"),
        (lambda v: v.update(model_type="mystery"), "a model_type .* transformers knows; found 'mystery'"),
        (
            lambda v: v.update(model_type="mystery", auto_map={"AutoConfig": "evil.Config"}),
            "only as Python code.*never runs such code",
        ),
        (lambda v: v.pop("model_type"), "found none"),
        (lambda v: v.update(hidden_size="large"), "a whole number from 1 to 10,000,000 as hidden_size"),
    ],
)
def test_configurations_that_cannot_be_used(
    change: Callable[[dict[str, Any]], None], message: str, plain: Callable[..., Path], tmp_path: Path
) -> None:
    folder = _edited(plain("bert", CLASSIFIER, **labels("bad", "good")), tmp_path / "model", change)
    (folder / "evil.py").write_text("raise SystemExit('code of the folder ran')", encoding="utf-8")
    with pytest.raises(FolderError, match=message):
        bertolt.pipeline(folder)


def test_repeated_names_can_be_given_anew(plain: Callable[..., Path], tmp_path: Path) -> None:
    source = plain("bert", CLASSIFIER, **labels("bad", "good"))
    folder = _edited(source, tmp_path / "model", lambda v: v.update(id2label={"0": "a", "1": "a"}))
    assert bertolt.pipeline(folder, settings={"names": "x,y"}).model.spec.labels == ("x", "y")


def test_a_task_that_the_head_cannot_do(plain: Callable[..., Path]) -> None:
    with pytest.raises(FolderError, match="a model for question-answering; found one for text"):
        bertolt.pipeline(plain("bert", CLASSIFIER), task="question-answering")
    with pytest.raises(SettingError, match="no --set names for question-answering"):
        bertolt.pipeline(plain("distilbert", "AutoModelForQuestionAnswering"), settings={"names": "a,b"})


def test_a_folder_without_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FolderError, match="with config"):
        bertolt.pipeline(tmp_path / "empty")


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("O", "B-PER", "I-PER", "L-PER", "U-PER"), ["B-PER", "I-PER", "L-PER", "O", "U-PER", None]),
        (("O", "B-PER", "I-PER", "E-PER", "S-PER"), ["B-PER", "I-PER", "E-PER", "O", "S-PER", None]),
        (("O", "I-PER"), ["I-PER", "I-PER", "I-PER", "O", "I-PER", None]),
        (("O", "B-PER", "I-PER"), ["B-PER", "I-PER", "I-PER", "O", "B-PER", None]),
    ],
)
def test_gold_tags_are_read_in_the_scheme_of_the_model(
    names: tuple[str, ...], written: list[str | None]
) -> None:
    text = "one two three four five six"
    words = [(place.start(), place.end()) for place in re.finditer(r"\w+", text)]
    tags = ("B-PER", "I-PER", "I-PER", "O", "B-PER", None)
    example = WordsExample(text=text, words=tuple(words), tags=tags)
    places = tag_indices(example, names).tolist()
    assert [None if place < 0 else names[place] for place in places] == written


def test_one_text_loads_no_library_of_tables(plain: Callable[..., Path]) -> None:
    folder = plain("bert", "AutoModelForSequenceClassification")
    code = (
        "import sys; from bertolt.cli import main; assert main(['predict', sys.argv[1], 'a film']) == 0; "
        "assert not {'pyarrow', 'sklearn', 'pandas', 'datasketch', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
