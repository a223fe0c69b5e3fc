"""Push-to-talk: the caller's side says when a turn begins and when it ends.

A voice decides nothing then, and no pause is too long. The agent goes on until it is told to
stop or the caller's words are known. Each press is a turn of its own: one that follows a turn
that still waits, for its last words or for the floor, begins when that has been dealt with.
"""

from parley.core import events as ev
from parley.core import listening, recovery
from parley.core.state import Context, Press


def started(ctx: Context, event: ev.TalkStarted) -> None:
    ear = ctx.state.ear
    if not ctx.settings.turns.push_to_talk or ctx.state.call.state == "new":
        return
    if not ear.later and ear.listening.state != "pausing":
        _begin(ctx, event.at)
    elif not ear.later or ear.later[-1].until is not None:
        ear.later.append(Press(event.at))


def ended(ctx: Context, event: ev.TalkEnded) -> None:
    ear = ctx.state.ear
    if ear.later:
        _end_later(ctx, ear.later[-1], event)
    elif ear.talking:
        if ear.final_known < ear.voice_until:  # it may have missed the end of what was said
            ear.final_known = -1.0
        _end(ctx, event.at, wanted=event.wanted)


def _begin(ctx: Context, at: float) -> None:
    ear = ctx.state.ear
    ear.talking = True
    if ear.listening.can("voice"):
        listening.begin_voice(ctx, at)
        ear.onset_known = at


def _end(ctx: Context, at: float, *, wanted: bool) -> None:
    ear = ctx.state.ear
    ear.talking = False
    ctx.state.caller_since = ctx.now
    ctx.state.prompts = 0
    if ear.listening.state == "speaking":
        listening.end_voice(ctx, at)
    if not wanted and ear.listening.state in ("pausing", "holding"):
        listening.forget(ctx)


# What has to wait


def _end_later(ctx: Context, press: Press, event: ev.TalkEnded) -> None:
    """Its words are asked for at once: the next press may follow."""
    if press.until is None:
        press.until, press.wanted = event.at, event.wanted
        if listening.may_finalize(ctx):
            press.asked = ctx.now
            listening.finalize(ctx)


def transcript(ctx: Context, event: ev.Transcript) -> None:
    """Words that come when those of the turn that waits are known belong to the next press."""
    ear = ctx.state.ear
    if not ear.later or not ear.settled or event.segment in ear.closed:
        listening.transcript(ctx, event)
        return
    press = next((p for p in ear.later if not p.answered), ear.later[-1])
    press.words.append(event)
    press.answered = press.answered or (event.final and press.asked is not None)


def listening_ready(ctx: Context, event: ev.ListeningReady) -> None:
    """A recogniser that takes over knows of no request to the one before it."""
    recovery.listening_ready(ctx, event)
    for press in ctx.state.ear.later:
        if press.until is not None and not press.answered and listening.may_finalize(ctx):
            press.asked = ctx.now
            listening.finalize(ctx)


def go_on(ctx: Context) -> None:
    """Rule: a press that had to wait begins when the turn before it has been dealt with."""
    ear = ctx.state.ear
    while ear.later and ear.listening.state not in ("pausing", "holding"):
        press = ear.later.pop(0)
        _begin(ctx, press.at)
        for words in press.words:
            listening.transcript(ctx, words)
        ear.final_known = -1.0  # a final text that nobody asked for may not cover them all
        if press.asked is not None and press.answered:
            ear.final_known = press.asked
        elif press.asked is not None:
            ear.finalize_asked = press.asked
        if press.until is not None:
            _end(ctx, press.until, wanted=press.wanted)
