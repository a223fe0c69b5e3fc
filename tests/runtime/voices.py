"""A voice that can be read, and the ear of a call for which everything loud is a voice."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np

from parley.audio.formats import INBOUND, OUTBOUND
from parley.errors import ProviderError
from parley.providers.protocols import TtsCapabilities, TtsChunk, TtsRequest
from parley.providers.scripted import ScriptedTts
from parley.runtime.closing import closing
from parley.speech.detector import WINDOW, Window

CHAR_S = 0.06
CHAR = round(CHAR_S * OUTBOUND.sample_rate)


class SpellingTts:
    """A scripted voice whose samples spell the text."""

    def __init__(self, scripted: ScriptedTts | None = None) -> None:
        self.scripted = scripted or ScriptedTts(seconds_per_char=CHAR_S, word_times=True)
        self.name = self.scripted.name
        self.capabilities = TtsCapabilities(OUTBOUND, self.scripted.capabilities.word_times)

    @property
    def texts(self) -> list[str]:
        """What it was asked to say, in order."""
        return [request.text for request in self.scripted.requests]

    async def warm(self) -> None:
        await self.scripted.warm()

    async def aclose(self) -> None:
        await self.scripted.aclose()

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        pcm, at = letters(request.text), 0
        async with closing(self.scripted.synthesize(request)) as chunks:
            async for chunk in chunks:
                if not isinstance(chunk, TtsChunk):
                    yield chunk
                    continue
                end = at + len(chunk.pcm)
                yield TtsChunk(pcm[at:end] or chunk.pcm, chunk.words)
                at = end


def tts(**settings: Any) -> SpellingTts:
    """A voice with the settings of `ScriptedTts`."""
    return SpellingTts(ScriptedTts(**{"seconds_per_char": CHAR_S, "word_times": True} | settings))


def letters(text: str) -> bytes:
    """What a `SpellingTts` says."""
    return b"".join(ord(c).to_bytes(2, "big") * CHAR for c in text)


def read(pcm: bytes) -> str:
    """What a `SpellingTts` said; a character counts once half of it was heard."""
    samples = np.frombuffer(pcm, "<u2")
    starts = np.flatnonzero(np.diff(samples, prepend=0))
    counts = np.diff(starts, append=len(samples))
    # The letter is in the high byte of a little-endian sample.
    runs = zip((samples[starts] >> 8).tolist(), counts.tolist(), strict=True)
    return "".join(chr(letter) * round(count / CHAR) for letter, count in runs if letter)


# The caller's voice


class LevelVad:
    """Stands in for `SharedVad`: what is not digital silence, or `noise`, is a voice.

    `noise` is a sample. `fail_after_s` lets every stream fail once when so much audio was
    pushed to it.
    """

    def __init__(self, fail_after_s: float | None = None, noise: bytes = b"\0\0") -> None:
        self.open_streams = 0
        self.opened = 0
        self.fail_after_s = fail_after_s
        self.noise = noise

    def open(
        self, on_window: Callable[[Window], object], on_failure: Callable[[ProviderError], object]
    ) -> "LevelStream":
        self.open_streams += 1
        self.opened += 1
        return LevelStream(self, on_window, on_failure)


_QUARTER = 2 * WINDOW // 4
_QUIET = bytes(_QUARTER)
_SILENCE = bytes(2 * WINDOW)


class LevelStream:
    """One call's audio."""

    def __init__(self, vad: LevelVad, on_window: Any, on_failure: Any) -> None:
        self._vad = vad
        self._on_window = on_window
        self._on_failure = on_failure
        self._buffer = bytearray()
        self._samples = 0
        self._open = True

    def push(self, pcm: bytes) -> None:
        self._buffer += pcm
        while self._open and len(self._buffer) >= 2 * WINDOW:
            window = bytes(self._buffer[: 2 * WINDOW])
            del self._buffer[: 2 * WINDOW]
            self._samples += WINDOW
            window = window.replace(self._vad.noise, b"\0\0")
            self._on_window(_window(window, self._samples))
        limit = self._vad.fail_after_s
        if limit is not None and self._open and self._samples >= limit * INBOUND.sample_rate:
            self._vad.fail_after_s = None
            self.close()
            self._on_failure(ProviderError("level", "broke down"))

    def close(self) -> None:
        if self._open:
            self._open = False
            self._vad.open_streams -= 1


def _window(pcm: bytes, end: int) -> Window:
    if pcm == _SILENCE:
        return Window(0.01, -90.0, end)
    quarters = (pcm[n : n + _QUARTER] for n in range(0, len(pcm), _QUARTER))
    levels = tuple(-90.0 if quarter == _QUIET else -20.0 for quarter in quarters)
    gap = end // WINDOW % 8 == 0  # a voice that never had one would be a background
    return Window(0.99, -45.0 if gap else -20.0, end, levels)
