"""What is asked of a recogniser in a process, and how it is answered there."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Protocol, TypeVar

from parley.providers.turns import LEAVE, Turns

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel
    from parley.providers.turns import Request

T = TypeVar("T")

Steps = Generator[None, None, T]
"""Work of which a step at a time is done."""

OPEN, AUDIO, FINALIZE, EXPECT = range(4)
"""Begin with a call, hear PCM, give the final result, understand what a grammar allows (or,
without one, anything) from the next utterance on."""


SLICE_S = 0.1
"""Work that takes longer, by a step at most, is put off: the other calls are then dealt with for
as long, if there is so much to do for them. A look at what a caller says takes as long."""


class UnusableGrammar(ValueError):
    """What a grammar allows cannot be found out; it may be known only when somebody speaks."""


class Ears(Protocol):
    """What answers one call; its results are the engine's own. What may take long is done in
    steps, and asked nothing else meanwhile."""

    def open(self, grammar: str) -> Steps[None] | None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def expect(self, grammar: str) -> Steps[None] | None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def heard(self, pcm: bytes, *, more: bool) -> bytes | Steps[bytes]:
        """What is to be told after this audio; mostly nothing. With `more` of the call to be
        dealt with next, it may wait for that. Raises UnusableGrammar."""

    def final(self) -> bytes | Steps[bytes]:
        """The final result. Raises UnusableGrammar."""


def work(
    channel: Channel, listen: Callable[[], Ears], clock: Callable[[], float] = time.monotonic
) -> None:
    """Say that all is loaded, and work for calls; `listen` makes what answers one."""
    channel.answer()
    turns, calls = Turns(channel, patient=AUDIO), dict[int, Ears]()
    begun, rest_until = dict[int, Steps[bytes]](), clock()
    while True:
        request = turns.next(go_on=clock() >= rest_until)
        if request.kind == LEAVE:
            calls.pop(request.user, None)
            begun.pop(request.user, None)
            turns.answer(request.user)
            continue
        if request.kind == OPEN and not request.begun:
            calls[request.user] = listen()
        steps = begun.pop(request.user, None) or _steps(calls[request.user], request)
        try:
            said = _slice(steps, clock)
        except ValueError as error:
            if request.kind not in (OPEN, EXPECT) and not isinstance(error, UnusableGrammar):
                raise
            turns.refuse(request.user, str(error))
            continue
        if said is None:
            begun[request.user] = steps
            turns.put_off(request)
            rest_until = clock() + SLICE_S
        else:
            turns.answer(request.user, said)


def at_once(steps: Steps[T]) -> T:
    """Do all of it."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def _slice(steps: Steps[bytes], clock: Callable[[], float]) -> bytes | None:
    """Do a part of it; return what comes of it at its end."""
    until = clock() + SLICE_S
    while clock() < until:
        try:
            next(steps)
        except StopIteration as end:
            said: bytes = end.value
            return said
    return None


def _steps(ears: Ears, request: Request) -> Steps[bytes]:
    if request.kind in (AUDIO, FINALIZE):
        hears = request.kind == AUDIO
        said = ears.heard(request.payload, more=request.more) if hears else ears.final()
        return said if isinstance(said, bytes) else (yield from said)
    begin = ears.open if request.kind == OPEN else ears.expect
    steps = begin(request.payload.decode())
    if steps is not None:
        yield from steps
    return b""
