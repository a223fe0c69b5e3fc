"""Replies on their way: in order, once, and never from an attempt that was given up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest
from support import SETTINGS, Carried, ScriptedCaller, SpellingTts, an_agent, carry, heedless, tts

from parley.core import actions as act
from parley.errors import ProviderUnavailable
from parley.providers.protocols import TtsChunk, TtsRequest
from parley.providers.scripted import Fail, LlmStep, ScriptedLlm, ScriptedStt
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
        self._delays = list(delays)
        self._stubborn = stubborn
        self._lag_s = lag_s

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        lag_s = 0.0
        if self._delays:
            await (heedless if self._stubborn else asyncio.sleep)(self._delays.pop(0))
            lag_s = self._lag_s
        async for chunk in super().synthesize(request):
            yield chunk
            cast("VirtualLoop", asyncio.get_running_loop()).advance(lag_s)
            lag_s = 0.0


def answered(voice: SpellingTts, *answers: LlmStep) -> Carried:
    agent = an_agent(stt=ScriptedStt(["how are you"]), llm=ScriptedLlm(answers), voice=voice)
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
    assert call.caller.text == "Hello.One moment, please.I am fine."


EDGE = pytest.mark.parametrize("early_s", [-1e-3, -1e-9, -1e-10, 0.0, 1e-10, 1e-9, 1e-3])
LAG = pytest.mark.parametrize("lag_s", [0.0, 0.05])


@EDGE
@LAG
def test_a_voice_that_speaks_at_the_last_moment(early_s: float, lag_s: float) -> None:
    """Whoever wins, the words are heard once and in order."""
    call = answered(SlowVoice([TIMEOUT_S - early_s, 0.3], lag_s=lag_s), "I am fine. And you?")
    assert without_fillers(call) == "Hello.I am fine.And you?"


@EDGE
@LAG
def test_a_later_span_that_comes_at_the_last_moment(early_s: float, lag_s: float) -> None:
    """The core may give up what the line has just been sent."""
    call = answered(SlowVoice([0.0, TIMEOUT_S - early_s, 0.3], lag_s=lag_s), "I am fine. And you?")
    assert call.outcome.reason == "caller-hung-up"
    assert without_fillers(call) == "Hello.I am fine.And you?"


def without_fillers(call: Carried) -> str:
    heard = call.caller.text
    for phrase in SETTINGS.phrases.fillers:
        heard = heard.replace(phrase, "")
    return heard
