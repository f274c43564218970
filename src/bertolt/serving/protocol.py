"""A connection: what one client may send, how fast, and how long it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from bertolt.serving.settings import ServeSettings

#: Bytes of a request's line and headers.
HEADER_BYTES = 32_768

#: Connections beyond the limit that are answered at once; those beyond these are cut.
TURNED_AWAY = 50
#: How long they may take to read the answer.
LINGER_SECONDS = 1.0

_FULL = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
)
_FULL_BODY = (
    b'{"error": {"expected": "a free connection", "found": "as many open ones as are allowed", '
    b'"do": "wait as long as Retry-After says, and send it again"}}'
)
#: Bytes that are parsed before other connections have their turn; some milliseconds.
SLICE_BYTES = 16_384
#: Pieces of a body that may be of any size; beyond them, the bytes that a piece has on average.
FREE_PIECES = 256
PIECE_BYTES = 128
TINY = f"The body came in many tiny pieces: send pieces of at least {PIECE_BYTES} bytes."


class _BoundedConnection(h11.Connection):
    """Refuses a body that comes in many tiny pieces, each of which costs as much as a large one.

    One client could otherwise keep the event loop busy: a chunk of one byte is six bytes on the wire and
    takes some 20 microseconds of Python.
    """

    tiny = False
    _pieces = 0
    _bytes = 0

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """See ``h11.Connection.next_event``."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._pieces, self._bytes = 0, 0
        elif isinstance(event, h11.Data):
            self._pieces += 1
            self._bytes += len(event.data)
            if self._pieces > FREE_PIECES and self._bytes < PIECE_BYTES * self._pieces:
                self.tiny = True
                raise h11.RemoteProtocolError(TINY)
        return event


class _Flow(FlowControl):
    """Uvicorn's wish to read or not, which waits while received bytes are still being parsed.

    Args:
        transport: of the connection.
        wanted: called when uvicorn wants to read on.
    """

    def __init__(self, transport: asyncio.Transport, wanted: Callable[[], None]) -> None:
        super().__init__(transport)
        self._wanted = wanted
        self._held = False

    def hold(self) -> None:
        """Reads nothing more from the network."""
        self._held = True
        self._transport.pause_reading()

    def release(self) -> None:
        """Reads on, if uvicorn wants to."""
        self._held = False
        if not self.read_paused:
            self._transport.resume_reading()

    def resume_reading(self) -> None:
        """Uvicorn wants to read on."""
        if self._held:
            self.read_paused = False
            self._wanted()
        else:
            super().resume_reading()


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 whose every wait has an end: for a request's headers, and for a client that does not read.

    What has been received is parsed a slice at a time, so that no connection holds up the others: uvicorn
    itself parses all that came at once, up to 256 KiB. The body's deadline is the guard's, the idle
    connection's is uvicorn's own.
    """

    limits = ServeSettings()
    conn: _BoundedConnection
    flow: _Flow
    _feeding: asyncio.Handle | None = None
    _refused = False
    _receiving: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Counts the connection, and waits for its first request."""
        super().connection_made(transport)
        self.conn = _BoundedConnection(h11.SERVER, HEADER_BYTES)
        self.flow = _Flow(transport, self._feed_soon)
        self._received = bytearray()
        transport.set_write_buffer_limits(high=0)  # so that any byte that is not read is noticed
        excess = len(self.connections) - self.limits.connections
        self._refused = excess > 0
        if excess > TURNED_AWAY:
            transport.abort()
        elif excess > 0:
            transport.write(_FULL % (len(_FULL_BODY), _FULL_BODY))
            transport.write_eof()
            # Not closed at once: upon what it still sends that would lose the answer.
            self._receiving = self.loop.call_later(LINGER_SECONDS, transport.abort)
        else:
            self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Keeps the bytes; they are parsed a slice at a time."""
        if self._refused or self.transport.is_closing():
            return
        self._received += data
        if self._feeding is None:
            self._feed()

    def _feed(self) -> None:
        """Parses a slice. Headers may come in pieces, but not for ever."""
        self._feeding = None
        if self.transport.is_closing():
            return
        if self._received and not self.flow.read_paused:
            if not self._busy():
                self._expect_headers()
            part = bytes(self._received[:SLICE_BYTES])
            del self._received[:SLICE_BYTES]
            super().data_received(part)
            if self._busy():
                self._receiving = _cancelled(self._receiving)
        if self.transport.is_closing():
            return
        if self._received:
            self.flow.hold()
            if not self.flow.read_paused:
                self._feed_soon()
        else:
            self.flow.release()

    def _feed_soon(self) -> None:
        if self._feeding is None:
            self._feeding = self.loop.call_soon(self._feed)

    def send_400_response(self, msg: str) -> None:
        """An answer to what is no HTTP; where another answer has begun, only the end of the connection.

        The request whose body it was in counts as given up, so that the app does not answer it as well.
        """
        if self._busy():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(TINY if self.conn.tiny else msg)
        else:
            self.transport.abort()

    def on_response_complete(self) -> None:
        """The beginning of another request may have come already."""
        super().on_response_complete()
        if not self._busy() and (self._received or self.conn.trailing_data[0]):
            self._expect_headers()

    def pause_writing(self) -> None:
        """The client reads too slowly for its answer."""
        super().pause_writing()
        self._sending = self.loop.call_later(self.limits.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read on."""
        super().resume_writing()
        self._sending = _cancelled(self._sending)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        super().connection_lost(exc)
        if self._feeding is not None:
            self._feeding.cancel()
        self._received.clear()
        self._receiving = _cancelled(self._receiving)
        self._sending = _cancelled(self._sending)

    def _busy(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _expect_headers(self) -> None:
        if self._receiving is None:
            self._receiving = self.loop.call_later(self.limits.receive_seconds, self.transport.abort)


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """No timer any more."""
    if timer is not None:
        timer.cancel()
    return None
