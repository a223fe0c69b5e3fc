"""How a process that some calls share answers what is asked of their recognisers."""

from collections import deque
from contextlib import suppress
from typing import cast

import pytest

from parley.providers.engine_process import Channel
from parley.providers.stt.requests import (
    AUDIO,
    EXPECT,
    FINALIZE,
    OPEN,
    UnusableGrammar,
    work,
)
from parley.providers.turns import LEAVE

Answers = list[tuple[str, str]]


class Pipe:
    """A channel on which all has come already."""

    def __init__(self, *requests: tuple[int, str]) -> None:
        self.come = deque((kind, payload.encode()) for kind, payload in requests)
        self.told: Answers = []

    def has_request(self) -> bool:
        return bool(self.come)

    def receive(self) -> tuple[int, bytes]:
        if not self.come:
            raise EOFError
        return self.come.popleft()

    def answer(self, payload: bytes = b"") -> None:
        self.told.append(("answer", payload.decode()))

    def refuse(self, why: str) -> None:
        self.told.append(("refused", why))

    def told_to(self, call: int) -> Answers:
        """What one call is told until there is nothing to come."""
        with suppress(EOFError):
            work(cast("Channel", self), Ears)
        who = f"{call} "
        return [(how, what[len(who) :]) for how, what in self.told if what.startswith(who)]


class Ears:
    """Hears what it is given, for as long as that is no nonsense."""

    said = ""

    def open(self, grammar: str) -> None:
        if grammar == "bad":
            raise ValueError("no grammar")

    def expect(self, grammar: str) -> None:
        self.open(grammar)

    def heard(self, pcm: bytes, *, more: bool) -> bytes:
        self.said += pcm.decode()
        if not more:
            self._understand()
        return b""

    def final(self) -> bytes:
        self._understand()
        return self.said.encode()

    def _understand(self) -> None:
        if self.said == "bug":
            raise ValueError("no text")
        if self.said == "much":
            raise UnusableGrammar("too much")


def test_each_call_has_ears_of_its_own_and_is_told_what_it_asked_for() -> None:
    asked = [(OPEN, "1 good"), (OPEN, "2 bad"), (AUDIO, "1 a"), (EXPECT, "1 bad"), (AUDIO, "1 b")]
    asked += [(FINALIZE, "1 "), (LEAVE, "2 ")]
    nothing, refused = ("answer", ""), ("refused", "no grammar")
    assert Pipe(*asked).told_to(1) == [nothing, nothing, refused, nothing, ("answer", "ab")]
    assert Pipe(*asked).told_to(2) == [nothing, nothing]  # who has left is told nothing else
    assert Pipe(*asked[:-1]).told_to(2) == [refused]


@pytest.mark.parametrize("last", [AUDIO, FINALIZE])
def test_a_grammar_that_turns_out_to_be_unusable_ends_one_call_alone(last: int) -> None:
    first = [(AUDIO, "1 much")] if last == FINALIZE else []
    asked = [(OPEN, "1 "), (OPEN, "2 "), *first, (last, "1 " if first else "1 much")]
    asked += [(AUDIO, "2 fine"), (FINALIZE, "2 ")]
    nothing = ("answer", "")
    assert Pipe(*asked).told_to(1) == [nothing, *[nothing] * len(first), ("refused", "too much")]
    assert Pipe(*asked).told_to(2) == [nothing, nothing, ("answer", "fine")]


def test_what_is_wrong_with_the_engine_is_no_grammars_fault() -> None:
    with pytest.raises(ValueError, match="no text"):
        Pipe((OPEN, "1 "), (AUDIO, "1 bug")).told_to(1)
