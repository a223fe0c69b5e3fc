"""Servers that speak as Deepgram's Flux and AssemblyAI's streaming models do, by their docs.

An engine answers messages, and does no I/O. It is behind a WebSocket on the loopback interface
(`serving`), or in the place of one (`Wire`), so that a call can be held in virtual time.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed

from parley.audio.formats import INBOUND
from parley.providers.protocols import SttResult, SttStream

KEY = "a-very-secret-key"


def push(stream: SttStream, seconds: float) -> None:
    """Hand over so much silence, in frames of 20 ms, at once."""
    for _ in range(round(seconds / 0.02)):
        stream.push(bytes(INBOUND.bytes_for(0.02)))


async def results(
    stream: SttStream, finals: int = 1, found: list[SttResult] | None = None
) -> list[SttResult]:
    """What is told until so many texts are final; it is in `found`, whatever happens then."""
    told = [] if found is None else found
    async for result in stream:
        told.append(result)
        finals -= result.final
        if not finals:
            break
    return told


@dataclass(frozen=True)
class Say:
    """Once so much audio has come: an event of the turn, with all of its words so far."""

    at_s: float
    event: str
    text: str = ""
    confidence: float = 0.05
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """Once so much audio has come: this message, whatever it is."""

    at_s: float
    message: str | bytes


@dataclass(frozen=True)
class Leave:
    """Once so much audio has come: the connection breaks, or is closed with a code."""

    at_s: float
    code: int | None = None


Step = Say | Raw | Leave


class Engine:
    """What both have in common: a script that goes on with the audio that comes.

    A `mute` engine does not answer when a turn is to be ended.
    """

    force = ""
    farewell = ""

    def __init__(self, script: Sequence[Step] = (), *, mute: bool = False) -> None:
        self.script = list(script)
        self.mute = mute
        self.audio = bytearray()
        self.sizes: list[int] = []
        self.control: list[dict[str, Any]] = []
        self.query: list[tuple[str, str]] = []
        self.left: Leave | None = None
        self.turn = 0
        self.last: Say | None = None
        self.began_s = 0.0

    @property
    def heard_s(self) -> float:
        return INBOUND.seconds_in(self.audio)

    def begin(self) -> list[str | bytes]:
        raise NotImplementedError

    def say(self, step: Say) -> str:
        """The message, and what it changes."""
        raise NotImplementedError

    def forced(self) -> list[str | bytes]:
        """The turn is to be ended now."""
        raise NotImplementedError

    def receive(self, message: str | bytes) -> list[str | bytes]:
        """What is answered."""
        if isinstance(message, bytes):
            self.audio += message
            self.sizes.append(len(message))
            return self._due()
        told = json.loads(message)
        self.control.append(told)
        if told == {"type": self.force}:
            return [] if self.mute else self.forced()
        if told == {"type": self.farewell}:
            self.left = Leave(self.heard_s, 1000)
        return []

    def _due(self) -> list[str | bytes]:
        said: list[str | bytes] = []
        while self.script and self.left is None and self.script[0].at_s <= self.heard_s + 1e-6:
            step = self.script.pop(0)
            if isinstance(step, Leave):
                self.left = step
            else:
                said.append(self.say(step) if isinstance(step, Say) else step.message)
        return said

    def words(self, text: str) -> list[tuple[str, float, float]]:
        """Each takes 0.2 s from the beginning of the turn."""
        starts = [self.began_s + 0.2 * n for n in range(len(text.split()))]
        return [(word, s, s + 0.2) for word, s in zip(text.split(), starts, strict=True)]


class Flux(Engine):
    """Deepgram's `/v2/listen`."""

    force, farewell = "ForceEndTurn", "CloseStream"
    sequence = 0

    def _message(self, kind: str, **more: Any) -> str:
        told = {"type": kind, "request_id": "r", "sequence_id": self.sequence, **more}
        self.sequence += 1
        return json.dumps(told)

    def begin(self) -> list[str | bytes]:
        return [self._message("Connected")]

    def say(self, step: Say) -> str:
        if self.last is None:
            self.began_s = self.heard_s - 0.1
        words = [
            {"word": word, "confidence": 0.9, "start": start, "end": end}
            for word, start, end in self.words(step.text)
        ]
        told = {
            "event": step.event,
            "turn_index": self.turn,
            "audio_window_start": self.began_s,
            "audio_window_end": self.heard_s,
            "transcript": step.text,
            "words": words,
            "end_of_turn_confidence": step.confidence,
        }
        self.last = step
        if step.event == "EndOfTurn":
            self.turn, self.last = self.turn + 1, None
        return self._message("TurnInfo", **{**told, **step.more})

    def forced(self) -> list[str | bytes]:
        if self.last is None:
            code = "FORCE_END_TURN_NO_ACTIVE_TURN"
            return [self._message("Warning", code=code, description="There is no turn.")]
        last = self.last
        end = Say(0.0, "EndOfTurn", last.text, last.confidence, {"trigger": "manual"})
        return [self.say(end)]


