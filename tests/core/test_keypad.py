"""What the caller keys in becomes a turn, whatever else happens."""

from typing import Any

import pytest
from timeline import Call

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev

ORDER = "Please key in your order number."


def committed(call: Call) -> list[tuple[str, tuple[int, ...], float]]:
    return [(t.text, t.segments, t.at) for t in call.did(act.TurnCommitted)]


def dropped(call: Call) -> list[tuple[int, str]]:
    return [(d.segment, d.reason) for d in call.did(act.SegmentDropped)]


def asked(**changes: Any) -> Call:
    """A caller who is in the middle of hearing what to key in."""
    call = Call(**changes).at(1).says("Where is my order?").speaks(1, ORDER)
    return call.at(3).heard(1, 20)


# Keys are a turn


def test_keys_gather_until_no_more_come() -> None:
    call = Call().at(1).key("1").at(2.5).key("2").at(4).key("3").at(5.99)
    assert committed(call) == []
    assert call.awaits()[0] == "keys"
    assert committed(call.at(6)) == [("123", (-1,), 6.0)]
    assert call.history() == [("caller", "123")]
    assert call.outcome(1) == "live"


def test_an_end_key_ends_the_input_at_once_and_is_no_part_of_it() -> None:
    call = Call().at(1).key("4*2").at(2).key("#")
    assert committed(call) == [("4*2", (-1,), 2.0)]
    assert call.when(act.PromoteReply) == [2.0]


def test_end_keys_are_chosen() -> None:
    call = Call(keypad={"end_keys": "*", "wait_s": 1.0}).at(1).key("1#").at(2)
    assert call.turns() == ["1#"]
    call.answers(1, "Two?").started(1).finished(1).key("2*")
    assert call.turns() == ["1#", "2"]


def test_an_end_key_alone_ends_nothing() -> None:
    call = asked().key("#")
    assert call.outcome(1) == "live"
    assert not call.did(act.FloorYielded)
    call.finished(1).key("12##").at(4)
    assert call.turns() == ["Where is my order?", "12"]
    assert call.outcome(2) == "live"


def test_an_end_key_while_the_answer_is_thought_of_takes_nothing_back() -> None:
    call = Call().at(1).says("Hello.").key("#")
    assert call.outcome(1) == "live"
    assert not call.did(act.TurnReopened)


@pytest.mark.parametrize("key", ["", "12", "A", "٣", " "])
def test_what_is_no_key_is_ignored(key: str) -> None:
    call = Call().at(1).tell(ev.KeyPressed(CALLER, key, 1.0))
    assert "keys" not in call.awaits()
    assert not call.at(9).turns()


def test_a_key_counts_from_when_it_was_pressed() -> None:
    call = Call().at(1.5).key("1", at=1.0).at(3)
    assert committed(call) == [("1", (-1,), 3.0)]
    call = Call().at(1).key("1", at=99.0).at(3)
    assert committed(call) == [("1", (-1,), 3.0)]


def test_a_timer_that_sleeps_does_not_change_when_the_input_was_complete() -> None:
    call = Call().at(1).key("1").late(4).tell(ev.Tick())
    assert committed(call) == [("1", (-1,), 3.0)]


def test_the_answer_to_keys_is_not_late_at_once() -> None:
    """The time in which more keys might have come is not counted as waiting for an answer."""
    call = Call().at(1).key("1").at(4.49)
    assert call.said() == []
    assert call.at(4.5).said() == ["Let me see."]


def test_keys_are_complete_when_there_are_enough() -> None:
    """A key that is stuck, or a fax machine, does not gather keys for ever."""
    call = Call().at(1).key("7" * 63)
    assert call.turns() == []
    assert committed(call.key("7")) == [("7" * 64, (-1,), 1.0)]
    assert call.key("7" * 64).turns() == ["7" * 64, f"{'7' * 64} {'7' * 64}"]


