"""From voice and words to turns."""

from typing import Any

import pytest
from timeline import Call

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev

UNCLEAR = "Sorry, I didn't catch that. Could you say it again?"
GAP = "Sorry, you were cut off. Could you repeat that?"


def committed(call: Call) -> list[tuple[str, tuple[int, ...], float]]:
    return [(t.text, t.segments, t.at) for t in call.did(act.TurnCommitted)]


def dropped(call: Call) -> list[tuple[int, str]]:
    return [(d.segment, d.reason) for d in call.did(act.SegmentDropped)]


def goes_on_after(words: str, **changes: Any) -> Call:
    """A voice without words has reopened the turn."""
    call = Call(**changes).at(1).says(words).at(2).voice().at(2.8)
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 1)]
    return call


# A turn ends


def test_silence_after_the_last_voiced_sample_ends_a_turn() -> None:
    call = Call().at(1).voice(0.9).at(2).pause(1.8).at(2.1).final("Hello.").at(2.29)
    assert committed(call) == []
    assert committed(call.at(2.3)) == [("Hello.", (0,), 1.8)]


def test_a_final_text_that_comes_after_the_silence_ends_it_at_once() -> None:
    call = Call().at(1).voice().at(2).pause().at(3).final("Hello.")
    assert call.when(act.TurnCommitted) == [3.0]


def test_a_voice_that_goes_on_does_not_end() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("I want").at(2.4).voice()
    call.at(3).pause().at(3.1).final("to go.").at(4)
    assert committed(call) == [("I want to go.", (0, 1), 3.0)]


def test_words_without_a_voice_end_too() -> None:
    """The voice detector is deaf, or down."""
    call = Call().at(1).partial("Hel").at(1.2).final("Hello.").at(1.5)
    assert committed(call) == [("Hello.", (0,), 1.0)]


def test_the_recogniser_is_asked_for_its_final_text_once() -> None:
    call = Call().at(1).voice().at(2).pause(1.9).at(3)
    assert call.when(act.FinalizeTranscript) == [2.05]


def test_a_recogniser_that_cannot_finalize_is_not_asked() -> None:
    call = Call(turns={"recognizer_finalizes": False}).at(1).voice().at(1.5).pause().at(4)
    assert not call.did(act.FinalizeTranscript)


def test_missing_words_are_not_waited_for_for_ever() -> None:
    call = Call().at(1).voice().at(2).partial("Hello").pause().at(5)
    assert committed(call)[0] == ("Hello", (0,), 2.0)
    assert call.when(act.TurnCommitted) == [3.4]


def test_edges_that_contradict_are_harmless() -> None:
    call = Call().at(1).pause().voice().at(1.2).voice().at(1.9).pause().pause().final("Yes.").at(3)
    assert committed(call) == [("Yes.", (0,), 1.9)]


def test_a_voice_that_does_not_pause_is_taken_for_a_turn_or_for_noise() -> None:
    call = Call(turns={"utterance_limit_s": 20.0}).at(1).voice().at(2).final("On and on").at(21)
    assert committed(call) == [("On and on", (0,), 21.0)]
    call = Call(turns={"utterance_limit_s": 5.0}).at(1).voice().at(6).pause()
    assert call.conversation.state.ear.listening.state == "quiet"
    assert not call.turns()


def test_what_a_voice_that_does_not_pause_says_next_is_heard_as_well() -> None:
    call = Call(turns={"utterance_limit_s": 4.0}).at(1).voice().at(2).final("On and on").at(5)
    assert call.turns() == ["On and on"]
    assert call.at(6).pause().at(6.5).when(act.FinalizeTranscript) == [6.15]
    assert call.final("and on").at(8).turns()[-1] == "On and on and on"


def test_words_under_a_reply_that_must_be_heard_are_noise_where_they_never_pause() -> None:
    call = Call(greeting="Hello.", greeting_interruptible=False, turns={"utterance_limit_s": 3.0})
    call.synthesized(1).started(1).at(1).voice().final("blah").at(3).heard(1, 3).at(4)
    assert dropped(call) == [(0, "a voice that does not pause")]


