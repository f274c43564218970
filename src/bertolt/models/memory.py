"""Memory that was freed goes back to the system while a network runs over batches of many lengths.

glibc keeps what is freed in a heap that it can only shorten at its end, and batches of ever new shapes leave
holes in it: over SQuAD a training grew from 1 to 9 GB. ``malloc_trim`` gives the pages of the holes back.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable

#: It takes a third of a second for two gigabytes, so it must be rare.
EVERY_SECONDS = 30.0


class FreedMemory:
    """Gives freed memory back, now and then.

    Args:
        every_seconds: how often, at most.
    """

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every_seconds = every_seconds
        self._at = time.monotonic()
        self._trim = _malloc_trim()

    def give_back(self) -> bool:
        """Does so if it is time; whether it was, and the system's allocator knows how."""
        now = time.monotonic()
        if self._trim is None or now - self._at < self._every_seconds:
            return False
        self._at = now
        self._trim(0)
        return True


def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's function; None on systems with another allocator."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
