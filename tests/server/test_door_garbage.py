"""Garbage at the door: nothing that a client sends, or fails to read, hurts anybody else."""

import asyncio
import base64
import errno
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
from door_attacker import (
    FRAGMENTED,
    FRAMES,
    GARBAGE,
    MANY,
    SILENCE,
    UPDATE,
    port,
    thousand,
    upgraded,
)
from door_clients import Line, dialled, eventually
from door_support import greeting, served, with_server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from parley.server import accepting, connections, serving
from parley.server.connections import WebSocketConnection
from parley.server.door import DRAIN_S
from parley.server.serving import Running
from parley.transports.realtime.limits import Limits

HERE = Path(__file__).parent
LONG = greeting("This is a long greeting. " * 12)


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
        await eventually(lambda: not server.connections)
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
        await eventually(lambda: not server.connections and not server.door.calls)
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


def test_a_shutdown_does_not_wait_for_who_never_reads(deaf: socket.socket, tmp_path: Path) -> None:
    async def main(server: Running) -> float:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, ("127.0.0.1", port(server.url)))
        async with connect(f"ws://localhost:{port(server.url)}/v1/realtime", sock=deaf) as it:
            it.transport.pause_reading()
            await it.send(SILENCE)
            for _ in range(500):
                await it.send(UPDATE)
            await eventually(lambda: server.door.calls == 1)
            began = loop.time()
            server.stop()
            await server.wait()
            it.transport.abort()
            return loop.time() - began

    assert with_server(main, calls=tmp_path) < DRAIN_S
    (summary,) = [json.loads(path.read_text()) for path in tmp_path.glob("*/call.json")]
    assert summary["reason"] == "shutdown"


def test_a_thousand_clients_at_once_are_served_or_turned_away() -> None:
    assert survived(lambda server: thousand(server.url)) == (100, MANY - 100)


@pytest.mark.parametrize("kind", FRAMES)
def test_a_flood_of_frames_is_cut_off_and_taken_in_piece_by_piece(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[int] = []
    read = WebSocketConnection.handle_events

    def counted(it: WebSocketConnection) -> None:
        pieces.append(len(it.conn.events))
        read(it)

    monkeypatch.setattr(WebSocketConnection, "handle_events", counted)

    async def attack(server: Running) -> None:
        reader, writer = await upgraded(port(server.url))
        writer.write(FRAGMENTED if kind == "fragments" else b"")
        writer.write(FRAMES[kind] * 100_000)
        async with asyncio.timeout(10):
            await _rest(reader)
        writer.transport.abort()

    survived(attack)
    assert max(pieces) <= connections.PIECE / len(FRAMES[kind]) + 1
    assert sum(pieces) < connections.FRAMES_AT_ONCE + 2 * max(pieces) + 1000


def test_a_large_message_in_many_pieces_is_whole() -> None:
    async def main(server: Running) -> None:
        async with dialled(server) as line:
            noise = random.Random(5).randbytes(48_000 * 10)
            audio = base64.b64encode(noise).decode()
            await line.tell("input_audio_buffer.append", audio=audio)
            await line.tell("session.update", session={"type": "realtime"})
            await line.until("session.updated")

    with_server(main)


def test_text_that_is_no_utf_8_closes_its_connection() -> None:
    async def attack(server: Running) -> int:
        async with dialled(server) as line:
            await line.connection.send(b"\xff\xfe", text=True)
            return (await line.until_closed())[0]

    assert survived(attack) == 1007


@pytest.mark.parametrize(
    "audio",
    [
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00",
        b"ID3\x04" + random.Random(6).randbytes(20_000),
        b"\x00\x00\xc0\x7f" * 4800,
        b"\xff\x7f\x00\x80" * 4800,
    ],
    ids=["wav", "mp3", "floats that are none", "full scale"],
)
def test_audio_in_another_format_is_noise_to_its_own_call(audio: bytes) -> None:
    async def attack(server: Running) -> str:
        async with dialled(server, origin=server.url) as line:
            await line.begin()
            await line.tell("input_audio_buffer.append", audio=base64.b64encode(audio).decode())
            await line.tell("parley.hangup")
            return str((await line.until("parley.ended"))["reason"])

    assert survived(attack) == "caller-hung-up"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 10_000,
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * 10_000,
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2000,
    ],
    ids=["headers", "chunks", "one after the other"],
)
def test_a_request_that_is_too_large_is_cut_off(request_: bytes) -> None:
    async def attack(server: Running) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port(server.url))
        writer.write(request_)
        async with asyncio.timeout(5):
            rest = await _rest(reader)
        writer.transport.abort()
        return len(rest)

    assert survived(attack) < connections.REQUEST_BYTES


