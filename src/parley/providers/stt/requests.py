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


class UnusableGrammar(ValueError):
    """What a grammar allows cannot be found out; it may be known only when somebody speaks."""


class Ears(Protocol):
    """What answers one call; its results are the engine's own."""

    def open(self, grammar: str) -> None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def expect(self, grammar: str) -> None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def heard(self, pcm: bytes, *, more: bool) -> bytes:
        """What is to be told after this audio; mostly nothing. With `more` of the call to be
        dealt with next, it may wait for that. Raises UnusableGrammar."""

    def final(self) -> bytes:
        """The final result. Raises UnusableGrammar."""


def work(channel: Channel, listen: Callable[[], Ears]) -> None:
    """Say that all is loaded, and work for calls; `listen` makes what answers one."""
    channel.answer()
    turns, calls = Turns(channel, patient=AUDIO), dict[int, Ears]()
    while True:
        call, kind, payload, more = turns.next()
        if kind == LEAVE:
            calls.pop(call, None)
            turns.answer(call)
            continue
        if kind == OPEN:
            calls[call] = listen()
        try:
            turns.answer(call, _said(calls[call], kind, payload, more=more))
        except ValueError as error:
            if kind not in (OPEN, EXPECT) and not isinstance(error, UnusableGrammar):
                raise
            turns.refuse(call, str(error))


def _said(ears: Ears, kind: int, payload: bytes, *, more: bool) -> bytes:
    if kind == AUDIO:
        return ears.heard(payload, more=more)
    if kind == FINALIZE:
        return ears.final()
    (ears.open if kind == OPEN else ears.expect)(payload.decode())
    return b""
