"""The call from its connection to its end."""

import pytest
from timeline import Call

from parley.core import CALLER, EndReason, Settings, lifecycle
from parley.core import actions as act
from parley.core import events as ev
from parley.core.state import Context, State

UNCLEAR = "Sorry, I didn't catch that. Could you say it again?"
STILL_THERE = "Are you still there?"
NOBODY = "I can't hear anybody, so I'll hang up now. Goodbye."
TIME_IS_UP = "Our time is up, so I have to end the call here. Goodbye."


def brief_call() -> Call:
    return Call(max_duration_s=20.0, silence={"prompts": ()})


# Beginning


def test_it_listens_from_the_first_packet_on() -> None:
    assert Call(connect=False).tell(ev.Connected("kitchen")).done == [(0.0, act.Listen("kitchen"))]


def test_a_greeting() -> None:
    call = Call(greeting="Hello.")
    assert call.did(act.Synthesize) == [act.Synthesize(1, 0, "Hello.", 1, cached=True)]
    assert not call.did(act.StartReply)


def test_the_responder_may_speak_first() -> None:
    call = Call(greeting_generated=True)
    assert call.did(act.StartReply, act.PromoteReply) == [act.StartReply(1, 1), act.PromoteReply(1)]


@pytest.mark.parametrize("interruptible", [True, False])
def test_a_first_message_that_is_generated_may_have_to_be_heard(interruptible: bool) -> None:
    call = Call(greeting_generated=True, greeting_interruptible=interruptible)
    call.tell(ev.ReplyFailed(1, "unavailable", permanent=False)).at(0.5)
    first = call.newest
    call.answers(first, "This call is recorded.").started(first).at(1).heard(first, 4)
    call.voice().at(1.4).partial("no wait")
    assert bool(call.did(act.FloorYielded)) is interruptible
    call.at(2).pause().at(2.1).final("no wait").finished(first).cleared().at(4)
    assert call.turns() == ["no wait"]


@pytest.mark.parametrize("interruptible", [True, False])
def test_what_follows_the_tools_of_a_first_message_belongs_to_it(interruptible: bool) -> None:
    call = Call(greeting_generated=True, greeting_interruptible=interruptible)
    call.asks_tool(1).generated(1).at(0.5).tell(ev.ToolFinished("t1", "Ann"))
    then = call.newest
    call.answers(then, "Hello Ann, this call is recorded.").started(then).at(1).heard(then, 4)
    call.voice().at(1.4).partial("no wait")
    assert bool(call.did(act.FloorYielded)) is interruptible
    call.at(2).pause().at(2.1).final("no wait").finished(then).cleared().at(4)
    assert call.turns() == ["no wait"]


def test_what_tells_of_a_first_messages_tool_after_a_turn_may_be_interrupted() -> None:
    call = Call(greeting_generated=True, greeting_interruptible=False)
    call.asks_tool(1).generated(1).at(0.5).says("Hello?")
    call.answers(call.newest, "Hi!").started(call.newest).after(0.5).finished(call.newest)
    call.tell(ev.ToolFinished("t1", "Ann"))
    then = call.newest
    call.answers(then, "Hello Ann, what can I do for you?").started(then).after(0.5).heard(then, 4)
    call.voice().after(0.4).partial("no wait")
    assert call.did(act.FloorYielded)


def test_it_connects_once() -> None:
    call = Call(greeting="Hello.").tell(ev.Connected(CALLER))
    assert len(call.did(act.Listen)) == len(call.did(act.PromoteReply)) == 1


# Hanging up


def test_the_caller_hangs_up() -> None:
    call = Call().at(1).says("Hello.").asks_tool(1).speaks(1, "Hi there.").heard(1, 2)
    call.at(2.5).voice().at(2.7).tell(ev.Disconnected(CALLER))
    assert call.since(-7) == [
        act.PausePlayout(CALLER),
        act.CancelReply(1),
        act.ReplyEnded(1, "cancelled", "Hi"),
        act.CancelTool("t1"),
        act.ToolEnded("t1", "cancelled"),
        act.StopListening(CALLER),
        act.EndCall(EndReason.CALLER_HUNG_UP),
    ]
    assert call.conversation.state.ear.hearing.state == "off"
    assert call.conversation.state.end_reason == EndReason.CALLER_HUNG_UP


