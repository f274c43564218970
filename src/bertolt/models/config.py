"""``config.json`` is read here: its values are checked before transformers builds anything from them.

transformers builds what the file says: ten million layers, a hundred million labels, or attention whose code
it would download. Here every size has a bound, and a network whose tensors are far more than the weight files
hold is refused while it has no memory yet (torch's meta device).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub.errors import StrictDataclassError

from bertolt.errors import FolderError
from bertolt.models.families import FAMILIES

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
#: Bytes of a JSON file of a model folder, at most; the largest tokenizers have 40 MB.
JSON_BYTES = 200_000_000
#: Layers, heads and the like, at most. The deepest encoders have 100 layers.
MOST_LAYERS = 200
#: Rows or columns of a matrix, at most. The largest vocabularies have a million entries.
MOST_UNITS = 10_000_000
MOST_LABELS = 100_000
#: A network may have this many times the numbers of its weight files: weights that are tied are held once.
_TIED = 3
#: Numbers of a new head, which the weight files do not hold.
_NEW_HEAD = 5_000_000

#: Keys by which transformers chooses code, which it may download: what is not listed here is left out.
_CODE_KEYS = ("attn_implementation", "experts_implementation", "kernel_config", "use_kernels")
_SAFE_CODE = ("eager", "sdpa")
#: How families call their numbers of layers and of heads, and the rows and columns of their matrices.
_LAYERS = (
    "num_hidden_layers",
    "num_attention_heads",
    "n_layers",
    "n_heads",
    "n_layer",
    "n_head",
    "num_layers",
)
_UNITS = (
    "hidden_size", "intermediate_size", "vocab_size", "max_position_embeddings", "dim", "hidden_dim",
    "d_model",
)  # fmt: skip
_ACTIVATION_KEYS = (
    "hidden_act",
    "hidden_activation",
    "activation",
    "activation_function",
    "classifier_activation",
)

#: What transformers raises where a value of config.json cannot be used.
UNUSABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, AssertionError,
    ImportError, OSError, StrictDataclassError,
)  # fmt: skip


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file of a model folder.

    Raises:
        FolderError: the file is missing, too large, or not one JSON object.
    """
    expected = f"a JSON object in {str(file)!r}"
    try:
        if file.stat().st_size > JSON_BYTES:
            raise _refused(expected, f"a file of more than {JSON_BYTES:,} bytes")
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FolderError(
            f"a model folder with {file.name}", f"no {str(file)!r}", "copy the whole folder again"
        ) from error
    except RecursionError as error:
        raise _refused(expected, "lists or objects inside each other, too deep to read") from error
    except (OSError, ValueError) as error:
        raise _refused(f"valid JSON in {str(file)!r}", first_line(error)) from error
    if not isinstance(found, dict):
        raise _refused(expected, type(found).__name__)
    return found


def read_config(folder: Path) -> Any:
    """The transformers configuration of a folder. Code that it names is never run.

    Raises:
        FolderError: config.json is missing or damaged, a size is impossible, or the model type is unknown.
    """
    return make_config(config_values(folder), folder)


def config_values(folder: Path) -> dict[str, Any]:
    """The values in a folder's ``config.json``.

    Raises:
        FolderError: there is none, or it is not a JSON object.
    """
    file = folder / CONFIG
    if not file.is_file():
        raise FolderError(
            f"a model folder with {CONFIG}",
            f"none in {str(folder)!r}",
            "name a folder that transformers or bertolt saved, or copy it again whole",
        )
    return read_json(file)


def unknown_model_type(folder: Path | str, values: Mapping[str, Any]) -> FolderError:
    """The message for a ``config.json`` whose model type transformers does not know.

    Args:
        folder: where it lies.
        values: of the ``config.json``.
    """
    kind = values.get("model_type")
    known = "a model_type in config.json that transformers knows"
    if values.get("auto_map"):
        return FolderError(
            known,
            f"{kind!r} in {str(folder)!r}, a family that exists only as Python code beside the weights "
            "(auto_map); bertolt never runs such code",
            "choose a model of a family that transformers has itself, or update transformers",
        )
    if kind is None:
        return FolderError(
            known,
            f"none in {str(folder)!r}",
            "copy the whole model folder again; a folder of another library is no transformers model",
        )
    return FolderError(
        known, f"{kind!r} in {str(folder)!r}", "update transformers, or choose a model of another family"
    )


def make_config(values: Mapping[str, Any], folder: Path) -> Any:
    """The transformers configuration that the values of a config.json, or of a part of it, stand for.

    Raises:
        FolderError: see ``read_config``.
    """
    from transformers import CONFIG_MAPPING

    check_values(values, folder)
    kind = values.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise unknown_model_type(folder, values)
    try:
        config = CONFIG_MAPPING[kind].from_dict(_without_code(values))
    except UNUSABLE as error:
        raise FolderError(
            "a config.json that transformers can read",
            f"{first_line(error)} in {str(folder)!r}",
            "copy the whole model folder again, or update transformers",
        ) from error
    config._name_or_path = str(folder)
    return config


