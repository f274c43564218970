"""A peer of `bertolt bench`: OpenVINO, fp32, tuned for throughput over many texts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino
from bench_export import export
from bench_sorted import Ids, Sorted
from numpy.typing import NDArray
from protocol import serve


class Peer:
    """See ``protocol.Backend``."""

    def load(self, folder: str, mode: str, threads: int, max_length: int) -> dict[str, str]:
        """There is one mode, ``fp32``: on some processors OpenVINO would compute in bf16 unasked."""
        core = openvino.Core()
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "model.onnx"
            export(folder, file)
            model = core.read_model(file.read_bytes())
        settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
        self.compiled = core.compile_model(model, "CPU", settings)
        self.sorted = Sorted(folder, max_length, self.forward)
        return {"openvino": openvino.__version__}

    def forward(self, ids: Ids, mask: Ids) -> NDArray[np.float32]:
        """Logits of a batch."""
        logits: NDArray[np.float32] = self.compiled([ids, mask])[0]
        return logits

    def predict(self, inputs: Sequence[str]) -> list[str]:
        """See ``Sorted.predict``."""
        return self.sorted.predict(inputs)


if __name__ == "__main__":
    serve(Peer())
