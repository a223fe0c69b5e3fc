"""Push-to-talk: the caller's side says when they talk."""

from timeline import Call

from parley.core import CALLER
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingSettings

STORY = "A long story. " * 20


def pressed(**settings: object) -> Call:
    """A caller who holds the key from 1.0 on."""
    turns = {"push_to_talk": True, "ending": EndingSettings(), "judges": True}
    call = Call(turns=turns | settings.pop("turns", {}), **settings)  # type: ignore[operator]
    return call.at(1).tell(ev.TalkStarted(CALLER, 1.0))


def release(call: Call, *, wanted: bool = True) -> Call:
    return call.tell(ev.TalkEnded(CALLER, call.now, wanted))


def test_the_turn_ends_when_the_key_is_let_go() -> None:
    call = release(pressed().at(3).final("i would like to").at(4))
    assert call.turns() == ["i would like to"]
    assert call.when(act.TurnCommitted) == [4.0]


def test_the_final_text_is_asked_for_at_once_and_waited_for() -> None:
    call = release(pressed().at(2).partial("good").at(4))
    assert call.when(act.FinalizeTranscript) == [4.0]
    assert call.at(4.2).turns() == []
    assert call.final("good morning").turns() == ["good morning"]


def test_no_pause_is_too_long_and_no_voice_begins_a_turn() -> None:
    call = pressed().at(2).final("well").at(2.1).voice().at(3).pause().at(20)
    assert call.turns() == []
    assert call.did(act.JudgeTurn) == []
    assert release(call.final("then")).turns() == ["well then"]
    assert call.at(30).voice().at(31).pause().at(35).turns() == ["well then"]


def test_a_key_that_is_pressed_again_at_once_is_another_turn() -> None:
    call = release(pressed().at(2).final("one").at(3)).at(3.1)
    call.tell(ev.TalkStarted(CALLER, 3.1)).at(4).final("two").at(5)
    assert release(call).turns()[-1].endswith("two")


def test_what_was_said_may_be_taken_back() -> None:
    call = release(pressed().at(2).final("one").at(3), wanted=False).at(9)
    assert call.turns() == []
    assert call.did(act.SegmentDropped)[-1].reason == "not wanted"


def test_a_key_without_words_is_asked_to_repeat_itself() -> None:
    call = release(pressed().at(3)).at(5)
    assert call.turns() == []
    assert call.said()[-1].startswith("Sorry, I didn't catch that")


def test_so_is_one_that_was_let_go_while_the_agent_spoke() -> None:
    call = Call(turns={"push_to_talk": True}, greeting=STORY, greeting_interruptible=False)
    release(press(call.synthesized(1).started(1).at(1)).at(3)).at(3.2).final("").at(4)
    assert call.finished(1).at(5).said()[1:] == [
        "Sorry, I didn't catch that. Could you say it again?"
    ]


def test_a_key_that_is_only_touched_is_nothing() -> None:
    call = release(pressed().at(1.05)).final("").at(5)
    assert (call.turns(), call.said()) == ([], [])


def test_the_agent_goes_on_while_the_caller_talks_and_yields_to_the_turn() -> None:
    call = Call(turns={"push_to_talk": True}).at(1).tell(ev.TalkStarted(CALLER, 1.0))
    release(call.at(2).final("tell me").at(3)).speaks(1, STORY).heard(1, 9).at(5)
    call.tell(ev.TalkStarted(CALLER, 5.0)).at(7)
    assert not call.did(act.PausePlayout, act.ClearPlayout)
    release(call.at(8).partial("okay")).at(8.1).final("okay")
    call.cleared()
    assert call.at(9).turns() == ["tell me", "okay"]


def test_the_agent_stops_when_it_is_told_to() -> None:
    call = (
        Call(greeting=STORY).at(0.5).synthesized(1).started(1).at(1).tell(ev.StopRequested(CALLER))
    )
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "stop requested")]
    assert call.cleared().tell(ev.StopRequested(CALLER)).did(act.ClearPlayout) == [
        act.ClearPlayout(CALLER)
    ]


def test_what_must_be_heard_does_not_stop() -> None:
    call = Call(greeting=STORY, greeting_interruptible=False).at(1)
    assert not call.tell(ev.StopRequested(CALLER)).did(act.ClearPlayout)