def check_size(build: Callable[[], nn.Module], folder: Path) -> None:
    """Builds a network without memory, and compares its size with that of the weights.

    Args:
        build: makes the network from its configuration.
        folder: of the weights.

    Raises:
        FolderError: the network cannot be built, or is far larger than the weights.
    """
    import torch

    try:
        with torch.device("meta"):
            network = build()
    except UNUSABLE as error:
        raise _refused(
            "a config.json from which transformers can build a network",
            f"{first_line(error)} in {str(folder)!r}",
        ) from error
    wanted = sum(each.numel() for each in network.parameters())
    files = [file for pattern in ("*.safetensors", "*.bin") for file in folder.glob(pattern)]
    held = sum(file.stat().st_size for file in files) // 2  # in half precision
    if wanted > _TIED * held + _NEW_HEAD:
        raise _refused(
            "sizes in config.json that fit the weights",
            f"a network of {wanted:,} numbers, but weights of at most {held:,} in {str(folder)!r}",
        )


def check_finite(network: nn.Module, folder: Path) -> None:
    """Refuses weights that are no numbers.

    Raises:
        FolderError: a weight is NaN or infinite.
    """
    import torch

    for name, weight in network.named_parameters():
        if weight.is_floating_point() and not bool(torch.isfinite(weight).all()):
            raise _refused("weights that are finite numbers", f"NaN or infinity in {name} in {str(folder)!r}")


def first_line(error: BaseException) -> str:
    """What an exception says, on one line of at most 200 characters."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]


def _refused(expected: str, found: str) -> FolderError:
    return FolderError(expected, found, "copy the whole model folder again: it is damaged")


def check_values(values: Mapping[str, Any], folder: Path) -> None:
    """Refuses values of a config.json that are impossible for any network.

    Raises:
        FolderError: a size, an activation, a rate of dropout or the labels are impossible; or weights are
            quantised.
    """
    from transformers.activations import ACT2FN

    def refuse(expected: str, key: str, value: Any) -> None:
        raise _refused(f"{expected} as {key} in config.json", f"{value!r:.100} in {str(folder)!r}")

    if (family := FAMILIES.get(str(values.get("model_type")))) and family.support == "refused":
        return  # it is refused with its own reason, whatever its sizes are
    for part in _objects(values):
        for key, value in part.items():
            most = _most(key)
            if most is not None and value is not None and not _whole(value, most):
                refuse(f"a whole number from 1 to {most:,}", key, value)
            if not _bounded(key, value):
                refuse("a smaller number", key, value)
            # MobileBERT says with true or false whether its classifier has an activation.
            named = value is not None and not isinstance(value, bool)
            if key in _ACTIVATION_KEYS and named and value not in list(ACT2FN):
                refuse("the name of an activation that transformers knows", key, value)
            if key.endswith(("_dropout", "_dropout_prob", "dropout")) and not _share(value):
                refuse("a number from 0 to 1", key, value)
            if key == "quantization_config" and value is not None:
                refuse("no quantised weights: nothing", key, value)
    label_names(values, folder)


def label_names(values: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """The names in ``id2label`` of a config.json, in the order of their numbers; empty where it has none.

    Raises:
        FolderError: they are damaged, too many, or not as many as ``num_labels`` says.
    """
    names = values.get("id2label")
    count = values.get("num_labels")
    expected = f"numbers from 0 with the names of labels as id2label in config.json, at most {MOST_LABELS:,}"
    if count is not None and not _whole(count, MOST_LABELS, least=0):
        raise _refused(
            f"a whole number up to {MOST_LABELS:,} as num_labels in config.json",
            f"{count!r:.100} in {str(folder)!r}",
        )
    if names is None or names == {}:
        return ()
    if not isinstance(names, dict) or len(names) > MOST_LABELS:
        raise _refused(expected, f"{names!r:.100} in {str(folder)!r}")
    numbers = [str(place) for place in range(len(names))]
    if sorted(map(str, names), key=lambda key: (len(key), key)) != numbers or not all(
        isinstance(name, str) for name in names.values()
    ):
        raise _refused(expected, f"{names!r:.100} in {str(folder)!r}")
    return tuple(names[number] for number in numbers)


def _most(key: str) -> int | None:
    """The greatest value that a size in config.json may have; None: the key is no size."""
    if key in _LAYERS:
        return MOST_LAYERS
    if key in _UNITS:
        return MOST_UNITS
    return None


def _bounded(key: str, value: Any) -> bool:
    """Whether a value that may be a size of a family that is not listed is no more than any size."""
    if not isinstance(value, int) or key.endswith("_id"):
        return True
    many = key.startswith("num_") or key.endswith(("layers", "heads"))
    return value <= (MOST_LAYERS if many and key != "num_labels" else 10 * MOST_UNITS)


def _whole(value: Any, most: int, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _share(value: Any) -> bool:
    # Some families have a switch or nothing there.
    if value is None or isinstance(value, bool | list | dict):
        return True
    return isinstance(value, int | float) and 0 <= value <= 1


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """An object, and those inside it."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


def _without_code(value: Any) -> Any:
    """The same without the keys by which transformers would choose code other than its own."""
    if isinstance(value, list):
        return [_without_code(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_code(inner)
        for key, inner in value.items()
        if not any(word in key for word in _CODE_KEYS) or inner in _SAFE_CODE
    }
