"""How long texts are in tokens, and what each length policy would make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertolt.data.findings import Finding
from bertolt.data.tokenizer import TokenCount
from bertolt.data.truncation import POLICIES, Policy, cut

#: Counts the tokens of each string, without special tokens.
CountTokens = Callable[[Sequence[str]], Sequence[TokenCount]]

LIMITS = (128, 256, 512)
# Of one text: [CLS] and [SEP], as in BERT.
SPECIAL_TOKENS = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """What one limit does.

    Args:
        max_length: tokens of a row, special ones included.
        texts: share of the texts that are longer: head, tail and head+tail cut them, 0..1.
        tokens: share of all tokens that those three lose.
        windows: rows a text that ``windows``, which loses nothing, makes of them, on average.
    """

    max_length: int
    texts: float
    tokens: float
    windows: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of texts in tokens, without special tokens.

    Args:
        median, p95, most: of them.
        total: of all texts.
        unknown: how many of them the vocabulary lacks (see ``bertolt.data.unknown``).
        cuts: what limits would do.
        policies: what the task can do with a text that is too long, its usual way first.
    """

    median: float
    p95: float
    most: int
    total: int
    unknown: int
    cuts: tuple[Cut, ...]
    policies: tuple[Policy, ...] = POLICIES

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        cuts = [
            {"max_length": cut.max_length, "texts": cut.texts, "tokens": cut.tokens, "windows": cut.windows}
            for cut in self.cuts
        ]
        return {
            "median": self.median,
            "p95": self.p95,
            "most": self.most,
            "total": self.total,
            "unknown": self.unknown,
            "cuts": cuts,
            "policies": list(self.policies),
        }


def measure_lengths(
    counts: Sequence[TokenCount], limits: Sequence[int] = LIMITS, policies: tuple[Policy, ...] = POLICIES
) -> Lengths:
    """Lengths and cuts out of the tokens of each text, at least one; ``policies`` are the task's."""
    array, unknown = np.asarray(counts, dtype=np.int64).T
    return Lengths(
        median=float(np.median(array)),
        p95=float(np.percentile(array, 95)),
        most=int(array.max()),
        total=int(array.sum()),
        unknown=int(unknown.sum()),
        cuts=tuple(_cut(array, limit) for limit in limits),
        policies=policies,
    )


def _cut(lengths: NDArray[np.int64], limit: int) -> Cut:
    budget = limit - SPECIAL_TOKENS
    lost = np.maximum(0, lengths - budget)
    windows = [len(cut(int(length), budget, "windows")) for length in lengths]
    return Cut(
        max_length=limit,
        texts=float((lost > 0).mean()),
        tokens=float(lost.sum() / max(1, lengths.sum())),
        windows=float(np.mean(windows)),
    )


def length_findings(lengths: Lengths) -> list[Finding]:
    """Lengths in sentences, and a warning where the usual limit loses more than a twentieth of the tokens."""
    first = Finding(
        "note",
        "lengths",
        f"{lengths.median:,.0f} tokens in the middle, {lengths.p95:,.0f} or fewer in 95% of texts, "
        f"{lengths.most:,} at most; {lengths.total:,} in all",
    )
    findings = [first]
    cutting = [policy for policy in lengths.policies if policy != "windows"]
    windows = len(cutting) < len(lengths.policies)
    for found in lengths.cuts:
        if not found.texts:
            continue
        if not cutting:
            what = f"{found.texts:.1%} of texts are longer than --max-length {found.max_length}"
            findings.append(Finding("note", "long", f"{what}; they are read whole, in windows"))
            continue
        severe = found.max_length == LIMITS[-1] and found.tokens > 0.05
        findings.append(
            Finding(
                "warning" if severe else "note",
                "cut",
                f"at --max-length {found.max_length}, {', '.join(cutting)} cut {found.texts:.1%} of texts "
                f"and lose {found.tokens:.1%} of tokens"
                + (f"; windows lose none, at {found.windows:.2f} rows a text" if windows else ""),
                f"try another --long out of {', '.join(lengths.policies)}; windows read every part"
                if severe and windows
                else "",
            )
        )
    return findings
