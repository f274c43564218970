"""Holes in the heap go back to the system."""

from __future__ import annotations

import ctypes
from pathlib import Path

from bertolt.models.memory import FreedMemory

BLOCK, COUNT = 100_000, 2_000  # below the size from which glibc maps a block of its own


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def test_holes_in_the_heap_go_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    freed = FreedMemory(0)
    freed.give_back()
    blocks = [libc.malloc(BLOCK) for _ in range(COUNT)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    for block in blocks[:-1]:  # the last one keeps the heap's end where it is
        libc.free(block)
    full = _resident()
    assert freed.give_back()
    assert full - _resident() > 0.8 * BLOCK * COUNT
    libc.free(blocks[-1])


def test_it_is_rare() -> None:
    assert not FreedMemory(3600).give_back()
    assert FreedMemory(0).give_back()
