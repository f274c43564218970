"""A peer of `bertolt bench`: transformers' pipeline at a batch size, or its network in sorted batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import transformers
from bench_sorted import Ids, Sorted
from numpy.typing import NDArray
from protocol import serve


class Peer:
    """See ``protocol.Backend``."""

    def load(self, folder: str, mode: str, threads: int, max_length: int) -> dict[str, str]:
        """``mode`` is ``batch-N`` for the pipeline, or ``sorted`` for what a careful user writes by hand."""
        torch.set_num_threads(threads)
        self.classify = transformers.pipeline(
            "text-classification", model=folder, device="cpu", dtype=torch.float32
        )
        self.network = self.classify.model
        self.size = None if mode == "sorted" else int(mode.removeprefix("batch-"))
        self.max_length = max_length
        self.sorted = Sorted(folder, max_length, self.forward)
        return {"torch": torch.__version__, "transformers": transformers.__version__}

    def predict(self, inputs: Sequence[str]) -> list[str]:
        """One list of texts in, as the documentation of pipelines has it."""
        if self.size is None:
            return self.sorted.predict(inputs)
        found = self.classify(list(inputs), batch_size=self.size, truncation=True, max_length=self.max_length)
        return [each["label"] for each in found]

    def forward(self, ids: Ids, mask: Ids) -> NDArray[np.float32]:
        """Logits of a batch, for ``sorted``."""
        with torch.inference_mode():
            inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
            logits: NDArray[np.float32] = self.network(**inputs).logits.numpy()
        return logits


if __name__ == "__main__":
    serve(Peer())
