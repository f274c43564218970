"""What is exported gives the same answers, and what does not is not written."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bertolt.data.table import Row
from bertolt.errors import DataError, FolderError, MissingExtraError, RefusedError, SettingError
from bertolt.inference import export as module
from bertolt.inference.engine import TorchEngine
from bertolt.inference.export import Exported, export
from bertolt.inference.gate_rows import gate_examples
from bertolt.inference.onnx_engine import OnnxEngine, open_session
from bertolt.inference.pipeline import Pipeline
from bertolt.models.folder import load_examples, load_record
from bertolt.tasks.task import input_values
from tiny_models import train_tiny

#: One of every head, and one of every family.
KINDS = (
    ("text-classification", "bert"),
    ("token-classification", "bert"),
    ("question-answering", "bert"),
    ("fill-mask", "bert"),
    ("next-sentence-prediction", "distilbert"),
    ("text-classification", "roberta"),
    ("text-classification", "modernbert"),
)

Make = Callable[[str, str], Path]


def examples_of(folder: Path, pipeline: Pipeline) -> list[Any]:
    return [pipeline.model.task.example(Row(0, row), pipeline.settings) for row in load_examples(folder)]


def run_export(source: Path, target: Path, **options: Any) -> Exported:
    pipeline = Pipeline.from_folder(source, device="cpu", engine="torch")
    return export(source, target, pipeline, examples_of(source, pipeline), rows=0, **options)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Callable[[str], Path]) -> Make:
    """The folder of a tiny model of a task and a family, shared by all tests."""
    made: dict[tuple[str, str], Path] = {}

    def make(task: str, family: str) -> Path:
        if (task, family) not in made:
            made[task, family] = train_tiny(task, tmp_path_factory.mktemp("trained"), tiny_folder, family)
        return made[task, family]

    return make


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, trained: Make) -> Make:
    """The exported folder of a task and a family, shared by all tests: copy it before changing it."""
    made: dict[tuple[str, str], Path] = {}

    def make(task: str, family: str) -> Path:
        if (task, family) not in made:
            target = tmp_path_factory.mktemp("exported") / "model"
            run_export(trained(task, family), target)
            made[task, family] = target
        return made[task, family]

    return make


@pytest.fixture
def _ready(exported: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports give the network that was exported before: tracing it takes seconds."""
    file = exported("text-classification", "bert") / "model.onnx"
    monkeypatch.setattr(module, "write_onnx", lambda *given: shutil.copyfile(file, given[-1]))


@pytest.mark.parametrize(("task", "family"), KINDS)
def test_logits_are_torchs_for_every_head_and_family(
    task: str, family: str, trained: Make, exported: Make
) -> None:
    folder = exported(task, family)
    ours, theirs = (Pipeline.from_folder(folder, device="cpu", engine=name) for name in ("onnx", "torch"))
    assert isinstance(ours.model.engine, OnnxEngine)
    assert isinstance(theirs.model.engine, TorchEngine)
    texts = [input_values(ours.model.task, each) for each in examples_of(folder, ours)[:6]]
    examples = [ours.model.task.example(Row(0, text), ours.settings) for text in texts]
    features = [feature for each in ours.model.encode(examples) for feature in each.features]
    assert len({len(feature) for feature in features}) > 1  # so that some are padded
    together = ours.model.engine.logits(features)
    for feature, one, other in zip(features, together, theirs.model.engine.logits(features), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=1e-5)
        np.testing.assert_allclose(ours.model.engine.logits([feature])[0], one, atol=1e-5)
    assert [each.to_dict().keys() for each in ours(texts)] == [
        each.to_dict().keys() for each in theirs(texts)
    ]


def test_the_folder_holds_all_of_the_model_and_the_figures(trained: Make, exported: Make) -> None:
    source, folder = trained("text-classification", "bert"), exported("text-classification", "bert")
    names = {file.name for file in source.iterdir()}
    assert {file.name for file in folder.iterdir()} == names | {"model.onnx"}
    before, after = load_record(source), load_record(folder)
    assert after.model_copy(update={"engine": None}) == before
    assert after.engine is not None
    assert (after.engine.name, after.engine.precision, after.engine.loss) == ("onnx", "fp32", None)
    assert after.engine.parity.rows == len(load_examples(source)) + 64
    assert 0 < after.engine.parity.largest < 1e-4
    assert after.engine.free_of_batch_mates
    assert "ONNX" in (folder / "README.md").read_text(encoding="utf-8")


def test_attention_norms_and_activations_are_fused(exported: Make) -> None:
    import onnx

    graph = onnx.load(str(exported("text-classification", "bert") / "model.onnx")).graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("MultiHeadAttention") == 2
    assert kinds.count("SkipLayerNormalization") == 4
    assert kinds.count("BiasGelu") == 2
    assert "Softmax" not in kinds


