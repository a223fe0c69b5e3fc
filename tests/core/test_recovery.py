"""Providers fail, stall or answer nonsense: say so, retry once, apologise, end with a reason."""

import pytest
from timeline import Call

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev

APOLOGY = "Sorry, something went wrong on my side. Could you say that again?"
LOST_THREAD = "Sorry, I lost my thread. Could you ask me again?"
GOODBYE = "Sorry, I can't go on right now. Please call again later. Goodbye."
FILLERS = ["Let me see.", "Still working on it.", "Just a moment."]


def listening_fails(call: Call, *, permanent: bool = False) -> Call:
    return call.tell(ev.ListeningFailed(CALLER, "unavailable", permanent))


def responder_fails(call: Call, reply: int, *, permanent: bool = False) -> Call:
    return call.tell(ev.ReplyFailed(reply, "unavailable", permanent))


def voice_fails(call: Call, reply: int, span: int = 0, *, permanent: bool = False) -> Call:
    return call.tell(ev.SpanFailed(reply, span, "unavailable", permanent))


def asked() -> Call:
    return Call().at(1).says("Hello.")


def starts(call: Call) -> list[tuple[int, int]]:
    return [(s.reply, s.attempt) for s in call.did(act.StartReply)]


# The recogniser


def test_a_recogniser_that_fails_once_is_replaced() -> None:
    call = listening_fails(Call().at(1))
    assert call.did(act.RestartListening) == [act.RestartListening(CALLER)]
    call.tell(ev.ListeningReady(CALLER))
    assert call.at(2).says("Hello.").turns() == ["Hello."]
    assert len(listening_fails(call).did(act.RestartListening)) == 2


@pytest.mark.parametrize("permanent", [True, False])
def test_one_that_fails_for_good_ends_the_call(permanent: bool) -> None:
    call = listening_fails(Call().at(1), permanent=permanent)
    if not permanent:
        listening_fails(call)
    assert call.did(act.StopListening) == [act.StopListening(CALLER)]
    assert call.said() == [GOODBYE]
    call.says_phrase(1).at(2)
    assert call.ending() == [EndReason.TRANSCRIBER_FAILED]
    assert len(call.did(act.StopListening)) == 1


def test_one_that_does_not_open_has_failed() -> None:
    call = Call(connect=False).at(5).tell(ev.Connected(CALLER)).at(8)
    assert call.when(act.RestartListening) == [8.0]
    assert call.at(11).said() == [GOODBYE]


def test_one_that_is_being_replaced_is_asked_for_nothing() -> None:
    call = listening_fails(Call().at(1).voice().at(1.5)).at(2).pause().at(2.9)
    assert call.did(act.FinalizeTranscript) == []
    assert call.tell(ev.ListeningReady(CALLER)).when(act.FinalizeTranscript) == [2.9]


def test_what_a_recogniser_tells_out_of_turn_is_ignored() -> None:
    call = Call(connect=False).tell(ev.ListeningReady(CALLER))
    assert listening_fails(call).done == []
    call.tell(ev.Connected(CALLER), ev.ListeningReady(CALLER), ev.ListeningReady(CALLER))
    assert call.conversation.state.ear.hearing.state == "open"


# The responder


def test_a_responder_that_fails_is_tried_again() -> None:
    call = responder_fails(asked(), 1)
    assert starts(call) == [(1, 1), (2, 2)]
    assert call.outcome(1) == "failed"
    assert call.conversation.messages(2) == call.conversation.messages(1)
    assert call.speaks(2, "Hi.").finished(2).outcome(2) == "done"


def test_if_it_fails_again_the_agent_apologises() -> None:
    call = responder_fails(responder_fails(asked(), 1), 2)
    assert call.said() == [APOLOGY]
    assert call.says_phrase(3).at(8).ending() == []


def test_two_failed_turns_end_the_call() -> None:
    call = responder_fails(responder_fails(asked(), 1), 2).says_phrase(3).at(4).says("Hello?")
    responder_fails(responder_fails(call, 4), 5)
    assert call.said() == [APOLOGY, GOODBYE]
    assert call.says_phrase(6).at(7).ending() == [EndReason.MODEL_FAILED]


