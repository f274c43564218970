"""The transformers network as an ONNX file, with axes that vary: what two peers begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification


class Logits(torch.nn.Module):
    """The network as a function of ids and mask."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.network = AutoModelForSequenceClassification.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager"
        ).eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        """Logits of shape (B, K)."""
        return self.network(input_ids=input_ids, attention_mask=attention_mask).logits


def export(folder: str, target: Path) -> None:
    """Writes the file. Eager attention, as onnxruntime's optimiser and OpenVINO know its pattern."""
    ids = torch.ones(2, 7, dtype=torch.long)
    axes = {0: "rows", 1: "tokens"}
    with torch.inference_mode():
        torch.onnx.export(
            Logits(folder),
            (ids, ids),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "rows"}},
            opset_version=17,
            dynamo=False,
        )
