"""The shell tells the core its facts in order, and survives what goes wrong."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from callers import ScriptedCaller
from support import SETTINGS, Memory, an_agent, call_of, run_cleanly

from parley.core import actions as act
from parley.core import events as ev
from parley.core.conversation import Conversation
from parley.core.events import CALLER
from parley.core.settings import Settings
from parley.providers.scripted import ScriptedLlm, ScriptedStt
from parley.runtime.shell import INBOX_LIMIT, Shell

HEARD = ev.Heard(CALLER, 1, 0, 1, 0.0, estimated=False)


class Rig:
    """A shell with nothing around it, and what it did."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.steps: list[tuple[float, ev.Event]] = []
        self.actions: list[act.Action] = []
        self.crashed = 0
        self.on_action: Callable[[act.Action], None] = lambda _: None
        self.shell = Shell(
            Conversation(settings or Settings()),
            dispatch=self._dispatch,
            observe=self._observe,
            crashed=self._crash,
        )

    @property
    def events(self) -> list[ev.Event]:
        return [event for _, event in self.steps]

    def _dispatch(self, action: act.Action) -> None:
        self.actions.append(action)
        self.on_action(action)

    def _observe(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        self.steps.append((now, event))

    def _crash(self) -> None:
        self.crashed += 1


def happens(scene: Callable[[Rig], Any], settings: Settings | None = None) -> Rig:
    async def main() -> Rig:
        rig = Rig(settings)
        result = scene(rig)
        if result is not None:
            await result
        rig.shell.close()
        return rig

    return run_cleanly(main())


def test_facts_are_dealt_with_in_their_order_when_the_loop_turns() -> None:
    async def scene(rig: Rig) -> None:
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.post(ev.ListeningReady(CALLER))
        assert rig.steps == []
        await asyncio.sleep(0)
        assert rig.events == [ev.Connected(CALLER), ev.ListeningReady(CALLER)]

    happens(scene)


def test_a_fact_that_follows_from_a_wish_comes_after_the_others() -> None:
    def scene(rig: Rig) -> None:
        def open_at_once(action: act.Action) -> None:
            if isinstance(action, act.Listen):
                rig.shell.post(ev.ListeningReady(CALLER))

        rig.on_action = open_at_once
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.post(ev.SpeechStarted(CALLER, 0.0))
        rig.shell.drain()

    kinds = [type(event).__name__ for event in happens(scene).events]
    assert kinds == ["Connected", "SpeechStarted", "ListeningReady"]


@pytest.mark.parametrize("waits", range(20))
def test_one_tick_per_deadline_and_never_before_it(waits: int) -> None:
    """However many timers are set for the same instant, and however early the loop is."""

    async def scene(rig: Rig) -> None:
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.drain()
        due = rig.shell.conversation.next_deadline()
        assert due is not None
        loop = asyncio.get_running_loop()
        for _ in range(waits):
            loop.call_at(due, int)
        rig.shell._timer.cancel()  # type: ignore[union-attr]
        rig.shell._timer = None
        rig.shell.drain()  # sets its timer anew, after the others
        await asyncio.sleep(due + 0.1)
        assert [event for event in rig.events if event == ev.Tick()] == [ev.Tick()]
        ((now, _),) = [step for step in rig.steps if step[1] == ev.Tick()]
        assert now >= due

    happens(scene)


def test_what_a_reply_has_cost_is_kept_though_the_call_has_ended() -> None:
    def scene(rig: Rig) -> None:
        def account(action: act.Action) -> None:
            if isinstance(action, act.EndCall):
                rig.shell.post(ev.ReplyUsed(1, 0, 7, estimated=True))
                rig.shell.post(HEARD)

        rig.on_action = account
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.post(ev.Disconnected(CALLER))
        rig.shell.drain()

    rig = happens(scene)
    assert rig.events[1:] == [ev.Disconnected(CALLER), ev.ReplyUsed(1, 0, 7, estimated=True)]
    assert isinstance(rig.actions[-1], act.EndCall)


# Too much


def test_progress_that_nobody_reads_is_left_out() -> None:
    def scene(rig: Rig) -> None:
        for _ in range(3 * INBOX_LIMIT):
            rig.shell.post(HEARD)
        rig.shell.drain()

    assert happens(scene).events == [HEARD] * INBOX_LIMIT


def test_facts_that_nobody_deals_with_end_the_call(caplog: pytest.LogCaptureFixture) -> None:
    def scene(rig: Rig) -> None:
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.drain()
        for _ in range(INBOX_LIMIT + 1):
            rig.shell.post(ev.SpeechStarted(CALLER, 0.0))
        rig.shell.drain()

    rig = happens(scene)
    assert rig.events[1:] == [ev.EndRequested("overloaded")]
    assert rig.actions[-1] == act.EndCall("overloaded")
    assert "inbox is full" in caplog.text


# What is broken


def broken(*_: object) -> None:
    raise ZeroDivisionError


def test_a_core_that_breaks_ends_the_call(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(rig: Rig) -> None:
        rig.shell.conversation.handle = broken  # type: ignore[method-assign]
        rig.shell.post(ev.Connected(CALLER))
        await asyncio.sleep(0)
        rig.shell.post(ev.ListeningReady(CALLER))
        await asyncio.sleep(1000)

    rig = happens(scene)
    assert rig.crashed == 1
    assert rig.steps == []
    assert "ZeroDivisionError" in caplog.text


def test_a_wish_that_cannot_be_carried_out_ends_the_call(caplog: pytest.LogCaptureFixture) -> None:
    def scene(rig: Rig) -> None:
        rig.on_action = broken
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.post(ev.ListeningReady(CALLER))
        rig.shell.drain()

    rig = happens(scene)
    assert rig.crashed == 1
    assert rig.events == [ev.Connected(CALLER)]
    assert "core is broken" in caplog.text


def test_a_call_with_a_broken_core_ends_with_that_reason(caplog: pytest.LogCaptureFixture) -> None:
    """In the middle of an answer; a transport that is slow to close plays nothing more."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(0.8)
        await caller.listen()

    caller, memory = ScriptedCaller(script, close_s=0.9), Memory()
    agent = an_agent(stt=ScriptedStt(["hi"]), llm=ScriptedLlm(["One two three. Four five."]))

    def breaks(_: int) -> None:
        if isinstance(memory.steps[-1].event, ev.Heard) and memory.steps[-1].event.reply > 1:
            raise ZeroDivisionError

    memory.on_step = breaks

    async def main() -> str:
        await agent.start()
        outcome = await call_of(agent, caller, memory).run()
        return outcome.reason

    assert run_cleanly(main()) == "internal-error"
    assert caller.closed == 1
    assert "core is broken" in caplog.text
    last = memory.steps[-1].now
    assert max(at + len(pcm) / 48_000 for at, pcm in caller.speaker.played) <= last + 0.21


def test_a_closed_shell_does_nothing() -> None:
    async def scene(rig: Rig) -> None:
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.close()
        rig.shell.post(ev.Connected(CALLER))
        rig.shell.drain()
        await asyncio.sleep(SETTINGS.max_duration_s + 1)
        assert rig.shell.conversation.state.call.state == "new"

    rig = happens(scene)
    assert (rig.steps, rig.actions, rig.crashed) == ([], [], 0)


# After the end


def test_a_transport_that_goes_on_after_the_end_is_not_heeded() -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)

    caller, memory = ScriptedCaller(script), Memory()
    agent = an_agent(stt=ScriptedStt([], then=""), llm=ScriptedLlm([]))

    async def main() -> None:
        await agent.start()
        call = call_of(agent, caller, memory)
        await call.run()
        steps, heard = len(memory.steps), len(memory.heard)
        call.connected()
        call.audio(bytes(640))
        call.marked("heard-1")
        call.drained()
        call.disconnected()
        await asyncio.sleep(1.0)
        assert (len(memory.steps), len(memory.heard)) == (steps, heard)

    run_cleanly(main())
