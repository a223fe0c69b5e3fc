"""The client door over real connections: who is let in, and how calls end."""

import asyncio
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from door_clients import SILENT, VOICED, address, dialled
from door_support import SETTINGS, greeting, served, with_server
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from parley.server.serving import Running
from parley.transports.realtime.limits import Limits

LONG = greeting("This is a long greeting, and it goes on for a good while.")


def summaries(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*/call.json"))]


async def refused(server: Running, **options: Any) -> tuple[int, str]:
    """The status and the reason with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as raised:
        async with connect(address(server), **options):
            pass
    response = raised.value.response
    return response.status_code, (response.body or b"").decode()


def test_a_call_is_kept_under_the_name_that_the_client_was_told(tmp_path: Path) -> None:
    async def main(server: Running) -> str:
        async with dialled(server, origin=server.url) as line:
            session = await line.until("parley.session")
            await line.begin()
            await line.tell("parley.hangup")
            ended = await line.until("parley.ended")
            assert (ended["reason"], ended["at_fault"]) == ("caller-hung-up", "nobody")
            assert await line.until_closed() == (1000, "")
        return str(session["call"])

    call = with_server(main, calls=tmp_path)
    (summary,) = summaries(tmp_path)
    assert (summary["call"], summary["reason"]) == (call, "caller-hung-up")
    assert (tmp_path / call / "recording.wav").exists()


def test_who_closes_the_connection_has_hung_up(tmp_path: Path) -> None:
    async def main(server: Running) -> None:
        async with dialled(server) as line:
            await line.begin()

    with_server(main, calls=tmp_path)
    assert summaries(tmp_path)[0]["reason"] == "caller-hung-up"


@pytest.mark.parametrize(("query", "name"), [("", "first"), ("?model=second", "second")])
def test_the_assistant_that_is_asked_for_answers(query: str, name: str) -> None:
    async def main(server: Running) -> str:
        async with dialled(server, query) as line:
            created = await line.until("session.created")
            return str(created["session"]["model"])

    assert with_server(main, [served("first"), served("second")]) == name


def test_who_asks_for_somebody_else_is_told_who_is_there() -> None:
    async def main(server: Running) -> tuple[dict[str, Any], tuple[int, str]]:
        async with dialled(server, "?model=gpt-realtime") as line:
            error = await line.until("error")
            return error["error"], await line.until_closed()

    error, (code, _) = with_server(main, [served("first"), served("second")])
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert "first, second" in error["message"]
    assert code == 1008


def test_when_all_lines_are_taken_one_is_told_so() -> None:
    async def main(server: Running) -> tuple[dict[str, Any], tuple[int, str]]:
        async with dialled(server) as first, dialled(server) as second:
            await first.until("session.created")
            await second.until("session.created")
            async with dialled(server) as third:
                error = await third.until("error")
                closed = await third.until_closed()
        async with dialled(server) as fourth:
            await fourth.until("session.created")
        return error["error"], closed

    error, closed = with_server(main, max_connections=2)
    assert error["code"] == "server_busy"
    assert closed == (1013, "All 2 lines are taken. Please try again in a moment.")


def test_a_page_of_another_server_is_refused() -> None:
    async def main(server: Running) -> None:
        status, why = await refused(server, origin="http://evil.example")
        assert status == 403
        assert "other servers" in why
        async with dialled(server, origin=server.url) as line:
            await line.until("parley.session")

    with_server(main)


def test_a_name_that_was_made_to_point_here_is_refused() -> None:
    async def main(server: Running) -> None:
        port = server.url.rpartition(":")[2]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(
            b"GET /v1/realtime HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 421 ")
        writer.close()

    with_server(main)


def test_the_key_must_be_known() -> None:
    async def main(server: Running) -> None:
        assert (await refused(server))[0] == 401
        wrong = {"Authorization": "Bearer wrong"}
        assert (await refused(server, additional_headers=wrong))[0] == 401
        right = {"Authorization": "Bearer s3cret"}
        async with dialled(server, additional_headers=right) as line:
            await line.until("session.created")
        protocols = ["realtime", "openai-insecure-api-key.s3cret"]
        async with dialled(server, subprotocols=protocols) as line:
            await line.until("session.created")
            assert line.connection.subprotocol == "realtime", "the key is not sent back"

    with_server(main, key="s3cret")


def test_a_shutdown_ends_calls_with_their_reason_and_their_record(tmp_path: Path) -> None:
    async def main(server: Running) -> None:
        async with dialled(server, origin=server.url) as calling, dialled(server) as waiting:
            await waiting.until("session.created")
            await calling.begin()
            server.stop()
            ended = await calling.until("parley.ended")
            assert (ended["reason"], ended["at_fault"]) == ("shutdown", "platform")
            assert await calling.until_closed() == (1001, "shutdown")
            assert (await waiting.until("error"))["error"]["code"] == "shutdown"
            assert (await waiting.until_closed())[0] == 1001
            await server.wait()

    with_server(main, [served(settings=LONG)], calls=tmp_path)
    (summary,) = summaries(tmp_path)
    assert summary["reason"] == "shutdown"


def test_a_client_without_audio_is_closed() -> None:
    async def main(server: Running) -> None:
        async with dialled(server) as line:
            assert await line.until_closed() == (1008, "No audio has come.")

    with_server(main, limits=Limits(idle_s=0.3))


def test_a_call_that_cannot_be_kept_is_closed_and_others_go_on(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("no folder")

    async def main(server: Running) -> None:
        async with dialled(server) as line:
            await line.tell("input_audio_buffer.append", audio=SILENT)
            error = await line.until("error")
            assert (error["error"]["type"], error["error"]["code"]) == (
                "server_error",
                "internal_error",
            )
            assert (await line.until_closed())[0] == 1011
        assert server.door.calls == 0

    with_server(main, calls=taken)


def test_a_call_that_breaks_down_is_closed_and_others_go_on() -> None:
    def broken() -> Any:
        raise RuntimeError("a stage that cannot be made")

    mine = served()
    bad = replace(mine, name="bad", agent=replace(mine.agent, responder=broken))

    async def main(server: Running) -> None:
        async with dialled(server, "?model=bad") as line:
            await line.tell("input_audio_buffer.append", audio=SILENT)
            assert (await line.until_closed())[0] == 1011
        async with dialled(server, "?model=demo") as line:
            await line.begin()

    with_server(main, [mine, bad])


def test_a_turn_and_its_latency_are_told() -> None:
    async def main(server: Running) -> dict[str, Any]:
        async with dialled(server, origin=server.url, obeys=True) as line:
            await line.tell("parley.client", playback="marks")
            await line.begin()

            async def speak() -> None:
                await line.send_audio(seconds=1.0)
                await line.send_audio(VOICED, seconds=0.6)
                await line.send_audio()

            speaking = asyncio.get_running_loop().create_task(speak())
            latency = await line.until("parley.latency")
            speaking.cancel()
            return latency

    latency = with_server(main, [served(says=["count"])])
    assert latency["turn"] == 1
    wait_ms = 1000 * SETTINGS.turns.wait_s
    assert wait_ms <= latency["response_ms"] < 3000, "not before the turn was taken for ended"
    assert sum(p["ms"] for p in latency["parts"]) == pytest.approx(latency["response_ms"], abs=0.5)


def test_neither_keys_nor_words_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main(server: Running) -> None:
        await refused(server, additional_headers={"Authorization": "Bearer wr0ng"})
        protocols = ["realtime", "openai-insecure-api-key.s3cret"]
        async with dialled(server, origin=server.url, subprotocols=protocols, obeys=True) as line:
            await line.tell("parley.client", playback="marks")
            await line.begin()

            async def speak() -> None:
                await line.send_audio(seconds=0.6)
                await line.send_audio(VOICED, seconds=0.6)
                await line.send_audio()

            speaking = asyncio.get_running_loop().create_task(speak())
            await line.until("response.done")
            await line.until("response.done")
            speaking.cancel()
            assert "confidential" in str(line.told)

    with_server(main, [served(says=["confidential"])], key="s3cret")
    ours = [r for r in caplog.records if not r.name.startswith("websockets.client")]
    logged = "\n".join(f"{record.name}: {record.getMessage()}" for record in ours)
    for secret in ("s3cret", "wr0ng", "confidential", "Yes."):
        assert secret not in logged
