"""Engine processes kept warm and shared by all calls.

A process isolates an engine that holds the GIL, keeps global state, may crash, or has a
licence that must not reach ours.
"""

import asyncio
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from parley.errors import ConfigurationError, ProviderError, ProviderUnavailable
from parley.owing import owing
from parley.providers.worker import User, Worker

START_LIMIT_S = 20.0
"""An engine that has not loaded by then will not."""

RELEASE_LIMIT_S = 1.0
"""A released process that still works for nobody by then is replaced."""


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
        self._starts: dict[Worker, asyncio.Task[ProviderError | None]] = {}
        self._waiting: deque[tuple[User, asyncio.Future[Worker]]] = deque()
        self._closed = False

    async def warm(self) -> None:
        """Have `ready` processes loaded. Raises ProviderUnavailable when one cannot start."""
        self._check_open()
        self._top_up()
        if self._starts:
            done, _ = await asyncio.wait(self._starts.values())
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
        if ends := ends.union(self._starts.values()):
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
        elif worker.greeting is not None and not self._closed:
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
            self._starts[worker] = asyncio.create_task(self._put_to_use(worker))

    async def _put_to_use(self, worker: Worker) -> ProviderError | None:
        """Start a process; return why it could not be."""
        failure = await self._start(worker)
        del self._starts[worker]
        if failure is None:
            self.freed(worker)
        else:
            others = self._alive - {worker}
            self._refuse(1 if others else len(self._waiting), failure)
        return failure

    async def _start(self, worker: Worker) -> ProviderError | None:
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await worker.start(self._engine)
        except ProviderUnavailable as error:
            return error
        except OSError as error:
            worker.kill()
            if not worker.pid:
                self._alive.discard(worker)
            return self._gone(f"its process could not be started ({type(error).__name__})")
        return None

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
