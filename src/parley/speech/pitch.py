"""Level, pitch and spectrum of a voice, every 10 ms.

Pitch is the autocorrelation method of Boersma (1993, "Accurate short-term analysis of the
fundamental frequency and the harmonics-to-noise ratio of a sampled sound"): the windowed
signal's autocorrelation, divided by the window's own, peaks at the period. A second look
keeps to the speaker's own range, as Hirst (2011, "The analysis by synthesis of speech
melody") does it, so that an octave is seldom mistaken.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from parley.audio.formats import INBOUND
from parley.audio.framing import samples_of

Floats = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]

RATE = 8_000
"""What a telephone carries is enough, and half the work."""

HOP = 80
HOP_S = HOP / RATE
WINDOW = 320
FFT = 512

LOWEST_HZ, HIGHEST_HZ = 60, 400
VOICED = 0.5
"""The least normalised autocorrelation of a voiced frame: 0.45 in Praat, which then looks for
a path; a hum below 0.5 is as often noise."""

RANGE_DB = 30.0
"""A frame so far below the loudest one is not voiced."""

OCTAVE_COST = 0.02
"""How much more the double of a period must agree than the period itself."""

BELOW, ABOVE = 0.6, 1.7
"""The second look is at so much of the median: nine semitones, less than an octave."""

PITCH_HZ = 1_000
"""Above this harmonics count less and less: they fall between the lags that can be looked at."""

BANDS = 24
"""Mel bands from 100 Hz to 3.8 kHz."""

_LEAST = 1e-10
_LAGS = np.arange(RATE // HIGHEST_HZ, RATE // LOWEST_HZ + 1)
_TAPS = 31


@dataclass(frozen=True, slots=True)
class Frames:
    """`level`: dBFS `[n]`; `voiced`: whether it has a period `[n]`; `pitch`: Hz, NaN where there
    is none in the speaker's range `[n]`; `bands`: logarithms of energy `[n, 24]`."""

    level: Floats
    voiced: Truths
    pitch: Floats
    bands: Floats


def frames_of(pcm: bytes) -> Frames:
    """Look at `parley.audio.formats.INBOUND`, 40 ms at a time.

    Raises AudioError when `pcm` ends within a sample.
    """
    samples = samples_of(pcm).astype(np.float32) / np.float32(32768)
    samples = np.pad(samples, (0, max(0, 2 * WINDOW - len(samples))))
    halved = np.convolve(samples, _low_pass(), "same")[:: INBOUND.sample_rate // RATE]
    cut = np.lib.stride_tricks.sliding_window_view(halved, WINDOW)[::HOP]
    cut = cut - cut.mean(axis=1, keepdims=True)
    window, own, low, filters = _constants()
    spectrum = np.fft.rfft(cut * window, FFT).astype(np.complex64)
    power = spectrum.real**2 + spectrum.imag**2
    mean_square = np.square(cut * window).sum(axis=1) / np.square(window).sum()
    level = 10 * np.log10(mean_square + _LEAST)
    agreement = np.fft.irfft(power * low, FFT)[:, : _LAGS[-1] + 2].astype(np.float32)
    agreement /= (agreement[:, :1] + _LEAST) * own
    voiced, pitch = _pitch(agreement, level)
    bands = np.log(power @ filters + _LEAST)
    return Frames(level.astype(np.float32), voiced, pitch, bands.astype(np.float32))


def _pitch(agreement: Floats, level: Floats) -> tuple[Truths, Floats]:
    best, hertz = _best(agreement, int(_LAGS[0]), int(_LAGS[-1]))
    voiced = (best >= VOICED) & (level > level.max() - RANGE_DB)
    if not voiced.any():
        return voiced, np.full(len(level), np.nan, np.float32)
    middle = float(np.median(hertz[voiced]))
    lowest, highest = max(BELOW * middle, LOWEST_HZ), min(ABOVE * middle, HIGHEST_HZ)
    best, hertz = _best(agreement, int(RATE / highest), int(RATE / lowest))
    pitch = np.where(voiced & (best >= VOICED), hertz, np.nan)
    return voiced, pitch.astype(np.float32)


def _best(agreement: Floats, first: int, last: int) -> tuple[Floats, Floats]:
    """How well the best period from `first` to `last` samples agrees, and its frequency in Hz."""
    lags = np.arange(first, last + 1)
    inside = agreement[:, first : last + 1]
    peaks = (inside >= agreement[:, first - 1 : last]) & (
        inside >= agreement[:, first + 1 : last + 2]
    )
    worth = np.where(peaks, inside - OCTAVE_COST * np.log2(lags / first), -1.0)
    place = worth.argmax(axis=1)
    rows = np.arange(len(inside))
    left, here, right = (agreement[rows, first + place + n] for n in (-1, 0, 1))
    bend = left - 2 * here + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    found = np.where(worth[rows, place] > -1.0, here, 0.0)
    return found.astype(np.float32), (RATE / (lags[place] + shift.clip(-0.5, 0.5))).astype(
        np.float32
    )


@cache
def _low_pass() -> Floats:
    """Up to 3.6 kHz, the rest well below."""
    n = np.arange(_TAPS) - _TAPS // 2
    taps = np.sinc(n * 0.45) * np.hamming(_TAPS)
    return np.asarray(taps / taps.sum(), np.float32)


@cache
def _constants() -> tuple[Floats, Floats, Floats, Floats]:
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * FFT)) ** 2)[: _LAGS[-1] + 2]
    hertz = np.linspace(0, RATE / 2, FFT // 2 + 1)
    low = 1 / (1 + (hertz / PITCH_HZ) ** 4)
    return window, (own / own[0]).astype(np.float32), low.astype(np.float32), _filters()


def _filters() -> Floats:
    """`[257, 24]`: triangles at equal distances in mel (2595 log10(1 + f / 700))."""
    lowest, highest = (2595 * float(np.log10(1 + hertz / 700)) for hertz in (100, 3800))
    mel = np.linspace(lowest, highest, BANDS + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    bins = np.linspace(0, RATE / 2, FFT // 2 + 1)[:, np.newaxis]
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.asarray(np.maximum(0, np.minimum(rising, falling)), np.float32)
