"""Which engine runs a model folder, and how it is loaded."""

from __future__ import annotations

from pathlib import Path

import torch

from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError, SettingError
from bertolt.inference.engine import Engine, TorchEngine
from bertolt.models.device import choose_device
from bertolt.models.engine_record import EngineRecord
from bertolt.models.packaged import file_sha256
from bertolt.models.spec import FolderRecord
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import Task
from bertolt.wording import quoted

ENGINES = ("auto", "torch", "onnx")


def choose_engine(
    folder: Path,
    record: FolderRecord,
    task: Task,
    tokenizer: Tokenizer,
    *,
    engine: str = "auto",
    device: str = "auto",
    dtype: str = "fp32",
) -> Engine:
    """Loads the network of a folder.

    Args:
        folder: a model folder.
        record: its ``bertolt.json``.
        task: the one of its tasks that is wanted.
        tokenizer: of the folder.
        engine: one of ``ENGINES``; ``auto`` takes what the folder was exported for, unless a GPU or bf16 is
            asked for, which torch alone has.
        device, dtype: see ``Pipeline.from_folder``.

    Raises:
        SettingError: an engine, a device or a dtype that does not exist, or that do not go together.
        FolderError: the folder was not exported for the engine, or its file is missing or damaged.
        MissingExtraError: the engine is not installed.
    """
    exported = exported_engine(folder, record, task, engine=engine, device=device, dtype=dtype)
    if exported is not None:
        return _load_onnx(folder, exported, task, tokenizer)
    return TorchEngine(
        task.head.load(folder).requires_grad_(False),  # nothing trains them here
        task.head,
        pad_id=tokenizer.pad_id,
        device=choose_device(device),
        dtype=torch_dtype(dtype),
    )


def exported_engine(
    folder: Path, record: FolderRecord, task: Task, *, engine: str, device: str, dtype: str
) -> EngineRecord | None:
    """The engine of a folder that is to run it; None: torch. Arguments, errors: see ``choose_engine``."""
    if engine not in ENGINES:
        raise SettingError(f"an engine out of {', '.join(ENGINES)}", repr(engine), "choose one of those")
    there = record.engine if record.engine and get_task(record.engine.task) is task else None
    plain = device in ("auto", "cpu") and torch_dtype(dtype) == torch.float32
    if engine == "onnx" and there is None:
        raise FolderError(
            f"a folder that was exported for {task.name}",
            f"another in {str(folder)!r}",
            f"run: bertolt export {quoted(str(folder))} --out DIR2",
        )
    if engine == "onnx" and not plain:
        raise SettingError(
            "the processor and fp32 for the engine onnx", f"{device} and {dtype}", "use the engine torch"
        )
    return there if plain and engine != "torch" else None


def _load_onnx(folder: Path, exported: EngineRecord, task: Task, tokenizer: Tokenizer) -> Engine:
    from bertolt.inference.onnx_engine import OnnxEngine

    file = folder / exported.file
    if not file.is_file() or file_sha256(file) != exported.sha256:
        raise FolderError(
            f"the file {exported.file} as it was exported",
            f"{'another' if file.is_file() else 'none'} in {str(folder)!r}",
            "copy the whole model folder again, or export it anew",
        )
    return OnnxEngine(file, task.head, pad_id=tokenizer.pad_id)


def torch_dtype(name: str) -> torch.dtype:
    """The torch type of ``fp32`` or ``bf16``.

    Raises:
        SettingError: another name.
    """
    known = {"fp32": torch.float32, "bf16": torch.bfloat16}
    if name not in known:
        raise SettingError("a dtype out of fp32, bf16", repr(name), "choose one of those")
    return known[name]
