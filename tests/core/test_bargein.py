"""Two phases: the agent falls silent at once, then yields the floor or goes on."""

import pytest
from timeline import Call

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev

STORY = "Once upon a time there was a miller who had three sons."


def telling(text: str = STORY, **changes: object) -> Call:
    return Call(**changes).at(1).says("Tell me.").speaks(1, text).at(3).heard(1, 10)


def kept(call: Call) -> list[tuple[float, str]]:
    reasons = [k.reason for k in call.did(act.FloorKept)]
    return list(zip(call.when(act.ResumePlayout), reasons, strict=True))


def yielded(call: Call) -> list[tuple[float, str]]:
    reasons = [y.reason for y in call.did(act.FloorYielded)]
    return list(zip(call.when(act.ClearPlayout), reasons, strict=True))


def test_the_agent_falls_silent_at_the_first_sound() -> None:
    assert telling().at(3.1).voice(3.04).when(act.PausePlayout) == [3.1]


def test_a_voice_that_lasts_takes_the_floor_whatever_it_says() -> None:
    call = telling().voice(2.9).at(5)
    assert yielded(call) == [(3.9, "voice")]
    assert call.when(act.CancelReply) == [3.9]


def test_two_short_sounds_add_up() -> None:
    call = telling(interruption={"voice_s": 0.5})
    call.voice().at(3.3).pause().at(3.5).voice().at(3.6).pause().at(3.7).voice().at(5)
    assert call.when(act.PausePlayout) == [3.0]
    assert yielded(call) == [(3.8, "voice")]


def test_a_voice_that_is_called_noise_before_it_is_long_enough_is_measured_anew() -> None:
    call = telling(interruption={"voice_s": 9.0}, turns={"utterance_limit_s": 4.0})
    call.voice().at(8).voice().at(12)
    assert call.when(act.PausePlayout) == [3.0]
    assert yielded(call) == []
    assert yielded(call.at(17)) == [(17.0, "voice")]


def test_a_blip_is_dismissed_at_once() -> None:
    assert kept(telling().voice().at(3.1).pause(3.08)) == [(3.1, "too short")]


def test_a_blip_with_words_is_judged() -> None:
    call = telling().voice().at(3.05).partial("mm").at(3.1).pause(3.08)
    assert kept(call) == []
    assert kept(call.at(4)) == [(3.25, "acknowledgement")]


def test_words_take_the_floor_before_the_voice_is_long_enough() -> None:
    assert yielded(telling().voice().at(3.3).partial("no")) == [(3.3, "words")]


def test_too_few_words_do_not() -> None:
    call = telling(interruption={"words": 2}).voice().at(3.2).partial("no")
    assert yielded(call) == []
    assert yielded(call.at(3.3).partial("no wait")) == [(3.3, "words")]


def test_too_few_words_in_a_long_voice_do() -> None:
    call = telling(interruption={"words": 2}).voice().at(3.2).partial("no")
    assert yielded(call.at(5)) == [(4.0, "voice")]


WORDS_ONLY = {"words": 3, "by_voice": False}


def test_where_only_words_count_a_long_voice_makes_the_agent_pause_once_and_no_more() -> None:
    call = telling(interruption=WORDS_ONLY).voice()
    for tenths in range(31, 60):
        call.at(tenths / 10).measured(tenths / 10 - 3, 0.98, -25.0, 7.0)
    assert call.when(act.PausePlayout) == [3.0]
    assert kept(call) == [(3.4, "no words")]
    assert yielded(call) == []
    assert yielded(call.at(6).partial("well I")) == []
    assert yielded(call.at(6.2).partial("well I mean")) == [(6.2, "words")]


def test_where_only_words_count_their_speaker_does_not_raise_the_bar() -> None:
    doubted = {**WORDS_ONLY, "word": 1.5, "false_alarm": 1.0, "speech": 1.5}
    call = telling(interruption=doubted)
    for at in (3, 5, 7):
        call.at(at).voice().at(at + 0.2).measured(0.2, 0.98, -25.0).at(at + 0.6).pause()
        call.at(at + 0.7).final("")
    assert len(call.when(act.PausePlayout)) == 3
    call.at(9).heard(1, 10).voice().at(9.2).measured(0.2, 0.98, -25.0).at(9.4).partial("no I want")
    assert yielded(call) == [(9.4, "words")]


@pytest.mark.parametrize("voiced_s", [0.2, 0.6, 2.0])
def test_where_only_words_count_too_few_are_no_turn_either(voiced_s: float) -> None:
    call = telling(interruption=WORDS_ONLY).voice().at(3 + voiced_s).pause()
    call.after(0.1).final("well no").at(7)
    assert yielded(call) == []
    assert len(call.turns()) == len(call.did(act.SegmentDropped)) == 1
    call.heard(1, len(STORY)).finished(1).at(8).says("well no")
    assert call.turns()[1:] == ["well no"]


