"""The garbage collector neither stalls calls nor lets the memory grow."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from callers import ScriptedCaller
from support import Memory, an_agent, call_of, run_cleanly

from parley.core.reasons import EndReason
from parley.providers.scripted import CallTool, ScriptedLlm, ScriptedStt
from parley.runtime import collector
from parley.runtime.agent import Agent

FULL = 2


@pytest.fixture(autouse=True)
def usual_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(collector, "_line", collector._Line())
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
def full_collections() -> Iterator[list[int]]:
    """At each full collection: how many calls were on the line."""
    seen: list[int] = []

    def watch(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == FULL:
            seen.append(collector._line.busy)

    gc.callbacks.append(watch)
    yield seen
    gc.callbacks.remove(watch)


async def script(caller: ScriptedCaller) -> None:
    """One question, and an interruption of the answer."""
    await caller.listen()
    await caller.say(0.8)
    await caller.until_speaking(for_s=0.5)
    await caller.say(1.0)
    await caller.listen()


async def litter() -> str:
    """A tool that leaves cycles behind, old ones too."""
    for _ in range(3):
        cycles: list[Any] = [[] for _ in range(collector.YOUNG)]
        for cycle in cycles:
            cycle.append(cycle)
        await asyncio.sleep(0.01)
    return "done"


def an_untidy_agent() -> Agent:
    steps = [CallTool("litter"), "I have looked it up for you, and it is well.", "Yes."]
    llm = ScriptedLlm(steps * 1000)
    return an_agent(stt=ScriptedStt([], then="so what is it"), llm=llm, tools=[litter])


def test_no_call_on_the_line_meets_a_full_collection(full_collections: list[int]) -> None:
    async def main() -> None:
        agent = an_untidy_agent()
        await agent.start()
        full_collections.clear()
        calls = []
        for _ in range(3):
            calls.append(asyncio.ensure_future(agent.take(ScriptedCaller(script))))
            await asyncio.sleep(2.0)
        await asyncio.gather(*calls)

    run_cleanly(main())
    assert full_collections == [0]


def test_a_call_that_fails_is_off_the_line(full_collections: list[int], tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("a file")

    async def main() -> None:
        with pytest.raises(Exception, match="cannot be made"):
            await an_untidy_agent().take(ScriptedCaller(script), tmp_path / "calls")

    run_cleanly(main())
    assert collector._line.busy == 0
    assert full_collections == [0]


def test_where_the_line_is_never_idle_one_comes_after_many_calls(
    full_collections: list[int],
) -> None:
    with collector.on_the_line():
        for _ in range(2 * collector.MANY):
            with collector.on_the_line():
                pass
        assert full_collections == [1, 1]
    assert full_collections == [1, 1, 0]


def test_what_lives_at_the_start_is_walked_no_more() -> None:
    before = [[n] for n in range(100)]
    collector.settle()
    assert gc.get_freeze_count() >= len(before)
    tracked = {id(it) for it in gc.get_objects()}
    assert not any(id(it) in tracked for it in before)


def test_nothing_is_frozen_while_a_call_is_on_the_line(full_collections: list[int]) -> None:
    """An agent that starts later neither stalls it nor keeps it for ever."""
    frozen = gc.get_freeze_count()
    with collector.on_the_line():
        full_collections.clear()
        collector.settle()
        assert full_collections == []
        assert gc.get_freeze_count() == frozen


def test_a_call_lets_go_of_everything_by_itself() -> None:
    """Its audio, its history, its tasks: without any help of the collector."""
    agent = an_untidy_agent()
    left: list[weakref.ref[Any]] = []

    async def main() -> None:
        await agent.start()
        gc.collect()
        gc.disable()
        for end in ("caller", "operator"):
            await carry(end)
        await asyncio.sleep(1.0)

    async def carry(end: str) -> None:
        call = call_of(agent, ScriptedCaller(script), Memory())
        parts = (call._conversation, call._shell, call)
        left.extend(weakref.ref(it) for it in parts)
        task = asyncio.ensure_future(call.run())
        await asyncio.sleep(3.0)
        left.extend(weakref.ref(it) for it in (call._ear, call._mouth, call._replies))
        left.append(weakref.ref(call._mouth.playout))
        if end == "operator":
            call.end(EndReason.OPERATOR_ENDED)
        await task

    try:
        run_cleanly(main())
        assert len(left) == 14
        assert [ref() for ref in left if ref() is not None] == []
    finally:
        gc.enable()


def test_an_answer_that_was_cut_off_lets_go_of_its_audio() -> None:
    """Seconds of it, in a call that may go on for long."""
    left: list[weakref.ref[Any]] = []

    async def carry() -> None:
        agent = an_untidy_agent()
        await agent.start()
        gc.collect()
        gc.disable()
        call = call_of(agent, ScriptedCaller(script), Memory())
        task = asyncio.ensure_future(call.run())
        for _ in range(40):
            await asyncio.sleep(0.1)
            replies = call._mouth.playout._replies.values()
            left.extend(weakref.ref(span) for reply in replies for span in reply.spans.values())
        del replies
        await task

    try:
        run_cleanly(carry())
        assert left
        assert [ref() for ref in left if ref() is not None] == []
    finally:
        gc.enable()


def test_memory_stays_flat() -> None:
    """Fifty calls leave no more behind than ten."""
    agent = an_untidy_agent()

    async def main() -> list[int]:
        await agent.start()
        counts = []
        for _ in range(5):
            for _ in range(10):
                await agent.take(ScriptedCaller(script))
            agent.stt.requests.clear()  # type: ignore[attr-defined]
            agent.others[0].requests.clear()  # type: ignore[attr-defined]
            agent.voice.tts.scripted.requests.clear()  # type: ignore[attr-defined]
            counts.append(len(gc.get_objects()))
        return counts

    counts = run_cleanly(main())
    assert max(counts[1:]) - counts[0] < 50, counts
