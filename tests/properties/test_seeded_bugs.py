"""Each invariant's check finds a bug that is planted in the core: it can fail."""

import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial

import away
import invariants
import keyed_in
import known
import listening_aloud
import patience
import pytest
import test_barge_in
from choices import scripts
from invariants import Violation

from parley.core import actions as act
from parley.core import (
    attending,
    bargein,
    conversation,
    deadlines,
    fillers,
    floor,
    history,
    holding,
    keypad,
    knowing,
    listening,
    recovery,
    speaking,
    tools,
)
from parley.core import events as ev
from parley.core.state import AgentTurn, Context, Expectation, Knowledge, Reply

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def without(ctx: Context, kind: type[act.Action]) -> None:
    """Take back the last wish of a kind."""
    wish = next(a for a in reversed(ctx.actions) if isinstance(a, kind))
    ctx.actions.remove(wish)


# 1


def stale_progress_counts(patch: Patch) -> None:
    def heard(ctx: Context, event: ev.Heard) -> None:
        if reply := ctx.state.replies.get(event.reply):
            reply.heard_at = ctx.now + 1

    patch.setitem(conversation._HANDLERS, ev.Heard, heard)


def dead_replies_speak(patch: Patch) -> None:
    def span(ctx: Context, event: ev.ReplySpan) -> None:
        if event.reply in ctx.state.replies:
            ctx.do(act.Synthesize(event.reply, event.span, event.text, 1, cached=False))

    patch.setitem(conversation._HANDLERS, ev.ReplySpan, span)


def ids_come_again(patch: Patch) -> None:
    end = speaking.end

    def end_and_reuse(ctx: Context, reply: Reply, trigger: str) -> None:
        end(ctx, reply, trigger)
        ctx.state.next_reply = reply.id

    patch.setattr(speaking, "end", end_and_reuse)


# 2


def history_holds_what_was_generated(patch: Patch) -> None:
    patch.setattr(Reply, "heard", Reply.text)


def cut_replies_are_not_marked(patch: Patch) -> None:
    cancel = speaking.cancel

    def cancel_unmarked(ctx: Context, reply: Reply) -> None:
        cancel(ctx, reply)
        reply.interrupted = False

    patch.setattr(speaking, "cancel", cancel_unmarked)


def tool_calls_are_cut_too(patch: Patch) -> None:
    patch.setattr(history, "_counts", lambda tool: tool.phase.state == "done")


def progress_while_stopping_is_ignored(patch: Patch) -> None:
    heard = speaking.heard

    def heard_while_live(ctx: Context, event: ev.Heard) -> None:
        if speaking.live(ctx, event.reply):
            heard(ctx, event)

    patch.setitem(conversation._HANDLERS, ev.Heard, heard_while_live)


# 3


def judging_lasts(patch: Patch) -> None:
    floor = deadlines._floor
    patch.setattr(deadlines, "_floor", lambda ctx: [d for d in floor(ctx) if d[1] != "verdict"])


def a_hold_lasts(patch: Patch) -> None:
    hold = deadlines._hold
    patch.setattr(deadlines, "_hold", lambda ctx: [d for d in hold(ctx) if d[1] != "hold"])


def who_is_away_counts_as_silent(patch: Patch) -> None:
    silence = deadlines._silence

    def silence_on_hold(ctx: Context) -> Iterator[deadlines.Deadline]:
        kind, ctx.state.hold.kind = ctx.state.hold.kind, ""
        found = list(silence(ctx))
        ctx.state.hold.kind = kind
        return iter(found)

    patch.setattr(deadlines, "_silence", silence_on_hold)


def a_hold_outlives_the_call(patch: Patch) -> None:
    end = holding.end

    def end_while_it_lasts(ctx: Context, reason: str) -> None:
        if reason != "the call has ended":
            end(ctx, reason)

    patch.setattr(holding, "end", end_while_it_lasts)


def a_reply_waits_for_its_voice(patch: Patch) -> None:
    patch.setattr(deadlines, "_waiting_for_voice", lambda reply: None)


def nobody_minds_silence(patch: Patch) -> None:
    patch.setattr(deadlines, "_silence", lambda ctx: ())


def keys_gather_for_ever(patch: Patch) -> None:
    patch.setattr(deadlines, "_keys", lambda ctx: ())


# 4


def a_kept_floor_stays_silent(patch: Patch) -> None:
    resume = bargein._resume

    def resume_silently(ctx: Context, reason: str) -> None:
        resume(ctx, reason)
        without(ctx, act.ResumePlayout)

    patch.setattr(bargein, "_resume", resume_silently)


