"""What the sound tells of one caller's turns, compared with their earlier ones.

Measuring takes about 3 ms a second of speech: it is done in one thread beside the event loop
for all calls. What a call has learnt of its caller is gone when the call is.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from parley.audio.formats import INBOUND
from parley.speech.arousal import arousal
from parley.speech.baseline import Baseline
from parley.speech.pitch import HOP_S, Floats
from parley.speech.prosody import LEAST_VOICE_S, Burst, Prosody, burst, prosody
from parley.speech.speakers import MOST_PIECES, PIECE_S, same_speaker, voice

MOST_WAITING = 32
"""So many descriptions may wait, of all calls; what is asked for beyond them is not described."""

MOST_BURSTS = 24
"""Of a turn with more of them the newest count."""

LEVEL_DB, PITCH_ST, RATE_OCTAVES = 2.0, 1.0, 0.2
"""The least spread of each measure that is believed from turn to turn."""


@dataclass(frozen=True, slots=True)
class Description:
    """Fields as in `parley.core.events.VoiceDescribed`; None where it is not known or not asked."""

    loudness: float | None = None
    pitch: float | None = None
    rate: float | None = None
    hesitation: float | None = None
    emotion: str | None = None
    emotion_confidence: float | None = None
    same_speaker: float | None = None


class VoiceDescriber:
    """One call's. `facts`: which fields it fills; `emotion` fills its confidence too.

    Its state is changed in the thread alone, one description after the other.
    """

    def __init__(self, shared: "SharedDescriber", facts: Collection[str]) -> None:
        self._shared = shared
        self._facts = frozenset(facts)
        self._level = Baseline(LEVEL_DB)
        self._pitch = Baseline(PITCH_ST)
        self._rate = Baseline(RATE_OCTAVES)
        self._since: float | None = None
        self._bursts: deque[Burst] = deque(maxlen=MOST_BURSTS)
        self._first: Floats | None = None
        self._agreed = False
        self._closed = False

    async def describe(
        self, pcm: bytes, start: float, end: float, since: float, *, speaker: bool
    ) -> Description | None:
        """Describe the turn that began at `since`, with a further stretch of voice in it.

        The stretch lasted from `start` to `end`, in seconds. `pcm` (`parley.audio.formats.INBOUND`)
        is its sound, or its last part where it was too long to be kept whole.
        `speaker`: the caller has consented to being compared with the beginning of the call;
        without it what was kept for that is forgotten. None when the machine is too busy.
        """
        return await self._shared.run(lambda: self._describe(pcm, start, end, since, speaker))

    def close(self) -> None:
        """Describe nothing more."""
        self._closed = True

    # What follows runs in the thread.

    def _describe(
        self, pcm: bytes, start: float, end: float, since: float, speaker: bool
    ) -> Description | None:
        if self._closed:
            return None
        if since != self._since:
            self._learn()
            self._since, self._agreed = since, speaker
        if not speaker:
            self._agreed, self._first = False, None
        self._bursts.append(_measured(pcm, start, end))
        found = self._compare(prosody(self._bursts), speaker)
        wanted = self._facts | ({"emotion_confidence"} if "emotion" in self._facts else set())
        kept = {f.name: getattr(found, f.name) for f in fields(found) if f.name in wanted}
        return Description(**kept)

    def _learn(self) -> None:
        """The turn before is over: it is one of the earlier ones now."""
        if not self._bursts:
            return
        turn = prosody(self._bursts)
        if turn.voice_s >= LEAST_VOICE_S:
            self._level.learn(turn.level)
            self._pitch.learn(_semitones(turn))
            self._rate.learn(_octaves(turn))
            if self._agreed and "same_speaker" in self._facts:
                self._remember(voice(self._bursts))
        self._bursts.clear()

    def _remember(self, heard: Floats) -> None:
        """Keep the beginning of the call to compare with, and no more."""
        known = heard if self._first is None else np.concatenate((self._first, heard))
        self._first = known[: round(MOST_PIECES * PIECE_S / HOP_S)]

    def _compare(self, turn: Prosody, speaker: bool) -> Description:
        measures = (
            (self._level, turn.level),
            (self._pitch, _semitones(turn)),
            (self._rate, _octaves(turn)),
        )
        loudness, pitch, rate = (usual.above(value) for usual, value in measures)
        mood = arousal([usual.deviations(value) for usual, value in measures])
        likeness = None
        if speaker and self._first is not None and "same_speaker" in self._facts:
            likeness = same_speaker(self._first, voice(self._bursts))
        return Description(
            loudness=_rounded(loudness, 1),
            pitch=_rounded(pitch, 1),
            rate=_rounded(None if rate is None else 2.0**rate, 2),
            hesitation=_rounded(min(1.0, turn.pauses + turn.filled), 2),
            emotion=mood[0] if mood else None,
            emotion_confidence=_rounded(mood[1], 2) if mood else None,
            same_speaker=_rounded(likeness, 2),
        )


def _measured(pcm: bytes, start: float, end: float) -> Burst:
    """A stretch of which the last part alone may be there: the rest is taken to be like it."""
    part = burst(pcm, start, end)
    times = max(1.0, (end - start) / INBOUND.seconds_in(pcm))
    return replace(part, syllables=round(part.syllables * times), steady_s=part.steady_s * times)


def _semitones(turn: Prosody) -> float | None:
    return None if turn.pitch is None else 12 * float(np.log2(turn.pitch))


def _octaves(turn: Prosody) -> float | None:
    return None if turn.rate is None else float(np.log2(turn.rate))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


class SharedDescriber:
    """One per process: a thread, started when it is first needed."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parley-voice")
        self._waiting = 0

    def open(self, facts: Collection[str]) -> VoiceDescriber:
        """A describer for one call."""
        return VoiceDescriber(self, facts)

    def close(self) -> None:
        """End the thread after what it works on."""
        self._thread.shutdown(cancel_futures=True)

    async def run(self, work: Callable[[], Description | None]) -> Description | None:
        """Have it done in the thread; None when too much waits already."""
        if self._waiting >= MOST_WAITING:
            return None
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1


@lru_cache(maxsize=1)
def shared_describer() -> SharedDescriber:
    """The one that all agents of the process use."""
    return SharedDescriber()
