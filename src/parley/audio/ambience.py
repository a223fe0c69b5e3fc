"""A quiet sound behind the agent's voice: a room, a keyboard, or a recording that is repeated.

What is made here is made of noise from a fixed seed, so that every process has the same.
All levels are the RMS of the whole loop, in dB of a full-scale square wave.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parley.audio.files import read_recording
from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.framing import samples_of
from parley.audio.mixing import LOUDEST, ratio
from parley.audio.resampling import OFFLINE, StreamResampler
from parley.errors import AudioError

Sound = NDArray[np.float64]

OFFICE, TYPING = "office", "typing"

FADE_S = 0.2
"""How long it takes to come and to go."""

LOOP_S = 24.0
"""The length of a sound that is made here."""

ROOM_HZ = 300.0
"""Above this the noise of a room falls by 6 dB an octave."""

CLICK_S, CLICK_HZ = 0.012, 2600.0
"""A key: how long it sounds, and how high."""

CLICK_DB = 24.0
"""How far a key's peak is above the RMS of the room."""

SEED = 1

_RATE = OUTBOUND.sample_rate


@dataclass(frozen=True, slots=True)
class Background:
    """What is heard, and when: all the time, or `working_only`, while a tool runs.

    `loop` are samples of `OUTBOUND`, not rounded.
    """

    loop: Sound
    working_only: bool = False


def background(sound: str, level_db: float) -> Background:
    """The background of that name, or the recording in a file.

    Blocks for about 0.1 s, or as long as the file takes. Raises AudioError.
    """
    random = np.random.default_rng(SEED)
    if sound == TYPING:
        return Background(_at_level(_keys(random, every_s=0.6), level_db), working_only=True)
    if sound == OFFICE:
        room = _room(random)
        keys = _keys(random, every_s=3.5) * ratio(CLICK_DB) * np.sqrt(np.mean(room**2))
        return Background(_at_level(room + keys, level_db))
    return Background(_at_level(_recording(Path(sound)), level_db))


def _at_level(sound: Sound, level_db: float) -> Sound:
    rms = float(np.sqrt(np.mean(sound**2)))
    return sound * (LOUDEST * ratio(level_db) / rms)


def _room(random: np.random.Generator) -> Sound:
    """Noise that is repeated without a seam: it is made of whole periods of the loop."""
    count = round(LOOP_S * _RATE)
    hertz = np.fft.rfftfreq(count, 1.0 / _RATE)
    weights = 1.0 / np.sqrt(1.0 + (hertz / ROOM_HZ) ** 2)
    weights[hertz < 40.0] = 0.0
    phases = random.uniform(0.0, 2.0 * np.pi, hertz.size)
    noise: Sound = np.fft.irfft(weights * np.exp(1j * phases), count)
    return noise


def _keys(random: np.random.Generator, *, every_s: float) -> Sound:
    """Bursts of keystrokes, their peaks near 1, with pauses of `every_s` on average."""
    count = round(LOOP_S * _RATE)
    out = np.zeros(count)
    at = 0.3
    while at < LOOP_S - 3.0:
        for _ in range(int(random.integers(4, 11))):
            click = _click(random)
            start = round(at * _RATE)
            out[start : start + click.size] += click
            at += float(random.uniform(0.09, 0.24))
        at += float(random.uniform(0.5, 1.5)) * every_s
    return out


def _click(random: np.random.Generator) -> Sound:
    """One key: a short burst around `CLICK_HZ` that decays."""
    times = np.arange(round(CLICK_S * _RATE)) / _RATE
    tone = np.sin(2 * np.pi * CLICK_HZ * float(random.uniform(0.7, 1.4)) * times)
    burst = (0.5 * tone + 0.5 * random.uniform(-1.0, 1.0, times.size)) * np.exp(-times / 0.0025)
    return burst * float(random.uniform(0.4, 1.0))


def _recording(path: Path) -> Sound:
    """A file's sound, whose end is faded into its beginning."""
    resampler = StreamResampler(INBOUND.sample_rate, _RATE, OFFLINE)
    pcm = resampler.push(read_recording(path).pcm) + resampler.flush()
    sound = samples_of(pcm).astype(np.float64)
    fade = round(FADE_S * _RATE)
    if sound.size < 4 * fade or not sound.any():
        raise AudioError(
            f"{path} is no background: it is silent, or shorter than {4 * FADE_S:g} s",
            remedy="Name a recording of some seconds.",
        )
    ramp = np.linspace(0.0, 1.0, fade)
    sound[:fade] = np.sqrt(ramp) * sound[:fade] + np.sqrt(1.0 - ramp) * sound[-fade:]
    return sound[:-fade]


class Bed:
    """A background as one call hears it: where in the loop it is, and how far it has come.

    It begins silent, and silent it stays until `wanted`.
    """

    def __init__(self, background: Background) -> None:
        self.wanted = False
        self._loop = background.loop
        self._at = 0
        self._gain = 0.0

    @property
    def silent(self) -> bool:
        """Whether nothing of it is heard, now or next."""
        return not self.wanted and self._gain == 0.0

    def next(self, samples: int) -> Sound:
        """What comes next; it comes and goes within `FADE_S`."""
        places = (self._at + np.arange(samples)) % self._loop.size
        self._at = (self._at + samples) % self._loop.size
        step = (1.0 if self.wanted else -1.0) / (FADE_S * _RATE)
        gains = np.clip(self._gain + step * np.arange(1, samples + 1), 0.0, 1.0)
        if samples:
            self._gain = float(gains[-1])
        found: Sound = self._loop[places] * gains
        return found