# Words that come twice, late or not at all


def test_a_final_text_that_comes_twice_counts_once() -> None:
    call = Call().at(1).voice().at(2).pause().final("Hello.")
    twice = ev.Transcript(CALLER, 0, "Hello.", final=True)
    call.tell(twice).at(3).tell(twice).at(9)
    assert committed(call) == [("Hello.", (0,), 2.0)]


def test_a_partial_text_after_the_final_one_is_stale() -> None:
    call = Call().at(1).voice().at(2).pause().final("Hello.")
    call.tell(ev.Transcript(CALLER, 0, "Hel", final=False)).at(3)
    assert committed(call) == [("Hello.", (0,), 2.0)]


def test_a_turn_that_does_not_wait_takes_what_there_is_and_the_next_takes_the_rest() -> None:
    call = Call().at(1).voice().at(2).partial("I want").pause().at(3.4).answers(1, "What?")
    call.started(1).heard(1, 5).finished(1).partial("I want to book").at(5.5)
    call.answers(2, "Yes?").started(2).heard(2, 4).finished(2).final("I want to book a table").at(7)
    assert call.turns() == ["I want", "to book", "a table"]


@pytest.mark.parametrize(
    ("partial", "final", "rest"),
    [
        ("我想去。", "我想去北京。", ["北京。"]),
        ("Ich möchte ein", "Ich möchte einen Tisch.", ["Tisch."]),
        ("It's five five five", "It's 555-1234.", ["1234."]),
        ("Five", "5.", []),
    ],
)
def test_the_rest_of_a_text_that_was_understood_otherwise(
    partial: str, final: str, rest: list[str]
) -> None:
    call = Call().at(1).voice().at(2).partial(partial).pause().at(3.4).answers(1, "What?")
    call.started(1).heard(1, 5).finished(1).final(final).at(6)
    assert call.turns() == [partial, *rest]


def test_a_final_text_that_says_no_more_than_was_taken_is_no_turn() -> None:
    call = Call().at(1).voice().at(2).partial("I want").pause().at(3.4).final("I want.").at(5)
    assert call.turns() == ["I want"]


def test_words_that_were_dropped_are_not_a_turn_later() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Once upon a time.").at(3).voice()
    call.at(3.2).partial("mm-hmm").pause().at(3.8).final("Mm-hmm.").at(4).finished(1).at(6)
    assert call.turns() == ["Hello."]
    assert dropped(call) == [(1, "acknowledgement")]


def test_words_that_turn_out_to_be_others_than_the_dropped_ones_count() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Once upon a time.").at(3).voice()
    call.at(3.2).partial("mm").pause().at(3.8).final("Stop.")
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "words")]


@pytest.mark.parametrize("marks", [".", "…", "?!", "।", " - "])
def test_marks_without_a_word_take_no_floor_and_are_no_turn(marks: str) -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Shall I book it?").heard(1, 12).at(3).voice()
    call.partial(marks).after(0.3).pause().final(marks).at(4).finished(1)
    call.at(5).voice().partial(marks).after(0.4).pause().final(marks).at(9)
    assert call.turns() == ["Hello."]
    assert not call.did(act.FloorYielded)
    assert call.said() == [UNCLEAR]


def test_marks_in_the_place_of_words_withdraw_them() -> None:
    call = Call().at(1).voice().at(1.2).partial("Huh").partial("…").at(1.4).pause().final(".").at(3)
    assert dropped(call) == [(0, "withdrawn by the recogniser")]
    assert not call.turns()


def test_a_partial_text_that_is_withdrawn_is_dropped() -> None:
    call = Call().at(1).voice().at(1.2).partial("Huh").at(1.4).pause().final("").at(3)
    assert dropped(call) == [(0, "withdrawn by the recogniser")]
    assert not call.turns()


