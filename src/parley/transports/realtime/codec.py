"""The client's audio formats, converted once to and from the call's own."""

from collections.abc import Iterator
from typing import Literal

from parley.audio import g711
from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat, Encoding
from parley.audio.resampling import StreamResampler

Format = Literal["audio/pcm", "audio/pcmu", "audio/pcma"]

FORMATS: dict[Format, AudioFormat] = {
    "audio/pcm": AudioFormat(24_000),
    "audio/pcmu": AudioFormat(8_000, "mulaw"),
    "audio/pcma": AudioFormat(8_000, "alaw"),
}

PIECE_S = 0.1
"""Long audio is converted piece by piece, so that other calls get their turn."""


class Decoder:
    """What a client sends, as `INBOUND`."""

    def __init__(self, name: Format) -> None:
        self.format = FORMATS[name]
        self._resampler = StreamResampler(self.format.sample_rate, INBOUND.sample_rate)

    def is_whole(self, audio: bytes) -> bool:
        """Whether no sample is cut in half."""
        return len(audio) % self.format.sample_bytes == 0

    def decode(self, audio: bytes) -> Iterator[bytes]:
        """Whole samples in; pieces of at most `PIECE_S` out."""
        size = self.format.bytes_for(PIECE_S)
        for start in range(0, len(audio), size):
            pcm = _expanded(audio[start : start + size], self.format.encoding)
            if converted := self._resampler.push(pcm):
                yield converted


class Encoder:
    """`OUTBOUND` as the client wants it."""

    def __init__(self, name: Format) -> None:
        self.format = FORMATS[name]
        self._resampler = StreamResampler(OUTBOUND.sample_rate, self.format.sample_rate)

    def encode(self, pcm: bytes) -> bytes:
        """The next audio. The end of what is said is held back by the filter's 2 ms."""
        converted = self._resampler.push(pcm)
        law = self.format.encoding
        return converted if law == "pcm_s16le" else g711.encode(converted, law)

    def restart(self) -> None:
        """What comes next does not follow what came before."""
        self._resampler = StreamResampler(OUTBOUND.sample_rate, self.format.sample_rate)


def _expanded(audio: bytes, encoding: Encoding) -> bytes:
    return audio if encoding == "pcm_s16le" else g711.decode(audio, encoding)
