"""What a voice sounds like while it goes on: is it speech at all, and how loud is it? Pure.

From the windows of the voice detector, at no further cost. A cough, laughter or a listener's
murmur makes the detector less sure than speech does that is meant for somebody; a voice of
somebody else in the room, or the agent's own that comes back, is softer than the caller's;
and many who talk at once are told from one.
"""

from collections import deque
from dataclasses import dataclass

from parley.audio.formats import INBOUND
from parley.speech.detector import WINDOW, SpeechEdge, SpeechOnset, Window

FIRST_S, STEP_S, SOON_S, LATER_S = 0.1, 0.1, 1.0, 0.3
"""A voice is judged after `FIRST_S`, every `STEP_S` until `SOON_S`, and every `LATER_S` then."""

SPAN = 31
"""Windows that are looked back to: a second."""

LOUDEST = 4
"""One window of so many, the loudest, count for the level. In babble many talk at once, and it
is even; in one voice vowels stand out, so that they tell them apart."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A voice so far: its length, the average probability of speech, and the level in dBFS.

    `single`: the log-odds that one person speaks, and not many; None where that is not told.
    """

    voiced_s: float
    speech: float
    level_dbfs: float
    single: float | None = None


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
        return Sound(round(voiced_s, 3), self._speech(), self._level(), self._single())

    def _speech(self) -> float:
        return round(sum(w.probability for w in self._windows) / len(self._windows), 3)

    def _level(self) -> float:
        levels = sorted(w.rms_dbfs for w in self._windows)
        loudest = levels[-max(1, len(levels) // LOUDEST) :]
        return round(sum(loudest) / len(loudest), 1)

    def _single(self) -> float | None:
        told = [w.single for w in self._windows if w.single is not None]
        return round(sum(told) / len(told), 1) if told else None
