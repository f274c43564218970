"""The pre-trained network by its name: a folder, a packaged encoder (``minilm``, ``mpnet``), or a Hub id."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.errors import FolderError, UnknownNameError
from bertolt.hub import download_model, parse_hub_id
from bertolt.models.config import read_config, read_json
from bertolt.models.families import check_family, position_limit
from bertolt.models.packaged import PACKAGED, packaged_folder
from bertolt.models.swap import finish_swap

#: Hub ids worth starting from; any other id of a BERT-like encoder works too.
WELL_KNOWN = {
    "bert-base-uncased": "BERT base: 12 layers, hidden size 768, 110 M parameters",
    "distilbert-base-uncased": "DistilBERT: 6 layers, hidden size 768, 66 M parameters",
    "roberta-base": "RoBERTa base: 12 layers, hidden size 768, 125 M parameters",
    "answerdotai/ModernBERT-base": "ModernBERT base: 22 layers, hidden size 768, 149 M parameters",
}


#: Where folders state the most tokens of a row.
_STATED_LENGTHS = (
    ("tokenizer_config.json", "model_max_length"),
    ("tokenizer_config.json", "max_len"),
    ("sentence_bert_config.json", "max_seq_length"),
)
_NO_LIMIT = 1_000_000


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
    def embeddings(self) -> int | None:
        """How many token ids the network knows; None where its configuration does not say."""
        found = getattr(self.config, "vocab_size", None)
        return found if isinstance(found, int) else None

    @property
    def positions(self) -> int:
        """The most tokens a row may have, special ones included: see ``position_limit``."""
        return position_limit(self.config)


def stated_length(folder: Path) -> int | None:
    """The most tokens of a row that a folder's tokenizer or sentence-transformers files state, or None.

    Raises:
        FolderError: such a file is no JSON.
    """

    def read(file: str) -> dict[str, Any]:
        return read_json(folder / file) if (folder / file).is_file() else {}

    return shortest_length(read)


def shortest_length(read: Callable[[str], Mapping[str, Any]]) -> int | None:
    """The least of the lengths that some files state; ``read`` gives a file's values, or none."""
    values = [read(file).get(key) for file, key in _STATED_LENGTHS]
    # transformers writes 1e30 where a tokenizer has no limit.
    return min(
        (int(each) for each in values if isinstance(each, int | float) and 0 < each < _NO_LIMIT), default=None
    )


def sentence_notes(folder: Path) -> list[str]:
    """What of a folder of sentence-transformers is not used, in sentences; none for other folders.

    Raises:
        FolderError: its list of modules is damaged.
    """
    file = folder / "modules.json"
    try:
        modules = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
        kinds = [str(each["type"]).rpartition(".")[2] for each in modules]
    except (ValueError, LookupError, TypeError) as error:
        raise FolderError(
            f"a list of modules in {str(file)!r}", "another", "copy the whole model folder again"
        ) from error
    extra = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    if not extra:
        return []
    return [
        f"sentence-transformers: {', '.join(extra)} behind the encoder is left out; the encoder is trained"
    ]


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

    folder = find_folder(name)
    config = read_config(folder)
    check_family(config)
    check_weights(folder)
    return Backbone(name=name, folder=folder, config=config)


def tokenizer_folder(name: str) -> Path:
    """The folder of a network's tokenizer. Its weights are not read, and not fetched from the Hub.

    Raises:
        FolderError, MissingExtraError, NetworkError, UnknownNameError: see ``load_backbone``.
    """
    return find_folder(name, weights=False)


def find_folder(name: str, *, weights: bool = True) -> Path:
    """The folder of a model that is named by its path, by that of a packaged encoder, or by a Hub id.

    A name is a path where it, or the folder that would hold it, exists: so a mistyped path never reaches for
    the network.

    Args:
        name: as the user gave it.
        weights: whether they are downloaded, too.

    Raises:
        UnknownNameError: neither a folder, nor packaged, nor a model on the Hub.
        FolderError: the path of a folder that does not exist.
        MissingExtraError: a packaged encoder whose packages are not installed.
        DiskError: ``mpnet`` cannot be written into the user's cache folder.
        NetworkError: a Hub id that is neither cached nor reachable.
    """
    if name in PACKAGED:
        return packaged_folder(name, weights=weights)
    path = Path(name)
    finish_swap(path)
    if path.is_dir():
        return path.resolve()
    hub_id = parse_hub_id(name)
    parent = path.parent
    if path.exists() or (parent != Path() and parent.is_dir()):
        raise FolderError(
            "a model folder",
            f"a file {name!r}" if path.exists() else f"no folder {name!r}",
            "name a model folder, or train one: bertolt train reviews.csv --out DIR",
        )
    if hub_id is None or name.startswith((".", "~")):
        raise UnknownNameError("model folder, Hub id or packaged model", name, [*PACKAGED, *WELL_KNOWN])
    return download_model(hub_id, weights=weights)


def model_title(name: str) -> str:
    """A short name for a model: that of its folder, or of its Hub id without the owner."""
    hub_id = parse_hub_id(name)
    if hub_id is None or Path(name).exists():
        return Path(name).resolve().name
    return hub_id.title
