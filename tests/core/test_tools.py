"""Each tool runs at most once, never for a held reply, and ends once."""

from timeline import Call

from parley.core import actions as act
from parley.core import events as ev
from parley.core.history import PENDING

APOLOGY = "Sorry, something went wrong on my side. Could you say that again?"


def results(call: Call, reply: int) -> list[str]:
    return [t.result for line in call.conversation.messages(reply) for t in line.tools]


def test_a_tool_runs_and_its_result_is_told() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1)
    assert call.did(act.RunTool) == [act.RunTool("t1", "look_up", "{}")]
    call.at(2.5).tell(ev.ToolFinished("t1", "booked"))
    assert call.did(act.ToolEnded) == [act.ToolEnded("t1", "done")]
    assert call.did(act.StartReply)[-1] == act.StartReply(2, 1)
    assert results(call, 2) == ["booked"]
    call.speaks(2, "It is booked.").finished(2)
    assert call.history() == [("caller", "Book it."), ("agent", ""), ("agent", "It is booked.")]


def test_a_tool_waits_until_its_reply_is_promoted() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Book it.").asks_tool(1).generated(1)
    assert not call.did(act.RunTool)
    assert call.at(2.5).when(act.RunTool) == [2.5]


def test_a_tool_of_a_reply_that_was_not_promoted_never_runs() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Book it").asks_tool(1)
    call.at(2.2).partial("not").final("not.").at(4)
    assert not call.did(act.RunTool)
    assert call.did(act.ToolEnded) == [act.ToolEnded("t1", "cancelled")]


def test_a_call_id_counts_once_and_not_after_the_reply_is_complete() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).asks_tool(1).writes(1, "I book it.")
    call.generated(1).asks_tool(1, "t2")
    assert [t.call for t in call.did(act.RunTool)] == ["t1"]


def test_a_tool_that_does_not_answer_is_given_up() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1, timeout_s=3.0).generated(1).at(5)
    assert call.when(act.CancelTool) == [4.9]
    assert call.did(act.ToolEnded) == [act.ToolEnded("t1", "expired")]
    told = "ERROR: no answer within 3 seconds. The action was NOT done. Tell the caller so."
    assert results(call, 3) == [told]  # 2 was a filler


def test_an_answer_that_comes_twice_late_or_for_nothing_is_ignored() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).tell(ev.ToolFinished("t1", "A"))
    call.tell(ev.ToolFinished("t1", "B"), ev.ToolFailed("t1", "C"), ev.ToolFailed("t9", "D"))
    assert len(call.did(act.ToolEnded)) == 1
    assert results(call, 2) == ["A"]


def test_results_are_told_when_all_tools_of_the_reply_have_ended() -> None:
    call = Call().at(1).says("Book both.").asks_tool(1, "t1").asks_tool(1, "t2")
    call.tell(ev.ToolFinished("t1", "A"))
    call.generated(1)
    assert len(call.did(act.StartReply)) == 1
    call.tell(ev.ToolFinished("t2", "B"))
    assert results(call, 2) == ["A", "B"]


def test_results_wait_until_the_reply_is_complete() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).tell(ev.ToolFinished("t1", "A"))
    assert len(call.did(act.StartReply)) == 1
    assert len(call.generated(1).did(act.StartReply)) == 2


def test_results_of_a_reply_that_failed_are_told_after_the_next() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1)
    call.tell(ev.ReplyFailed(1, "unavailable", permanent=False)).tell(ev.ToolFinished("t1", "A"))
    call.speaks(2, "I have booked it.").finished(2)
    assert call.did(act.StartReply)[-1] == act.StartReply(3, 1)
    assert results(call, 3) == ["A"]


def test_a_result_that_arrives_while_the_caller_speaks_is_kept() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).at(3).voice()
    call.at(3.2).tell(ev.ToolFinished("t1", "booked"))
    assert len(call.did(act.StartReply)) == 1
    call.at(3.4).pause().at(3.5).final("And a taxi.").at(4)
    newest = call.did(act.StartReply)[-1].reply
    assert results(call, newest) == ["booked"]
    call.speaks(newest, "Done.").finished(newest).at(8)
    assert call.did(act.StartReply)[-1].reply == newest


