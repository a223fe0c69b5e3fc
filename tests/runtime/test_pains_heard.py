"""What users of today's systems suffer from, as it is heard: sample by sample, at the caller's ear.

Numbers and names are those of the project's list of pains; `tests/core/test_pains.py` has all.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from callers import CLEARING, DEAF, MARKING, PAUSING, UNCLEARABLE, ScriptedCaller
from support import SETTINGS, an_agent, carry
from voices import letters

from parley.audio.timing import Timing
from parley.core import actions as act
from parley.providers.scripted import CallTool, ScriptedLlm, ScriptedStt
from parley.runtime.responders import (
    HandingOver,
    HandOver,
    ModelResponder,
    ReplyPart,
    ReplyRequest,
    ReplyText,
)
from parley.transports.base import CallSide

ALL = pytest.mark.parametrize(
    "timing",
    [PAUSING, CLEARING, MARKING, DEAF, UNCLEARABLE],
    ids=["pausing", "clearing", "marks", "deaf", "unclearable"],
)


@pytest.mark.parametrize("voice_s", [0.2, 0.3, 0.5, 2.0])
def test_07_a_short_voice_waits_longer_than_a_long_one(voice_s: float) -> None:

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(voice_s)
        await caller.listen(within_s=8.0)

    call = carry(
        an_agent(stt=ScriptedStt(["no"]), llm=ScriptedLlm(["Fine."])), ScriptedCaller(script)
    )
    (turn,) = call.memory.actions(act.TurnCommitted)
    (committed,) = call.memory.when(act.TurnCommitted)
    assert turn.text == "no"
    # the detector's own delay is in neither
    assert turn.at == pytest.approx(call.caller.spoke[0][1], abs=0.05)
    assert committed - turn.at == pytest.approx(SETTINGS.turns.wait_s, abs=0.02)


def test_08_the_silence_of_the_detector_is_added_to_the_wait() -> None:
    """Another half of the wait is another half of the latency, and no more."""

    def response_s(wait_s: float) -> float:
        async def script(caller: ScriptedCaller) -> None:
            await caller.listen()
            await caller.say(1.0)
            await caller.listen(within_s=8.0)

        ending = replace(SETTINGS.turns.ending, shortest_s=wait_s, longest_s=wait_s)
        turns = replace(SETTINGS.turns, wait_s=wait_s, ending=ending)
        agent = an_agent(
            stt=ScriptedStt(["hello"]),
            llm=ScriptedLlm(["Hello."]),
            settings=replace(SETTINGS, turns=turns),
        )
        caller = carry(agent, ScriptedCaller(script)).caller
        return caller.silence_after(caller.spoke[0][1])

    assert response_s(0.4) == pytest.approx(0.4, abs=0.05)
    assert response_s(0.8) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("media_s", [0.0, 3.0])
def test_10_the_greeting_is_never_heard(media_s: float) -> None:
    """It begins when the line does, and no sample of it is missing."""

    class LateCaller(ScriptedCaller):
        async def run(self, side: CallSide) -> None:
            await asyncio.sleep(media_s)
            await super().run(side)

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()

    call = carry(an_agent(stt=ScriptedStt([]), llm=ScriptedLlm([])), LateCaller(script))
    ((_, heard),) = call.caller.speaker.played
    assert bytes(heard) == letters(SETTINGS.greeting)
    assert call.caller.silence_after(0.0) <= 0.1


@ALL
def test_11_the_last_word_is_clipped_at_hang_up(timing: Timing) -> None:
    """All of the goodbye is heard, and then a tail of silence."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(0.8)
        await caller.quiet(20.0)

    message = "Thank you for calling."
    settings = replace(SETTINGS, end_phrases=("goodbye",), end_message=message)
    goodbye = "Thank you. Goodbye."
    agent = an_agent(stt=ScriptedStt(["bye"]), llm=ScriptedLlm([goodbye]), settings=settings)
    call = carry(agent, ScriptedCaller(script, timing))
    assert call.outcome.reason == "agent-ended"
    assert call.caller.text.endswith(goodbye.replace(". ", ".") + message)
    began, said = call.caller.speaker.played[-1]
    (ended,) = call.memory.when(act.EndCall)
    assert ended - (began + len(said) / 48_000) >= settings.tail_s - 0.01


@ALL
def test_12_a_turn_during_an_uninterruptible_reply_is_dropped(timing: Timing) -> None:

    async def script(caller: ScriptedCaller) -> None:
        await caller.until_speaking(0.3)
        await caller.say(0.8)
        await caller.listen(silence_s=1.5)

    settings = replace(
        SETTINGS, greeting="This call is recorded, as the law wants.", greeting_interruptible=False
    )
    agent = an_agent(stt=ScriptedStt(["hello"]), llm=ScriptedLlm(["Hi."]), settings=settings)
    call = carry(agent, ScriptedCaller(script, timing))
    assert call.caller.text == settings.greeting + "Hi."
    assert ("caller", "hello") in call.lines


def test_12_a_turn_during_a_tool_call_is_dropped() -> None:
    """What is said while it runs is answered, and the tool goes on."""

    async def look_up() -> str:
        """Look something up."""
        await asyncio.sleep(3.0)
        return "found"

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(0.8)
        await caller.quiet(1.0)
        await caller.say(0.8)
        await caller.listen(silence_s=3.0, within_s=15.0)

    stt = ScriptedStt(["look it up", "and be quick"])
    llm = ScriptedLlm([CallTool("look_up", "{}")], then="I am looking.")
    call = carry(an_agent(stt=stt, llm=llm, tools=[look_up]), ScriptedCaller(script))
    said = [text for who, text in call.lines if who == "caller"]
    assert said == ["look it up", "and be quick"]
    assert [ended.outcome for ended in call.memory.actions(act.ToolEnded)] == ["done"]
    assert call.caller.text.endswith("I am looking.")


class Operator:
    """Hands every call over."""

    SAYS = "Please hold the line while I pass you on to a colleague."

    async def respond(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        yield ReplyText(self.SAYS)
        yield HandOver("colleague")

    def promoted(self, reply: int) -> None:
        """Nothing depends on it."""

    def withdrawn(self, reply: int) -> None:
        """Nothing depends on it."""


@ALL
@pytest.mark.parametrize("after_s", [0.15, 0.3, 1.0])
def test_12_a_turn_during_a_handoff_is_dropped(timing: Timing, after_s: float) -> None:
    """Whether the agent is heard already or not, whoever goes on answers it or is told of it."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(0.8)
        await caller.quiet(0.5 + after_s)
        await caller.say(0.8)
        await caller.listen(silence_s=2.0)

    colleague = ScriptedLlm([], then="I heard you.")
    agent = an_agent(
        stt=ScriptedStt(["a person please", "and be quick"]),
        llm=colleague,
        responder=lambda: HandingOver(Operator(), {"colleague": ModelResponder(colleague)}),
    )
    call = carry(agent, ScriptedCaller(script, timing))
    *before, (who, answer) = call.lines
    assert " ".join(text for who, text in before if who == "caller") == (
        "a person please and be quick"
    )
    passed_on = any(who == "agent" for who, _ in before[1:])  # a word of it was heard
    assert (who, answer) == ("agent", "I heard you." if passed_on else Operator.SAYS)
    assert call.caller.text.endswith(answer)
