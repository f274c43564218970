"""What the server answers instead of a result: errors in three parts that know their status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from bertolt.errors import BertoltError


class Refusal(BertoltError):
    """A request that is not answered with a result.

    Attributes:
        status: of the HTTP answer.
        reason: its name in ``/metrics``.
        headers: further headers of the answer.
    """

    status: ClassVar[int] = 500
    reason: ClassVar[str] = "failed"
    headers: Mapping[str, str] = {}


class MalformedError(Refusal):
    """A body that is not JSON."""

    status = 400
    reason = "malformed"


class UnauthorizedError(Refusal):
    """A request without one of the keys."""

    status = 401
    reason = "unauthorized"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class ForeignOriginError(Refusal):
    """A request from a page of another origin."""

    status = 403
    reason = "origin"


class ForeignHostError(Refusal):
    """A request to a name that the server does not have."""

    status = 403
    reason = "host"


class NoKeysError(Refusal):
    """A request that only a server with keys answers."""

    status = 403
    reason = "keys"


class NoModelError(Refusal):
    """A model that is not served."""

    status = 404
    reason = "unknown"


class SlowError(Refusal):
    """A request that took too long to arrive."""

    status = 408
    reason = "slow"
    headers: Mapping[str, str] = {"Connection": "close"}


class TooLargeError(Refusal):
    """A body, a list of inputs or an input that is larger than the server takes."""

    status = 413
    reason = "large"


class OverloadedError(Refusal):
    """More accepted and unanswered work than the server holds.

    Args:
        retry_seconds: when to try again.
    """

    status = 429
    reason = "overloaded"

    def __init__(self, expected: str, found: str, do: str, *, retry_seconds: int) -> None:
        super().__init__(expected, found, do)
        self.headers = {"Retry-After": str(retry_seconds)}


class ModelFailedError(Refusal):
    """The model raised an error on this input."""

    status = 500
    reason = "failed"


class WaitedError(Refusal):
    """Accepted, but not computed in time."""

    status = 503
    reason = "waited"


class UnavailableError(Refusal):
    """No worker to compute with at the moment."""

    status = 503
    reason = "unavailable"


class ReadOnlyError(Refusal):
    """A correction, where the server takes none."""

    status = 403
    reason = "read-only"


class TooManyCorrectionsError(OverloadedError):
    """Corrections that come faster than people type."""

    reason = "corrections"


class FullError(Refusal):
    """No room for another correction."""

    status = 507
    reason = "full"


class BusyError(Refusal):
    """The file of corrections is locked by another process."""

    status = 503
    reason = "busy"
    headers: Mapping[str, str] = {"Retry-After": "5"}


class UnusableError(Refusal):
    """The file of corrections is damaged, not ours, or cannot be written."""

    status = 503
    reason = "unusable"
