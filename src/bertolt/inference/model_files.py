"""The small files of a model, in a folder or on the Hub: what `bertolt describe` reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bertolt.errors import FolderError
from bertolt.hub import HubId, download_model, hub_error, hub_errors, parse_hub_id
from bertolt.models.backbone import find_folder
from bertolt.models.packaged import PACKAGED
from bertolt.models.tensor_shapes import Shapes, tensor_shapes


class ModelFiles(Protocol):
    """Where a model's files are read.

    Args:
        where: the folder, or the id with its commit.
        sizes: bytes of each file by its path.
    """

    @property
    def where(self) -> str: ...

    @property
    def sizes(self) -> dict[str, int]: ...

    def text(self, file: str) -> str | None:
        """The text of a small file; None where there is none.

        Raises:
            FolderError: it is no text.
        """

    def shapes(self) -> Shapes:
        """The shape of each tensor; empty where there are no safetensors."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """Those of a folder."""

    folder: Path

    @property
    def where(self) -> str:
        """See ``ModelFiles``."""
        return str(self.folder)

    @property
    def sizes(self) -> dict[str, int]:
        """See ``ModelFiles``."""
        return {
            file.relative_to(self.folder).as_posix(): file.stat().st_size
            for file in sorted(self.folder.rglob("*"))
            if file.is_file()
        }

    def text(self, file: str) -> str | None:
        """See ``ModelFiles``."""
        return _read(self.folder / file)

    def shapes(self) -> Shapes:
        """See ``ModelFiles``."""
        return tensor_shapes(self.folder)


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Those of a repository of the Hub. Of its weights the headers alone are read.

    Args:
        hub_id: as the user gave it.
        commit: that it stands for now.
        sizes: bytes of each file by its path.
    """

    hub_id: HubId
    commit: str
    sizes: dict[str, int]

    @property
    def where(self) -> str:
        """See ``ModelFiles``."""
        return f"{self.hub_id.repository}@{self.commit}"

    def text(self, file: str) -> str | None:
        """See ``ModelFiles``."""
        from huggingface_hub import hf_hub_download

        if file not in self.sizes:
            return None
        try:
            return _read(Path(hf_hub_download(self.hub_id.repository, file, revision=self.commit)))
        except hub_errors() as error:
            raise hub_error(error, "model", self.hub_id) from error

    def shapes(self) -> Shapes:
        """See ``ModelFiles``."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import NotASafetensorsRepoError, SafetensorsParsingError

        try:
            found = HfApi().get_safetensors_metadata(self.hub_id.repository, revision=self.commit)
        except NotASafetensorsRepoError:
            return {}
        except SafetensorsParsingError as error:
            raise FolderError(
                "a whole safetensors file", f"{str(error)[:200]} in {self.where!r}", "choose another revision"
            ) from error
        except hub_errors() as error:
            raise hub_error(error, "model", self.hub_id) from error
        return {
            name: tuple(tensor.shape)
            for file in found.files_metadata.values()
            for name, tensor in file.tensors.items()
        }


def model_files(name: str) -> ModelFiles:
    """The files of a model that is named by a folder, by the name of a packaged encoder, or by a Hub id.

    Raises:
        UnknownNameError, FolderError, MissingExtraError, NetworkError: see ``find_folder``.
    """
    hub_id = None if name in PACKAGED or Path(name).exists() else parse_hub_id(name)
    parent = Path(name).parent
    if hub_id is None or (parent != Path() and parent.is_dir()):
        return FolderFiles(find_folder(name))
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        found = HfApi().model_info(hub_id.repository, revision=hub_id.revision, files_metadata=True)
    except OfflineModeIsEnabled:
        return FolderFiles(download_model(hub_id, weights=False))
    except hub_errors() as error:
        raise hub_error(error, "model", hub_id) from error
    sizes = {each.rfilename: int(each.size or 0) for each in found.siblings or ()}
    return HubFiles(hub_id, str(found.sha), sizes)


def _read(file: Path) -> str | None:
    if not file.is_file():
        return None
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FolderError(f"text in UTF-8 in {str(file)!r}", "other bytes", "copy the file again") from error
