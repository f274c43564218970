"""What the peers that batch by hand share: tokens in, sorted by length, batches filled by tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

#: Token slots of a batch, padding included.
MAX_TOKENS = 4096

Ids = NDArray[np.int64]
Forward = Callable[[Ids, Ids], NDArray[np.float32]]


class Sorted:
    """A classifier over a function from ids and mask of shape (B, T) to logits of shape (B, K)."""

    def __init__(self, folder: str, max_length: int, forward: Forward) -> None:
        self.tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_length)
        config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
        self.labels = {int(index): label for index, label in config["id2label"].items()}
        self.pad = int(config.get("pad_token_id") or 0)
        self.forward = forward

    def predict(self, inputs: Sequence[str]) -> list[str]:
        """The label of each text, in order."""
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(inputs))]
        found: list[str] = [""] * len(rows)
        for batch in self._batches([len(row) for row in rows]):
            width = max(len(rows[index]) for index in batch)
            ids = np.full((len(batch), width), self.pad, dtype=np.int64)
            mask = np.zeros_like(ids)
            for place, index in enumerate(batch):
                ids[place, : len(rows[index])] = rows[index]
                mask[place, : len(rows[index])] = 1
            for index, best in zip(batch, self.forward(ids, mask).argmax(axis=1), strict=True):
                found[index] = self.labels[int(best)]
        return found

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        batches: list[list[int]] = []
        width = 0
        for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
            if batches and width * (len(batches[-1]) + 1) <= MAX_TOKENS:
                batches[-1].append(index)
            else:
                batches.append([index])
                width = lengths[index]
        return batches
