"""What is asked of a recogniser in a process of its own, and how it is answered there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

OPEN, AUDIO, FINALIZE, EXPECT = range(4)
"""Begin with a call, hear PCM, give the final result, understand what a grammar allows (or,
without one, anything) from the next utterance on."""


class Ears(Protocol):
    """What answers; its results are the engine's own."""

    def open(self, grammar: str) -> None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def expect(self, grammar: str) -> None:
        """Raises ValueError, with the reason, when the grammar is unusable."""

    def heard(self, pcm: bytes) -> bytes:
        """What is to be told after this audio; mostly nothing."""

    def final(self) -> bytes:
        """The final result."""


def work(channel: Channel, ears: Ears) -> None:
    """Say that all is loaded, and work for one call after the other."""
    channel.answer()
    while True:
        kind, payload = channel.receive()
        if kind == AUDIO:
            channel.answer(ears.heard(payload))
        elif kind == FINALIZE:
            channel.answer(ears.final())
        else:
            grammar = payload.decode()
            try:
                ears.open(grammar) if kind == OPEN else ears.expect(grammar)
            except ValueError as error:
                channel.refuse(str(error))
            else:
                channel.answer()