# 5


def yielding_leaves_the_buffer(patch: Patch) -> None:
    give = bargein.give

    def give_unheard(ctx: Context, reason: str, *, reopen: bool = True) -> None:
        give(ctx, reason, reopen=reopen)
        without(ctx, act.ClearPlayout)

    patch.setattr(bargein, "give", give_unheard)


# 6


def dropped_words_leave_no_trace(patch: Patch) -> None:
    patch.setattr(bargein, "drop_words", lambda ctx, reason: bargein.clear_turn(ctx))


def reopened_turns_vanish(patch: Patch) -> None:
    reopen = bargein._reopen

    def reopen_nothing(ctx: Context, reply: Reply) -> None:
        reopen(ctx, reply)
        ctx.state.ear.finals.clear()

    patch.setattr(bargein, "_reopen", reopen_nothing)


def the_rest_of_a_cut_sentence_is_lost(patch: Patch) -> None:
    patch.setattr(listening, "remainder", lambda text, known: "")


def keys_under_what_must_be_heard_are_lost(patch: Patch) -> None:
    pressed = keypad.pressed

    def pressed_in_vain(ctx: Context, event: ev.KeyPressed) -> None:
        if not bargein.blocked(ctx):
            pressed(ctx, event)

    patch.setitem(conversation._HANDLERS, ev.KeyPressed, pressed_in_vain)


def dropped_keys_leave_no_trace(patch: Patch) -> None:
    def drop_keys(ctx: Context, reason: str) -> None:
        ctx.state.ear.keys = ""

    patch.setattr(bargein, "drop_keys", drop_keys)


def keys_are_taken_for_words(patch: Patch) -> None:
    enter = keypad.enter

    def enter_unclosed(ctx: Context) -> None:
        enter(ctx)
        ctx.state.ear.closed -= {-ctx.state.ear.keyed}

    patch.setattr(keypad, "enter", enter_unclosed)


def reopened_keys_vanish(patch: Patch) -> None:
    reopen = bargein._reopen

    def reopen_words(ctx: Context, reply: Reply) -> None:
        reopen(ctx, reply)
        ear = ctx.state.ear
        ear.finals = [s for s in ear.finals if s.id >= 0]

    patch.setattr(bargein, "_reopen", reopen_words)


def reopened_keys_stay_where_they_were(patch: Patch) -> None:
    reopen = bargein._reopen

    def reopen_and_keep(ctx: Context, reply: Reply) -> None:
        before = list(ctx.state.history)
        reopen(ctx, reply)
        ctx.state.history[:] = before

    patch.setattr(bargein, "_reopen", reopen_and_keep)


def keys_are_entered_twice(patch: Patch) -> None:
    enter = keypad.enter

    def enter_and_keep(ctx: Context) -> None:
        ear = ctx.state.ear
        keys = ear.keys
        enter(ctx)
        if keys and not ear.keys:
            ear.keys, ear.key_since = keys, ctx.now

    patch.setattr(keypad, "enter", enter_and_keep)


# What is known


def held_replies_make_known(patch: Patch) -> None:
    def understood(ctx: Context, event: ev.ReplyUnderstood) -> None:
        knowing.understood(ctx, event)
        if speaking.live(ctx, event.reply):
            ctx.do(act.Understood(event.name, event.label, event.value))

    patch.setitem(conversation._HANDLERS, ev.ReplyUnderstood, understood)


def nothing_is_taken_back(patch: Patch) -> None:
    patch.setattr(knowing, "_may_count", lambda ctx, reply: True)


def what_ran_is_taken_back(patch: Patch) -> None:
    patch.setattr(knowing, "_may_count", lambda ctx, reply: reply.live or bool(reply.heard))


def a_question_counts_before_it_is_heard(patch: Patch) -> None:
    def with_reply(it: Knowledge, reply: Reply) -> Knowledge:
        return Knowledge(it.slots | reply.understood, reply.expects or it.expects)

    patch.setattr(knowing, "_with", with_reply)


def a_withdrawn_question_stays(patch: Patch) -> None:
    may_count, with_reply = knowing._may_count, knowing._with

    withdrawn: list[Reply] = []

    def with_question(it: Knowledge, reply: Reply) -> Knowledge:
        if reply in withdrawn:
            return Knowledge(it.slots, reply.expects or it.expects)
        return with_reply(it, reply)

    def may_ask(ctx: Context, reply: Reply) -> bool:
        if not may_count(ctx, reply):
            withdrawn.append(reply)
        return True

    patch.setattr(knowing, "_may_count", may_ask)
    patch.setattr(knowing, "_with", with_question)


