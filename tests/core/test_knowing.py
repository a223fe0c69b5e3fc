"""What replies make known counts once they are promoted or heard, unless they never happened."""

from timeline import Call

from parley.core import CALLER
from parley.core import actions as act
from parley.core import events as ev

MONDAY = "Monday. At what time?"


def wants_monday() -> Call:
    """The answer that has understood it is thought of, and wanted."""
    call = Call().at(1).says("On Monday.").understands(1, "day", "Monday").expects(1, "time")
    return call.writes(1, MONDAY)


def heard_monday() -> Call:
    return wants_monday().synthesized(1).generated(1).started(1).finished(1)


# It counts


def test_what_a_wanted_reply_has_understood_is_told_at_once() -> None:
    call = wants_monday()
    assert call.did(act.Understood) == [act.Understood("day", "Day", "Monday")]
    assert call.when(act.Understood) == [1.9]


def test_what_a_reply_asks_is_told_when_it_begins_to_be_heard() -> None:
    """Until then, whoever says more still answers the question before."""
    call = wants_monday().audio(1).at(2.4)
    assert not call.did(act.Expect)
    assert call.started(1).did(act.Expect) == [act.Expect(CALLER, "time", "", "")]
    assert call.when(act.Expect) == [2.4]


def test_what_is_asked_later_in_a_reply_that_is_heard_is_told_at_once() -> None:
    call = Call().at(1).says("Hi.").writes(1, "Hi.").audio(1).started(1)
    call.expects(1, "day", "Which day?", "#JSGF V1.0;")
    assert call.did(act.Expect) == [act.Expect(CALLER, "day", "Which day?", "#JSGF V1.0;")]


def test_a_reply_without_a_word_may_ask_for_nothing() -> None:
    call = heard_monday().at(5).says("At ten.").expects(2, "").asks_tool(2)
    assert call.asked() == "time"
    assert call.generated(2).asked() == ""


def test_what_a_held_reply_has_understood_is_told_when_it_is_promoted() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("On Monday.")
    call.understands(1, "day", "Monday")
    assert not call.did(act.Understood)
    assert call.at(2.5).when(act.Understood) == [2.5]


def test_what_a_held_reply_made_known_in_vain_is_never_told() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("On Monday").expects(1, "time")
    call.understands(1, "day", "Monday").final("or Tuesday.").at(4)
    assert call.outcome(1) == "cancelled"
    assert not call.did(act.Understood, act.Expect)


def test_the_same_is_not_told_again() -> None:
    call = wants_monday().understands(1, "day", "Monday").expects(1, "time")
    call.answers(1, MONDAY).started(1).finished(1).at(5).says("At ten.")
    call.understands(2, "day", "Monday").expects(2, "time")
    assert len(call.did(act.Understood, act.Expect)) == 2


def test_what_is_known_adds_up_and_the_last_question_counts() -> None:
    call = heard_monday().at(5).says("At ten.")
    assert call.asked() == "time"
    call.understands(2, "time", "ten").expects(2, "").answers(2, "At ten.").started(2)
    assert call.known() == {"day": "Monday", "time": "ten"}
    assert call.did(act.Expect)[-1] == act.Expect(CALLER, "", "", "")


def test_what_is_not_said_again_stays() -> None:
    call = heard_monday().at(5).says("At ten.")
    call.answers(2, "Pardon?").started(2).finished(2)
    assert (call.known(), call.asked()) == ({"day": "Monday"}, "time")


def test_a_value_may_be_forgotten() -> None:
    call = wants_monday().understands(1, "day", "")
    assert call.did(act.Understood)[-1] == act.Understood("day", "Day", "")
    assert call.understands(1, "day", "").known() == {}
    assert len(call.did(act.Understood)) == 2


def test_forgetting_what_was_never_known_is_nothing() -> None:
    call = Call().at(1).says("Hi.").understands(1, "day", "")
    assert not call.did(act.Understood)


def test_another_label_is_told() -> None:
    call = wants_monday().tell(ev.ReplyUnderstood(1, "day", "Day of the visit", "Monday"))
    assert call.did(act.Understood)[-1] == act.Understood("day", "Day of the visit", "Monday")


def test_many_values_are_told_in_their_order() -> None:
    """Not in that of a set, which is another one each time that Python starts."""
    names = ["one", "two", "three", "four", "five", "six"]
    call = Call().at(1).voice().at(2).pause().at(2.1).final("All of it.")
    for name in names:
        call.understands(1, name, "yes")
    assert [a.name for a in call.at(2.5).did(act.Understood)] == names
    call.voice().at(2.6).partial("no wait")
    assert [(a.name, a.value) for a in call.did(act.Understood)[6:]] == [(n, "") for n in names]


def test_reports_are_progress() -> None:
    call = Call().at(1).says("Hi.").at(6).understands(1, "day", "Monday").at(11).expects(1, "time")
    assert call.at(16.9).outcome(1) == "live"
    assert call.at(17).outcome(1) == "failed"


