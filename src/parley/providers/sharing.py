"""Engine processes that several users share, for an engine whose model is heavy and whose state
of one user is light. Their inside is `parley.providers.turns`.
"""

import asyncio
from itertools import count
from pathlib import Path

from parley.errors import ConfigurationError, ProviderError, ProviderUnavailable
from parley.providers.engine_process import PART
from parley.providers.turns import LEAVE
from parley.providers.worker import User, Worker
from parley.providers.workers import WorkerPool

LEAVE_LIMIT_S = 5.0
"""A process that has not dealt with a user's leaving by then hangs, and is ended."""


class SharedPool:
    """Processes of one engine, each with `places` for users; at most `maximum` users in all.

    `ready` is how many processes are kept loaded of which less than half is taken, as far as
    `maximum` users need so many. A pool serves one event loop.
    """

    def __init__(
        self, provider: str, engine: Path, *, places: int, ready: int, maximum: int
    ) -> None:
        if not 0 <= ready <= maximum:
            raise ConfigurationError(
                f"{provider} cannot keep {ready} processes ready for at most {maximum} users",
                remedy="Keep no more of them ready than users are allowed.",
            )
        self._provider = provider
        self._places = places
        self._half = -(-places // 2)
        self._ready = ready
        self._maximum = maximum
        self._most = -(-maximum // places)
        self._processes = WorkerPool(provider, engine, ready=0, maximum=self._most)
        self._shared: list[Shared] = []
        self._starts: dict[Shared, asyncio.Task[ProviderError | None]] = {}
        self._users = 0
        self._waiting = 0
        self._news: asyncio.Future[ProviderError | None] | None = None

    async def warm(self) -> None:
        """Have `ready` processes loaded. Raises ProviderUnavailable when one cannot start."""
        self._top_up()
        if self._starts:
            done, _ = await asyncio.wait(self._starts.values())
            for failure in filter(None, (start.result() for start in done)):
                raise failure

    async def acquire(self, user: User) -> "Place":
        """Give `user` a place, until it leaves, where the fewest are taken.

        Raises ProviderUnavailable when a process that it needs cannot start, or when there are
        as many users as are allowed.
        """
        if self._users >= self._maximum:
            raise ProviderUnavailable(
                self._provider,
                f"it is busy: all of its {self._maximum} places are taken",
                remedy="Allow it more of them, or send it fewer calls.",
            )
        self._users += 1
        try:
            while (shared := self._emptiest()) is None:
                await self._change()
        except BaseException:
            self._users -= 1
            raise
        place = shared.take(user)
        self._top_up()
        return place

    async def aclose(self) -> None:
        """End all processes; whoever uses or waits for one gets ProviderUnavailable."""
        await self._processes.aclose()
        if self._starts:
            await asyncio.wait(self._starts.values())

    # What processes tell

    def left(self) -> None:
        """A user needs its place no more."""
        self._users -= 1

    def freed(self, shared: "Shared") -> None:
        """A process has dealt with a user's leaving; it is kept, or ended as one too many."""
        self._keep_or_end(shared)
        self._tell()

    def lost(self, shared: "Shared") -> None:
        """A process has ended. Start another in its place, unless nobody needed it."""
        if shared in self._shared:
            self._shared.remove(shared)
        if shared.taken or self._waiting:
            self._top_up()
        self._tell()

    # Supply and demand

    def _emptiest(self) -> "Shared | None":
        free = (shared for shared in self._shared if shared.taken < self._places)
        return min(free, key=lambda shared: shared.taken, default=None)

    def _roomy(self) -> int:
        return sum(shared.taken < self._half for shared in self._shared)

    async def _change(self) -> None:
        """Wait until there may be a place. Raises why a process could not be started."""
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._top_up()
        try:
            failure = await asyncio.shield(self._news)
        finally:
            self._waiting -= 1
        if failure is not None:
            raise failure

    def _tell(self, failure: ProviderError | None = None) -> None:
        if self._news is not None:
            self._news.set_result(failure)
            self._news = None

    def _top_up(self) -> None:
        """Start as many processes as are wanted and allowed."""
        wanted = self._waiting // self._half + self._ready or min(self._waiting, 1)
        most = self._most - len(self._shared)
        for _ in range(min(wanted - self._roomy(), most) - len(self._starts)):
            shared = Shared(self)
            self._starts[shared] = asyncio.create_task(self._start(shared))

    async def _start(self, shared: "Shared") -> ProviderError | None:
        """Start a process; return why it could not be."""
        try:
            shared.worker = await self._processes.acquire(shared)
        except ProviderError as error:
            shared.error = error
        del self._starts[shared]
        if shared.error is None:
            self._shared.append(shared)
            self._keep_or_end(shared)
        self._tell(shared.error)
        return shared.error

    def _keep_or_end(self, shared: "Shared") -> None:
        if not shared.taken and self._roomy() > 2 * self._ready and not self._waiting:
            self._shared.remove(shared)
            self._processes.release(shared.worker, shared)


class Shared:
    """One process, and who has a place in it."""

    worker: Worker

    def __init__(self, pool: SharedPool) -> None:
        self.pool = pool
        self.error: ProviderError | None = None
        self._numbers = count()
        self._places: dict[int, Place] = {}

    @property
    def taken(self) -> int:
        """How many places are taken, with those of which the process has not let go."""
        return len(self._places)

    def take(self, user: User) -> "Place":
        number = next(self._numbers)
        place = self._places[number] = Place(self, number, user)
        return place

    def receive(self, kind: int, payload: bytes) -> None:
        number, _, rest = payload.partition(b" ")
        place = self._places[int(number)]
        place.receive(kind, rest)
        if place.is_done:
            del self._places[int(number)]
            self.pool.freed(self)

    def fail(self, error: ProviderError) -> None:
        self.error = error
        self.pool.lost(self)
        for place in self._places.values():
            place.fail(error)


class Place:
    """One user's part of a process."""

    def __init__(self, shared: Shared, number: int, user: User) -> None:
        self._shared = shared
        self._number = number
        self._user: User | None = user
        self._owed = 0
        self._patience: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._shared.worker.pid

    @property
    def is_done(self) -> bool:
        """Whether the user has left and nothing is to come for it."""
        return self._user is None and not self._owed

    def request(self, kind: int, payload: bytes = b"") -> None:
        """Send a request; its answer comes to the user. Does nothing after the end."""
        self._owed += 1
        self._shared.worker.request(kind, b"%d " % self._number + payload)

    def leave(self) -> None:
        """Give the place back; what is still owed is thrown away. Nothing, the second time."""
        if self._user is None:
            return
        self._user = None
        self._shared.pool.left()
        self.request(LEAVE)
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(LEAVE_LIMIT_S, self._shared.worker.kill)

    def receive(self, kind: int, payload: bytes) -> None:
        if kind != PART:
            self._owed -= 1
        if self._user is not None:
            self._user.receive(kind, payload)
        elif self.is_done:
            self._forget_patience()

    def fail(self, error: ProviderError) -> None:
        self._forget_patience()
        if self._user is not None:
            user, self._user = self._user, None
            self._shared.pool.left()
            user.fail(error)

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