def test_the_rest_of_a_segment_is_withdrawn_but_not_what_a_turn_took() -> None:
    call = Call().at(1).voice().at(2).partial("I want").pause().at(3.5).voice()
    call.partial("I want tea").final("I want").pause().at(9)
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 1)]
    assert call.turns() == ["I want", "I want"]
    assert dropped(call) == []


def test_a_recogniser_that_takes_over_hears_the_last_segment_again() -> None:
    call = (
        Call()
        .at(1)
        .voice()
        .at(1.5)
        .partial("I want")
        .tell(ev.ListeningFailed(CALLER, "unavailable", permanent=False))
    )
    call.tell(ev.ListeningReady(CALLER)).tell(ev.Transcript(CALLER, 1, "I want to go", final=True))
    assert dropped(call) == [(0, "superseded")]
    assert call.pause().at(3).turns() == ["I want to go"]


def test_it_hears_a_reopened_turn_again_too() -> None:
    call = Call().at(1).voice().at(2).partial("I want").pause().at(3.5).voice().at(4.2)
    assert call.did(act.TurnReopened)
    call.tell(ev.ListeningFailed(CALLER, "unavailable", permanent=False))
    call.tell(ev.ListeningReady(CALLER)).tell(ev.Transcript(CALLER, 1, "I want tea", final=True))
    assert dropped(call) == [(0, "superseded")]
    assert call.pause().cleared().at(6).turns() == ["I want", "I want tea"]


def test_words_of_a_voice_that_is_not_detected_are_no_turn_while_they_go_on() -> None:
    call = Call().at(1)
    for text in ("I want", "I want a", "I want a table", "I want a table for two"):
        call.partial(text).after(0.3)
    call.final("I want a table for two.").after(1.5)
    assert committed(call) == [("I want a table for two.", (0,), pytest.approx(1.9))]


def test_words_of_a_voice_that_is_not_detected_do_not_go_on_for_ever() -> None:
    call = Call(turns={"utterance_limit_s": 5.0}).at(1)
    for count in range(1, 20):
        call.partial("word " * count).after(0.4)
    assert call.when(act.TurnCommitted) == [pytest.approx(7.4)]


def test_the_final_text_of_words_that_are_known_does_not_hold_up_their_turn() -> None:
    call = Call().at(1).partial("A table").at(1.4).final("A table").at(1.6)
    assert committed(call) == [("A table", (0,), 1.0)]


def test_a_recogniser_that_hears_the_end_is_believed_though_a_voice_goes_on() -> None:
    call = Call().at(1).voice().at(2)
    call.tell(ev.Transcript(CALLER, 0, "A table for two.", final=True, over=0.9)).at(2.9)
    assert call.turns() == []
    assert call.at(3.1).turns() == ["A table for two."]


def test_it_is_not_believed_while_a_reply_is_being_stopped() -> None:
    """What was heard of it decides what becomes of the turn before."""
    call = Call().at(1).says("I want a table").at(2).answers(1, "For how many?").started(1)
    call.at(2.05).voice().at(2.4).tell(ev.Transcript(CALLER, 1, "um", final=True, over=0.95))
    call.measured(0.3, 0.99, -20.0).at(3.7).cleared().at(8)
    assert call.turns() == ["I want a table", "I want a table um"]


def test_it_is_not_believed_about_a_voice_that_began_later() -> None:
    call = Call(turns={"wait_s": 1.5}).at(1).voice().at(2).pause().at(2.2)
    call.tell(ev.Transcript(CALLER, 0, "A table for two.", final=True, over=0.9))
    assert call.at(2.4).voice().at(6).turns() == []


def test_it_is_not_believed_where_words_follow_or_it_has_its_doubts() -> None:
    for over in (0.9, 0.3):
        call = Call().at(1).voice().at(2)
        call.tell(ev.Transcript(CALLER, 0, "A table", final=True, over=over)).at(2.5)
        if over > 0.5:
            call.tell(ev.Transcript(CALLER, 1, "for two", final=False))
        assert call.at(6).turns() == []


