from functools import partial

import pytest
from timeline import Call

from parley.core import CALLER, Conversation, EndReason, Settings, deadlines, lifecycle
from parley.core import actions as act
from parley.core import events as ev
from parley.core.state import Context


def test_nothing_is_awaited_before_the_call() -> None:
    conversation = Conversation()
    assert conversation.settings == Settings()
    assert conversation.next_deadline() is None
    assert conversation.handle(ev.Tick(), 5.0) == []
    assert not conversation.ended


def test_nothing_happens_after_the_call() -> None:
    call = Call().tell(ev.Disconnected(CALLER))
    done = len(call.done)
    call.at(9).voice().final("Hello?").tell(ev.EndRequested(EndReason.SHUTDOWN), ev.Tick())
    assert call.conversation.ended
    assert call.conversation.next_deadline() is None
    assert not call.since(done)


def test_time_does_not_go_backwards() -> None:
    call = Call().at(5).late(3).voice(at=3).late(6).pause().final("Hi.").at(7)
    assert call.when(act.TurnCommitted) == [6.5]


def test_the_next_deadline_is_the_soonest() -> None:
    call = Call()
    assert call.awaits() == ["silence prompt", "silence ends the call", "max duration"]
    assert call.conversation.next_deadline() == 10.0


def test_a_tick_that_comes_early_does_nothing() -> None:
    assert Call().late(9.99).tell(ev.Tick()).did(act.Synthesize) == []


def test_a_late_event_finds_the_deadlines_passed() -> None:
    """The timer slept; what was due before the event happens before it."""
    call = Call().at(1).voice().at(1.5).pause().at(1.6).final("Hello.").late(4).voice()
    assert [type(a) for a in call.did(act.TurnCommitted, act.PausePlayout)] == [
        act.TurnCommitted,
        act.PausePlayout,
    ]


def test_deadlines_that_have_passed_are_dealt_with_in_their_order() -> None:
    call = Call().late(40).tell(ev.Tick())
    assert call.said()[0] == "Are you still there?"


def test_an_event_that_makes_a_deadline_pass_finds_it_passed() -> None:
    call = Call().at(1).says("Hello.").writes(1, "Hi.").synthesized(1).started(1).heard(1, 3)
    call.late(6).starved(1, at=4.5)
    assert call.said() == ["Let me see."]


def test_an_event_after_the_deadline_that_ended_the_call_is_too_late() -> None:
    call = Call(silence={"prompts": ()}, phrases={"silence_goodbye": ""})
    call.at(30).late(40).final("Hello?")
    assert call.ending() == [EndReason.SILENCE_TIMEOUT]
    assert not call.did(act.SegmentDropped)


def test_a_deadline_that_changes_nothing_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call()
    stuck = (0.0, "stuck", partial(int))
    monkeypatch.setattr(deadlines, "pending", lambda ctx: iter([stuck]))
    with pytest.raises(AssertionError, match="deadlines do not pass: stuck"):
        call.tell(ev.Tick())


def test_the_failure_of_a_stage_is_only_recorded() -> None:
    assert Call().tell(ev.StageFailed("mute", "hear", "too slow")).done == Call().done


def test_rules_that_undo_each_other_are_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call()

    def restless(ctx: Context) -> None:
        ctx.do(act.ResumePlayout(CALLER))

    monkeypatch.setattr(lifecycle, "leave", restless)
    with pytest.raises(AssertionError, match="the rules do not settle"):
        call.at(1).voice()


def test_every_step_leaves_nothing_undone() -> None:
    """An answer without words makes room for what was said meanwhile, in the same step."""
    call = Call().at(1).says("Hello.").at(2.2).voice().at(2.4).pause().at(2.45).final("okay")
    call.generated(1)
    count = len(call.done)
    assert call.tell(ev.Tick()).since(count) == []
