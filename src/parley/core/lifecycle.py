"""The call from connection to its end."""

from parley.core import actions as act
from parley.core import bargein, holding, knowing, speaking, tools
from parley.core import events as ev
from parley.core.reasons import EndReason
from parley.core.state import Context, Reply


def connected(ctx: Context, event: ev.Connected) -> None:
    state = ctx.state
    if not state.call.can("connect"):
        return
    state.call.fire("connect")
    state.started = state.quiet_since = state.caller_since = ctx.now
    state.ear.leg = event.leg
    state.ear.hearing.fire("listen")
    state.ear.hearing_since = ctx.now
    ctx.do(act.Listen(event.leg))
    knowing.open_question(ctx)
    if greeting := ctx.settings.greeting:
        interruptible = ctx.settings.greeting_interruptible
        speaking.say(ctx, "greeting", greeting, leg=event.leg, interruptible=interruptible)
    elif ctx.settings.greeting_generated:
        first = speaking.start(ctx, event.leg, "answer", None, "")
        speaking.promote(ctx, first)


def disconnected(ctx: Context, event: ev.Disconnected) -> None:
    stop(ctx, ctx.state.end_reason or EndReason.CALLER_HUNG_UP)


def end_requested(ctx: Context, event: ev.EndRequested) -> None:
    stop(ctx, event.reason)


def begin_ending(ctx: Context, reason: str, goodbye: str = "") -> None:
    """End the call, after what is being said and a last word where there is one."""
    state = ctx.state
    if not state.call.can("end"):
        return
    state.call.fire("end")
    state.end_reason = reason
    state.ending_since = ctx.now
    holding.end(ctx, "the call is ending")
    bargein.drop_words(ctx, "the call is ending")
    bargein.drop_keys(ctx, "the call is ending")
    if state.ear.listening.can("drop"):
        state.ear.listening.fire("drop")
    state.goodbye = goodbye
    if goodbye:
        _drop_unheard(ctx)
    leave(ctx)


def _drop_unheard(ctx: Context) -> None:
    """A goodbye waits for what is heard or about to be; a failure for what is heard only."""
    state = ctx.state
    for reply in [state.replies[number] for number in state.queue]:
        if not reply.play_asked:
            speaking.cancel(ctx, reply)
    failed = state.end_reason != EndReason.AGENT_ENDED
    if state.queue and failed and not speaking.audible(ctx):
        bargein.give(ctx, "the call is ending")


def reply_finished(ctx: Context, reply: Reply) -> None:
    """A reply was heard to its end; it may have been the last."""
    if reply.ends_call:
        begin_ending(ctx, reply.ends_call, ctx.settings.end_message)


def finish_unspoken(ctx: Context) -> None:
    """Rule: a reply with nothing to say is done when it is complete."""
    for reply in list(ctx.state.live.values()):
        if reply.phase.state == "thinking" and reply.closed and not reply.spans:
            speaking.end(ctx, reply, "finish")
            reply_finished(ctx, reply)


def leave(ctx: Context) -> None:
    """Rule: a call that is ending is over a moment after the last word, which is the goodbye."""
    state = ctx.state
    if state.call.state != "ending" or state.queue:
        return
    if state.goodbye:
        _say_goodbye(ctx)
    elif state.tail_since is None:
        state.tail_since = ctx.now


def _say_goodbye(ctx: Context) -> None:
    state = ctx.state
    text, state.goodbye = state.goodbye, ""
    state.ending_since = ctx.now
    state.yielded_at = None  # a goodbye waits for nobody
    speaking.say(ctx, "goodbye", text, leg=state.ear.leg, interruptible=False)


def stop(ctx: Context, reason: str) -> None:
    """End the call now."""
    state = ctx.state
    state.call.fire("stop")
    state.end_reason = reason
    if state.floor.can("keep"):
        state.floor.fire("keep")
    holding.end(ctx, "the call has ended")
    state.ear.finals += state.ear.later_words
    state.ear.later.clear()
    bargein.drop_words(ctx, "the call has ended")
    bargein.drop_keys(ctx, "the call has ended")
    if state.ear.listening.can("drop"):
        state.ear.listening.fire("drop")
    for reply in list(state.live.values()):
        _cut(ctx, reply)
    tools.cancel_all(ctx)
    if state.ear.hearing.can("stop"):
        state.ear.hearing.fire("stop")
        ctx.do(act.StopListening(state.ear.leg))
    ctx.do(act.EndCall(reason))


def _cut(ctx: Context, reply: Reply) -> None:
    if reply.phase.state != "stopping":
        speaking.cancel(ctx, reply)
    if reply.phase.state == "stopping":
        speaking.end(ctx, reply, "clear")


# Deadlines


def silence_prompt(ctx: Context) -> None:
    state, rules = ctx.state, ctx.settings.silence
    prompt = rules.prompts[min(state.prompts, len(rules.prompts) - 1)]
    state.prompts += 1
    state.quiet_since = ctx.now  # though its voice may fail
    speaking.say(ctx, "prompt", prompt, leg=state.ear.leg)


def patience_over(ctx: Context) -> None:
    """Who has asked to wait is asked whether they are there; then the usual limits hold."""
    holding.end(ctx, "time is up")
    ctx.state.caller_since = ctx.now
    if ctx.settings.silence.prompts:
        silence_prompt(ctx)


def silence_end(ctx: Context) -> None:
    goodbye = ctx.settings.phrases.silence_goodbye
    begin_ending(ctx, EndReason.SILENCE_TIMEOUT, goodbye)


def duration_end(ctx: Context) -> None:
    """The limit holds for what is being said as well."""
    goodbye = ctx.settings.phrases.duration_goodbye
    begin_ending(ctx, EndReason.MAX_DURATION, goodbye)
    if ctx.state.goodbye:
        bargein.give(ctx, "the call is ending")


def ending_over(ctx: Context) -> None:
    """What takes too long gives way to the goodbye; that is the last to be waited for."""
    if ctx.state.goodbye:
        bargein.give(ctx, "the call is ending")
    else:
        stop(ctx, ctx.state.end_reason)
