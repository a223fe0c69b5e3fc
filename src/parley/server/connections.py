"""Connections that do not wait for ever: the web server's protocols, with deadlines.

The web server itself waits without a limit for a request that does not come, and for a
client that does not read what was sent to it.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

REQUEST_S = 10.0
"""A request must be complete within so many seconds."""

STALLED_S = 8.0
"""A client that takes nothing in for so many seconds is cut off. The door gives up before."""

LINGER_S = 5.0
"""So many seconds a connection may go on when nothing more will be said on it."""

MAX_SOCKETS = 1000
"""Beyond so many connections, those that come are cut off at once."""


class HttpConnection(H11Protocol):
    """A connection whose requests must arrive in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_SOCKETS:
            transport.abort()
        else:
            self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._relax()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        self._relax()
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


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A connection whose client must read what it is sent, and let go when it is over."""

    _stalled: asyncio.TimerHandle | None = None
    _lingering: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled = _cancel(self._stalled)

    def on_task_complete(self, task: "asyncio.Task[Any]") -> None:
        super().on_task_complete(task)
        if not self.disconnected:
            self._lingering = self.loop.call_later(LINGER_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stalled = _cancel(self._stalled)
        self._lingering = _cancel(self._lingering)
        super().connection_lost(exc)


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """No timer any more."""
    if timer is not None:
        timer.cancel()
    return None
