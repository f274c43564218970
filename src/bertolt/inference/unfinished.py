"""What a prediction of a file writes down as it goes, so that it can go on after it was interrupted.

Beside the temporary file ``.NAME.part`` of the output stands ``.NAME.part.json``: what the prediction depends
on, and how far the temporary file was surely on the disk. Both are removed at the end.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bertolt.data.unchanged import stamps
from bertolt.data.writers import SavePoint, Writer, part_of
from bertolt.errors import DiskError, SettingError
from bertolt.inference.pipeline import Pipeline
from bertolt.version import versions

#: Seconds of work that an interruption may cost.
EVERY_SECONDS = 2.0


class State(BaseModel):
    """What is written down.

    Args:
        identity: what must be the same for the rows to go on as they began.
        point: how far the temporary file is used.
        counts: figures about the rows until then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    identity: dict[str, Any]
    point: SavePoint
    counts: dict[str, Any]


class Unfinished:
    """The state of one output.

    Args:
        target: the output.
        identity: see ``State``; plain values.
    """

    def __init__(self, target: Path, identity: Mapping[str, Any]) -> None:
        self._target = target
        self._part = part_of(target)
        self._file = self._part.with_name(f"{self._part.name}.json")
        self._identity = json.loads(json.dumps(identity))
        self._saved = time.monotonic()

    def read(self) -> State | None:
        """What an interrupted prediction left; None where there is nothing to go on with."""
        try:
            state = State.model_validate_json(self._file.read_text(encoding="utf-8"))
            return state if self._part.stat().st_size >= state.point.bytes else None
        except (OSError, UnicodeDecodeError, ValidationError):
            return None

    def resume(self) -> State:
        """What an interrupted prediction left.

        Raises:
            SettingError: there is nothing, or the model, the input or an option has changed.
        """
        state = self.read()
        if state is None:
            raise SettingError(
                f"an interrupted prediction into {str(self._target)!r}, for --resume",
                "none",
                "leave --resume out",
            )
        changed = sorted(
            name
            for name in {*state.identity, *self._identity}
            if state.identity.get(name) != self._identity.get(name)
        )
        if changed:
            raise SettingError(
                f"the model, input and options with which the prediction into {str(self._target)!r} began",
                f"that these have changed: {', '.join(changed)}",
                "use the same again, or leave --resume out to begin anew",
            )
        return state

    def save_if_due(self, writer: Writer, counts: Mapping[str, Any]) -> None:
        """Writes the state down, where the last time is long enough ago.

        Raises:
            DiskError: it cannot be written.
        """
        if time.monotonic() - self._saved < EVERY_SECONDS:
            return
        point = writer.save()
        state = {"identity": self._identity, "point": asdict(point), "counts": dict(counts)}
        new = self._file.with_suffix(".new")
        try:
            with new.open("w", encoding="utf-8") as stream:
                json.dump(state, stream)
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(self._file)
        except OSError as error:
            raise DiskError(
                f"that {self._file} can be written", str(error.strerror), "free some space there"
            ) from error
        writer.keep = True
        self._saved = time.monotonic()

    def remove(self) -> None:
        """Removes the state; the temporary file is the writer's."""
        self._file.unlink(missing_ok=True)


def identity_of(pipeline: Pipeline, source: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What a prediction depends on.

    Args:
        pipeline: what predicts.
        source: the input, as the user named it.
        options: others, as plain values.
    """
    model = pipeline.model
    files = {} if pipeline.folder is None else stamps(pipeline.folder)
    return {
        "the model": {Path(name).name: stamp[:2] for name, stamp in files.items() if Path(name).is_file()},
        "the task and its settings": model.spec.model_dump(mode="json"),
        "--abstain-below": model.abstain_below,
        "--engine, --device or --dtype": [
            type(model.engine).__name__,
            *(str(getattr(model.engine, name, None)) for name in ("device", "dtype")),
        ],
        "the input": [stamp[:2] for stamp in stamps(Path(source)).values()] or source,
        "versions": versions(),
        **options,
    }
