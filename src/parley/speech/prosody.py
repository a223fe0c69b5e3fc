"""How something was said: loudness, pitch, rate, hesitation. Numbers, never an opinion.

What is too short to be measured is None, not a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parley.speech.pitch import HOP_S, Floats, Frames, Truths, frames_of

ACTIVE_DB = 20.0
"""Sound so far below the loudest part of a burst is none of the voice."""

LEAST_VOICE_S = 0.3
"""Less voice has no level or pitch of its own: a short answer has about 0.3 s."""

LEAST_VOICED = 0.4
"""A whisper has no pitch: what seems voiced in it is chance, three tenths of it at most; in
speech it is seven tenths and more."""

LEAST_FOR_RATE_S = 1.0
"""In less speech than this one syllable more or less changes the rate by a fifth."""

DIP_DB = 2.0
FLOOR_DB = 25.0
"""A syllable is a voiced peak of loudness, after a dip of so many dB, and no further than so
below the loudest one (de Jong and Wempe 2009, "Praat script to detect syllable nuclei")."""

STEADY_S = 0.25
STEADY_ST = 0.5
STEADY_BANDS = 0.5
"""A filled pause ("uh") holds its pitch, within half a semitone, and its spectrum for so long
(Goto, Itou and Hayamizu 1999, "A real-time filled pause detection system")."""

_STEP = 5
"""Frames (50 ms) over which a change of pitch or spectrum is measured, and a spectrum is the
mean: of one frame it flutters."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What was measured in a stretch of voice from `start` to `end`, in seconds."""

    start: float
    end: float
    frames: Frames
    syllables: int
    steady_s: float


@dataclass(frozen=True, slots=True)
class Prosody:
    """How a turn was said.

    `voice_s`: seconds of active sound. `level`: dBFS of it. `pitch`: the median in Hz. `rate`:
    syllables a second of speech, pauses left out. `pauses`: their share of the turn, 0 to 1.
    `filled`: the share of drawn-out, steady sound.
    """

    voice_s: float
    level: float | None
    pitch: float | None
    rate: float | None
    pauses: float
    filled: float


def burst(pcm: bytes, start: float, end: float) -> Burst:
    """Measure one stretch of voice: `parley.audio.formats.INBOUND`, from its first sample to
    its last. Takes about 3 ms of CPU a second. Raises AudioError as `samples_of`."""
    frames = frames_of(pcm)
    return Burst(start, end, frames, syllables(frames), steady_s(frames))


def prosody(bursts: Sequence[Burst]) -> Prosody:
    """What the bursts of one turn, in order and at least one, make together."""
    level, pitch, active = joined(bursts)
    voice_s = float(active.sum()) * HOP_S
    tones = pitch[~np.isnan(pitch)]
    loud = 10 ** (level[active].astype(np.float64) / 10)
    heard = voice_s >= LEAST_VOICE_S
    toned = heard and len(tones) >= LEAST_VOICED * active.sum()
    spoken, whole = sum(b.end - b.start for b in bursts), bursts[-1].end - bursts[0].start
    counted = sum(b.syllables for b in bursts)
    return Prosody(
        voice_s,
        level=float(10 * np.log10(loud.mean())) if heard else None,
        pitch=float(np.median(tones)) if toned else None,
        rate=counted / spoken if spoken >= LEAST_FOR_RATE_S and counted else None,
        pauses=max(0.0, 1.0 - spoken / whole) if whole > 0 else 0.0,
        filled=sum(b.steady_s for b in bursts) / whole if whole > 0 else 0.0,
    )


def joined(bursts: Sequence[Burst]) -> tuple[Floats, Floats, Truths]:
    """The level and the pitch of all frames, and which of them are active sound."""
    level = np.concatenate([b.frames.level for b in bursts])
    pitch = np.concatenate([b.frames.pitch for b in bursts])
    return level, pitch, level > np.percentile(level, 95) - ACTIVE_DB


def syllables(frames: Frames) -> int:
    """How many syllables there are, by their nuclei."""
    level = np.convolve(np.pad(frames.level, 2, mode="edge"), np.full(5, 0.2), "valid")
    rising = np.diff(level, prepend=-np.inf) > 0
    falling = np.diff(level, append=-np.inf) <= 0
    floor = np.percentile(level, 99) - FLOOR_DB
    count, last = 0, None
    for peak in np.flatnonzero(rising & falling & (level > floor)):
        if last is None or min(level[last], level[peak]) - level[last:peak].min() >= DIP_DB:
            count += bool(frames.voiced[peak])
            last = peak
        elif level[peak] > level[last]:
            last = peak
    return count


def steady_s(frames: Frames) -> float:
    """Seconds of sound that holds its pitch and its spectrum for long."""
    if len(frames.level) <= _STEP:
        return 0.0
    tone = 12 * np.log2(frames.pitch)
    moved = np.abs(tone[_STEP:] - tone[:-_STEP])
    total = np.pad(
        frames.bands - frames.bands.mean(axis=1, keepdims=True), ((3, 2), (0, 0)), "edge"
    )
    total = np.cumsum(total, axis=0, dtype=np.float64)
    shape = (total[_STEP:] - total[:-_STEP]) / _STEP
    bent = np.sqrt(np.square(shape[_STEP:] - shape[:-_STEP]).mean(axis=1))
    held = (np.nan_to_num(moved, nan=np.inf) < STEADY_ST) & (bent < STEADY_BANDS)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], held, [False]))))
    runs = (edges[1::2] - edges[::2] + _STEP) * HOP_S
    return float(runs[runs >= STEADY_S].sum())
