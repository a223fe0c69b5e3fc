"""Connections and their requests are taken in a few at a time.

An event loop works off all that has come before it turns to anything else: a thousand
connections at once would hold up every call for 0.4 s.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

AT_ONCE = 4
"""So many are taken in before others get their turn: about 2 ms of work."""

REST_S = 0.5
"""When the system gives no more connections, it is asked again so much later."""


class Turnstile:
    """Lets so many pass each time the event loop turns, first come, first served."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Callable[[], None]] = deque()

    def enter(self, passed: Callable[[], None]) -> None:
        """Call `passed` when it is its turn."""
        if not self._waiting:
            self._loop.call_soon(self._turn)
        self._waiting.append(passed)

    def _turn(self) -> None:
        for _ in range(min(AT_ONCE, len(self._waiting))):
            self._loop.call_soon(self._waiting.popleft())
        if self._waiting:
            self._loop.call_soon(self._turn)


class Acceptor:
    """Gives each connection of a listener its protocol, until closed."""

    def __init__(self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._beginning: set[asyncio.Task[object]] = set()
        self._open()

    def _open(self) -> None:
        self._resting = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.error("no connection can be taken in: %s", error)
                self._loop.remove_reader(self._listener)
                self._resting = self._loop.call_later(REST_S, self._open)
                return
            connection.setblocking(False)
            beginning: asyncio.Task[object] = self._loop.create_task(
                self._loop.connect_accepted_socket(self._protocol, connection)
            )
            self._beginning.add(beginning)
            beginning.add_done_callback(self._beginning.discard)

    def close(self) -> None:
        """Take in nobody any more."""
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """Nothing is left to wait for."""
