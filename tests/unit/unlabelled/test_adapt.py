"""Adaptation as a whole: it learns, its folder is complete, and a resumed run is the same run."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM

import bertolt
from bertolt.cli.adapt import adapt as verb
from bertolt.errors import DataError, FolderError, SettingError
from bertolt.inference.pipeline import Pipeline
from bertolt.models.folder import load_examples, load_record
from bertolt.training import loop
from bertolt.training.checkpoints import Checkpoints
from bertolt.training.fine_tune import fine_tune
from bertolt.training.run_folder import RunFolder
from bertolt.training.runlog import read_log
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled.adapt import Adaptation, adapt, resume
from bertolt.unlabelled.settings import AdaptOptions, AdaptSettings
from tiny import sentiment_rows


def _silent(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> str:
    """480 documents of one or two sentences of which each word tells much of the next."""
    path = tmp_path_factory.mktemp("texts") / "lines.txt"
    texts = [f"the {noun} was {word} and the {noun} was {word} ." for noun in ("film", "plot", "cast", "hero")
             for word in ("dull", "warm", "witty", "cold", "messy", "honest")]  # fmt: skip
    order = random.Random(0)
    path.write_text("".join(f"{order.choice(texts)} take {n % 20}\n" for n in range(480)), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("texts") / "documents.txt"
    order = random.Random(0)
    texts = [text for text, _ in sentiment_rows()]
    blocks = ["\n".join(order.sample(texts, 6)) for _ in range(40)]
    path.write_text("\n\n".join(blocks), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def settings(tiny_folder: Callable[[str], Path]) -> Callable[..., AdaptSettings]:
    def call(data: str, out: Path, *, family: str = "bert", **options: object) -> AdaptSettings:
        values = {"epochs": 1, "lr": 1e-2, "batch_size": 16, "warm_up": 5, "device": "cpu", "threads": 1}
        return AdaptSettings.model_validate(
            {"model": str(tiny_folder(family)), "data": (data,), "out": str(out), **values, **options}
        )

    return call


def _weights(done: Adaptation | Path) -> dict[str, object]:
    folder = done if isinstance(done, Path) else done.folder
    return load_file(folder / "model.safetensors")


def test_it_learns_and_its_folder_is_a_model_and_a_backbone(
    settings: Callable[..., AdaptSettings], lines: str, tmp_path: Path
) -> None:
    said: list[str] = []
    done = adapt(settings(lines, tmp_path / "model", epochs=12, warm_up=20), said.append)
    before = done.before["masked_accuracy"]
    assert before is not None
    assert done.metrics["masked_accuracy"].low > before
    assert done.metrics["perplexity"].high < (done.before["perplexity"] or 0)
    assert any(line.startswith("before (new head only)") for line in said)
    record = load_record(done.folder)
    assert record.spec.task == "fill-mask"
    held_out = len(load_examples(done.folder))
    assert record.examples == {"train": 480 - held_out, "validation": held_out, "test": 0}
    assert 40 <= held_out <= 56  # equal documents stay together
    assert record.training["before"] == done.before
    again = Pipeline.from_folder(done.folder, device="cpu")
    text = "the film was [MASK] and the film was dull . take 3"
    one, other = (next(iter(pipeline(text).masks)) for pipeline in (again, done.pipeline))
    assert [each.token for each in one] == [each.token for each in other]
    assert [each.score for each in one] == pytest.approx([each.score for each in other], abs=1e-6)
    assert AutoModelForMaskedLM.from_pretrained(done.folder).get_output_embeddings().weight.shape[1] == 16
    records = [(entry["kind"], entry["phase"]) for entry in read_log(tmp_path / "model.run")]
    assert records.count(("step", "head")) >= 20
    assert records.count(("validation", "adapt")) == 12
    assert sorted(path.name for path in (tmp_path / "model.run").iterdir()) == ["log.jsonl", "settings.json"]
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "text,label\n" + "".join(f"{t},{y}\n" for t, y in sentiment_rows()[:60]), encoding="utf-8"
    )
    run = fine_tune(
        TrainSettings(data=(str(rows),), model=str(done.folder), out=str(tmp_path / "next"), epochs=1,
                      threads=1, device="cpu"), _silent)  # fmt: skip
    assert run.folder.is_dir()


def test_a_model_that_has_a_head_is_not_warmed_up(
    settings: Callable[..., AdaptSettings], lines: str, tmp_path: Path
) -> None:
    adapt(settings(lines, tmp_path / "one"), _silent)
    said: list[str] = []
    again = adapt(settings(lines, tmp_path / "two", model=str(tmp_path / "one")), said.append)
    assert not any("new head" in line for line in said)
    assert again.before == {
        name: figure["value"] for name, figure in load_record(tmp_path / "one").metrics.items()
    }


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_the_next_sentence_is_a_second_head(
    settings: Callable[..., AdaptSettings], documents: str, tmp_path: Path, family: str
) -> None:
    done = adapt(
        settings(documents, tmp_path / "m", family=family, next_sentence=True, whole_word=True), _silent
    )
    assert list(done.metrics) == ["masked_accuracy", "perplexity", "next_sentence_accuracy"]
    pair = {"text": "the film was dull .", "text_pair": "this plot was cold ."}
    result = Pipeline.from_folder(done.folder, task="nsp", device="cpu")(pair)
    assert list(result.scores) == ["follows", "does not follow"]
    assert Pipeline.from_folder(done.folder, device="cpu")("the [MASK]").kind == "candidates"
    with pytest.raises(FolderError, match="fill-mask and next-sentence-prediction"):
        Pipeline.from_folder(done.folder, task="sentiment-analysis")


class _KilledError(Exception):
    pass


@pytest.mark.parametrize("next_sentence", [False, True])
@pytest.mark.parametrize("at", [3, 9, 14])  # while the head warms up; in the first epoch; in the second
def test_a_resumed_run_is_the_same_run(
    settings: Callable[..., AdaptSettings], documents: str, lines: str, tmp_path: Path, at: int,
    next_sentence: bool, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    options = {"epochs": 2, "warm_up": 6, "batch_size": 6 if next_sentence else 80}
    options["next_sentence"] = next_sentence
    data = documents if next_sentence else lines
    whole = adapt(settings(data, tmp_path / "whole", **options), _silent)
    steps = [each for each in read_log(tmp_path / "whole.run") if each["kind"] == "step"]
    assert len(steps) > at
    calls = 0

    def dying(*arguments: float) -> float:
        nonlocal calls
        calls += 1
        if calls > at:
            raise _KilledError
        return loop_rate(*arguments)

    loop_rate = loop.rate
    monkeypatch.setattr(Checkpoints, "save_if_due", Checkpoints.save)  # after every step
    with monkeypatch.context() as patch:
        patch.setattr(loop, "rate", dying)
        with pytest.raises(_KilledError):
            adapt(settings(data, tmp_path / "cut", **options), _silent)
    assert not (tmp_path / "cut").exists()
    done = resume(tmp_path / "cut", _silent)
    assert done.before == whole.before
    assert done.metrics == whole.metrics
    one, other = _weights(whole), _weights(done)
    assert one.keys() == other.keys()
    assert all(one[name].equal(other[name]) for name in one)
    logs = [read_log(tmp_path / f"{name}.run") for name in ("whole", "cut")]
    losses = [{(e["phase"], e["kind"], e["step"]): e["loss"] for e in log if "loss" in e} for log in logs]
    assert losses[0] == losses[1]


def test_a_run_of_another_verb_is_not_resumed(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "m").open({"task": "text-classification"}, {}, resume=False):
        pass
    with pytest.raises(FolderError, match="train --resume"):
        resume(tmp_path / "m", _silent)
    with RunFolder(tmp_path / "n", "adapt").open({"model": "minilm"}, {}, resume=False):
        pass
    with pytest.raises(FolderError, match="adapt --resume"):
        bertolt.resume(tmp_path / "n")


def test_refused_before_anything_is_written(
    settings: Callable[..., AdaptSettings], lines: str, tmp_path: Path
) -> None:
    out = tmp_path / "m"
    one = tmp_path / "one.txt"
    one.write_text("a single document\n", encoding="utf-8")
    with pytest.raises(DataError, match="two different documents"):
        adapt(settings(str(one), out), _silent)
    with pytest.raises(DataError, match="several sentences for --next-sentence"):
        adapt(settings(str(one), out, next_sentence=True), _silent)
    with pytest.raises(SettingError, match="max-length"):
        adapt(settings(lines, out, max_length=9999), _silent)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.txt"]
    (tmp_path / "m").mkdir()
    with pytest.raises(FolderError, match="did not write"):
        adapt(settings(lines, out), _silent)


def test_documents_of_one_sentence_are_left_out_of_pairs_and_said(
    settings: Callable[..., AdaptSettings], tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("".join(f"The film {n} was dull. The cast was warm.\nA film.\n" for n in range(30)))
    said: list[str] = []
    adapt(settings(str(path), tmp_path / "m", next_sentence=True), said.append)
    assert any(line.startswith("30 documents of one sentence left out") for line in said)


def test_the_python_face_and_the_verb_have_every_option(
    tiny_folder: Callable[[str], Path], lines: str, tmp_path: Path
) -> None:
    fields = AdaptSettings.model_fields
    assert set(AdaptOptions.__annotations__) | {"model", "data", "out"} == set(fields)
    parameters = inspect.signature(verb).parameters
    for name, field in fields.items():
        empty = field.is_required() or field.default == ()
        assert parameters[name].default == (None if empty else field.default)
    done = bertolt.adapt(tiny_folder("bert"), lines, out=tmp_path / "m", warm_up=0, threads=1, quiet=True)
    assert done.folder == tmp_path / "m"
