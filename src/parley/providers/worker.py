"""One engine in a process of its own, as the event loop sees it.

Its inside is `parley.providers.engine_process`. Each request owes simulated time one
answer (`parley.owing`) until that has come or the process has ended.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast

from parley.errors import ProviderError
from parley.owing import owe, owing, settle
from parley.providers import engine_process
from parley.providers.engine_process import HEADER, PART

T = TypeVar("T")

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


class Owner(Protocol):
    """The pool that a process belongs to."""

    def freed(self, worker: "Worker") -> None:
        """A process without a user has no more to answer."""

    def lost(self, worker: "Worker", how: str) -> ProviderError:
        """A process has ended; return what its user is to be told."""


class Worker(asyncio.SubprocessProtocol):
    """One engine process. It works for one user at a time.

    `greeting` is what the engine said when it had loaded; `owed` counts the answers
    that are still to come; `killed` is whether it is being ended, and `ended` is done when the
    process is gone.
    """

    def __init__(self, owner: Owner) -> None:
        loop = asyncio.get_running_loop()
        self.user: User | None = None
        self.greeting: bytes | None = None
        self.owed = 0
        self.ended: asyncio.Future[None] = loop.create_future()
        self._owner = owner
        self._loaded: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None
        self.killed = False
        self._patience: asyncio.TimerHandle | None = None
        self._input = bytearray()
        self._stderr = b""

    async def start(self, engine: Path) -> None:
        """Start the process and wait until it has loaded.

        A session of its own keeps the terminal's Ctrl-C from it. Raises OSError, and
        ProviderUnavailable when it ends instead.
        """
        with owing():
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                sys.executable,
                "-P",  # an engine's file may have the name of its package
                *("-X", "faulthandler"),
                engine_process.__file__,
                str(engine),
                start_new_session=True,
            )
        await self._loaded

    @property
    def pid(self) -> int:
        """The process's number, once it has started."""
        return self._transport.get_pid() if self._transport else 0

    def request(self, kind: int, payload: bytes = b"") -> None:
        """Send a request; its answer comes to the user. Does nothing after the end."""
        if self.ended.done() or self._transport is None:
            return
        self._owe()
        stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        if not stdin.is_closing():
            stdin.write(HEADER.pack(kind, len(payload)) + payload)

    def give_up_in(self, seconds: float) -> None:
        """End the process if it still owes something by then."""
        self._patience = asyncio.get_running_loop().call_later(seconds, self.kill)

    def kill(self) -> None:
        """End the process now, whatever it does: it holds nothing worth saving."""
        self.killed = True
        if self._transport is not None:
            self._transport.close()

    # What the process does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._owe()  # the greeting
        if self.killed:
            self.kill()

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
        if self.greeting is None:
            self.greeting = payload
            if not self._loaded.done():
                self._loaded.set_result(None)
        elif self.user is not None:
            self.user.receive(kind, payload)
        elif not self.owed:
            self._forget_patience()
            self._owner.freed(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_patience()
        while self.owed:
            self._settle()
        self.ended.set_result(None)
        error = self._owner.lost(self, self._last_words())
        if not self._loaded.done():
            self._loaded.set_exception(error)
        if self.user is not None:
            self.user.fail(error)
        self.kill()

    def _last_words(self) -> str:
        code = self._transport.get_returncode() if self._transport else None
        said = self._stderr.decode(errors="replace").strip().replace("\n", " | ")
        return f"with code {code}" + (f" ({said})" if said else "")

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _owe(self) -> None:
        self.owed += 1
        owe()

    def _settle(self) -> None:
        self.owed -= 1
        settle()