def test_who_holds_the_key_without_end_is_heard_in_turns() -> None:
    call = pressed(turns={"utterance_limit_s": 10.0}).at(5).final("one").at(11.5)
    assert call.turns() == ["one"]
    assert release(call.at(13).final("two")).turns()[-1].endswith("two")


def test_without_the_mode_keys_to_talk_say_nothing() -> None:
    call = Call().at(1).tell(ev.TalkStarted(CALLER, 1.0)).at(2).final("one")
    assert release(call).turns() == []
    assert call.at(3).turns() == ["one"]
    release(call)


def test_words_that_come_after_they_were_taken_back_are_left_out() -> None:
    call = pressed().tell(ev.ListeningReady(CALLER)).at(2).partial("one")
    release(call.at(3), wanted=False)
    assert call.when(act.FinalizeTranscript) == [3.0]
    call.at(3.1).partial("one two").at(3.2).final("one two").at(4)
    assert (call.turns(), call.did(act.SegmentDropped)[-1].reason) == ([], "not wanted")
    call.at(5).tell(ev.TalkStarted(CALLER, 5.0)).at(6).final("three").at(7)
    assert release(call).turns() == ["three"]


def test_a_key_that_is_pressed_and_let_go_in_a_gap_of_the_media_begins_no_turn() -> None:
    call = Call(turns={"push_to_talk": True}).at(1).tell(ev.MediaLost(CALLER, 0.5))
    release(call.tell(ev.TalkStarted(CALLER, 1.0)).at(2), wanted=False)
    call.tell(ev.MediaRestored(CALLER, 3.0)).at(5)
    assert (call.turns(), call.said()) == ([], [])


def test_a_turn_that_is_answered_again_is_not_taken_back() -> None:
    call = release(pressed().at(2).final("one").at(3))
    call.at(3.5).tell(ev.TalkStarted(CALLER, 3.5)).at(4).partial("two")
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 1)]
    release(call.at(4.5), wanted=False)
    assert [a.segment for a in call.did(act.SegmentDropped)] == [1]
    assert call.at(5).final("two").at(6).turns() == ["one", "one"]


def test_a_key_while_the_media_is_lost_changes_nothing_until_it_is_back() -> None:
    call = pressed().at(2).final("one").tell(ev.MediaLost(CALLER, 2.0)).at(3)
    release(call).tell(ev.TalkStarted(CALLER, 3.0))
    assert call.turns() == []
    release(call.at(3.5).tell(ev.MediaRestored(CALLER, 3.5)))
    assert call.at(4).said() == ["Sorry, you were cut off. Could you repeat that?"]


def test_nor_is_it_where_the_newer_words_were_final() -> None:
    call = release(pressed().at(2).final("one").at(3))
    call.at(3.5).tell(ev.TalkStarted(CALLER, 3.5)).at(4).final("two")
    release(call.at(4.5), wanted=False)
    assert [a.segment for a in call.did(act.SegmentDropped)] == [1]
    assert call.at(6).turns() == ["one", "one"]


def test_a_voice_or_how_it_sounds_interrupts_nothing() -> None:
    call = Call(greeting=STORY, turns={"push_to_talk": True}).at(0.5).synthesized(1).started(1)
    call.at(1).tell(ev.TalkStarted(CALLER, 1.0)).voice().at(1.2).measured(0.2, 0.99, -20.0).at(4)
    assert not call.did(act.PausePlayout, act.FloorYielded)


def test_who_speaks_softly_with_the_key_pressed_is_heard() -> None:
    call = Call(greeting=STORY, turns={"push_to_talk": True}).at(0.5).synthesized(1).started(1)
    call.at(1).tell(ev.TalkStarted(CALLER, 1.0)).at(1.5).measured(0.4, 0.9, -62.0)
    release(call.at(2).final("what time is it")).cleared()
    assert call.at(4).turns() == ["what time is it"]


def test_a_recogniser_that_never_says_what_was_taken_back_costs_no_later_words() -> None:
    call = pressed().tell(ev.ListeningReady(CALLER)).at(2)
    release(call, wanted=False)
    call.at(9).tell(ev.TalkStarted(CALLER, 9.0)).at(10).final("book a table")
    assert release(call.at(11)).turns() == ["book a table"]