def test_one_household_cannot_take_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_WAITING", 5)
    monkeypatch.setattr(connections, "household", lambda address: b"the neighbours")

    async def attack(server: Running) -> int:
        opened = [await asyncio.open_connection("127.0.0.1", port(server.url)) for _ in range(8)]
        rests = [asyncio.ensure_future(_rest(reader)) for reader, _ in opened]
        await eventually(lambda: sum(rest.done() for rest in rests) == 3)
        for _, writer in opened:
            writer.transport.abort()
        await asyncio.gather(*rests)
        await eventually(lambda: not server.connections)
        calling = [await upgraded(port(server.url)) for _ in range(8)]
        for _, writer in calling:
            writer.transport.abort()
        return len(calling)

    assert survived(attack) == 8, "who is in a call waits no more"


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::5", "2001:db8:0:1:ffff::", True),
        ("2001:db8:0:1::5", "2001:db8:0:2::5", False),
    ],
)
def test_a_household(address: str, other: str, same: bool) -> None:
    assert (connections.household(address) == connections.household(other)) is same


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_no_household(address: str) -> None:
    assert connections.household(address) == b""


def test_who_breaks_off_is_lost_and_has_not_hung_up(tmp_path: Path) -> None:
    async def main(server: Running) -> None:
        async with dialled(server) as line:
            await line.begin()
            line.connection.transport.abort()
            await eventually(lambda: not server.door.calls)

    with_server(main, calls=tmp_path)
    (summary,) = [json.loads(path.read_text()) for path in tmp_path.glob("*/call.json")]
    assert summary["reason"] == "connection-lost"


def test_connections_are_taken_in_again_when_there_are_files(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(accepting, "REST_S", 0.05)
    full = [OSError(errno.EMFILE, "Too many open files")] * 2
    accept = socket.socket.accept

    def scarce(listener: socket.socket) -> Any:
        if full:
            raise full.pop()
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", scarce)
    with_server(still_well)
    assert full == []
    assert "Too many open files" in caplog.text


# Beside a call


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A server in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, HERE / "door_process.py", tmp_path],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PARLEY_API_KEY": ""},
    )
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("attacks", [("deaf",), ("thousand",), ()], ids=["deaf", "thousand", "all"])
def test_a_call_beside_an_attack_does_not_notice(
    attacks: tuple[str, ...], server: subprocess.Popen[str]
) -> None:
    """It is never without audio to play, and no one turn of the event loop is long."""
    assert server.stdout is not None
    url = server.stdout.readline().split()[-1]
    dry = asyncio.run(beside(url, *attacks))
    server.terminate()
    busiest_ms = float(server.stdout.read().split()[-1])
    assert dry < 0.3, f"without audio for {dry:.2f} s"
    assert busiest_ms < 100, f"at work for {busiest_ms:.0f} ms without turning"


async def beside(url: str, *attacks: str) -> float:
    """For how many seconds a call is without audio while its agent speaks beside attacks."""
    loop = asyncio.get_running_loop()
    async with connect(url.replace("http", "ws") + "/v1/realtime", max_size=None) as connection:
        line = Line(connection)
        speaking = loop.create_task(line.send_audio())
        await line.until("response.output_audio.delta")
        attacker = await asyncio.create_subprocess_exec(
            sys.executable, HERE / "door_attacker.py", url, *attacks, stdout=subprocess.PIPE
        )
        assert attacker.stdout is not None
        stdout = attacker.stdout

        async def attacking() -> None:
            while await stdout.readline() not in (b"done\n", b""):
                pass

        attacked = loop.create_task(attacking())
        async with asyncio.timeout(60):
            while not attacked.done():
                await line.until("response.output_audio.delta")
        attacker.kill()
        await attacker.wait()
        speaking.cancel()
    return line.dry_s