def test_a_good_answer_between_them_forgives() -> None:
    call = responder_fails(responder_fails(asked(), 1), 2).says_phrase(3)
    call.at(4).says("Hello?").speaks(4, "Hi.").finished(4).at(6).says("Well?")
    assert responder_fails(responder_fails(call, 5), 6).said() == [APOLOGY, APOLOGY]


def test_what_cannot_be_repaired_ends_the_call_at_once() -> None:
    call = responder_fails(asked(), 1, permanent=True)
    assert starts(call) == [(1, 1)]
    assert call.said() == [GOODBYE]


def test_a_responder_that_stalls_is_tried_again_while_fillers_are_heard() -> None:
    call = asked().at(3.5).says_phrase(2).at(7.9)
    assert call.said() == FILLERS[:2]
    assert starts(call) == [(1, 1), (4, 2)]
    assert call.when(act.StartReply) == [1.5, 7.9]
    assert call.says_phrase(3).at(13.9).said()[-1] == APOLOGY


def test_a_filler_that_is_slow_itself_is_not_followed_by_another() -> None:
    call = Call(recovery={"voice_timeout_s": 20.0, "model_timeout_s": 60.0}).at(1).says("Hello.")
    assert call.at(15).said() == FILLERS[:1]


def test_no_filler_is_said_twice_in_a_row() -> None:
    call = Call(recovery={"model_timeout_s": 60.0}).at(1).says("Hello.")
    call.at(3.4).says_phrase(2).at(7.4).says_phrase(3).at(11.4).says_phrase(4)
    assert call.said() == FILLERS


@pytest.mark.parametrize("garbage", ["nothing", "only what was retracted"])
def test_an_empty_answer_is_none(garbage: str) -> None:
    call = asked()
    if garbage != "nothing":
        call.writes(1, "Ex.").tell(ev.SpanRetracted(1, 0))
    assert starts(call.generated(1)) == [(1, 1), (2, 2)]


@pytest.mark.parametrize("again", [True, False])
def test_whether_another_try_must_be_heard_is_decided_by_what_it_says(again: bool) -> None:
    call = Call(must_be_heard=("is recorded",)).at(1).says("Hello.")
    call.writes(1, "This call is recorded.").tell(ev.ReplyFailed(1, "x", permanent=False))
    call.speaks(2, "This call is recorded." if again else "Hi, I am Ann.").heard(2, 3).after(0.5)
    call.voice().after(0.4).partial("no wait")
    assert bool(call.did(act.FloorYielded)) is not again


def test_a_span_that_is_synthesised_again_must_still_be_heard() -> None:
    call = Call(must_be_heard=("is recorded",)).at(1).says("Hello.")
    call.writes(1, "This call is recorded.").tell(ev.SpanFailed(1, 0, "x", permanent=False))
    call.synthesized(1).generated(1).started(1).heard(1, 3).after(0.5).voice().after(0.4)
    assert not call.partial("no wait").did(act.FloorYielded, act.PausePlayout)


def test_a_held_reply_that_fails_is_tried_again_and_promoted() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.")
    responder_fails(call, 1).writes(2, "Hi.").at(2.5)
    assert call.did(act.PromoteReply) == [act.PromoteReply(2)]


def test_one_that_fails_twice_is_apologised_for_when_the_turn_ends() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.")
    responder_fails(responder_fails(call, 1), 2)
    assert call.said() == []
    assert call.at(2.5).said() == [APOLOGY]
    assert call.outcome(2) == "failed"


def test_one_that_fails_for_good_ends_the_call_when_the_turn_ends() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.")
    assert responder_fails(call, 1, permanent=True).said() == []
    assert call.at(2.5).said() == [GOODBYE]
    assert call.says_phrase(2).at(4).ending() == [EndReason.MODEL_FAILED]


