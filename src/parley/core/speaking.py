"""What the agent says: replies from the wish for them to the last sample that was heard."""

import math

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import Leg
from parley.core.machines import TOOL
from parley.core.phrases import contains_phrase, is_question
from parley.core.reasons import EndReason
from parley.core.state import AgentTurn, Context, Reply, Span

HELD_CHARS = 20
"""So much of a held reply is synthesised, in whole spans: while it is heard, for more than a
second, the voice has the time for what follows."""


def audible(ctx: Context) -> bool:
    """Whether a reply is being heard, or paused in the middle."""
    return any(ctx.state.replies[r].phase.state == "speaking" for r in ctx.state.queue)


def stopping(ctx: Context) -> bool:
    """Whether the transport still has to confirm that it fell silent."""
    return any(r.phase.state == "stopping" for r in ctx.state.live.values())


def stopped_by(ctx: Context) -> float:
    """When the last of them is over, though the transport confirm nothing."""
    since = (r.stopping_since for r in ctx.state.live.values() if r.phase.state == "stopping")
    return max(since, default=-math.inf) + ctx.settings.recovery.clear_s


def preparing(ctx: Context) -> bool:
    """Whether a reply is held that could not be heard yet."""
    held = ctx.state.held
    return held is not None and ctx.state.replies[held].preparing


def thinking(ctx: Context) -> bool:
    """Whether an answer is owed that has not begun to be heard."""
    replies = (ctx.state.replies[r] for r in ctx.state.queue)
    return any(r.phase.state == "thinking" and not r.fixed for r in replies)


# Beginning


def next_number(ctx: Context) -> int:
    """A number for what is to be heard; none comes twice."""
    ctx.state.next_reply += 1
    return ctx.state.next_reply - 1


def _new(ctx: Context, kind: str, leg: Leg, turn: int | None) -> Reply:
    state = ctx.state
    reply = Reply(next_number(ctx), kind, leg, turn, asked=ctx.now, progress=ctx.now)
    state.replies[reply.id] = state.live[reply.id] = reply
    return reply


def start(
    ctx: Context, leg: Leg, kind: str, turn: int | None, basis: str, attempt: int = 1
) -> Reply:
    """Ask the responder for a reply, which is held until it is promoted."""
    reply = _new(ctx, kind, leg, turn)
    reply.basis = basis
    reply.attempt = attempt
    reply.interruptible = ctx.settings.greeting_interruptible or not _is_opening(ctx, reply)
    ctx.state.knowing.append(reply.id)
    for tool in ctx.state.tools.values():
        if not tool.told and tool.phase.state in TOOL.rest:
            tool.told = True
            reply.tells.append(tool.id)
    ctx.do(act.StartReply(reply.id, attempt))
    return reply


def _is_opening(ctx: Context, reply: Reply) -> bool:
    """Whether it belongs to what the responder says first, as what follows its tools does."""
    return reply.turn is None and not reply.basis and ctx.state.next_turn == 1


def promote(ctx: Context, reply: Reply) -> None:
    """Put a held reply on the floor."""
    reply.phase.fire("promote")
    reply.progress = ctx.now
    ctx.state.queue.append(reply.id)
    ctx.state.history.append(AgentTurn(reply.id))
    ctx.do(act.PromoteReply(reply.id))


def say(
    ctx: Context,
    kind: str,
    text: str,
    *,
    leg: Leg,
    interruptible: bool = True,
) -> Reply:
    """Say one of the phrases that were synthesised beforehand."""
    reply = _new(ctx, kind, leg, None)
    reply.interruptible = interruptible and not _must_be_heard(ctx, text)
    reply.generated = True
    reply.spans[0] = Span(0, text, 0, len(text), asked=ctx.now)
    promote(ctx, reply)
    ctx.do(act.Synthesize(reply.id, 0, text, attempt=1, cached=True))
    return reply


def backing_off(ctx: Context) -> float | None:
    """Until when nothing is said because the caller has interrupted."""
    since = ctx.state.yielded_at
    until = None if since is None else since + ctx.settings.interruption.backoff_s
    return None if until is None or until <= ctx.now else until


