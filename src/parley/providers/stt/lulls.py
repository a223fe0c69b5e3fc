"""When speech pauses, told at once and from nothing but how loud the sound is."""

import numpy as np

from parley.providers.stt.moonshine_model import RATE, Array

STEP = round(0.02 * RATE)
"""Samples whose level is taken at a time."""

RANGE_DB = 25.0
"""What is so far below the loudest of the speech is not loud."""

SHARE = 0.4
"""Nor is what rises less than this part of the speech's height above the noise."""

LEAST_DB = 12.0
"""Speech that does not rise so far above the noise is not told from it: all is loud."""

PEAK_FALLS_DB, FLOOR_RISES_DB = 0.05, 0.02
"""How fast, in a step, the loudest and the softest are forgotten."""

SILENCE_DBFS = -96.0


class Lull:
    """How long, in samples, nothing loud was heard."""

    def __init__(self) -> None:
        self.samples = 0
        self._peak = SILENCE_DBFS
        self._floor = 0.0

    def feed(self, piece: Array) -> None:
        """Take the next sound, from -1 to 1; what is left of a step counts as one."""
        for begin in range(0, len(piece), STEP):
            step = piece[begin : begin + STEP]
            level = 10.0 * float(np.log10(np.square(step).mean() + 10 ** (SILENCE_DBFS / 10)))
            self.samples = 0 if self._is_loud(level) else self.samples + len(step)

    def _is_loud(self, level: float) -> bool:
        if level < SILENCE_DBFS + 1.0:
            return False
        self._floor = min(level, self._floor + FLOOR_RISES_DB)
        height = max(self._peak, level) - self._floor
        loud = height < LEAST_DB or level > max(self._peak - RANGE_DB, self._floor + SHARE * height)
        self._peak = max(level, self._peak - PEAK_FALLS_DB)
        return loud
