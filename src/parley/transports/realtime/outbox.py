"""What waits to be sent to one client: in order, and bounded."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from parley.errors import TransportError


class Outbox:
    """Takes texts at once, and sends them one after the other while `run` runs.

    Who does not read fast enough is not worth waiting for: `run` raises TransportError
    when more than `limit_bytes` wait, or when one text cannot be sent within `write_s`.
    """

    def __init__(self, *, limit_bytes: int, write_s: float) -> None:
        self._limit = limit_bytes
        self._write_s = write_s
        self._waiting: deque[tuple[str, bool]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self._closed = self._overflown = False

    def put(self, text: str, *, audio: bool = False) -> None:
        """Send this after what was put before; `audio` may be thrown away again."""
        if self._closed or self._overflown:
            return
        self._waiting.append((text, audio))
        self._bytes += len(text)
        self._overflown = self._bytes > self._limit
        self._changed.set()

    def drop_audio(self) -> None:
        """Throw away the audio that waits."""
        self._waiting = deque(item for item in self._waiting if not item[1])
        self._bytes = sum(len(text) for text, _ in self._waiting)

    def close(self) -> None:
        """Take nothing more; `run` ends when all has been sent."""
        self._closed = True
        self._changed.set()

    async def run(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Send until closed."""
        while True:
            if self._overflown:
                raise TransportError("the client reads too slowly: too much waits to be sent")
            if self._waiting:
                await self._send_next(send)
            elif self._closed:
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    async def _send_next(self, send: Callable[[str], Awaitable[None]]) -> None:
        text, _ = self._waiting.popleft()
        self._bytes -= len(text)
        try:
            async with asyncio.timeout(self._write_s):
                await send(text)
        except TimeoutError:
            raise TransportError(
                f"the client does not read: nothing could be sent for {self._write_s:g} s"
            ) from None
