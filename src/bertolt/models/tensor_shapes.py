"""The shapes of a folder's tensors, read from the headers of its safetensors files alone."""

from __future__ import annotations

import json
from pathlib import Path

from bertolt.errors import FolderError

Shapes = dict[str, tuple[int, ...]]

#: The most bytes that a header may have; safetensors' own limit.
_MOST = 100_000_000


def tensor_shapes(folder: Path) -> Shapes:
    """The shape of each tensor by its name; empty for a folder without safetensors.

    The header's form: https://huggingface.co/docs/safetensors/index#format.

    Raises:
        FolderError: a file that is cut off, or not safetensors.
    """
    whole = folder / "model.safetensors"
    files = [whole] if whole.is_file() else sorted(folder.glob("model-*.safetensors"))
    found: Shapes = {}
    for file in files:
        found |= _read_header(file)
    return found


def _read_header(file: Path) -> Shapes:
    with file.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        header = stream.read(size) if size <= _MOST else b""
    try:
        values = json.loads(header)
        return {name: tuple(each["shape"]) for name, each in values.items() if name != "__metadata__"}
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        raise FolderError(
            "a whole safetensors file",
            f"a header that cannot be read in {str(file)!r}",
            "copy the file again: it is damaged or cut off",
        ) from error
