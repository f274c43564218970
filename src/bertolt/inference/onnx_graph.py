"""A network as an ONNX graph: all of it, encoder and head, for any number of rows and tokens.

Attention leaves torch as one node (``com.microsoft.MultiHeadAttention``): transformers lets a network's
attention be replaced, and a node that is put there is surer than one that is found again in the graph.
Layer norms and activations are fused afterwards by ONNX Runtime's own optimiser. Families whose attention
this node does not know, such as ModernBERT's sliding windows, keep their own attention, unfused.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bertolt.data.batching import collate
from bertolt.data.features import Feature
from bertolt.errors import FolderError, MissingExtraError
from bertolt.inference.onnx_engine import all_inputs
from bertolt.models.families import family_of
from bertolt.models.fast_linear import use_plain_linear
from bertolt.models.heads import Head

OPSET = 18
_ATTENTION = "bertolt-onnx"


def write_onnx(network: nn.Module, head: Head, sample: Sequence[Feature], pad_id: int, file: Path) -> None:
    """Writes a network in fp32.

    Args:
        network: in torch, on the processor. It is changed for the export: load it anew to go on with it.
        head: what stands on its encoder.
        sample: at least two rows of different lengths, of which the longer selects at least two positions
            where the head selects any.
        pad_id: the token that fills up a row.
        file: where to.

    Raises:
        MissingExtraError: without the extra ``onnx``.
        FolderError: the network's family cannot be exported.
    """
    check_extra()
    _check_exports(network)
    network = use_plain_linear(network).eval().requires_grad_(False)
    arrays = all_inputs(collate(sample, pad_id))
    if not _has_types(network):
        del arrays["token_type_ids"]
    inputs = {name: torch.from_numpy(array) for name, array in arrays.items()}
    batch, tokens, selected = (torch.export.Dim(name) for name in ("batch", "tokens", "selected"))
    shapes = {name: {0: selected} if name == "positions" else {0: batch, 1: tokens} for name in inputs}
    fusible = family_of(_config(network)).fused_export
    if fusible:
        _fuse_attention(network)
    try:
        with quiet():
            torch.onnx.export(
                _Whole(network, head, tuple(inputs)),
                tuple(inputs.values()),
                file,
                input_names=list(inputs),
                output_names=["logits"],
                dynamic_shapes=(tuple(shapes.values()),),
                opset_version=OPSET,
                external_data=False,
                dynamo=True,
                verbose=False,
            )
            if fusible:
                _fuse_rest(file, network)
    except (RuntimeError, ValueError, TypeError, AttributeError, LookupError, AssertionError) as error:
        # torch's exporter is a RuntimeError's subclass; the others come from a family's own code.
        raise _cannot_export(network, f"which torch.onnx cannot write ({type(error).__name__})") from error


def check_extra() -> None:
    """Refuses to begin what the extra ``onnx`` is needed for.

    Raises:
        MissingExtraError: without it.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnx", "bertolt export") from error


class _Whole(nn.Module):
    """A network under its head, with inputs by position, as graphs have them."""

    def __init__(self, network: nn.Module, head: Head, names: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self._head = head
        self._names = tuple(names)

    def forward(self, *inputs: Tensor) -> Tensor:
        return self._head.forward(self.network, dict(zip(self._names, inputs, strict=True)))


def _config(network: nn.Module) -> Any:
    return network.config


def _check_exports(network: nn.Module) -> None:
    config = _config(network)
    family = family_of(config)
    if family.exports and not family.equal_lengths:
        return
    reason = (
        "whose answers depend on padding, which ONNX Runtime needs for rows of several lengths"
        if family.equal_lengths
        else "whose operations ONNX does not have"
    )
    raise _cannot_export(network, reason)


def _cannot_export(network: nn.Module, reason: str) -> FolderError:
    return FolderError(
        "a model of a family that can be exported",
        f"model type {_config(network).model_type!r}, {reason}",
        "use the model folder itself: every verb runs it with torch",
    )


def _has_types(network: nn.Module) -> bool:
    return int(getattr(_config(network), "type_vocab_size", 0)) > 1


def _fuse_attention(network: nn.Module) -> None:
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(_ATTENTION, _attention)
    AttentionMaskInterface.register(_ATTENTION, _mask)
    for module in network.modules():
        if hasattr(
            module, "set_attn_implementation"
        ):  # the outermost transformers network does for all inside
            module.set_attn_implementation(_ATTENTION)  # type: ignore[operator]
            break


def _mask(*args: Any, attention_mask: Tensor | None = None, **options: Any) -> Tensor | None:
    """transformers' function that prepares a mask, for attention that takes it as it is: (B, T)."""
    return attention_mask


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    scaling: float,
    **options: Any,
) -> tuple[Tensor, None]:
    """transformers' attention function as one node: heads (B, heads, T, size) to (B, T, heads, size)."""
    batch, heads, tokens, size = query.shape
    heads, size = int(heads), int(size)
    flat = [each.transpose(1, 2).reshape(batch, tokens, heads * size) for each in (query, key, value)]
    mask = attention_mask.to(torch.int32)  # of keys; 0 where a row is padded
    output = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention",
        (*flat, None, mask),
        attrs={"num_heads": heads, "scale": float(scaling)},
        dtype=query.dtype,
        shape=(batch, tokens, heads * size),
        version=1,
    )
    return output.reshape(batch, tokens, heads, size), None


def _fuse_rest(file: Path, network: nn.Module) -> None:
    from onnxruntime.transformers.optimizer import optimize_model

    config = _config(network)
    heads = int(config.num_attention_heads)
    fused = optimize_model(
        str(file), "bert", num_heads=heads, hidden_size=int(config.hidden_size), opt_level=0
    )
    fused.save_model_to_file(str(file))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps torch's and ONNX Runtime's reports of their progress, and their warnings, from the user."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