def test_one_wrong_weight_is_refused_and_nothing_is_written(
    trained: Make, exported: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx
    from onnx import numpy_helper

    planted = onnx.load(str(exported("text-classification", "bert") / "model.onnx"))
    weight = next(each for each in planted.graph.initializer if each.name.endswith("classifier.weight"))
    values = numpy_helper.to_array(weight).copy()
    values[0, 0] += 0.1
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    monkeypatch.setattr(module, "write_onnx", lambda *given: onnx.save(planted, str(given[-1])))
    with pytest.raises(RefusedError, match=r"within 0\.0001 of torch's") as caught:
        run_export(trained("text-classification", "bert"), tmp_path / "out")
    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_eight_bits_ask_for_rows(trained: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"at least 200 labelled rows.*24.*--data"):
        run_export(trained("text-classification", "bert"), tmp_path / "out", quantise=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_ready")
def test_eight_bits_are_gated_on_labelled_rows(trained: Make, tmp_path: Path) -> None:
    source = trained("text-classification", "bert")
    pipeline = Pipeline.from_folder(source, device="cpu")
    lines: list[str] = []
    # The tiny model has hardly learnt anything: with its own answers as labels nothing is lost but flips.
    rows = [row for row in load_examples(source) for _ in range(9)]
    labels = [result.label for result in pipeline([row["text"] for row in rows])]
    examples = [
        pipeline.model.task.example(Row(0, {"text": row["text"], "label": label}), pipeline.settings)
        for row, label in zip(rows, labels, strict=True)
    ]
    done = export(source, tmp_path / "out", pipeline, examples, quantise=True, rows=0, say=lines.append)
    engine = done.engine
    assert engine.precision == "int8"
    assert engine.quantisation in [each.name for each in engine.tried if each.passed]
    assert engine.tried[0].name == "fp32"
    assert engine.loss is not None
    assert engine.loss.rows == 216
    assert engine.loss.fp32 == 1.0
    assert (engine.loss.high <= 0.015, engine.loss.flips / 216 <= 0.02) == (True, True)
    assert engine.batch_mates.margin == 5e-3
    assert "int8: measured on 216 labelled rows" in lines
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        *(file.name for file in source.iterdir()), "model.onnx",
    }  # fmt: skip
    found = Pipeline.from_folder(tmp_path / "out")([row["text"] for row in rows[::9]])
    assert [result.label for result in found] == labels[::9]


def test_a_damaged_file_is_refused(exported: Make, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(exported("text-classification", "bert"), folder)
    with (folder / "model.onnx").open("r+b") as file:
        file.seek(100)
        file.write(b"\x00\x01")
    with pytest.raises(FolderError, match="another in"):
        Pipeline.from_folder(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(FolderError, match="none in"):
        Pipeline.from_folder(folder)
    assert isinstance(Pipeline.from_folder(folder, device="cpu", engine="torch").model.engine, TorchEngine)


def test_engines_that_do_not_fit_are_refused(trained: Make, exported: Make) -> None:
    plain, folder = trained("text-classification", "bert"), exported("text-classification", "bert")
    with pytest.raises(SettingError, match="out of auto, torch, onnx"):
        Pipeline.from_folder(folder, engine="tensorrt")
    with pytest.raises(FolderError, match="bertolt export"):
        Pipeline.from_folder(plain, engine="onnx")
    with pytest.raises(SettingError, match="fp32 for the engine onnx"):
        Pipeline.from_folder(folder, engine="onnx", dtype="bf16")
    assert isinstance(Pipeline.from_folder(folder, dtype="bf16", device="cpu").model.engine, TorchEngine)


def test_without_the_extra_one_line_installs_it(
    exported: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    folder = exported("text-classification", "bert")
    with pytest.raises(MissingExtraError, match=r"pip install 'bertolt\[onnx\]'"):
        Pipeline.from_folder(folder)
    with pytest.raises(MissingExtraError, match=r"pip install 'bertolt\[onnx\]'"):
        run_export(folder, tmp_path / "out")


def test_threads_are_torchs(exported: Make) -> None:
    folder = exported("text-classification", "bert")
    engine = Pipeline.from_folder(folder).model.engine
    assert isinstance(engine, OnnxEngine)
    assert engine.threads == torch.get_num_threads()
    options = open_session(folder / "model.onnx", 1).get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_explanations_of_an_exported_folder_load_torch(exported: Make) -> None:
    pipeline = Pipeline.from_folder(exported("text-classification", "bert"), device="cpu")
    assert isinstance(pipeline.in_torch().model.engine, TorchEngine)
    assert pipeline.in_torch() is pipeline.in_torch()
    assert pipeline.in_torch().in_torch() is pipeline.in_torch()


@pytest.mark.usefixtures("_ready")
def test_an_exported_folder_is_exported_again_in_its_place(exported: Make, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(exported("text-classification", "bert"), folder)
    done = run_export(folder, folder)
    assert done.replaced
    assert json.loads((folder / "bertolt.json").read_text(encoding="utf-8"))["engine"]["file"] == "model.onnx"


def test_pieces_are_seeded_short_and_longer_than_what_is_read(trained: Make) -> None:
    folder = trained("text-classification", "bert")
    pipeline = Pipeline.from_folder(folder, device="cpu")
    examples = examples_of(folder, pipeline)
    model = pipeline.model
    found, again, other = (
        gate_examples(model, examples, pipeline.settings, rows=0, seed=seed) for seed in (1, 1, 2)
    )
    assert found == again
    assert found != other
    assert [each.text for each in found[: len(examples)]] == [each.text for each in examples]
    assert all(each.label is None for each in found)
    pieces = model.encode(found[len(examples) :])
    assert len(pieces) == 64
    lengths = [len(each.features[0]) for each in pieces]
    assert min(lengths) <= 5
    assert sum(length == model.spec.max_length for length in lengths) == 4
    assert sum(each.truncated for each in pieces) >= 2


def test_pieces_without_a_missing_word_are_left_out(trained: Make) -> None:
    folder = trained("fill-mask", "bert")
    pipeline = Pipeline.from_folder(folder, device="cpu")
    found = gate_examples(pipeline.model, examples_of(folder, pipeline), pipeline.settings, rows=0)
    assert len(found) == 24 + 64
    assert all("[MASK]" in each.text for each in found)
