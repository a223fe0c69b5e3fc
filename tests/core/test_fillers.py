"""What is said while the caller waits, by what they wait for, and when it is not begun."""

import pytest
from timeline import Call

from parley.core import CALLER
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import ToolPhrase

LONG = "The table is booked."


def asked(**changes: object) -> Call:
    """A turn that ended at 1.4 and is owed an answer."""
    return Call(**changes).at(1).says("Book it.")


def said(call: Call) -> list[tuple[float, str]]:
    found = [(now, a) for now, a in call.done if isinstance(a, act.Synthesize) and a.cached]
    return [(round(now, 3), a.text) for now, a in found]


def tool_call(*phrases: ToolPhrase, text: str = "", **changes: object) -> Call:
    """A reply that wants a tool, having said `text` before."""
    call = asked(phrases={"tools": phrases}, **changes)
    if text:
        call.writes(1, text).synthesized(1).started(1).heard(1, len(text))
    return call.asks_tool(1, timeout_s=60.0).generated(1)


# By what is waited for


def test_while_the_responder_thinks() -> None:
    assert said(asked().at(4)) == [(2.9, "Let me see.")]


def test_while_a_tool_runs() -> None:
    assert said(tool_call().at(4)) == [(2.9, "Let me check that.")]


def test_a_tool_that_begins_after_a_filler_has_its_own_words() -> None:
    call = asked(recovery={"model_timeout_s": 60.0}).at(3.5).says_phrase(2)
    call.asks_tool(1, timeout_s=60.0).generated(1).at(8)
    assert said(call) == [(2.9, "Let me see."), (7.5, "Let me check that.")]


def test_again() -> None:
    call = tool_call().at(3.5).says_phrase(2).at(7.6).says_phrase(3).at(12)
    assert [text for _, text in said(call)] == [
        "Let me check that.",
        "Still working on it.",
        "Just a moment.",
    ]


def test_with_no_words_for_it_none_are_said() -> None:
    assert said(asked(phrases={"fillers": ()}).at(4)) == []
    again = asked(recovery={"model_timeout_s": 60.0}, phrases={"still": ()})
    again.at(3.5).says_phrase(2).at(8)
    assert [text for _, text in said(again)] == ["Let me see.", "Let me think."]


def test_one_phrase_is_all_there_is() -> None:
    call = asked(recovery={"model_timeout_s": 60.0}, phrases={"fillers": ("Hm.",), "still": ()})
    call.at(3.5).says_phrase(2).at(8)
    assert [text for _, text in said(call)] == ["Hm.", "Hm."]


# An answer that is about to come


def test_none_is_begun_when_text_has_just_come() -> None:
    call = asked().at(2.8).tell(ev.ReplyToken(1)).at(3.1).answers(1, LONG).at(6)
    assert said(call) == []


def test_none_is_begun_when_the_voice_was_just_asked() -> None:
    call = asked().at(2.7).writes(1, LONG).at(3.0).synthesized(1).generated(1).at(6)
    assert said(call) == []


def test_it_is_put_off_for_a_moment_only() -> None:
    call = asked().at(2.8).writes(1, LONG).at(4)
    assert said(call) == [(3.2, "Let me see.")]
    busy = asked(recovery={"model_timeout_s": 60.0})
    for step in range(20):
        busy.at(2.0 + step / 10).tell(ev.ReplyToken(1))
    assert said(busy.at(4)) == [(3.3, "Let me see.")]


# The answer comes while it is said


def test_it_is_cut_short_for_the_answer() -> None:
    call = asked().at(3).synthesized(2).started(2).answers(1, LONG)
    assert call.did(act.ShortenReply) == [act.ShortenReply(2)]
    assert call.did(act.PlayReply)[-1] == act.PlayReply(1, CALLER, aside=False)
    call.heard(2, 7).finished(2)
    assert [a.heard for a in call.did(act.ReplyEnded) if a.reply == 2] == ["Let me"]
    call.started(1).finished(1)
    assert call.history() == [("caller", "Book it."), ("agent", LONG)]
    assert len(call.did(act.ShortenReply)) == 1


