"""Scripted hearing: by audio time, and by request for a final result."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from parley.audio.formats import INBOUND
from parley.errors import ProviderError, ProviderTimeout, ProviderUnavailable
from parley.providers.protocols import SttOptions, SttResult, SttStream, TimedWord
from parley.providers.scripted import (
    Fail,
    Final,
    OnFinalize,
    Partial,
    ScriptedStt,
    Stall,
    UnexpectedCall,
)
from parley.runtime.vtime import run_virtual

GONE = ProviderUnavailable("x", "gone")
FRAME = bytes(INBOUND.bytes_for(0.02))

Heard = list[tuple[float, SttResult | ProviderError]]


def listen(stt: ScriptedStt, scene: Callable[[SttStream], Awaitable[None]]) -> Heard:
    """What one stream gives and when, while `scene` plays and until it is closed."""
    heard: Heard = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stream = await stt.open(SttOptions())

        async def read() -> None:
            try:
                async for result in stream:
                    heard.append((round(loop.time(), 6), result))
            except ProviderError as error:
                heard.append((round(loop.time(), 6), error))

        reading = asyncio.create_task(read())
        await scene(stream)
        await stream.aclose()
        await reading
        await stream.aclose()

    run_virtual(main())
    return heard


async def speak(stream: SttStream, seconds: float) -> None:
    """Push audio in real time, in frames of 20 ms."""
    for _ in range(round(seconds / 0.02)):
        await asyncio.sleep(0.02)
        stream.push(FRAME)


def test_partials_and_finals_come_at_their_audio_time() -> None:
    async def scene(stream: SttStream) -> None:
        await speak(stream, 2.0)

    stt = ScriptedStt([Partial(0.5, "hel"), Final(1.0, "hello"), Partial(1.5, "how")])
    assert listen(stt, scene) == [
        (0.5, SttResult(0, "hel", final=False)),
        (1.0, SttResult(0, "hello", final=True)),
        (1.5, SttResult(1, "how", final=False)),
    ]
    assert stt.requests == [SttOptions()]
    assert stt.active == 0
    stt.assert_finished()


def test_audio_time_counts_what_was_pushed_not_how_long_it_took() -> None:
    async def scene(stream: SttStream) -> None:
        await asyncio.sleep(100)
        stream.push(bytes(INBOUND.bytes_for(0.99)))
        await asyncio.sleep(100)
        stream.push(bytes(INBOUND.bytes_for(0.01)))
        await asyncio.sleep(1)

    assert listen(ScriptedStt([Final(1.0, "hello")]), scene) == [
        (200, SttResult(0, "hello", final=True))
    ]


def test_results_may_take_their_time_and_stay_in_order() -> None:
    async def scene(stream: SttStream) -> None:
        await speak(stream, 2.0)

    words = [TimedWord("hello", 0.2, 0.6)]
    stt = ScriptedStt([Partial(0.5, "hel", 0.3), Final(0.6, "hello", 0.1, words, 0.9)])
    assert listen(stt, scene) == [
        (0.8, SttResult(0, "hel", final=False)),
        (0.8, SttResult(0, "hello", True, words, 0.9)),
    ]


def test_finalize_brings_the_next_final_text_after_its_delay() -> None:
    async def scene(stream: SttStream) -> None:
        await speak(stream, 1.0)
        stream.finalize()
        await speak(stream, 1.0)
        stream.finalize()
        await asyncio.sleep(0.1)

    assert listen(ScriptedStt([OnFinalize("yes", 0.12), "no"]), scene) == [
        (1.12, SttResult(0, "yes", final=True)),
        (2.0, SttResult(1, "no", final=True)),
    ]


def test_the_timeline_and_the_final_results_do_not_wait_for_each_other() -> None:
    async def scene(stream: SttStream) -> None:
        await speak(stream, 1.0)
        stream.finalize()
        await speak(stream, 1.0)

    stt = ScriptedStt([Partial(0.5, "y"), Partial(1.5, "n"), "yes"])
    assert [result for _, result in listen(stt, scene)] == [
        SttResult(0, "y", final=False),
        SttResult(0, "yes", final=True),
        SttResult(1, "n", final=False),
    ]


def test_capabilities_follow_from_the_script() -> None:
    timed = Final(1, "a", words=[TimedWord("a", 0, 1)])
    flags = [
        (c.partials, c.word_times, c.finalizes)
        for c in (
            ScriptedStt([Final(1, "a")]).capabilities,
            ScriptedStt([Partial(1, "a")]).capabilities,
            ScriptedStt([timed]).capabilities,
            ScriptedStt(["a"]).capabilities,
            ScriptedStt([], then="").capabilities,
        )
    ]
    assert flags == [
        (False, False, False),
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (False, False, True),
    ]


def test_finalize_means_nothing_to_a_recogniser_that_cannot() -> None:
    async def scene(stream: SttStream) -> None:
        stream.finalize()
        await asyncio.sleep(1)

    assert listen(ScriptedStt([]), scene) == []


def test_one_finalize_too_many() -> None:
    async def scene(stream: SttStream) -> None:
        stream.finalize()
        with pytest.raises(UnexpectedCall, match="finalize"):
            stream.finalize()

    stt = ScriptedStt(["yes"])
    listen(stt, scene)
    with pytest.raises(UnexpectedCall, match="finalize"):
        stt.assert_finished()


def test_then_answers_all_further_requests() -> None:
    async def scene(stream: SttStream) -> None:
        for _ in range(3):
            stream.finalize()
        await asyncio.sleep(1)

    stt = ScriptedStt(["yes"], then="")
    assert [result for _, result in listen(stt, scene)] == [
        SttResult(0, "yes", final=True),
        SttResult(1, "", final=True),
        SttResult(2, "", final=True),
    ]
    stt.assert_finished()


def test_what_was_never_heard_is_left() -> None:
    async def scene(stream: SttStream) -> None:
        await speak(stream, 1.0)

    stt = ScriptedStt([Partial(0.5, "a"), Final(5.0, "b"), "c"])
    listen(stt, scene)
    with pytest.raises(UnexpectedCall, match=r"Final\(at_s=5\.0.*OnFinalize\(result='c'"):
        stt.assert_finished()


def test_a_failure_leaves_the_rest_to_the_next_stream() -> None:
    async def scene(stream: SttStream) -> None:
        await speak(stream, 2.0)
        stream.finalize()
        await speak(stream, 0.5)

    async def again(stream: SttStream) -> None:
        await speak(stream, 0.6)
        stream.finalize()
        await asyncio.sleep(0.1)

    stt = ScriptedStt([Partial(0.5, "a"), Fail(GONE, after_s=1.0), Partial(0.4, "b"), "c"])
    assert listen(stt, scene) == [(0.5, SttResult(0, "a", final=False)), (1.0, GONE)]
    assert listen(stt, again) == [
        (0.4, SttResult(0, "b", final=False)),
        (0.6, SttResult(0, "c", final=True)),
    ]
    stt.assert_finished()


def test_a_stall_withholds_everything_for_ever() -> None:
    async def scene(stream: SttStream) -> None:
        await speak(stream, 2.0)
        stream.finalize()
        await asyncio.sleep(3600)

    stt = ScriptedStt([Partial(0.5, "a"), Stall(after_s=1.0), Partial(1.5, "b"), "c"])
    assert listen(stt, scene) == [(0.5, SttResult(0, "a", final=False))]


def test_finalize_may_fail_or_stall() -> None:
    async def scene(stream: SttStream) -> None:
        stream.finalize()
        await asyncio.sleep(9)

    stt = ScriptedStt([OnFinalize(Fail(GONE), after_s=0.4), OnFinalize(Stall()), "yes"])
    assert listen(stt, scene) == [(0.4, GONE)]
    assert listen(stt, scene) == []
    assert listen(stt, scene) == [(0, SttResult(0, "yes", final=True))]


def test_a_failure_at_0_does_not_open() -> None:
    async def scene(stream: SttStream) -> None:
        await asyncio.sleep(0)

    stt = ScriptedStt([Fail(GONE), Final(1.0, "a")])
    with pytest.raises(ProviderUnavailable):
        listen(stt, scene)
    assert listen(stt, scene) == []


def test_a_stall_at_0_never_opens() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await stt.open(SttOptions())

    stt = ScriptedStt([Stall()])
    run_virtual(main())
    assert stt.active == 0


def test_closing_ends_the_iteration_though_a_result_is_under_way() -> None:
    async def scene(stream: SttStream) -> None:
        stream.finalize()
        stream.finalize()
        await asyncio.sleep(1)

    assert listen(ScriptedStt([OnFinalize("late", 60), "later"]), scene) == []


def test_a_closed_stream_hears_nothing() -> None:
    async def main() -> None:
        stream = await stt.open(SttOptions())
        await stream.aclose()
        stream.push(bytes(INBOUND.bytes_for(2)))
        stream.finalize()
        assert [result async for result in stream] == []

    stt = ScriptedStt([Fail(ProviderTimeout("x", "late"), after_s=1.0), "yes"])
    run_virtual(main())
    assert len(stt.left()) == 2
