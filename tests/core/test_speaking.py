"""Replies from the wish for them to the last sample that was heard."""

from timeline import Call

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev


def test_a_reply_from_its_start_to_its_end() -> None:
    call = Call().at(1).says("Hello.").tell(ev.ReplyToken(1)).writes(1, "Hi.", "Well?")
    call.audio(1).at(3).started(1).synthesized(1, 0, 1).generated(1).heard(1, 3).finished(1)
    steps = (act.StartReply, act.PromoteReply, act.Synthesize, act.PlayReply)
    assert call.did(*steps, act.CloseReply, act.ReplyEnded) == [
        act.StartReply(1, 1),
        act.PromoteReply(1),
        act.Synthesize(1, 0, "Hi.", 1, cached=False),
        act.Synthesize(1, 1, "Well?", 1, cached=False),
        act.PlayReply(1, CALLER, aside=False),
        act.CloseReply(1),
        act.ReplyEnded(1, "done", "Hi. Well?"),
    ]


def test_a_span_that_comes_twice_or_is_empty_or_late_is_ignored() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Hi.")
    call.tell(ev.ReplySpan(1, 0, "Hi.", 0, 3), ev.ReplySpan(1, 1, "", 3, 3)).generated(1)
    call.tell(ev.ReplySpan(1, 2, "Late.", 4, 9))
    assert [s.text for s in call.did(act.Synthesize)] == ["Hi."]


def test_a_span_that_was_retracted_is_not_synthesised() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Example.").tell(ev.SpanRetracted(1, 0))
    assert call.did(act.CancelSynthesis) == [act.CancelSynthesis(1, 0)]
    call.tell(ev.SpanRetracted(1, 0), ev.ReplySpan(1, 1, "Example.com.", 0, 12))
    assert call.synthesized(1, 1).started(1).generated(1).finished(1).outcome(1) == "done"
    assert call.history()[-1] == ("agent", "Example.com.")


def test_a_span_that_was_heard_or_is_part_of_the_whole_is_not_retracted() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Hi.").audio(1).started(1).heard(1, 1)
    assert not call.tell(ev.SpanRetracted(1, 0)).did(act.CancelSynthesis)
    call = Call().at(1).says("Hello.").writes(1, "Hi.").generated(1).tell(ev.SpanRetracted(1, 0))
    assert not call.did(act.CancelSynthesis)


def test_a_retraction_of_all_audio_takes_the_reply_back() -> None:
    """The text that comes instead is heard, and if none comes it is no answer."""
    call = Call().at(1).says("Hello.").writes(1, "Hi.").audio(1).tell(ev.SpanRetracted(1, 0))
    call.tell(ev.ReplySpan(1, 1, "High five.", 0, 10)).audio(1, 1)
    assert len(call.did(act.PlayReply)) == 2
    call = Call().at(1).says("Hello.").writes(1, "Hi.").audio(1).tell(ev.SpanRetracted(1, 0))
    assert call.generated(1).did(act.StartReply) == [act.StartReply(1, 1), act.StartReply(2, 2)]


def test_a_retraction_of_the_second_span_leaves_the_first() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Hi.", "Example.").audio(1).audio(1, 1)
    assert len(call.tell(ev.SpanRetracted(1, 1)).did(act.PlayReply)) == 1
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.").writes(1, "Hi.", "Example.")
    call.audio(1).audio(1, 1).tell(ev.SpanRetracted(1, 1)).at(2.5)
    assert call.when(act.PlayReply) == [2.5]


def test_a_retraction_within_a_reply_that_is_heard_leaves_it_there() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Hi.", "Example.").audio(1).started(1)
    call.audio(1, 1).tell(ev.SpanRetracted(1, 1)).synthesized(1).generated(1).finished(1)
    assert len(call.did(act.PlayReply)) == 1
    assert call.history()[-1] == ("agent", "Hi.")


def test_what_was_not_asked_to_be_played_was_not_heard() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Hi.").started(1).heard(1, 3).finished(1)
    call.generated(1).finished(1)
    assert call.outcome(1) == "live"
    assert call.history() == [("caller", "Hello.")]
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.").answers(1, "Hi.").finished(1)
    assert call.outcome(1) == "live"  # and held


def test_what_finishes_before_it_is_closed_has_not_finished() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Hi.").synthesized(1).started(1).finished(1)
    assert call.outcome(1) == "live"


def test_a_reply_may_finish_before_its_start_was_told() -> None:
    call = Call().at(1).says("Hello.").answers(1, "Hi.").finished(1)
    assert call.outcome(1) == "done"


def test_a_start_that_is_told_twice_and_audio_of_an_unknown_span_change_nothing() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Hi.").started(1).synthesized(1, 9).audio(1, 9)
    assert call.finished(1).outcome(1) == "done"


