"""Garbage at the door: nothing that a client sends, or fails to read, hurts anybody else."""

import asyncio
import base64
import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from door_attacker import GARBAGE, SILENCE
from door_clients import Line, dialled
from door_support import greeting, served, with_server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from parley.server import connections, serving
from parley.server.serving import Running
from parley.transports.realtime.limits import Limits

HERE = Path(__file__).parent
LONG = greeting("This is a long greeting. " * 12)


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


async def still_well(server: Running) -> None:
    """Another client is greeted as ever."""
    async with dialled(server) as line:
        await line.begin()


def survived(attack: Callable[[Running], Awaitable[Any]], **options: Any) -> Any:
    """What the attack came to; after it the server is well."""

    async def main(server: Running) -> Any:
        result = await attack(server)
        await still_well(server)
        return result

    return with_server(main, **options)


def test_a_frame_of_10_mb_closes_its_connection() -> None:
    async def attack(server: Running) -> int:
        async with dialled(server) as line:
            with suppress(ConnectionClosed):
                await line.connection.send("x" * 10_000_000)
            return (await line.until_closed())[0]

    assert survived(attack) == 1009


def test_a_frame_that_never_ends_closes_its_connection() -> None:
    async def attack(server: Running) -> int:
        async def endless() -> Any:
            for _ in range(100):
                yield "x" * 100_000

        async with dialled(server) as line:
            with suppress(ConnectionClosed):
                await line.connection.send(endless())
            return (await line.until_closed())[0]

    assert survived(attack) == 1009


@pytest.mark.parametrize("begun", [True, False])
def test_each_piece_of_garbage_is_answered_with_an_error(begun: bool) -> None:
    async def attack(server: Running) -> int:
        async with dialled(server) as line:
            if begun:
                await line.begin()
            for garbage in GARBAGE:
                await line.connection.send(garbage)
                error = (await line.until("error"))["error"]
                assert error["type"] == "invalid_request_error"
                assert error["message"]
            if not begun:
                await line.begin()
            return len(GARBAGE)

    survived(attack)


def test_noise_instead_of_http_is_cut_off() -> None:
    async def attack(server: Running) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port(server.url))
        writer.write(random.Random(2).randbytes(50_000))
        async with asyncio.timeout(5):
            answer = await _rest(reader)
        writer.close()
        return answer

    assert survived(attack).startswith((b"HTTP/1.1 400", b""))


def test_noise_instead_of_frames_is_cut_off() -> None:
    async def attack(server: Running) -> None:
        async with dialled(server) as line:
            await line.until("session.created")
            line.connection.transport.write(random.Random(3).randbytes(50_000))
            await line.until_closed()

    survived(attack)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(-1)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "beginning",
    [b"", b"GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nX-", b"POST /health HTTP/1.1\r\n"
     b"Host: localhost\r\nContent-Length: 1000\r\n\r\nx"],
)  # fmt: skip
def test_a_request_that_does_not_come_to_its_end_is_cut_off(
    beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.3)

    async def attack(server: Running) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port(server.url))
        writer.write(beginning)
        async with asyncio.timeout(5):
            await _rest(reader)
        writer.close()

    survived(attack)


def test_more_connections_than_can_be_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_SOCKETS", 5)

    async def attack(server: Running) -> int:
        opened = [await asyncio.open_connection("127.0.0.1", port(server.url)) for _ in range(8)]
        async with asyncio.timeout(5):
            await asyncio.wait([asyncio.ensure_future(_rest(reader)) for reader, _ in opened[5:]])
        for _, writer in opened:
            writer.close()
        await asyncio.sleep(0.1)
        return len(opened)

    survived(attack)


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket of a client that will hardly take anything in, nor can the server's."""
    monkeypatch.setattr(serving, "SOCKET_BYTES", 4096)
    with socket.socket() as it:
        it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        it.setblocking(False)
        yield it


async def not_read(server: Running, deaf: socket.socket) -> None:
    """Call, and read nothing of what is answered, until the call is over."""
    number = port(server.url)
    await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", number))
    address = f"ws://localhost:{number}/v1/realtime"
    async with connect(address, sock=deaf, max_queue=1) as connection:
        connection.transport.pause_reading()
        began = False
        with suppress(ConnectionClosed):
            async with asyncio.timeout(20):
                while server.door.calls or not began:
                    began |= server.door.calls == 1
                    await connection.send(SILENCE)
                    await asyncio.sleep(0.02)
        for _ in range(250):
            await asyncio.sleep(0.02 if server.connections else 0)
        assert (server.connections, server.door.calls) == (0, 0)
        connection.transport.abort()


def test_a_client_that_never_reads_is_cut_off(
    deaf: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGER_S", 0.1)
    survived(
        lambda server: not_read(server, deaf),
        assistants=[served(settings=LONG)],
        limits=Limits(write_s=0.5),
    )


def test_a_client_that_never_reads_is_cut_off_by_its_connection_at_the_latest(
    deaf: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "STALLED_S", 0.5)
    survived(lambda server: not_read(server, deaf), assistants=[served(settings=LONG)])


def test_a_thousand_clients_at_once_are_served_or_turned_away() -> None:
    async def attack(server: Running) -> tuple[int, int]:
        async def one() -> bool:
            async with dialled(server, open_timeout=60) as line:
                event = json.loads(await line.connection.recv())
                if event["type"] == "error":
                    assert event["error"]["code"] == "server_busy"
                    assert (await line.until_closed(60))[0] == 1013
                    return False
                await enough.wait()
                return True

        enough = asyncio.Event()
        clients = [asyncio.get_running_loop().create_task(one()) for _ in range(1000)]
        turned_away = asyncio.as_completed(clients)
        for _ in range(900):
            assert not await next(turned_away)
        enough.set()
        outcomes = await asyncio.gather(*clients)
        return sum(outcomes), len(outcomes)

    assert survived(attack) == (100, 1000)


# All at once, beside a call


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, HERE / "door_process.py", tmp_path],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PARLEY_API_KEY": ""},
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()
        process.wait(timeout=20)


def test_a_call_beside_all_that_does_not_notice(url: str) -> None:
    """It is never without audio to play while the agent speaks."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        address = url.replace("http", "ws") + "/v1/realtime"
        async with connect(address, max_size=None) as connection:
            line = Line(connection)
            speaking = loop.create_task(line.send_audio())
            await line.until("response.output_audio.delta")
            attacker = await asyncio.create_subprocess_exec(
                sys.executable, HERE / "door_attacker.py", url, stdout=subprocess.PIPE
            )
            assert attacker.stdout is not None
            attacked = loop.create_task(attacker.stdout.readline())
            full_until, dry, until = loop.time(), 0.0, loop.time() + 60.0
            while loop.time() < until:
                delta = await line.until("response.output_audio.delta")
                now = loop.time()
                dry += max(0.0, now - full_until)
                full_until = max(now, full_until)
                full_until += len(base64.b64decode(delta["delta"])) / 48_000
                if attacked.done():
                    until = min(until, now + 4.0)
            attacker.kill()
            await attacker.wait()
            speaking.cancel()
        return dry

    dry = asyncio.run(main())
    assert dry < 0.5, f"without audio for {dry:.2f} s"
