"""Level, fades and sums of mono PCM16."""

import numpy as np
from numpy.typing import NDArray

from parley.audio.framing import samples_of

LOUDEST = 32767


def ratio(level_db: float) -> float:
    """What an amplitude is multiplied with for so many decibels."""
    return float(10.0 ** (level_db / 20.0))


def amplified(pcm: bytes, level_db: float) -> bytes:
    """The same sound, louder or (below 0) softer; what is too loud is clipped."""
    return _pcm(samples_of(pcm).astype(np.float64) * ratio(level_db))


def faded_out(pcm: bytes, samples: int) -> bytes:
    """The same sound, which falls to silence in a straight line over its last `samples`."""
    values = samples_of(pcm).astype(np.float64)
    count = min(samples, values.size)
    if count:
        values[-count:] *= np.arange(count, 0, -1) / (count + 1)
    return _pcm(values)


def mixed(pcm: bytes, more: NDArray[np.float64]) -> bytes:
    """The sum of a sound and of as many samples more; what is too loud is clipped."""
    return _pcm(samples_of(pcm) + more)


def _pcm(values: NDArray[np.float64]) -> bytes:
    return np.clip(np.rint(values), -LOUDEST - 1, LOUDEST).astype("<i2").tobytes()
