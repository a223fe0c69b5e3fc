"""Tells whether the echo's path stands still, or moves: two clocks that run apart.

Where the loudspeaker's clock is not the microphone's, the path that the linear filter has learnt
gets later, or earlier, without end. The filter runs after it, always behind, and leaves
more of the echo than it seems to.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from parley.audio.adaptive import BLOCK, Spectra
from parley.audio.formats import INBOUND

LOOK_BLOCKS, LOOKS_BACK = 100, 2
"""A look at the path after so many blocks (1 s) in which the loudspeaker is active; it is compared
with what it was so many looks before."""

STILL = 0.25
"""A path that has moved by less than so many samples since stands still: clocks less than 8 ppm
apart. One that does was off by 0.18 at most over 1 s in the simulated rooms."""

STILL_LOOKS = 2
"""So many looks in succession have to find a path still that has moved; one, at the beginning."""

BAND_HZ = 200, 1800
"""Where the agent's voice is strong, and the phase of a path that moves is not ambiguous."""

_SIZE = 2 * BLOCK
_BAND = slice(*(hertz * _SIZE // INBOUND.sample_rate for hertz in BAND_HZ))
_TURNS = 2 * np.pi * np.arange(_SIZE // 2 + 1)[_BAND] / _SIZE


class Standing:
    """Watches the weights of the filter."""

    def __init__(self) -> None:
        self._still = STILL_LOOKS - 1
        self.forget()

    @property
    def is_still(self) -> bool:
        """Whether the path was seen to stand still of late."""
        return self._still >= STILL_LOOKS

    def forget(self) -> None:
        """The path was moved, or is learnt anew: what it was is not to be compared.

        Clocks that run apart do so still.
        """
        self._before: deque[Spectra] = deque(maxlen=LOOKS_BACK)
        self._blocks = 0

    def look(self, weights: Spectra) -> None:
        """Take the weights after a block in which the loudspeaker is active."""
        self._blocks += 1
        if self._blocks < LOOK_BLOCKS:
            return
        self._blocks, now = 0, weights[:, _BAND].copy()
        if len(self._before) == LOOKS_BACK:
            is_still = abs(_moved_by(self._before[0], now)) < STILL
            self._still = self._still + 1 if is_still else 0
        self._before.append(now)


def _moved_by(then: Spectra, now: Spectra) -> float:
    """By how many samples one path is later than another: the slope of the phase between them."""
    cross: NDArray[np.complex64] = (now.conj() * then).sum(axis=0)
    weight = np.abs(cross) * _TURNS
    return float((weight * np.angle(cross)).sum() / ((weight * _TURNS).sum() + 1e-20))