def test_where_only_words_count_a_noise_raises_the_bar_still() -> None:
    call = telling(interruption=WORDS_ONLY)
    for at in (3.0, 4.0):
        call.at(at).voice().at(at + 0.1).measured(0.1, 0.5, -25.0).at(at + 0.2).pause()
    assert call.at(6).when(act.PausePlayout) == [3.0]


def test_a_command_takes_the_floor_however_short() -> None:
    call = telling(interruption={"words": 3, "commands": ("hold on",)}).voice()
    assert yielded(call.at(3.3).partial("Hold on!")) == [(3.3, "command")]


def test_words_are_judged_when_the_voice_was_not_noticed() -> None:
    call = telling().final("no wait")
    assert yielded(call) == [(3.0, "words")]
    assert not call.did(act.PausePlayout)


def test_a_long_acknowledgement_does_not_take_the_floor() -> None:
    call = telling().voice().at(3.3).partial("yeah okay").at(4.5).pause().final("yeah okay").at(6)
    assert kept(call) == [(3.45, "acknowledgement")]
    assert yielded(call) == []
    assert call.outcome(1) == "live"


def test_an_acknowledgement_that_becomes_an_objection_does() -> None:
    call = telling().voice().at(3.3).partial("yeah").at(4).partial("yeah but no")
    assert kept(call) == [(3.45, "acknowledgement")]
    assert yielded(call) == [(4.0, "words")]


def test_an_interruption_whose_words_are_not_understood_is_asked_about() -> None:
    """The agent has stopped for it: silence would be the worst answer."""
    call = telling().voice().at(4.05).cleared().at(4.1).pause().final("").at(4.6)
    assert yielded(call) == [(4.0, "voice")]
    assert call.said() == ["Sorry, I didn't catch that. Could you say it again?"]


def test_no_verdict_in_time_dismisses_the_sound() -> None:
    assert kept(telling().voice().at(3.3).pause().at(5)) == [(3.8, "no words")]


def test_objecting_words_that_come_after_the_verdict_still_count() -> None:
    call = telling().voice().at(3.3).pause().at(4).final("stop it")
    assert yielded(call) == [(4.0, "words")]


@pytest.mark.parametrize(
    ("text", "heard", "floor"),
    [
        ("Shall I book it for eight o'clock?", 14, ["answer"]),
        ("Shall I book it for eight o'clock?", 10, []),
        ("I book it for eight o'clock.", 25, []),
        ("Do you want “the usual?”", 20, ["answer"]),
        ("八点可以吗？", 3, ["answer"]),
    ],
)
def test_yes_answers_a_question_that_was_nearly_heard(
    text: str, heard: int, floor: list[str]
) -> None:
    call = telling(text).heard(1, heard).voice().at(3.2).final("yes").at(3.3).pause()
    assert [reason for _, reason in yielded(call)] == floor


ASKS = "Which day of the week would you like to come?"


def answered(word: str, text: str = ASKS, **changes: object) -> Call:
    """The agent asks where only several words take the floor, and hears one from 3.0 to 3.4."""
    call = telling(text, **{"interruption": WORDS_ONLY, **changes}).heard(1, 5)
    return call.voice().at(3.4).pause().at(3.5).final(word)


@pytest.mark.parametrize("word", ["Friday", "yes"])
def test_one_word_over_the_end_of_a_question_is_the_answer_when_that_has_ended(word: str) -> None:
    call = answered(word).at(4.0)
    assert len(call.when(act.ResumePlayout)) == 1
    assert "answer" in call.awaits()
    assert not call.did(act.SegmentDropped, act.FloorYielded)
    call.at(4.8).heard(1, len(ASKS)).finished(1).at(6)
    assert call.when(act.TurnCommitted)[1:] == [4.8]
    assert call.history()[1:3] == [("agent", ASKS), ("caller", word)]


def test_it_is_none_where_the_question_goes_on_for_long() -> None:
    call = answered("Friday").at(9)
    assert call.when(act.SegmentDropped) == [4.9]  # 1.5 s after the word
    assert call.heard(1, len(ASKS)).finished(1).at(12).turns() == ["Tell me."]
    assert call.says("Friday").turns()[1:] == ["Friday"]


def test_a_short_word_has_so_long_from_when_the_agent_goes_on() -> None:
    call = telling(ASKS, interruption=WORDS_ONLY).heard(1, 5).voice()
    call.at(3.2).partial("Friday").pause().at(9)
    assert kept(call) == [(3.7, "no words")]
    assert call.when(act.SegmentDropped) == [5.2]


