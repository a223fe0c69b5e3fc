"""Every state that may not last names its deadline, and what happens when it passes.

Deadlines are derived from the state, so that none can be forgotten or outlive its cause.
"""

from collections.abc import Callable, Iterator
from functools import partial

from parley.core import (
    attending,
    bargein,
    ending,
    fillers,
    holding,
    keypad,
    lifecycle,
    listening,
    recovery,
    speaking,
    tools,
)
from parley.core.state import Context, Reply, Span

Deadline = tuple[float, str, Callable[[], None]]


def pending(ctx: Context) -> Iterator[Deadline]:
    """All deadlines, in no order: when, its name, and what is then to be done."""
    yield from _call(ctx)
    if ctx.state.call.state in ("active", "ending"):
        yield from _floor(ctx)
        yield from _replies(ctx)
        yield from _tools(ctx)
    if ctx.state.call.state == "active":
        yield from _hearing(ctx)
        yield from _listening(ctx)
        yield from _keys(ctx)
        yield from _silence(ctx)
        yield from _hold(ctx)


def _call(ctx: Context) -> Iterator[Deadline]:
    state, settings = ctx.state, ctx.settings
    if state.call.state == "active":
        limit = state.started + settings.max_duration_s
        yield limit, "max duration", partial(lifecycle.duration_end, ctx)
    elif state.call.state == "ending":
        limit = state.ending_since + settings.ending_limit_s
        if state.tail_since is not None:
            limit = min(limit, state.tail_since + settings.tail_s)
        yield limit, "ending", partial(lifecycle.ending_over, ctx)


def _hearing(ctx: Context) -> Iterator[Deadline]:
    ear = ctx.state.ear
    if ear.hearing.state == "opening":
        limit = ear.hearing_since + ctx.settings.recovery.recognizer_timeout_s
        yield limit, "recogniser opens", partial(recovery.recognizer_silent, ctx)


def _keys(ctx: Context) -> Iterator[Deadline]:
    ear = ctx.state.ear
    if ear.keys and not ear.keys_complete:
        limit = ear.key_since + ctx.settings.keypad.wait_s
        yield limit, "keys", partial(keypad.complete, ctx)


def _listening(ctx: Context) -> Iterator[Deadline]:
    ear = ctx.state.ear
    if ear.listening.state == "speaking":
        yield listening.utterance_ends(ctx), "utterance", partial(listening.utterance_limit, ctx)
    elif ear.listening.state == "pausing":
        yield from _pausing(ctx)
    elif ear.listening.state == "holding":
        limit = ear.lost_since + ctx.settings.recovery.media_timeout_s
        yield limit, "media", partial(recovery.media_gone, ctx)


def _pausing(ctx: Context) -> Iterator[Deadline]:
    ear, rules = ctx.state.ear, ctx.settings.turns
    if _wants_final(ctx):
        due = ear.anchor + (0.0 if rules.push_to_talk else rules.finalize_after_s)
        yield due, "final text", partial(listening.finalize_due, ctx)
    if ear.judge_asked != ear.anchor and (judged := ending.judgement_s(ctx)) is not None:
        yield ear.anchor + judged, "judgement", partial(listening.judgement_due, ctx)
    if ear.partial and not listening.stable(ctx):
        since = max(ear.partial_since, ear.anchor)
        yield since + rules.stable_partial_s, "stable partial", _look_again
    if (place := attending.due(ctx)) is not None:
        yield place, "backchannel", _look_again
    if (ends := bargein.answer_due(ctx)) is not None:
        yield ends, "answer", partial(bargein.no_answer, ctx)
    if listening.may_commit(ctx):
        limit = ending.wait_s(ctx)
        if not ear.settled:
            limit = max(limit, rules.transcript_limit_s)
        yield ear.anchor + limit, "end of turn", _look_again


def _wants_final(ctx: Context) -> bool:
    ear = ctx.state.ear
    return listening.may_finalize(ctx) and not ear.settled and ear.finalize_asked is None


def _look_again() -> None:
    """The rules that follow every event decide."""


def _floor(ctx: Context) -> Iterator[Deadline]:
    state = ctx.state
    if state.floor.state == "candidate":
        yield bargein.decides_at(ctx), "interruption", partial(bargein.decide, ctx)
    elif state.floor.state == "judging":
        yield bargein.verdict_at(ctx), "verdict", partial(bargein.decide, ctx)
    elif state.pause_due is not None:
        yield state.pause_due, "pause", partial(bargein.pause_due, ctx)
    if (due := bargein.whole_at(ctx)) is not None:
        yield due, "whole word", partial(bargein.words, ctx)
    if (due := speaking.backing_off(ctx)) is not None:
        yield due, "back-off", _look_again