def test_the_late_final_text_of_a_cough_covers_no_newer_voice() -> None:
    call = (
        Call(turns={"recognizer_partials": True})
        .at(1)
        .says("Hello.")
        .at(2)
        .speaks(1, "It is a long story.")
    )
    call.speaks(1, "It is a long story.").heard(1, 9).at(4).voice().at(4.3).pause().at(4.8)
    assert call.did(act.FloorKept)
    call.at(4.9).voice().at(5).final("").at(5.5).pause().at(5.8)
    assert len([at for at in call.when(act.FinalizeTranscript) if at > 5]) == 1


def restarted(call: Call) -> Call:
    """The recogniser fails, and another takes over."""
    call.tell(ev.ListeningFailed(CALLER, "unavailable", permanent=False))
    call.segment += 1
    return call.after(0.3).tell(ev.ListeningReady(CALLER))


def test_what_a_turn_has_taken_is_no_turn_again_when_another_recogniser_hears_it() -> None:
    call = Call().at(1).voice().at(2).partial("I want a table").pause().at(5)
    call.speaks(1, "For how many?").heard(1, 3)
    restarted(call).partial("I want").after(0.2).partial("I want a").final("I want a table").at(9)
    assert call.turns() == ["I want a table"]
    assert not call.did(act.PausePlayout, act.ClearPlayout)


def test_what_is_said_after_it_is_a_turn() -> None:
    call = Call().at(1).voice().at(2).partial("I want a table").pause().at(5)
    call.speaks(1, "For how many?").heard(1, 3)
    restarted(call.voice()).partial("I want a").after(0.2).final("I want a table for two").cleared()
    assert call.pause().at(9).turns() == ["I want a table", "for two"]


def test_what_was_said_since_it_was_taken_is_heard_once() -> None:
    call = Call().at(1).voice().at(1.5).partial("I want a table").pause().at(3.2)
    call.answers(1, "Sure.").started(1).heard(1, 5).finished(1)
    call.at(3.5).voice().at(3.7).partial("I want a table for two")
    restarted(call).at(4.1).pause().at(4.3).final("I want a table for two").at(7)
    assert call.turns() == ["I want a table", "for two"]


def test_the_same_word_much_later_is_another_one() -> None:
    call = Call().at(1).voice().at(1.3).partial("yes").at(1.4).pause().at(1.6)
    restarted(call).at(4).answers(1, "For two?").started(1).at(6).finished(1)
    call.at(20).voice().at(20.3).final("yes").at(20.4).pause().at(22)
    assert call.turns() == ["yes", "yes"]


def test_a_click_after_the_last_word_does_not_hold_up_the_turn() -> None:
    call = Call(turns={"recognizer_finalizes": False}).at(1).voice().at(1.8).pause()
    call.at(1.9).final("Hello.").at(2).voice().at(2.1).pause(2.05).at(2.55)
    assert call.turns() == ["Hello."]


def test_a_click_after_words_that_are_still_to_come_does_not_end_the_turn() -> None:
    call = Call(turns={"recognizer_finalizes": False}).at(1).voice().at(2).pause().at(2.1).voice()
    call.at(2.2).pause(2.15).at(3)
    assert call.said() == []
    assert call.final("Hello.").turns() == ["Hello."]


def test_closed_segments_stay_when_the_next_begins() -> None:
    call = Call().at(1).voice().at(1.5).final("I want").partial("to go").at(2).pause().at(4)
    assert committed(call) == [("I want to go", (0, 1), 2.0)]


# Nothing was understood


def test_a_voice_without_words_is_asked_to_repeat() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.2).final("").at(2.5)
    assert call.said() == [UNCLEAR]


def test_a_short_noise_is_not() -> None:
    call = Call().at(1).voice().at(1.5).pause().at(1.7).final("").at(4)
    assert call.said() == []


def test_noise_is_not_asked_again_and_again() -> None:
    call = Call(silence={"prompts": ()})
    for n in range(4):
        call.after(1).voice().after(1).pause().final("").after(0.5)
        if n < 2:
            call.says_phrase(n + 1)
    assert call.said() == [UNCLEAR, UNCLEAR]