def test_one_whose_audio_is_not_complete_is_heard_out() -> None:
    call = asked().at(3).audio(2).started(2).answers(1, LONG)
    assert call.did(act.ShortenReply) == []


def test_an_answer_that_is_late_again_is_not_in_its_way() -> None:
    call = asked().answers(1, "One.").started(1).finished(1).at(6)
    assert call.did(act.ShortenReply) == []


# A tool's own phrases

BOOKING = ToolPhrase("look_up", "I'll look that up.")
LATER = ToolPhrase("look_up", "The calendar is slow today.", 6.0)


def test_a_tool_with_a_phrase_says_it_at_once() -> None:
    assert said(tool_call(BOOKING).at(2)) == [(1.9, "I'll look that up.")]


def test_not_when_something_was_said_with_it() -> None:
    call = tool_call(BOOKING, LATER, text="Let me look.").at(2.5).finished(1).at(4.1)
    assert said(call) == [(4.0, "Let me check that.")]
    call.says_phrase(2).at(8.0)
    assert said(call)[1:] == [(7.9, "The calendar is slow today.")]


def test_a_phrase_that_is_due_later_leaves_a_breath() -> None:
    call = tool_call(ToolPhrase("look_up", "Hm.", 1.2)).at(3.0)
    assert said(call) == [(2.9, "Let me check that.")]
    call.at(3.5).says_phrase(2)
    assert said(call.at(5))[1:] == [(4.5, "Hm.")]


def test_a_call_does_not_begin_with_one() -> None:
    """However late the first message of the model is, nobody has asked anything."""
    call = Call(greeting_generated=True).at(6)
    assert call.writes(1, "Hello.").synthesized(1).started(1).said() == []


def test_each_phrase_once_in_the_order_of_their_times() -> None:
    call = tool_call(LATER, BOOKING)
    call.at(2.4).says_phrase(2).at(6.5).says_phrase(3).at(8.3).says_phrase(4).at(12.4)
    assert [text for _, text in said(call)] == [
        "I'll look that up.",
        "Still working on it.",
        "The calendar is slow today.",
        "Just a moment.",
    ]


@pytest.mark.parametrize(("tool", "heard"), [("", "Let me look."), ("other", "Let me check that.")])
def test_phrases_for_any_tool_and_for_another(tool: str, heard: str) -> None:
    call = tool_call(ToolPhrase(tool, "Let me look.")).at(4)
    assert said(call)[0][1] == heard


def test_a_phrase_that_is_wanted_twice_is_said_twice() -> None:
    call = tool_call(ToolPhrase("", "Wait.", 1.0), ToolPhrase("", "Wait.", 1.0))
    for number in range(2, 8):
        if number in call.conversation.state.live:
            call.says_phrase(number)
        call.after(3)
    assert [text for _, text in said(call)].count("Wait.") == 2


def backing_off(backoff_s: float) -> Call:
    """The caller has interrupted at 3.3, and their turn ends at 4.0."""
    call = Call(interruption={"backoff_s": backoff_s}).at(1).says("Tell me.").speaks(1, LONG)
    call.at(3).heard(1, 10).voice().at(3.3).partial("no wait").cleared().at(3.5).pause()
    return call.at(3.6).final("no wait")


def test_who_has_interrupted_hears_no_filler_before_the_back_off_is_over() -> None:
    call = backing_off(3.0).at(6.2)
    assert call.said() == []
    assert call.at(6.3).said() == ["Let me see."]


def test_a_filler_is_not_heard_with_an_answer_that_has_waited_for_the_same_moment() -> None:
    call = backing_off(2.0).at(5.25)
    assert call.said() == []
    call.answers(2, "Sorry, go on.").at(8)
    assert [(a.reply, a.aside) for a in call.did(act.PlayReply)][1:] == [(2, False)]
