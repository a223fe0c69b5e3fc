"""Attacks on a door: `door_attacker.py URL NAME ...`, all that there are without a name.

It says "attacking" when it begins, "done" when it has done all once, and goes on until it
is ended.
"""

import asyncio
import base64
import json
import random
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

AUDIO = base64.b64encode(bytes(960)).decode()
SILENCE = json.dumps({"type": "input_audio_buffer.append", "audio": AUDIO})
UPDATE = json.dumps({"type": "session.update", "session": {"type": "realtime"}})

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
    '{"type": "parley.marked", "name": "heard:' + "9" * 100_000 + '"}',
    '{"type": "parley.key", "key": 5}',
    random.Random(1).randbytes(100_000),
    b"",
]  # fmt: skip

FRAMES = {
    "messages": bytes([0x81, 0x80, 0, 0, 0, 0]),
    "pings": bytes([0x89, 0x80, 0, 0, 0, 0]),
    "pongs": bytes([0x8A, 0x80, 0, 0, 0, 0]),
    "fragments": bytes([0x00, 0x80, 0, 0, 0, 0]),
}
"""Empty frames, the smallest that there are."""

FRAGMENTED = bytes([0x01, 0x80, 0, 0, 0, 0])
"""The beginning of a message that does not end."""

MANY = 1000


def handshake(number: int) -> bytes:
    """A client's first words to the door at this port."""
    return (
        f"GET /v1/realtime HTTP/1.1\r\nHost: localhost:{number}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


async def upgraded(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection whose frames are made by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    writer.write(handshake(number))
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def garbage(url: str) -> None:
    """One piece after the other, then too much."""
    noise = random.Random(4)
    async with connect(url.replace("http", "ws") + "/v1/realtime", max_queue=None) as connection:
        for piece in GARBAGE:
            await connection.send(piece)
        for _ in range(2000):
            await connection.send(noise.randbytes(200))
        await connection.send("x" * 2_000_000)
        await connection.wait_closed()


async def floods(url: str) -> None:
    """More frames than anybody needs."""
    for kind, frame in FRAMES.items():
        _, writer = await upgraded(port(url))
        with suppress(ConnectionError):
            writer.write(FRAGMENTED if kind == "fragments" else b"")
            for _ in range(20):
                writer.write(frame * 5000)
                await writer.drain()
        writer.transport.abort()


async def loris(url: str) -> None:
    """Requests that never come to their end."""
    writers = [(await asyncio.open_connection("127.0.0.1", port(url)))[1] for _ in range(200)]
    for _ in range(4):
        for writer in writers:
            writer.write(b"x")
        await asyncio.sleep(0.2)
    for writer in writers:
        writer.transport.abort()


async def deaf(url: str) -> None:
    """Asks without end, and reads nothing of what is answered."""
    with socket.socket() as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ear.setblocking(False)
        await asyncio.get_running_loop().sock_connect(ear, ("127.0.0.1", port(url)))
        address = url.replace("http", "ws") + "/v1/realtime"
        async with connect(address, sock=ear, max_queue=1) as connection:
            connection.transport.pause_reading()
            await connection.send(SILENCE)
            for number in range(1700):
                await connection.send(UPDATE)
                await asyncio.sleep(0.0 if number < 900 else 0.0025)
            connection.transport.abort()


async def thousand(url: str) -> tuple[int, int]:
    """So many clients at once; how many are served, and how many turned away."""
    served = 0
    settled, enough = 0, asyncio.Event()

    async def one() -> None:
        nonlocal served, settled
        reader, writer = await upgraded(port(url))
        told = b""
        while b"server_busy" not in told and b"session.created" not in told:
            more = await reader.read(4096)
            if not more:
                raise ConnectionError("cut off without a word")
            told += more
        served += b"session.created" in told
        settled += 1
        if settled == MANY:
            enough.set()
        await enough.wait()
        writer.transport.abort()

    async with asyncio.timeout(60):
        await asyncio.gather(*(one() for _ in range(MANY)))
    return served, MANY - served


ATTACKS: dict[str, Callable[[str], Awaitable[object]]] = {
    it.__name__: it for it in (garbage, floods, loris, deaf, thousand)
}


async def main(url: str, names: list[str]) -> None:
    done = dict.fromkeys(names or [name for name in ATTACKS if name != "thousand"], False)

    async def attack(name: str) -> None:
        while True:
            with suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError, EOFError):
                await ATTACKS[name](url)
            if not done[name]:
                done[name] = True
                if all(done.values()):
                    sys.stdout.write("done\n")
                    sys.stdout.flush()
            await asyncio.sleep(0.2)

    sys.stdout.write("attacking\n")
    sys.stdout.flush()
    await asyncio.gather(*map(attack, done))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
