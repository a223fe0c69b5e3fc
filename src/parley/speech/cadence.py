"""How a voice comes to a pause: speakers who have finished let it fall and fade.

These are among the cues with which people yield a turn (Gravano and Hirschberg 2011,
"Turn-taking cues in task-oriented dialogue"). A voice that is held level, or that breaks off
at full strength, goes on. So does one whose last syllable sounds like the middle of a phrase:
that is learned from recorded people (`bench/cadences.py`), as weights of what the model of
turns makes of the voice's end.
"""

from functools import cache
from pathlib import Path

import numpy as np

from parley.audio.formats import INBOUND
from parley.speech.pitch import HOP_S, Floats, frames_of

HEARD_S = 3.0
"""The newest sound, that the end is compared with: with 2 to 8 s it tells as much."""

END = round(0.2 / HOP_S)
"""Frames of voice that are its end: at most half of it, or there is too little to tell."""

FALL, USUAL_FALL_ST, MOST_FALL_ST = 0.45, 1.2, 4.0
"""The log-odds of a semitone by which the end is lower than the rest; how much lower it is
where that tells nothing; the most that counts: pitch is at times mistaken by an octave."""

LEVEL_ST = 1.5
"""A rise up to this is as good as level. A higher one is a question, or mistaken: the more it
rises the less it says, until it says nothing."""

FADE, USUAL_FADE_DB, MOST_FADE_DB = 0.15, 2.5, 9.0
"""The log-odds of a decibel by which the end is softer, and the same of it."""

MOST_LEARNED = 3.0
"""What was learned says no more, in log-odds."""

PHRASE = round(0.55 / HOP_S)
"""Frames of voice without which it says nothing: a word by itself is no phrase that could go on,
and none were learned from."""

WEIGHTS = Path(__file__).with_name("cadence.npy")


class Cadence:
    """What the end of a voice says for the end of the turn.

    `weights` are of `parley.speech.endofturn.Sounded.ending` and of 1, `[385]`; without them
    those that come with Parley.
    """

    def __init__(self, weights: Floats | None = None) -> None:
        self._weights = _shipped() if weights is None else weights

    def __call__(self, pcm: bytes, ending: Floats) -> float:
        """In log-odds, -5.3 to 5.2: positive where the turn is over.

        `pcm` is `parley.audio.formats.INBOUND`, with the pause or without; `ending` is what
        the model of turns makes of the end of its voice. 0 where there is too little voice to
        tell. Takes about 8 ms of CPU. Raises AudioError when `pcm` ends within a sample.
        """
        frames = frames_of(pcm[-INBOUND.bytes_for(HEARD_S) :])
        faded = _dropped(frames.level[frames.voiced])
        if faded is None:
            return 0.0
        odds = FADE * (min(max(faded, -MOST_FADE_DB), MOST_FADE_DB) - USUAL_FADE_DB)
        fallen = _dropped(12 * np.log2(frames.pitch[~np.isnan(frames.pitch)]))
        if fallen is not None:
            odds += FALL * (_moved(fallen) - USUAL_FALL_ST)
        return odds + self._learned(ending) if frames.voiced.sum() >= PHRASE else odds

    def _learned(self, ending: Floats) -> float:
        said = float(ending @ self._weights[:-1] + self._weights[-1])
        return min(max(said, -MOST_LEARNED), MOST_LEARNED)


@cache
def _shipped() -> Floats:
    return np.asarray(np.load(WEIGHTS), np.float32)


def _dropped(values: Floats) -> float | None:
    """How much lower the end is than the whole; None: there is too little of it."""
    if len(values) < 2 * END:
        return None
    return float(np.median(values) - np.median(values[-END:]))


def _moved(fallen_st: float) -> float:
    """Away from level, downwards or far up."""
    if fallen_st >= 0.0:
        return min(fallen_st, MOST_FALL_ST)
    return min(max(0.0, -fallen_st - LEVEL_ST), USUAL_FALL_ST)
