"""The version of this package and of what its numbers rest on."""

from __future__ import annotations

import platform
from importlib import metadata

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """What a model folder records of its makers. Reading it imports none of them."""
    found = {name: metadata.version(name) for name in ("torch", "transformers", "tokenizers")}
    return {"bertolt": __version__, "python": platform.python_version(), **found}
