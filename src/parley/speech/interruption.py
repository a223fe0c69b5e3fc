"""What a voice sounds like while it goes on: is it speech at all, and how loud is it? Pure.

From the windows of the voice detector, at no further cost. A cough, laughter or a listener's
murmur makes the detector less sure than speech does that is meant for somebody; a voice of
somebody else in the room, or the agent's own that comes back, is softer than the caller's.
One voice is loud and soft in turns, syllable by syllable; where many talk at once, somebody
always fills the other's gap.
"""

from collections import deque
from dataclasses import dataclass
from statistics import pstdev

from parley.audio.formats import INBOUND
from parley.speech.detector import WINDOW, SpeechEdge, SpeechOnset, Window

FIRST_S, STEP_S, SOON_S, LATER_S = 0.1, 0.1, 1.0, 0.3
"""A voice is judged after `FIRST_S`, every `STEP_S` until `SOON_S`, and every `LATER_S` then."""

SPAN = 31
"""Windows that are looked back to: a second."""

LOUDEST = 4
"""One window of so many, the loudest, count for the level. In babble many talk at once, and it
is even; in one voice vowels stand out, so that they tell them apart."""

SWING_S = 0.5
"""In less there may be but one syllable, and one vowel is as even as many voices."""

ATTACK = 4
"""Windows in which any sound rises from silence, many voices as well as one."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A voice so far: its length, the average probability of speech, and the level in dBFS.

    `swing_db`: the standard deviation of its windows' levels; None in less than `SWING_S`.
    """

    voiced_s: float
    speech: float
    level_dbfs: float
    swing_db: float | None = None


class VoiceMeter:
    """Judges one stream's voice, again and again while it lasts."""

    def __init__(self) -> None:
        self._windows: deque[Window] = deque(maxlen=SPAN)
        self._began = 0
        self._next_s = FIRST_S

    def feed(self, window: Window, edge: SpeechEdge | None, *, speaking: bool) -> Sound | None:
        """Take the next window and what the detector has made of it; a judgement if one is due."""
        if isinstance(edge, SpeechOnset):
            self._windows.clear()
            self._began = edge.at
            self._next_s = FIRST_S
        if not speaking:
            return None
        self._windows.append(window)
        voiced_s = (window.end_sample - self._began) / INBOUND.sample_rate
        if voiced_s < self._next_s:
            return None
        self._next_s = voiced_s + (STEP_S if voiced_s < SOON_S else LATER_S) - WINDOW / 32_000
        swing = self._swing() if voiced_s >= SWING_S else None
        return Sound(round(voiced_s, 3), self._speech(), self._level(), swing)

    def _speech(self) -> float:
        return round(sum(w.probability for w in self._windows) / len(self._windows), 3)

    def _level(self) -> float:
        levels = sorted(w.rms_dbfs for w in self._windows)
        loudest = levels[-max(1, len(levels) // LOUDEST) :]
        return round(sum(loudest) / len(loudest), 1)

    def _swing(self) -> float:
        steady = self._began + ATTACK * WINDOW
        return round(pstdev(w.rms_dbfs for w in self._windows if w.end_sample > steady), 1)
