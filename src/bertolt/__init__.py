"""Fine-tune a BERT-family encoder on your text, look inside it, and let people try it.

Importing this package imports nothing else: the names below are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bertolt.api.exporting import export
    from bertolt.api.measuring import bench, compare, evaluate
    from bertolt.api.probing import probe
    from bertolt.api.training import adapt, resume, train
    from bertolt.api.using import explain, pipeline, predict_file
    from bertolt.errors import BertoltError
    from bertolt.evaluation.evaluate import Evaluation
    from bertolt.inference.describe import describe
    from bertolt.inference.pipeline import Pipeline
    from bertolt.training.fine_tune import Run
    from bertolt.version import __version__

__all__ = [
    "BertoltError",
    "Evaluation",
    "Pipeline",
    "Run",
    "__version__",
    "adapt",
    "bench",
    "compare",
    "describe",
    "evaluate",
    "explain",
    "export",
    "pipeline",
    "predict_file",
    "probe",
    "resume",
    "train",
]

_HOMES = {
    "BertoltError": "bertolt.errors",
    "Evaluation": "bertolt.evaluation.evaluate",
    "Pipeline": "bertolt.inference.pipeline",
    "Run": "bertolt.training.fine_tune",
    "__version__": "bertolt.version",
    "adapt": "bertolt.api.training",
    "bench": "bertolt.api.measuring",
    "compare": "bertolt.api.measuring",
    "describe": "bertolt.inference.describe",
    "evaluate": "bertolt.api.measuring",
    "explain": "bertolt.api.using",
    "export": "bertolt.api.exporting",
    "pipeline": "bertolt.api.using",
    "predict_file": "bertolt.api.using",
    "probe": "bertolt.api.probing",
    "resume": "bertolt.api.training",
    "train": "bertolt.api.training",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'bertolt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
