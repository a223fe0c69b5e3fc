"""One call's recogniser as the event loop sees it, with a process that is a fake."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from parley.audio.formats import INBOUND
from parley.errors import ProviderRequestError, ProviderTimeout, ProviderUnavailable
from parley.providers.engine_process import ANSWER, REFUSED
from parley.providers.protocols import SttResult
from parley.providers.stt.requests import AUDIO, EXPECT, FINALIZE, OPEN
from parley.providers.stt.streaming import BACKLOG_S, BEHIND_S, OPEN_LIMIT_S, EngineStream
from parley.runtime.vtime import run_virtual

FRAME = bytes(INBOUND.bytes_for(0.02))


class Process:
    """A pool's only process, which answers when a test says so."""

    def __init__(self, opens: int | None = ANSWER) -> None:
        self.opens = opens
        self.asked: list[tuple[int, bytes]] = []
        self.left = 0
        self.stream: EngineStream | None = None

    async def acquire(self, stream: EngineStream) -> "Process":
        self.stream = stream
        return self

    def leave(self) -> None:
        self.left += 1

    def request(self, kind: int, payload: bytes) -> None:
        self.asked.append((kind, payload))
        if kind == OPEN and self.opens is not None:
            self.answer(payload, self.opens)

    def answer(self, payload: bytes = b"", kind: int = ANSWER) -> None:
        assert self.stream is not None
        self.stream.receive(kind, payload)


class Stream(EngineStream):
    def read(self, payload: bytes, segment: int, *, final: bool) -> SttResult:
        return SttResult(segment, payload.decode(), final=final)


async def opened(process: Process, grammar: str = "") -> Stream:
    stream = Stream("fake", cast("Any", process))
    await stream.begin(grammar)
    return stream


async def rest(stream: Stream) -> list[SttResult]:
    """What there is to read, at the end of a stream."""
    await stream.aclose()
    return [result async for result in stream]


def test_requests_and_results_have_their_order() -> None:
    async def main() -> list[SttResult]:
        process = Process()
        stream = await opened(process, "grammar")
        stream.push(FRAME)
        stream.expect("more")
        stream.expect(None)
        stream.finalize()
        stream.push(FRAME)
        asked = [(OPEN, b"grammar"), (AUDIO, FRAME), (EXPECT, b"more"), (EXPECT, b"")]
        assert process.asked == [*asked, (FINALIZE, b""), (AUDIO, FRAME)]
        for payload in (b"one", b"", b"", b"one two", b"three"):
            process.answer(payload)
        found = [await anext(stream) for _ in range(2)]
        assert await rest(stream) == []
        assert process.left == 1
        return found

    assert run_virtual(main()) == [
        SttResult(0, "one two", final=True),  # nobody had read what came before it
        SttResult(1, "three", final=False),
    ]


def test_audio_that_says_nothing_new_is_no_result() -> None:
    async def main() -> None:
        process = Process()
        stream = await opened(process)
        for payload in (b"", b"one", b"", b"two", b""):
            stream.push(FRAME)
            process.answer(payload)
        assert await anext(stream) == SttResult(0, "two", final=False)
        assert await rest(stream) == []

    run_virtual(main())


def test_a_process_that_does_not_get_ready_is_given_up() -> None:
    async def main() -> float:
        stream = Stream("fake", cast("Any", Process(opens=None)))
        with pytest.raises(ProviderTimeout, match="did not get ready"):
            await stream.begin("")
        return stream._loop.time()

    assert run_virtual(main()) == pytest.approx(OPEN_LIMIT_S)


def test_what_a_process_does_not_take_is_said_and_ends_the_stream() -> None:
    async def main() -> None:
        with pytest.raises(ProviderRequestError, match="why"):
            await opened(Process(opens=REFUSED), "why")
        process = Process()
        stream = await opened(process)
        stream.expect("nonsense")
        stream.push(FRAME)
        process.answer(b"no", REFUSED)
        process.answer(b"too late")
        with pytest.raises(ProviderRequestError, match="no"):
            await anext(stream)
        asks: list[Callable[[], None]] = [lambda: stream.push(FRAME), stream.finalize]
        for ask in asks:
            with pytest.raises(ProviderRequestError, match="no"):
                ask()

    run_virtual(main())


@pytest.mark.parametrize("ask", [lambda stream: stream.push(FRAME), EngineStream.finalize])
def test_a_grammar_that_cannot_be_used_may_be_found_out_later(
    ask: Callable[[EngineStream], None],
) -> None:
    async def main() -> None:
        process = Process()
        stream = await opened(process, "much")
        ask(stream)
        process.answer(b"too much", REFUSED)
        with pytest.raises(ProviderRequestError, match="it cannot use the grammar: too much"):
            await anext(stream)

    run_virtual(main())


def test_so_much_audio_may_be_handed_over_at_once() -> None:
    async def main() -> None:
        process = Process()
        stream = await opened(process)
        second = bytes(INBOUND.bytes_for(1.0))
        for _ in range(int(BACKLOG_S)):
            stream.push(second)
        with pytest.raises(ProviderTimeout, match="30 s of audio behind"):
            stream.push(second)
        process.answer()
        stream.push(second)

    run_virtual(main())


@pytest.mark.parametrize(("passed_s", "late"), [(BEHIND_S - 0.1, False), (BEHIND_S + 0.1, True)])
def test_a_process_that_does_not_keep_up_is_told_of(passed_s: float, late: bool) -> None:
    async def main() -> None:
        process = Process()
        stream = await opened(process)
        await asyncio.sleep(60.0)  # who has nothing to do is not late
        stream.push(FRAME)
        await asyncio.sleep(passed_s)
        if late:
            with pytest.raises(ProviderTimeout, match="0 s of audio behind"):
                stream.push(FRAME)
        else:
            stream.push(FRAME)

    run_virtual(main())


def test_nothing_is_said_after_the_end() -> None:
    async def main() -> None:
        process = Process()
        stream = await opened(process)
        stream.push(FRAME)
        stream.finalize()
        await stream.aclose()
        process.answer(b"one")
        process.answer(b"one")
        assert await rest(stream) == []
        with pytest.raises(ProviderUnavailable, match="closed"):
            stream.push(FRAME)

    run_virtual(main())
