"""The shape of audio, carried in its type so that no rate is ever guessed."""

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["pcm_s16le", "mulaw", "alaw"]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Mono audio: `sample_rate` in hertz, and how one sample is encoded."""

    sample_rate: int
    encoding: Encoding = "pcm_s16le"

    @property
    def sample_bytes(self) -> int:
        """Bytes that one sample takes."""
        return 2 if self.encoding == "pcm_s16le" else 1

    def bytes_for(self, seconds: float) -> int:
        """Bytes of the nearest whole number of samples to `seconds`."""
        return round(seconds * self.sample_rate) * self.sample_bytes

    def samples_in(self, data: bytes | bytearray | memoryview) -> int:
        """Whole samples in `data`."""
        return len(data) // self.sample_bytes

    def seconds_in(self, data: bytes | bytearray | memoryview) -> float:
        """Duration of `data`, in seconds."""
        return self.samples_in(data) / self.sample_rate


INBOUND = AudioFormat(16_000)
"""What is heard inside Parley: the rate that recognisers and detectors want."""

OUTBOUND = AudioFormat(24_000)
"""What is spoken inside Parley: the rate that most voices give."""