def test_one_that_fails_for_good_ends_nothing_while_the_caller_goes_on() -> None:
    """It is the next one that counts, to all of their words."""
    call = Call().at(1).voice().at(2).pause().at(2.1).final("I want")
    responder_fails(call, 1, permanent=True).at(2.2).voice().at(2.6).pause().at(2.7).final("tea.")
    assert call.answers(2, "Fine.").at(3.5).said() == []
    assert call.did(act.PromoteReply) == [act.PromoteReply(2)]


def test_one_that_fails_in_the_middle_says_what_it_has() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.")
    responder_fails(call, 1).writes(2, "Hi.", "How are you?").synthesized(2)
    responder_fails(call, 2).at(2.5)
    assert call.did(act.CancelSynthesis) == [act.CancelSynthesis(2, 1)]
    call.started(2).heard(2, 3).finished(2)
    assert call.did(act.ReplyEnded)[-1] == act.ReplyEnded(2, "failed", "Hi.")
    assert call.said() == [LOST_THREAD]


def test_a_failure_while_it_is_heard_lets_be_heard_what_there_is() -> None:
    call = asked().writes(1, "Hi.", "How are you?").synthesized(1).started(1)
    responder_fails(call, 1).heard(1, 3)
    assert call.did(act.CancelSynthesis) == [act.CancelSynthesis(1, 1)]
    assert call.did(act.CloseReply) == [act.CloseReply(1)]
    assert call.finished(1).said() == [LOST_THREAD]
    assert call.did(act.ReplyEnded) == [act.ReplyEnded(1, "failed", "Hi.")]


def test_a_failure_once_it_is_asked_to_be_heard_does_not_begin_again() -> None:
    call = responder_fails(asked().writes(1, "Hi.").audio(1), 1)
    assert starts(call) == [(1, 1)]
    assert call.started(1).finished(1).said() == [LOST_THREAD]


def test_a_stall_in_the_middle_does_the_same() -> None:
    call = asked().writes(1, "Hi.").synthesized(1).started(1).heard(1, 3).starved(1).at(3.4)
    assert call.said() == [FILLERS[0]]
    call.says_phrase(2).at(7.9)
    assert call.did(act.CloseReply)[-1] == act.CloseReply(1)
    assert call.finished(1).said()[1:] == [LOST_THREAD]


def test_a_failure_after_all_was_generated_is_no_failure() -> None:
    call = responder_fails(asked().answers(1, "Hi."), 1)
    assert call.started(1).finished(1).outcome(1) == "done"


def test_a_failure_while_the_call_is_ending_changes_nothing() -> None:
    call = Call(max_duration_s=2.5).at(1).says("Hello.").writes(1, "Hi.").synthesized(1).started(1)
    call.at(2.5)
    assert len(responder_fails(call, 1).said()) == 1


def test_a_reply_that_breaks_under_an_ending_call_is_not_apologised_for() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, "I book it.")
    call.tell(ev.ToolFinished("t1", "A"), ev.ReplyEndsCall(1)).finished(1)
    responder_fails(responder_fails(call, 2), 3).at(3)
    assert call.said() == []
    assert call.ending() == [EndReason.AGENT_ENDED]


# The voice


def test_a_span_that_fails_is_tried_again() -> None:
    call = voice_fails(asked().writes(1, "Hi."), 1)
    assert call.did(act.CancelSynthesis) == [act.CancelSynthesis(1, 0)]
    assert [s.attempt for s in call.did(act.Synthesize)] == [1, 2]
    assert call.synthesized(1).generated(1).started(1).finished(1).outcome(1) == "done"


def test_audio_that_nobody_heard_is_made_again() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.").writes(1, "Hi.").audio(1)
    assert [s.attempt for s in voice_fails(call, 1).did(act.Synthesize)] == [1, 2]
    call.at(2.5)
    assert not call.did(act.PlayReply)


def test_if_it_fails_again_before_anything_was_heard_the_agent_apologises() -> None:
    call = voice_fails(voice_fails(asked().writes(1, "Hi."), 1), 1)
    assert call.outcome(1) == "failed"
    assert call.said() == [APOLOGY]


def test_a_voice_that_cannot_be_repaired_ends_the_call() -> None:
    call = voice_fails(asked().writes(1, "Hi."), 1, permanent=True)
    assert call.said() == [GOODBYE]
    assert call.says_phrase(2).at(4).ending() == [EndReason.VOICE_FAILED]


