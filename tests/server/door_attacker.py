"""Attacks on a door, all that there are: `door_attacker.py URL`, until it is ended."""

import asyncio
import base64
import json
import random
import sys
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

AUDIO = base64.b64encode(bytes(960)).decode()
SILENCE = json.dumps({"type": "input_audio_buffer.append", "audio": AUDIO})

GARBAGE = [
    "",
    "{",
    "null",
    "[]",
    "[" * 100_000,
    '{"type": "session.update", "session": ' + '{"a":' * 50_000 + "1" + "}" * 50_001,
    '{"type": "session.update", "session": {"audio": {"input": {"format": {"rate": 44100}}}}}',
    '{"type": 7}',
    '{"type": "input_audio_buffer.append", "audio": {"x": 1}}',
    '{"type": "input_audio_buffer.append", "audio": "not base64!"}',
    '{"type": "input_audio_buffer.append", "audio": "AA=="}',
    '{"type": "conversation.item.truncate", "item_id": 1e99, "content_index": []}',
    '{"type": "' + "x" * 500_000 + '"}',
    random.Random(1).randbytes(100_000),
    b"",
]  # fmt: skip


async def _attack(address: str) -> None:
    """One after the other, for as long as it lasts."""
    noise = random.Random(4)
    while True:
        with suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
            async with connect(address, max_queue=None) as connection:
                for garbage in GARBAGE:
                    await connection.send(garbage)
                for _ in range(2000):
                    await connection.send(noise.randbytes(200))
                await connection.send("x" * 2_000_000)
                await connection.wait_closed()
        await asyncio.sleep(0)


async def _loris(address: str) -> None:
    number = int(address.removesuffix("/v1/realtime").rpartition(":")[2])
    writers = [(await asyncio.open_connection("127.0.0.1", number))[1] for _ in range(200)]
    try:
        while True:
            for writer in writers:
                with suppress(OSError):
                    writer.write(b"x")
            await asyncio.sleep(0.5)
    finally:
        for writer in writers:
            writer.close()


async def _deaf(address: str) -> None:
    async with connect(address, max_queue=1) as connection:
        connection.transport.pause_reading()
        with suppress(ConnectionClosed):
            while True:
                await connection.send(SILENCE)
                await asyncio.sleep(0.02)


async def main(url: str) -> None:
    address = url.replace("http", "ws") + "/v1/realtime"
    sys.stdout.write("attacking\n")
    sys.stdout.flush()
    await asyncio.gather(*(it(address) for it in (_attack, _loris, _deaf, _attack)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
