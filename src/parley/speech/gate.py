"""Speech for a recogniser that makes words of noise, and silence in place of the rest."""

from collections import deque

from parley.audio.formats import INBOUND

LEAD_S = 0.4
"""Audio from before the voice was noticed that is passed with it: a detector needs up to
0.1 s, and the first sound of a word may be too soft for it."""

HANGOVER_S = 0.3
"""Audio that is still passed after the detector has said that the voice has stopped."""


class VoiceGate:
    """Holds audio back while no voice is heard. No sample is added or lost: times stay right."""

    def __init__(self) -> None:
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._left: int | None = 0

    def feed(self, pcm: bytes) -> bytes:
        """Take the next audio; return what the recogniser is to hear now, which may be nothing."""
        if self._left is None:
            return pcm
        if self._left > 0:
            self._left -= len(pcm)
            return pcm
        self._held.append(pcm)
        self._held_bytes += len(pcm)
        silence = 0
        while self._held_bytes > INBOUND.bytes_for(LEAD_S):
            silence += len(self._held[0])
            self._held_bytes -= len(self._held.popleft())
        return bytes(silence)

    def open(self) -> bytes:
        """A voice has been noticed; return what was held back."""
        lead = b"".join(self._held)
        self._held.clear()
        self._held_bytes = 0
        self._left = None
        return lead

    def close(self) -> None:
        """The voice has stopped."""
        if self._left is None:
            self._left = INBOUND.bytes_for(HANGOVER_S)