def test_a_report_is_no_answer() -> None:
    call = Call().at(1).says("Hi.").understands(1, "day", "Monday").expects(1, "time").generated(1)
    assert call.outcome(1) == "failed"
    assert (call.known(), call.asked()) == ({}, "")
    assert call.did(act.StartReply)[-1] == act.StartReply(2, 2)


def test_a_report_of_a_complete_dead_or_unknown_reply_counts_for_nothing() -> None:
    call = Call().at(1).says("Hi.").answers(1, "Hello.").understands(1, "day", "Monday")
    call.expects(1, "time").started(1).finished(1)
    call.understands(1, "day", "Monday").understands(9, "day", "Monday").expects(9, "time")
    assert not call.did(act.Understood, act.Expect)


def test_a_report_of_a_reply_that_is_falling_silent_comes_too_late() -> None:
    call = Call().at(1).says("Hi.").writes(1, MONDAY).audio(1).started(1).heard(1, 7)
    call.at(3).voice().at(3.1).partial("no wait").understands(1, "day", "Monday").cleared()
    assert call.outcome(1) == "cancelled"
    assert not call.did(act.Understood)


# It never happened


def test_a_turn_that_goes_on_takes_back_what_was_understood_of_it() -> None:
    call = wants_monday().at(2).voice().at(2.2).partial("or Tuesday")
    assert call.did(act.TurnReopened)
    assert call.did(act.Understood)[-1] == act.Understood("day", "Day", "")
    assert not call.did(act.Expect)


def test_what_was_known_before_comes_back() -> None:
    call = heard_monday().at(5).says("No, Tuesday.")
    call.understands(2, "day", "Tuesday").expects(2, "name")
    call.writes(2, "Tuesday. Your name?").audio(2).started(2)
    assert (call.known(), call.asked()) == ({"day": "Tuesday"}, "name")
    call.at(6).voice().at(6.2).partial("no wait").cleared()
    assert (call.known(), call.asked()) == ({"day": "Monday"}, "time")


def test_a_reply_that_was_not_heard_before_it_fell_silent_never_happened() -> None:
    call = wants_monday().audio(1).started(1).at(2).voice().at(2.2).partial("no wait")
    assert (call.known(), call.asked()) == ({"day": "Monday"}, "time")
    call.cleared()
    assert (call.known(), call.asked()) == ({}, "")


def test_a_reply_of_which_a_word_was_heard_happened() -> None:
    call = wants_monday().audio(1).started(1).at(2.5).voice().at(2.7).partial("no wait")
    call.heard(1, 7).cleared().pause().at(4)
    assert (call.known(), call.asked()) == ({"day": "Monday"}, "time")


def test_a_reply_whose_tool_ran_happened_but_nobody_was_asked() -> None:
    call = wants_monday().asks_tool(1).at(2).voice().at(2.2).partial("no wait")
    assert call.outcome(1) == "cancelled"
    assert (call.known(), call.asked()) == ({"day": "Monday"}, "")


def test_a_reply_whose_tool_did_not_run_never_happened() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("On Monday").asks_tool(1)
    call.understands(1, "day", "Monday").final("or Tuesday.").at(4)
    assert call.outcome(1) == "cancelled"
    assert not call.did(act.Understood)


def test_an_attempt_that_failed_never_happened_and_the_next_counts() -> None:
    call = wants_monday().tell(ev.ReplyFailed(1, "unavailable", permanent=False))
    assert call.known() == {}
    assert call.understands(2, "day", "Tuesday").known() == {"day": "Tuesday"}


def test_a_reply_that_broke_after_a_word_was_heard_happened() -> None:
    call = wants_monday().audio(1).started(1).heard(1, 7)
    call.tell(ev.ReplyFailed(1, "unavailable", permanent=False)).finished(1)
    assert call.outcome(1) == "failed"
    assert call.known() == {"day": "Monday"}


def test_a_reply_that_only_ends_the_call_happened() -> None:
    call = Call().at(1).says("Bye.").understands(1, "day", "").tell(ev.ReplyEndsCall(1))
    call.understands(1, "mood", "good").generated(1)
    assert call.outcome(1) == "done"
    assert call.known() == {"mood": "good"}


# Several replies


def two_at_once() -> Call:
    """A tool's result is told behind an answer that is still written."""
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).at(2).says("On which day?")
    call.writes(2, "On Monday.").audio(2).started(2).tell(ev.ToolFinished("t1", "booked"))
    assert call.newest == 3
    return call


def test_a_later_reply_counts_after_an_earlier_one_whichever_reports_first() -> None:
    call = two_at_once().understands(3, "day", "Tuesday").understands(2, "day", "Monday")
    assert call.known() == {"day": "Tuesday"}
    call = two_at_once().understands(2, "day", "Monday").understands(3, "day", "Tuesday")
    assert call.known() == {"day": "Tuesday"}


