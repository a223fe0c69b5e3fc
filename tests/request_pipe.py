"""A channel to an engine's process for tests: requests that have come, and what was told."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

from parley.providers.engine_process import Channel

Told = tuple[str, bytes]
"""How, and what: an answer, a part, or a refusal."""


class RequestPipe:
    """What is asked comes at once, or, `one_by_one`, not before the last is dealt with."""

    def __init__(self, requests: Iterable[tuple[int, bytes]] = (), *, one_by_one: bool = False):
        self.come = deque(requests)
        self.told: list[Told] = []
        self._one_by_one = one_by_one

    def ask(self, user: int, kind: int, *payloads: bytes) -> None:
        self.come.extend((kind, b"%d " % user + payload) for payload in payloads or (b"",))

    def has_request(self) -> bool:
        return bool(self.come) and not self._one_by_one

    def receive(self) -> tuple[int, bytes]:
        if not self.come:
            raise EOFError
        return self.come.popleft()

    def part(self, payload: bytes) -> None:
        self.told.append(("part", payload))

    def answer(self, payload: bytes = b"") -> None:
        self.told.append(("answer", payload))

    def refuse(self, why: str) -> None:
        self.told.append(("refused", why.encode()))

    def served(self, serve: Callable[[Channel], None]) -> list[Told]:
        """All that is told until there is nothing to come."""
        try:
            serve(cast("Channel", self))
        except EOFError:
            return self.told
        raise AssertionError("it ended before the requests did")

    def told_to(self, user: int) -> list[tuple[str, str]]:
        """What one user was told, in text."""
        who = b"%d " % user
        return [(how, what[len(who) :].decode()) for how, what in self.told if what.startswith(who)]
