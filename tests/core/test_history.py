from timeline import Call

from parley.core import events as ev
from parley.core.history import PENDING, Line, ToolUse


def test_a_held_reply_sees_the_words_that_it_may_answer() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Hello.")
    assert call.conversation.messages(1) == (Line("caller", "Hello."),)
    assert call.conversation.transcript() == ()


def test_a_promoted_reply_sees_them_once() -> None:
    call = Call().at(1).says("Hello.")
    assert call.conversation.messages(1) == (Line("caller", "Hello."),)


def test_a_reply_that_speaks_first_sees_nothing() -> None:
    call = Call(greeting_generated=True)
    assert call.conversation.messages(1) == ()


def test_what_is_being_said_counts_for_what_is_said_next_but_is_no_history_yet() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, "One moment.", "I book it.")
    call.heard(1, 3).tell(ev.ToolFinished("t1", "booked"))
    tools = (ToolUse("t1", "look_up", "{}", "booked"),)
    assert call.conversation.messages(2)[-1] == Line("agent", "One moment. I book it.", tools=tools)
    assert call.conversation.transcript()[-1] == Line("agent", "One", tools=tools)


def test_of_a_reply_that_broke_off_only_what_was_heard_is_known() -> None:
    call = Call().at(1).says("Hello.").writes(1, "How are you?").audio(1).started(1).heard(1, 3)
    call.tell(ev.SpanFailed(1, 0, "unavailable", permanent=False)).finished(1).says_phrase(2)
    call.at(4).says("Pardon?")
    assert call.conversation.messages(3)[1] == Line("agent", "How")


def test_fillers_are_no_history() -> None:
    call = Call().at(1).says("Hello.").at(3).says_phrase(2)
    assert call.history() == [("caller", "Hello.")]


def test_other_phrases_are() -> None:
    call = Call(greeting="Hello.").says_phrase(1)
    assert call.history() == [("agent", "Hello.")]


def test_a_running_tool_is_pending() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1)
    assert call.conversation.transcript()[-1].tools == (ToolUse("t1", "look_up", "{}", PENDING),)


def test_a_tool_that_never_ran_is_no_fact() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Book it")
    call.asks_tool(1).at(2.3).voice().at(2.6).pause().at(2.7).final("for two.").at(3.5)
    assert call.conversation.state.tools["t1"].phase.state == "cancelled"
    assert call.history() == [("caller", "Book it for two.")]


def test_a_tool_that_was_cut_off_by_the_end_of_the_call_is_one() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).tell(ev.Disconnected("caller"))
    (tool,) = call.conversation.transcript()[-1].tools
    assert tool.result == "The call ended before the tool answered."
