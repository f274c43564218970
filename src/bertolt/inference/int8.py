"""Ways to compute a network's matrix products with 8-bit whole numbers, in the order of the search.

The weights of every way are quantised for each output (or block of inputs) on its own, but for the plain one.
What differs is how activations are: for the whole batch at once as it comes (``dynamic``; fast, and a row's
numbers then depend on its batch-mates), for each row and block of 128 inputs (``rows``), or with ranges that
were measured beforehand (``static``). Jacob et al. 2018, "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference"; Dettmers et al. 2022, "LLM.int8()", §2 for outliers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.data.batching import Arrays
from bertolt.inference.onnx_graph import quiet

Make = Callable[[Path, Path, Collection[str]], None]

_BLOCK = 128
#: Products of the encoder. Those of pooler and classifier, once a row, are no cost and stay in fp32.
_OPERATORS = ["MatMul"]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to quantise.

    Args:
        name: in ``bertolt.json``.
        make: told the network in fp32, where to write, and the nodes to leave in fp32.
    """

    name: str
    make: Make


def plain_way() -> Way:
    """Weights of a whole matrix on one scale, activations of a whole batch on one."""
    return Way("dynamic", _dynamic(per_channel=False))


def further_ways(sample: Sequence[Arrays]) -> list[Way]:
    """What is tried where the plain way costs too much, in this order.

    Args:
        sample: batches whose activations give the ranges of the static way.
    """
    ways = [Way("dynamic, per channel", _dynamic(per_channel=True))]
    if not has_vnni():
        # Pairs of products of 8 bits are added up in 16 there, and overflow; 7 bits do not.
        ways.append(Way("dynamic, per channel, reduced range", _dynamic(per_channel=True, reduce_range=True)))
    ways.append(Way(f"rows, blocks of {_BLOCK}", _by_rows))
    ways.append(Way("static, per channel", _static(sample)))
    return ways


def products(file: Path) -> list[str]:
    """Names of the matrix products with weights, in the order of the network."""
    import onnx

    graph = onnx.load(str(file)).graph
    weights = {each.name for each in graph.initializer}
    return [node.name for node in graph.node if node.op_type in _OPERATORS and node.input[1] in weights]


def has_vnni() -> bool:
    """Whether the processor multiplies 8 bits and adds up in 32 in one instruction."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False  # unknown: then the range is reduced as well, and the faster one that passes is taken
    return any(flag in flags for flag in ("avx512_vnni", "avx_vnni", "asimddp"))


def _dynamic(*, per_channel: bool, reduce_range: bool = False) -> Make:
    def make(source: Path, target: Path, kept: Collection[str]) -> None:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        with quiet():
            quantize_dynamic(
                source,
                target,
                op_types_to_quantize=_OPERATORS,
                nodes_to_exclude=list(kept),
                per_channel=per_channel,
                reduce_range=reduce_range,
                weight_type=QuantType.QInt8,
            )

    return make


def _by_rows(source: Path, target: Path, kept: Collection[str]) -> None:
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    with quiet():
        quantizer = MatMulNBitsQuantizer(
            onnx.load(str(source)),
            bits=8,
            block_size=_BLOCK,
            is_symmetric=True,
            accuracy_level=4,  # activations in 8 bits, too
            nodes_to_exclude=list(kept),
        )
        quantizer.process()
        quantizer.model.save_model_to_file(str(target))


def _static(sample: Sequence[Arrays]) -> Make:
    def make(source: Path, target: Path, kept: Collection[str]) -> None:
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

        class Reader(CalibrationDataReader):  # type: ignore[misc]
            def __init__(self) -> None:
                self._left = iter(sample)

            def get_next(self) -> dict[str, Any] | None:
                return next(self._left, None)

        with quiet():
            quantize_static(
                source,
                target,
                Reader(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_OPERATORS,
                nodes_to_exclude=list(kept),
                per_channel=True,
                reduce_range=not has_vnni(),
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )

    return make
