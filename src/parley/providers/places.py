"""One engine process that several users share, as the event loop sees it.

Its inside is `parley.providers.turns`; a pool of them is `parley.providers.sharing`.
"""

import asyncio
from itertools import count
from typing import Protocol

from parley.errors import ProviderError
from parley.providers.engine_process import PART
from parley.providers.turns import LEAVE
from parley.providers.worker import User, Worker

LEAVE_LIMIT_S = 5.0
"""A process that has not dealt with a user's leaving by then hangs, and is ended."""


class Owner(Protocol):
    """The pool that a process belongs to."""

    def left(self) -> None:
        """A user needs its place no more."""

    def freed(self, shared: "Shared") -> None:
        """A process has dealt with a user's leaving."""

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
            self.owner.freed(self)

    def fail(self, error: ProviderError) -> None:
        self.error = error
        self.owner.lost(self)
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
        self._shared.owner.left()
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
            self._shared.owner.left()
            user.fail(error)

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