def test_nobody_is_asked_to_repeat_while_the_agent_speaks() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Once upon a time.").at(3).voice()
    call.at(3.2).partial("yeah").at(3.6).final("").at(4.5).pause().at(6)
    assert call.did(act.FloorKept) == [act.FloorKept(CALLER, "acknowledgement")]
    assert call.said() == []
    assert call.outcome(1) == "live"


def under_the_greeting(voiced_s: float) -> Call:
    """A sound under a question that must be heard."""
    call = Call(greeting="This call is recorded. How can I help?", greeting_interruptible=False)
    return call.synthesized(1).started(1).at(1).voice().at(1 + voiced_s)


def test_a_noise_under_what_must_be_heard_is_not_asked_about_afterwards() -> None:
    call = under_the_greeting(1.5).measured(1.5, 0.4, -30.0).pause().after(0.2).final("")
    assert call.at(4).finished(1).at(7).said()[1:] == []


def test_a_voice_whose_words_were_lost_under_it_is() -> None:
    call = under_the_greeting(1.5).measured(1.5, 0.99, -24.0).pause().after(0.2).final("")
    assert call.at(4).finished(1).at(7).said()[1:] == [UNCLEAR]
    call = under_the_greeting(0.5).measured(0.5, 0.99, -24.0).pause().after(0.2).final("")
    assert call.at(4).finished(1).at(7).said()[1:] == [], "too short for it to be known"
    call = under_the_greeting(0.5).partial("what").pause().after(0.2).final("")
    assert call.at(4).finished(1).at(7).said()[1:] == [UNCLEAR], "there were words"


def test_so_is_a_voice_that_goes_on_after_it() -> None:
    call = under_the_greeting(2.5).finished(1).at(4).pause().after(0.2).final("")
    assert call.at(7).said()[1:] == [UNCLEAR]


def test_a_recogniser_that_does_not_answer_is_replaced() -> None:
    call = Call().at(1).voice().at(1.3).pause().at(2.7)
    assert call.did(act.RestartListening) == [act.RestartListening(CALLER)]
    assert call.said() == [UNCLEAR]


def test_a_recogniser_that_never_answers_ends_the_call() -> None:
    call = Call().at(1).voice().at(1.3).pause().at(2.7).says_phrase(1)
    call.tell(ev.ListeningReady(CALLER)).at(4).voice().at(4.3).pause().at(5.7)
    assert call.said()[-1].endswith("Please call again later. Goodbye.")
    assert call.says_phrase(2).at(9).ending() == [EndReason.TRANSCRIBER_FAILED]


def test_nobody_is_asked_to_repeat_as_the_call_ends() -> None:
    call = Call(phrases={"failure_goodbye": ""}).at(1).voice().at(1.3).pause().at(2.7)
    call.says_phrase(1).tell(ev.ListeningReady(CALLER)).at(4).voice().at(4.3).pause().at(6)
    assert call.said() == [UNCLEAR]
    assert call.ending() == [EndReason.TRANSCRIBER_FAILED]


# Gaps in the media


def test_a_gap_in_the_callers_words_is_held_and_asked_about() -> None:
    call = Call().at(1).voice().at(1.5).partial("My number is").at(2)
    call.tell(ev.MediaLost(CALLER, 2.0), ev.MediaLost(CALLER, 2.0)).at(6)
    assert call.awaits() == ["media", "max duration"]
    assert not call.turns()
    call.tell(ev.MediaRestored(CALLER, 6.0)).at(7.4)
    assert dropped(call) == [(0, "cut off by a gap in the media")]
    assert call.said() == [GAP]


def test_a_gap_in_a_voice_without_words_is_asked_about() -> None:
    call = Call().at(1).voice().at(1.5).tell(ev.MediaLost(CALLER, 1.5))
    call.at(3).tell(ev.MediaRestored(CALLER, 3.0)).at(4.4)
    assert call.said() == [GAP]