def test_a_recogniser_that_is_replaced_says_nothing_of_what_was_taken_back() -> None:
    call = pressed().tell(ev.ListeningReady(CALLER)).at(2)
    release(call, wanted=False).at(2.1).tell(ev.ListeningFailed(CALLER, "unavailable", False))
    call.at(2.3).tell(ev.ListeningReady(CALLER), ev.TalkStarted(CALLER, 2.3)).at(3)
    assert release(call.final("book a table").at(4)).turns() == ["book a table"]


def test_a_gap_while_the_key_is_held_is_asked_about_when_it_is_let_go() -> None:
    call = pressed().at(2).final("i want").tell(ev.MediaLost(CALLER, 2.0)).at(3)
    call.tell(ev.MediaRestored(CALLER, 3.0)).at(4).final("to book a table").at(5)
    assert (call.said(), call.turns()) == ([], [])
    assert release(call).said() == ["Sorry, you were cut off. Could you repeat that?"]


def test_after_the_agent_was_stopped_a_cough_is_no_answer() -> None:
    call = Call(greeting=STORY).at(0.5).synthesized(1).started(1).at(1)
    call.tell(ev.StopRequested(CALLER)).cleared().at(6).voice().at(6.15).pause().final("").at(9)
    assert call.said() == [STORY]


def press(call: Call) -> Call:
    return call.tell(ev.TalkStarted(CALLER, call.now))


def test_a_turn_that_is_over_does_not_wait_for_the_next_press() -> None:
    call = release(pressed().at(2).partial("one").at(3)).at(3.1)
    press(call).at(3.3).final("one two").at(3.4)
    assert call.turns() == ["one two"]
    assert call.when(act.TurnCommitted) == [3.3]
    assert release(call.at(4).partial("three").at(5)).at(5.2).final("three").turns()[-1] == (
        "one two three"
    ), "nothing was heard in answer to the first: both are answered together"


def test_nor_for_one_that_is_let_go_before_its_words_are_known() -> None:
    call = release(pressed(turns={"recognizer_partials": False}).at(3)).at(3.1)
    release(press(call).at(3.3)).at(3.5).final("one")
    assert call.when(act.TurnCommitted) == [3.5]
    assert call.when(act.FinalizeTranscript) == [3.0, 3.3]
    assert call.at(3.8).final("two").turns() == ["one", "one two"]


def test_words_of_a_later_press_wait_for_the_floor_like_those_before_them() -> None:
    call = Call(turns={"push_to_talk": True}, greeting=STORY, greeting_interruptible=False)
    call.synthesized(1).started(1)
    for second, text in enumerate(("one", "two", "three"), start=2):
        release(press(call.at(second)).at(second + 0.4).final(text).at(second + 0.5))
    assert call.turns() == []
    assert call.finished(1).turns()[-1] == "one two three"
    assert call.at(5).said() == [STORY]


def test_words_that_wait_end_with_the_call() -> None:
    call = Call(turns={"push_to_talk": True}, greeting=STORY, greeting_interruptible=False)
    release(press(call.synthesized(1).started(1).at(2)).final("one").at(3))
    press(call.at(3.5)).partial("t").partial("two").tell(ev.Disconnected(CALLER))
    dropped = [(a.segment, a.reason) for a in call.did(act.SegmentDropped)]
    assert dropped == [(0, "the call has ended"), (1, "the call has ended")]


def test_who_has_pressed_again_is_not_asked_to_repeat_the_press_before() -> None:
    call = press(release(pressed().at(3)).at(3.1)).at(3.3).final("").at(5)
    assert call.said() == []
    assert release(call.final("one")).turns() == ["one"]


def test_only_the_press_that_is_taken_back_is_forgotten() -> None:
    call = press(release(pressed().at(2).partial("one").at(3)).at(3.1))
    release(call.at(3.3), wanted=False).at(3.4).final("one two")
    assert (call.turns(), call.did(act.SegmentDropped)) == (["one two"], [])
    assert call.at(3.7).final("three").at(5).turns() == ["one two"]
    assert call.did(act.SegmentDropped)[-1] == act.SegmentDropped(CALLER, 1, "not wanted")


