"""A recogniser in processes, as the event loop sees it."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar, NamedTuple

from parley.audio.formats import INBOUND
from parley.errors import (
    ProviderError,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.providers.engine_process import REFUSED
from parley.providers.places import Place
from parley.providers.protocols import SttCapabilities, SttOptions, SttResult
from parley.providers.sharing import SharedPool
from parley.providers.stt.requests import AUDIO, EXPECT, FINALIZE, OPEN
from parley.providers.worker import Inbox

BEHIND_S = 5.0
"""A recogniser that has not dealt with audio by then does not keep up."""

BACKLOG_S = 30.0
"""How much audio may be handed over faster than it is spoken, as after a restart."""

OPEN_LIMIT_S = 5.0


class _Request(NamedTuple):
    kind: int
    at: float
    seconds: float


class EngineStt:
    """An English recogniser of at most `maximum` calls, by default four per core. `ready` processes
    are kept loaded beforehand. Its stream knows how to read what a process says.
    """

    name: str
    capabilities: SttCapabilities
    engine: ClassVar[str]
    """The file that is run in each process."""

    places: ClassVar[int]
    """How many calls one process works for."""

    stream: ClassVar[type["EngineStream"]]

    def __init__(self, *, ready: int = 1, maximum: int | None = None) -> None:
        limit = 4 * (os.cpu_count() or 1) if maximum is None else maximum
        self._pool = SharedPool(
            self.name, Path(self.engine), places=self.places, ready=ready, maximum=limit
        )

    async def warm(self) -> None:
        await self._pool.warm()

    async def open(self, options: SttOptions) -> "EngineStream":
        """Start to listen to one call.

        Raises ProviderRequestError for a language that is not English and a grammar that
        cannot be used, and ProviderUnavailable when there are too many calls.
        """
        if not self.capabilities.understands(options.language):
            raise ProviderRequestError(
                self.name,
                f"it does not understand the language {options.language!r}",
                remedy="It knows English only; choose another transcriber.",
            )
        stream = self.stream(self.name, self._pool)
        try:
            await stream.begin(options.grammar or "")
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def aclose(self) -> None:
        await self._pool.aclose()


class EngineStream:
    """One call's recogniser. The grammar that it was opened with allows nothing else."""

    def __init__(self, name: str, pool: SharedPool) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._pool = pool
        self._place: Place | None = None
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._unheard: deque[_Request] = deque()
        self._unheard_s = 0.0
        self._inbox: Inbox[SttResult] = Inbox()
        self._segment = 0
        self._error: ProviderError | None = None

    async def begin(self, grammar: str) -> None:
        """Get a place in a process and prepare it for the call."""
        self._place = await self._pool.acquire(self)
        self._request(OPEN, grammar.encode(errors="replace"))
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await self._opened
        except TimeoutError:
            raise ProviderTimeout(self._name, "its process did not get ready for a call") from None

    def push(self, pcm: bytes) -> None:
        """Hand over the next audio (16 kHz PCM).

        Raises ProviderTimeout when audio of 5 s ago was not dealt with, or more than
        30 s of audio were handed over at once.
        """
        seconds = INBOUND.seconds_in(pcm)
        oldest = self._unheard[0].at if self._unheard else self._loop.time()
        if self._loop.time() - oldest > BEHIND_S or self._unheard_s + seconds > BACKLOG_S:
            raise ProviderTimeout(
                self._name,
                f"it is {self._unheard_s:.0f} s of audio behind",
                remedy="This machine is too slow for so many calls.",
            )
        self._ask(AUDIO, pcm, seconds)

    def expect(self, grammar: str | None) -> None:
        """Understand what the grammar allows, or nearly, from the next utterance on.

        None: what the stream was opened with. A grammar that cannot be used ends the stream
        with ProviderRequestError.
        """
        self._ask(EXPECT, (grammar or "").encode(errors="replace"))

    def finalize(self) -> None:
        """Ask for the final result of everything pushed so far."""
        self._ask(FINALIZE)

    def __aiter__(self) -> AsyncIterator[SttResult]:
        return self

    async def __anext__(self) -> SttResult:
        result = await self._inbox.get()
        if result is None:
            raise StopAsyncIteration
        return result

    async def aclose(self) -> None:
        """End the stream; its process forgets the call."""
        self._end(ProviderUnavailable(self._name, "the stream was closed"))
        self._inbox.end()
        if self._place is not None:
            self._place.leave()

    def read(self, payload: bytes, segment: int, *, final: bool) -> SttResult:
        """What the process says of what it has heard; of a result before the final, some text."""
        raise NotImplementedError

    # What the process says

    def receive(self, kind: int, payload: bytes) -> None:
        request = self._unheard.popleft()
        self._unheard_s -= request.seconds
        if self._error is not None:
            return
        if kind == REFUSED:
            self.fail(_bad_grammar(self._name, payload.decode()))
        elif request.kind == AUDIO:
            if payload:
                self._put(self.read(payload, self._segment, final=False))
        elif request.kind == FINALIZE:
            self._put(self.read(payload, self._segment, final=True))
            self._segment += 1
        elif request.kind == OPEN:
            self._opened.set_result(None)

    def fail(self, error: ProviderError) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
        self._end(error)
        self._inbox.end(error)

    def _put(self, result: SttResult) -> None:
        """A partial result that nobody has read yet gives way to what follows it."""
        self._inbox.put(result, replaces=lambda last: not last.final)

    def _ask(self, kind: int, payload: bytes = b"", seconds: float = 0.0) -> None:
        if self._error is not None:
            raise self._error
        self._request(kind, payload, seconds)

    def _request(self, kind: int, payload: bytes, seconds: float = 0.0) -> None:
        assert self._place is not None  # noqa: S101 - nobody has the stream before
        self._unheard.append(_Request(kind, self._loop.time(), seconds))
        self._unheard_s += seconds
        self._place.request(kind, payload)

    def _end(self, error: ProviderError) -> None:
        self._error = self._error or error


def _bad_grammar(name: str, why: str) -> ProviderError:
    return ProviderRequestError(
        name,
        f"it cannot use the grammar: {why}",
        remedy="Write it in JSGF, with English words in lower case, as they are spoken:"
        " '#JSGF V1.0; grammar g; public <g> = yes | no;'.",
    )
