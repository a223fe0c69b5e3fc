"""A call's stream to a vendor's recogniser that has an end of turn of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from parley.audio.formats import INBOUND
from parley.errors import (
    ProviderError,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.owing import owing
from parley.providers.protocols import SttResult
from parley.providers.stt.hosted_access import Access
from parley.providers.stt.hosted_socket import Socket, connect_to
from parley.providers.stt.hosted_turns import Heard, Turns
from parley.providers.worker import Inbox

OPEN_LIMIT_S = 2.5
"""A session that has not begun by then is given up, shortly before the core does so."""

BEHIND_S = 5.0
"""A connection that has not taken audio by then does not keep up."""

BACKLOG_S = 30.0
"""How much audio may be handed over faster than it is spoken, as after a restart."""

ANSWER_S = 0.6
"""From an engine that does not say that there was no turn to be ended it follows by then."""

STALLED_S = 5.0
"""An engine that tells of an open turn all the time, and says nothing while so much audio comes,
hangs: its connection may stay open for ever (pipecat issue 5735)."""

FINALIZE_AFTER_S = 0.7
"""Before a pause is so long the engine is left to its own judgement, which a final text that is
asked for cuts off. It comes in time for the pause of turns whose end is uncertain."""

Signal = Literal["ready", "no turn"]
"""The session has begun; there was no turn to be ended."""


class Dialect(Protocol):
    """How one vendor's engine is spoken to on one connection. It does no I/O."""

    chunk_s: float
    """How much audio one message holds."""

    least_s: float
    """A message with less audio is refused."""

    pace: float | None
    """How many times faster than it is spoken audio may be sent; None: as fast as it is taken."""

    updates: bool
    """Whether the engine says something at least every second while a turn is open."""

    end_turn: str
    """The message that ends the turn at once."""

    answers: bool
    """Whether the engine says so where there was no turn to be ended."""

    farewell: str
    """The message that ends the session, and what it costs."""

    def read(self, message: Mapping[str, Any]) -> Heard | Signal | None:
        """What a message means; None: nothing to us. Raises ProviderError where it is an error,
        and msgspec.ValidationError where it is not what the vendor documents."""

    def closed(self, code: int | None) -> ProviderError:
        """What it means that the vendor has closed the connection."""


class _Outgoing(NamedTuple):
    data: str | bytes
    at: float
    seconds: float


