"""A server for the page that says what a test tells it to, on loopback.

It keeps to the protocol between door and page, and knows nothing of conversations.
"""

import asyncio
import base64
import json
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed

PAGE = Path(__file__).resolve().parents[2] / "src" / "parley" / "server" / "page"
RATE = 24_000
PATIENCE_S = 10.0
OFFERED = "Sec-WebSocket-Protocol"

SESSION: dict[str, Any] = {
    "call": "call-1",
    "assistant": {"name": "Front desk"},
    "brain": {"kind": "flow", "name": "front_desk"},
    "voice": "flite rms",
    "transcriber": "pocketsphinx",
    "calendar": "/demo/calendar",
}

TAKEN = {"2026-11-30 09:30": "Elena Costa", "2026-12-01 10:00": "Nils Ito"}


def a_week(taken: dict[str, str] = TAKEN, mine: str = "") -> dict[str, Any]:
    """The calendar of seven days; `taken` maps "date time" to a name."""
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    days = []
    for n, weekday in enumerate(names):
        date = f"2026-11-{30 + n}" if n == 0 else f"2026-12-{n:02}"
        hours = range(9, 17) if n < 5 else range(9, 12) if n == 5 else range(0)
        slots: list[dict[str, Any]] = []
        for time in [f"{hour:02}:{minute}" for hour in hours for minute in ("00", "30")]:
            name = taken.get(f"{date} {time}")
            own = {} if name is None else {"name": name, "mine": name == mine, "changed": False}
            slots.append({"time": time, "free": name is None, **own})
        span = (f"{hours[0]:02}:00", f"{hours[-1] + 1}:00") if hours else (None, None)
        days.append(
            {"date": date, "weekday": weekday, "open": span[0], "close": span[1], "slots": slots}
        )
    return {"today": "2026-11-30", "days": days}


def tone(seconds: float, hz: float = 220.0) -> bytes:
    """Something to be heard: 24 kHz, 16 bits."""
    at = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hz * at) * 6000).astype("<i2").tobytes()


class Line:
    """One call of the page, from the server's side."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.audio = bytearray()
        self._news = asyncio.Condition()

    async def tell(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, "event_id": "e", **fields}))

    async def open(self, **session: Any) -> None:
        """Say what a server says at first."""
        await self.tell("session.created", session={"type": "realtime"})
        await self.tell("parley.session", **(SESSION | session))

    async def says(self, response: str, text: str, audio: bytes = b"", mark: str = "") -> None:
        """A reply, or more of one: its words, its sound and a mark behind it."""
        await self.tell("response.created", response={"id": response, "status": "in_progress"})
        await self.tell("response.output_audio_transcript.delta", response_id=response, delta=text)
        if audio:
            delta = base64.b64encode(audio).decode()
            await self.tell("response.output_audio.delta", response_id=response, delta=delta)
            await self.tell("response.output_audio.done", response_id=response)
        if mark:
            await self.tell("parley.mark", name=mark)

    async def done(self, response: str, status: str = "completed") -> None:
        await self.tell("response.done", response={"id": response, "status": status})

    async def wait(self, kind: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """The page's `count`-th event of this kind with these fields."""

        def found() -> list[dict[str, Any]]:
            return [e for e in self.events if e["type"] == kind and fields.items() <= e.items()]

        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    async def hang_up(self, reason: str = "agent-ended", at_fault: str = "nobody") -> None:
        await self.tell("parley.ended", reason=reason, at_fault=at_fault)
        await self.socket.close()

    async def turn_away(self, code: str, message: str, close: int) -> None:
        """Tell of an error, and close."""
        await self.tell("error", error={"code": code, "message": message})
        await self.socket.close(close, message)

    def drop(self) -> None:
        """The network goes away."""
        self.socket.transport.abort()

    async def listen(self) -> None:
        try:
            async for text in self.socket:
                event = json.loads(text)
                if event["type"] == "input_audio_buffer.append":
                    self.audio += base64.b64decode(event.pop("audio"))
                async with self._news:
                    self.events.append(event)
                    self._news.notify_all()
        except ConnectionClosed:
            pass


class Door:
    """The server: its page, its calendar, and the calls that come in."""

    def __init__(self) -> None:
        self.week = a_week()
        self.refusal: HTTPStatus | None = None
        self.slow_s = 0.0
        self.key = ""
        self.calls: asyncio.Queue[Line] = asyncio.Queue()
        self.lines: list[Line] = []
        self.url = ""
        self.server: Server | None = None

    async def connection(self) -> Line:
        """The next one, which has not been told anything."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.calls.get()

    async def call(self, **session: Any) -> Line:
        """The next call, once the page's first audio has come."""
        line = await self.connection()
        await line.open(**session)
        await line.wait("input_audio_buffer.append")
        return line

    def close(self) -> None:
        """The server goes away, with all its calls."""
        if self.server is not None:
            self.server.close()

    async def gone(self) -> None:
        """It has gone away: nobody listens at its address any more."""
        self.close()
        if self.server is not None:
            await self.server.wait_closed()

    async def serve_call(self, socket: ServerConnection) -> None:
        line = Line(socket)
        self.lines.append(line)
        await self.calls.put(line)
        await line.listen()

    async def answer(self, _: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if self.key and path in ("/v1/realtime", "/demo/calendar"):
            given = (request.headers.get("Authorization"), request.headers.get(OFFERED))
            if not any(self.key in (header or "") for header in given):
                return answered(b"", "text/plain", HTTPStatus.UNAUTHORIZED)
        if path == "/v1/realtime":
            await asyncio.sleep(self.slow_s)
            return self.refusal and answered(b"", "text/plain", self.refusal)
        if path == "/health":
            return answered(b'{"status": "ok"}', "application/json")
        if path == "/demo/calendar":
            return answered(json.dumps(self.week).encode(), "application/json")
        file = PAGE / ("index.html" if path == "/" else path.removeprefix("/page/"))
        if not file.is_file():
            return answered(b"", "text/plain", HTTPStatus.NOT_FOUND)
        return answered(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "")


def answered(body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body))})
    headers["Connection"] = "close"
    return Response(status, status.phrase, headers, body)


@asynccontextmanager
async def a_door() -> AsyncIterator[Door]:
    door = Door()
    serving = serve(
        door.serve_call,
        "127.0.0.1",
        0,
        process_request=door.answer,
        select_subprotocol=lambda _, offered: "realtime" if "realtime" in offered else None,
    )
    async with serving as server:
        door.server = server
        host, port = next(iter(server.sockets)).getsockname()[:2]
        door.url = f"http://{host}:{port}/"
        yield door
