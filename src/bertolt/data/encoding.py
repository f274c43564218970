"""Which lines of a text file are not UTF-8: all of them, where the readers stop at the first."""

from __future__ import annotations

from pathlib import Path

from bertolt.data.readers.source import TextSource


def undecodable_lines(path: Path) -> list[int]:
    """The 1-based lines that are not UTF-8; none for parquet.

    Raises:
        DataError: the file is in UTF-16 or UTF-32, cannot be read, or is damaged gzip.
    """
    if path.name.lower().endswith(".parquet"):
        return []
    return [
        number
        for number, raw in enumerate(TextSource(path, str(path)).raw_lines(), start=1)
        if not _is_utf8(raw)
    ]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