def test_before_it_has_begun() -> None:
    call = Call(connect=False).tell(ev.Disconnected(CALLER))
    assert call.done == [(0.0, act.EndCall(EndReason.CALLER_HUNG_UP))]


def test_while_a_turn_is_held() -> None:
    call = Call().at(1).voice().at(2).final("Book it").asks_tool(1).tell(ev.Disconnected(CALLER))
    assert call.did(act.SegmentDropped) == [act.SegmentDropped(CALLER, 0, "the call has ended")]
    assert call.did(act.ToolEnded) == [act.ToolEnded("t1", "cancelled")]
    assert not call.did(act.RunTool, act.CancelTool)


def test_while_the_transport_is_being_cleared() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Hi there.").at(3).voice().at(3.3).partial("no")
    call.tell(ev.Disconnected(CALLER))
    assert call.did(act.CancelReply) == [act.CancelReply(1)]
    assert call.outcome(1) == "cancelled"


def test_after_the_agent_has_decided_to_end() -> None:
    call = Call().at(1).says("Bye.").tell(ev.ReplyEndsCall(1)).speaks(1, "Bye.").finished(1)
    assert call.tell(ev.Disconnected(CALLER)).ending() == [EndReason.AGENT_ENDED]


def test_somebody_else_ends_it() -> None:
    assert Call().tell(ev.EndRequested(EndReason.SHUTDOWN)).ending() == [EndReason.SHUTDOWN]


# Ending with a last word


def test_the_agent_ends_it_with_a_message() -> None:
    call = Call(end_message="Thank you.").at(1).says("Bye.").tell(ev.ReplyEndsCall(1))
    call.speaks(1, "Bye.").finished(1)
    assert call.said() == ["Thank you."]
    assert call.says_phrase(2).at(4).ending() == [EndReason.AGENT_ENDED]


def test_an_interrupted_goodbye_does_not_end_it() -> None:
    call = Call().at(1).says("Bye.").tell(ev.ReplyEndsCall(1))
    call.speaks(1, "Well, goodbye then.").heard(1, 5)
    call.at(3).voice().at(3.3).final("One more thing").at(3.4).pause().cleared().at(5)
    assert call.ending() == []
    assert call.turns() == ["Bye.", "One more thing"]


def test_the_longest_call() -> None:
    call = brief_call().at(19).says("Hello.")
    call.speaks(1, "Once upon a time.").at(20)
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "the call is ending")]
    assert call.said() == [TIME_IS_UP]
    call.cleared().says_phrase(2).at(20.3)
    assert call.ending() == [EndReason.MAX_DURATION]


def test_a_goodbye_is_not_interrupted_and_its_listener_has_no_turn() -> None:
    call = brief_call().at(20).synthesized(1).started(1)
    call.voice().at(21).final("no wait").pause().at(22.5).finished(1).at(23)
    assert not call.did(act.PausePlayout)
    assert not call.turns()
    assert call.did(act.SegmentDropped) == [act.SegmentDropped(CALLER, 0, "the call has ended")]


def test_a_turn_that_waits_for_its_answer_stays_in_the_history() -> None:
    call = brief_call().at(19).says("Hello.").at(20)
    assert not call.did(act.TurnReopened)
    assert call.history()[0] == ("caller", "Hello.")


def test_words_that_are_no_turn_yet_are_dropped() -> None:
    call = brief_call().at(19.8).voice().final("Hello").at(20)
    assert call.did(act.SegmentDropped) == [act.SegmentDropped(CALLER, 0, "the call is ending")]


def test_nothing_is_begun_after_the_goodbye() -> None:
    call = brief_call().at(20).says_phrase(1).at(20.1).voice().final("One more thing").at(20.2)
    assert not call.did(act.StartReply)


