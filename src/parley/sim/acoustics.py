"""What lies between a mouth and Parley: noise, other voices, a telephone line, a room.

Audio is int16 at 16 kHz (`parley.audio.formats.INBOUND`). What would exceed full scale is
clipped, as a converter does. Everything random comes from a seed.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from parley.audio import g711
from parley.audio.formats import INBOUND
from parley.audio.resampling import resample

Audio = npt.NDArray[np.int16]
Signal = npt.NDArray[np.float64]

FULL_SCALE = 32768.0
MARGIN_DB = 15.9
"""What is further below the active level is no speech: the margin of ITU-T P.56, method B."""

FRAME = 320
"""Samples (20 ms) whose level is taken at a time."""

TELEPHONE_HZ = (300.0, 3400.0)
TELEPHONE_RATE = 8000
_TAPS = 257


def active_level_dbfs(audio: npt.NDArray[np.generic]) -> float:
    """The level of the speech in a recording without its pauses; 0 is a full-scale square wave.

    As in ITU-T P.56, it is the level of those parts that lie within a margin below it: here of
    20 ms each, where the standard has a smoothed envelope. -200 for silence.
    """
    power = _frame_power(audio)
    level = power.mean() if len(power) else 0.0
    while level > 0.0:
        active = power[power >= level * 10 ** (-MARGIN_DB / 10)].mean()
        if active <= level * 1.000001:
            break
        level = active
    return max(-200.0, 10 * float(np.log10(level + 1e-20)))


def _frame_power(audio: npt.NDArray[np.generic]) -> Signal:
    signal = np.asarray(audio, np.float64) / FULL_SCALE
    whole = signal[: len(signal) // FRAME * FRAME].reshape(-1, FRAME)
    power: Signal = (whole**2).mean(axis=1)
    return power


def at_level(audio: npt.NDArray[np.generic], dbfs: float) -> Audio:
    """The same at another active level."""
    gain = 10 ** ((dbfs - active_level_dbfs(audio)) / 20)
    return to_samples(np.asarray(audio, np.float64) * gain)


def add_noise(
    speech: Audio, noise: Audio, snr_db: float, *, level_dbfs: float | None = None, seed: int = 0
) -> Audio:
    """Speech with noise so far below it, the noise repeated from a place of its own choosing.

    The speech's level is its active one, or what is given; the noise's is its mean power over
    the stretch that is used.
    """
    level = active_level_dbfs(speech) if level_dbfs is None else level_dbfs
    bed = stretch(noise, len(speech), seed)
    power = (bed**2).mean() / FULL_SCALE**2
    gain = 10 ** ((level - snr_db) / 20) / np.sqrt(power + 1e-20)
    return to_samples(speech + gain * bed)


def stretch(audio: Audio, samples: int, seed: int) -> Signal:
    """So many samples of a recording, from a random place on, over and over."""
    begin = int(np.random.default_rng(seed).integers(len(audio)))
    return np.resize(np.roll(audio, -begin), samples).astype(np.float64)


def babble(voices: Sequence[Audio], samples: int, seed: int = 0) -> Audio:
    """All voices at once, each equally loud and begun at a random place: -26 dBFS together."""
    level = -26.0 - 10 * np.log10(len(voices))
    mixed = np.zeros(samples)
    for number, voice in enumerate(voices):
        mixed += stretch(at_level(voice, level), samples, seed * 1000 + number)
    return to_samples(mixed)


def telephone(audio: Audio, law: g711.Law = "mulaw") -> Audio:
    """By an ordinary telephone line: 300 to 3400 Hz, 8 kHz, G.711."""
    rate = INBOUND.sample_rate
    narrow = np.frombuffer(resample(audio.astype("<i2").tobytes(), rate, TELEPHONE_RATE), "<i2")
    line = to_samples(np.convolve(narrow, _band(), "same"))
    coded = g711.decode(g711.encode(line.astype("<i2").tobytes(), law), law)
    return np.resize(np.frombuffer(resample(coded, TELEPHONE_RATE, rate), "<i2"), len(audio))


@cache
def _band() -> Signal:
    """A linear-phase band-pass for the line: windowed sinc, -6 dB at the edges."""
    times = np.arange(_TAPS) - _TAPS // 2
    low, high = (2 * hertz / TELEPHONE_RATE for hertz in TELEPHONE_HZ)
    taps: Signal = high * np.sinc(high * times) - low * np.sinc(low * times)
    return taps * np.hamming(_TAPS)


def reverberate(audio: Audio, impulse: npt.NDArray[np.generic]) -> Audio:
    """As a room with this impulse response has it, as long and as loud as it was.

    The direct sound (the response's peak) stays where it is in time.
    """
    response = np.asarray(impulse, np.float64)
    response = response[int(np.abs(response).argmax()) :]
    size = len(audio) + len(response) - 1
    points = 1 << (size - 1).bit_length()
    spectrum = np.fft.rfft(audio.astype(np.float64), points) * np.fft.rfft(response, points)
    wet = np.fft.irfft(spectrum, points)[: len(audio)]
    return at_level(wet, active_level_dbfs(audio))


def room_tone(seconds: float, dbfs: float = -72.0, seed: int = 0) -> Audio:
    """The faint noise of a line on which nobody speaks."""
    samples = round(seconds * INBOUND.sample_rate)
    noise = np.random.default_rng(seed).normal(0, FULL_SCALE * 10 ** (dbfs / 20), samples)
    return to_samples(noise)


def to_samples(signal: npt.NDArray[np.floating]) -> Audio:
    """Rounded, and clipped to full scale."""
    return np.clip(np.round(signal), -32768, 32767).astype(np.int16)
