"""The Hugging Face Hub: ids with revisions, downloads, and what went wrong in one sentence.

The libraries of the Hub are used as they are, so their environment variables hold: ``HF_TOKEN``, ``HF_HOME``,
``HF_HUB_OFFLINE``, ``HF_ENDPOINT``. See docs/hub.md.
"""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

from bertolt.errors import BertoltError, DiskError, NetworkError, UnknownNameError

_ID = re.compile(
    r"(?P<repository>[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?)(?:@(?P<revision>[\w.-]+(?:/[\w.-]+)*))?"
)

#: What is downloaded of a model: configuration, tokenizer and card; and weights in the safetensors format.
_FILES = ["*.json", "*.txt", "*.model", "README.md"]
_WEIGHTS = ["model.safetensors", "model-*.safetensors"]
#: Downloaded only where the repository has no safetensors.
_PICKLED_WEIGHTS = ["pytorch_model.bin", "pytorch_model-*.bin"]


@dataclass(frozen=True, slots=True)
class HubId:
    """The id of a repository.

    Args:
        repository: ``owner/name``, or ``name`` alone for the oldest models.
        revision: a branch, a tag or a commit; None: the main branch.
    """

    repository: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.repository if self.revision is None else f"{self.repository}@{self.revision}"

    @property
    def title(self) -> str:
        """The name without its owner."""
        return self.repository.rpartition("/")[2]


def parse_hub_id(name: str) -> HubId | None:
    """The id in ``owner/name`` or ``owner/name@revision``; None where the name has another form."""
    found = _ID.fullmatch(name)
    return None if found is None else HubId(found["repository"], found["revision"])


def download_model(hub_id: HubId, *, weights: bool = True) -> Path:
    """The folder in the Hub's cache that holds a model; what is missing is downloaded.

    A connection that breaks is taken up where it stopped. After a killed process the libraries of the Hub
    begin the file anew that was not complete.

    Args:
        hub_id: of the model.
        weights: whether they are wanted, too.

    Raises:
        UnknownNameError: the Hub has no such model or revision.
        NetworkError: the Hub cannot be reached, or wants a token.
        DiskError: the cache cannot be written.
    """
    from huggingface_hub import snapshot_download

    def get(patterns: list[str]) -> Path:
        return Path(snapshot_download(hub_id.repository, revision=hub_id.revision, allow_patterns=patterns))

    with_errors = hub_errors()
    try:
        folder = get([*_FILES, *_WEIGHTS] if weights else _FILES)
        if weights and not any(folder.glob("model*.safetensors")):
            folder = get([*_FILES, *_PICKLED_WEIGHTS])
    except with_errors as error:
        raise hub_error(error, "model", hub_id) from error
    return folder


def hub_errors() -> tuple[type[Exception], ...]:
    """What the libraries of the Hub raise when a repository cannot be read."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # The HTTP library's own class of errors is the first base; the second is OSError.
    return (*HfHubHTTPError.__bases__, HFValidationError)


def hub_error(error: BaseException, kind: str, hub_id: HubId) -> BertoltError:
    """One message for a repository that cannot be read.

    Args:
        error: what a library of the Hub raised, one of ``hub_errors``.
        kind: ``model`` or ``data set``.
        hub_id: what was asked for.
    """
    from huggingface_hub import errors

    page = f"https://huggingface.co/{'datasets/' if kind == 'data set' else ''}{hub_id.repository}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT):
        return DiskError(
            f"room for the {kind} {str(hub_id)!r} in the Hub's cache",
            str(error.strerror).lower(),
            "make room, or set HF_HOME to another folder",
        )
    if isinstance(error, errors.GatedRepoError):
        return NetworkError(
            f"access to the {kind} {str(hub_id)!r} on the Hub",
            f"that its owners must grant it first, and {_token_state()}",
            f"ask for access on {page}, then set HF_TOKEN to a token of your account",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return UnknownNameError(
            f"revision of {hub_id.repository}",
            str(hub_id.revision),
            ["main"],
            do=f"choose a branch, a tag or a commit on {page}",
        )
    if isinstance(error, errors.HfHubHTTPError):
        return _status_error(error.response.status_code, kind, hub_id)
    if isinstance(error, errors.HFValidationError):
        return UnknownNameError(f"{kind} on the Hub", str(hub_id), [], do="write the id as owner/name")
    return unreachable(kind, hub_id)


def _status_error(status: int, kind: str, hub_id: HubId) -> BertoltError:
    if status in (401, 403):
        return NetworkError(
            f"a public {kind} {str(hub_id)!r} on the Hub, or a token that may read it",
            f"the Hub's answer {status}, which means a private or an unknown id; {_token_state()}",
            f"check the id; for a private {kind} set HF_TOKEN to a token that may read it",
        )
    if status == 404:
        return NetworkError(
            f"a {kind} {str(hub_id)!r} on the Hub",
            "the Hub's answer 404: there is none, or the token may not see it",
            "check the id on the Hub's page",
        )
    return NetworkError(
        f"the {kind} {str(hub_id)!r} on the Hub", f"the Hub's answer {status}", "try again later"
    )


def unreachable(kind: str, hub_id: HubId) -> NetworkError:
    """The message where the Hub cannot be reached and its cache does not hold what was asked for."""
    from huggingface_hub import constants

    name = str(hub_id)
    folder = f"no folder {name!r}, and " if kind == "model" else ""
    expected = (
        f"a model folder {name!r}, or that model on the Hub" if kind == "model" else f"the {kind} {name!r}"
    )
    if constants.HF_HUB_OFFLINE:
        return NetworkError(
            expected,
            f"{folder}not all of it in the Hub's cache, while HF_HUB_OFFLINE is set",
            "check the name, or run once without HF_HUB_OFFLINE to download it",
        )
    return NetworkError(
        expected,
        f"{folder}the Hub cannot be reached",
        "check the name and the network; files that are complete are not downloaded again",
    )


def _token_state() -> str:
    """Whether a token was sent. Its value is never shown."""
    from huggingface_hub import get_token

    if get_token() is None:
        return "no token is set"
    return "the token in HF_TOKEN does not allow it" if os.environ.get("HF_TOKEN") else "your token does not"
