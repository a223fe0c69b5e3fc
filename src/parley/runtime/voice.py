"""A voice as calls use it: one format, and the phrases that need no engine any more."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from parley.audio.formats import OUTBOUND
from parley.audio.ledger import WordTime, assumed_duration
from parley.audio.resampling import StreamResampler
from parley.errors import ProviderError, ProviderProtocolError
from parley.providers.protocols import SpokenWord, TextToSpeech, TtsRequest
from parley.runtime.closing import closing

log = logging.getLogger(__name__)

PREPARE_LIMIT_S = 20.0
"""How long all phrases together may take to be synthesised beforehand."""

SLOWEST, SLACK_S = 4.0, 4.0
"""A text's audio is so many times as long as assumed, and so much longer, at the most."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of synthesised audio in `OUTBOUND` format, with the words that begin in it."""

    pcm: bytes
    words: tuple[WordTime, ...] = ()


class Voice:
    """One voice with its settings, shared by the calls that speak with it.

    `phrases`: a cache to share with voices that sound the same.
    """

    def __init__(
        self,
        tts: TextToSpeech,
        *,
        voice: str | None = None,
        language: str = "en",
        speed: float = 1.0,
        phrases: "dict[str, tuple[Speech, ...]] | None" = None,
    ) -> None:
        self.tts = tts
        self.language = language
        self._voice = voice
        self._speed = speed
        self._rate = tts.capabilities.format.sample_rate
        self._phrases = {} if phrases is None else phrases

    async def prepare(self, phrases: Iterable[str]) -> list[str]:
        """Synthesise phrases beforehand; return those that could not be had."""
        wanted = [p for p in phrases if p not in self._phrases]
        try:
            async with asyncio.timeout(PREPARE_LIMIT_S):
                for phrase in wanted:
                    await self._prepare(phrase)
        except TimeoutError:
            log.warning("the phrases took longer than %g s to synthesise", PREPARE_LIMIT_S)
        return [p for p in wanted if p not in self._phrases]

    async def _prepare(self, phrase: str) -> None:
        try:
            self._phrases[phrase] = tuple([s async for s in self.speak(phrase)])
        except ProviderError as error:
            log.warning("a phrase is missing from the cache: %s", error)

    def cached(self, phrase: str) -> tuple[Speech, ...] | None:
        """A phrase's audio, if it was prepared."""
        return self._phrases.get(phrase)

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """Synthesise a text, converted once to `OUTBOUND`."""
        request = TtsRequest(text, language=self.language, voice=self._voice, speed=self._speed)
        resampler = StreamResampler(self._rate, OUTBOUND.sample_rate)
        half = b""  # of a sample that two chunks share
        left = self.tts.capabilities.format.bytes_for(self._longest_s(text))
        async with closing(self.tts.synthesize(request)) as chunks:
            async for chunk in chunks:
                left -= len(chunk.pcm)
                if left < 0:
                    raise ProviderProtocolError(self.tts.name, "its audio does not end")
                await asyncio.sleep(0)  # one that never waits must not hold up other calls
                whole = half + chunk.pcm
                end = len(whole) - len(whole) % 2
                half = whole[end:]
                words = tuple(self._timed(word) for word in chunk.words)
                if (pcm := resampler.push(whole[:end])) or words:
                    yield Speech(pcm, words)
        if tail := resampler.flush():
            yield Speech(tail)

    def _longest_s(self, text: str) -> float:
        return SLACK_S + SLOWEST * assumed_duration(text) / self._speed

    def _timed(self, word: SpokenWord) -> WordTime:
        scale = OUTBOUND.sample_rate / self._rate
        start, end = round(word.sample_start * scale), round(word.sample_end * scale)
        return WordTime(word.char_start, word.char_end, start, end)
