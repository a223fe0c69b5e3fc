"""Stages that come with Parley, one or two for each seam.

stages = lambda: Stages(
    transcript=[Corrections({"par lay": "Parley"})],
    messages=[CurrentTime()],
    reply_text=[Pronunciations({"SQL": "sequel", "$5": "five dollars"})],
    audio_out=[Gain(-6.0)],
)
agent = build_agent(assistant, stages=stages)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from parley.audio.ledger import Range
from parley.audio.mixing import amplified
from parley.core.history import Line
from parley.errors import ConfigurationError
from parley.runtime.responders import NOTE
from parley.runtime.stages import Spoken


class Pronunciations:
    """Reply text: has words spoken otherwise than they are written.

    `words` are written forms and what is to be said instead. They are found whole and in
    any case, the longest first.
    """

    name = "pronunciations"

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = _Words(words)

    def speakable(self, text: str) -> Spoken:
        """The text as the voice is to read it."""
        return self._words.replace(text)


class Corrections:
    """Transcript: puts right what a recogniser keeps misunderstanding, such as names.

    `words` are misheard forms and what was meant, found as in `Pronunciations`.
    """

    name = "corrections"

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = _Words(words)

    async def transcript(self, text: str, *, final: bool) -> str:
        """The text as it was meant."""
        return self._words.replace(text).text


class CurrentTime:
    """Messages: tells the model the date and the time of day, to the minute.

    `clock` gives the time with its zone; without one it is that of this machine.
    """

    name = "current time"

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or _local_time

    async def messages(self, lines: Sequence[Line]) -> Sequence[Line]:
        """The conversation, after a note on the time."""
        return [Line(NOTE, f"It is {self._clock():%A, %d %B %Y, %H:%M (UTC%z)}."), *lines]


class Gain:
    """Audio in or out: louder or softer by `decibels`; what is too loud is clipped."""

    name = "gain"

    def __init__(self, decibels: float) -> None:
        self._decibels = decibels

    def process(self, pcm: bytes) -> bytes:
        """PCM16 of the same length."""
        return amplified(pcm, self._decibels)


class _Words:
    """Words to be replaced by others, and where they were."""

    def __init__(self, words: Mapping[str, str]) -> None:
        if any(not word.strip() for word in words):
            raise ConfigurationError(
                "one of the words to be replaced is empty", remedy="Leave it out."
            )
        longest_first = sorted(words, key=len, reverse=True)
        self._others = [words[word] for word in longest_first]
        pattern = "|".join(f"({_whole(word)})" for word in longest_first) or "(?!)"
        self._pattern = re.compile(pattern, re.IGNORECASE)

    def replace(self, text: str) -> Spoken:
        """The text with the other words, and which part stands for which."""
        pairs: list[tuple[Range, Range]] = []
        parts: list[str] = []

        def add(part: str, start: int, end: int) -> None:
            at = pairs[-1][0][1] if pairs else 0
            if part or end > start:
                parts.append(part)
                pairs.append(((at, at + len(part)), (start, end)))

        done = 0
        for match in self._pattern.finditer(text):
            add(text[done : match.start()], done, match.start())
            add(self._others[(match.lastindex or 1) - 1], *match.span())
            done = match.end()
        add(text[done:], done, len(text))
        return Spoken("".join(parts), tuple(pairs))


def _whole(word: str) -> str:
    """A pattern that finds the word, but not as a part of another."""
    before = r"(?<!\w)" if re.match(r"\w", word[0]) else ""
    after = r"(?!\w)" if re.match(r"\w", word[-1]) else ""
    return before + re.escape(word) + after


def _local_time() -> datetime:
    return datetime.now().astimezone()
