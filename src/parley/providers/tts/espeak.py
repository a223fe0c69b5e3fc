"""Text to speech with espeak-ng: offline, over 100 languages, robotic, very fast.

The library is GPL-3: it is loaded in processes of its own only. They are shared by all
calls, one text at a time, in the order in which the texts came.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from pathlib import Path

from parley.audio.formats import AudioFormat
from parley.errors import ProviderError, ProviderRequestError, ProviderTimeout
from parley.providers.engine_process import PART, REFUSED
from parley.providers.protocols import SpokenWord, TtsCapabilities, TtsChunk, TtsRequest
from parley.providers.tts import espeak_worker as engine
from parley.providers.worker import Inbox, Worker
from parley.providers.workers import WorkerPool

NAME = "espeak"

NORMAL_WPM = 175
MIN_WPM, MAX_WPM = 80, 450
"""Words per minute: `espeakRATE` in speak_lib.h."""

MAX_CHARACTERS = 5_000
"""Bounds the audio that waits for a slow reader: about six minutes, 16 MB."""

QUEUE = 256
ANSWER_LIMIT_S = 5.0

UNSPEAKABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\uf8ff\\U000f0000-\\U0010ffff]")
"""Control characters (some are commands of espeak), surrogates, and private use."""


class EspeakTts:
    """`ready` processes are loaded beforehand; `maximum` speak at the same time.

    A voice is a language tag of espeak-ng, a variant, or both: `en-gb`, `+f3`, `de+f3`.
    """

    name = NAME
    capabilities = TtsCapabilities(AudioFormat(engine.SAMPLE_RATE), word_times=True)

    def __init__(self, *, ready: int = 1, maximum: int = 2) -> None:
        self._pool = WorkerPool(
            NAME, Path(engine.__file__), ready=ready, maximum=maximum, queue=QUEUE
        )

    async def warm(self) -> None:
        await self._pool.warm()

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        """Speak one text, a chunk for each word; markup is read out as it stands.

        Raises ProviderRequestError for an unknown voice, a speed outside 0.46 to 2.57 and
        more than 5,000 characters, and ProviderUnavailable when too many texts wait.
        """
        text, wpm = _speakable(request.text), _words_per_minute(request.speed)
        if not text.strip():
            return
        synthesis = _Synthesis(self._pool)
        worker = await self._pool.acquire(synthesis)
        try:
            voice = choose_voice(worker.greeting or b"", request.language, request.voice)
            synthesis.begin(worker, text, voice, wpm)
            while (chunk := await synthesis.next()) is not None:
                yield chunk
        finally:
            self._pool.release(worker, synthesis)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Synthesis:
    """One text's audio on its way. The process is passed on as soon as it is done."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._worker: Worker | None = None
        self._inbox: Inbox[TtsChunk] = Inbox()

    def begin(self, worker: Worker, text: str, voice: str, wpm: int) -> None:
        self._worker = worker
        flags = 0 if text.rstrip()[-1].isalnum() else engine.END_PAUSE
        header = engine.REQUEST.pack(wpm, flags, len(voice))
        worker.request(0, header + voice.encode() + text.encode())

    async def next(self) -> TtsChunk | None:
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await self._inbox.get()
        except TimeoutError:
            raise ProviderTimeout(NAME, "its process does not answer") from None

    def receive(self, kind: int, payload: bytes) -> None:
        if kind == PART:
            word = SpokenWord(*engine.WORD.unpack_from(payload))
            self._inbox.put(TtsChunk(payload[engine.WORD.size :], (word,)))
            return
        refused = ProviderRequestError(NAME, "it has no data for the voice")
        self._inbox.end(refused if kind == REFUSED else None)
        if self._worker is not None:
            self._pool.release(self._worker, self)

    def fail(self, error: ProviderError) -> None:
        self._inbox.end(error)


def choose_voice(greeting: bytes, language: str, voice: str | None) -> str:
    """espeak-ng's name of a voice. A region that it does not know is left out.

    `greeting` is what its process said of its voices. Raises ProviderRequestError.
    """
    languages, variants = _voices(greeting)
    name, plus, variant = (voice or "").partition("+")
    if plus and variant not in variants:
        raise _unknown("variant", variant, variants)
    tag = name or language
    while not name and "-" in tag and tag.lower() not in languages:
        tag = tag.rpartition("-")[0]
    if tag.lower() not in languages:
        raise _unknown("voice" if name else "language", name or language, languages)
    return languages[tag.lower()] + plus + variant


@lru_cache(maxsize=8)
def _voices(greeting: bytes) -> tuple[dict[str, str], list[str]]:
    voices = json.loads(greeting)
    return voices["languages"], voices["variants"]


def _unknown(what: str, name: str, known: Iterable[str]) -> ProviderRequestError:
    return ProviderRequestError(
        NAME, f"it has no {what} {name!r}", remedy=f"It has: {', '.join(sorted(known))}."
    )


def _speakable(text: str) -> str:
    """The text, with blanks for what is no text, so that characters keep their places."""
    if len(text) > MAX_CHARACTERS:
        raise ProviderRequestError(
            NAME,
            f"a text of {len(text)} characters is too long",
            remedy=f"Split it into pieces of at most {MAX_CHARACTERS}.",
        )
    return UNSPEAKABLE.sub(" ", text)


def _words_per_minute(speed: float) -> int:
    wpm = speed * NORMAL_WPM
    if not MIN_WPM <= wpm <= MAX_WPM:
        raise ProviderRequestError(
            NAME,
            f"it cannot speak at {speed:g} times its normal speed",
            remedy=f"Choose {MIN_WPM / NORMAL_WPM:.2f} to {MAX_WPM / NORMAL_WPM:.2f}.",
        )
    return round(wpm)
