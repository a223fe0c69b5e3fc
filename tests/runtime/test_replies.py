"""Replies on their way: in order, once, and never from an attempt that was given up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from callers import ScriptedCaller
from support import SETTINGS, Carried, an_agent, carry, heedless
from voices import SpellingTts, tts

from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import Settings
from parley.errors import ProviderUnavailable
from parley.providers.protocols import TtsChunk, TtsRequest
from parley.providers.scripted import Fail, LlmStep, ScriptedLlm, ScriptedStt
from parley.runtime.responders import HangUp, MustBeHeard, ReplyPart, ReplyRequest, ReplyText
from parley.runtime.vtime import VirtualLoop

GONE = ProviderUnavailable("scripted", "gone")
TIMEOUT_S = SETTINGS.recovery.voice_timeout_s


async def script(caller: ScriptedCaller) -> None:
    """One question."""
    await caller.listen()
    await caller.say(1.0)
    await caller.listen(silence_s=7.0, within_s=15.0)


class SlowVoice(SpellingTts):
    """The n-th request takes `delays[n]` seconds before it begins to speak.

    A `stubborn` one does not care that it is cancelled. After each first sound the event
    loop is held up for `lag_s`. Otherwise it speaks twice as fast as it is heard.
    """

    def __init__(
        self, delays: Sequence[float], *, stubborn: bool = False, lag_s: float = 0.0
    ) -> None:
        super().__init__(tts(realtime_factor=2.0).scripted)
        self.waits: list[str] = []
        self._delays = list(delays)
        self._stubborn = stubborn
        self._lag_s = lag_s

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        lag_s = 0.0
        if self._delays:
            self.waits.append(request.text)
            await (heedless if self._stubborn else asyncio.sleep)(self._delays.pop(0))
            lag_s = self._lag_s
        async for chunk in super().synthesize(request):
            yield chunk
            cast("VirtualLoop", asyncio.get_running_loop()).advance(lag_s)
            lag_s = 0.0


def answered(voice: SpellingTts, *answers: LlmStep, settings: Settings = SETTINGS) -> Carried:
    stt, llm = ScriptedStt(["how are you"]), ScriptedLlm(answers)
    agent = an_agent(stt=stt, llm=llm, voice=voice, settings=settings)
    return carry(agent, ScriptedCaller(script))


def test_a_span_that_is_tried_again_keeps_its_place() -> None:
    call = answered(tts(steps={0: Fail(GONE)}), "I am fine. And you? I hope so.")
    assert call.caller.text == "Hello.I am fine.And you?I hope so."
    assert call.lines[-1] == ("agent", "I am fine. And you? I hope so.")


def test_an_attempt_that_was_given_up_is_not_heard(caplog: pytest.LogCaptureFixture) -> None:
    """It does not care that it was cancelled, and begins to speak after the second attempt."""
    caplog.set_level(logging.CRITICAL)
    call = answered(SlowVoice([TIMEOUT_S + 0.5, 0.7], stubborn=True), "I am fine.")
    assert [a.attempt for a in call.memory.actions(act.Synthesize)][1:] == [1, 1, 2]
    assert call.caller.text == "Hello.Let me see.I am fine."


EDGE = pytest.mark.parametrize("early_s", [-1e-3, -1e-9, -1e-10, 0.0, 1e-10, 1e-9, 1e-3])
LAG = pytest.mark.parametrize("lag_s", [0.0, 0.05])


@EDGE
@LAG
def test_a_voice_that_speaks_at_the_last_moment(early_s: float, lag_s: float) -> None:
    """Whoever wins, the words are heard once and in order."""
    call = answered(SlowVoice([TIMEOUT_S - early_s, 0.3], lag_s=lag_s), "I am fine. And you?")
    assert without_fillers(call) == "Hello.I am fine.And you?"


def test_a_later_span_that_comes_at_the_last_moment() -> None:
    """The core may give up what the line has just been sent, as nobody fills the silence."""
    settings = replace(SETTINGS, phrases=replace(SETTINGS.phrases, fillers=()))
    attempts = set()
    for tick in range(30):
        voice = SlowVoice([0.0, TIMEOUT_S + tick * 0.02, 0.3], lag_s=0.05)
        call = answered(voice, "I am fine. And you?", settings=settings)
        assert call.outcome.reason == "caller-hung-up", f"after {tick * 0.02:.2f} s"
        assert call.caller.text == "Hello.I am fine.And you?", f"after {tick * 0.02:.2f} s"
        asked = max(a.attempt for a in call.memory.actions(act.Synthesize))
        attempts.add((asked, len(voice.waits)))
    assert attempts == {(1, 2), (2, 2), (2, 3)}  # none, one that was not needed, one that was


# What a responder may say


class Says:
    """A responder that says these things, each after a moment."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts
        self.promises: list[str] = []

    async def respond(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        for part in self.parts:
            await asyncio.sleep(0.05)
            yield part

    def promoted(self, reply: int) -> None:
        self.promises.append(f"promoted {reply}")

    def withdrawn(self, reply: int) -> None:
        self.promises.append(f"withdrawn {reply}")


def responded(*parts: Any) -> tuple[Carried, Says]:
    responder = Says(*parts)
    stt = ScriptedStt(["how are you"], then="")
    agent = an_agent(stt=stt, responder=lambda: responder)
    return carry(agent, ScriptedCaller(script)), responder


def test_a_responder_may_hang_up() -> None:
    call, responder = responded(ReplyText("Goodbye then."), HangUp())
    assert call.outcome.reason == "agent-ended"
    assert call.caller.text == "Hello.Goodbye then."
    assert responder.promises == ["promoted 2"]


def test_a_responder_may_hang_up_without_a_word() -> None:
    call, _ = responded(HangUp())
    assert call.outcome.reason == "agent-ended"
    assert call.caller.text == "Hello."


def test_what_a_responder_must_not_say_is_left_out() -> None:
    call, _ = responded(None, "text", ReplyText("Fine."), 7)
    assert call.outcome.reason == "caller-hung-up"
    assert call.caller.text == "Hello.Fine."


def test_a_reply_that_was_never_heard_is_withdrawn() -> None:
    async def hesitant(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.say(0.8)
        await caller.quiet(0.36)
        await caller.say(0.8)
        await caller.listen()

    responder = Says(ReplyText("Fine."))
    stt = ScriptedStt(["how", "are you"], then="")
    call = carry(an_agent(stt=stt, responder=lambda: responder), ScriptedCaller(hesitant))
    assert call.caller.text == "Hello.Fine."
    assert responder.promises == ["withdrawn 2", "promoted 3"]


def without_fillers(call: Carried) -> str:
    heard = call.caller.text
    for phrase in SETTINGS.phrases.fillers:
        heard = heard.replace(phrase, "")
    return heard


def test_a_responder_may_say_what_must_be_heard() -> None:
    call, _ = responded(MustBeHeard(), ReplyText("This call is recorded."), HangUp())
    assert call.caller.text == "Hello.This call is recorded."
    assert call.memory.events(ev.ReplyMustBeHeard) == [ev.ReplyMustBeHeard(2)]