def test_a_held_reply_without_a_voice_is_apologised_for_when_the_turn_ends() -> None:
    call = Call(recovery={"failed_turns": 1}).at(1).voice().at(2).pause().at(2.1).final("Hello.")
    voice_fails(voice_fails(call.writes(1, "Hi."), 1), 1).at(2.5)
    assert call.said() == [GOODBYE]
    assert call.says_phrase(2).at(4).ending() == [EndReason.VOICE_FAILED]


def test_a_held_reply_whose_voice_cannot_be_repaired_ends_the_call_when_the_turn_ends() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.").writes(1, "Hi.")
    assert voice_fails(call, 1, permanent=True).at(2.5).said() == [GOODBYE]
    assert call.says_phrase(2).at(4).ending() == [EndReason.VOICE_FAILED]


def test_a_later_span_that_fails_ends_the_reply_there() -> None:
    call = asked().writes(1, "Hi.", "How are you?").synthesized(1).started(1).heard(1, 3)
    voice_fails(voice_fails(call, 1, 1), 1, 1)
    assert call.did(act.CloseReply) == [act.CloseReply(1)]
    assert call.finished(1).said() == [LOST_THREAD]


def test_a_span_that_breaks_while_it_is_heard_is_not_begun_again() -> None:
    call = voice_fails(asked().writes(1, "How are you?").audio(1).started(1).heard(1, 3), 1)
    assert len(call.did(act.Synthesize)) == 1
    call.finished(1)
    assert call.did(act.ReplyEnded) == [act.ReplyEnded(1, "failed", "How")]
    assert call.said() == [LOST_THREAD]


def test_failures_of_what_is_complete_or_unknown_are_ignored() -> None:
    call = voice_fails(voice_fails(asked().answers(1, "Hi."), 1), 1, 5)
    assert not call.did(act.CancelSynthesis)


def test_a_voice_that_stalls_has_failed() -> None:
    call = asked().writes(1, "Hi.").at(4.4)
    assert [s.attempt for s in call.did(act.Synthesize) if not s.cached] == [1, 2]
    assert call.at(6.9).said()[-1] == APOLOGY


def test_a_voice_that_stalls_in_the_middle_of_a_span_has_failed() -> None:
    call = asked().writes(1, "How are you?").audio(1).started(1).heard(1, 3).at(3).starved(1, 2.9)
    call.at(4.4)
    assert call.when(act.CloseReply) == [4.4]
    assert call.finished(1).said() == [LOST_THREAD]


def test_a_voice_that_goes_on_just_in_time_has_not_failed() -> None:
    call = asked().writes(1, "How are you?").audio(1).started(1).heard(1, 3).at(3).starved(1, 2.9)
    call.at(4.39).audio(1).at(4.6).heard(1, 7).synthesized(1).generated(1).heard(1, 12)
    assert call.finished(1).outcome(1) == "done"
    assert call.said() == []


def test_a_span_that_comes_just_in_time_after_another_has_not_failed() -> None:
    call = asked().writes(1, "Hi.", "How are you?").synthesized(1).started(1).heard(1, 3)
    call.starved(1).after(1.49).audio(1, 1).after(0.1).heard(1, 4, span=1).synthesized(1, 1)
    assert call.generated(1).finished(1).outcome(1) == "done"
    assert call.said() == []


def test_audio_that_comes_and_is_not_heard_does_not_excuse_the_voice_for_ever() -> None:
    call = asked().writes(1, "How are you?").audio(1).started(1).heard(1, 3).at(3).starved(1)
    assert call.at(4).audio(1).at(5.49).did(act.CloseReply) == []
    assert call.at(5.5).did(act.CloseReply) == [act.CloseReply(1)]


def test_a_later_span_does_not_excuse_the_one_that_stalls() -> None:
    call = asked().writes(1, "How are you?", "Well?").audio(1).started(1).heard(1, 3).at(3)
    assert call.starved(1).at(4).audio(1, 1).at(4.5).did(act.CloseReply) == [act.CloseReply(1)]


