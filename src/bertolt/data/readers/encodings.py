"""Which encoding and which line ends a text file has: what its bytes show, and no more."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

_BLOCK = 1 << 20
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_RUN = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"\S*[^\x00-\x7f]\S*")
# Inside a word Windows-1252 has letters, apostrophes and soft hyphens; other letters there are a sign of
# another encoding, such as the Polish ł, which would be read as ³.
_ODD_INSIDE = re.compile(r"(?<=[a-zA-Z])[^\x00-\x7fÀ-ÖØ-öø-ÿŠŒŽšœžŸ’‘\xad](?=[a-zA-Z])")
# Letters of two bytes side by side are rare in Western languages; long runs are another script.
_LONG_RUN, _MOST_LONG_RUNS = 3, 0.05


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a text file are read.

    Args:
        name: as Python's codecs have it; ``utf-8`` also where nothing was recognised.
        line_end: ``\\n``, or ``\\r`` in files that have no other (old Macintosh, some exports of Excel).
        sample: a word that shows what was guessed; empty where nothing was.
    """

    name: str = "utf-8"
    line_end: bytes = b"\n"
    sample: str = ""

    @property
    def wide(self) -> bool:
        """Whether a line end is more than one byte."""
        return self.name.startswith(("utf-16", "utf_16", "utf-32", "utf_32"))


def recognise(stream: BinaryIO) -> Encoding:
    """Reads a stream to its end and says how it is encoded.

    Windows-1252 is guessed only where the bytes are not UTF-8 anywhere and stand where Western languages
    have letters and typographic marks.
    """
    head = stream.read(_BLOCK)
    if (wide := _wide(head)) is not None:
        return Encoding(wide)
    line_end = b"\r" if b"\r" in head.rstrip(b"\r") and b"\n" not in head else b"\n"
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = head
    try:
        while block:
            if not block.isascii() or decoder.getstate()[0]:
                decoder.decode(block)
            block = stream.read(_BLOCK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return Encoding("", line_end)
    return Encoding("utf-8", line_end)


def is_western(lines: Iterable[bytes]) -> str | None:
    """Whether lines that are not UTF-8 are surely Windows-1252: a word that shows it, or None."""
    sample, runs, long_runs = "", 0, 0
    for raw in lines:
        if raw.isascii():
            continue
        try:
            text = raw.decode("cp1252")
        except UnicodeDecodeError:
            return None
        if _decodes(raw) or _ODD_INSIDE.search(text):
            return None
        found = _RUN.findall(text)
        runs += len(found)
        long_runs += sum(len(run) >= _LONG_RUN for run in found)
        sample = sample or _WORD.findall(text)[0][:40]
    return sample if long_runs <= _MOST_LONG_RUNS * runs else None


def _decodes(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _wide(head: bytes) -> str | None:
    found = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if found is not None or len(head) < 4:
        return found
    # Latin text in UTF-16 without a mark is ASCII with a NUL in every other byte.
    even, odd = head[0:64:2], head[1:64:2]
    if not any(odd):
        return "utf-16-le"
    return "utf-16-be" if not any(even) else None


def split_lines(stream: BinaryIO, end: bytes, most: int) -> Iterator[bytes]:
    """The lines with their ends; one of more than ``most`` bytes is cut, so that the caller sees it."""
    if end == b"\n":
        while line := stream.readline(most + 1):
            yield line
        return
    rest = b""
    while block := stream.read(_BLOCK):
        *lines, rest = (rest + block).split(end)
        for line in lines:
            yield line + end
        if len(rest) > most:
            yield rest
            return
    if rest:
        yield rest
