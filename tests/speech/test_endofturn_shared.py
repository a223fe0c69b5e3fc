"""Pauses are judged beside the event loop; what is not wanted any more is dropped.

In virtual time the clock stands still while the model thinks, so times are exact.
"""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from parley.errors import MissingModelError, ProviderError
from parley.runtime.vtime import VirtualLoop, run_virtual
from parley.speech.endofturn_shared import (
    LONGEST_WAIT_S,
    PauseJudge,
    SharedEndOfTurn,
    shared_end_of_turn,
)
from parley.speech.pauses import Judgement

LIMIT_S = 20.0


class Reading:
    """A model that reads its answer, in percent, from the sound; and notes what it judged."""

    def __init__(self) -> None:
        self.judged: list[int] = []
        self.threads: set[int] = set()

    def __call__(self, pcm: bytes) -> Judgement:
        self.judged.append(pcm[0])
        self.threads.add(threading.get_ident())
        return said(pcm[0])


class Gated(Reading):
    """It thinks until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def __call__(self, pcm: bytes) -> Judgement:
        self.entered.release()
        assert self.gate.acquire(timeout=LIMIT_S)
        return super().__call__(pcm)

    def wait_until_it_thinks(self) -> None:
        assert self.entered.acquire(timeout=LIMIT_S)


class Broken:
    """A model that fails until it is mended."""

    mended = False

    def __call__(self, pcm: bytes) -> Judgement:
        if not self.mended:
            raise MemoryError("what a caller said")
        return said(50)


def said(percent: int) -> Judgement:
    return Judgement(percent / 100, -0.5)


def sound(percent: int) -> bytes:
    return bytes([percent, 0])


def begin(judge: PauseJudge, percent: int) -> asyncio.Task[Judgement | None]:
    return asyncio.get_running_loop().create_task(judge.judge(sound(percent)))


async def settled() -> None:
    """Let tasks that can go on do so."""
    for _ in range(3):
        await asyncio.sleep(0)


def run_impatient(scene: Coroutine[Any, Any, None]) -> None:
    """Run in virtual time that goes on while the model thinks."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience_s=0)) as runner:
        runner.run(scene)


# Judging


def test_pauses_of_several_calls_are_judged() -> None:
    async def scene() -> None:
        shared = SharedEndOfTurn(Reading())
        calls = [shared.open() for _ in range(30)]
        asked = [call.judge(sound(n)) for n, call in enumerate(calls)]
        assert await asyncio.gather(*asked) == [said(n) for n in range(30)]
        assert asyncio.get_running_loop().time() == 0
        shared.close()

    run_virtual(scene())


def test_a_call_has_one_pause_after_the_other() -> None:
    async def scene() -> None:
        shared = SharedEndOfTurn(Reading())
        judge = shared.open()
        assert [await judge.judge(sound(n)) for n in (20, 90, 50)] == [said(20), said(90), said(50)]
        shared.close()

    run_virtual(scene())


def test_the_model_thinks_in_threads_of_its_own() -> None:
    async def scene() -> None:
        model = Gated()
        shared = SharedEndOfTurn(model, workers=2)
        tasks = [begin(shared.open(), n) for n in (1, 2)]
        await settled()
        for _ in tasks:
            model.wait_until_it_thinks()
        model.gate.release(2)
        assert await asyncio.gather(*tasks) == [said(1), said(2)]
        assert len(model.threads) == 2
        assert threading.get_ident() not in model.threads
        shared.close()

    run_virtual(scene())


def test_virtual_time_stands_still_from_the_question_to_the_answer() -> None:
    loop = VirtualLoop()
    owed: list[int] = []

    def model(pcm: bytes) -> Judgement:
        owed.append(loop.owed)
        return said(50)

    async def scene() -> None:
        shared = SharedEndOfTurn(model)
        ticks: list[float] = []
        loop.call_later(0.01, ticks.append, 0.01)
        assert await shared.open().judge(sound(1)) == said(50)
        assert ticks == []
        await asyncio.sleep(0.02)
        assert ticks == [0.01]
        assert loop.owed == 0
        shared.close()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(scene())
    assert owed == [1]


def test_it_works_on_an_ordinary_loop_and_then_on_another() -> None:
    shared = SharedEndOfTurn(Reading())

    async def scene() -> Judgement | None:
        return await shared.open().judge(sound(70))

    assert [asyncio.run(scene()), run_virtual(scene()), asyncio.run(scene())] == [said(70)] * 3
    shared.close()


# Dropping


def test_a_pause_that_is_over_is_not_awaited() -> None:
    #   asked  thinks          drop    done
    #   judge  |---------------|------>|
    async def scene() -> None:
        model = Gated()
        shared = SharedEndOfTurn(model)
        judge = shared.open()
        task = begin(judge, 90)
        await settled()
        model.wait_until_it_thinks()
        judge.drop()
        judge.drop()
        assert await task is None
        model.gate.release(2)
        assert await judge.judge(sound(30)) == said(30)
        assert model.judged == [90, 30]
        shared.close()

    run_virtual(scene())