def the_first_question_stays(patch: Patch) -> None:
    with_reply = knowing._with

    def with_answers(it: Knowledge, reply: Reply) -> Knowledge:
        both = with_reply(it, reply)
        return Knowledge(both.slots, it.expects) if it.expects.kind else both

    patch.setattr(knowing, "_with", with_answers)


def what_was_asked_before_is_forgotten(patch: Patch) -> None:
    def with_reply(it: Knowledge, reply: Reply) -> Knowledge:
        return Knowledge(it.slots | reply.understood, reply.expects or Expectation())

    patch.setattr(knowing, "_with", with_reply)


# 7


def it_is_taken_back_after_the_end(patch: Patch) -> None:
    tell = knowing.tell

    def tell_always(ctx: Context) -> None:
        call = ctx.state.call
        now, call.state = call.state, "active"
        tell(ctx)
        call.state = now

    patch.setattr(knowing, "tell", tell_always)


def held_replies_run_tools(patch: Patch) -> None:
    requested = tools.requested

    def run_at_once(ctx: Context, event: ev.ReplyToolCall) -> None:
        requested(ctx, event)
        if (tool := ctx.state.tools.get(event.call)) and tool.phase.can("run"):
            tool.phase.fire("run")
            ctx.do(act.RunTool(tool.id, tool.name, tool.arguments))

    patch.setitem(conversation._HANDLERS, ev.ReplyToolCall, run_at_once)


def tools_outlive_the_call(patch: Patch) -> None:
    patch.setattr(tools, "cancel_all", lambda ctx: None)


def speculation_answers_stale_text(patch: Patch) -> None:
    def prepared(ctx: Context, text: str) -> Reply | None:
        return None if ctx.state.held is None else ctx.state.replies[ctx.state.held]

    patch.setattr(listening, "_prepared", prepared)


# 8


def the_core_remembers_other_calls(patch: Patch) -> None:
    calls = itertools.count()
    speculate = listening.speculate

    def speculate_sometimes(ctx: Context) -> None:
        if next(calls) % 3:
            speculate(ctx)

    patch.setattr(listening, "speculate", speculate_sometimes)


# 9


def fillers_stay_unsaid(patch: Patch) -> None:
    def count_only(ctx: Context) -> None:
        fillers._take_own(ctx)
        ctx.state.fillers += 1
        ctx.state.quiet_since = ctx.now

    patch.setattr(fillers, "say", count_only)


def nobody_is_asked_to_repeat(patch: Patch) -> None:
    patch.setattr(listening, "_nothing_understood", lambda ctx: listening.drop(ctx, "no words"))


def failed_turns_are_passed_over(patch: Patch) -> None:
    patch.setattr(recovery, "turn_failed", lambda *args, **kinds: None)


def a_voice_interrupts_in_any_mode(patch: Patch) -> None:
    def voice(ctx: Context, event: ev.SpeechStarted) -> None:
        bargein.voice(ctx, event.at)

    patch.setitem(conversation._HANDLERS, ev.SpeechStarted, voice)


def fillers_come_late(patch: Patch) -> None:
    patch.setattr(speaking, "drop_fillers", lambda ctx: None)


truthful = partial(partial, lies=False)
lying = partial(partial, lies=True)

# Backchannels


def backchannels_overlap(patch: Patch) -> None:
    patch.setattr(attending, "_is_our_part", lambda ctx: ctx.state.call.state == "active")


def backchannels_are_said(patch: Patch) -> None:
    attend = attending.attend

    def say(ctx: Context) -> None:
        before = len(ctx.actions)
        attend(ctx)
        for action in ctx.actions[before:]:
            if isinstance(action, act.Backchannel):
                ctx.state.history.append(AgentTurn(action.reply))
                ctx.state.replies[action.reply] = Reply(action.reply, "aside", "caller", None, 0.0)

    patch.setattr(attending, "attend", say)


def backchannels_follow_each_other(patch: Patch) -> None:
    patch.setattr(attending, "_is_long", lambda ctx: True)