def test_it_is_none_where_nothing_is_asked() -> None:
    assert answered("Friday", STORY).at(6).when(act.SegmentDropped) == [3.9]


def test_one_word_that_is_not_the_callers_own_is_no_answer() -> None:
    call = telling(ASKS, interruption=WORDS_ONLY).heard(1, 5).voice()
    call.at(3.3).measured(0.3, 0.95, -60.0).at(3.4).pause().at(3.5).final("Friday").at(5)
    assert len(call.did(act.SegmentDropped)) == 1


def test_what_follows_such_a_word_belongs_to_it() -> None:
    call = answered("Friday").at(4.2).voice().at(4.5).partial("at nine")
    assert [reason for _, reason in yielded(call)] == ["words"]
    call.cleared().at(4.8).pause().at(4.9).final("at nine").at(6)
    assert call.turns()[1:] == ["Friday at nine"]


def test_a_second_word_waits_as_long_as_the_first() -> None:
    call = answered("Well").at(4.6).voice().at(4.8).pause().at(4.9).final("Friday").at(6.2)
    assert not call.did(act.SegmentDropped, act.FloorYielded)
    assert call.finished(1).turns()[1:] == ["Well Friday"]


def test_what_is_said_while_the_line_makes_the_agent_slow_may_be_the_answer_too() -> None:
    call = telling(ASKS, interruption={**WORDS_ONLY, "false_alarm_s": 1.0}).heard(1, 5)
    call.voice().at(3.3).measured(0.2, 0.2, -25.0).at(3.4).pause().at(4.5).final("")
    call.at(5).voice().at(5.4).pause().at(5.5).final("Friday").at(6.2)
    assert not call.did(act.SegmentDropped)
    assert len(call.when(act.PausePlayout)) == 1
    assert call.finished(1).turns()[1:] == ["Friday"]


def test_an_acknowledgement_early_in_a_question_is_an_answer_when_that_has_ended() -> None:
    call = telling(ASKS).heard(1, 5).voice().at(3.2).final("yes").at(3.3).pause().at(3.6)
    assert yielded(call) == []
    assert call.at(4.5).finished(1).at(5).turns()[1:] == ["yes"]


def test_yes_does_not_answer_a_question_that_is_still_being_written() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Really?").synthesized(1).started(1).heard(1, 7)
    call.voice().after(0.2).final("yes")
    assert yielded(call) == []


def test_yes_does_not_answer_a_question_that_was_not_heard_at_all() -> None:
    call = Call().at(1).says("Hello.").answers(1, "Really?").voice().after(0.2).final("yes")
    assert yielded(call) == []


def thinking(question: str, answer: str, then: str) -> Call:
    """The caller says one more thing while the answer to what they said is being thought of."""
    call = Call().at(1).says("Cancel it.").speaks(1, question).finished(1).at(4).says(answer)
    call.voice().after(0.2).pause().after(0.1).final(then)
    return call.after(1)


@pytest.mark.parametrize("word", ["yes", "Okay.", "Sure."])
def test_who_has_hesitated_answers_while_the_agent_thinks(word: str) -> None:
    call = thinking("Shall I cancel your account?", "Well", word)
    assert call.turns()[1:] == ["Well", f"Well {word}"]
    assert call.did(act.FloorYielded)[-1].reason == "answer"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Shall I cancel your account?", "Yes, please."),
        ("Shall I cancel your account?", "No."),
        ("Shall I cancel your account?", "I think that would be best for both of us."),
        ("I have cancelled your account.", "Well"),
    ],
)
def test_who_has_answered_or_was_not_asked_only_listens(question: str, answer: str) -> None:
    call = thinking(question, answer, "okay")
    assert call.turns()[1:] == [answer]
    assert call.did(act.FloorKept)[-1].reason == "acknowledgement"


def test_a_filler_does_not_ask_again() -> None:
    call = Call().at(1).says("Cancel it.").speaks(1, "Shall I cancel it?").finished(1).at(4)
    call.says("No.").after(1.5)
    call.says_phrase(call.newest).voice().after(0.2).pause().after(0.1).final("okay").after(1)
    assert call.turns()[1:] == ["No."]


def test_a_word_before_the_agent_tells_what_its_tool_found_is_the_answer_to_what_it_asked() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, "Is eight all right?").finished(1)
    call.tell(ev.ToolFinished("t1", "free")).after(0.2).voice().after(0.2).pause()
    call.after(0.1).final("yes").after(1)
    assert call.turns() == ["Book it.", "yes"]


def test_what_must_be_heard_is_not_interrupted() -> None:
    call = Call(greeting=STORY, greeting_interruptible=False).synthesized(1).started(1)
    call.at(1).voice().at(3).partial("no wait").pause().at(4).heard(1, 30)
    assert not call.did(act.PausePlayout, act.FloorYielded)
    assert call.outcome(1) == "live"


