"""Backchannels: where in a long story the agent shows that it listens, and where not."""

from typing import Any

import pytest
from timeline import Call

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingSettings
from parley.core.state import AgentTurn

STORY = "we went to the sea last summer and it rained on our tent"
ON, OVER = 0.02, 0.98
"""What the model of the sound says of a pause."""


def call_with(*, turns: dict[str, Any] | None = None, **attending: Any) -> Call:
    """A call whose greeting was heard, with a model of the sound."""
    rules = {"ending": EndingSettings(), "wait_s": 0.85, "judges": True} | (turns or {})
    call = Call(greeting="Hello.", turns=rules, attending={"enabled": True} | attending)
    return call.synthesized(1).started(1).after(1).finished(1).after(1)


def tells(call: Call, seconds: float = 5.0, text: str = STORY, sound: float = ON) -> Call:
    """The caller speaks and pauses; the words are known, and the sound is judged."""
    call.voice().after(seconds).partial(text).pause().after(0.18).final(text)
    return judged(call, sound)


def judged(call: Call, sound: float) -> Call:
    anchor = call.conversation.state.ear.anchor
    call.at(anchor + 0.2).tell(ev.TurnJudged(CALLER, anchor, sound))
    return call.at(anchor + 0.3)


def said(call: Call) -> list[str]:
    return [a.text for a in call.did(act.Backchannel)]


def test_a_long_story_is_listened_to() -> None:
    call = tells(call_with())
    assert call.did(act.Backchannel) == [act.Backchannel(CALLER, 3, "Uh-huh.", -8.0)]
    assert call.when(act.Backchannel) == [7.25]
    assert call.did(act.PlayReply) == [act.PlayReply(1, CALLER, False)]
    assert call.history() == [("agent", "Hello.")]


def test_one_is_said_later_when_the_sound_is_judged_late() -> None:
    call = call_with()
    call.voice().after(5).partial(STORY).pause().after(0.35)
    assert said(call) == []
    assert call.tell(ev.TurnJudged(CALLER, 7.0, ON)).when(act.Backchannel) == [7.35]


def test_by_default_nothing_is_said() -> None:
    assert said(tells(call_with(enabled=False))) == []


def test_the_caller_goes_on_over_it() -> None:
    call = tells(call_with()).started(3).voice().after(0.3).finished(3)
    assert call.did(act.PausePlayout, act.FloorKept, act.FloorYielded) == []
    call.after(1).partial("all over the roof").pause().after(0.18).final("all over the roof")
    judged(call, OVER).after(1)
    assert call.turns() == [f"{STORY} all over the roof"]
    assert [line for line in call.history() if line[0] == "agent"] == [("agent", "Hello.")]


def test_they_are_different_and_rare() -> None:
    call = call_with()
    for _ in range(6):
        tells(call, 4.7)
    assert said(call) == ["Uh-huh.", "I see.", "Right."]
    gaps = [b - a for a, b in zip(*[call.when(act.Backchannel)[n:] for n in (0, 1)], strict=False)]
    assert min(gaps) >= 7.0


def test_only_voice_counts() -> None:
    call = call_with()
    for _ in range(3):
        tells(call, 1.4)
    assert said(call) == []
    assert said(tells(call, 1.4)) == ["Uh-huh."]


def test_a_share_of_the_places() -> None:
    call = call_with(frequency=0.5)
    for _ in range(8):
        tells(call, 8.0)
    assert len(said(call)) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "and then I asked them what is it that you want?",
        "so could you look that up for me",
        "my number is five five one",
        "my number is 5 5",
        "it is spelled b r o",
        "we went to the",
        "we went there um",
    ],
)
def test_words_after_which_nothing_is_said(text: str) -> None:
    assert said(tells(call_with(), text=text)) == []


@pytest.mark.parametrize("text", ["we went to the sea and", "it rained because", STORY])
def test_words_after_which_a_clause_is_complete(text: str) -> None:
    assert said(tells(call_with(), text=text)) == ["Uh-huh."]


def test_none_when_the_answer_is_about_to_come() -> None:
    assert said(tells(call_with(), sound=OVER)) == []
    assert said(tells(call_with(), sound=0.5)) == []


@pytest.mark.parametrize("sound", [0.3, 0.5, 0.8])
def test_none_where_nothing_says_that_the_caller_goes_on(sound: float) -> None:
    assert said(tells(call_with(), text="it rained all the way", sound=sound)) == []
    assert said(tells(call_with(), text="it rained all the way", sound=ON))


