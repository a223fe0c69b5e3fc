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
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from parley.errors import ConfigurationError, ProviderError, ProviderUnavailable
from parley.owing import owe, owing, settle
from parley.providers import engine_process
from parley.providers.engine_process import HEADER, PART

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
    """One engine process. It belongs to a pool and works for one user at a time.

    `greeting` is what the engine said when it had loaded; `owed` counts the answers
    that are still to come; `ended` is done when the process is gone.
    """

    def __init__(self, pool: "WorkerPool") -> None:
        loop = asyncio.get_running_loop()
        self.user: User | None = None
        self.greeting: bytes | None = None
        self.owed = 0
        self.ended: asyncio.Future[None] = loop.create_future()
        self._pool = pool
        self._loaded: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None
        self._killed = False
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
        self._killed = True
        if self._transport is not None:
            self._transport.close()

    # What the process does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._owe()  # the greeting
        if self._killed:
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
            self._pool.freed(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_patience()
        while self.owed:
            self._settle()
        self.ended.set_result(None)
        error = self._pool.lost(self, self._last_words())
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


class WorkerPool:
    """Processes of one engine: some idle and warm, at most `maximum` in all.

    `ready` is how many are kept idle and loaded, and `queue` how many users may wait,
    in the order in which they came, while all are busy. A pool serves one event loop.
    """

    def __init__(
        self, provider: str, engine: Path, *, ready: int, maximum: int, queue: int = 0
    ) -> None:
        if not 0 <= ready <= maximum or maximum < 1:
            raise ConfigurationError(
                f"{provider} cannot keep {ready} of at most {maximum} processes ready",
                remedy="Allow at least one, and no fewer than are to be ready.",
            )
        self._provider = provider
        self._engine = engine
        self._ready = ready
        self._maximum = maximum
        self._queue = queue
        self._alive: set[Worker] = set()
        self._idle: list[Worker] = []
        self._starts: set[asyncio.Task[ProviderError | None]] = set()
        self._waiting: deque[tuple[User, asyncio.Future[Worker]]] = deque()
        self._closed = False

    async def warm(self) -> None:
        """Have `ready` processes loaded. Raises ProviderUnavailable when one cannot start."""
        self._check_open()
        self._top_up()
        if self._starts:
            done, _ = await asyncio.wait(self._starts)
            for failure in filter(None, (start.result() for start in done)):
                raise failure

    async def acquire(self, user: User) -> Worker:
        """Give `user` a process until `release`.

        Raises ProviderUnavailable when one cannot start, or when all are busy and as
        many users as may wait do so.
        """
        self._check_open()
        busy = sum(worker.user is not None for worker in self._alive)
        if len(self._waiting) >= self._maximum - busy + self._queue:
            raise ProviderUnavailable(
                self._provider,
                f"all of its {self._maximum} processes are busy",
                remedy="Allow it more processes, or send it fewer calls.",
            )
        turn: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append((user, turn))
        self._serve()
        self._top_up()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):
                    self._waiting.remove((user, turn))
            elif turn.exception() is None:
                self.release(turn.result(), user)
            raise

    def release(self, worker: Worker, user: User) -> None:
        """Take a process back from its user; what it still owes is thrown away.

        Does nothing when the process has ended or works for somebody else.
        """
        if worker.user is not user or worker not in self._alive:
            return
        worker.user = None
        if worker.owed:
            worker.give_up_in(RELEASE_LIMIT_S)
        else:
            self.freed(worker)

    async def aclose(self) -> None:
        """End all processes; whoever uses or waits for one gets ProviderUnavailable."""
        self._closed = True
        self._refuse(len(self._waiting), self._gone("it was closed"))
        for worker in self._alive:
            worker.kill()
        ends: set[asyncio.Future[Any]] = {worker.ended for worker in self._alive}
        if ends := ends | self._starts:
            with owing():
                await asyncio.wait(ends)

    # What workers tell

    def freed(self, worker: Worker) -> None:
        """A process has nothing more to do: pass it on, keep it, or end it as one too many."""
        if len(self._idle) >= 2 * self._ready and not self._waiting:
            worker.kill()
        else:
            self._idle.append(worker)
            self._serve()

    def lost(self, worker: Worker, how: str) -> ProviderUnavailable:
        """A process has ended. Start another in its place, unless nobody needed it."""
        self._alive.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        elif worker.greeting is not None:
            self._top_up()
        return self._gone("it was closed" if self._closed else f"its process ended {how}")

    # Supply and demand

    def _serve(self) -> None:
        """Give idle processes to those who wait, first come, first served."""
        while self._idle and self._waiting:
            user, turn = self._waiting.popleft()
            if not turn.cancelled():
                worker = self._idle.pop()
                worker.user = user
                turn.set_result(worker)

    def _top_up(self) -> None:
        """Start as many processes as are wanted and allowed."""
        wanted = self._ready + len(self._waiting) - len(self._idle) - len(self._starts)
        for _ in range(min(wanted, self._maximum - len(self._alive))):
            worker = Worker(self)
            self._alive.add(worker)
            start = asyncio.create_task(self._start(worker))
            self._starts.add(start)
            start.add_done_callback(self._starts.discard)

    async def _start(self, worker: Worker) -> ProviderError | None:
        """Start a process and put it to use, or return why it could not be."""
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await worker.start(self._engine)
        except ProviderUnavailable as error:
            failure = error
        except OSError as error:
            worker.kill()
            failure = self._gone(f"its process could not be started ({type(error).__name__})")
        else:
            self.freed(worker)
            return None
        self._alive.discard(worker)
        self._refuse(1 if self._alive else len(self._waiting), failure)
        return failure

    def _refuse(self, count: int, error: ProviderError) -> None:
        """Fail the first of those who wait."""
        for _ in range(min(count, len(self._waiting))):
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)

    def _gone(self, what: str) -> ProviderUnavailable:
        return ProviderUnavailable(self._provider, what)

    def _check_open(self) -> None:
        if self._closed:
            raise self._gone("it was closed")
