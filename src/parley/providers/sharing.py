"""Engine processes that several users share.

They are for an engine whose model is heavy, and what it keeps for one user light.
"""

import asyncio
from pathlib import Path

from parley.errors import ConfigurationError, ProviderError, ProviderUnavailable
from parley.providers.places import Place, Shared
from parley.providers.worker import User
from parley.providers.workers import WorkerPool

TRIES = 2
"""So many processes that cannot start are enough for one who waits."""


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
        self._closed = False
        self._news: asyncio.Future[ProviderError | None] | None = None

    async def warm(self) -> None:
        """Have `ready` processes loaded. Raises ProviderUnavailable when one cannot start."""
        self._top_up()
        if self._starts:
            done, _ = await asyncio.wait(self._starts.values())
            for failure in filter(None, (start.result() for start in done)):
                raise failure

    async def acquire(self, user: User) -> Place:
        """Give `user` a place, until it leaves, where the fewest are taken.

        A process that is late (`places.LATE_S`) has none. Raises ProviderUnavailable when processes
        cannot start, time and again, or when there are as many users as are allowed.
        """
        if self._users >= self._maximum:
            raise ProviderUnavailable(
                self._provider,
                f"it is busy: all of its {self._maximum} places are taken",
                remedy="Allow it more of them, or send it fewer calls.",
            )
        self._users += 1
        try:
            shared = await self._with_room()
        except BaseException:
            self._users -= 1
            raise
        place = shared.take(user)
        self._top_up()
        return place

    async def aclose(self) -> None:
        """End all processes; whoever uses or waits for one gets ProviderUnavailable."""
        self._closed = True
        await self._processes.aclose()
        if self._starts:
            await asyncio.wait(self._starts.values())

    # What processes tell

    def left(self) -> None:
        """A user needs its place no more."""
        self._users -= 1

    def freed(self, shared: Shared) -> None:
        """There may be a place in a process, which is kept, or ended as one too many."""
        self._keep_or_end(shared)
        self._tell()

    def lost(self, shared: Shared) -> None:
        """A process has ended. Start another in its place, unless nobody needed it."""
        if shared in self._shared:
            self._shared.remove(shared)
        if shared.taken or self._waiting:
            self._top_up()
        self._tell()

    # Supply and demand

    async def _with_room(self) -> Shared:
        failures = 0
        while (shared := self._emptiest()) is None:
            failure = await self._change()
            failures += failure is not None
            if failure is not None and (self._closed or failures == TRIES):
                raise self._hopeless(failure) from failure
        return shared

    def _hopeless(self, failure: ProviderError) -> ProviderError:
        if self._closed:
            return failure
        why = f"{failure.what}; a process could not be started {TRIES} times"
        return ProviderUnavailable(self._provider, why.removeprefix(f"{self._provider}: "))

    def _emptiest(self) -> Shared | None:
        free = (shared for shared in self._answering() if shared.taken < self._places)
        return min(free, key=lambda shared: shared.taken, default=None)

    def _answering(self) -> list[Shared]:
        return [s for s in self._shared if not (s.worker.killed or s.is_late)]

    def _roomy(self) -> int:
        return sum(shared.taken < self._half for shared in self._answering())

    async def _change(self) -> ProviderError | None:
        """Wait until there may be a place; return why a process could not be started."""
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._top_up()
        try:
            return await asyncio.shield(self._news)
        finally:
            self._waiting -= 1

    def _tell(self, failure: ProviderError | None = None) -> None:
        if self._news is not None:
            self._news.set_result(failure)
            self._news = None

    def _top_up(self) -> None:
        """Start as many processes as are wanted and allowed."""
        wanted = max(self._waiting // self._half + self._ready, min(self._waiting, 1))
        most = self._most - len(self._shared)
        for _ in range(min(wanted - self._roomy(), most) - len(self._starts)):
            shared = Shared(self)
            self._starts[shared] = asyncio.create_task(self._start(shared))

    async def _start(self, shared: Shared) -> ProviderError | None:
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

    def _keep_or_end(self, shared: Shared) -> None:
        idle = shared in self._shared and not shared.taken
        if idle and self._roomy() > 2 * self._ready and not self._waiting:
            self._shared.remove(shared)
            self._processes.release(shared.worker, shared)
