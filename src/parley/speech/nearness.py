"""Whether speech is the caller's, or of those in the background who talk all the time. Pure.

In a café or an office the voice activity model finds speech behind the caller as well, in
every pause. The level tells them apart: many who talk at once are even, and softer than the
caller. It is looked at only where the model seldom hears noise. Where it does its word is
good, and a soft syllable is the caller's.
"""

import math
from collections import deque

SMOOTHED = 6
"""Windows whose power is averaged, 0.19 s: a weak consonant does not fall out of its word."""

BLOCK, BLOCKS, SOFT = 16, 8, 4
"""The softest window of each half second is known for 4 s, in blocks of 16 windows; the softest
quarter of the blocks tells the background. One voice has gaps between its sounds within that
(minimum statistics: R. Martin, IEEE Trans. SAP 9(5), 2001)."""

STANDS_OUT_DB = 9.0
"""Many voices lie some 6 dB above their softest window on average, and vary by 3 dB."""

RANGE_DB, MOST_DB = 8.0, 15.0
"""The caller's voice is so far below its level at most; yet what lies so far above the softest
window of all is near: between words it was quiet."""

RISES, FALLS = 0.4, 0.02
"""How far one window moves the caller's level, 0 to 1: up within a syllable, down in seconds."""

SOFTER, SOFTER_GAP = 47, 0.5
"""Softer speech in so many windows, 1.5 s, is the caller's; a window without counts against it."""

LIKELY, UNLIKELY = 0.4, 0.15
"""The probabilities of speech from which a window is speech, and below which it is noise."""

NOISY, NOISE_RATE = 0.1, 0.008
"""The least share of noise in a stream whose pauses the model finds, of the last 4 s or so."""

UNSETTLED, EMPTY, AT_FIRST = 16, 12, 0.3
"""In the first 0.5 s of a stream the model finds little speech in anything. Where it finds next
to none, in 12 windows of 16, that is taken for such a share of noise; else for none."""


class Nearness:
    """Follows one stream. `caller_dbfs` is how loud the caller speaks, None while unknown."""

    def __init__(self) -> None:
        self.caller_dbfs: float | None = None
        self._powers: deque[float] = deque(maxlen=SMOOTHED)
        self._blocks: deque[float] = deque(maxlen=BLOCKS)
        self._softest = math.inf
        self._background: float | None = None
        self._quiet = 0.0
        self._count = 0
        self._noise = 0.0
        self._empty = 0
        self._softer = 0.0

    def feed(self, probability: float, level_dbfs: float) -> bool:
        """Take the next window; whether it is near, if it is speech."""
        self._follow(probability, level_dbfs)
        self._powers.append(10.0 ** (level_dbfs / 10.0))
        if self._background is None:
            return True
        level = 10.0 * math.log10(sum(self._powers) / len(self._powers))
        least = self._background + STANDS_OUT_DB
        bar = self._bar(least)
        if probability >= LIKELY:
            self._learn(level, least, bar)
        return level >= bar or self._noise >= NOISY

    def _follow(self, probability: float, level_dbfs: float) -> None:
        """Learn how soft the background is, and whether the model takes it for speech."""
        self._count += 1
        self._softest = min(self._softest, level_dbfs)
        if self._count > UNSETTLED:
            self._noise += NOISE_RATE * ((probability < UNLIKELY) - self._noise)
        else:
            self._empty += probability < UNLIKELY
            self._noise = AT_FIRST if self._empty >= EMPTY else 0.0
        if self._count % BLOCK == 0:
            self._blocks.append(self._softest)
            self._softest = math.inf
            blocks = sorted(self._blocks)
            self._background = blocks[len(blocks) // SOFT]
            self._quiet = blocks[0]

    def _bar(self, least: float) -> float:
        usual = least if self.caller_dbfs is None else self.caller_dbfs - RANGE_DB
        return min(max(least, usual), self._quiet + MOST_DB)

    def _learn(self, level: float, least: float, bar: float) -> None:
        known = level if self.caller_dbfs is None else self.caller_dbfs
        if level >= bar:
            self.caller_dbfs = known + (RISES if level > known else FALLS) * (level - known)
            self._softer = 0.0
            return
        self._softer = self._softer + 1 if level >= least else max(0.0, self._softer - SOFTER_GAP)
        if self._softer >= SOFTER:
            self.caller_dbfs = level
            self._softer = 0.0