class Universal(Engine):
    """AssemblyAI's `/v3/ws`. The event of a `Say` is "" or `end_of_turn`."""

    force, farewell = "ForceEndpoint", "Terminate"

    def begin(self) -> list[str | bytes]:
        asked = dict(self.query).get("speech_model", "")
        configuration = {"model": asked, "mode": None, "api_version": "2025-05-12"}
        told = {"type": "Begin", "id": "s", "expires_at": 1_800_000_000}
        return [json.dumps({**told, "configuration": configuration})]

    def say(self, step: Say) -> str:
        if self.last is None:
            self.began_s = self.heard_s - 0.1
        ended = step.event == "end_of_turn"
        words = [
            {
                "text": word,
                "start": round(1000 * start),
                "end": round(1000 * end),
                "confidence": 0.9,
                "word_is_final": True,
            }
            for word, start, end in self.words(step.text)
        ]
        told = {
            "turn_order": self.turn,
            "turn_is_formatted": False,
            "end_of_turn": ended,
            "transcript": step.text,
            "end_of_turn_confidence": step.confidence,
            "words": words,
            "utterance": "",
            "type": "Turn",
        }
        told |= step.more
        self.last = step
        if ended:
            self.turn, self.last = self.turn + 1, None
        return json.dumps(told)

    def forced(self) -> list[str | bytes]:
        """What it answers where there is no turn is not documented: nothing."""
        last = self.last
        return [self.say(Say(0.0, "end_of_turn", last.text, last.confidence))] if last else []

    def receive(self, message: str | bytes) -> list[str | bytes]:
        if isinstance(message, bytes) and not 0.05 <= INBOUND.seconds_in(message) <= 1.0:
            self.left = Leave(self.heard_s, 3007)
            return [self.error(3007, "Input duration violation")]
        said = super().receive(message)
        if self.control[-1:] == [{"type": self.farewell}]:
            durations = {"audio_duration_seconds": 1, "session_duration_seconds": 1}
            said.append(json.dumps({"type": "Termination", **durations}))
        return said

    @staticmethod
    def error(code: int, text: str) -> str:
        return json.dumps({"type": "Error", "error_code": code, "error": text})


class Wire:
    """Stands for a WebSocket to an engine: there and back in no time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.close_code: int | None = None
        self.farewells: list[str] = []
        self._messages: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        for message in engine.begin():
            self._messages.put_nowait(message)

    async def send(self, data: str | bytes) -> None:
        if self.close_code is None:
            for message in self.engine.receive(data):
                self._messages.put_nowait(message)
            if self.engine.left is not None:
                self._shut(self.engine.left.code or 1006)

    async def receive(self) -> str | bytes | None:
        return await self._messages.get()

    async def ping(self) -> None:
        """It is there."""

    async def close(self, farewell: str) -> None:
        self.farewells.append(farewell)
        self._shut(1000)

    def _shut(self, code: int) -> None:
        self.close_code = code
        self._messages.put_nowait(None)


@dataclass
class Served:
    """A server, and what it was asked: each connection gets the next engine."""

    url: str
    engines: list[Engine]
    asked: list[Request] = field(default_factory=list)
    connected: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)


Handshake = Callable[[Request], Response | None]


def response(status: int, body: object = None, **headers: str) -> Response:
    """A refusal; text as it is, and all else as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(status, "No", Headers(headers), text.encode())


def wants_token(request: Request) -> Response | None:
    """Deepgram checks the key before it accepts the connection."""
    if request.headers.get("Authorization") == f"Token {KEY}":
        return None
    return response(401, {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."})


@asynccontextmanager
async def serving(
    *engines: Engine, path: str, handshake: Handshake = lambda _: None
) -> AsyncIterator[Served]:
    """Engines behind a port of the loopback interface, one for each connection."""
    served = Served("", list(engines))

    def asked(_: ServerConnection, request: Request) -> Response | None:
        served.asked.append(request)
        if urlsplit(request.path).path != path:
            return response(404)
        return handshake(request)

    async def talk(connection: ServerConnection) -> None:
        engine = engines[served.connected]
        served.connected += 1
        assert connection.request is not None
        engine.query = parse_qsl(urlsplit(connection.request.path).query)
        if isinstance(engine, Universal) and connection.request.headers["Authorization"] != KEY:
            await connection.send(engine.error(1008, "Unauthorized Connection: Invalid API key"))
            await connection.close(1008, "See Error message for details")
            return
        await _answer(connection, engine.begin())
        async for message in connection:
            await _answer(connection, engine.receive(message))
            if engine.left is not None:
                await _leave(connection, engine.left)
                break
        served.closed.set()

    async with serve(talk, "127.0.0.1", 0, process_request=asked) as server:
        served.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield served


async def _answer(connection: ServerConnection, messages: Sequence[str | bytes]) -> None:
    with suppress(ConnectionClosed):  # who has said farewell need not wait for an answer
        for message in messages:
            await connection.send(message)


async def _leave(connection: ServerConnection, how: Leave) -> None:
    if how.code is None:
        connection.transport.abort()
    else:
        await connection.close(how.code)
