"""The conversation: a pure state machine that composes the small ones."""

from collections.abc import Callable, Mapping
from typing import Any

from parley.core import (
    attending,
    bargein,
    deadlines,
    keypad,
    knowing,
    lifecycle,
    listening,
    recovery,
    speaking,
    talking,
    tools,
    voicing,
)
from parley.core import events as ev
from parley.core.actions import Action
from parley.core.history import Line, lines
from parley.core.settings import Settings
from parley.core.state import Context, State

VERSION = "23"
"""Changes whenever the same events may lead to other actions."""

MAX_PASSES = 200
"""More deadlines than this at one instant mean that one of them changes nothing: a bug."""


class Conversation:
    """One call. It never waits, reads no clock and does no I/O.

    The shell tells it facts with `handle` and carries out the actions that come back,
    in their order, before it tells the next fact. It keeps one timer, for
    `next_deadline`, and sends `Tick` when that fires. Time is seconds on the call's
    clock and must not go backwards.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._ctx = Context(settings or Settings(), State())

    @property
    def settings(self) -> Settings:
        """How it behaves."""
        return self._ctx.settings

    @property
    def state(self) -> State:
        """What it knows; to be read only."""
        return self._ctx.state

    @property
    def ended(self) -> bool:
        """Whether the call is over; nothing changes any more."""
        return self._ctx.state.call.state == "ended"

    def handle(self, event: ev.Event, now: float) -> list[Action]:
        """Take in a fact that became known at `now`; return what is to be done."""
        ctx = self._ctx
        ctx.now = max(now, ctx.now)
        ctx.actions = []
        self._pass_deadlines()
        if not self.ended:
            _HANDLERS[type(event)](ctx, event)
            self._settle()
            self._pass_deadlines()
        return ctx.actions

    def next_deadline(self) -> float | None:
        """When `Tick` is to be sent; None when nothing is awaited."""
        return min((when for when, _, _ in deadlines.pending(self._ctx)), default=None)

    def deadline_names(self) -> list[str]:
        """What is awaited, soonest first."""
        return [name for _, name, _ in sorted(deadlines.pending(self._ctx), key=lambda d: d[0])]

    def messages(self, reply: int) -> tuple[Line, ...]:
        """What the reply is to answer."""
        return lines(self.state, self.state.replies[reply])

    def transcript(self) -> tuple[Line, ...]:
        """The whole conversation as it was heard."""
        return lines(self.state)

    def _pass_deadlines(self) -> None:
        for _ in range(MAX_PASSES):
            due = [d for d in deadlines.pending(self._ctx) if d[0] <= self._ctx.now]
            if not due:
                return
            _, _, then = min(due, key=lambda d: d[0])
            then()
            self._settle()
        names = self.deadline_names()[:3]
        raise AssertionError(f"deadlines do not pass: {', '.join(names)}")

    def _settle(self) -> None:
        """Apply the rules that hold after every change, until they change nothing."""
        for _ in range(MAX_PASSES):
            known = len(self._ctx.actions)
            self._apply_rules()
            if len(self._ctx.actions) == known:
                return
        raise AssertionError(f"the rules do not settle: {self._ctx.actions[-3:]}")

    def _apply_rules(self) -> None:
        ctx = self._ctx
        recovery.empty_answer(ctx)
        speaking.close_complete(ctx)
        keypad.enter(ctx)
        listening.end_turn(ctx)
        talking.go_on(ctx)
        listening.speculate(ctx)
        speaking.synthesize(ctx)
        attending.attend(ctx)
        recovery.broken_promoted(ctx)
        tools.run_promoted(ctx)
        lifecycle.finish_unspoken(ctx)
        tools.tell(ctx)
        speaking.play_ready(ctx)
        speaking.drop_fillers(ctx)
        bargein.nothing_at_stake(ctx)
        knowing.tell(ctx)
        lifecycle.leave(ctx)


def _tick(ctx: Context, event: ev.Tick) -> None:
    """Deadlines that have passed are dealt with before any event."""


def _record(ctx: Context, event: ev.StageFailed | ev.ReplyUsed) -> None:
    """The trace keeps it; nothing follows from it."""


def _finished(ctx: Context, event: ev.PlayoutFinished) -> None:
    reply = speaking.finished(ctx, event)
    if reply is not None:
        recovery.reply_finished(ctx, reply)
        lifecycle.reply_finished(ctx, reply)


_HANDLERS: Mapping[type, Callable[[Context, Any], None]] = {
    ev.Tick: _tick,
    ev.Connected: lifecycle.connected,
    ev.Disconnected: lifecycle.disconnected,
    ev.EndRequested: lifecycle.end_requested,
    ev.MediaLost: listening.media_lost,
    ev.MediaRestored: listening.media_restored,
    ev.SpeechStarted: listening.speech_started,
    ev.SpeechStopped: listening.speech_stopped,
    ev.Transcript: talking.transcript,
    ev.ListeningFailed: recovery.listening_failed,
    ev.ListeningReady: talking.listening_ready,
    ev.TurnJudged: listening.turn_judged,
    ev.TalkStarted: talking.started,
    ev.TalkEnded: talking.ended,
    ev.StopRequested: bargein.stop_requested,
    ev.VoiceDescribed: voicing.described,
    ev.ConsentRecorded: voicing.consented,
    ev.SoundJudged: bargein.sound_judged,
    ev.KeyPressed: keypad.pressed,
    ev.ReplyToken: speaking.token,
    ev.ReplySpan: speaking.span,
    ev.SpanRetracted: speaking.retracted,
    ev.ReplyToolCall: tools.requested,
    ev.ReplyEndsCall: speaking.ends_call,
    ev.ReplyMustBeHeard: speaking.must_be_heard,
    ev.ReplyUnderstood: knowing.understood,
    ev.ReplyExpects: knowing.expects,
    ev.ReplyGenerated: speaking.generated,
    ev.ReplyFailed: recovery.reply_failed,
    ev.ReplyUsed: _record,
    ev.SpanAudio: speaking.span_audio,
    ev.SpanSynthesized: speaking.span_synthesized,
    ev.SpanFailed: recovery.span_failed,
    ev.PlayoutStarted: speaking.started,
    ev.Heard: speaking.heard,
    ev.PlayoutStarved: speaking.starved,
    ev.PlayoutFinished: _finished,
    ev.PlayoutCleared: bargein.cleared,
    ev.ToolFinished: tools.finished,
    ev.ToolFailed: tools.failed,
    ev.StageFailed: _record,
}
assert set(_HANDLERS) == set(ev.Event.__args__)  # noqa: S101 - a fact that nobody handles