def test_a_goodbye_that_is_never_heard_to_its_end() -> None:
    call = brief_call().at(20).synthesized(1).started(1)
    for second in range(21, 32):
        call.at(second).heard(1, 1)
    assert call.ending() == []
    assert call.at(32).ending() == [EndReason.MAX_DURATION]


def test_a_goodbye_that_cannot_be_said() -> None:
    call = brief_call().at(22.5)
    assert call.ending() == [EndReason.MAX_DURATION]


def test_what_still_sounds_is_heard_before_it_ends() -> None:
    """The reply that ends the call is followed by one that was asked for before."""
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, "I book it.", "Goodbye.")
    call.tell(ev.ToolFinished("t1", "booked")).answers(2, "It is booked.")
    call.tell(ev.ReplyEndsCall(1)).finished(1).at(6)
    assert call.ending() == []
    assert call.started(2).finished(2).at(6.3).ending() == [EndReason.AGENT_ENDED]


def test_an_interruption_of_what_still_sounds_ends_it_sooner() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, "I book it.")
    call.tell(ev.ToolFinished("t1", "booked")).answers(2, "It is booked.")
    call.tell(ev.ReplyEndsCall(1)).finished(1).at(3).started(2).voice().at(4.6)
    assert call.ending() == [EndReason.AGENT_ENDED]


BOOKING = "I am booking a table for two at eight on Friday."


def hanging_up() -> Call:
    """The reply that ends the call says nothing; the one before it still sounds."""
    call = Call(end_message="Thank you.").at(1).says("Book it.").asks_tool(1).speaks(1, BOOKING)
    call.at(2.5).heard(1, 4).tell(ev.ToolFinished("t1", "booked"))
    return call.tell(ev.ReplyEndsCall(call.newest)).generated(call.newest)


def test_a_goodbye_follows_what_still_sounds() -> None:
    call = hanging_up().at(4)
    assert (call.said(), call.did(act.FloorYielded)) == ([], [])
    assert call.finished(1).said() == ["Thank you."]
    assert call.says_phrase(call.newest).at(5).ending() == [EndReason.AGENT_ENDED]
    spoken = [line for line in call.conversation.transcript() if line.who == "agent"]
    assert [(line.text, line.interrupted) for line in spoken] == [
        (BOOKING, False),
        ("Thank you.", False),
    ]


def test_who_interrupts_what_still_sounds_hears_the_goodbye_at_once() -> None:
    call = hanging_up().at(3).voice().at(3.3)
    assert call.said() == []
    assert call.partial("no wait").cleared().said() == ["Thank you."]


def test_what_sounds_for_too_long_gives_way_to_the_goodbye() -> None:
    call = hanging_up()
    for second in range(3, 15):
        call.at(second).heard(1, second)
    assert (call.said(), call.at(14.5).said()) == ([], ["Thank you."])
    assert call.outcome(1) == "live", "it has to be cleared"
    assert call.cleared().says_phrase(call.newest).at(15).ending() == [EndReason.AGENT_ENDED]


def test_what_sounds_when_the_recogniser_fails_is_heard_and_what_does_not_is_not() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, BOOKING).at(2.5).heard(1, 4)
    call.tell(ev.ToolFinished("t1", "booked"))
    second = call.newest
    call.tell(ev.ListeningFailed(CALLER, "server", permanent=True))
    assert (call.outcome(1), call.outcome(second), call.said()) == ("live", "cancelled", [])
    assert call.at(4).finished(1).said()[-1].startswith("Sorry, I can't go on")


# Nobody speaks


def test_silence_is_broken_and_then_ends_the_call() -> None:
    call = Call().at(10)
    assert call.said() == [STILL_THERE]
    call.at(10.1).says_phrase(1).at(29.9)
    assert call.said() == [STILL_THERE]
    assert call.at(30).said() == [STILL_THERE, NOBODY]
    assert call.says_phrase(2).at(31).ending() == [EndReason.SILENCE_TIMEOUT]


