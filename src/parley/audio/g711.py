"""G.711, the telephone's µ-law and A-law, by look-up tables.

ITU-T Recommendation G.711 (11/1988), tables 1 (A-law) and 2 (µ-law). The standard
counts in 13-bit (A-law) and 14-bit (µ-law) samples; here these are the upper bits
of PCM16, so that full scale stays full scale. Both signs are treated alike, and
zero is positive.
"""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parley.audio.framing import samples_of

Law = Literal["mulaw", "alaw"]

SILENCE: dict[Law, int] = {"mulaw": 0xFF, "alaw": 0xD5}
"""The code of the smallest positive sample."""


def decode(data: bytes, law: Law) -> bytes:
    """Expand one byte a sample to PCM16."""
    return _expansion(law)[np.frombuffer(data, np.uint8)].tobytes()


def encode(pcm: bytes, law: Law) -> bytes:
    """Compress PCM16 to one byte a sample.

    Raises AudioError when `pcm` ends within a sample.
    """
    return _compression(law)[samples_of(pcm).view(np.uint16)].tobytes()


@cache
def _expansion(law: Law) -> NDArray[np.int16]:
    """The PCM16 value of each of the 256 codes."""
    outputs, _ = _levels(law)
    table = np.empty(256, "<i2")
    positive = SILENCE[law] ^ np.arange(128)
    table[positive] = outputs
    table[positive ^ 0x80] = -outputs
    return table


@cache
def _compression(law: Law) -> NDArray[np.uint8]:
    """The code of each PCM16 sample, indexed by its 16 bits as an unsigned number."""
    samples = np.arange(65536, dtype="<u2").view("<i2").astype(np.int32)
    _, decisions = _levels(law)
    level = np.searchsorted(decisions, np.abs(samples), side="right") - 1
    return (SILENCE[law] ^ level ^ np.where(samples < 0, 0x80, 0)).astype(np.uint8)


def _levels(law: Law) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The 128 positive output values, and the lowest magnitude that gives each, as PCM16.

    Eight segments of 16 levels; the step doubles from one segment to the next, save
    between the A-law's first two.
    """
    segment, step = np.divmod(np.arange(128, dtype=np.int64), 16)
    if law == "mulaw":
        scale, half_step = 4, 1 << segment
        decisions = (step + 16) * 2 * half_step - 33
    else:
        scale, half_step = 8, 1 << np.maximum(segment - 1, 0)
        decisions = np.where(segment > 0, step + 16, step) * 2 * half_step
    return (decisions + half_step) * scale, np.maximum(decisions, 0) * scale