def test_a_reply_that_has_not_begun_yields_too() -> None:
    call = Call().at(1).says("Hello.").at(2.2).voice().at(2.4).partial("I mean")
    assert yielded(call) == [(2.4, "words")]
    assert call.outcome(1) == "cancelled"


def test_all_that_was_to_be_said_stops() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, STORY)
    call.tell(ev.ToolFinished("t1", "booked")).answers(2, "It is booked.").voice().at(9)
    assert [c.reply for c in call.did(act.CancelReply)] == [1, 2]
    assert len(call.did(act.ClearPlayout)) == 1


def test_who_has_nothing_to_interrupt_is_not_judged() -> None:
    call = telling().at(3.1).voice().at(3.2).finished(1)
    assert kept(call) == [(3.2, "nothing to interrupt")]
    call.at(4).pause().at(4.1).final("mm-hmm").at(5)
    assert call.turns() == ["Tell me.", "mm-hmm"]


def test_judging_does_not_count_as_the_providers_silence() -> None:
    """The transport is paused: it owes no progress until it was resumed."""
    call = telling(recovery={"stuck_s": 1.5}, interruption={"verdict_s": 2.0})
    call.at(3.5).voice().at(3.8).pause().at(5.9)
    assert kept(call) == [(5.8, "no words")]
    assert call.at(7.2).ending() == []
    assert call.at(7.3).ending() == [EndReason.TRANSPORT_FAILED]


def disclosure(*facts: ev.Event) -> Call:
    """The reply to the first turn begins to be heard."""
    call = Call().at(1).says("Go on.").writes(1, "This call is recorded.").tell(*facts)
    return call.synthesized(1).generated(1).started(1).at(3)


def test_a_reply_that_must_be_heard_is_not_interrupted_and_the_words_become_a_turn() -> None:
    call = disclosure(ev.ReplyMustBeHeard(1))
    call.voice().after(1.5).final("no wait").tell(ev.StopRequested(CALLER)).pause().after(2)
    assert call.did(act.PausePlayout, act.FloorYielded, act.SegmentDropped) == []
    assert call.turns() == ["Go on."]
    call.finished(1)
    assert call.turns() == ["Go on.", "no wait"]
    assert call.history()[1:] == [("agent", "This call is recorded."), ("caller", "no wait")]


def test_a_sound_before_it_is_known_that_a_reply_must_be_heard_is_not_judged() -> None:
    call = disclosure().voice()
    assert call.when(act.PausePlayout) == [3]
    call = Call().at(1).says("Go on.").writes(1, "This call is recorded.").synthesized(1)
    call.started(1).at(3).voice().tell(ev.ReplyMustBeHeard(1))
    assert call.when(act.PausePlayout) == call.when(act.ResumePlayout) == [3]


def test_a_reply_that_is_complete_or_dead_is_not_changed() -> None:
    call = disclosure().tell(ev.ReplyMustBeHeard(1)).tell(ev.ReplyMustBeHeard(7)).voice().after(1.2)
    assert call.did(act.FloorYielded)
    assert call.cleared().tell(ev.ReplyMustBeHeard(1)).outcome(1) == "cancelled"


@pytest.mark.parametrize("begins", [12.95, 13.2, 14.0])
@pytest.mark.parametrize("word", ["Yes.", "Uh-huh.", "Monday."])
def test_any_word_answers_who_asks_if_somebody_is_there(word: str, begins: float) -> None:
    call = Call(silence={"prompts": ("Hello? Are you still there? I did not hear anything.",)})
    call.at(1).says("Book me for Monday.").speaks(1, "Shall I book Monday at nine?").at(3).finished(
        1
    )
    prompt = call.at(13.01).newest
    call.synthesized(prompt).started(prompt)
    call.at(max(begins + 0.06, 13.02)).voice(at=begins).at(begins + 0.4).pause()
    call.at(begins + 0.5).final(word).at(begins + 0.7).cleared().at(17)
    assert call.turns()[1:] == [word]
    assert not call.did(act.SegmentDropped)


def test_a_voice_that_was_late_when_the_agent_paused_is_given_its_time_again() -> None:
    call = Call().at(1).says("Tell me.").writes(1, "Once upon a time there was a miller.", "Yes.")
    call.audio(1, 0).generated(1).started(1).at(3).heard(1, 11).starved(1).at(4.3).voice()
    call.at(4.35).synthesized(1, 0).audio(1, 1).at(4.4).pause(4.4).at(5.2)
    assert call.did(act.FloorKept)
    assert call.conversation.state.replies[1].broken == ""
    assert call.at(6.0).conversation.state.replies[1].broken == "voice"
