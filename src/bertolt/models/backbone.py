"""The pre-trained network by its name: a folder, a packaged encoder (``minilm``, ``mpnet``), or a Hub id."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.errors import FolderError, NetworkError, UnknownNameError
from bertolt.models.packaged import PACKAGED, packaged_folder
from bertolt.models.swap import finish_swap

#: Hub ids worth starting from; any other id of a BERT-like encoder works too.
WELL_KNOWN = {
    "bert-base-uncased": "BERT base: 12 layers, hidden size 768, 110 M parameters",
    "distilbert-base-uncased": "DistilBERT: 6 layers, hidden size 768, 66 M parameters",
    "roberta-base": "RoBERTa base: 12 layers, hidden size 768, 125 M parameters",
    "answerdotai/ModernBERT-base": "ModernBERT base: 22 layers, hidden size 768, 149 M parameters",
}

_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")


@dataclass(frozen=True, slots=True)
class Backbone:
    """A pre-trained network on this machine.

    Args:
        name: as the user gave it.
        folder: a complete Hugging Face folder.
        config: its transformers configuration.
    """

    name: str
    folder: Path
    config: Any

    @property
    def positions(self) -> int:
        """The most tokens a row may have, special ones included.

        RoBERTa, MPNet and their kin number positions from the padding id on, so 514 position embeddings are
        512 tokens.
        """
        count = int(self.config.max_position_embeddings)
        offset = self.config.model_type in {"roberta", "xlm-roberta", "camembert", "longformer", "mpnet"}
        return count - (int(self.config.pad_token_id) + 1 if offset else 0)


def load_backbone(name: str) -> Backbone:
    """Finds a pre-trained network and reads its configuration.

    A folder and a packaged encoder never touch the network; anything else is taken for a Hub id.

    Raises:
        UnknownNameError: neither a folder, nor packaged, nor the form of a Hub id.
        FolderError: a folder that is damaged, or not of transformers.
        MissingExtraError: a packaged encoder whose packages are not installed.
        DiskError: ``mpnet`` cannot be written into the user's cache folder.
        NetworkError: a Hub id that is neither cached nor reachable.
    """
    from bertolt.models.weights import check_weights  # it loads torch, which `bertolt models` does not need

    folder = _find(name)
    for file in ("config.json", "tokenizer_config.json"):
        if not (folder / file).is_file():
            raise FolderError(
                f"a model folder with {file}",
                f"none in {str(folder)!r}",
                "name a folder that transformers or bertolt saved, or copy it again whole",
            )
    check_weights(folder)
    return Backbone(name=name, folder=folder, config=read_config(folder))


def tokenizer_folder(name: str) -> Path:
    """The folder of a network's tokenizer. Its weights are not read, and not fetched from the Hub.

    Raises:
        FolderError, MissingExtraError, NetworkError, UnknownNameError: see ``load_backbone``.
    """
    return _find(name, weights=False)


def read_config(folder: Path) -> Any:
    """The transformers configuration of a folder; its code, if it has any, is never run."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise FolderError(
            "a config.json that transformers can read",
            f"{str(error).strip().splitlines()[0][:200]} in {str(folder)!r}",
            "copy the whole model folder again, or update transformers",
        ) from error


def _find(name: str, *, weights: bool = True) -> Path:
    if name in PACKAGED:
        return packaged_folder(name, weights=weights)
    path = Path(name)
    finish_swap(path)
    if path.is_dir():
        return path.resolve()
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") > 1 or os.sep * 2 in name
    if looks_like_path or not _HUB_ID.match(name):
        raise UnknownNameError("model folder, Hub id or packaged model", name, [*PACKAGED, *WELL_KNOWN])
    return _from_hub(name, weights=weights)


def _from_hub(name: str, *, weights: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    files = ["*.json", "*.txt", "*.model"]
    if weights:
        files += ["model.safetensors", "model-*.safetensors"]
    try:
        return Path(snapshot_download(name, allow_patterns=files))
    except LocalEntryNotFoundError as error:
        raise NetworkError(
            f"the model {name!r} on the Hub, or a folder of that name",
            "no such folder, and the Hub cannot be reached",
            "check the name and the network, or use 'minilm', which needs none",
        ) from error
    except (HfHubHTTPError, HFValidationError) as error:
        raise UnknownNameError(
            "model on the Hub", name, [*PACKAGED, *WELL_KNOWN], do="check the id on the Hub's page"
        ) from error