def _silence(ctx: Context) -> Iterator[Deadline]:
    state, rules = ctx.state, ctx.settings.silence
    if _owes_sound(ctx) and (due := fillers.due(ctx)) is not None:
        yield due, "filler", partial(fillers.say, ctx)
    elif _nobody_speaks(ctx) and not state.hold.kind:
        end = max(state.caller_since, state.started) + rules.end_after_s
        yield end, "silence ends the call", partial(lifecycle.silence_end, ctx)
        if state.prompts < len(rules.prompts):
            due = max(state.quiet_since, state.caller_since) + rules.prompt_after_s
            yield due, "silence prompt", partial(lifecycle.silence_prompt, ctx)


def _hold(ctx: Context) -> Iterator[Deadline]:
    hold = ctx.state.hold
    if (due := holding.due(ctx)) is not None:
        yield due, "sound", partial(holding.begin, ctx, holding.SOUND)
    if hold.kind and not ctx.state.ear.text:  # who speaks is back
        limit = hold.since + ctx.settings.holding.limit_s
        yield limit, "hold", partial(lifecycle.silence_end, ctx)
    if hold.kind == holding.SOUND and _nobody_speaks(ctx):
        yield holding.quiet_at(ctx), "quiet", partial(holding.quiet, ctx)
    elif hold.kind and _nobody_speaks(ctx):
        yield holding.patience_ends(ctx), "patience", partial(lifecycle.patience_over, ctx)


def _owes_sound(ctx: Context) -> bool:
    state = ctx.state
    queued = [state.replies[r] for r in state.queue]
    return (
        (tools.running(ctx) or speaking.thinking(ctx))
        and state.floor.state == "settled"
        and state.ear.idle
        and not speaking.stopping(ctx)
        and not any(r.fixed or r.play_asked for r in queued)
    )


def _nobody_speaks(ctx: Context) -> bool:
    state = ctx.state
    return (
        not state.queue
        and state.floor.state == "settled"
        and state.ear.idle
        and not tools.running(ctx)
    )


def _tools(ctx: Context) -> Iterator[Deadline]:
    for tool in tools.running(ctx):
        yield tool.since + tool.timeout_s, "tool", partial(tools.expired, ctx, tool)


def _replies(ctx: Context) -> Iterator[Deadline]:
    for reply in ctx.state.live.values():
        if reply.phase.state == "stopping":
            limit = reply.stopping_since + ctx.settings.recovery.clear_s
            yield limit, "clear", partial(recovery.clear_overdue, ctx, reply)
        else:
            yield from _progress(ctx, reply)


def _progress(ctx: Context, reply: Reply) -> Iterator[Deadline]:
    """What a held, thinking or speaking reply waits for next."""
    rules = ctx.settings.recovery
    if not reply.generated:
        limit = reply.progress + rules.model_timeout_s
        yield limit, "model", partial(recovery.model_stalled, ctx, reply)
    if found := _waiting_for_voice(reply):
        span, since = found
        limit = since + rules.voice_timeout_s
        yield limit, "voice", partial(recovery.voice_stalled, ctx, reply, span)
    if reply.phase.state == "held" and reply.generated:
        limit = reply.asked + ctx.settings.turns.utterance_limit_s
        yield limit, "held", partial(speaking.cancel, ctx, reply)
    if reply.play_asked and ctx.state.floor.state == "settled":
        yield from _playing(ctx, reply)


def _waiting_for_voice(reply: Reply) -> tuple[Span, float] | None:
    """The first span without audio, and since when nothing else has kept the voice busy."""
    since = 0.0
    for span in sorted(reply.spans.values(), key=lambda s: s.id):
        if span.synthesized:
            since = span.complete
        elif span.ready or span.asked is None:
            return None
        else:
            return span, max(since, span.asked)
    return None


def _playing(ctx: Context, reply: Reply) -> Iterator[Deadline]:
    rules = ctx.settings.recovery
    if reply.starved is not None and not reply.excused:
        limit = reply.starved + rules.starved_s
        yield limit, "starved", partial(recovery.starved, ctx, reply)
    elif ctx.state.queue[0] == reply.id and (reply.starved is None or _unheard(reply)):
        limit = max(reply.heard_at, reply.progress) + rules.stuck_s
        yield limit, "playout", partial(recovery.stuck, ctx, reply)


def _unheard(reply: Reply) -> bool:
    """Whether the transport still owes a word about the reply, though it ran dry before."""
    return reply.closed or any(s.ready and s.chars < len(s.text) for s in reply.spans.values())
