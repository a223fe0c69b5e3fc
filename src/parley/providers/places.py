"""One engine process that several users share, as the event loop sees it.

Its inside is `parley.providers.turns`; a pool of them is `parley.providers.sharing`.
"""

import asyncio
from itertools import count
from typing import Protocol

from parley.errors import ProviderError
from parley.providers.engine_process import PART
from parley.providers.turns import AT_WORK, LEAVE
from parley.providers.worker import User, Worker

LATE_S, HUNG_S = 1.0, 5.0
"""A process that owes an answer and has said nothing for so long is late: until it says something
nobody gets a place in it. After the longer time it hangs, and is ended. What it says to any of
its users counts."""


class Owner(Protocol):
    """The pool that a process belongs to."""

    def left(self) -> None:
        """A user needs its place no more."""

    def freed(self, shared: "Shared") -> None:
        """There may be a place: a process has dealt with a user's leaving, or is late no more."""

    def lost(self, shared: "Shared") -> None:
        """A process has ended; its users are told next."""


class Shared:
    """One process, and who has a place in it. To its worker it is the only user."""

    worker: Worker

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.error: ProviderError | None = None
        self._numbers = count()
        self._places: dict[int, Place] = {}
        self._loop = asyncio.get_running_loop()
        self._silent_since = 0.0
        self._watch: asyncio.TimerHandle | None = None

    @property
    def taken(self) -> int:
        """How many places are taken, with those of which the process has not let go."""
        return len(self._places)

    @property
    def is_late(self) -> bool:
        """Whether it owes an answer and has said nothing lately."""
        return self.worker.owed > 0 and self._silent_s() >= LATE_S

    def take(self, user: User) -> "Place":
        number = next(self._numbers)
        place = self._places[number] = Place(self, number, user)
        return place

    def request(self, kind: int, payload: bytes) -> None:
        """Send a request, which begins with its user's number."""
        if not self.worker.owed:
            self._silent_since = self._loop.time()
        self.worker.request(kind, payload)
        if self._watch is None:
            self._watch = self._loop.call_at(self._silent_since + HUNG_S, self._end_if_hung)

    def receive(self, kind: int, payload: bytes) -> None:
        was_late = self._silent_s() >= LATE_S
        self._silent_since = self._loop.time()
        if payload != AT_WORK:
            self._tell(kind, payload)
        if was_late:
            self.owner.freed(self)

    def fail(self, error: ProviderError) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self.error = error
        self.owner.lost(self)
        for place in self._places.values():
            place.fail(error)

    def _tell(self, kind: int, payload: bytes) -> None:
        number, _, rest = payload.partition(b" ")
        place = self._places[int(number)]
        place.receive(kind, rest)
        if place.is_done:
            del self._places[int(number)]
            self.owner.freed(self)

    def _silent_s(self) -> float:
        return self._loop.time() - self._silent_since

    def _end_if_hung(self) -> None:
        self._watch = None
        if self.worker.owed and self._silent_s() >= HUNG_S:
            self.worker.kill()
        elif self.worker.owed:
            self._watch = self._loop.call_at(self._silent_since + HUNG_S, self._end_if_hung)


class Place:
    """One user's part of a process."""

    def __init__(self, shared: Shared, number: int, user: User) -> None:
        self._shared = shared
        self._number = number
        self._user: User | None = user
        self._owed = 0

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
        self._shared.request(kind, b"%d " % self._number + payload)

    def leave(self) -> None:
        """Give the place back; what is still owed is thrown away. Nothing, the second time."""
        if self._user is None:
            return
        self._user = None
        self._shared.owner.left()
        self.request(LEAVE)

    def receive(self, kind: int, payload: bytes) -> None:
        if kind != PART:
            self._owed -= 1
        if self._user is not None:
            self._user.receive(kind, payload)

    def fail(self, error: ProviderError) -> None:
        if self._user is not None:
            user, self._user = self._user, None
            self._shared.owner.left()
            user.fail(error)