BUGS: list[tuple[Plant, Callable[[bytes], None], str]] = [
    (stale_progress_counts, invariants.check_dead_replies, "changes the state"),
    (dead_replies_speak, invariants.check_dead_replies, "a dead reply"),
    (ids_come_again, invariants.check_dead_replies, "ids do not increase|a dead reply"),
    (history_holds_what_was_generated, lying(invariants.check_history), "history is"),
    (cut_replies_are_not_marked, lying(invariants.check_history), "not marked"),
    (tool_calls_are_cut_too, lying(invariants.check_history), "history is"),
    (progress_while_stopping_is_ignored, truthful(invariants.check_history), "forgotten"),
    (judging_lasts, invariants.check_deadlines, "the floor may stay"),
    (a_hold_lasts, invariants.check_deadlines, "may be away"),
    (who_is_away_counts_as_silent, away.check_holds, "is asked on hold"),
    (a_hold_outlives_the_call, away.check_holds, "outlives the call"),
    (a_reply_waits_for_its_voice, invariants.check_deadlines, "may stay"),
    (nobody_minds_silence, invariants.check_deadlines, "nothing happens"),
    (keys_gather_for_ever, invariants.check_deadlines, "may gather for ever"),
    (a_kept_floor_stays_silent, invariants.check_floor, "paused"),
    (a_voice_interrupts_in_any_mode, invariants.check_floor, "pushes to talk|paused"),
    (yielding_leaves_the_buffer, invariants.check_clear, "without a clear"),
    (dropped_words_leave_no_trace, lying(invariants.check_words), "are lost"),
    (reopened_turns_vanish, lying(invariants.check_words), "are lost"),
    (the_rest_of_a_cut_sentence_is_lost, truthful(invariants.check_words), "but the history"),
    (keys_under_what_must_be_heard_are_lost, keyed_in.check_keys, "is left, not"),
    (dropped_keys_leave_no_trace, keyed_in.check_keys, "is left, not"),
    (keys_are_taken_for_words, keyed_in.check_keys, "keys are superseded"),
    (reopened_keys_vanish, keyed_in.check_keys, "are in no turn"),
    (reopened_keys_stay_where_they_were, keyed_in.check_keys, "come twice"),
    (keys_are_entered_twice, keyed_in.check_keys, "is left, not"),
    (held_replies_make_known, known.check_knowledge, "told is"),
    (nothing_is_taken_back, known.check_knowledge, "told is|is awaited"),
    (what_ran_is_taken_back, known.check_knowledge, "told is|is awaited"),
    (a_question_counts_before_it_is_heard, known.check_knowledge, "is awaited"),
    (a_withdrawn_question_stays, known.check_knowledge, "is awaited"),
    (the_first_question_stays, known.check_knowledge, "is awaited"),
    (what_was_asked_before_is_forgotten, known.check_knowledge, "is awaited"),
    (it_is_taken_back_after_the_end, invariants.check_endings, "an epilogue"),
    (held_replies_run_tools, invariants.check_endings, "that is held"),
    (tools_outlive_the_call, invariants.check_endings, "has not ended|an epilogue"),
    (speculation_answers_stale_text, invariants.check_endings, "answers other words"),
    (the_core_remembers_other_calls, invariants.check_trace, "replay differs|other state"),
    (fillers_stay_unsaid, patience.check_patience, "nothing is heard"),
    (nobody_is_asked_to_repeat, patience.check_patience, "nothing is heard"),
    (failed_turns_are_passed_over, patience.check_patience, "nothing is heard"),
    (fillers_come_late, patience.check_fillers, "are heard"),
    (backchannels_overlap, listening_aloud.check_backchannels, "a backchannel over"),
    (backchannels_are_said, listening_aloud.check_backchannels, "is in the history"),
    (backchannels_follow_each_other, listening_aloud.check_backchannels, "after the other"),
]


@pytest.mark.parametrize(("plant", "check", "complaint"), BUGS, ids=lambda v: _name(v))
def test_a_planted_bug_is_found(
    plant: Plant, check: Callable[[bytes], None], complaint: str, monkeypatch: Patch
) -> None:
    plant(monkeypatch)
    found = re.compile(rf"\A[^\n]*({complaint})")
    with pytest.raises(Violation, match=found):
        check_all(check)


def check_all(check: Callable[[bytes], None]) -> None:
    """Long calls, and short ones: they are still going on when nobody answers any more."""
    for script in itertools.chain(scripts(2000), scripts(100, size=30)):
        check(script)


def _name(value: object) -> str:
    return getattr(value, "__name__", "")


def test_listeners_would_take_the_floor(monkeypatch: Patch) -> None:
    monkeypatch.setattr(floor, "consists_of", lambda text, known: False)
    mm_hmm = test_barge_in.Sound(0.2, "mm-hmm", 0.3, 0.8)
    with pytest.raises(AssertionError):
        test_barge_in.check_listener([mm_hmm])
