"""What a model is, told from its small files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bertolt
from bertolt.errors import FolderError
from hub_models import change_config, labels, write_plain
from process import environment

CARD = "---\nlicense: apache-2.0\nlanguage:\n- en\n- de\n---\n# A model\n"


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    folder = write_plain(
        tmp_path / "m", "bert", "AutoModelForSequenceClassification", labels("entailment", "neutral", "no")
    )
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    return folder


def test_a_classifier_of_others(classifier: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    found = bertolt.describe(str(classifier))
    assert found.task == "sentence-pair-classification"
    assert found.labels == ("entailment", "neutral", "no")
    assert (found.family, found.architecture) == ("bert", "BertForSequenceClassification")
    assert (found.languages, found.licence) == (("en", "de"), "apache-2.0")
    network = AutoModelForSequenceClassification.from_pretrained(classifier)
    assert found.parameters == sum(each.numel() for each in network.parameters())
    assert (found.max_length, found.weights, found.own_code) == (512, "safetensors", False)
    assert (found.made_by, found.data, found.metrics) == ("others", None, {})
    assert set(found.verbs.values()) == {"yes"}


def test_an_encoder_can_only_be_begun_from(tiny_folder: Callable[[str], Path]) -> None:
    found = bertolt.describe(str(tiny_folder("roberta")))
    assert found.task is None
    assert [verb for verb, answer in found.verbs.items() if answer == "yes"] == ["train", "adapt", "probe"]
    assert "no: an encoder without a trained head" in found.verbs["predict"]


def test_code_in_the_folder_is_told_and_not_run(classifier: Path) -> None:
    def change(values: dict[str, object]) -> None:
        values |= {"model_type": "mystery", "auto_map": {"AutoConfig": "evil.Config"}}

    change_config(classifier, change)
    (classifier / "evil.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    found = bertolt.describe(str(classifier))
    assert found.own_code
    assert all(answer.startswith("no: 'mystery'") for answer in found.verbs.values())


def test_what_a_family_cannot_do_is_told(classifier: Path) -> None:
    change_config(classifier, lambda values: values.update(model_type="longformer"))
    found = bertolt.describe(str(classifier)).verbs
    assert found["predict"] == found["train"] == "yes"
    assert found["export"].startswith("no: not for the family longformer")
    change_config(classifier, lambda values: values.update(model_type="reformer"))
    assert set(bertolt.describe(str(classifier)).verbs.values()) == {
        "no: it can be trained on rows of one fixed length only"
    }


def test_pickled_weights_and_none(classifier: Path) -> None:
    (classifier / "model.safetensors").rename(classifier / "pytorch_model.bin")
    found = bertolt.describe(str(classifier))
    assert (found.weights, found.parameters, found.verbs["predict"]) == ("bin", None, "yes")
    (classifier / "pytorch_model.bin").unlink()
    assert "no weights" in bertolt.describe(str(classifier)).verbs["train"]


def test_a_folder_without_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="a model with config"):
        bertolt.describe(str(tmp_path))


def test_the_verb_loads_neither_torch_nor_transformers(classifier: Path) -> None:
    code = (
        "import sys; from bertolt.cli import main; assert main(['describe', sys.argv[1]]) == 0; "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(classifier)], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "sentence-pair-classification" in done.stdout.decode()
