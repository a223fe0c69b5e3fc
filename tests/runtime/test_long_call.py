"""Ten minutes on the telephone, in under a second."""

import asyncio
import json
import sys
import time
from dataclasses import replace

import pytest
from callers import ScriptedCaller
from support import SETTINGS, Carried, an_agent, carry

from parley.core import actions as act
from parley.core import events as ev
from parley.core.history import INTERRUPTED
from parley.providers.scripted import Answer, CallTool, LlmStep, ScriptedLlm, ScriptedStt
from parley.text.speakable import speakable

TURNS = 64
KINDS = ("plain", "tool", "plain", "backchannel", "plain", "interruption", "plain", "plain")
SAYINGS = {
    "plain": "tell me about number {n}",
    "tool": "look up number {n}",
    "backchannel": "and what is number {n}",
    "interruption": "explain number {n} to me",
}
COST_S = 2.0 if sys.gettrace() is None else 20.0
"""Processor time: what else runs on the machine does not count."""


def kind_of(turn: int) -> str:
    return KINDS[turn % len(KINDS)]


def question(turn: int) -> str:
    return SAYINGS[kind_of(turn)].format(n=turn)


def answer(turn: int) -> str:
    return f"Number {turn} is a good one. It comes after the one before it, and it is easily kept."


def sorry(turn: int) -> str:
    return f"Sorry. What else would you like to know, then, of number {turn}?"


async def look_up(number: int) -> str:
    """What is known of a number."""
    await asyncio.sleep(0.3)
    return f"{number} is known"


def heard() -> list[str]:
    """What the recogniser understands, in order."""
    also = {"backchannel": ["mm-hmm"], "interruption": ["no wait a moment"]}
    return [text for n in range(TURNS) for text in [question(n), *also.get(kind_of(n), [])]]


def thought() -> list[LlmStep]:
    """What the model answers, and what it must have been asked."""
    steps: list[LlmStep] = []
    for n in range(TURNS):
        if kind_of(n) == "tool":
            steps.append(CallTool("look_up", json.dumps({"number": n}), expects=question(n)))
        steps.append(Answer(answer(n), first_token_s=0.2, tokens_per_s=60, expects=question(n)))
        if kind_of(n) == "interruption":
            steps.append(Answer(sorry(n), expects=_told_of_the_interruption))
    return steps


def _told_of_the_interruption(request: object) -> bool:
    spoken = [m.text for m in request.messages if m.role == "assistant"]  # type: ignore[attr-defined]
    return spoken[-1].endswith(INTERRUPTED)


async def script(caller: ScriptedCaller) -> None:
    await caller.listen()
    for n in range(TURNS):
        await caller.say(2.0 + 0.2 * (n % 7))
        if kind_of(n) == "backchannel":
            await caller.until_speaking(for_s=1.0)
            await caller.say(0.24)
        elif kind_of(n) == "interruption":
            await caller.until_speaking(for_s=1.5)
            await caller.say(1.2)
        await caller.listen(silence_s=1.2)


@pytest.fixture(scope="module")
def call() -> Carried:
    """The call at its usual cost: the best of up to three, for a machine that is busy."""
    for _ in range(3):
        began = time.process_time()
        carried = conversation()
        if time.process_time() - began < COST_S:
            return carried
    raise AssertionError(f"it takes more than {COST_S} s")


def conversation() -> Carried:
    caller = ScriptedCaller(script)
    with ScriptedStt(heard()) as stt, ScriptedLlm(thought()) as llm:
        settings = replace(SETTINGS, max_duration_s=1000.0)
        return carry(an_agent(stt=stt, llm=llm, tools=[look_up], settings=settings), caller)


def test_it_lasts_ten_minutes_and_the_caller_ends_it(call: Carried) -> None:
    assert call.outcome.duration_s > 600
    assert call.outcome.reason == "caller-hung-up"


def test_everything_that_was_said_is_in_the_transcript(call: Carried) -> None:
    lines = [(line.who, line.text) for line in call.outcome.transcript if not line.interrupted]
    expected = [("agent", "Hello.")]
    for n in range(TURNS):
        expected.append(("caller", question(n)))
        if kind_of(n) == "tool":
            expected.append(("agent", ""))
        if kind_of(n) == "interruption":
            expected += [("caller", "no wait a moment"), ("agent", sorry(n))]
        else:
            expected.append(("agent", answer(n)))
    assert lines == expected


def test_interrupted_answers_end_with_the_last_word_that_was_heard(call: Carried) -> None:
    interrupted = [line.text for line in call.outcome.transcript if line.interrupted]
    asked = [n for n in range(TURNS) if kind_of(n) == "interruption"]
    assert len(interrupted) == len(asked) == 8
    for n, text in zip(asked, interrupted, strict=True):
        rest = answer(n).removeprefix(text)
        assert text
        assert rest != answer(n)
        assert rest.startswith(" ")


def test_acknowledgements_do_not_take_the_floor(call: Carried) -> None:
    kept = call.memory.actions(act.FloorKept)
    assert [action.reason for action in kept] == ["acknowledgement"] * 8
    assert len(call.memory.actions(act.FloorYielded)) == 8


def test_every_tool_runs_once_and_is_told(call: Carried) -> None:
    used = [tool for line in call.outcome.transcript for tool in line.tools]
    asked = [n for n in range(TURNS) if kind_of(n) == "tool"]
    assert [tool.result for tool in used] == [f"{n} is known" for n in asked]
    assert [a.outcome for a in call.memory.actions(act.ToolEnded)] == ["done"] * len(asked)


def test_the_caller_hears_every_answer_and_nothing_else(call: Carried) -> None:
    """Interrupted answers are heard in part, and the words in which they were cut."""
    rest = call.caller.text
    for who, text in call.lines:
        if who == "agent" and text:
            before, spoken, rest = rest.partition(speakable(text).text.replace(". ", "."))
            assert spoken
            assert len(before) < 12


def test_the_recording_holds_what_was_played(call: Carried) -> None:
    assert b"".join(pcm for _, pcm in call.memory.said) == call.caller.audio
    starts = [at for at, _ in call.memory.said]
    assert starts == sorted(starts)


def test_the_trace_grows_with_the_conversation_and_not_with_time(call: Carried) -> None:
    assert len(call.memory.steps) < 60 * TURNS
    ticks = call.memory.events(ev.Tick)
    assert len(ticks) < 4 * TURNS


def test_nobody_waits_for_an_answer(call: Carried) -> None:
    """The answer is prepared in the silence that ends the turn."""
    plain = [t for t in call.memory.actions(act.TurnCommitted) if t.text.startswith("tell me")]
    waits = [call.caller.silence_after(turn.at) for turn in plain]
    assert len(waits) == 5 * TURNS // len(KINDS)
    assert max(waits) < 0.56
