"""Voices made of harmonics: their pitch, level, rate and timbre are known."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RATE = 16_000
AH: tuple[float, ...] = (700, 1200, 2500)
EE: tuple[float, ...] = (300, 2300, 3000)

Sound = npt.NDArray[np.float64]


def vowel(
    hertz: float, seconds: float, *, level: float = -20.0, formants: Sequence[float] = AH,
    vibrato: float = 0.0,
) -> Sound:  # fmt: skip
    """A voice of a pitch, at a level in dBFS; `vibrato` in semitones, three times a second."""
    t = np.arange(round(seconds * RATE)) / RATE
    pitch = hertz * 2 ** (vibrato / 12 * np.sin(2 * np.pi * 3 * t))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(t))
    for n in range(1, int(3800 / hertz)):
        strength = sum(1 / (1 + ((n * hertz - f) / 100) ** 2) for f in formants)
        sound += strength / n**0.5 * np.cos(n * phase)
    return at_level(sound, level)


def at_level(sound: Sound, dbfs: float) -> Sound:
    return np.asarray(sound * 10 ** (dbfs / 20) / np.sqrt(np.square(sound).mean()))


def spoken(count: int, per_s: float, *, hertz: float = 120.0, level: float = -20.0) -> Sound:
    """So many syllables: vowels that take turns, each rising from and falling to 20 dB below."""
    length = 1 / per_s
    edge = np.sin(np.linspace(0, np.pi, round(length * RATE))) * 0.9 + 0.1
    return np.concatenate(
        [
            vowel(hertz * (1.05 if n % 2 else 0.97), length, level=level,
                  formants=EE if n % 2 else AH)[: len(edge)] * edge
            for n in range(count)
        ]
    )  # fmt: skip


def hiss(seconds: float, *, level: float = -20.0, seed: int = 7) -> Sound:
    """Noise: no voice at all."""
    return at_level(np.random.default_rng(seed).normal(size=round(seconds * RATE)), level)


def pcm(*sounds: Sound) -> bytes:
    """PCM16 of sounds, one after the other."""
    whole = np.concatenate(sounds) * 32768
    return whole.clip(-32768, 32767).astype("<i2").tobytes()
