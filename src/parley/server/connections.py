"""Connections that neither wait for ever nor hold up others: the web server's protocols.

The web server itself waits without a limit for a request that does not come and for a
client that does not read, and works off all that has come before it looks after others.
"""

import asyncio
from functools import partial
from ipaddress import IPv6Address, ip_address
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from parley.server.accepting import Turnstile
from parley.transports.realtime.limits import Allowance

REQUEST_S = 10.0
"""A request must be complete within so many seconds."""

REQUEST_BYTES = 16_384
"""A request may have so many bytes, body included: Node's limit for its header alone."""

STALLED_S = 8.0
"""A client that takes nothing in for so many seconds is cut off. The door gives up before."""

LINGER_S = 5.0
"""So many seconds a connection may go on when nothing more will be said on it."""

SHUTDOWN_S = 1.0
"""So many seconds it may go on when the server stops."""

MAX_SOCKETS = 1000
"""Beyond so many connections, those that come are cut off at once."""

MAX_WAITING = 100
"""So many connections without a call one household may have."""

PIECE = 4096
"""So many bytes are taken in before others get their turn: at most 7 ms of tiny frames."""

FRAMES_PER_S, FRAMES_AT_ONCE = 1000.0, 2000.0
"""So many frames may come. Of messages the door allows fewer: these are pings and fragments."""


class HttpConnection(H11Protocol):
    """A connection whose requests must be small and arrive in time."""

    household = b""
    _deadline: asyncio.TimerHandle | None = None
    _taken = 0

    def __init__(self, turnstile: Turnstile, **options: Any) -> None:
        super().__init__(**options)
        self._turnstile = turnstile

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.household = household(self.client[0]) if self.client else b""
        if len(self.connections) > MAX_SOCKETS or self._is_one_too_many():
            transport.abort()
        else:
            self._expect_request()

    def _is_one_too_many(self) -> bool:
        if not self.household:
            return False
        waiting = (it for it in self.connections if isinstance(it, HttpConnection))
        return sum(it.household == self.household for it in waiting) > MAX_WAITING

    def data_received(self, data: bytes) -> None:
        self._taken += len(data)
        if self._taken > REQUEST_BYTES:
            self.transport.abort()
        else:
            self._turnstile.enter(partial(self._receive, data))

    def _receive(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._relax()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        self._relax()
        self._taken = 0
        super().on_response_complete()
        if not self.transport.is_closing():
            self._expect_request()

    def _expect_request(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_S, self._too_slow)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.transport.abort()


def household(address: str) -> bytes:
    """Who is behind an address: of IPv6 the half that one customer has for themselves.

    Empty for this machine, where a proxy may stand for everybody.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        ip = ip.ipv4_mapped or ip
    return b"" if ip.is_loopback else ip.packed[:8]


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A connection that is read piece by piece.

    Its client must read, too, must not send more frames than anybody needs, and must let
    go when it is over.
    """

    _stalled: asyncio.TimerHandle | None = None
    _lingering: asyncio.TimerHandle | None = None
    _next: asyncio.Handle | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unread = bytearray()
        self._frames = Allowance(FRAMES_PER_S, FRAMES_AT_ONCE, self.loop.time())

    # Reading

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if self._next is None:
            self._read()

    def _read(self) -> None:
        self._next = None
        piece = bytes(self._unread[:PIECE])
        del self._unread[:PIECE]
        super().data_received(piece)
        if self._unread and not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()
        self._go_on()

    def _go_on(self) -> None:
        """Read on, once the messages were taken; nobody takes them after the close."""
        if self.transport.is_closing() or not (self.close_sent or self.queue.empty()):
            return
        if self._unread:
            self._next = self._next or self.loop.call_soon(self._read)
        elif self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    async def receive(self) -> Any:
        message = await self.queue.get()
        self._go_on()
        return message

    def handle_events(self) -> None:
        if self._frames.spend(len(self.conn.events), self.loop.time()):
            super().handle_events()
        else:
            self.transport.abort()

    # Deadlines

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled = _cancel(self._stalled)

    def on_task_complete(self, task: "asyncio.Task[Any]") -> None:
        super().on_task_complete(task)
        self._cut_off_in(LINGER_S)

    def shutdown(self) -> None:
        super().shutdown()
        self._cut_off_in(SHUTDOWN_S)

    def _cut_off_in(self, seconds: float) -> None:
        due = self.loop.time() + seconds
        if self.disconnected or (self._lingering and self._lingering.when() < due):
            return
        _cancel(self._lingering)
        self._lingering = self.loop.call_at(due, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Who has not said goodbye is lost (1006), which the web server does not tell apart."""
        self._stalled = _cancel(self._stalled)
        self._lingering = _cancel(self._lingering)
        if self._next is not None:
            self._next.cancel()
        if self.conn.close_rcvd is None:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        super().connection_lost(exc)


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """No timer any more."""
    if timer is not None:
        timer.cancel()
    return None
