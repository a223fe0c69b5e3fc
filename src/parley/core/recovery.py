"""What happens when a provider fails, stalls or answers nonsense.

Say so; retry once where nothing was heard; apologise from the cache; end with a reason.
"""

from parley.core import actions as act
from parley.core import bargein, fillers, lifecycle, speaking
from parley.core import events as ev
from parley.core.reasons import EndReason
from parley.core.state import Context, Reply, Span

MISSED_BY_NOBODY = ("filler", "prompt")
"""Kinds of phrases that need no apology when they cannot be said."""

# The recogniser


def listening_ready(ctx: Context, event: ev.ListeningReady) -> None:
    if ctx.state.ear.hearing.can("ready"):
        ctx.state.ear.hearing.fire("ready")


def listening_failed(ctx: Context, event: ev.ListeningFailed) -> None:
    ear = ctx.state.ear
    if not ear.hearing.can("retry"):
        return
    ear.finalize_asked = None
    ear.unwanted.clear()
    ear.late.clear()
    for press in ear.later:
        press.asked = press.asked if press.answered else None
    ear.failures += 1
    if event.permanent or ear.failures > 1:
        ear.hearing.fire("give_up")
        ctx.do(act.StopListening(ear.leg))
        goodbye = ctx.settings.phrases.failure_goodbye
        lifecycle.begin_ending(ctx, EndReason.TRANSCRIBER_FAILED, goodbye)
    else:
        ear.hearing.fire("retry")
        ear.hearing_since = ctx.now
        ctx.do(act.RestartListening(ear.leg))


def recognizer_silent(ctx: Context) -> None:
    """Deadline: it did not open, or did not answer a request for its final text."""
    listening_failed(ctx, ev.ListeningFailed(ctx.state.ear.leg, "timeout", permanent=False))


# The responder


def reply_failed(ctx: Context, event: ev.ReplyFailed) -> None:
    reply = speaking.live(ctx, event.reply)
    if reply is not None and not reply.generated:
        responder_broke(ctx, reply, event.category, permanent=event.permanent)


def empty_answer(ctx: Context) -> None:
    """Rule: an answer without text and tools is no answer."""
    for reply in list(ctx.state.live.values()):
        nothing = reply.generated and not reply.spans and not reply.tools
        if nothing and not reply.ends_call and not reply.broken:
            responder_broke(ctx, reply, "empty", permanent=False)


def responder_broke(ctx: Context, reply: Reply, category: str, *, permanent: bool) -> None:
    """No more text will come of this reply."""
    if reply.phase.state == "speaking" or reply.play_asked:
        _finish_broken(ctx, reply, category)
    elif reply.attempt == 1 and not permanent:
        _retry(ctx, reply)
    elif reply.phase.state == "held":
        _finish_broken(ctx, reply, category, permanent=permanent)
    else:
        _fail(ctx, reply)
        turn_failed(ctx, EndReason.MODEL_FAILED, permanent=permanent)


def _finish_broken(ctx: Context, reply: Reply, category: str, *, permanent: bool = False) -> None:
    """Let be heard what there is; an apology follows."""
    reply.broken, reply.permanent = category, permanent
    reply.generated = True
    for span in [s for s in reply.spans.values() if not s.ready]:
        speaking.forget(ctx, reply, span)
    for span in reply.spans.values():
        span.synthesized = True


def _retry(ctx: Context, reply: Reply) -> None:
    promoted = reply.phase.state == "thinking"
    _fail(ctx, reply)
    again = speaking.start(ctx, reply.leg, reply.kind, reply.turn, reply.basis, attempt=2)
    if promoted:
        speaking.promote(ctx, again)
    else:
        ctx.state.held = again.id


def _fail(ctx: Context, reply: Reply) -> None:
    ctx.do(act.CancelReply(reply.id))
    speaking.end(ctx, reply, "fail")