def test_a_later_reply_that_never_happened_uncovers_the_earlier_one() -> None:
    call = two_at_once().understands(3, "day", "Tuesday").expects(2, "day").expects(3, "time")
    call.understands(2, "day", "Monday").heard(2, 3)
    assert (call.known(), call.asked()) == ({"day": "Tuesday"}, "day")
    call.at(4).voice().at(4.2).partial("no wait").cleared()
    assert (call.outcome(2), call.outcome(3)) == ("cancelled", "cancelled")
    assert (call.known(), call.asked()) == ({"day": "Monday"}, "day")


def test_an_earlier_reply_that_never_happened_leaves_the_later_one() -> None:
    call = two_at_once().asks_tool(3, "t2").understands(3, "time", "ten")
    call.understands(2, "day", "Monday")
    call.at(4).voice().at(4.2).partial("no wait").cleared()
    assert call.outcome(2) == "cancelled"
    assert call.known() == {"time": "ten"}


def test_a_later_reply_that_is_over_first_still_counts_after_the_earlier_one() -> None:
    call = two_at_once().understands(3, "day", "Tuesday").asks_tool(3, "t2")
    call.tell(ev.ReplyFailed(3, "unavailable", permanent=True)).understands(2, "day", "Monday")
    assert call.outcome(3) == "failed"
    assert call.known() == {"day": "Tuesday"}


# The greeting's question


def test_the_greeting_may_ask_something() -> None:
    call = Call(
        greeting="Hello. Which day?",
        greeting_kind="date",
        greeting_question="Which day?",
        greeting_grammar="#JSGF V1.0;",
    )
    assert call.did(act.Expect) == [act.Expect(CALLER, "date", "Which day?", "#JSGF V1.0;")]
    call.says_phrase(1).at(1).says("Monday.").understands(2, "day", "Monday")
    assert call.asked() == "date"
    call.expects(2, "time").writes(2, "At what time?").audio(2).started(2)
    assert call.asked() == "time"
    call.at(2.5).voice().at(2.7).partial("or Tuesday").cleared()
    assert (call.known(), call.asked()) == ({}, "date")


def test_a_call_begins_with_what_the_greeting_asks() -> None:
    """The recogniser knows what to listen for before the caller can hear the question."""
    call = Call(connect=False, greeting="Which day?", greeting_grammar="#JSGF V1.0;")
    call.tell(ev.Connected(CALLER))
    kinds = [type(action) for action in call.since(0)]
    assert kinds == [act.Listen, act.Expect, act.PromoteReply, act.Synthesize]
    call.says_phrase(1).tell(ev.Connected(CALLER))
    assert len(call.did(act.Expect)) == 1


def test_a_greeting_that_asks_nothing_expects_nothing() -> None:
    assert not Call(greeting="Hello.").says_phrase(1).did(act.Expect)


def test_a_generated_greeting_asks_when_it_is_heard() -> None:
    call = Call(greeting_generated=True).understands(1, "name", "Jo").expects(1, "day")
    assert (call.known(), call.asked()) == ({"name": "Jo"}, "")
    assert call.answers(1, "Hello, Jo. Which day?").started(1).asked() == "day"


# Whether an answer is awaited


def test_an_answer_is_awaited_once_a_question_has_been_heard() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Hi. How many?")
    assert not call.did(act.AwaitAnswer)
    assert call.finished(1).did(act.AwaitAnswer) == [act.AwaitAnswer(CALLER, awaited=True)]
    call.at(6).says("Two.").speaks(2, "Thank you.").finished(2)
    assert [it.awaited for it in call.did(act.AwaitAnswer)] == [True, False]


def test_none_is_awaited_while_the_agent_speaks() -> None:
    call = wants_monday().audio(1).started(1)
    assert (call.asked(), call.did(act.AwaitAnswer)) == ("time", [])
    call.synthesized(1).generated(1).finished(1)
    assert call.did(act.AwaitAnswer) == [act.AwaitAnswer(CALLER, awaited=True)]


# The end


def test_what_counts_when_the_call_ends_stays() -> None:
    call = wants_monday().tell(ev.Disconnected(CALLER))
    assert call.outcome(1) == "cancelled"
    assert call.known() == {"day": "Monday"}
    done = len(call.done)
    assert call.understands(1, "day", "Tuesday").expects(1, "").since(done) == []


def test_what_never_happened_is_taken_back_while_the_call_is_ending() -> None:
    call = Call(max_duration_s=5.0).at(3).says("On Monday.").understands(1, "day", "Monday")
    assert call.at(5).outcome(1) == "cancelled"
    assert call.known() == {}


def test_nothing_is_remembered_twice() -> None:
    """Replies that are over are not gone through again."""
    call = heard_monday().at(5).says("At ten.")
    assert call.conversation.state.knowing == [2]