class HostedStream:
    """One call's open recogniser. Times are counted from the first sample that was pushed."""

    def __init__(self, name: str, socket: Socket, dialect: Dialect) -> None:
        self._name = name
        self._socket = socket
        self._dialect = dialect
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._chunk = bytearray()
        self._unsent: deque[_Outgoing] = deque()
        self._unsent_s = 0.0
        self._news = asyncio.Event()
        self._turns = Turns()
        self._unheard_s = 0.0
        self._inbox: Inbox[SttResult] = Inbox()
        self._error: ProviderError | None = None
        self._closed = False
        self._tasks = set[asyncio.Task[None]]()
        self._do(self._send())
        self._do(self._receive())

    async def begin(self, limit_s: float = OPEN_LIMIT_S) -> None:
        """Wait until the vendor is ready to listen."""
        try:
            async with asyncio.timeout(limit_s):
                with owing():
                    await self._ready
        except TimeoutError:
            raise ProviderTimeout(self._name, "it did not begin a session in time") from None

    def push(self, pcm: bytes) -> None:
        """Hand over the next audio (16 kHz PCM).

        Raises ProviderTimeout when audio of 5 s ago was not taken, when more than 30 s were handed
        over at once, and when the engine hangs in the middle of a turn.
        """
        if self._error is not None:
            raise self._error
        seconds = INBOUND.seconds_in(pcm)
        oldest = self._unsent[0].at if self._unsent else self._loop.time()
        if self._loop.time() - oldest > BEHIND_S or self._unsent_s + seconds > BACKLOG_S:
            raise ProviderTimeout(self._name, f"it is {self._unsent_s:.0f} s of audio behind")
        self._unheard_s += seconds
        if self._dialect.updates and self._turns.is_open and self._unheard_s > STALLED_S:
            raise ProviderTimeout(self._name, "it says nothing more in the middle of a turn")
        self._chunk += pcm
        size = INBOUND.bytes_for(self._dialect.chunk_s)
        while len(self._chunk) >= size:
            self._queue_chunk(size)

    def expect(self, grammar: str | None) -> None:
        """Nothing: these engines know no grammars."""

    def finalize(self) -> None:
        """End the engine's turn now. Where there is none the final text is empty."""
        if self._error is not None:
            return  # who reads the results is told
        if self._chunk and INBOUND.seconds_in(self._chunk) >= self._dialect.least_s:
            self._queue_chunk(len(self._chunk))
        self._queue(self._dialect.end_turn, 0.0)
        self._turns.ask()
        if not self._dialect.answers:
            self._do(self._wait_for_words())

    def __aiter__(self) -> AsyncIterator[SttResult]:
        return self

    async def __anext__(self) -> SttResult:
        result = await self._inbox.get()
        if result is None:
            raise StopAsyncIteration
        return result

    async def aclose(self) -> None:
        """End the session and close the connection, within a second."""
        if self._closed:
            return
        self._closed = True
        self._fail(ProviderUnavailable(self._name, "the stream was closed"), told=False)
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await self._socket.close(self._dialect.farewell)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """No fault of our own leaves the reader waiting."""
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._fail(ProviderError(self._name, f"its stream broke: {type(fault).__name__}"))

    # What goes out

    def _queue_chunk(self, size: int) -> None:
        pcm = bytes(self._chunk[:size])
        del self._chunk[:size]
        self._queue(pcm, INBOUND.seconds_in(pcm))

    def _queue(self, data: str | bytes, seconds: float) -> None:
        self._unsent.append(_Outgoing(data, self._loop.time(), seconds))
        self._unsent_s += seconds
        self._news.set()

    async def _send(self) -> None:
        """By the clock where there is a pace: what goes out late delays nothing after it."""
        free_at = 0.0
        while True:
            while not self._unsent:
                self._news.clear()
                await self._news.wait()
            await self._socket.send(self._unsent[0].data)
            sent = self._unsent.popleft()
            self._unsent_s -= sent.seconds
            if self._dialect.pace:
                free_at = max(free_at, sent.at) + sent.seconds / self._dialect.pace
                if self._unsent:
                    await asyncio.sleep(free_at - self._loop.time())

    # What comes in

    async def _receive(self) -> None:
        try:
            while (message := await self._socket.receive()) is not None:
                self._read(message)
            self._fail(self._dialect.closed(self._socket.close_code))
        except ProviderError as error:
            self._fail(error)

    def _read(self, message: str | bytes) -> None:
        self._unheard_s = 0.0
        try:
            told = self._dialect.read(msgspec.json.decode(message, type=dict[str, Any]))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            why = f": {error}" if isinstance(error, msgspec.ValidationError) else ""
            raise ProviderProtocolError(self._name, f"its message cannot be read{why}") from None
        if told == "ready":
            self._begun()
        elif told == "no turn":
            self._give(self._turns.settle())
        elif told is not None:
            self._give(self._turns.hear(told))

    def _begun(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    async def _wait_for_words(self) -> None:
        """Where none come from a server that is there, there were none. One that is not there
        answers nothing, so that whoever asked finds out."""
        due = self._loop.time() + ANSWER_S
        await self._socket.ping()
        await asyncio.sleep(due - self._loop.time())
        self._give(self._turns.settle())

    def _give(self, results: list[SttResult]) -> None:
        for result in results:
            self._inbox.put(result, replaces=lambda last: not last.final)

    def _fail(self, error: ProviderError, *, told: bool = True) -> None:
        """Nothing more comes. Without `told` the reader's iteration just ends."""
        self._error = self._error or error
        if not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # who waits for it is told; nobody else needs to be
        self._inbox.end(error if told else None)


class Vendor:
    """Opens streams to one vendor. A session must have begun after `connect_timeout_s`."""

    def __init__(self, access: Access, *, connect_timeout_s: float) -> None:
        self.access = access
        self._connect_timeout_s = connect_timeout_s
        self._is_known = False

    async def warm(self, query: str, dialect: Dialect) -> None:
        """Load what is needed, and learn once whether key and settings are accepted."""
        if not self._is_known:
            stream = await self.open(query, dialect)
            await stream.aclose()

    async def open(self, query: str, dialect: Dialect) -> HostedStream:
        """Open a session. Raises ProviderError."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._connect_timeout_s
        socket = await connect_to(self.access, query, self._connect_timeout_s)
        stream = HostedStream(self.access.name, socket, dialect)
        try:
            await stream.begin(max(0.0, due - loop.time()))
        except BaseException:
            await stream.aclose()
            raise
        self._is_known = True
        return stream