def test_it_is_over_before_the_turn_can_end() -> None:
    call = tells(call_with()).after(3)
    ((began, _),) = [d for d in call.done if isinstance(d[1], act.Backchannel)]
    (ended,) = call.when(act.TurnCommitted)
    assert ended - began >= 0.4


def test_without_a_model_of_the_sound_the_words_decide() -> None:
    call = call_with(turns={"judges": False})
    call.voice().after(5).partial("we went to the sea, and then, ").pause().after(0.3)
    assert said(call) == ["Uh-huh."]
    other = call_with(turns={"judges": False})
    assert said(other.voice().after(5).partial(STORY).pause().after(0.3)) == []


def test_not_before_the_agent_was_heard() -> None:
    call = Call(
        attending={"enabled": True},
        turns={"ending": EndingSettings(), "wait_s": 0.85, "judges": True},
    )
    assert said(tells(call.at(1))) == []


@pytest.mark.parametrize(("kind", "count"), [("yes_no", 0), ("date", 0), ("text", 1), ("", 1)])
def test_a_question_that_wants_something_short(kind: str, count: int) -> None:
    call = Call(
        greeting="Hello.",
        greeting_kind=kind,
        turns={"ending": EndingSettings(), "wait_s": 0.85, "judges": True},
        attending={"enabled": True},
    )
    call.synthesized(1).started(1).after(1).finished(1).after(1)
    assert len(said(tells(call))) == count


def test_not_while_something_is_said() -> None:
    rules = {"ending": EndingSettings(), "wait_s": 0.85, "judges": True}
    call = Call(attending={"enabled": True}, turns=rules, greeting="Hello, this is the law.",
                greeting_interruptible=False)  # fmt: skip
    assert said(tells(call.synthesized(1).started(1).heard(1, 5))) == []
    call.finished(1)
    assert said(tells(call)) == ["Uh-huh."]


def test_not_in_the_middle_of_keys() -> None:
    call = call_with()
    call.voice().after(5).partial(STORY).pause().key("1")
    assert said(judged(call, ON)) == []


def test_not_after_a_gap_in_the_media() -> None:
    call = call_with()
    call.voice().after(5).partial(STORY).tell(ev.MediaLost(CALLER, call.now)).after(1)
    call.tell(ev.MediaRestored(CALLER, call.now))
    assert said(judged(call, ON)) == []


def test_not_late_in_a_pause() -> None:
    call = call_with()
    call.voice().after(5).partial(STORY).pause().after(0.5).tell(ev.TurnJudged(CALLER, 7.0, ON))
    assert said(call) == []


def test_not_when_the_call_has_ended() -> None:
    call = call_with()
    call.voice().after(5).partial(STORY).pause().after(0.2)
    call.tell(ev.EndRequested(EndReason.OPERATOR_ENDED))
    assert said(call) == []


def test_a_turn_that_ends_while_it_is_said_is_answered() -> None:
    """The final text may say that the turn is over after all; the playout keeps the order."""
    rules = EndingSettings(stop=6.0)
    call = call_with(turns={"ending": rules})
    call.voice().after(5).partial(STORY).pause()
    judged(call, ON).started(3).final(f"{STORY}.").after(0.3)
    assert call.turns() == [f"{STORY}."]
    call.answers(2, "Oh dear.")
    assert call.did(act.PlayReply)[-1] == act.PlayReply(2, CALLER, False)
    call.finished(3).started(2).finished(2)
    assert call.history()[-1] == ("agent", "Oh dear.")


def test_a_turn_that_is_reopened_goes_on_as_before() -> None:
    call = tells(call_with()).after(3)
    assert len(call.turns()) == 1
    tells(call, 1.0, "and on Sunday")
    assert call.did(act.TurnReopened) != []
    tells(call, 5.0, "and on Monday it rained on the boat")
    assert said(call) == ["Uh-huh.", "I see."]


def test_the_facts_of_its_playout_change_nothing() -> None:
    call = tells(call_with())
    before = repr(call.conversation.state)
    call.started(3).heard(3, 6).starved(3).finished(3)
    assert repr(call.conversation.state) == before
    entries = [h.reply for h in call.conversation.state.history if isinstance(h, AgentTurn)]
    assert entries == [1]


def test_a_listener_has_every_pause_judged_at_once() -> None:
    rules = EndingSettings(cadence=0.2)
    for enabled, after_s in ((True, 0.2), (False, 0.7)):
        call = call_with(enabled=enabled, turns={"ending": rules})
        call.voice().after(5).partial("we went to the").pause().after(0.1).final("we went to the")
        judged_at = call.at(9).when(act.JudgeTurn)
        assert judged_at == [pytest.approx(7.0 + after_s, abs=0.02)]
