"""A call ends at any moment: with a reason, within a bound, and leaves nothing behind."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from callers import CLEARING, MARKING, PAUSING, ScriptedCaller
from support import (
    SETTINGS,
    Memory,
    an_agent,
    assert_replays,
    call_of,
    carry,
    heedless,
    run_cleanly,
)
from voices import LevelVad, tts

from parley.audio.formats import AudioFormat
from parley.audio.timing import Timing
from parley.core import actions as act
from parley.errors import ConfigurationError, TransportError
from parley.providers.protocols import LlmPart, LlmRequest, LlmText, SttOptions, SttStream
from parley.providers.scripted import Answer, CallTool, ScriptedLlm, ScriptedStt
from parley.runtime.agent import Agent
from parley.runtime.call import Outcome

HEEDLESS_S = 20.0
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
        self.vad = LevelVad()
        self.agent: Agent = an_agent(
            stt=self.stt,
            llm=self.llm,
            voice=self.voice,
            vad=self.vad,
            tools=[weather],
        )
        self.cut_at = self.ended_at = 0.0
        self.heard = b""

    def cut(self, step: int) -> None:
        """Let the caller hang up as soon as that step was taken."""

        def hang_up(count: int) -> None:
            if count == step:
                self.cut_at = self.caller.now()
                self.caller.side.disconnected()

        self.memory.on_step = hang_up

    async def carry(self, intervene: Callable[["World", "asyncio.Task[Outcome]"], None]) -> Outcome:
        await self.agent.start()
        call = call_of(self.agent, self.caller, self.memory)
        task = asyncio.ensure_future(call.run())
        intervene(self, task)
        try:
            return await task
        finally:
            self.ended_at = self.caller.now()
            self.heard = self.caller.audio

    def assert_over(self, reason: str) -> None:
        """All is closed, and the trace ends with the reason."""
        assert_replays(self.memory, self.agent.settings)
        assert [a.reason for a in self.memory.actions(act.EndCall)] == [reason]
        assert self.caller.closed == 1
        recorded = b"".join(pcm for _, pcm in self.memory.said)
        if self.caller.timing.acknowledges == "exact":
            assert recorded == self.heard
        active = self.stt.active, self.llm.active, self.voice.scripted.active
        assert active == (0, 0, 0)
        assert self.vad.open_streams == 0


@cache
def steps() -> int:
    """How many steps the whole call has."""
    world = World()
    run_cleanly(world.carry(lambda *_: None))
    world.assert_over("caller-hung-up")
    assert world.caller.text.startswith("Hello.Let me check that.It is sunny")
    assert world.caller.text.endswith("As you wish.")
    assert {type(s.event).__name__ for s in world.memory.steps} > {"ToolFinished", "Heard"}
    return len(world.memory.steps)


@pytest.mark.parametrize(
    ("timing", "stride"),
    [(PAUSING, 1), (CLEARING, 3), (MARKING, 3)],
    ids=["pausing", "clearing", "marks"],
)
def test_the_caller_hangs_up_after_every_step(
    timing: Timing, stride: int, caplog: pytest.LogCaptureFixture
) -> None:
    for step in range(1, steps(), stride):
        world = World(timing)
        world.cut(step)
        outcome = run_cleanly(world.carry(lambda *_: None))
        assert outcome.reason == "caller-hung-up"
        world.assert_over("caller-hung-up")
        assert world.ended_at - world.cut_at <= 0.001, f"step {step}"
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
    for n in range(1, 60):
        world = World()

        def cancel(_: World, task: "asyncio.Task[Outcome]", at: float = n * 0.3001) -> None:
            asyncio.get_running_loop().call_later(at, task.cancel)

        async def main(world: World = world, cancel: Callable[..., None] = cancel) -> None:
            with pytest.raises(asyncio.CancelledError):
                await world.carry(cancel)

        run_cleanly(main())
        world.assert_over("shutdown")
    gc.collect()
    assert caplog.records == []


# Those who do not listen


class Heedless:
    """Wraps a provider; what it does then takes long, whoever cancels it."""

    def __init__(self, inner: Any, *methods: str) -> None:
        self._inner = inner
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        yield LlmText("Well. ")
        await heedless(HEEDLESS_S)
        yield LlmText("Late words.")

    async def synthesize(self, request: Any) -> AsyncIterator[Any]:
        async for chunk in self._inner.synthesize(request):
            yield chunk
            if "synthesize" in self._methods:
                await heedless(HEEDLESS_S)

    async def open(self, options: SttOptions) -> SttStream:
        if "open" in self._methods:
            await heedless(HEEDLESS_S)
        stream = await self._inner.open(options)
        close = stream.aclose

        async def aclose() -> None:
            await heedless(HEEDLESS_S if "aclose" in self._methods else 0.0)
            await close()

        stream.aclose = aclose
        return stream


async def endless(city: str) -> str:
    """A tool that does not stop."""
    await heedless(HEEDLESS_S)
    return city


async def one_question(caller: ScriptedCaller) -> None:
    await caller.quiet(0.6)
    await caller.say(1.0)
    await caller.quiet(0.9)


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("stream", "responder"),
        ("open", "transcriber"),
        ("aclose", "transcriber"),
        ("synthesize", "voice"),
        ("tool", "tool"),
        ("run", "transport"),
    ],
)
def test_who_ignores_its_cancellation_is_left_behind(
    who: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [CallTool("endless", '{"city": "Rome"}')] if who == "tool" else [ANSWER]
    model: Any = ScriptedLlm(answers, then="Yes.")
    stt: Any = Heedless(ScriptedStt(["what"], then=""), who)
    voice: Any = Heedless(tts(), who)
    agent = an_agent(
        stt=stt,
        llm=Heedless(model) if who == "stream" else model,
        voice=voice,
        tools=[endless],
    )

    async def then_stay(caller: ScriptedCaller) -> None:
        await one_question(caller)
        if who == "run":
            caller.side.disconnected()
            await heedless(HEEDLESS_S)

    caller, memory = ScriptedCaller(then_stay), Memory()

    async def main() -> tuple[Outcome, float]:
        await agent.start()
        outcome = await call_of(agent, caller, memory).run()
        ended = caller.now()
        await asyncio.sleep(3 * HEEDLESS_S)  # until they have come to their own end
        return outcome, ended

    outcome, ended = run_cleanly(main())
    assert outcome.reason == "caller-hung-up"
    assert ended <= caller.spoke[0][1] + 0.9 + 1.01
    assert_replays(memory, agent.settings)
    behind = {r.getMessage() for r in caplog.records if "left behind" in r.getMessage()}
    assert behind == {f"{name} does not end although it was cancelled; it is left behind"}


@pytest.mark.parametrize("heeds", [True, False])
def test_a_transport_that_does_not_hang_up(heeds: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Slow(ScriptedCaller):
        async def close(self) -> None:
            await (asyncio.sleep if heeds else heedless)(5.0)

    caller = Slow(one_question)
    agent = an_agent(stt=ScriptedStt([""]), llm=ScriptedLlm([]))

    async def main() -> float:
        await agent.start()
        await call_of(agent, caller, Memory()).run()
        ended = caller.now()
        await asyncio.sleep(5.0)
        return ended

    assert run_cleanly(main()) <= caller.spoke[0][1] + 0.9 + 2.01
    assert "hang" in caplog.text


# Transports that break


def broken(error: Exception) -> Callable[[ScriptedCaller], Any]:
    async def breaks(caller: ScriptedCaller) -> None:
        await caller.quiet(0.2)
        raise error

    return breaks


def quiet_agent() -> Agent:
    return an_agent(stt=ScriptedStt([], then=""), llm=ScriptedLlm([]))


def test_a_connection_that_breaks_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    call = carry(quiet_agent(), ScriptedCaller(broken(TransportError("the socket was reset"))))
    assert call.outcome.reason == "connection-lost"
    assert "the socket was reset" in caplog.text
    assert all(record.levelno < logging.ERROR for record in caplog.records)


def test_a_transport_with_a_bug_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    call = carry(quiet_agent(), ScriptedCaller(broken(ZeroDivisionError())))
    assert call.outcome.reason == "transport-failed"
    assert [r.levelname for r in caplog.records] == ["ERROR"]


def test_a_transport_that_plays_nothing_has_failed() -> None:
    async def waits(caller: ScriptedCaller) -> None:
        await caller.quiet(60.0)

    call = carry(quiet_agent(), ScriptedCaller(waits, drains=False))
    assert call.outcome.reason == "transport-failed"
    assert call.outcome.duration_s <= SETTINGS.recovery.stuck_s + 0.01


def test_a_goodbye_that_takes_too_long_is_kept_as_far_as_it_was_heard() -> None:
    """The call ends in the middle of it, at a moment at which nothing is reported."""
    settings = replace(SETTINGS, end_message="Goodbye, and thank you. " * 5, ending_limit_s=1.234)
    llm = ScriptedLlm([Answer("Well then.")])
    agent = an_agent(
        stt=ScriptedStt(["bye"], then=""),
        llm=llm,
        settings=replace(settings, end_phrases=("well then",)),
    )
    call = carry(agent, ScriptedCaller(script))
    assert call.outcome.reason == "agent-ended"
    assert call.caller.text == "Hello.Well then.Goodbye, and thank yo"
    assert b"".join(pcm for _, pcm in call.memory.said) == call.caller.audio


@pytest.mark.parametrize("what", ["input", "output"])
def test_a_transport_in_another_format_is_refused(what: str) -> None:
    caller = ScriptedCaller(one_question)
    setattr(caller, what, AudioFormat(8_000, "mulaw"))

    async def main() -> None:
        with pytest.raises(ConfigurationError, match=r"8000.* Convert at the transport's edge"):
            await call_of(quiet_agent(), caller, Memory()).run()

    run_cleanly(main())


def test_it_is_cancelled_again_while_it_hangs_up() -> None:
    world = World()
    world.caller = ScriptedCaller(script, close_s=0.5)

    def cancel(_: World, task: "asyncio.Task[Outcome]") -> None:
        for at in (3.0, 3.2):
            asyncio.get_running_loop().call_later(at, task.cancel)

    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await world.carry(cancel)

    run_cleanly(main())
    world.assert_over("shutdown")