def test_a_result_that_arrives_after_another_answer_has_begun_is_told_after_it() -> None:
    """The answer to a second question was asked for while the tool still ran."""
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).at(2).says("Are you there?")
    assert results(call, 2) == [PENDING]
    call.tell(ev.ToolFinished("t1", "booked"))
    assert call.did(act.StartReply)[-1].reply == 2
    call.answers(2, "Yes.").started(2)
    assert call.did(act.StartReply)[-1].reply == 3
    assert results(call, 3) == ["booked"]


def test_an_interrupted_report_counts_as_told_if_any_of_it_was_heard() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).tell(ev.ToolFinished("t1", "A"))
    call.speaks(2, "It is booked for eight.").at(3).heard(2, 5).voice().at(3.3).final("wait")
    call.cleared().at(3.4).pause().at(4).speaks(3, "Yes?").finished(3).at(6)
    assert call.did(act.StartReply)[-1].reply == 3


def test_an_interrupted_report_is_not_made_again() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).tell(ev.ToolFinished("t1", "A"))
    call.speaks(2, "It is booked for eight.").at(3).heard(2, 5).voice().at(3.6).pause().cleared()
    call.final("").at(8)
    assert [s.reply for s in call.did(act.StartReply)] == [1, 2]


def test_what_was_told_once_is_not_told_again_after_speculation_in_vain() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1).tell(ev.ToolFinished("t1", "A"))
    call.speaks(2, "It is booked.").finished(2).at(4).voice().at(4.2).partial("Huh").pause()
    call.at(4.5).final("").at(8)
    assert call.outcome(3) == "cancelled"
    assert [s.reply for s in call.did(act.StartReply)] == [1, 2, 3]


def test_further_tools_in_turn() -> None:
    """Each answers what the one before returned; nothing is told twice or too soon."""
    call = Call().at(1).says("Book it.").asks_tool(1, "t1").generated(1)
    call.tell(ev.ToolFinished("t1", "A")).asks_tool(2, "t2").generated(2)
    assert len(call.did(act.StartReply)) == 2
    call.tell(ev.ToolFinished("t2", "B"))
    assert results(call, 3) == ["A", "B"]
    assert len(call.did(act.StartReply)) == 3


def test_a_tool_call_is_progress() -> None:
    call = Call().at(1).says("Book it.").at(7).asks_tool(1).at(12.9)
    assert call.outcome(1) == "live"
    assert call.at(13).outcome(1) == "failed"


def test_tools_do_not_lead_to_tools_for_ever() -> None:
    call = Call(recovery={"tool_rounds": 2}).at(1).says("Book it.")
    for reply in (1, 2, 3):
        call.asks_tool(reply, f"t{reply}").generated(reply).tell(ev.ToolFinished(f"t{reply}", "A"))
    assert len(call.did(act.StartReply)) == 3
    assert call.said() == [APOLOGY]
    assert call.says_phrase(4).at(5).said() == [APOLOGY]
    call.says("Again.").asks_tool(5, "t5").generated(5).tell(ev.ToolFinished("t5", "B"))
    assert call.did(act.StartReply)[-1].reply == 6


def test_results_are_not_told_to_a_caller_who_is_being_sent_off() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).tell(ev.ReplyEndsCall(1))
    call.speaks(1, "Consider it done. Goodbye.").tell(ev.ToolFinished("t1", "booked"))
    assert len(call.did(act.StartReply)) == 1


def test_a_tool_that_a_reply_asks_for_while_the_call_is_ending_does_not_run() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1, "t1").speaks(1, "One moment.")
    call.tell(ev.ToolFinished("t1", "A"), ev.ReplyEndsCall(1)).finished(1).asks_tool(2, "t2")
    assert [t.call for t in call.did(act.RunTool)] == ["t1"]
    assert call.did(act.ToolEnded)[-1] == act.ToolEnded("t2", "cancelled")
