"""From the turns of a vendor's engine to our segments. It does no I/O.

An engine that judges turns tells all words of a turn again and again until it ends it. Here each
turn becomes final once: when the engine ends it, or goes on to the next without ending it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.providers.protocols import SttResult, TimedWord

ENDED = 0.7
"""An engine that ends a turn by its own judgement holds it to be over with at least so much,
whatever it was set to end turns at: what its user takes for the end is the end."""


def judged(confidence: float, threshold: float) -> float:
    """How probable the end of a turn is whose engine ends turns from `threshold` on."""
    return max(confidence, ENDED) if confidence >= threshold else confidence


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine says of one of its turns: all words of it so far.

    `over` is its judgement where it has made one of a pause; what it thinks in the middle of a
    word says nothing about the pause after it.
    """

    turn: int
    text: str
    ended: bool = False
    over: float | None = None
    words: Sequence[TimedWord] = ()
    confidence: float | None = None
    language: str | None = None


class Turns:
    """What was told of the engine's turns, and what is asked for."""

    def __init__(self) -> None:
        self._segment = 0
        self._turn = 0
        self._open: Heard | None = None
        self._asked = 0

    @property
    def is_open(self) -> bool:
        """Whether there are words that are not final."""
        return self._open is not None

    def ask(self) -> None:
        """The final text of all that was said is wanted."""
        self._asked += 1

    def hear(self, heard: Heard) -> list[SttResult]:
        """What is new in it. A turn that has ended is told of no more."""
        if heard.turn < self._turn:
            return []
        results = []
        if heard.turn > self._turn:
            results += [self._final(self._open)] if self._open else []
            self._turn = heard.turn
        if heard.ended:
            wanted = bool(heard.text or self._open or self._asked)
            results += [self._final(heard)] if wanted else []
            self._turn = heard.turn + 1
        elif heard.text and (self._open is None or _differs(heard, self._open)):
            self._open = heard
            results.append(_result(self._segment, heard, final=False))
        return results

    def settle(self) -> list[SttResult]:
        """There is no turn: the final text that was asked for is empty. Nothing where none was
        asked for, and where there are words after all."""
        return [self._final(Heard(self._turn, ""))] if self._asked and not self._open else []

    def _final(self, heard: Heard) -> SttResult:
        result = _result(self._segment, heard, final=True)
        self._segment += 1
        self._open = None
        self._asked = max(0, self._asked - 1)
        return result


def _differs(one: Heard, other: Heard) -> bool:
    return (one.text, one.over) != (other.text, other.over)


def _result(segment: int, heard: Heard, *, final: bool) -> SttResult:
    return SttResult(
        segment,
        heard.text,
        final,
        words=tuple(heard.words) if final else (),
        confidence=heard.confidence,
        turn_over=heard.over if heard.text else None,
        language=heard.language,
    )
