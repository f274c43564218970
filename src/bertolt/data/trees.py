"""Dependency trees as edges and as phrases. Pure functions of heads and tags."""

from __future__ import annotations

from collections.abc import Sequence

from bertolt.data.edges import Span

#: Kinds of phrase by the universal part of speech of their head.
_KINDS = {
    "NOUN": "NP", "PROPN": "NP", "PRON": "NP", "NUM": "NP", "DET": "NP", "SYM": "NP",
    "VERB": "clause", "AUX": "clause", "ADJ": "ADJP", "ADV": "ADVP",
}  # fmt: skip
#: A word with one of these dependents is a predicate, whatever its part of speech.
_PREDICATE = frozenset({"nsubj", "csubj", "cop"})


def arcs(heads: Sequence[int | None], deprels: Sequence[str]) -> list[tuple[int, int, str]]:
    """Each word with its head and relation; the root is its own head, as in jiant's data.

    Args:
        heads: 1-based number of each word's head, 0 for the root, None where it is open.
        deprels: the relations.

    Returns:
        (word, head, relation), words from 0; words whose head is open are left out.
    """
    return [
        (word, word if head == 0 else head - 1, relation)
        for word, (head, relation) in enumerate(zip(heads, deprels, strict=True))
        if head is not None
    ]


def phrases(
    heads: Sequence[int | None], deprels: Sequence[str], upos: Sequence[str]
) -> tuple[list[tuple[Span, str]], int]:
    """Phrases derived from a tree: a word with all below it, of two words or more.

    Punctuation at either end is dropped first. The kind is ``PP`` where a ``case`` (a preposition, but not
    the ``'s`` of a possessor) stands before the head word; ``clause`` where the head is a verb or has a
    subject or a copula; else by its part of speech: ``NP``, ``ADJP``, ``ADVP``, or ``other``.

    Returns:
        (words, end excluded; kind) of each phrase, and how many subtrees have a gap, which are no phrase.
    """
    below = _descendants(heads)
    relations: list[set[str]] = [set() for _ in heads]
    for word, (head, relation) in enumerate(zip(heads, deprels, strict=True)):
        if head and not (relation.startswith("case") and word >= head):
            relations[head - 1].add(relation.partition(":")[0])
    found, gaps = [], 0
    for word, members in enumerate(below):
        inner = [each for each in sorted(members) if upos[each] != "PUNCT"]
        if len(inner) < 2 or heads[word] is None:
            continue
        first, last = inner[0], inner[-1]
        if any(each not in members for each in range(first, last + 1)):
            gaps += 1
            continue
        found.append(((first, last + 1), _kind(upos[word], relations[word])))
    return found, gaps


def _kind(upos: str, relations: set[str]) -> str:
    if "case" in relations:
        return "PP"
    return "clause" if relations & _PREDICATE else _KINDS.get(upos, "other")


def _descendants(heads: Sequence[int | None]) -> list[set[int]]:
    """Of each word, itself and all words below it; a loop of heads, which is no tree, ends where it began."""
    found: list[set[int]] = [{word} for word in range(len(heads))]
    for word in range(len(heads)):
        seen = {word}
        at = heads[word]
        while at:
            found[at - 1].add(word)
            if at - 1 in seen:
                break
            seen.add(at - 1)
            at = heads[at - 1]
    return found
