"""``DIR.run``: the settings of a training (written before step 0), its checkpoints and its log."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bertolt.errors import DiskError, FolderError
from bertolt.locks import exclusive
from bertolt.models.fast_linear import onednn_wins
from bertolt.training.runlog import NAME as LOG
from bertolt.training.runlog import RunLog
from bertolt.training.settings import Settings, check_settings
from bertolt.version import versions

SETTINGS = "settings.json"
#: The folder of a training's phases, each with its checkpoints.
PHASES = "phases"
#: What is removed when a run is finished: its phases, and the trainings that it is made of.
CHECKPOINTS = ("parts", PHASES)


def machine_identity(device: str, threads: int) -> dict[str, str]:
    """What of the machine and the versions must be the same for a run to go on to the same bits."""
    return {
        "device": device,
        "threads": str(threads),
        "linear": "onednn" if onednn_wins() else "torch",
        **versions(),
    }


def settings_of(run: Mapping[str, Any], kind: type[Settings], model_folder: Path) -> Settings:
    """The settings that a run began with.

    Args:
        run: as ``RunFolder.read`` gives it.
        kind: of the settings.
        model_folder: where the model goes now: since the run began, the folder may have been moved, or is
            named from elsewhere.

    Raises:
        UnknownNameError, SettingError: see ``check_settings``.
    """
    return check_settings(kind, {**run["settings"], "out": str(model_folder)})


class RunFolder:
    """The folder of the training that writes ``model_folder``.

    Args:
        model_folder: where the model goes.
        verb: of the command line, whose runs alone are gone on with.
    """

    def __init__(self, model_folder: Path, verb: str = "train") -> None:
        self._verb = verb
        self._model_folder = model_folder
        self.path = model_folder.parent / f"{model_folder.name}.run"
        self.log = RunLog(self.path, verb)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes from writing this run or its model folder while the body runs.

        Raises:
            BusyError: another process does.
            DiskError: the lock file cannot be written.
        """
        with exclusive(self._model_folder, f"bertolt {self._verb}", "--out"):
            yield

    @contextmanager
    def open(
        self, settings: Mapping[str, Any], identity: Mapping[str, str], *, resume: bool
    ) -> Iterator[None]:
        """Begins or goes on; when the body ends well the checkpoints are removed, the log stays.

        Args:
            settings: of the run.
            identity: what must be the same for a resumed run to be the same run.
            resume: whether the run of this folder goes on.

        Raises:
            FolderError: the run is finished, or what must be the same is not.
            DiskError: the folder cannot be written.
        """
        if resume:
            self._check(identity)
        else:
            self._begin(self._content(settings, identity, finished=False))
        yield
        self._write(self._content(settings, identity, finished=True))
        self._remove_checkpoints()

    def _content(
        self, settings: Mapping[str, Any], identity: Mapping[str, str], *, finished: bool
    ) -> dict[str, Any]:
        return {
            "verb": self._verb,
            "settings": dict(settings),
            "identity": dict(identity),
            "finished": finished,
        }

    @property
    def begun(self) -> bool:
        """Whether a training began here, finished or not."""
        return (self.path / SETTINGS).is_file()

    def part(self, name: str) -> Path:
        """Where a training that is a part of this one writes its model; removed when this one is finished."""
        return self.path / "parts" / name

    def take_log(self, other: RunFolder) -> None:
        """Makes the log of another run this one's.

        Raises:
            DiskError: it cannot be written.
        """
        try:
            shutil.copyfile(other.path / LOG, self.path / LOG)
        except OSError as error:
            raise self._refused(error) from error

    def read(self) -> dict[str, Any]:
        """What was written before step 0.

        Raises:
            FolderError: there is no run, or one of another verb, or its settings are damaged.
        """
        file = self.path / SETTINGS
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise FolderError(
                f"an interrupted training in {str(self.path)!r}",
                "none",
                "name the folder that was given as --out, or train anew without --resume",
            ) from error
        except json.JSONDecodeError as error:
            raise FolderError(
                f"the settings of a training in {str(file)!r}",
                "a damaged file",
                "train anew without --resume",
            ) from error
        verb = found.get("verb", "train")
        if verb != self._verb:
            raise FolderError(
                f"an interrupted run of bertolt {self._verb} in {str(self.path)!r}",
                f"one of bertolt {verb}",
                f"go on with: bertolt {verb} --resume {self._model_folder}",
            )
        return found

    def read_unfinished(self) -> dict[str, Any]:
        """What was written before step 0 of a run that can go on.

        Raises:
            FolderError: see ``read``; or the run is finished. Checkpoints that it left are removed.
        """
        found = self.read()
        if found.get("finished"):
            with self.lock():
                self._remove_checkpoints()
            raise FolderError(
                f"an interrupted run of bertolt {self._verb} in {str(self.path)!r}",
                "one that is finished",
                f"use its folder {str(self._model_folder)!r}, or begin anew without --resume",
            )
        return found

    def _check(self, identity: Mapping[str, str]) -> None:
        before = self.read_unfinished()["identity"]
        changed = [
            f"{name} {before.get(name)!r} is now {identity.get(name)!r}"
            for name in sorted({*before, *identity})
            if before.get(name) != identity.get(name)
        ]
        if changed:
            raise FolderError(
                "the data, versions and threads that the training began with",
                "; ".join(changed),
                "restore them, or train anew without --resume",
            )

    def _begin(self, content: dict[str, Any]) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._remove_checkpoints()
            (self.path / LOG).unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error
        self._write(content)

    def _remove_checkpoints(self) -> None:
        for name in CHECKPOINTS:
            for folder in (name, f".{name}.new", f".{name}.old"):  # the last two: of a save that was killed
                shutil.rmtree(self.path / folder, ignore_errors=True)

    def _write(self, content: dict[str, Any]) -> None:
        file = self.path / SETTINGS
        new = file.with_suffix(".new")
        try:
            with new.open("w", encoding="utf-8") as stream:
                json.dump(content, stream, indent=2)
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(file)
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> DiskError:
        return DiskError(
            f"a folder {str(self.path)!r} that can be written",
            str(error.strerror),
            "free some space, or choose another --out",
        )
