"""Changing the sample rate of mono PCM16, live and offline.

Band-limited interpolation with a Kaiser-windowed sinc (J. O. Smith, "Digital Audio
Resampling", ccrma.stanford.edu/~jos/resample). The phase is linear and the filter's
delay is taken out: output sample j stands for the time j / target_rate of the input,
and only becomes available `delay_s` after it. Why this and no library: docs/adr/0001.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, gcd

import numpy as np
from numpy.typing import NDArray

from parley.audio.framing import samples_of
from parley.errors import AudioError


@dataclass(frozen=True, slots=True)
class Quality:
    """How sharp a filter is.

    `reach_s`: seconds of input on each side of an output sample, which is the delay.
    `beta`: shape of the Kaiser window; images and aliases lie about 10 · beta dB down.
    `corner`: the −6 dB point, as a part of the lower rate's Nyquist frequency.
    """

    reach_s: float
    beta: float
    corner: float


LIVE = Quality(reach_s=0.002, beta=8.0, corner=0.96)
OFFLINE = Quality(reach_s=0.008, beta=9.0, corner=0.975)

_RATES = range(1000, 192_001)
_LONGEST_PERIOD = 1000
_LEAST_OUTPUTS = 16
_CHUNK_BYTES = 65536

# Above 262144 multiplications OpenBLAS waits for threads on other cores: where these are
# busy, 4 to 30 ms instead of 0.1.
_MOST_PRODUCTS = 200_000


def is_convertible(source_rate: int, target_rate: int) -> bool:
    """Whether two rates (hertz) have a ratio that StreamResampler can work with.

    That is a ratio of whole numbers up to 1000, as all usual rates have with 8, 16, 24 and
    48 kHz. Rates are from 1 to 192 kHz.
    """
    if source_rate not in _RATES or target_rate not in _RATES:
        return False
    return max(source_rate, target_rate) // gcd(source_rate, target_rate) <= _LONGEST_PERIOD


def resample(pcm: bytes, source_rate: int, target_rate: int) -> bytes:
    """Convert a whole recording at high quality.

    The result has round(samples · target_rate / source_rate) samples.
    Raises AudioError as StreamResampler does.
    """
    stream = StreamResampler(source_rate, target_rate, OFFLINE)
    parts = [stream.push(pcm[at : at + _CHUNK_BYTES]) for at in range(0, len(pcm), _CHUNK_BYTES)]
    return b"".join([*parts, stream.flush()])


class StreamResampler:
    """Converts audio piece by piece.

    How the audio is cut into pieces makes no difference to the result. Equal rates
    pass through untouched and without delay.
    """

    def __init__(self, source_rate: int, target_rate: int, quality: Quality = LIVE) -> None:
        """Rates are in hertz. Raises AudioError unless `is_convertible`."""
        if not is_convertible(source_rate, target_rate):
            raise AudioError(
                f"cannot convert audio from {source_rate} to {target_rate} Hz",
                remedy="Use one of the usual rates, such as 8000, 16000, 24000 or 48000 Hz.",
            )
        self._rates = source_rate, target_rate
        self._same = source_rate == target_rate
        self._kernel = _kernel(source_rate, target_rate, quality)
        self._restart()

    def _restart(self) -> None:
        self._input = np.zeros(self._kernel.reach)  # from the current block's first sample on
        self._given = 0  # outputs of the current block that have been returned
        self._samples_in = 0
        self._samples_out = 0

    @property
    def delay_s(self) -> float:
        """Seconds of input after an output sample's own time that are needed to make it."""
        return 0.0 if self._same else self._kernel.reach / self._rates[0]

    def push(self, pcm: bytes) -> bytes:
        """Take the next audio and return what can be converted by now, perhaps nothing.

        Raises AudioError when `pcm` ends within a sample.
        """
        if self._same:
            return pcm
        samples = samples_of(pcm)
        self._samples_in += len(samples)
        return self._convert(samples)

    def flush(self) -> bytes:
        """Return the end of the audio, as if silence followed, and start anew.

        All in all, round(samples in · target rate / source rate) samples have been returned.
        """
        if self._same:
            return b""
        source_rate, target_rate = self._rates
        missing = round(self._samples_in * target_rate / source_rate) - self._samples_out
        tail = self._convert(np.zeros(self._kernel.reach, np.int16))
        self._restart()
        return tail[: 2 * missing]

    def _convert(self, samples: NDArray[np.int16]) -> bytes:
        kernel = self._kernel
        data = np.concatenate((self._input, samples), dtype=np.float64)
        ready = kernel.ready(len(data))
        if ready == self._given:
            self._input = data
            return b""
        blocks, rest = divmod(ready, kernel.outputs)
        converted = kernel.apply(data, blocks + (rest > 0)).ravel()[self._given : ready]
        self._input = data[blocks * kernel.inputs :]
        self._given = rest
        self._samples_out += len(converted)
        return np.clip(np.rint(converted), -32768, 32767).astype("<i2").tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class _Kernel:
    """Turns `inputs` samples into `outputs`, each time by the same matrix.

    `matrix` has one column an output. Its rows are the block's input samples, from
    `reach` samples before the block to `reach` samples after its last output.
    """

    matrix: NDArray[np.float64]
    inputs: int
    outputs: int
    reach: int

    def ready(self, samples: int) -> int:
        """How many outputs `samples` of input suffice for, with `reach` before them."""
        return max(0, ((samples - 2 * self.reach) * self.outputs - 1) // self.inputs + 1)

    def apply(self, data: NDArray[np.float64], blocks: int) -> NDArray[np.float64]:
        """Convert `blocks` blocks. What the last one lacks counts as silence."""
        width = len(self.matrix)
        lacking = (blocks - 1) * self.inputs + width - len(data)
        if lacking > 0:
            data = np.concatenate((data, np.zeros(lacking)))
        overlapping: NDArray[np.float64] = np.ndarray(
            (blocks, width), data.dtype, data, 0, (self.inputs * data.itemsize, data.itemsize)
        )
        step = max(1, _MOST_PRODUCTS // self.matrix.size)
        rows = [overlapping[at : at + step] for at in range(0, blocks, step)]
        # BLAS does not take rows that overlap in memory.
        return np.concatenate([row.copy() @ self.matrix for row in rows])


@lru_cache(maxsize=16)
def _kernel(source_rate: int, target_rate: int, quality: Quality) -> _Kernel:
    divisor = gcd(source_rate, target_rate)
    times = ceil(_LEAST_OUTPUTS * divisor / target_rate)  # a larger block needs fewer copies
    outputs, inputs = times * target_rate // divisor, times * source_rate // divisor
    reach = ceil(quality.reach_s * source_rate)
    rows = np.arange(inputs + 2 * reach)[:, None]
    distance = rows - reach - np.arange(outputs) * inputs / outputs
    near = np.abs(distance) <= reach
    window = np.i0(quality.beta * np.sqrt(1 - (distance[near] / reach) ** 2))
    corner = quality.corner * min(1, target_rate / source_rate)
    matrix = np.zeros(distance.shape)
    matrix[near] = np.sinc(corner * distance[near]) * window
    return _Kernel(matrix / matrix.sum(axis=0), inputs, outputs, reach)
