"""Hidden states on disk: computed once per text, in memory-mapped shards of half precision.

All probes, controls and seeds of a run read the same shards. Only tokens that lie in a span are kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bertolt.data.batching import fill
from bertolt.data.features import Feature, assemble
from bertolt.data.tokenizer import Ids, Template
from bertolt.data.truncation import overlapping
from bertolt.errors import DiskError
from bertolt.inference.engine import MAX_TOKENS
from bertolt.probing.encoder import Encoder, States
from bertolt.progress import Progress
from bertolt.tasks.token_classification import home_windows

#: Tokens of a shard: 100 MB for six layers of width 384.
SHARD_TOKENS = 16_384


@dataclass(frozen=True, slots=True)
class TokenisedText:
    """A text as the encoder reads it.

    Args:
        ids: without special tokens, shape (n,).
        wanted: the tokens whose states are kept, in order, shape (m,).
    """

    ids: Ids
    wanted: NDArray[np.int64]


class Store:
    """The states of some texts' wanted tokens.

    Args:
        folder: of the shards.
        texts: in the order of the store.
    """

    def __init__(self, folder: Path, texts: Sequence[TokenisedText]) -> None:
        self._folder = folder
        self._texts = texts
        counts = np.asarray([len(each.wanted) for each in texts], dtype=np.int64)
        self.counts = counts
        before = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else counts
        #: The shard of each text: a text stands in one shard whole.
        self._shard = before // SHARD_TOKENS
        firsts = np.searchsorted(self._shard, np.arange(self.shards), side="left")
        self._start = before - before[firsts][self._shard] if len(counts) else counts
        self._open: dict[int, States] = {}

    @property
    def shards(self) -> int:
        """How many there are; some may be empty."""
        return int(self._shard.max(initial=-1)) + 1

    def build(self, encoder: Encoder, template: Template, max_length: int, progress: Progress) -> None:
        """Computes the shards that are not there yet.

        A text longer than a row is read in windows that overlap by a quarter; each token's states are from
        the window in which the nearer end of what it sees is farthest.

        Args:
            encoder: the frozen network.
            template: the special tokens around a text.
            max_length: tokens of a row, special ones included.
            progress: is advanced by the tokens kept.

        Raises:
            DiskError: a shard cannot be written.
        """
        for number in range(self.shards):
            members = np.flatnonzero(self._shard == number)
            file = self._file(number)
            if not file.is_file():
                rows = [self._texts[index] for index in members.tolist()]
                _write(file, read_states(encoder, rows, template, max_length))
            progress.advance(float(self.counts[members].sum()))

    def rows(self, texts: Sequence[int]) -> States:
        """The states of some texts' wanted tokens, one text after another, shape (t, L + 2, D)."""
        parts = []
        for text in texts:
            start = int(self._start[text])
            parts.append(self._shard_of(int(self._shard[text]))[start : start + int(self.counts[text])])
        return np.concatenate(parts)

    def _shard_of(self, number: int) -> States:
        if number not in self._open:
            self._open[number] = np.load(self._file(number), mmap_mode="r", allow_pickle=False)
        return self._open[number]

    def _file(self, number: int) -> Path:
        return self._folder / f"states-{number:05d}.npy"


def store_key(encoder: Encoder, texts: Sequence[TokenisedText], max_length: int) -> str:
    """The name of a store's folder: it changes with the weights, the texts, the tokens kept and the rows."""
    digest = hashlib.sha256(f"{encoder.identity} {max_length}".encode())
    for text in texts:
        digest.update(np.int64(len(text.ids)).tobytes())
        digest.update(text.ids.tobytes())
        digest.update(text.wanted.tobytes())
    return digest.hexdigest()[:16]


def read_states(
    encoder: Encoder, texts: Sequence[TokenisedText], template: Template, max_length: int
) -> States:
    """The states of the wanted tokens of some texts, shape (t, L + 2, D)."""
    features: list[Feature] = []
    places: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []
    starts = np.concatenate([[0], np.cumsum([len(each.wanted) for each in texts])]).astype(np.int64)
    for number, text in enumerate(texts):
        if not len(text.wanted):
            continue
        budget = max_length - template.size
        windows = overlapping(len(text.ids), budget, budget // 4)
        homes = home_windows(text.wanted, windows)
        for window, (start, stop) in enumerate(windows):
            own = np.flatnonzero(homes == window)
            if len(own):
                ids, types = assemble(template, (text.ids[start:stop],))
                features.append(Feature(ids, types))
                inside = text.wanted[own] - start + len(template.before)
                places.append((int(starts[number]), own, inside))
    found = np.zeros((int(starts[-1]), encoder.sources, encoder.width), dtype=np.float16)
    for batch in fill(
        [len(each) for each in features],
        MAX_TOKENS[encoder.device.type],
        equal_lengths=encoder.equal_lengths,
    ):
        for index, states in zip(batch, encoder.states([features[index] for index in batch]), strict=True):
            start, own, inside = places[index]
            found[start + own] = states[inside]
    return found


def _write(file: Path, states: States) -> None:
    """Writes a shard whole, or not at all."""
    new = file.with_name(f"{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as stream:
            np.save(stream, states, allow_pickle=False)
        os.replace(new, file)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise DiskError(
            f"room for the hidden states in {str(file.parent)!r}",
            f"{error.strerror}",
            "free some space, then go on with `bertolt probe --resume DIR`, or set max_targets",
        ) from error
