"""The command line: one verb a file, imported when it runs."""

from __future__ import annotations

from bertolt.cli.dispatch import main as main

__all__ = ["main"]
