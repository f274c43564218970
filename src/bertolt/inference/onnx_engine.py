"""The ONNX Runtime engine: an exported network on the processor. Extra ``onnx``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bertolt.data.batching import Arrays, collate
from bertolt.data.features import Feature
from bertolt.errors import MissingExtraError
from bertolt.inference.engine import run_by_length
from bertolt.models.heads import Head
from bertolt.models.memory import FreedMemory
from bertolt.tasks.task import Logits

#: Tokens of a batch for each thread, padding included: ONNX Runtime keeps more between its layers than torch.
TOKENS_PER_THREAD = 512


class OnnxEngine:
    """Runs an exported network, batches sorted by length and filled by tokens, as ``TorchEngine`` does.

    Args:
        file: the network, as ``onnx_graph.write_onnx`` wrote it.
        head: what stands on its encoder.
        pad_id: the token that fills up a row.
        threads: of the processor; None: as many as torch has, which ``set_threads`` sets.

    Attributes:
        names: of the network's inputs.

    Raises:
        MissingExtraError: without the extra ``onnx``.
    """

    def __init__(self, file: Path, head: Head, *, pad_id: int, threads: int | None = None) -> None:
        self.threads = torch.get_num_threads() if threads is None else threads
        self.head = head
        self._pad_id = pad_id
        self._session = open_session(file, self.threads)
        self.names = {each.name for each in self._session.get_inputs()}
        self._freed = FreedMemory()

    def logits(self, features: Sequence[Feature]) -> list[Logits]:
        """See ``Engine.logits``."""
        found = run_by_length(features, TOKENS_PER_THREAD * self.threads, self._run)
        self._freed.give_back()
        return found

    def _run(self, features: Sequence[Feature]) -> list[Logits]:
        arrays = all_inputs(collate(features, self._pad_id))
        given = {name: array for name, array in arrays.items() if name in self.names}
        logits: Logits = self._session.run(None, given)[0]
        return self.head.split(logits, features)


def open_session(file: Path, threads: int) -> Any:
    """ONNX Runtime's session over a file, with so many threads, which sleep while they wait.

    Raises:
        MissingExtraError: without the extra ``onnx``.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnx", "the engine onnx") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    # As OMP_WAIT_POLICY=passive for torch: threads that spin keep the cores from those that compute.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def all_inputs(arrays: Arrays) -> Arrays:
    """A batch with what ``collate`` leaves out as needless: a graph has a fixed list of inputs."""
    ids = arrays["input_ids"]
    return {"attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids), **arrays}