def test_a_gap_in_silence_is_nothing() -> None:
    call = Call().at(1).tell(ev.MediaLost(CALLER, 1.0)).at(6).tell(ev.MediaRestored(CALLER, 6.0))
    assert call.at(15.9).said() == []
    assert call.at(16).said() == ["Are you still there?"]


def test_words_from_before_a_gap_that_come_late_are_asked_about_too() -> None:
    call = Call().at(1).tell(ev.MediaLost(CALLER, 1.0)).at(1.2).final("Hello.")
    call.tell(ev.MediaRestored(CALLER, 2.0)).at(4)
    assert call.turns() == ["Hello."]


def test_nobody_is_asked_about_a_gap_while_the_agent_speaks() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Once upon a time.").at(3).voice()
    call.at(3.1).tell(ev.MediaLost(CALLER, 3.0))
    assert call.did(act.FloorKept) == [act.FloorKept(CALLER, "media lost")]
    call.at(4).tell(ev.MediaRestored(CALLER, 4.0)).at(6).heard(1, 4)
    assert call.said() == []
    assert call.outcome(1) == "live"


def test_what_was_heard_before_a_gap_while_it_is_judged_is_dropped() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Once upon a time.").at(3).voice()
    call.at(3.2).pause().partial("mm").at(3.3).tell(ev.MediaLost(CALLER, 3.3))
    assert dropped(call) == [(1, "media lost")]


def test_media_that_were_not_lost_need_no_restoring() -> None:
    call = Call().at(1).voice().at(1.5).tell(ev.MediaRestored(CALLER, 1.5)).final("Hello.")
    assert call.at(2).pause().at(3).turns() == ["Hello."]


# Speculation


def test_a_reply_is_started_before_the_turn_has_ended_and_promoted_unchanged() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.").writes(1, "Hi.").at(2.5)
    assert call.when(act.StartReply) == [2.1]
    assert call.when(act.PromoteReply) == [2.5]


def test_a_stable_partial_text_is_enough() -> None:
    call = Call().at(1).voice().at(2).partial("Hello").at(2.1).pause().at(2.34)
    assert not call.did(act.StartReply)
    assert call.at(2.35).when(act.StartReply) == [2.35]
    assert call.final("Hello").at(2.6).did(act.PromoteReply) == [act.PromoteReply(1)]


def test_a_partial_text_is_stable_only_in_a_pause() -> None:
    call = Call().at(1).voice().at(1.5).partial("Hello").at(3).partial("Hello")
    assert not call.did(act.StartReply)


def test_without_speculation_the_reply_starts_when_the_turn_ends() -> None:
    call = Call(turns={"speculation_limit": 0}).at(1).says("Hello.")
    assert call.when(act.StartReply) == [1.9]


def test_words_that_come_last_cancel_the_held_reply() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello").at(2.2).partial("you").at(2.4)
    call.final("you.").at(3)
    assert call.outcome(1) == "cancelled"
    assert call.turns() == ["Hello you."]


def test_words_that_go_on_cancel_the_held_reply_before_they_are_all() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("I want").at(2.2).voice().at(2.4)
    assert call.outcome(1) == "live"
    assert call.partial("a table").outcome(1) == "cancelled"
    assert len(call.did(act.StartReply)) == 1


def test_words_that_are_only_written_in_another_way_are_answered_by_it() -> None:
    call = Call().at(1).voice().at(2).pause().partial("hello you").at(2.3).final("Hello, you!")
    assert call.at(3).when(act.StartReply) == [2.25]
    assert (call.turns(), call.did(act.PromoteReply)) == (["Hello, you!"], [act.PromoteReply(1)])


def test_words_that_turn_out_to_be_a_question_are_answered_anew() -> None:
    call = Call().at(1).voice().at(2).pause().partial("you are open").at(2.3)
    call.final("You are open?").at(3)
    assert call.outcome(1) == "cancelled"
    assert call.did(act.PromoteReply) == [act.PromoteReply(2)]


