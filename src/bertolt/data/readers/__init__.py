"""Readers of data files: each hands on a ``Table`` that streams and knows its lines."""

from __future__ import annotations

from bertolt.data.readers.opening import SUFFIXES, open_table

__all__ = ["SUFFIXES", "open_table"]