def test_what_is_dropped_while_it_waits_is_never_judged() -> None:
    async def scene() -> None:
        model = Gated()
        shared = SharedEndOfTurn(model)
        first, second = shared.open(), shared.open()
        thinking = begin(first, 1)
        await settled()
        model.wait_until_it_thinks()
        waiting = begin(second, 2)
        await settled()
        second.drop()
        assert await waiting is None
        model.gate.release(2)
        assert await thinking == said(1)
        shared.close()
        assert model.judged == [1]

    run_virtual(scene())


def test_the_newest_pause_of_a_call_wins() -> None:
    async def scene() -> None:
        model = Gated()
        shared = SharedEndOfTurn(model)
        judge = shared.open()
        tasks = [begin(judge, n) for n in (1, 2, 3)]
        await settled()
        model.gate.release(3)
        assert await asyncio.gather(*tasks) == [None, None, said(3)]
        shared.close()

    run_virtual(scene())


def test_a_task_may_be_cancelled_while_it_waits() -> None:
    loop = VirtualLoop()

    async def scene() -> None:
        model = Gated()
        shared = SharedEndOfTurn(model)
        judge = shared.open()
        task = begin(judge, 1)
        await settled()
        model.wait_until_it_thinks()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await settled()
        assert loop.owed == 0
        model.gate.release(2)
        assert await judge.judge(sound(2)) == said(2)
        shared.close()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(scene())


def test_a_busy_machine_gives_no_answer_rather_than_a_late_one() -> None:
    #   s      0       0.2
    #   first  thinks ----- lets go
    #   late   waits ------|
    async def scene() -> None:
        model = Gated()
        shared = SharedEndOfTurn(model)
        first = begin(shared.open(), 1)
        await settled()
        model.wait_until_it_thinks()
        late = begin(shared.open(), 2)
        await asyncio.sleep(LONGEST_WAIT_S + 0.01)
        model.gate.release(2)
        assert await asyncio.gather(first, late) == [said(1), None]
        assert await shared.open().judge(sound(3)) == said(3)
        shared.close()
        assert model.judged == [1, 3]

    run_impatient(scene())


# What goes wrong


def test_a_failure_is_raised_each_time_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        model = Broken()
        shared = SharedEndOfTurn(model)
        judge = shared.open()
        for _ in range(3):
            with pytest.raises(ProviderError, match=r"smart-turn: .*MemoryError") as raised:
                await judge.judge(sound(1))
            assert isinstance(raised.value.__cause__, MemoryError)
            assert "caller" not in str(raised.value)
        model.mended = True
        assert await judge.judge(sound(1)) == said(50)
        shared.close()

    with caplog.at_level(logging.WARNING):
        run_virtual(scene())
    (record,) = caplog.records
    assert "smart-turn" in record.getMessage()
    assert "caller" not in caplog.text


def test_a_failure_of_a_pause_that_is_over_is_no_ones(caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()

    def model(pcm: bytes) -> Judgement:
        assert gate.wait(LIMIT_S)
        raise ValueError

    async def scene() -> None:
        shared = SharedEndOfTurn(model)
        judge = shared.open()
        task = begin(judge, 1)
        await settled()
        judge.drop()
        gate.set()
        assert await task is None
        shared.close()
        await settled()

    run_virtual(scene())
    assert "never retrieved" not in caplog.text


def test_closing_drops_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        model = Gated()
        shared = SharedEndOfTurn(model)
        tasks = [begin(shared.open(), n) for n in (1, 2)]
        await settled()
        model.wait_until_it_thinks()
        join = threading.Thread.join

        def release_and_join(thread: threading.Thread) -> None:
            model.gate.release()
            join(thread)

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "join", release_and_join)
            shared.close()
        assert await asyncio.gather(*tasks) == [said(1), None]
        shared.close()
        assert model.judged == [1]

    run_virtual(scene())


def test_a_closed_one_begins_again() -> None:
    async def scene() -> None:
        shared = SharedEndOfTurn(Reading())
        for _ in range(2):
            assert await shared.open().judge(sound(40)) == said(40)
            shared.close()

    run_virtual(scene())


def test_a_loop_that_ends_while_the_model_thinks_leaves_it_usable() -> None:
    model = Gated()
    shared = SharedEndOfTurn(model)

    async def ends_early() -> None:
        task = begin(shared.open(), 1)
        await settled()
        model.wait_until_it_thinks()
        assert not task.done()

    async def scene() -> None:
        assert await shared.open().judge(sound(2)) == said(2)
        shared.close()

    run_impatient(ends_early())
    model.gate.release(9)
    run_virtual(scene())


def test_without_the_model_the_process_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    shared_end_of_turn.cache_clear()
    with pytest.raises(MissingModelError, match="parley models pull smart-turn"):
        shared_end_of_turn()
