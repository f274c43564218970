"""One family with a tiny random network on every verb that reads a model; prints what each verb did as JSON.

python -m benchmarks.ours.family xlm-roberta $OUT

Each check is ``ok``, ``refused: SENTENCE``, ``wrong: WHY`` or ``traceback: ERROR``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "tests")]

from bertolt.api.measuring import evaluate  # noqa: E402
from bertolt.errors import BertoltError  # noqa: E402
from bertolt.models.families import FAMILIES  # noqa: E402
from contract.rows import ROWS  # noqa: E402
from family_checks import (  # noqa: E402
    check_equal_to_transformers,
    check_explains,
    check_exports,
    check_probes,
    check_temperature,
    train_family,
)


def tried(check: Callable[..., Any], *args: Any) -> str:
    """What a check did, in words."""
    try:
        check(*args)
    except BertoltError as error:
        return f"refused: {error}"
    except AssertionError as error:
        return f"wrong: {error}"
    except Exception as error:  # noqa: BLE001 (what is counted here)
        return f"traceback: {type(error).__name__}: {error}"
    return "ok"


def evaluated(folder: Path) -> None:
    """Measures the model on its own rows."""
    evaluate(folder, folder.with_name("data.jsonl"), quiet=True)


def main(kind: str, home: Path) -> dict[str, str]:
    """All checks of a family; the tasks that it has no class for are refused."""
    family = FAMILIES[kind]
    found = {}
    for task in ROWS:
        (home / task).mkdir(parents=True)
        found[f"train {task}"] = tried(lambda task=task: train_family(kind, home / task, task=task))
    first = home / "text-classification"
    folder = first / "model"
    if folder.is_dir():
        found["temperature"] = tried(check_temperature, kind)
        found["equal to transformers"] = tried(check_equal_to_transformers, folder)
        found["evaluate"] = tried(evaluated, folder)
        found["explain"] = tried(check_explains, folder, family)
        found["probe"] = tried(check_probes, first, kind, family)
        found["export"] = tried(check_exports, folder, family)
    return found


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