def test_words_that_are_withdrawn_cancel_it() -> None:
    call = Call().at(1).voice().at(2).pause().partial("Hello").at(2.3).final("")
    assert call.outcome(1) == "cancelled"


def test_words_that_a_voice_goes_on_after_are_not_answered() -> None:
    """Not until it is known what else was said, if anything was."""
    call = goes_on_after("I want a table").at(3.5).pause().at(3.6)
    assert call.when(act.StartReply) == [1.5]
    assert call.final("").when(act.StartReply) == [1.5, 3.6]
    call = goes_on_after("I want a table").at(3).partial("for two").at(3.5).pause().at(3.7)
    assert call.when(act.StartReply) == [1.5]
    assert call.at(3.75).when(act.StartReply) == [1.5, 3.75]


def test_what_is_held_too_long_is_cancelled() -> None:
    call = Call(turns={"utterance_limit_s": 4.0}).at(1).voice().at(2).final("Well")
    call.generated(1).writes(2, "Yes?").synthesized(2).generated(2).at(3).voice().at(6.5)
    assert call.outcome(2) == "cancelled"


def test_a_final_text_that_ends_the_turn_with_other_words_cancels_the_held_reply() -> None:
    call = Call().at(1).voice().at(2).partial("Hello").pause().at(2.6).final("Hello you.")
    assert call.outcome(1) == "cancelled"
    assert call.when(act.StartReply) == [2.25, 2.6]
    assert call.did(act.PromoteReply) == [act.PromoteReply(2)]


# A turn reopens


def test_a_caller_who_goes_on_before_anything_was_heard_has_one_turn() -> None:
    call = Call().at(1).says("I want a table").at(2.2).voice().at(2.5).partial("for two")
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 1)]
    assert call.outcome(1) == "cancelled"
    assert call.history() == []
    call.at(2.8).pause().at(3).final("for two.").at(4)
    assert committed(call)[1] == ("I want a table for two.", (0, 1), 2.8)


def test_only_the_last_turn_is_reopened() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Hi.").finished(1)
    call.at(4).says("I want a table").after(0.2).voice().after(0.3).final("for two.")
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 2)]
    assert call.history() == [("caller", "Hello."), ("agent", "Hi.")]


def test_a_turn_that_was_answered_in_part_is_not_reopened() -> None:
    call = Call().at(1).says("I want a table").speaks(1, "For how many?").heard(1, 3)
    call.at(3).voice().at(3.2).final("for two").cleared().at(3.4).pause().at(5)
    assert call.turns() == ["I want a table", "for two"]


def test_a_turn_is_reopened_where_less_than_a_word_of_its_answer_was_heard() -> None:
    call = Call().at(1).says("I want a table").speaks(1, "For how many?")
    call.at(2.6).voice().at(2.9).partial("for two")
    assert not call.did(act.TurnReopened)  # until it is known what was heard
    call.cleared()
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 1)]
    call.at(3.2).pause().final("for two.").at(5)
    assert committed(call)[1][0] == "I want a table for two."


def test_a_turn_that_a_noise_has_reopened_is_a_turn_again() -> None:
    call = Call(turns={"utterance_limit_s": 5.0}, recovery={"filler_after_s": 1e6}).at(1)
    call.says("I want a table").at(2).voice().after(0.2).measured(0.2, 0.2, -60.0)
    call.at(6.5).measured(4.5, 0.99, -20.0).at(9)
    assert call.did(act.TurnReopened)
    assert call.turns() == ["I want a table", "I want a table"]


def test_it_is_reopened_too_where_the_transport_never_tells_what_was_heard() -> None:
    call = Call().at(1).says("I want a table").speaks(1, "For how many?")
    call.at(2.6).voice().at(2.9).final("for two").at(3.2).pause().at(10)
    assert call.turns() == ["I want a table", "I want a table for two"]


