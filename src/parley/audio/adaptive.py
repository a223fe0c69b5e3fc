"""A linear filter that learns how what is played comes back, and takes it away.

A partitioned-block frequency-domain Kalman filter with a diagonal state (G. Enzner and
P. Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free
telephones", Signal Processing 86, 2006; F. Kuech, E. Mabande and G. Enzner, "State-space
architecture of the partitioned-block-based acoustic echo controller", ICASSP 2014). It needs
no double-talk detector: somebody who speaks is noise in its observation, so it waits.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 160
"""Samples of a block: 10 ms at 16 kHz."""

PARTITIONS = 28
"""Blocks that the filter reaches back: 280 ms of delay and reverberation."""

TRANSITION = 0.9995
"""How much of the echo path stays the same from block to block."""

NOISE_MEMORY = 0.8
"""How much of the estimate of what is not echo is kept from block to block."""

PRIOR, PRIOR_BLOCKS, PRIOR_DECAY_DB = 0.05, 8, 1.5
"""How much power a partition of an unknown path is expected to have: so much in the first ones,
so much less in each that follows. A room's reverberation dies away, and what is expected early
is learnt in half of the time."""

DIVERGED = 1.6
"""The filter starts anew when it makes the sound so much more powerful."""

Floats = NDArray[np.float32]
Spectra = NDArray[np.complex64]

_late = np.maximum(0, np.arange(PARTITIONS) - PRIOR_BLOCKS)
_PRIOR: Floats = (PRIOR * 10 ** (-PRIOR_DECAY_DB / 10 * _late)).astype(np.float32)[:, None]


class AdaptiveFilter:
    """Takes the linear part of the echo out of blocks of `BLOCK` samples, -1 to 1."""

    def __init__(self) -> None:
        self.starts = 0
        """How often it has begun to learn from nothing."""
        self.restart()

    @property
    def weights(self) -> Spectra:
        """The path as it is known: a spectrum for each partition."""
        return self._weights

    def restart(self) -> None:
        """Forget everything."""
        shape = PARTITIONS, BLOCK + 1
        self.starts += 1
        self._weights = np.zeros(shape, np.complex64)
        self._doubt = np.broadcast_to(_PRIOR, shape).copy()
        self._noise = np.full(BLOCK + 1, 1e-3, np.float32)
        self._history = np.zeros((2 * PARTITIONS, BLOCK + 1), np.complex64)
        self._energy = np.zeros((2 * PARTITIONS, BLOCK + 1), np.float32)
        self._newest = PARTITIONS
        self._before = np.zeros(BLOCK, np.float32)
        self._silent = PARTITIONS
        self._turn = 0
        self._near_power = self._error_power = 0.0

    def hold_back(self, blocks: int, before: Floats) -> None:
        """From now on `far` comes so many blocks later, after `before`.

        What fits of the path is kept, and doubted as if it were new: the place may be a bit off.
        """
        if not 0 < blocks < PARTITIONS:
            self.restart()
            return
        self._weights = _moved(self._weights, blocks, 0.0)
        self._doubt = np.maximum(_moved(self._doubt, blocks, 0.0), _PRIOR)
        window = slice(self._newest, self._newest + PARTITIONS)
        for kept in (self._history, self._energy):
            kept[window] = _moved(kept[window], blocks, 0.0)
        self._before = before

    def process(self, near: Floats, far: Floats) -> Floats:
        """The block without its echo. `far` is what was played in the time of `near`."""
        silent, self._silent = self._silent, 0 if far.any() else self._silent + 1
        if self._silent > PARTITIONS:
            return near
        if silent > PARTITIONS:
            self._age(silent - PARTITIONS)
        history, energy = self._remember(far)
        echo = np.fft.irfft((self._weights * history).sum(axis=0))[BLOCK:]
        error = near - echo.astype(np.float32, copy=False)
        self._learn(error, history, energy)
        self._near_power += 0.1 * (float(near @ near) - self._near_power)
        self._error_power += 0.1 * (float(error @ error) - self._error_power)
        if self._error_power > DIVERGED * self._near_power:
            self.restart()
            return near
        return error

    def _remember(self, far: Floats) -> tuple[Spectra, Floats]:
        """The spectra of the last blocks, newest first, and their energies."""
        if self._newest == 0:
            self._newest = PARTITIONS + 1
            for kept in (self._history, self._energy):
                kept[self._newest :] = kept[: PARTITIONS - 1]
        self._newest -= 1
        spectrum = np.fft.rfft(np.concatenate([self._before, far]))
        self._before = far
        self._history[self._newest] = spectrum
        self._energy[self._newest] = spectrum.real**2 + spectrum.imag**2
        window = slice(self._newest, self._newest + PARTITIONS)
        return self._history[window], self._energy[window]

    def _learn(self, error: Floats, history: Spectra, energy: Floats) -> None:
        spectrum = np.fft.rfft(np.concatenate([np.zeros(BLOCK, np.float32), error]))
        power = spectrum.real**2 + spectrum.imag**2
        self._noise += (1 - NOISE_MEMORY) * (power - self._noise)
        explained = self._doubt * energy
        gain = self._doubt / (explained.sum(axis=0) + 2 * self._noise + 1e-10)
        self._weights += gain * history.conj() * spectrum
        self._constrain()
        self._doubt *= 1 - 0.5 * gain * energy
        self._age(1)

    def _age(self, blocks: int) -> None:
        """What was known so many blocks ago is known less well now."""
        squared = self._weights.real**2 + self._weights.imag**2
        kept = TRANSITION ** (2 * blocks)
        self._doubt = kept * self._doubt + (1 - kept) * squared

    def _constrain(self) -> None:
        """A quarter of the partitions at a time is made causal and no longer than a block."""
        mine = slice(self._turn, None, 4)
        taps = np.fft.irfft(self._weights[mine], axis=1)
        taps[:, BLOCK:] = 0.0
        self._weights[mine] = np.fft.rfft(taps, axis=1)
        self._turn = (self._turn + 1) % 4


def _moved(kept: NDArray[Any], blocks: int, new: float) -> NDArray[Any]:
    moved = np.full_like(kept, new)
    moved[:-blocks] = kept[blocks:]
    return moved
