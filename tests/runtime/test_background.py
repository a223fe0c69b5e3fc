"""A quiet background behind the playout: what was heard, paused and cleared stays the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from callers import CLEARING, DEAF, MARKING, PAUSING, UNCLEARABLE, Script, ScriptedCaller
from support import SETTINGS, an_agent, run_cleanly

from parley.audio.ambience import Background
from parley.audio.timing import Timing
from parley.core import actions as act
from parley.core import events as ev
from parley.core.history import Line
from parley.providers.scripted import Answer, CallTool, ScriptedLlm, ScriptedStt
from parley.runtime.agent import Agent
from parley.transports.ambient import AmbientTransport

LEVEL = 3.0
FLAT = Background(np.full(24_000, LEVEL))
ANSWER = "One two three. Four hundred and five, or six. Seven."
TIMINGS = {
    "pausing": PAUSING,
    "clearing": CLEARING,
    "marks": MARKING,
    "deaf": DEAF,
    "unclearable": UNCLEARABLE,
}


class Continuous(ScriptedCaller):
    """A caller whose line is never silent."""

    def __init__(self, script: Script, timing: Timing = PAUSING) -> None:
        super().__init__(script, replace(timing, continuous=True))


class Watch:
    name = "watch"

    def __init__(self) -> None:
        self.steps: list[tuple[float, ev.Event, Sequence[act.Action]]] = []

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        self.steps.append((now, event, actions))

    def starts(self) -> list[float]:
        return [e.at for _, e, _ in self.steps if isinstance(e, ev.PlayoutStarted)]


def taken(agent: Agent, caller: ScriptedCaller) -> tuple[tuple[Line, ...], Watch]:
    watch = Watch()

    async def main() -> tuple[Line, ...]:
        await agent.start()
        return (await agent.take(caller, watch=[watch])).outcome.transcript

    return run_cleanly(main()), watch


async def interrupts(caller: ScriptedCaller) -> None:
    """The background is always heard: a listener cannot wait for silence."""
    await caller.quiet(1.5)
    await caller.say(0.8)
    await caller.quiet(2.0)
    await caller.say(1.0)
    await caller.quiet(3.0)


def disturbed(
    timing: Timing, background: Background | None
) -> tuple[tuple[Line, ...], Watch, Continuous]:
    stt = ScriptedStt(["count", "no wait"], then="")
    llm = ScriptedLlm([ANSWER], then="Yes.")
    caller = Continuous(interrupts, timing)
    lines, watch = taken(an_agent(stt=stt, llm=llm, background=background), caller)
    return lines, watch, caller


@pytest.mark.parametrize("name", TIMINGS)
def test_the_history_is_the_same(name: str) -> None:
    without, before, _ = disturbed(TIMINGS[name], None)
    lines, watch, caller = disturbed(TIMINGS[name], FLAT)
    assert lines == without
    assert any(line.interrupted for line in lines)
    delays = [b - a for a, b in zip(before.starts(), watch.starts(), strict=True)]
    assert all(-0.001 < delay < 0.041 for delay in delays)
    assert len(caller.audio) > 7.0 * 48_000


def test_it_is_heard_until_the_caller_is_gone() -> None:
    _, _, caller = disturbed(PAUSING, FLAT)
    assert (np.frombuffer(caller.audio, "<i2")[-24_000:] == LEVEL).all()


def test_it_fades_out_when_the_agent_hangs_up() -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.5)
        await caller.say(0.8)
        await caller.quiet(9.0)

    settings = replace(SETTINGS, end_phrases=("goodbye",))
    stt, llm = ScriptedStt(["that is all"], then=""), ScriptedLlm([], then="Goodbye.")
    agent = an_agent(stt=stt, llm=llm, background=FLAT, settings=settings)
    caller = Continuous(script)
    _, watch = taken(agent, caller)
    tail = np.frombuffer(caller.audio, "<i2")[-7200:]
    assert tail[0] == LEVEL
    assert (np.diff(tail) <= 0).all()
    assert tail[-1] == 0
    assert caller.closed == 1
    assert isinstance(watch.steps[-1][2][-1], act.EndCall)


def test_a_pause_silences_all_of_it() -> None:
    _, _, caller = disturbed(PAUSING, FLAT)
    ends = [at + len(pcm) / 48_000 for at, pcm in caller.speaker.played]
    begins = [at for at, _ in caller.speaker.played]
    gaps = [b - e for e, b in zip(ends, begins[1:], strict=False)]
    assert all(gap < 1.0 for gap in gaps)  # until the words are known
    assert len(gaps) <= 2


@pytest.mark.parametrize("name", TIMINGS)
def test_after_a_pause_it_goes_on_with_the_voice(name: str) -> None:
    """A listener's sound: the agent goes on from the same word, or repeats one."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.5)
        await caller.say(0.8)
        await caller.quiet(1.2)
        await caller.say(0.3)
        await caller.quiet(5.0)

    stt = ScriptedStt(["count", "mm-hmm"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm([ANSWER]), background=FLAT)
    lines, watch = taken(agent, Continuous(script, TIMINGS[name]))
    assert lines[-1] == Line("agent", ANSWER)
    acts = [type(a) for _, _, actions in watch.steps for a in actions]
    assert acts.count(act.PausePlayout) == acts.count(act.ResumePlayout) == 1


def test_without_it_nothing_is_sent_in_between() -> None:
    _, _, caller = disturbed(PAUSING, None)
    assert len(caller.speaker.played) >= 3


def test_typing_is_heard_while_a_tool_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[float] = []
    look = AmbientTransport._tick

    def tick(it: AmbientTransport) -> None:
        looked.append(asyncio.get_running_loop().time())
        look(it)

    monkeypatch.setattr(AmbientTransport, "_tick", tick)

    async def look_up() -> str:
        """Look something up."""
        await asyncio.sleep(0.5)
        return "found"

    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.say(0.8)
        await caller.quiet(5.0)

    stt = ScriptedStt(["look it up"], then="")
    llm = ScriptedLlm([CallTool("look_up", "{}"), Answer("Found.", first_token_s=0.6)])
    caller = Continuous(script)
    typing = Background(FLAT.loop, working_only=True)
    _, watch = taken(an_agent(stt=stt, llm=llm, tools=[look_up], background=typing), caller)
    (ran,) = [n for n, _, actions in watch.steps for a in actions if isinstance(a, act.RunTool)]
    (ended,) = [n for n, _, actions in watch.steps for a in actions if isinstance(a, act.ToolEnded)]
    beds = [(at, len(pcm) / 48_000) for at, pcm in caller.speaker.played if max(pcm) == LEVEL]
    assert beds[0][0] == pytest.approx(ran, abs=0.03)
    last = beds[-1][0] + beds[-1][1]
    assert ended <= last <= ended + 0.3
    assert len(caller.speaker.played) <= 4
    assert looked[0] == pytest.approx(ran, abs=0.03)  # a silent background costs nothing
    assert looked[-1] <= ended + 0.3


def test_a_line_that_is_not_continuous_has_none() -> None:
    stt = ScriptedStt(["count", "no wait"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm([ANSWER], then="Yes."), background=FLAT)
    caller = ScriptedCaller(interrupts)
    taken(agent, caller)
    assert LEVEL not in np.frombuffer(caller.audio, "<i2")