def test_a_turn_that_was_stopped_by_a_request_is_not_reopened() -> None:
    call = Call().at(1).says("I want a table").speaks(1, "For how many?")
    call.at(2.6).voice().tell(ev.StopRequested(CALLER)).cleared()
    assert not call.did(act.TurnReopened)


def test_a_turn_whose_tool_runs_is_not_reopened() -> None:
    call = Call().at(1).says("I want a table").asks_tool(1).at(2.2).voice().at(2.5).final("for two")
    assert not call.did(act.TurnReopened)
    assert call.at(2.6).pause().cleared().at(4).turns() == ["I want a table", "for two"]


def test_no_turn_is_reopened_by_an_interrupted_first_word_of_the_agent() -> None:
    call = Call(greeting_generated=True).at(1).voice().at(1.3).final("Hello, I want a table")
    assert call.outcome(1) == "cancelled"
    assert not call.did(act.TurnReopened)
    assert call.pause().cleared().at(3).turns() == ["Hello, I want a table"]


def test_the_words_of_a_reopened_turn_stay_said_when_the_caller_hangs_up() -> None:
    call = goes_on_after("Cancel my order.").at(3).partial("and").tell(ev.Disconnected(CALLER))
    assert call.history() == [("caller", "Cancel my order.")]
    assert committed(call)[1] == ("Cancel my order.", (0,), 1.4)
    assert dropped(call) == [(1, "the call has ended")]


def test_the_words_of_a_reopened_turn_stay_said_when_the_call_takes_too_long() -> None:
    call = goes_on_after("Cancel my order.", max_duration_s=3.0).at(3)
    goodbye = call.says_phrase(call.newest).history()[1]
    assert call.history() == [("caller", "Cancel my order."), goodbye]
    assert goodbye[0] == "agent"


def test_the_words_of_a_reopened_turn_stay_said_when_the_rest_is_cut_off() -> None:
    call = goes_on_after("Cancel my order.").tell(ev.MediaLost(CALLER, 2.8)).at(3.5)
    call.tell(ev.MediaRestored(CALLER, 3.5)).at(5)
    assert call.history() == [("caller", "Cancel my order.")]
    assert not dropped(call)
    assert call.said() == [GAP]


def test_the_words_of_a_reopened_turn_whose_segment_goes_on_are_said_once() -> None:
    call = Call().at(1).voice().at(2).partial("I want").pause().at(3.5).voice()
    call.at(4.1).partial("I want tea").tell(ev.Disconnected(CALLER))
    assert call.history() == [("caller", "I want tea")]
    assert dropped(call) == []


def test_a_reopened_partial_segment_goes_on() -> None:
    call = Call().at(1).voice().at(2).partial("I want").pause().at(3.5).voice()
    call.at(3.7).partial("I want tea")
    assert dropped(call) == []
    call.final("I want tea").at(4).pause().at(5)
    assert committed(call)[-1][:2] == ("I want tea", (0,))


# The agent has the floor, and the turn takes it


@pytest.mark.parametrize("heard", [0, 4])
def test_words_that_are_too_few_to_interrupt_take_the_floor_when_they_are_all(heard: int) -> None:
    """What was heard is known before the next reply is asked for."""
    call = Call(interruption={"words": 2}).at(1).says("Hello.").speaks(1, "Once upon a time.")
    call.heard(1, 1).at(3).final("Stop").at(3.5)
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "turn")]
    assert not call.turns()[1:]
    call.heard(1, heard).cleared()
    assert call.turns() == ["Hello.", "Stop"]
    assert call.conversation.messages(2)[1].text == "Once"[: max(1, heard)]


def test_an_acknowledgement_that_comes_late_is_dropped_while_the_agent_speaks() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Once upon a time.").at(3).final("okay").at(4)
    assert dropped(call) == [(1, "acknowledgement")]
    assert call.turns() == ["Hello."]


def test_an_acknowledgement_while_the_agent_thinks_joins_the_turn() -> None:
    call = Call().at(1).says("What about eight?").at(2).final("Okay?").at(3)
    assert call.turns() == ["What about eight?", "What about eight? Okay?"]