def test_how_many_keys_are_enough_is_chosen() -> None:
    call = Call(
        greeting="This call is recorded.", greeting_interruptible=False, keypad={"max_keys": 3}
    )
    call.at(0.1).synthesized(1).started(1).at(1).key("1234567")
    assert call.at(2).finished(1).turns() == []
    assert call.at(3).turns() == ["123 456 7"]


# With what is said


def test_what_was_said_before_joins_the_keys() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("It is").at(2.3).key("1").at(3)
    assert call.turns() == []
    assert committed(call.key("2#")) == [("It is 12", (0, -1), 3.0)]


def test_a_reply_that_was_thought_of_too_soon_is_not_used() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("It is").key("1")
    assert call.outcome(1) == "cancelled"
    call.key("2#")
    assert call.did(act.PromoteReply) == [act.PromoteReply(2)]


def test_nothing_is_thought_of_while_keys_gather() -> None:
    call = Call().at(1).key("1").voice().at(1.4).pause().at(1.5).final("Hm.").at(2.9)
    assert not call.did(act.StartReply)
    assert call.at(3).turns() == ["Hm. 1"]


def test_keys_do_not_wait_for_a_voice_and_what_it_says_next_joins() -> None:
    call = Call().at(1).voice().at(1.5).partial("It is the").key("12#")
    assert call.turns() == ["It is the 12"]
    call.at(2).final("It is the green one").at(2.2).pause().at(3)
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 1)]
    assert call.turns()[-1] == "It is the 12 green one"


def test_a_key_counts_as_a_sign_of_life() -> None:
    call = Call().at(9.9).key("1").at(9.95).key("#").answers(1, "One?").started(1).finished(1)
    assert call.at(19.9).said() == []
    call = Call(silence={"prompt_after_s": 4.0}).at(4).says_phrase(1).at(5).key("#").at(9)
    assert call.said() == ["Are you still there?"] * 2


def test_whoever_keys_in_is_not_asked_for_sounds() -> None:
    call = Call(silence={"prompt_after_s": 1.0}, keypad={"wait_s": 3.0}).at(0.5).key("1").at(3.4)
    assert call.said() == []


def test_keys_show_that_somebody_is_there_who_is_not_understood() -> None:
    call = Call()
    for at in (1, 5, 9):
        call.at(at).key("#").voice().at(at + 1).pause().final("").at(at + 2)
        call.says_phrase(call.newest)
    assert call.said() == ["Sorry, I didn't catch that. Could you say it again?"] * 3


# In the middle of a reply


def test_a_key_takes_the_floor() -> None:
    call = asked().key("4")
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "key")]
    assert call.did(act.ClearPlayout) == [act.ClearPlayout(CALLER)]
    call.cleared().key("2#")
    assert call.outcome(1) == "cancelled"
    assert call.turns()[-1] == "42"
    assert len(call.did(act.FloorYielded)) == 1


def test_keys_that_are_complete_wait_until_what_was_heard_is_known() -> None:
    call = asked().key("42#")
    assert call.turns() == ["Where is my order?"]
    assert call.awaits()[0] == "clear"
    assert call.at(3.5).heard(1, 22).cleared().turns()[-1] == "42"
    assert call.history() == [
        ("caller", "Where is my order?"), ("agent", ORDER[:22].rstrip()), ("caller", "42"),
    ]  # fmt: skip


def test_a_transport_that_does_not_confirm_loses_no_keys() -> None:
    assert asked().key("42#").at(4).turns()[-1] == "42"


def test_a_key_while_a_sound_is_judged() -> None:
    call = asked().voice().at(3.1).key("4").cleared().at(3.3).pause().at(5.1)
    assert call.conversation.state.floor.state == "settled"
    assert call.turns()[-1] == "4"


def test_a_key_while_the_answer_is_thought_of_reopens_the_turn() -> None:
    call = Call().at(1).says("Order").at(2).key("4")
    assert call.did(act.TurnReopened) == [act.TurnReopened(CALLER, 1)]
    assert call.history() == []
    call.at(3).key("2#")
    assert committed(call)[1:] == [("Order 42", (0, -1), 3.0)]
    assert call.history() == [("caller", "Order 42")]


