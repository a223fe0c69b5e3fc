"""Simple clients of the door, all of whose events are checked."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from parley.server.serving import Running

sys.path.append(str(Path(__file__).parents[1] / "transports"))
from realtime_support import parsed

FRAME_S = 0.02
SILENT = base64.b64encode(bytes(960)).decode()
VOICED = base64.b64encode(b"\x00\x10" * 480).decode()


def address(server: Running, query: str = "") -> str:
    return server.url.replace("http:", "ws:") + "/v1/realtime" + query


async def eventually(true: Callable[[], bool]) -> None:
    """Wait until a server, which tells nobody, has come so far."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Line:
    """A client that keeps what it is told, and plays it.

    `dry_s` is for how long it had nothing to play between its first audio and its latest.
    With `obeys` it acknowledges what it has played, not before.
    """

    def __init__(self, connection: ClientConnection, *, obeys: bool = False) -> None:
        self.connection = connection
        self.told: list[dict[str, Any]] = []
        self.dry_s = 0.0
        self._obeys = obeys
        self._played_at = 0.0
        self._marks: set[asyncio.Task[None]] = set()

    def _take(self, message: str) -> dict[str, Any]:
        event = parsed(message)
        self.told.append(event)
        now = asyncio.get_running_loop().time()
        if event["type"] == "response.output_audio.delta":
            self.dry_s += max(0.0, now - self._played_at) if self._played_at else 0.0
            audio_s = len(base64.b64decode(event["delta"])) / 48_000
            self._played_at = max(now, self._played_at) + audio_s
        elif event["type"] == "parley.mark" and self._obeys:
            mark = asyncio.ensure_future(self._mark(event["name"], self._played_at - now))
            self._marks.add(mark)
            mark.add_done_callback(self._marks.discard)
        return event

    async def _mark(self, name: str, in_s: float) -> None:
        await asyncio.sleep(in_s)
        with suppress(ConnectionClosed):
            await self.tell("parley.marked", name=name)

    async def tell(self, kind: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str, within_s: float = 10.0) -> dict[str, Any]:
        """Read until this comes; return it."""
        async with asyncio.timeout(within_s):
            while True:
                event = self._take(str(await self.connection.recv()))
                if event["type"] == kind:
                    return event

    async def until_closed(self, within_s: float = 10.0) -> tuple[int, str]:
        """Read until the server closes; return its code and reason."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    self._take(str(await self.connection.recv()))
            except ConnectionClosed:
                return self.connection.close_code or 0, self.connection.close_reason or ""

    async def begin(self) -> dict[str, Any]:
        """Send the first audio; return the first audio that comes back."""
        await self.tell("input_audio_buffer.append", audio=SILENT)
        return await self.until("response.output_audio.delta")

    async def send_audio(self, frame: str = SILENT, seconds: float = 1e9) -> None:
        """Send frames at their own pace."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for _ in range(round(min(seconds, 1e6) / FRAME_S)):
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self.tell("input_audio_buffer.append", audio=frame)


@asynccontextmanager
async def dialled(
    server: Running, query: str = "", *, obeys: bool = False, **options: Any
) -> AsyncIterator[Line]:
    """A client's line to the door."""
    async with connect(address(server, query), max_size=None, **options) as connection:
        yield Line(connection, obeys=obeys)
