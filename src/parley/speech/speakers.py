"""Whether a voice is the one that the call began with: weak evidence, never an identity.

A voice is the mean and the covariance of its cepstra, and its pitch; two are compared by the
Mahalanobis distance of their means (Furui 1981, "Cepstral analysis technique for automatic speaker
verification", uses long-term cepstra so). Nothing is trained but two round numbers that make a
probability of the distance, and nothing outlives the call. With 3 s of speech on either side the
equal error rate is 6 %, and 12 % across recordings (bench/voicefacts.py: 45 speakers, but only 32
and 16 pairs of one speaker; it may be three times as much, and the measure was chosen on them).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from parley.speech.pitch import BANDS, HOP_S, Floats
from parley.speech.prosody import Burst, joined

CEPSTRA = 19

PIECE_S = 2.0
"""Voices are compared in pieces of so much active voice, which is about 3 s of speech: distances
shrink with the length. Less, on either side, is not compared."""

MOST_PIECES = 5
"""So many pieces of the beginning of a call are what later turns are compared with."""

EVEN, SLOPE = 0.5, 4.0
"""The distance at which both are equally probable, and how fast that changes: near what the
halves of those speakers give."""

LEAST_ST = 2.0
"""The least spread of a pitch, in semitones, that is believed."""

_LEAST = 1e-6


def voice(bursts: Sequence[Burst]) -> Floats:
    """What tells speakers apart, of the active frames: `[frames, 20]`.

    The cepstra without the first, which is loudness; and the pitch in semitones, or NaN.
    """
    _, pitch, active = joined(bursts)
    bands = np.concatenate([b.frames.bands for b in bursts])
    tones = 12 * np.log2(pitch[active, np.newaxis])
    return np.asarray(np.hstack((bands[active] @ _cosines(), tones)), np.float32)


def same_speaker(first: Floats, now: Floats) -> float | None:
    """The probability, 0 to 1, that two stretches of `voice` are one, were one as likely as
    the other beforehand. None where there is too little of either."""
    pairs = [distance(a, b) for a in pieces(first) for b in pieces(now)]
    if not pairs:
        return None
    middle = float(np.exp(np.log(np.maximum(pairs, _LEAST)).mean()))
    return float(1 / (1 + (middle / EVEN) ** SLOPE))


def pieces(voice: Floats) -> list[Floats]:
    """The whole pieces in it, up to as many as are compared."""
    size = round(PIECE_S / HOP_S)
    return [voice[n * size :][:size] for n in range(min(MOST_PIECES, len(voice) // size))]


def distance(one: Floats, other: Floats) -> float:
    """Squared, of the means, by the mean of the covariances, for each cepstrum."""
    a, b = (v[:, :CEPSTRA].astype(np.float64) for v in (one, other))
    apart, spread = a.mean(axis=0) - b.mean(axis=0), (np.cov(a.T) + np.cov(b.T)) / 2
    timbre = apart @ np.linalg.solve(spread + 1e-3 * np.eye(CEPSTRA), apart)
    return float(timbre + _pitch_distance(one[:, CEPSTRA], other[:, CEPSTRA])) / CEPSTRA


def _pitch_distance(one: Floats, other: Floats) -> float:
    """The same of the pitch, where both have one."""
    tones = [t[~np.isnan(t)] for t in (one, other)]
    if min(map(len, tones)) * HOP_S < PIECE_S / 10:
        return 0.0
    apart = float(np.median(tones[0]) - np.median(tones[1]))
    return apart**2 / max(LEAST_ST**2, float(np.var(tones[0]) + np.var(tones[1])) / 2)


@cache
def _cosines() -> Floats:
    """`[24, 19]`: the discrete cosine transform without its first row."""
    angle = np.outer(np.arange(BANDS) + 0.5, np.arange(1, CEPSTRA + 1)) * np.pi / BANDS
    return np.asarray(np.cos(angle) * np.sqrt(2 / BANDS), np.float32)
