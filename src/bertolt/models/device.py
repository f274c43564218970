"""Where the network runs, and with how many threads."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from bertolt.errors import SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """The device of a name; ``auto`` takes a GPU, else Apple's mps, else the processor.

    Raises:
        SettingError: an unknown name, or a device that this machine lacks.
    """
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    if not there.get(name, False):
        here = [kind for kind, found in there.items() if found]
        raise SettingError(f"a device out of auto, {', '.join(here)}", repr(name), "choose one of those")
    return torch.device(name)


def available_cores() -> int:
    """Cores that this process may use: its affinity, and its cgroup's quota rounded down, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, int(quota) // int(period)))


def set_threads(count: int | None) -> int:
    """Sets the threads of torch: ``count``, or as many as there are cores.

    Returns:
        The threads in use. Two runs are equal to the bit only with equal threads.

    Raises:
        SettingError: fewer than 1.
    """
    if count is not None and count < 1:
        raise SettingError("at least 1 thread", str(count), "leave --threads out to use every core")
    threads = count or available_cores()
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads
