"""A caller at the client door: the protocol over one socket."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol as Interface

from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.timing import Timing
from parley.core import actions as act
from parley.core import events as ev
from parley.core.reasons import EndReason
from parley.errors import TransportError
from parley.transports.base import CallSide
from parley.transports.realtime.codec import Decoder
from parley.transports.realtime.limits import Limits
from parley.transports.realtime.outbox import Outbox
from parley.transports.realtime.protocol import (
    Acknowledge,
    Begin,
    Expel,
    Finish,
    Hush,
    Leave,
    Press,
    Protocol,
    Received,
    Speak,
    Wish,
)
from parley.transports.realtime.sessions import Offer
from parley.transports.realtime.translation import Translator
from parley.transports.realtime.wire import Event, encode

OBEDIENT = Timing(can_pause=True, can_clear=True, acknowledges="marks", lead_s=0.2)
"""A client that obeys and acknowledges."""

STANDARD = Timing(can_clear=True, acknowledges="none", latency_s=0.1, lead_s=0.2)
"""A client that clears when the caller is said to speak. Its latency is a guess."""

NORMAL, GOING_AWAY, VIOLATION, BROKEN = 1000, 1001, 1008, 1011
"""Close codes of RFC 6455."""

FAIR = 16
"""After so many messages in one go, other connections get their turn."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The other side has closed. `lost`: it did not say so, the connection broke."""

    lost: bool


class Socket(Interface):
    """A WebSocket. `send` raises TransportError when it is closed."""

    async def receive(self) -> str | bytes | Gone: ...

    async def send(self, text: str) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


