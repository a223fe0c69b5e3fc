"""A caller in a process of their own, silent until the call is over: `door_caller.py URL`."""

import asyncio
import base64
import json
import sys
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

AUDIO = base64.b64encode(bytes(960)).decode()
FRAME = json.dumps({"type": "input_audio_buffer.append", "audio": AUDIO})


async def main(url: str) -> None:
    async with connect(url.replace("http", "ws") + "/v1/realtime", max_queue=None) as connection:
        with suppress(ConnectionClosed):
            while True:
                await connection.send(FRAME)
                await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
