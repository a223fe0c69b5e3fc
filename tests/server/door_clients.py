"""Simple clients of the door, all of whose events are checked."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


class Line:
    """A client that keeps what it is told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: list[dict[str, Any]] = []

    async def tell(self, kind: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str, within_s: float = 10.0) -> dict[str, Any]:
        """Read until this comes; return it."""
        async with asyncio.timeout(within_s):
            while True:
                event = parsed(str(await self.connection.recv()))
                self.told.append(event)
                if event["type"] == kind:
                    return event

    async def until_closed(self, within_s: float = 10.0) -> tuple[int, str]:
        """Read until the server closes; return its code and reason."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    self.told.append(parsed(str(await self.connection.recv())))
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
async def dialled(server: Running, query: str = "", **options: Any) -> AsyncIterator[Line]:
    """A client's line to the door."""
    async with connect(address(server, query), max_size=None, **options) as connection:
        yield Line(connection)