def test_the_final_text_of_what_was_taken_back_says_nothing_of_the_next_press() -> None:
    call = release(pressed().at(2), wanted=False).at(2.1)
    release(press(call).at(3)).at(3.1).final("").at(3.4).final("one")
    assert call.when(act.FinalizeTranscript) == [2.0, 3.0]
    assert (call.when(act.TurnCommitted), call.turns(), call.said()) == ([3.4], ["one"], [])
    call = press(release(pressed().at(2), wanted=False).at(2.1)).at(2.4).final("no").at(3)
    assert release(call).when(act.FinalizeTranscript) == [2.0, 3.0]
    assert call.at(3.2).final("one").turns() == ["one"]


def test_words_that_are_still_in_the_air_are_taken_back_too() -> None:
    call = pressed().at(2).final("one").at(3).partial("two")
    release(call.at(3.5), wanted=False).at(3.8).final("two three").at(6)
    assert (call.turns(), call.when(act.FinalizeTranscript)) == ([], [3.5])


def test_several_presses_are_taken_back_one_after_the_other() -> None:
    call = press(release(pressed().at(2), wanted=False).at(2.1))
    press(release(call.at(2.5), wanted=False).at(2.6)).at(2.7).final("one").at(2.9).final("two")
    assert release(call.at(4)).at(4.2).final("three").turns() == ["three"]
    assert [a.segment for a in call.did(act.SegmentDropped)] == [0, 1]


def test_the_silence_of_who_takes_a_long_press_back_begins_then() -> None:
    there = "Are you still there?"
    call = pressed().at(2).final("one").at(29)
    assert release(call, wanted=False).at(38.9).said() == []
    assert call.at(39).said() == [there]
    call = press(call.says_phrase(call.newest).at(45)).at(70)
    assert release(call, wanted=False).at(79.9).said() == [there]
    assert call.at(80).said() == [there, there], "who has pressed a key is asked anew"


def test_where_a_voice_is_heard_a_final_text_in_the_press_does_not_cover_its_end() -> None:
    call = pressed(turns={"recognizer_partials": False}).voice().at(2).pause().at(3).voice()
    release(call.at(3.9).final("one").at(4)).at(4.2)
    assert (call.when(act.FinalizeTranscript), call.turns()) == ([4.0], [])
    assert call.final("two").turns() == ["one two"]


def test_what_was_said_before_a_gap_may_be_taken_back_in_it() -> None:
    call = pressed().at(2).final("i want").tell(ev.MediaLost(CALLER, 2.0)).at(3)
    release(call, wanted=False).at(4).tell(ev.MediaRestored(CALLER, 4.0)).at(6)
    assert (call.said(), call.turns()) == ([], [])
    assert call.did(act.SegmentDropped) == [act.SegmentDropped(CALLER, 0, "not wanted")]


def test_a_recogniser_that_hears_an_end_does_not_end_a_press() -> None:
    call = pressed().at(1.5).voice().at(2).pause().at(2.2)
    call.tell(ev.Transcript(CALLER, 0, "My number is", final=True, over=0.9)).at(9)
    assert call.turns() == []


def test_a_press_that_waits_is_heard_by_the_recogniser_that_takes_over() -> None:
    for greeted in (3, 6):
        call = Call(
            greeting="Once upon a time.", greeting_interruptible=False, turns={"push_to_talk": True}
        )
        call.synthesized(1).started(1).at(1).tell(ev.TalkStarted(CALLER, 1.0))
        release(call.at(1.5)).at(1.6).final("hello").at(2).tell(ev.TalkStarted(CALLER, 2.0))
        release(call.at(2.5)).at(2.55)
        call.tell(ev.ListeningFailed(CALLER, "unavailable", permanent=False)).at(2.8)
        call.tell(ev.ListeningReady(CALLER)).at(2.95)
        assert call.when(act.FinalizeTranscript)[-1] == 2.8
        call.final("world")
        call.at(greeted).finished(1).at(greeted + 4)
        assert " ".join(call.turns()[-1:]).endswith("world")
        assert call.ending() == []