def test_progress_is_never_more_than_the_text_and_never_goes_back() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Hi there.").heard(1, 5).heard(1, 2)
    assert call.history()[-1] == ("agent", "Hi th")
    assert call.heard(1, 99).heard(1, 9, span=7).history()[-1] == ("agent", "Hi there.")


def test_progress_after_the_clear_counts_until_the_transport_confirms() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Hi there.").at(3).voice().at(3.3).partial("no")
    call.heard(1, 2).starved(1).finished(1).tell(ev.PlayoutCleared("supervisor"))
    assert call.outcome(1) == "live"
    assert call.cleared().did(act.ReplyEnded) == [act.ReplyEnded(1, "cancelled", "Hi")]


def test_a_reply_that_only_calls_a_tool_is_done_at_once() -> None:
    call = Call().at(1).says("Hello.").asks_tool(1).generated(1)
    assert call.did(act.ReplyEnded) == [act.ReplyEnded(1, "done", "")]


def test_a_reply_that_ends_the_call_without_a_word_ends_it() -> None:
    call = Call().at(1).says("Bye.").tell(ev.ReplyEndsCall(1)).generated(1).at(2.2)
    assert call.ending() == [EndReason.AGENT_ENDED]


def test_a_phrase_that_says_goodbye_ends_the_call() -> None:
    call = Call(end_phrases=("goodbye",)).at(1).says("Bye.").speaks(1, "Well, goodbye!")
    assert call.finished(1).at(3).ending() == [EndReason.AGENT_ENDED]


def test_phrases_do_not_end_the_call_by_the_responders_wish() -> None:
    call = Call(greeting="Hello.").tell(ev.ReplyEndsCall(1)).says_phrase(1).at(1)
    assert call.ending() == []


def test_a_filler_that_is_ready_is_heard_before_the_answer_is() -> None:
    call = Call().at(1).says("Hello.").at(3.5).synthesized(2)
    assert call.did(act.PlayReply) == [act.PlayReply(2, CALLER, aside=True)]
    call.answers(1, "Hi.")
    assert call.did(act.PlayReply)[1:] == [act.PlayReply(1, CALLER, aside=False)]
    assert call.outcome(2) == "live"


def test_an_apology_does_not_wait_for_an_answer_that_is_coming() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, "One moment.", "I book it.")
    call.tell(ev.ToolFinished("t1", "booked"))
    call.tell(ev.ReplyFailed(2, "unavailable", permanent=False))
    call.tell(ev.ReplyFailed(3, "unavailable", permanent=False)).finished(1).synthesized(4)
    assert call.said() == ["Sorry, something went wrong on my side. Could you say that again?"]
    assert call.did(act.PlayReply)[-1].reply == 4


def test_a_filler_fills_a_reply_that_runs_dry() -> None:
    call = Call().at(1).says("Hello.").writes(1, "One.").synthesized(1).started(1).heard(1, 4)
    call.at(3).starved(1, at=2.9).at(4.4)
    assert call.said() == ["Let me see."]
    assert call.outcome(2) == "live"
    call.writes(1, "Two.", start=5).heard(1, 4).synthesized(1, 1).heard(1, 1, span=1)
    assert call.outcome(2) == "cancelled"
    assert call.outcome(1) == "live"


def test_running_dry_before_the_first_sample_is_no_news() -> None:
    call = Call().at(1).says("Hello.").writes(1, "One.").audio(1).starved(1)
    assert "starved" not in call.awaits()


def test_a_reply_that_runs_dry_again_is_minded_again() -> None:
    call = Call().at(1).says("Hello.").writes(1, "One.").synthesized(1).started(1).heard(1, 4)
    call.at(3).starved(1).at(4.5).says_phrase(2).writes(1, "Number two.", start=5).audio(1, 1)
    call.heard(1, 3, span=1).at(5).starved(1).at(6.5)
    assert call.did(act.CloseReply)[-1] == act.CloseReply(1)


def test_a_reply_that_breaks_before_any_of_it_was_acknowledged_still_finishes() -> None:
    call = Call().at(1).says("Hello.").writes(1, "One.").audio(1).started(1)
    call.tell(ev.SpanRetracted(1, 0), ev.ReplyFailed(1, "unavailable", permanent=False))
    assert call.outcome(1) == "live"
    assert call.finished(1).outcome(1) == "failed"


def test_a_reply_is_heard_from_its_beginning() -> None:
    call = Call().at(1).says("Hello.").writes(1, "One.", "Two.").synthesized(1, 1)
    assert not call.did(act.PlayReply)
    assert call.synthesized(1, 0).did(act.PlayReply)


