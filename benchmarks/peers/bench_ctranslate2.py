"""A peer of `bertolt bench`: CTranslate2's encoder, fp32 or int8, with pooler and head in numpy."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import numpy as np
import torch
from bench_sorted import Ids, Sorted
from ctranslate2.converters import TransformersConverter
from numpy.typing import NDArray
from protocol import serve
from transformers import AutoModelForSequenceClassification, AutoTokenizer


class Peer:
    """See ``protocol.Backend``."""

    def load(self, folder: str, mode: str, threads: int, max_length: int) -> dict[str, str]:
        """``fp32``, or ``int8``: weights per channel, activations per row. BERT alone."""
        network = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
        self.head = network.classifier.state_dict()
        with tempfile.TemporaryDirectory() as name:
            # The converter reads the encoder alone, with its pooler; the head stays here.
            encoder, converted = Path(name) / "encoder", Path(name) / "converted"
            network.base_model.save_pretrained(encoder)
            AutoTokenizer.from_pretrained(folder).save_pretrained(encoder)
            TransformersConverter(str(encoder)).convert(str(converted))
            kind = "int8_float32" if mode == "int8" else "float32"
            self.encoder = ctranslate2.Encoder(
                str(converted), compute_type=kind, intra_threads=threads, inter_threads=1
            )
        self.sorted = Sorted(folder, max_length, self.forward)
        return {"ctranslate2": ctranslate2.__version__}

    def forward(self, ids: Ids, mask: Ids) -> NDArray[np.float32]:
        """Logits of a batch."""
        rows = ctranslate2.StorageView.from_array(ids.astype(np.int32))
        lengths = ctranslate2.StorageView.from_array(mask.sum(axis=1).astype(np.int32))
        pooled = np.asarray(self.encoder.forward_batch(rows, lengths).pooler_output)
        logits: NDArray[np.float32] = pooled @ self.head["weight"].numpy().T + self.head["bias"].numpy()
        return logits

    def predict(self, inputs: Sequence[str]) -> list[str]:
        """See ``Sorted.predict``."""
        return self.sorted.predict(inputs)


if __name__ == "__main__":
    serve(Peer())
