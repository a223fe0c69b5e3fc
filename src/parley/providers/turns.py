"""The inside of an engine process that several users share: whose request comes next.

Its outside is `parley.providers.places`. Each payload, of requests and of answers, begins with
its user's number and a space. A user's requests are answered in their order.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

LEAVE = 255
"""The kind of a user's last request: what was asked before, and not dealt with, is not to be."""

AT_WORK = b" "
"""A part for no user: the process has not finished, and lives."""

SOON = 50
"""Who waits for an answer goes first where fewer requests than these come before it."""


class Request(NamedTuple):
    """What a user asks; `more` when it has already asked something else besides, `begun` when a
    part of it is done."""

    user: int
    kind: int
    payload: bytes
    more: bool = False
    begun: bool = False


class Turns:
    """Takes requests as they come, and gives them out as they are to be dealt with.

    Nobody waits for requests of the kind `patient`; those of users who wait for nothing else
    are dealt with in turn, one of each, so that who asks for much delays only itself. So is
    what was put off, for then it is much, with what its user asks after it.
    """

    def __init__(self, channel: Channel, patient: int) -> None:
        self._channel = channel
        self._patient = patient
        self._queues: dict[int, deque[Request]] = {}

    def next(self, *, go_on: bool = True) -> Request:
        """What to deal with now. Raises EOFError when there is nothing to come.

        `go_on`: whether what was put off has its turn again; else it comes after all others.
        """
        while not self._queues or self._channel.has_request():
            self._take()
        user = min(self._queues, key=partial(self._before, go_on=go_on))
        queue = self._queues.pop(user)
        request = queue.popleft()
        if queue:
            self._queues[user] = queue  # behind all others
        return request._replace(more=bool(queue))

    def put_off(self, request: Request) -> None:
        """Go on with a request later; the process says that it is alive."""
        queue = self._queues.setdefault(request.user, deque())
        queue.appendleft(request._replace(begun=True))
        self._channel.part(AT_WORK)

    def answer(self, user: int, payload: bytes = b"") -> None:
        """End a request."""
        self._channel.answer(b"%d " % user + payload)

    def refuse(self, user: int, why: str) -> None:
        """End a request that cannot be fulfilled, and never will."""
        self._channel.refuse(f"{user} {why}")

    def _take(self) -> None:
        kind, payload = self._channel.receive()
        number, _, rest = payload.partition(b" ")
        user = int(number)
        if kind == LEAVE:
            for _ in self._queues.pop(user, ()):
                self.answer(user)
        self._queues.setdefault(user, deque()).append(Request(user, kind, rest))

    def _before(self, user: int, *, go_on: bool) -> int:
        """How many requests come before one that is waited for."""
        queue = self._queues[user]
        if queue[0].begun:
            return SOON if go_on else SOON + 1
        first = enumerate(islice(queue, SOON))
        return next((at for at, request in first if request.kind != self._patient), SOON)
