"""How many corrections one client address, and all of them together, may send."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bertolt.serving.refusals import FullError, TooManyCorrectionsError

#: Corrections of one address that may come at once, and then a minute: more than a person types.
BURST = 30
A_MINUTE = 60
#: The same for all addresses together: fewer than a disk can sync.
ALL_BURST = 300
ALL_A_MINUTE = 600
#: Bytes that one address may save while the server runs; a tenth of a file.
ADDRESS_BYTES = 20_000_000
#: Addresses that are remembered; beyond this the one that was silent for longest is forgotten.
ADDRESSES = 10_000


@dataclass(slots=True)
class _Bucket:
    """A token bucket: ``burst`` at once, ``a_minute`` in the long run."""

    burst: int
    a_minute: int
    at: float
    left: float
    saved_bytes: int = 0

    def fill(self, now: float) -> float:
        """The tokens at a time."""
        self.left = min(float(self.burst), self.left + (now - self.at) * self.a_minute / 60)
        self.at = now
        return self.left


class Quotas:
    """Limits the rate and the bytes of corrections. Safe to share between threads.

    Args:
        address_bytes: how many bytes one address may save, since the server started.
        clock: seconds that only grow.
    """

    def __init__(self, address_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._address_bytes = address_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._all = _Bucket(ALL_BURST, ALL_A_MINUTE, clock(), float(ALL_BURST))
        self._addresses: OrderedDict[str, _Bucket] = OrderedDict()

    def admit(self, address: str, size: int) -> None:
        """Takes one correction in, or refuses it.

        Args:
            address: of the client; all of an IPv6 network of 64 bits count as one.
            size: bytes of the correction.

        Raises:
            TooManyCorrectionsError: this address, or all together, send faster than people type.
            FullError: this address has used its share of the file.
        """
        with self._lock:
            now = self._clock()
            one = self._bucket(address, now)
            for bucket, whose in ((one, "from one address"), (self._all, "from all addresses together")):
                if bucket.fill(now) < 1:
                    raise TooManyCorrectionsError(
                        f"at most {bucket.a_minute} corrections a minute {whose}",
                        "more",
                        "send it again after a moment",
                        retry_seconds=2,
                    )
            if one.saved_bytes + size > self._address_bytes:
                raise FullError(
                    f"at most {self._address_bytes:,} bytes of corrections from one address",
                    f"{one.saved_bytes:,} saved and {size:,} more",
                    "ask who runs the server to raise correction_address_bytes",
                )
            one.left -= 1
            self._all.left -= 1

    def add_saved(self, address: str, size: int) -> None:
        """Notes that a correction of this size was saved."""
        with self._lock:
            self._bucket(address, self._clock()).saved_bytes += size

    def _bucket(self, address: str, now: float) -> _Bucket:
        name = _network(address)
        if name not in self._addresses:
            while len(self._addresses) >= ADDRESSES:
                self._addresses.popitem(last=False)
            self._addresses[name] = _Bucket(BURST, A_MINUTE, now, float(BURST))
        self._addresses.move_to_end(name)
        return self._addresses[name]


def _network(address: str) -> str:
    """What counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
