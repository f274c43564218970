"""What must hold for every supported encoder family; the most used are checked with every change."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from bertolt.api.exporting import export
from bertolt.data.features import Feature
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError, InputError
from bertolt.inference.attribution import explain
from bertolt.inference.pipeline import Pipeline
from bertolt.models.backbone import load_backbone
from bertolt.models.families import FAMILIES, Family, encoder_of
from bertolt.models.heads import SequenceHead
from bertolt.probing.encoder import load_encoder
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings
from contract.rows import ROWS
from tiny import tiny_tokenizer
from tiny_families import family_config, write_family

#: The ten most used, which `make test` checks; tests/slow checks all.
MOST_USED = ("bert", "distilbert", "roberta", "xlm-roberta", "camembert", "deberta-v2", "electra", "albert",
             "modernbert", "mpnet")  # fmt: skip


def check_temperature(kind: str, labels: int = 5) -> None:
    """The temperature divides the logits exactly, and no tensor of the encoder changes."""
    torch.manual_seed(0)
    config: Any = family_config(kind)
    config.num_labels = labels
    network = getattr(transformers, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES[kind])(config).eval()
    ids = torch.cat([torch.arange(5, 20), torch.ones(1, dtype=torch.long)])[None]  # 1 ends a sequence
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    before = {name: value.clone() for name, value in encoder_of(network).state_dict().items()}
    head = SequenceHead()
    with torch.inference_mode():
        logits = network(**inputs).logits
        head.fold_temperature(network, 2.0)
        halved = network(**inputs).logits
    assert logits.shape == (1, labels)
    torch.testing.assert_close(halved, logits / 2, rtol=0, atol=1e-6)
    after = encoder_of(network).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


TEXTS = (
    "the film was gorgeous and moving , and i will tell my friends .",
    "dull",
    "the plot was dull and boring from start to end .",
)


def train_family(kind: str, home: Path, *, task: str = "text-classification") -> Path:
    """Trains a tiny network of a family on a task's rows of the contract; the model folder."""
    write_family(home / "backbone", kind, tiny_tokenizer("roberta"))
    data = home / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS[task].rows * 2), encoding="utf-8")
    settings = TrainSettings(
        data=(str(data),), validation=str(data), task=task, out=str(home / "model"), epochs=1, lr=1e-3,
        model=str(home / "backbone"), device="cpu", threads=1, set=dict(ROWS[task].settings),
    )  # fmt: skip
    fine_tune(settings, lambda line: None)
    return home / "model"


def check_equal_to_transformers(folder: Path) -> None:
    """A batch of texts has the probabilities that transformers gives for each alone, to 1e-5."""
    results = Pipeline.from_folder(folder, device="cpu")(list(TEXTS))
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text, result in zip(TEXTS, results, strict=True):
        inputs = tokenizer(text, return_tensors="pt", add_special_tokens=True)
        inputs.pop("token_type_ids", None)
        with torch.inference_mode():
            expected = network(**inputs).logits[0].softmax(-1)
        names = network.config.id2label
        found = result.scores
        for index, probability in enumerate(expected.tolist()):
            assert abs(found[names[index]] - probability) < 1e-5, (text, found, expected)


def check_explains(folder: Path, family: Family) -> None:
    """The folder can be explained, or is refused in one sentence, as its row says."""
    pipeline = Pipeline.from_folder(folder, device="cpu")
    if family.embeddings_in:
        found = explain(pipeline, TEXTS[0])
        assert math.isfinite(found.sum)
        assert any(word.score for word in found.tokens)
    else:
        with pytest.raises(InputError, match="embeddings as for tokens"):
            explain(pipeline, TEXTS[0])


def check_exports(folder: Path, family: Family) -> None:
    """The folder can be exported, or is refused in one sentence, as its row says."""
    out = folder.with_name("exported")
    if family.exports and not family.equal_lengths:
        export(folder, out=out, quiet=True)
        label = Pipeline.from_folder(folder, device="cpu")(TEXTS[0]).label
        assert Pipeline.from_folder(out, device="cpu", engine="onnx")(TEXTS[0]).label == label
    else:
        with pytest.raises(InputError, match="family that can be exported"):
            export(folder, out=out, quiet=True)


def check_probes(home: Path, kind: str, family: Family) -> None:
    """The hidden states of every layer can be read, or the model is refused, as its row says."""
    backbone = load_backbone(str(home / "backbone"))
    tokenizer = Tokenizer.from_folder(backbone.folder)
    if not family.probes:
        with pytest.raises(FolderError, match="hidden states of every layer"):
            load_encoder(backbone, pad_id=tokenizer.pad_id, device=torch.device("cpu"))
        return
    encoder = load_encoder(backbone, pad_id=tokenizer.pad_id, device=torch.device("cpu"))
    rows = [Feature(tokens.ids) for tokens in tokenizer.tokens(list(TEXTS[:1]))]
    (states,) = encoder.states(rows)
    assert states.shape == (len(rows[0]), encoder.sources, encoder.width)


def check_family(kind: str, home: Path, *, exports: bool = False) -> None:
    """Everything that the row of a supported family says, on a tiny network.

    Args:
        kind: the model type.
        home: an empty folder.
        exports: whether the export is tried, too; it takes some seconds.
    """
    family = FAMILIES[kind]
    folder = train_family(kind, home)
    check_equal_to_transformers(folder)
    check_explains(folder, family)
    check_probes(home, kind, family)
    if exports:
        check_exports(folder, family)
