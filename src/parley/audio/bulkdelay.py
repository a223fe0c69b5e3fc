"""How late the echo comes as a whole: the buffers of a sound card, or a network's way.

A smoothed cross-correlation with phase transform (C. Knapp and G. Carter, "The generalized
correlation method for estimation of time delay", IEEE Trans. ASSP 24, 1976) between what is
played and what the microphone takes, at a quarter of the rate.
"""

import numpy as np
from numpy.typing import NDArray

from parley.audio.adaptive import BLOCK

LONGEST_BLOCKS = 60
"""The longest delay that is looked for: 600 ms, in blocks of 10 ms."""

HOP_BLOCKS = 10
"""A new look at the delay each 100 ms in which the loudspeaker is active."""

EARLY_BLOCKS = 2
"""So much before its first arrival what is played is set: reflections may come before the peak."""

NEAR_BLOCKS = 6
"""A delay is left as it is while the echo comes within so much after the place it was set to."""

MEMORY = 0.8
"""How much of the correlation is kept from one look to the next."""

CLEAR = 8.0
"""How far a peak stands out that is believed, in standard deviations of the correlation."""

AGREED_BLOCKS = 1
"""Two looks in succession have to agree to within so much."""

ACTIVE = 1e-5
"""The power of a loudspeaker that is active, of 1 at full scale."""

_DECIMATION = 4
_PER_BLOCK = BLOCK // _DECIMATION
_SIZE = 4096

Floats = NDArray[np.float32]


class BulkDelay:
    """Finds by how many blocks what is played has to be held back."""

    def __init__(self) -> None:
        self.blocks = 0
        self._far = np.zeros((LONGEST_BLOCKS + HOP_BLOCKS) * _PER_BLOCK, np.float32)
        self._near = np.zeros(HOP_BLOCKS * _PER_BLOCK, np.float32)
        self._cross = np.zeros(_SIZE // 2 + 1, np.complex128)
        self._wait = HOP_BLOCKS
        self._last = float("inf")

    def look(self, near: Floats, far: Floats) -> int | None:
        """Take a block of either side, -1 to 1. A new delay in blocks, where there is one.

        `far` is what was played in the time of `near`, not held back.
        """
        for kept, block in ((self._near, near), (self._far, far)):
            kept[:-_PER_BLOCK] = kept[_PER_BLOCK:]
            kept[-_PER_BLOCK:] = block.reshape(-1, _DECIMATION).mean(axis=1)
        self._wait -= 1
        if self._wait > 0 or float(np.mean(self._far**2)) < ACTIVE:
            return None
        self._wait = HOP_BLOCKS
        lag = self._lag()
        return None if lag is None else self._judge(lag)

    def _lag(self) -> float | None:
        """The lag of the highest peak, in blocks, if it is clear."""
        far, near = np.fft.rfft(self._far, _SIZE), np.fft.rfft(self._near, _SIZE)
        self._cross = MEMORY * self._cross + far * near.conj()
        phases = self._cross / (np.abs(self._cross) + 1e-9)
        lags = np.fft.irfft(phases)[: LONGEST_BLOCKS * _PER_BLOCK + 1]
        peak = int(np.argmax(lags))
        if lags[peak] <= CLEAR * float(np.std(lags)):
            return None
        return LONGEST_BLOCKS - peak / _PER_BLOCK

    def _judge(self, lag: float) -> int | None:
        agreed, self._last = abs(lag - self._last) <= AGREED_BLOCKS, lag
        if not agreed or 0 <= lag - self.blocks <= NEAR_BLOCKS:
            return None
        self.blocks = max(0, int(lag) - EARLY_BLOCKS)
        return self.blocks