def play_ready(ctx: Context) -> None:
    """Rule: what has audio is heard; a phrase may pass an answer that has none yet."""
    if backing_off(ctx) is not None:
        return
    for reply in [ctx.state.replies[r] for r in ctx.state.queue]:
        if reply.ready and not reply.play_asked:
            reply.play_asked = True
            reply.progress = ctx.now
            ctx.do(act.PlayReply(reply.id, reply.leg, reply.kind == "filler"))
            if not reply.fixed:
                _shorten_fillers(ctx)


def _shorten_fillers(ctx: Context) -> None:
    """An answer is there: it does not wait for more than a word of what fills the silence."""
    for reply in [ctx.state.replies[r] for r in ctx.state.queue]:
        if reply.kind == "filler" and reply.play_asked and reply.closed and not reply.shortened:
            reply.shortened = True
            ctx.do(act.ShortenReply(reply.id))


def drop_fillers(ctx: Context) -> None:
    """Rule: a filler that comes too late is not said: it would follow the answer."""
    queued = [ctx.state.replies[r] for r in ctx.state.queue]
    if any(r.kind != "filler" and r.play_asked and r.starved is None for r in queued):
        for reply in queued:
            if reply.kind == "filler" and not reply.play_asked:
                cancel(ctx, reply)


# Text and audio arrive


def live(ctx: Context, reply_id: int) -> Reply | None:
    """The reply, if an event of it may still change anything."""
    reply = ctx.state.live.get(reply_id)
    return None if reply is None or reply.phase.state == "stopping" else reply


def token(ctx: Context, event: ev.ReplyToken) -> None:
    if reply := live(ctx, event.reply):
        reply.progress = ctx.now


def span(ctx: Context, event: ev.ReplySpan) -> None:
    reply = live(ctx, event.reply)
    if reply is None or reply.generated or event.span in reply.spans or not event.text:
        return
    reply.progress = ctx.now
    it = reply.spans[event.span] = Span(event.span, event.text, event.start, event.end)
    reply.unsaid.append(it)
    if contains_phrase(event.text, ctx.settings.end_phrases):
        reply.ends_call = EndReason.AGENT_ENDED
    if _must_be_heard(ctx, reply.text):  # the phrase may lie in two spans
        reply.interruptible = False


def retracted(ctx: Context, event: ev.SpanRetracted) -> None:
    reply = live(ctx, event.reply)
    if reply is None or reply.generated:
        return
    if event.span in reply.spans and not reply.spans[event.span].chars:
        forget(ctx, reply, reply.spans[event.span])
        reply.play_asked = reply.play_asked and (reply.phase.state == "speaking" or reply.ready)


def forget(ctx: Context, reply: Reply, span: Span) -> None:
    """The span is not said."""
    del reply.spans[span.id]
    if span in reply.unsaid:
        reply.unsaid.remove(span)
    else:
        ctx.do(act.CancelSynthesis(reply.id, span.id))


def synthesize(ctx: Context) -> None:
    """Rule: what was written is synthesised, but of a held reply only the beginning."""
    for reply in ctx.state.live.values():
        while reply.unsaid and (reply.phase.state != "held" or _is_beginning(reply)):
            it = reply.unsaid.pop(0)
            it.asked = ctx.now
            ctx.do(act.Synthesize(reply.id, it.id, it.text, attempt=1, cached=False))


def _is_beginning(reply: Reply) -> bool:
    written = sum(len(s.text) for s in reply.spans.values())
    return written - sum(len(s.text) for s in reply.unsaid) < HELD_CHARS


def generated(ctx: Context, event: ev.ReplyGenerated) -> None:
    if (reply := live(ctx, event.reply)) and not reply.generated:
        reply.generated = True
        reply.progress = ctx.now


def ends_call(ctx: Context, event: ev.ReplyEndsCall) -> None:
    if (reply := live(ctx, event.reply)) and not reply.fixed:
        reply.ends_call = EndReason.AGENT_ENDED


def _must_be_heard(ctx: Context, text: str) -> bool:
    return contains_phrase(text, ctx.settings.must_be_heard)


