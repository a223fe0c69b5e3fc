"""A stream to a vendor in virtual time: slow, silent, stalled and endless ones."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import pytest
from vendors import Engine, Flux, Leave, Say, Universal, Wire
from websockets.utils import accept_key

from parley.audio.formats import INBOUND
from parley.errors import ProviderError, ProviderTimeout, ProviderUnavailable
from parley.providers.protocols import SttOptions, SttResult
from parley.providers.stt import hosted_socket
from parley.providers.stt.assemblyai import ENGLISH, UniversalDialect
from parley.providers.stt.deepgram import DeepgramStt, FluxDialect
from parley.providers.stt.hosted import (
    ANSWER_S,
    BACKLOG_S,
    BEHIND_S,
    OPEN_LIMIT_S,
    STALLED_S,
    Dialect,
    HostedStream,
    Signal,
)
from parley.providers.stt.hosted_access import Access
from parley.providers.stt.hosted_turns import Heard
from parley.runtime.vtime import VirtualLoop, run_virtual

T = TypeVar("T")

FRAME = bytes(INBOUND.bytes_for(0.02))


def dialect_of(engine: Engine) -> Dialect:
    access = Access("vendor", "ws://localhost", {})
    if isinstance(engine, Flux):
        return FluxDialect(access, 0.7)
    return UniversalDialect(access, ENGLISH, 0.4, formats=False)


async def opened(wire: Wire, dialect: Dialect | None = None) -> HostedStream:
    stream = HostedStream("vendor", wire, dialect or dialect_of(wire.engine))
    await stream.begin()
    return stream


async def speak(stream: HostedStream, seconds: float) -> None:
    """Audio as it is spoken."""
    for _ in range(round(seconds / 0.02)):
        stream.push(FRAME)
        await asyncio.sleep(0.02)


class Reader:
    """Reads all that comes, with the time at which it did."""

    def __init__(self, stream: HostedStream) -> None:
        self.results: list[tuple[float, SttResult]] = []
        self.error: ProviderError | None = None
        self._stream = stream
        self.task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            async for result in self._stream:
                self.results.append((asyncio.get_running_loop().time(), result))
        except ProviderError as error:
            self.error = error

    @property
    def told(self) -> list[tuple[int, str, bool]]:
        return [(result.segment, result.text, result.final) for _, result in self.results]


def session(
    engine: Engine, talk: Callable[[HostedStream], Coroutine[Any, Any, None]]
) -> tuple[Wire, Reader]:
    """One session from its beginning to its end."""

    async def main() -> tuple[Wire, Reader]:
        wire = Wire(engine)
        stream = await opened(wire)
        reader = Reader(stream)
        await talk(stream)
        await stream.aclose()
        await stream.aclose()
        await reader.task
        return wire, reader

    return run_virtual(main())


@pytest.mark.parametrize(
    ("engine", "farewell"),
    [(Flux, '{"type":"CloseStream"}'), (Universal, '{"type":"Terminate"}')],
)
def test_a_session_ends_with_a_farewell(engine: type[Engine], farewell: str) -> None:
    async def talk(stream: HostedStream) -> None:
        stream.expect(None)
        await speak(stream, 1.0)

    wire, reader = session(engine(), talk)
    assert wire.farewells == [farewell]
    assert (reader.told, reader.error) == ([], None)


def test_a_session_that_does_not_begin() -> None:
    class Dumb(Flux):
        def begin(self) -> list[str | bytes]:
            return []

    async def main() -> float:
        stream = HostedStream("vendor", Wire(Dumb()), dialect_of(Flux()))
        with pytest.raises(ProviderTimeout, match="did not begin a session"):
            await stream.begin()
        await stream.aclose()
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience_s=0.01)) as runner:
        assert runner.run(main()) == pytest.approx(OPEN_LIMIT_S)


def test_a_session_may_begin_twice() -> None:
    class Twice(Flux):
        def begin(self) -> list[str | bytes]:
            return [*super().begin(), *super().begin()]

    async def talk(stream: HostedStream) -> None:
        await speak(stream, 0.2)

    assert session(Twice(), talk)[1].error is None


def test_a_server_that_answers_late() -> None:
    """Nothing is made up meanwhile."""
    script = [Say(0.48, "StartOfTurn", "I would"), Say(2.4, "EndOfTurn", "I would like tea", 0.8)]

    async def talk(stream: HostedStream) -> None:
        await speak(stream, 1.0)
        stream.finalize()
        await speak(stream, 1.6)

    _, reader = session(Flux(script, mute=True), talk)
    assert reader.told == [(0, "I would", False), (0, "I would like tea", True)]
    assert reader.results[-1][0] == pytest.approx(2.4, abs=0.03)


def asked_for_nothing(wire: Wire) -> list[tuple[float, str]]:
    """When which final texts come that are asked for after a second, before any word."""

    async def main() -> list[tuple[float, str]]:
        stream = await opened(wire)
        reader = Reader(stream)
        await speak(stream, 1.0)
        stream.finalize()
        await speak(stream, 2.0)
        await stream.aclose()
        await reader.task
        return [(at, result.text) for at, result in reader.results if result.final]

    return run_virtual(main())


def test_there_is_no_turn_to_be_ended() -> None:
    """Flux says so; that AssemblyAI does is not documented."""
    assert asked_for_nothing(Wire(Flux())) == [(pytest.approx(1.0, abs=0.01), "")]
    assert asked_for_nothing(Wire(Universal())) == [(pytest.approx(1.0 + ANSWER_S), "")]


def test_words_that_are_on_their_way_are_not_taken_for_none() -> None:
    late = [Say(1.2, "", "well"), Say(2.2, "end_of_turn", "well yes", 0.6)]
    assert asked_for_nothing(Wire(Universal(late))) == [(pytest.approx(2.2, abs=0.03), "well yes")]


def test_who_is_not_there_is_not_taken_for_a_silent_caller() -> None:
    class Gone(Wire):
        async def ping(self) -> None:
            await asyncio.Event().wait()

    assert asked_for_nothing(Gone(Universal())) == []


def test_a_turn_that_the_engine_ends_meanwhile_is_answer_enough() -> None:
    """The end crosses the wish for it; that there is no turn any more settles nothing twice."""

    class Crossing(Flux):
        def forced(self) -> list[str | bytes]:
            end = [self.say(Say(0.0, "EndOfTurn", "one", 0.8))] if self.last else []
            return [*end, *super().forced()]

    async def talk(stream: HostedStream) -> None:
        await speak(stream, 1.0)
        stream.finalize()
        await speak(stream, 2.0)

    _, reader = session(Crossing([Say(0.48, "StartOfTurn", "one")]), talk)
    assert reader.told == [(0, "one", False), (0, "one", True)]


def test_an_engine_that_hangs_in_the_middle_of_a_turn() -> None:
    """Flux tells of an open turn four times a second; of none it may be silent."""

    async def main() -> float:
        stream = await opened(Wire(Flux([Say(10.0, "StartOfTurn", "well")])))
        with pytest.raises(ProviderTimeout, match="in the middle of a turn"):
            await speak(stream, 60.0)
        await stream.aclose()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == pytest.approx(10.0 + STALLED_S, abs=0.1)


def test_an_engine_that_only_tells_news_may_be_silent() -> None:
    async def talk(stream: HostedStream) -> None:
        await speak(stream, 20.0)

    assert session(Universal([Say(0.2, "", "well")]), talk)[1].error is None


class Stuck(Wire):
    """Takes nothing."""

    async def send(self, data: str | bytes) -> None:
        await asyncio.Event().wait()


def test_a_connection_that_does_not_keep_up() -> None:
    async def main() -> float:
        stream = await opened(Stuck(Flux()))
        with pytest.raises(ProviderTimeout, match="5 s of audio behind"):
            await speak(stream, 60.0)
        await stream.aclose()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == pytest.approx(BEHIND_S, abs=0.15)


def test_so_much_audio_may_be_handed_over_at_once() -> None:
    async def main() -> None:
        stream = await opened(Stuck(Flux()))
        second = bytes(INBOUND.bytes_for(1.0))
        for _ in range(int(BACKLOG_S)):
            stream.push(second)
        with pytest.raises(ProviderTimeout, match="30 s of audio behind"):
            stream.push(second)
        await stream.aclose()

    run_virtual(main())


@pytest.mark.parametrize(("engine", "took_s"), [(Flux, 0.0), (Universal, 1.0)])
def test_what_was_kept_is_sent_no_faster_than_it_is_taken(
    engine: type[Engine], took_s: float
) -> None:
    """AssemblyAI wants audio about as fast as it is spoken."""

    async def main() -> float:
        event = "EndOfTurn" if engine is Flux else "end_of_turn"
        stream = await opened(Wire(engine([Say(4.0, event, "well")])))
        stream.push(bytes(INBOUND.bytes_for(4.0)))
        assert (await anext(stream)).text == "well"
        took = asyncio.get_running_loop().time()
        await stream.aclose()
        return took

    assert run_virtual(main()) == pytest.approx(took_s, abs=0.05)


def test_what_was_kept_catches_up_on_a_busy_machine_too() -> None:
    """After a restart AssemblyAI is sent 15 s, in pieces that each go out a little late."""

    class Busy(Wire):
        async def send(self, data: str | bytes) -> None:
            await asyncio.sleep(0.005)
            await super().send(data)

    async def main() -> float:
        wire = Busy(Universal())
        stream = await opened(wire)
        stream.push(bytes(INBOUND.bytes_for(15.0)))
        await speak(stream, 6.0)
        await stream.aclose()
        return wire.engine.heard_s

    assert run_virtual(main()) == pytest.approx(21.0, abs=0.1)


def test_the_end_of_a_connection_is_told_once_all_else_was() -> None:
    async def talk(stream: HostedStream) -> None:
        stream.push(bytes(INBOUND.bytes_for(1.04)))
        await asyncio.sleep(0.1)
        with pytest.raises(ProviderUnavailable):
            stream.push(FRAME)

    _, reader = session(Flux([Say(0.8, "EndOfTurn", "one", 0.8), Leave(0.9)]), talk)
    assert reader.told == [(0, "one", True)]
    assert isinstance(reader.error, ProviderUnavailable)


def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    class Faulty(FluxDialect):
        def read(self, message: Mapping[str, Any]) -> Heard | Signal | None:
            if message["type"] == "TurnInfo":
                raise ZeroDivisionError
            return super().read(message)

    async def main() -> None:
        wire = Wire(Flux([Say(0.1, "StartOfTurn", "one")]))
        stream = await opened(wire, Faulty(Access("vendor", "ws://localhost", {}), 0.7))
        stream.push(bytes(INBOUND.bytes_for(0.16)))
        with pytest.raises(ProviderError, match="its stream broke: ZeroDivisionError"):
            await anext(stream)
        await stream.aclose()

    run_virtual(main())


def test_a_server_that_does_not_let_go_is_left_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It reads nothing any more, and so does not close its side."""
    assert hosted_socket.CLOSE_S <= 0.5
    monkeypatch.setattr(hosted_socket, "CLOSE_S", 0.05)  # time for a machine that is busy

    async def main() -> float:
        gone = asyncio.Event()

        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = request.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
            lines = ["HTTP/1.1 101 Yes", "Upgrade: websocket", "Connection: Upgrade"]
            lines.append(f"Sec-WebSocket-Accept: {accept_key(key)}")
            message = b'{"type":"Connected"}'
            frame = bytes((0x81, len(message))) + message
            writer.write("\r\n".join([*lines, "", ""]).encode() + frame)
            await gone.wait()
            writer.close()

        server = await asyncio.start_server(deaf, "127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        stream = await DeepgramStt(base_url=url, api_key="k").open(SttOptions())
        loop = asyncio.get_running_loop()
        began = loop.time()
        await stream.aclose()
        took = loop.time() - began
        gone.set()
        server.close()
        await server.wait_closed()
        return took

    assert asyncio.run(main()) < 1.0