def test_keys_of_a_reopened_turn_stay_what_they_are() -> None:
    call = Call().at(1).key("12#").at(1.5).key("3#").at(2).voice().at(2.4).partial("no wait")
    call.at(2.6).final("no wait").pause().at(4)
    assert call.turns() == ["12", "12 3", "12 3 no wait"]
    assert committed(call)[-1][1] == (-1, -2, 0)
    assert dropped(call) == []


def test_a_reopened_turn_survives_a_voice_without_words() -> None:
    call = Call().at(1).says("Order").at(2).key("4").voice().at(2.3).pause().at(2.4).final("")
    assert call.at(4).turns() == ["Order", "Order 4"]


# A reply that must be heard


def test_keys_during_a_reply_that_must_be_heard_wait_for_its_end() -> None:
    call = Call(greeting="This call is recorded.", greeting_interruptible=False)
    call.at(0.1).synthesized(1).started(1).at(1).key("12").at(4)
    assert not call.did(act.FloorYielded, act.TurnCommitted)
    call.heard(1, 10).at(5).finished(1)
    assert committed(call) == [("12", (-1,), 3.0)]


def test_inputs_that_were_ended_one_by_one_stay_apart() -> None:
    call = Call(greeting="This call is recorded.", greeting_interruptible=False)
    call.at(0.1).synthesized(1).started(1).at(1).key("12#").at(2).key("34").at(4.5).key("5#")
    assert call.finished(1).turns() == ["12 34 5"]


def test_keys_that_still_gather_when_it_ends() -> None:
    call = Call(greeting="This call is recorded.", greeting_interruptible=False)
    call.at(0.1).synthesized(1).started(1).at(1).key("1").finished(1).at(2).key("2").at(4)
    assert call.turns() == ["12"]


def test_a_tools_result_waits_while_keys_gather() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).at(2).key("7")
    call.tell(ev.ToolFinished("t1", "booked"))
    assert len(call.did(act.StartReply)) == 1
    call.key("#")
    newest = call.did(act.StartReply)[-1].reply
    assert [t.result for line in call.conversation.messages(newest) for t in line.tools] == [
        "booked"
    ]


def test_a_tool_that_runs_goes_on_and_its_turn_is_not_reopened() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).writes(1, "Just a moment.")
    call.at(2).key("7#")
    assert not call.did(act.CancelTool, act.TurnReopened)
    assert call.turns() == ["Book it.", "7"]
    call.answers(2, "Seven.").started(2).finished(2).tell(ev.ToolFinished("t1", "booked"))
    assert call.newest == 3
    assert call.history()[-1] == ("agent", "Seven.")


def test_no_filler_is_said_over_keys() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).at(2).key("7").at(3.9)
    assert call.said() == []


def test_an_apology_yields_to_keys_that_are_complete() -> None:
    """The voice breaks in the middle of what must be heard."""
    call = Call(greeting="This call is recorded.", greeting_interruptible=False)
    call.audio(1).started(1).at(1).heard(1, 4).key("7#")
    call.tell(ev.SpanFailed(1, 0, "unavailable", permanent=False)).finished(1)
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "turn")]
    assert call.outcome(2) == "cancelled"
    assert call.turns() == ["7"]


def test_whoever_says_more_while_keys_wait_is_answered_after_that() -> None:
    call = Call(greeting="This call is recorded.", greeting_interruptible=False)
    call.synthesized(1).started(1).at(1).key("1#").at(2).voice().at(3).pause().final("please")
    assert committed(call.at(4).finished(1)) == [("please 1", (0, -1), 3.0)]


def test_keys_that_take_the_floor_when_they_are_complete_wait_for_silence() -> None:
    call = apologising().at(3)
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "turn")]
    assert call.turns() == []
    assert committed(call.at(3.1).cleared()) == [("7", (-1,), 3.0)]


def test_keys_that_take_the_floor_do_not_wait_for_a_voice() -> None:
    call = apologising().at(2.9).voice().at(3).cleared()
    assert committed(call) == [("7", (-1,), 3.0)]


