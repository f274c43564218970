"""A peer of `bertolt bench`: ONNX Runtime with its fusions for BERT, fp32 or dynamic int8."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from bench_export import export
from bench_sorted import Ids, Sorted
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model
from protocol import serve
from transformers import AutoConfig


class Peer:
    """See ``protocol.Backend``."""

    def load(self, folder: str, mode: str, threads: int, max_length: int) -> dict[str, str]:
        """``fp32``, or ``int8``: weights per channel, activations per tensor, as its documentation has it."""
        config = AutoConfig.from_pretrained(folder)
        with tempfile.TemporaryDirectory() as name:
            plain, fused, small = (Path(name) / f"{part}.onnx" for part in ("plain", "fused", "small"))
            export(folder, plain)
            model = optimize_model(
                str(plain),
                model_type="bert",
                num_heads=config.num_attention_heads,
                hidden_size=config.hidden_size,
                opt_level=0,
            )
            model.save_model_to_file(str(fused))
            if mode == "int8":
                quantize_dynamic(
                    fused,
                    small,
                    per_channel=True,
                    weight_type=QuantType.QInt8,
                    # Shapes are not known behind fused operators.
                    extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
                )
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            file = small if mode == "int8" else fused
            self.session = onnxruntime.InferenceSession(
                file.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        self.sorted = Sorted(folder, max_length, self.forward)
        return {"onnxruntime": onnxruntime.__version__}

    def forward(self, ids: Ids, mask: Ids) -> NDArray[np.float32]:
        """Logits of a batch."""
        logits: NDArray[np.float32] = self.session.run(
            ["logits"], {"input_ids": ids, "attention_mask": mask}
        )[0]
        return logits

    def predict(self, inputs: Sequence[str]) -> list[str]:
        """See ``Sorted.predict``."""
        return self.sorted.predict(inputs)


if __name__ == "__main__":
    serve(Peer())
