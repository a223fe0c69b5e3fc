"""Speech to text with pocketsphinx: offline, English, nothing to fetch.

Good on small grammars; on open read speech two words in five are wrong at first, and one
in three once it knows the voice. Its model is for 16 kHz: the telephone's 8 kHz are worse.
It holds the GIL, so each call has a process of its own: 110 MB, and 5 MB for each of the
last ten grammars that were expected.
"""

import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from parley.audio.formats import INBOUND
from parley.core.listeners import primary
from parley.errors import ProviderError, ProviderRequestError, ProviderTimeout, ProviderUnavailable
from parley.providers.engine_process import REFUSED
from parley.providers.protocols import SttCapabilities, SttOptions, SttResult, TimedWord
from parley.providers.stt import pocketsphinx_worker as engine
from parley.providers.worker import Inbox, Worker
from parley.providers.workers import WorkerPool

NAME = "pocketsphinx"

BEHIND_S = 5.0
"""A recogniser that has not dealt with audio by then does not keep up."""

BACKLOG_S = 30.0
"""How much audio may be handed over faster than it is spoken, as after a restart."""

OPEN_LIMIT_S = 5.0


class _Request(NamedTuple):
    kind: int
    at: float
    seconds: float


class PocketsphinxStt:
    """One process per call, `ready` of them loaded beforehand, `maximum` in all.

    By default `maximum` is four per core: a process needs about a fifth of a core while
    the caller speaks, and next to nothing otherwise.
    """

    name = NAME
    capabilities = SttCapabilities(
        partials=True,
        word_times=True,
        finalizes=True,
        grammars=True,
        needs_voice=True,
        finalize_after_s=0.25,
    )

    def __init__(self, *, ready: int = 1, maximum: int | None = None) -> None:
        limit = 4 * (os.cpu_count() or 1) if maximum is None else maximum
        self._pool = WorkerPool(NAME, Path(engine.__file__), ready=ready, maximum=limit)

    async def warm(self) -> None:
        await self._pool.warm()

    async def open(self, options: SttOptions) -> "PocketsphinxStream":
        """Start to listen to one call.

        Raises ProviderRequestError for a language that is not English and a grammar that
        cannot be used, and ProviderUnavailable when all processes are busy.
        """
        if primary(options.language) != "en":
            raise ProviderRequestError(
                NAME,
                f"it does not understand the language {options.language!r}",
                remedy="It knows English only; choose another transcriber.",
            )
        stream = PocketsphinxStream(self._pool)
        try:
            await stream.begin(options.grammar or "")
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def aclose(self) -> None:
        await self._pool.aclose()


class PocketsphinxStream:
    """One call's recogniser. Words have their times in the stream, not in the segment."""

    def __init__(self, pool: WorkerPool) -> None:
        self._loop = asyncio.get_running_loop()
        self._pool = pool
        self._worker: Worker | None = None
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._unheard: deque[_Request] = deque()
        self._unheard_s = 0.0
        self._inbox: Inbox[SttResult] = Inbox()
        self._segment = 0
        self._error: ProviderError | None = None

    async def begin(self, grammar: str) -> None:
        """Get a process and prepare it for the call."""
        self._worker = await self._pool.acquire(self)
        self._request(engine.OPEN, grammar.encode(errors="replace"))
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await self._opened
        except TimeoutError:
            raise ProviderTimeout(NAME, "its process did not get ready for a call") from None

    def push(self, pcm: bytes) -> None:
        """Hand over the next audio (16 kHz PCM).

        Raises ProviderTimeout when audio of 5 s ago was not dealt with, or more than
        30 s of audio were handed over at once.
        """
        seconds = INBOUND.seconds_in(pcm)
        oldest = self._unheard[0].at if self._unheard else self._loop.time()
        if self._loop.time() - oldest > BEHIND_S or self._unheard_s + seconds > BACKLOG_S:
            raise ProviderTimeout(
                NAME,
                f"it is {self._unheard_s:.0f} s of audio behind",
                remedy="This machine is too slow for so many calls.",
            )
        self._check()
        self._request(engine.AUDIO, pcm, seconds)

    def expect(self, grammar: str | None) -> None:
        """Understand what the grammar allows, or nearly, from the next utterance on.

        None: anything. The grammar that the stream was opened with allows nothing else. One
        that cannot be used ends the stream with ProviderRequestError.
        """
        self._check()
        self._request(engine.EXPECT, (grammar or "").encode(errors="replace"))

    def finalize(self) -> None:
        """Ask for the final result of everything pushed so far."""
        self._check()
        self._request(engine.FINALIZE)

    def __aiter__(self) -> AsyncIterator[SttResult]:
        return self

    async def __anext__(self) -> SttResult:
        result = await self._inbox.get()
        if result is None:
            raise StopAsyncIteration
        return result

    async def aclose(self) -> None:
        """End the stream and pass its process on, emptied, to the next call."""
        self._end(ProviderUnavailable(NAME, "the stream was closed"))
        self._inbox.end()
        if self._worker is not None:
            self._pool.release(self._worker, self)

    # What the process says

    def receive(self, kind: int, payload: bytes) -> None:
        request = self._unheard.popleft()
        self._unheard_s -= request.seconds
        if self._error is not None:
            return
        if request.kind == engine.AUDIO:
            if payload:
                self._put(SttResult(self._segment, payload.decode(), final=False))
        elif request.kind == engine.FINALIZE:
            words = tuple(TimedWord(*word) for word in json.loads(payload))
            text = " ".join(word.text for word in words)
            self._put(SttResult(self._segment, text, final=True, words=words))
            self._segment += 1
        elif request.kind == engine.EXPECT:
            if kind == REFUSED:
                self.fail(_bad_grammar(payload.decode()))
        elif not self._opened.done():
            if kind == REFUSED:
                self._opened.set_exception(_bad_grammar(payload.decode()))
            else:
                self._opened.set_result(None)

    def fail(self, error: ProviderError) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
        self._end(error)
        self._inbox.end(error)

    def _put(self, result: SttResult) -> None:
        """A partial result that nobody has read yet gives way to what follows it."""
        self._inbox.put(result, replaces=lambda last: not last.final)

    def _request(self, kind: int, payload: bytes = b"", seconds: float = 0.0) -> None:
        assert self._worker is not None  # noqa: S101 - nobody has the stream before
        self._unheard.append(_Request(kind, self._loop.time(), seconds))
        self._unheard_s += seconds
        self._worker.request(kind, payload)

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _end(self, error: ProviderError) -> None:
        self._error = self._error or error


def _bad_grammar(why: str) -> ProviderRequestError:
    return ProviderRequestError(
        NAME,
        f"it cannot use the grammar: {why}",
        remedy="Write it in JSGF, with English words in lower case, as they are spoken:"
        " '#JSGF V1.0; grammar g; public <g> = yes | no;'.",
    )