class RealtimeTransport:
    """One connection. First `negotiate`; then an agent may take the call; in any case `close`.

    It is an event stage, too, and must be among those that watch the call. `session_id` is
    made of letters and digits; the other arguments are those of `protocol.Protocol`.
    """

    name = "client door"
    input: AudioFormat = INBOUND
    output: AudioFormat = OUTBOUND

    def __init__(
        self,
        socket: Socket,
        offer: Offer,
        *,
        session_id: str,
        call: str,
        extensions: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket
        self._limits = limits or Limits()
        self._protocol = Protocol(
            session_id,
            offer,
            call=call,
            extensions=extensions,
            limits=self._limits,
            now=self._loop.time(),
        )
        self._outbox = Outbox(limit_bytes=self._limits.queue_bytes, write_s=self._limits.write_s)
        self._writing: asyncio.Task[None] | None = None
        self._steps: deque[tuple[float, ev.Event, Sequence[act.Action]]] = deque()
        self._telling: asyncio.Handle | None = None
        self._translator: Translator | None = None
        self._decoder: Decoder | None = None
        self._first = b""
        self._received = 0
        self._talking = False
        self._given = 0
        self._closing: tuple[int, str] | None = None
        self._closed = self._gone = False
        self.timing = STANDARD

    # Before the call

    async def negotiate(self) -> bool:
        """Let the client choose until its first audio comes. False: there will be no call."""
        self._writing = self._loop.create_task(self._outbox.run(self._socket.send))
        self._send(self._protocol.open())
        try:
            async with asyncio.timeout(self._limits.idle_s):
                return await self._first_audio()
        except TimeoutError:
            self.refuse("idle", "No audio has come.", VIOLATION)
        return False

    async def _first_audio(self) -> bool:
        while not self._writing or not self._writing.done():
            received = await self._receive()
            if isinstance(received, Gone):
                self._gone = True
                return False
            match received.wish:
                case Speak(audio):
                    self._first = audio
                    self._begin()
                    return True
                case Begin():
                    self._begin()
                    return True
                case Expel(why):
                    self._closing = VIOLATION, why
                    return False
                case Leave():
                    return False
        return False

    def _begin(self) -> None:
        self._decoder, self._translator = self._protocol.begin()
        timing = OBEDIENT if self._protocol.obeys else STANDARD
        self.timing = replace(
            timing,
            push_to_talk=self._protocol.session.push_to_talk,
            cancels_echo=self._protocol.cancels_echo,
        )

    def refuse(self, code: str, message: str, close_code: int = GOING_AWAY) -> None:
        """Say why there is no call after all; `close` then closes with this code."""
        error = {"type": "server_error", "code": code, "message": message}
        self._send([{"type": "error", "error": error | {"param": None, "event_id": None}}])
        self._closing = close_code, message

    # The call

    async def run(self, side: CallSide) -> None:
        """Carry the call until the client is gone."""
        assert self._writing is not None  # noqa: S101 - `negotiate` comes first
        side.connected()
        reading = self._loop.create_task(self._read(side))
        try:
            await asyncio.wait({reading, self._writing}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            elif not self._closed:
                self._writing.result()
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _read(self, side: CallSide) -> None:
        if self._first:
            await self._speak(side, self._first)
        self._first = b""
        while True:
            received = await self._receive()
            if isinstance(received, Gone):
                self._gone = True
                if received.lost:
                    raise TransportError("the client's connection broke")
                return
            match received.wish:
                case Speak(audio):
                    await self._speak(side, audio)
                case Leave():
                    return
                case Expel(why):
                    self._closing = VIOLATION, why
                    raise TransportError("the client goes beyond its limits")
                case wish:
                    self._grant(side, wish)

    def _grant(self, side: CallSide, wish: Wish | None) -> None:
        match wish:
            case Finish(wanted):
                self._talking = False
                side.talked(wanted=wanted)
            case Hush():
                side.stop()
            case Acknowledge(name):
                side.marked(name)
            case Press(key):
                side.key(key)

    async def _speak(self, side: CallSide, audio: bytes) -> None:
        assert self._decoder is not None  # noqa: S101 - the call has begun
        if self.timing.push_to_talk and not self._talking:
            self._talking = True
            side.talk()
        for number, pcm in enumerate(self._decoder.decode(audio)):
            if number:
                await asyncio.sleep(0)
            side.audio(pcm)

    async def _receive(self) -> Received | Gone:
        message = await self._socket.receive()
        if isinstance(message, Gone):
            return message
        self._received += 1
        if self._received % FAIR == 0:
            await asyncio.sleep(0)
        received = self._protocol.receive(message, self._loop.time())
        self._send(received.answers)
        return received

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self._given += OUTBOUND.samples_in(pcm)
        self._do(lambda it: it.play(pcm, marks))

    def clear(self) -> None:
        self._outbox.drop_audio()
        self._do(Translator.clear)

    def pause(self) -> None:
        self._do(Translator.pause)

    def resume(self) -> None:
        self._do(Translator.resume)

    def position(self) -> int:
        """Not known but by marks."""
        return self._given

    async def close(self) -> None:
        """Send what waits, and hang up. Call it from the call or after it, any number of times."""
        if self._closed:
            return
        self._closed = True
        self._catch_up()
        if self._translator is not None:
            self._send(self._translator.end(EndReason.INTERNAL_ERROR))
        self._outbox.close()
        if self._writing is None:
            return
        if self._gone:
            self._writing.cancel()
            await asyncio.wait({self._writing})
            return
        with suppress(TransportError):  # it is gone, which is what was wanted
            await self._writing
            await self._socket.close(*(self._closing or self._farewell()))

    def _farewell(self) -> tuple[int, str]:
        """The code and the reason with which a call is closed."""
        it = self._translator
        if it is None or not it.broke_down:
            return NORMAL, ""
        return (GOING_AWAY if it.ended is EndReason.SHUTDOWN else BROKEN), f"{it.ended}"

    def abandon(self) -> None:
        """Let go of a client, whether or not all was sent."""
        self._closed = True
        if self._writing is not None:
            self._writing.cancel()

    # What the client is told

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        """A step of the conversation; it is told as soon as the event loop turns."""
        self._steps.append((now, event, actions))
        if self._telling is None:
            self._telling = self._loop.call_soon(self._catch_up)

    def tell(self, event: Event) -> None:
        """Send an event of the extensions."""
        self._catch_up()
        self._send([event])

    def _do(self, what: Callable[[Translator], Iterable[Event]]) -> None:
        self._catch_up()
        if self._translator is not None:
            self._send(what(self._translator))

    def _catch_up(self) -> None:
        """Tell of the steps that came before."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        while self._steps and self._translator is not None:
            self._send(self._translator.step(*self._steps.popleft()))

    def _send(self, events: Iterable[Event]) -> None:
        for event in events:
            kind = event["type"]
            if self._protocol.extensions or not kind.startswith("parley."):
                text = encode(event, self._protocol.ids.new("event"))
                self._outbox.put(text, audio=kind == "response.output_audio.delta")
