"""Engines in processes of their own, kept warm and shared by all calls.

A process isolates an engine that holds the GIL, keeps global state, may crash, or has
a licence that must not reach ours. Its inside is `parley.providers.engine_process`.
Each request owes simulated time one answer (`parley.owing`) until that has come or
the process has ended.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast

from parley.errors import ProviderError, ProviderUnavailable
from parley.owing import owe, owing, settle
from parley.providers import engine_process
from parley.providers.engine_process import ANSWER, HEADER, PART

T = TypeVar("T")

START_LIMIT_S = 20.0
"""An engine that has not loaded by then will not."""

RELEASE_LIMIT_S = 1.0
"""A released process that still works for nobody by then is replaced."""

STDERR_TAIL = 400
"""How much of what a process said last goes into an error's message, in bytes."""


class User(Protocol):
    """Who a process works for at the moment."""

    def receive(self, kind: int, payload: bytes) -> None:
        """Take a PART, the ANSWER to the oldest open request, or its REFUSED."""

    def fail(self, error: ProviderError) -> None:
        """Learn that the process has ended; no answer will come."""


class Inbox(Generic[T]):
    """What came from a process and was not read yet. One reader."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._ended = False
        self._error: ProviderError | None = None
        self._news = asyncio.Event()

    def put(self, item: T, *, replaces: Callable[[T], bool] | None = None) -> None:
        """Append an item, in the place of the last unread one if that is out of date."""
        if replaces is not None and self._items and replaces(self._items[-1]):
            self._items.pop()
        self._items.append(item)
        self._news.set()

    def end(self, error: ProviderError | None = None) -> None:
        """Nothing more will come. The first call counts."""
        if not self._ended:
            self._ended = True
            self._error = error
            self._news.set()

    async def get(self) -> T | None:
        """The next item; at the end None, or the error, once all items are read."""
        while not self._items:
            if self._error is not None:
                raise self._error
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()


class Worker(asyncio.SubprocessProtocol):
    """One engine process. It belongs to a pool and works for one user at a time."""

    def __init__(self, pool: "WorkerPool") -> None:
        loop = asyncio.get_running_loop()
        self.user: User | None = None
        self.greeting: asyncio.Future[bytes] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.owed = 0
        self._pool = pool
        self._input = bytearray()
        self._stderr = b""

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._transport.get_pid()

    def request(self, kind: int, payload: bytes = b"") -> None:
        """Send a request; its answer comes to the user. Does nothing when it has ended."""
        if not self.ended.done():
            self._owe()
            self._stdin.write(HEADER.pack(kind, len(payload)) + payload)

    def kill(self) -> None:
        """End the process now, whatever it does: it holds nothing worth saving."""
        self._transport.close()

    # What the process does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        self._owe()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._stderr = (self._stderr + data)[-STDERR_TAIL:]
            return
        self._input += data
        while len(self._input) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._input)
            end = HEADER.size + length
            if len(self._input) < end:
                return
            payload = bytes(self._input[HEADER.size : end])
            del self._input[:end]
            self._received(kind, payload)

    def _received(self, kind: int, payload: bytes) -> None:
        if kind != PART:
            self._settle()
        if not self.greeting.done():
            self.greeting.set_result(payload)
        elif self.user is not None:
            self.user.receive(kind, payload)
        elif not self.owed:
            self._pool.drained(self)

    def connection_lost(self, exc: Exception | None) -> None:
        while self.owed:
            self._settle()
        self.ended.set_result(None)
        error = self._pool.lost(self, self._last_words())
        if not self.greeting.done():
            self.greeting.set_exception(error)
        if self.user is not None:
            self.user.fail(error)

    def _last_words(self) -> str:
        code = self._transport.get_returncode()
        said = " | ".join(self._stderr.decode(errors="replace").split("\n")).strip(" |")
        return f"(code {code})" + (f": {said}" if said else "")

    def _owe(self) -> None:
        self.owed += 1
        owe()

    def _settle(self) -> None:
        self.owed -= 1
        settle()