def turn_failed(ctx: Context, reason: EndReason, *, permanent: bool, phrase: str = "") -> None:
    """The caller will get no answer to this turn: say so, and give up in time."""
    state, phrases = ctx.state, ctx.settings.phrases
    state.failed_turns += 1
    if permanent or state.failed_turns >= ctx.settings.recovery.failed_turns:
        lifecycle.begin_ending(ctx, reason, phrases.failure_goodbye)
    elif state.call.state == "active":
        speaking.say(ctx, "apology", phrase or phrases.apology, leg=state.ear.leg)


def broken_promoted(ctx: Context) -> None:
    """Rule: a reply that broke before a word of it was heard must not stay on the floor."""
    for reply in [ctx.state.replies[r] for r in list(ctx.state.queue)]:
        if reply.broken and reply.phase.state == "thinking" and not reply.spans:
            _fail(ctx, reply)
            turn_failed(ctx, _at_fault(reply), permanent=reply.permanent)


def reply_finished(ctx: Context, reply: Reply) -> None:
    """A reply was heard to its end, or to where it broke."""
    if reply.broken and reply.kind not in MISSED_BY_NOBODY:
        phrase = ctx.settings.phrases.lost_thread
        turn_failed(ctx, _at_fault(reply), permanent=False, phrase=phrase)
    elif not reply.fixed:
        ctx.state.failed_turns = 0


def _at_fault(reply: Reply) -> EndReason:
    return EndReason.VOICE_FAILED if reply.broken == "voice" else EndReason.MODEL_FAILED


# The voice


def span_failed(ctx: Context, event: ev.SpanFailed) -> None:
    reply = speaking.live(ctx, event.reply)
    if reply and event.span in reply.spans and not reply.spans[event.span].synthesized:
        voice_broke(ctx, reply, reply.spans[event.span], permanent=event.permanent)


def voice_broke(ctx: Context, reply: Reply, span: Span, *, permanent: bool) -> None:
    """No more audio will come of this span."""
    if reply.play_asked and span.ready:
        _finish_broken(ctx, reply, "voice")
    elif reply.fixed:
        _cannot_speak(ctx, reply)
    elif span.attempt == 1 and not permanent:
        span.attempt = 2
        span.asked = ctx.now
        span.ready = False
        ctx.do(act.CancelSynthesis(reply.id, span.id))
        ctx.do(act.Synthesize(reply.id, span.id, span.text, attempt=2, cached=False))
    elif reply.phase.state == "thinking" and not reply.play_asked:
        _fail(ctx, reply)
        turn_failed(ctx, EndReason.VOICE_FAILED, permanent=permanent)
    else:
        _finish_broken(ctx, reply, "voice", permanent=permanent)


def _cannot_speak(ctx: Context, reply: Reply) -> None:
    """A cached phrase cannot be said."""
    _fail(ctx, reply)
    if reply.kind not in (*MISSED_BY_NOBODY, "greeting"):
        lifecycle.stop(ctx, ctx.state.end_reason or EndReason.VOICE_FAILED)


# Deadlines


def model_stalled(ctx: Context, reply: Reply) -> None:
    responder_broke(ctx, reply, "timeout", permanent=False)


def voice_stalled(ctx: Context, reply: Reply, span: Span) -> None:
    voice_broke(ctx, reply, span, permanent=False)


def starved(ctx: Context, reply: Reply) -> None:
    """Playing ran dry long ago: in a span the voice has failed, between spans we may wait."""
    reply.excused = True
    if any(s.ready and not s.synthesized for s in reply.spans.values()):
        _finish_broken(ctx, reply, "voice")
    else:
        fillers.say(ctx)


def stuck(ctx: Context, reply: Reply) -> None:
    """The transport acknowledges nothing: nobody hears us."""
    lifecycle.stop(ctx, EndReason.TRANSPORT_FAILED)


def clear_overdue(ctx: Context, reply: Reply) -> None:
    """The transport does not confirm that it was cleared: go on without."""
    bargein.end_stopped(ctx, reply)


def media_gone(ctx: Context) -> None:
    lifecycle.stop(ctx, EndReason.CONNECTION_LOST)