def must_be_heard(ctx: Context, event: ev.ReplyMustBeHeard) -> None:
    if (reply := live(ctx, event.reply)) and not reply.generated:
        reply.interruptible = False


def span_audio(ctx: Context, event: ev.SpanAudio) -> None:
    reply = live(ctx, event.reply)
    if reply and event.span in reply.spans:
        reply.spans[event.span].ready = True
        reply.progress = ctx.now
        before = [s for s in reply.spans.values() if s.id < event.span]
        if reply.starved is not None and all(s.synthesized for s in before):
            reply.starved = ctx.now  # it is about to be heard again


def span_synthesized(ctx: Context, event: ev.SpanSynthesized) -> None:
    reply = live(ctx, event.reply)
    if reply and event.span in reply.spans:
        it = reply.spans[event.span]
        it.ready = it.synthesized = True
        it.complete = ctx.now
        reply.progress = ctx.now


def close_complete(ctx: Context) -> None:
    """Rule: what is wholly generated and synthesised is closed."""
    for reply in list(ctx.state.live.values()):
        if (
            not reply.generated
            or reply.closed
            or not all(s.synthesized for s in reply.spans.values())
        ):
            continue
        reply.closed = True
        ctx.do(act.CloseReply(reply.id))


# It is heard


def started(ctx: Context, event: ev.PlayoutStarted) -> None:
    reply = live(ctx, event.reply)
    if reply and reply.phase.state == "thinking" and reply.play_asked:
        reply.phase.fire("play")
        reply.heard_at = reply.progress = ctx.now


def heard(ctx: Context, event: ev.Heard) -> None:
    reply = ctx.state.live.get(event.reply)
    if reply is None or reply.phase.state not in ("speaking", "stopping"):
        return
    if event.span in reply.spans:
        it = reply.spans[event.span]
        it.chars = max(it.chars, min(event.chars, len(it.text)))
    reply.heard_at = ctx.now
    reply.starved = None


def starved(ctx: Context, event: ev.PlayoutStarved) -> None:
    reply = live(ctx, event.reply)
    if reply and reply.phase.state == "speaking":
        reply.starved = min(event.at, ctx.now)
        reply.excused = False


def finished(ctx: Context, event: ev.PlayoutFinished) -> Reply | None:
    """The reply that has been heard to its end, if any."""
    reply = live(ctx, event.reply)
    if reply is None or not reply.play_asked or not reply.closed:
        return None
    if not reply.broken and not reply.shortened:
        for it in reply.spans.values():
            it.chars = len(it.text)
    ctx.state.quiet_since = ctx.now
    if reply.kind != "prompt":
        ctx.state.caller_since = max(ctx.state.caller_since, ctx.now)
    end(ctx, reply, "fail" if reply.broken else "finish")
    return reply


# It ends


def cancel(ctx: Context, reply: Reply) -> None:
    """Stop a reply, whatever has become of it so far."""
    ctx.do(act.CancelReply(reply.id))
    ctx.state.withdrawn += reply.phase.state == "held"
    if reply.phase.state == "speaking":
        reply.phase.fire("stop")
        reply.stopping_since = ctx.now
        reply.interrupted = True
        _leave(ctx, reply)
    else:
        end(ctx, reply, "cancel")


def cancel_held(ctx: Context) -> None:
    """Stop the reply that is held, if any: it answers what is not all that there is."""
    if ctx.state.held is not None:
        cancel(ctx, ctx.state.replies[ctx.state.held])


def end(ctx: Context, reply: Reply, trigger: str) -> None:
    """Take a reply to its one terminal state."""
    reply.phase.fire(trigger)
    del ctx.state.live[reply.id]
    _leave(ctx, reply)
    if reply.phase.state != "done" and not reply.heard:
        for call in reply.tells:
            ctx.state.tools[call].told = False
    if reply.heard and reply.kind != "filler":
        ctx.state.question = is_question(reply.heard)
    ctx.do(act.ReplyEnded(reply.id, reply.phase.state, reply.heard))


def _leave(ctx: Context, reply: Reply) -> None:
    if reply.id in ctx.state.queue:
        ctx.state.queue.remove(reply.id)
    if ctx.state.held == reply.id:
        ctx.state.held = None