def test_silence_counts_anew_after_a_prompt() -> None:
    call = Call(silence={"prompts": ("Hello?", "Anybody?")}).at(10).synthesized(1).started(1)
    call.at(12).finished(1).at(21.9)
    assert call.said() == ["Hello?"]
    assert call.at(22).said() == ["Hello?", "Anybody?"]


def test_each_prompt_is_said_once() -> None:
    call = Call(silence={"prompts": ("Hello?", "Anybody?"), "end_after_s": 100.0})
    for second in (10, 20, 30, 40):
        call.at(second)
        if len(call.said()) * 10 == second:
            call.says_phrase(second // 10)
    assert call.said() == ["Hello?", "Anybody?"]


def test_a_caller_who_speaks_is_prompted_anew() -> None:
    call = Call().at(10).says_phrase(1).at(15).says("Yes.").speaks(2, "Good.").finished(2)
    assert call.at(25.8).said() == [STILL_THERE]
    assert call.at(26).said() == [STILL_THERE, STILL_THERE]


def test_silence_counts_from_the_last_word_that_was_heard() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Hi.").at(8).finished(1).at(17.9)
    assert call.said() == []
    assert call.at(18).said() == [STILL_THERE]


def test_without_prompts_or_goodbye_it_just_ends() -> None:
    call = Call(silence={"prompts": ()}, phrases={"silence_goodbye": ""}).at(30.2)
    assert call.said() == []
    assert call.ending() == [EndReason.SILENCE_TIMEOUT]


def test_who_took_the_floor_is_not_silent() -> None:
    """A long story, then a voice without words: the caller has been there all the time."""
    call = Call(turns={"unclear_limit": 0}).at(1).says("Tell me.").speaks(1, "Once upon a time.")
    for second in range(2, 45):
        call.at(second).heard(1, 1)
    call.at(45).voice().at(45.6).cleared().pause().final("").at(50)
    assert call.said() == []
    assert call.conversation.state.call.state == "active"


def test_a_long_story_is_not_the_callers_silence() -> None:
    call = Call(silence={"prompts": ()}).at(1).says("Tell me.").speaks(1, "Once upon a time.")
    for second in range(2, 45):
        call.at(second).heard(1, 1)
    assert call.at(45).finished(1).at(74.9).said() == []
    assert call.at(75).said() == [NOBODY]


def test_a_caller_who_says_something_however_unclear_is_there() -> None:
    call = Call().at(9).voice().at(9.2).partial("Huh").at(9.4).pause().final("").at(9.9)
    assert call.said() == [UNCLEAR]
    call = Call(turns={"unclear_limit": 0}).at(9).voice().partial("Huh").at(9.4).pause().final("")
    assert call.at(18.9).said() == []
    assert call.at(19).said() == [STILL_THERE]


@pytest.mark.parametrize("heard", [True, False])
def test_media_that_stay_away_end_it(heard: bool) -> None:
    call = Call().at(1)
    if heard:
        call.voice()
    call.tell(ev.MediaLost(CALLER, 1.0)).at(16)
    assert call.ending() == [EndReason.CONNECTION_LOST]


def test_a_call_that_is_ending_keeps_its_first_reason() -> None:
    state = State()
    state.call.fire("connect")
    context = Context(Settings(), state)
    lifecycle.begin_ending(context, EndReason.TRANSCRIBER_FAILED, "Goodbye.")
    lifecycle.begin_ending(context, EndReason.MAX_DURATION, "Our time is up.")
    assert state.end_reason == EndReason.TRANSCRIBER_FAILED
    assert [a.text for a in context.actions if isinstance(a, act.Synthesize)] == ["Goodbye."]


def test_a_prompt_whose_voice_fails_is_not_followed_by_the_next_at_once() -> None:
    call = Call(silence={"prompts": (STILL_THERE, "Hello?"), "end_after_s": 60.0}).at(10)
    assert call.said() == [STILL_THERE]
    call.tell(ev.SpanFailed(call.newest, 0, "unavailable", permanent=True)).at(19)
    assert call.said().count("Hello?") == 0
    assert call.at(20.5).said()[-1] == "Hello?"