def test_a_report_that_nobody_heard_is_made_again() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1)
    call.tell(ev.ToolFinished("t1", "booked")).at(2.5).voice().at(3.1).pause().cleared().final("")
    assert call.outcome(2) == "cancelled"
    call.at(3.6).says_phrase(3)
    assert call.did(act.StartReply)[-1] == act.StartReply(4, 1)
    assert call.conversation.messages(4)[1].tools[0].result == "booked"


def test_results_that_a_reply_was_told_are_told_again_if_it_was_not_heard() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1)
    call.tell(ev.ToolFinished("t1", "booked")).at(2.5).voice().at(2.8).final("wait")
    assert call.outcome(2) == "cancelled"
    call.pause().cleared().at(4)
    newest = call.did(act.StartReply)[-1].reply
    assert call.conversation.messages(newest)[1].tools[0].result == "booked"
    call.speaks(newest, "It is booked.").finished(newest).after(1)
    assert call.did(act.StartReply)[-1].reply == newest


def test_what_must_be_heard_is_not_interrupted_and_the_callers_words_are_kept() -> None:
    call = Call(must_be_heard=("this call is recorded",)).at(1).says("Hello.")
    call.writes(1, "Hi there.").synthesized(1).started(1).at(2).voice()
    assert call.did(act.PausePlayout)
    call.at(2.1).writes(1, "This call is recorded.", start=10).synthesized(1, 1).generated(1)
    assert call.when(act.ResumePlayout) == [2.1]
    call.at(3).partial("no wait").at(3.5).pause().at(3.6).final("no wait").at(6)
    assert not call.did(act.FloorYielded, act.SegmentDropped)
    assert call.turns() == ["Hello."]
    assert call.heard(1, 22, 1).finished(1).at(7).turns() == ["Hello.", "no wait"]


def test_what_must_be_heard_may_lie_in_two_pieces() -> None:
    call = Call(must_be_heard=("this call is recorded",)).at(1).says("Hello.")
    call.writes(1, "Now, this call", "is recorded.").synthesized(1).started(1).at(2).voice()
    assert not call.did(act.PausePlayout)


def test_what_must_be_heard_may_be_said_at_the_beginning() -> None:
    greeting = "Hello. This call is recorded."
    call = Call(greeting=greeting, must_be_heard=("this call is recorded",))
    call.synthesized(1).started(1).at(1).voice().at(1.5).partial("no wait").at(3)
    assert not call.did(act.PausePlayout, act.FloorYielded)


def test_what_need_not_be_heard_is_interrupted() -> None:
    call = Call(must_be_heard=("this call is recorded",)).at(1).says("Hello.")
    call.speaks(1, "Is this call recorded?").at(2).voice().at(2.3).partial("no wait")
    assert call.did(act.FloorYielded)


# A held reply


def held() -> Call:
    return Call().at(1).voice().at(2).pause().at(2.1).final("Hello.")


def spoken(call: Call) -> list[str]:
    return [s.text for s in call.did(act.Synthesize)]


def test_only_the_beginning_of_a_held_reply_is_synthesised() -> None:
    first, second, third = "Hello, nice to meet you.", "How are you today?", "I am well."
    call = held().writes(1, first, second).generated(1).synthesized(1)
    assert spoken(call) == [first]
    assert not call.did(act.CloseReply)
    call = held().writes(1, first, second).synthesized(1).at(2.5).writes(1, third, start=44)
    assert spoken(call) == [first, second, third]
    assert call.when(act.Synthesize) == [2.1, 2.5, 2.5]
    assert call.when(act.PlayReply) == [2.5]
    call.synthesized(1, 1, 2).generated(1).started(1).finished(1)
    assert call.history()[-1] == ("agent", f"{first} {second} {third}")


def test_a_beginning_that_is_soon_over_is_held_with_what_follows() -> None:
    call = held().writes(1, "Yes.", "You can have a table at eight.", "For how many?")
    assert spoken(call) == ["Yes.", "You can have a table at eight."]


def test_what_is_not_asked_for_is_not_waited_for_nor_taken_back() -> None:
    call = held().writes(1, "Hello, nice to meet you.", "Example.").synthesized(1)
    assert "voice" not in call.awaits()
    call.tell(ev.SpanRetracted(1, 1)).at(2.5)
    assert not call.did(act.CancelSynthesis)
    assert spoken(call) == ["Hello, nice to meet you."]


def test_what_comes_in_the_place_of_a_beginning_is_synthesised() -> None:
    call = held().writes(1, "Have a look at example.", "And at another.")
    call.tell(ev.SpanRetracted(1, 0))
    assert spoken(call) == ["Have a look at example.", "And at another."]