def test_audio_that_trickles_is_enough() -> None:
    call = asked().writes(1, "How are you?").generated(1).audio(1).started(1)
    for n in range(4):
        call.after(0.5).starved(1).after(1.2).heard(1, n + 1)
    assert call.outcome(1) == "live"
    assert not call.did(act.CloseReply)


def test_a_silent_wait_without_fillers() -> None:
    call = Call(phrases={"fillers": ()}).at(1).says("Hello.").writes(1, "Hi.").synthesized(1)
    call.started(1).heard(1, 3).starved(1).at(6)
    assert call.said() == []
    assert call.outcome(1) == "live"


# Cached phrases


@pytest.mark.parametrize("kind", ["filler", "prompt", "greeting"])
def test_phrases_that_are_not_missed(kind: str) -> None:
    call = Call(greeting="Hello." if kind == "greeting" else "")
    if kind == "filler":
        call.at(1).says("Hello.").at(3.4)
    if kind == "prompt":
        call.at(10)
    reply = call.did(act.PromoteReply)[-1].reply
    assert voice_fails(call, reply).outcome(reply) == "failed"
    phrases = len(call.said())
    assert call.after(3).ending() == []
    assert len(call.said()) == phrases


def test_an_apology_that_cannot_be_said_ends_the_call() -> None:
    call = responder_fails(responder_fails(asked(), 1), 2)
    assert voice_fails(call, 3).ending() == [EndReason.VOICE_FAILED]


def test_a_goodbye_that_cannot_be_said_keeps_the_reason() -> None:
    call = responder_fails(asked(), 1, permanent=True)
    assert voice_fails(call, 2).ending() == [EndReason.MODEL_FAILED]


def test_a_filler_that_breaks_off_is_not_apologised_for() -> None:
    call = asked().at(3.4).audio(2).started(2).heard(2, 3)
    voice_fails(call, 2).finished(2)
    assert call.outcome(2) == "failed"
    assert not call.did(act.CancelReply)
    assert call.said() == [FILLERS[0]]


def test_a_greeting_that_breaks_off_is() -> None:
    call = voice_fails(Call(greeting="Hello there.").audio(1).started(1).heard(1, 5), 1)
    assert call.finished(1).said() == ["Hello there.", LOST_THREAD]


# The transport


def test_a_transport_that_acknowledges_nothing_has_failed() -> None:
    call = asked().answers(1, "Hi.").at(9.9)
    assert call.ending() == [EndReason.TRANSPORT_FAILED]


def test_it_has_the_same_time_once_it_has_begun() -> None:
    call = asked().answers(1, "Hi.").at(5).started(1).at(12.9)
    assert call.ending() == []
    assert call.at(13).ending() == [EndReason.TRANSPORT_FAILED]


@pytest.mark.parametrize("whole", [True, False])
def test_and_again_when_audio_comes_after_a_pause(whole: bool) -> None:
    call = asked().writes(1, "One.").synthesized(1).started(1).heard(1, 4).at(3).starved(1)
    call.at(7).tell(ev.ReplyToken(1)).at(9).writes(1, "Two.", start=5).generated(1).at(11)
    call = call.synthesized(1, 1) if whole else call.audio(1, 1)
    assert call.at(18.9).ending() == []
    assert call.at(19).ending() == [EndReason.TRANSPORT_FAILED]


def test_a_voice_and_a_transport_that_both_fall_silent_at_the_end_of_a_span() -> None:
    call = asked().writes(1, "Hi.").generated(1).audio(1).started(1).heard(1, 3).at(9.9)
    assert call.ending() == [EndReason.TRANSPORT_FAILED]


def test_a_transport_that_does_not_confirm_a_clear_is_not_waited_for() -> None:
    call = asked().speaks(1, "Once upon a time.").heard(1, 4).at(3).voice().at(3.3).final("no wait")
    call.at(3.4).pause().at(4.2)
    assert call.outcome(1) == "live"
    assert call.at(4.3).outcome(1) == "cancelled"
    assert call.turns() == ["Hello.", "no wait"]
