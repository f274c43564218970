"""Tags that mark spans, such as B-PER and I-PER, told from tags that stand for themselves, such as NOUN.

A tag marks a span where it is a prefix out of B, I, E, L, S, U, a hyphen and a type (Ramshaw and Marcus
1995 and its kin). Whatever scheme a file is in, it is learnt as IOB2: B on the first word of a span, I
on its others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bertolt.metrics.tagging import spans, to_iob2

_SPAN_TAG = re.compile(r"[BIELSU]-.+")
_BEGINS = re.compile(r"[BI]-.+")


def marks_spans(labels: Iterable[str]) -> bool:
    """Whether a list of labels marks spans: each is ``O`` or marks a span, and one at least is B or I."""
    found = list(labels)
    return not strangers(found) and any(_BEGINS.fullmatch(label) for label in found)


def strangers(labels: Iterable[str]) -> list[str]:
    """The labels that are neither ``O`` nor mark a span."""
    return [label for label in labels if label != "O" and not _SPAN_TAG.fullmatch(label)]


def mixes_schemes(labels: Sequence[str]) -> bool:
    """Whether some labels mark spans, as B or I, and others are of no such scheme."""
    return any(_BEGINS.fullmatch(label) for label in labels) and bool(strangers(labels))


def as_iob2(tags: Sequence[str | None]) -> tuple[str | None, ...]:
    """A sentence's tags in IOB2 where all of them mark spans or are ``O``; else as they are.

    A word whose tag is open (None) ends a span, and stays open.
    """
    closed = ["O" if tag is None else tag for tag in tags]
    if strangers(closed):
        return tuple(tags)
    return tuple(None if old is None else new for old, new in zip(tags, to_iob2(closed), strict=True))


def in_scheme_of(labels: Sequence[str], tags: Sequence[str | None]) -> tuple[str | None, ...]:
    """A sentence's tags in IOB2, written in the scheme that a model's labels are in.

    Models that others trained may mark the last word of a span and spans of one word (BILOU: L and U; IOBES:
    E and S), or know no B for a type (IOB1). A word whose tag is open (None) stays open.
    """
    known = set(labels)
    prefixes = {label[0] for label in labels if _SPAN_TAG.fullmatch(label)}
    last, single = ("L", "U") if prefixes & {"L", "U"} else ("E", "S")
    if not prefixes & {last, single}:
        return tuple(_known_form(tag, known) for tag in tags)
    found = list(tags)
    for kind, start, stop in spans(["O" if tag is None else tag for tag in tags]):
        found[stop - 1] = f"{last}-{kind}"
        if stop - start == 1:
            found[start] = f"{single}-{kind}"
    return tuple(_known_form(tag, known) for tag in found)


def _known_form(tag: str | None, known: set[str]) -> str | None:
    """A tag, or the other one of B and I where the labels have that one alone."""
    if tag is None or tag in known or tag[:2] not in ("B-", "I-"):
        return tag
    other = ("I" if tag[0] == "B" else "B") + tag[1:]
    return other if other in known else tag


def complete(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels of a model that learns spans: ``O``, then B and I of every type, seen or not.

    A type whose I, or B, stands in no training sentence may well have one in another.
    """
    types = sorted({label[2:] for label in labels if label != "O"})
    return ("O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI"))
