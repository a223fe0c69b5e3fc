"""What is usual for this caller, and how far one turn is from it.

Nobody is loud or fast in itself: a telephone, a distance and a temper make every caller
different. So a turn is compared with the same caller's earlier turns in the same call.
"""

from collections import deque

import numpy as np

LEAST_TURNS = 3
"""Before so many turns nothing is usual."""

MOST_TURNS = 32
"""What was longer ago does not count."""

TO_SIGMA = 1.4826
"""From the median absolute deviation to a normal distribution's standard deviation."""


class Baseline:
    """One measure's running median and spread.

    `least` is the smallest spread that is believed, in the measure's unit: a few turns that
    happen to be alike must not make the next one remarkable.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._values: deque[float] = deque(maxlen=MOST_TURNS)

    def learn(self, value: float | None) -> None:
        """Add an earlier turn's value, where it has one."""
        if value is not None:
            self._values.append(value)

    def above(self, value: float | None) -> float | None:
        """How far a turn is above what is usual, in the measure's unit."""
        if value is None or len(self._values) < LEAST_TURNS:
            return None
        return value - float(np.median(self._values))

    def deviations(self, value: float | None) -> float | None:
        """The same in standard deviations of the earlier turns."""
        above = self.above(value)
        if above is None:
            return None
        spread = float(np.median(np.abs(np.array(self._values) - np.median(self._values))))
        return above / max(self._least, TO_SIGMA * spread)
