"""What the agent says while the caller speaks, and how a filler gives way to the answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from callers import ScriptedCaller
from support import SETTINGS, Carried, an_agent, carry
from voices import letters, read

from parley.audio.mixing import amplified
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import AttendingSettings, EndingSettings, Settings, TurnSettings
from parley.providers.scripted import Answer, ScriptedLlm, ScriptedStt
from parley.runtime.stages import Spoken, Stages

LISTENING: Settings = replace(
    SETTINGS,
    turns=TurnSettings(ending=EndingSettings()),
    attending=AttendingSettings(enabled=True),
)
SOFT = amplified(letters("Uh-huh."), -8.0)


async def tells(caller: ScriptedCaller) -> None:
    await caller.listen()
    await caller.say(6.0)
    await caller.quiet(0.5)
    await caller.say(1.0)
    await caller.listen()


def story(settings: Settings = LISTENING, stages: Callable[[], Stages] = Stages) -> Carried:
    stt = ScriptedStt(["We went to the sea,", "and it rained."], then="")
    llm = ScriptedLlm([], then="Oh dear.")
    agent = an_agent(stt=stt, llm=llm, settings=settings, stages=stages)
    return carry(agent, ScriptedCaller(tells))


def test_a_soft_sound_in_a_pause_of_the_story() -> None:
    call = story()
    hello, listening, answer = call.caller.speaker.played
    assert (read(bytes(hello[1])), read(bytes(answer[1]))) == ("Hello.", "Oh dear.")
    assert bytes(listening[1]) == SOFT
    (_, paused), (resumed, _) = call.caller.spoke
    assert paused + 0.25 <= listening[0] <= paused + 0.3
    assert listening[0] < resumed < listening[0] + len(SOFT) / 48_000  # the caller goes on over it
    assert call.memory.actions(act.PausePlayout) == []
    assert call.lines == [
        ("agent", "Hello."),
        ("caller", "We went to the sea, and it rained."),
        ("agent", "Oh dear."),
    ]


def test_it_is_in_the_trace_and_in_the_recording() -> None:
    call = story()
    (said,) = call.memory.actions(act.Backchannel)
    assert [e.reply for e in call.memory.events(ev.PlayoutStarted)][1] == said.reply
    assert [e.reply for e in call.memory.events(ev.PlayoutFinished)][1] == said.reply
    assert SOFT in b"".join(pcm for _, pcm in call.memory.said)


def test_by_default_there_is_none() -> None:
    call = story(replace(LISTENING, attending=AttendingSettings()))
    assert len(call.caller.speaker.played) == 2


def test_what_was_not_synthesised_beforehand_is_not_said() -> None:
    """It would come too late."""

    class Rewording:
        """What is prepared is not what is said later."""

        name = "rewording"
        count = 0

        def speakable(self, text: str) -> Spoken:
            self.count += 1
            changed = f"{text} {self.count}" if text == "Uh-huh." else text
            return Spoken(changed, (((0, len(changed)), (0, len(text))),))

    stage = Rewording()
    call = story(stages=lambda: Stages(reply_text=[stage]))
    assert len(call.memory.actions(act.Backchannel)) == 1
    assert len(call.caller.speaker.played) == 2


def test_what_lasts_too_long_in_this_voice_is_not_said(caplog: pytest.LogCaptureFixture) -> None:
    words = AttendingSettings(enabled=True, words=("Is that so, really?",))
    call = story(replace(LISTENING, attending=words))
    assert len(call.memory.actions(act.Backchannel)) == 1
    assert len(call.caller.speaker.played) == 2
    assert "lasts too long" in caplog.text


def test_the_answer_waits_for_a_word_of_the_filler() -> None:
    """It is ready 0.3 s after the filler has begun, which would last 0.72 s."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(1.0)
        await caller.listen()

    stt = ScriptedStt(["how are you"], then="")
    llm = ScriptedLlm([Answer("I am fine.", first_token_s=1.6)])
    words = replace(SETTINGS.phrases, fillers=("Let me see about it.",))
    settings = replace(SETTINGS, phrases=words)
    call = carry(an_agent(stt=stt, llm=llm, settings=settings), ScriptedCaller(script))
    (shortened,) = call.memory.actions(act.ShortenReply)
    (ended,) = [a for a in call.memory.actions(act.ReplyEnded) if a.reply == shortened.reply]
    assert "Let me see about it.".startswith(ended.heard)
    assert call.caller.text == f"Hello.{ended.heard}I am fine."
    asked = call.memory.when(act.ShortenReply)[0]
    began = [e.at for e in call.memory.events(ev.PlayoutStarted)][-1]
    assert 0.0 < began - asked < 0.6
