"""A call ends at any moment: with a reason, within a bound, and leaves nothing behind."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from functools import cache

import pytest
from support import (
    CLEARING,
    MARKING,
    PAUSING,
    Memory,
    ScriptedCaller,
    an_agent,
    assert_replays,
    call_of,
    run_cleanly,
    tts,
)

from parley.audio.timing import Timing
from parley.core import actions as act
from parley.providers.protocols import LlmPart, LlmRequest, LlmText
from parley.providers.scripted import Answer, CallTool, ScriptedLlm, ScriptedStt
from parley.runtime.agent import Agent
from parley.runtime.call import Outcome

ANSWER = "It is sunny in Rome today. Bring a hat, and water. Shall I book a table for you?"


async def weather(city: str) -> str:
    """The weather in a city."""
    await asyncio.sleep(2.5)
    return f"sunny in {city}"


async def script(caller: ScriptedCaller) -> None:
    """A question that needs a tool and a filler, a backchannel, an interruption."""
    await caller.listen()
    await caller.say(1.0)
    await caller.until_speaking(for_s=0.2)
    await caller.listen(silence_s=2.0)
    await caller.say(0.8)
    await caller.until_speaking(for_s=1.0)
    await caller.say(0.24)
    await caller.quiet(1.0)
    await caller.say(1.0)
    await caller.listen()


class World:
    """One call's parts, and what became of them."""

    def __init__(self, timing: Timing = PAUSING) -> None:
        self.stt = ScriptedStt(["weather in rome", "and tomorrow", "mm-hmm", "no stop"], then="")
        self.llm = ScriptedLlm(
            [
                CallTool("weather", '{"city": "Rome"}', first_token_s=0.1),
                Answer(ANSWER, first_token_s=0.3, tokens_per_s=20),
                Answer(ANSWER, first_token_s=0.3, tokens_per_s=20),
                Answer("As you wish.", first_token_s=0.1),
            ]
        )
        self.voice = tts(first_byte_s=0.05, realtime_factor=4.0)
        self.caller = ScriptedCaller(script, timing)
        self.memory = Memory()
        self.agent: Agent = an_agent(
            stt=self.stt, llm=self.llm, voice=self.voice, tools=[weather]
        )
        self.took_s = 0.0

    async def carry(self, intervene: Callable[["World", "asyncio.Task[Outcome]"], None]) -> Outcome:
        await self.agent.start()
        call = call_of(self.agent, self.caller, self.memory)
        task = asyncio.ensure_future(call.run())
        intervene(self, task)
        try:
            return await task
        finally:
            self.ended_at = self.caller.now()

    def assert_over(self, reason: str) -> None:
        """All is closed, and the trace ends with the reason."""
        assert_replays(self.memory, self.agent.settings)
        assert [a.reason for a in self.memory.actions(act.EndCall)] == [reason]
        assert self.caller.closed == 1
        active = self.stt.active, self.llm.active, self.voice.scripted.active
        assert active == (0, 0, 0)
        assert self.agent.vad.open_streams == 0  # type: ignore[attr-defined]


@cache
def steps() -> int:
    """How many steps the whole call has."""
    world = World()
    run_cleanly(world.carry(lambda *_: None))
    world.assert_over("caller-hung-up")
    assert world.caller.text.startswith("Hello.One moment, please.It is sunny")
    assert world.caller.text.endswith("As you wish.")
    assert {type(s.event).__name__ for s in world.memory.steps} > {"ToolFinished", "Heard"}
    return len(world.memory.steps)


@pytest.mark.parametrize("timing", [PAUSING, CLEARING, MARKING], ids=["pausing", "clearing", "marks"])
def test_the_caller_hangs_up_after_every_step(
    timing: Timing, caplog: pytest.LogCaptureFixture
) -> None:
    for step in range(1, steps()):
        world = World(timing)
        cut_at: list[float] = []

        def hang_up(count: int, world: World = world, step: int = step) -> None:
            if count == step:
                cut_at.append(world.caller.now())
                world.caller.side.disconnected()

        world.memory.on_step = hang_up
        outcome = run_cleanly(world.carry(lambda *_: None))
        assert outcome.reason == "caller-hung-up"
        world.assert_over("caller-hung-up")
        assert world.ended_at - cut_at[0] <= 0.001, f"step {step}"
    gc.collect()
    assert caplog.records == []


def test_it_is_cancelled_after_every_step(caplog: pytest.LogCaptureFixture) -> None:
    for step in range(1, steps()):
        world = World()

        def cancel(world: World, task: "asyncio.Task[Outcome]", step: int = step) -> None:
            world.memory.on_step = lambda count: task.cancel() if count == step else None

        async def main(world: World = world, cancel: Callable[..., None] = cancel) -> None:
            with pytest.raises(asyncio.CancelledError):
                await world.carry(cancel)

        run_cleanly(main())
        world.assert_over("shutdown")
    gc.collect()
    assert caplog.records == []


def test_it_is_cancelled_at_any_time(caplog: pytest.LogCaptureFixture) -> None:
    """Not only when a step is taken."""
    for tenth in range(1, 240):
        world = World()

        def cancel(_: World, task: "asyncio.Task[Outcome]", at: float = tenth / 10.07) -> None:
            asyncio.get_running_loop().call_later(at, task.cancel)

        async def main(world: World = world, cancel: Callable[..., None] = cancel) -> None:
            with pytest.raises(asyncio.CancelledError):
                await world.carry(cancel)

        run_cleanly(main())
        world.assert_over("shutdown")
    gc.collect()
    assert caplog.records == []
