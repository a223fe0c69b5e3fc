"""A voice that speaks in tones of exactly known length."""

import math
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from parley.audio.formats import OUTBOUND, AudioFormat
from parley.errors import ConfigurationError
from parley.providers.protocols import SpokenWord, TtsCapabilities, TtsChunk, TtsRequest
from parley.providers.scripted.script import Fail, Garbage, Scripted, Stall

TtsStep = Fail | Stall | Garbage


class ScriptedTts(Scripted):
    """Speaks every text as a tone of `seconds_per_char` for each character.

    The first chunk of `chunk_s` comes after `first_byte_s`; the others as fast as a
    voice gives that is `realtime_factor` times faster than speech. With `word_times` the
    chunks carry exact words. `steps` says what happens to the n-th request, from 0;
    `texts`, where given, are the texts that will be asked for, in order.
    """

    def __init__(
        self,
        steps: Mapping[int, TtsStep] | None = None,
        *,
        texts: Sequence[str] | None = None,
        seconds_per_char: float = 0.06,
        first_byte_s: float = 0.0,
        realtime_factor: float = math.inf,
        chunk_s: float = 0.1,
        word_times: bool = False,
        format: AudioFormat = OUTBOUND,  # noqa: A002
        pitch_hz: float = 240.0,
        name: str = "scripted",
    ) -> None:
        super().__init__(name)
        if format.encoding != "pcm_s16le":
            raise ConfigurationError("the scripted voice speaks PCM only")
        self.capabilities = TtsCapabilities(format, word_times)
        self.requests: list[TtsRequest] = []
        self._steps = dict(steps or {})
        self._texts = texts
        self._seconds_per_char = seconds_per_char
        self._first_byte_s = first_byte_s
        self._realtime_factor = realtime_factor
        self._chunk_s = chunk_s
        self._cycle = _cycle(round(format.sample_rate / pitch_hz))

    def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        """Speak one text."""
        return self.perform(self._plan(request))

    def samples_of(self, request: TtsRequest, chars: int | None = None) -> int:
        """How many samples the first `chars` characters (or all) take."""
        chars = len(request.text) if chars is None else chars
        seconds = chars * self._seconds_per_char / request.speed
        return round(seconds * self.capabilities.format.sample_rate)

    def left(self) -> Sequence[object]:
        asked = len(self.requests)
        steps = [step for n, step in self._steps.items() if n >= asked]
        return [*steps, *(self._texts or ())[asked:]]

    def _plan(self, request: TtsRequest) -> Iterator[tuple[float, TtsChunk | Fail | Stall]]:
        n = len(self.requests)
        self.requests.append(request)
        if self._texts is not None and request.text not in self._texts[n : n + 1]:
            raise self.refuse(f"did not expect {request.text!r} as request {n}")
        step = self._steps.get(n)
        if step is None:
            yield from self._tone(request, self.samples_of(request))
            return
        self.check(step.expects, request, request.text)
        if isinstance(step, Garbage):
            yield from ((0.0, part) for part in step.parts)
        else:
            rate = self.capabilities.format.sample_rate
            samples = min(self.samples_of(request), round(step.audio_s * rate))
            yield from self._tone(request, samples)
            yield step.after_s, step

    def _tone(self, request: TtsRequest, samples: int) -> Iterator[tuple[float, TtsChunk]]:
        words = self._words(request) if self.capabilities.word_times else []
        size = max(1, round(self._chunk_s * self.capabilities.format.sample_rate))
        delay_s = self._first_byte_s
        for start in range(0, samples, size):
            end = min(start + size, samples)
            begun = [w for w in words if start <= w.sample_start < end]
            yield delay_s, TtsChunk(self._samples(start, end), begun)
            delay_s = self._chunk_s / self._realtime_factor

    def _samples(self, start: int, end: int) -> bytes:
        period = len(self._cycle) // 2
        offset = start % period
        cycles = (offset + end - start) // period + 1
        return (self._cycle * cycles)[2 * offset : 2 * (offset + end - start)]

    def _words(self, request: TtsRequest) -> list[SpokenWord]:
        spans = [m.span() for m in re.finditer(r"\S+", request.text)]
        return [
            SpokenWord(a, b, self.samples_of(request, a), self.samples_of(request, b))
            for a, b in spans
        ]


def _cycle(period: int) -> bytes:
    """One cycle of a sine wave of `period` samples at a quarter of full scale."""
    values = (round(8192 * math.sin(2 * math.pi * n / period)) for n in range(period))
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)