def test_what_is_said_over_keys_and_after_them_is_heard_as_well() -> None:
    call = Call().at(1).voice().at(1.5).key("12#")
    assert committed(call) == [("12", (-1,), 1.5)]
    assert call.at(3).pause().at(3.5).when(act.FinalizeTranscript) == [3.15]
    said = call.final("for the Smith account").at(5)
    assert committed(said)[1:] == [("12 for the Smith account", (-1, 0), 3.0)]


def test_who_holds_the_key_to_talk_may_key_in_something_meanwhile() -> None:
    call = Call(turns={"push_to_talk": True}).at(1).tell(ev.TalkStarted(CALLER, 1.0))
    call.at(1.5).key("12#").at(3).tell(ev.TalkEnded(CALLER, 3.0, wanted=True)).at(3.5)
    assert call.when(act.FinalizeTranscript) == [3.0]
    assert committed(call.final("for the Smith account").at(5))[1][0].endswith("Smith account")


def test_keys_that_take_the_floor_are_not_cut_off_by_a_gap() -> None:
    call = apologising().at(2).voice().tell(ev.MediaLost(CALLER, 2.0))
    call.at(2.5).tell(ev.MediaRestored(CALLER, 2.5)).at(3).cleared()
    assert committed(call) == [("7", (-1,), 3.0)]
    assert dropped(call) == []


def apologising() -> Call:
    """What must be heard has broken after a key; the apology is heard before the next."""
    call = Call(greeting="This call is recorded.", greeting_interruptible=False)
    call.audio(1).started(1).at(1).heard(1, 4).key("7")
    call.tell(ev.SpanFailed(1, 0, "unavailable", permanent=False)).finished(1)
    return call.at(1.2).synthesized(2).started(2)


# A gap in the media


def test_keys_during_a_gap_wait_for_its_end() -> None:
    call = Call().at(1).tell(ev.MediaLost(CALLER, 1.0)).at(1.5).key("12#").at(3)
    assert call.turns() == []
    assert "media" in call.awaits()
    call.tell(ev.MediaRestored(CALLER, 3.0))
    assert committed(call) == [("12", (-1,), 3.0)]


def test_words_that_a_gap_cut_off_join_the_keys() -> None:
    call = Call().at(1).voice().at(1.5).partial("It is").tell(ev.MediaLost(CALLER, 1.5))
    call.at(2).key("12#").at(3).tell(ev.MediaRestored(CALLER, 3.0))
    assert call.turns() == ["It is 12"]
    assert call.at(3.4).said() == []


# The call ends


def test_keys_that_gather_when_the_call_ends_are_dropped_with_a_reason() -> None:
    call = Call().at(1).key("1#").answers(1, "Go on.").started(1).finished(1).at(2).key("2")
    call.tell(ev.Disconnected(CALLER))
    assert dropped(call) == [(-2, "the call has ended")]
    assert isinstance(call.done[-1][1], act.EndCall)


def test_keys_that_gather_when_the_call_is_ending_are_dropped_with_a_reason() -> None:
    call = Call(max_duration_s=5.0).at(4.5).key("2").at(5)
    assert dropped(call) == [(-1, "the call is ending")]
    assert not call.key("3#").did(act.FloorYielded)
    assert call.says_phrase(1).at(6).ending() == [EndReason.MAX_DURATION]
    assert dropped(call)[1:] == [(-2, "the call has ended")]
    assert call.turns() == []


def test_keys_before_and_after_the_call_are_nobodys() -> None:
    call = Call(connect=False).key("1#")
    assert call.done == []
    call = Call().tell(ev.Disconnected(CALLER))
    done = len(call.done)
    assert call.key("1#").at(9).since(done) == []


def test_keys_that_are_not_wanted_are_none() -> None:
    call = Call(keypad={"enabled": False}).at(1).key("12#").at(9)
    assert call.turns() == []
    assert call.awaits() == Call().at(9).awaits()
