"""What is asked of a recogniser in a process, and how it is answered there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from parley.providers.turns import LEAVE, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.providers.engine_process import Channel

OPEN, AUDIO, FINALIZE, EXPECT = range(4)
"""Begin with a call, hear PCM, give the final result, understand what a grammar allows (or,
without one, anything) from the next utterance on."""


class Ears(Protocol):
    """What answers one call; its results are the engine's own."""

    def open(self, grammar: str) -> None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def expect(self, grammar: str) -> None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def heard(self, pcm: bytes, *, more: bool) -> bytes:
        """What is to be told after this audio; mostly nothing. With `more` of the call to be
        dealt with next, it may wait for that."""

    def final(self) -> bytes:
        """The final result."""


def work(channel: Channel, listen: Callable[[], Ears]) -> None:
    """Say that all is loaded, and work for calls; `listen` makes what answers one."""
    channel.answer()
    turns, calls = Turns(channel, patient=AUDIO), dict[int, Ears]()
    while True:
        call, kind, payload, more = turns.next()
        if kind == OPEN:
            calls[call] = listen()
        if kind == AUDIO:
            turns.answer(call, calls[call].heard(payload, more=more))
        elif kind == FINALIZE:
            turns.answer(call, calls[call].final())
        elif kind == LEAVE:
            calls.pop(call, None)
            turns.answer(call)
        else:
            grammar, ears = payload.decode(), calls[call]
            try:
                ears.open(grammar) if kind == OPEN else ears.expect(grammar)
            except ValueError as error:
                turns.refuse(call, str(error))
            else:
                turns.answer(call)
