"""Whole frames out of bursts, and whole samples out of bytes."""

import numpy as np
from numpy.typing import NDArray

from parley.errors import AudioError


def samples_of(pcm: bytes) -> NDArray[np.int16]:
    """View PCM16 as an array of samples, without a copy.

    Raises AudioError when the last sample is cut in half.
    """
    if len(pcm) % 2:
        raise AudioError(
            f"{len(pcm)} bytes are not a whole number of PCM16 samples",
            remedy="Send two bytes a sample, little-endian, and never half a sample.",
        )
    return np.frombuffer(pcm, "<i2")


class Framer:
    """Cuts a byte stream that comes in bursts into frames of one size.

    `silence` is the byte that fills the last frame up: 0 for PCM16, 0xFF for µ-law,
    0xD5 for A-law. Never holds more than one frame.
    """

    def __init__(self, frame_bytes: int, silence: int = 0) -> None:
        if frame_bytes < 1:
            raise AudioError(f"a frame of {frame_bytes} bytes is not possible")
        self._size = frame_bytes
        self._silence = bytes([silence])
        self._rest = b""

    def push(self, data: bytes) -> list[bytes]:
        """Take `data` and return the frames that it completes, in order."""
        if self._rest:
            data = self._rest + data
        whole = len(data) - len(data) % self._size
        self._rest = data[whole:]
        return [data[at : at + self._size] for at in range(0, whole, self._size)]

    def flush(self, pad: bool = True) -> list[bytes]:
        """Return the unfinished frame, filled up with silence if `pad`, and start anew."""
        rest, self._rest = self._rest, b""
        if not rest:
            return []
        return [rest.ljust(self._size, self._silence) if pad else rest]
