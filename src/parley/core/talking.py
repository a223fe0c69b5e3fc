"""Push-to-talk: the caller's side says when a turn begins and when it ends.

A voice decides nothing then, and no pause is too long. The agent goes on until it is told to
stop or the caller's words are known.
"""

from parley.core import events as ev
from parley.core import listening
from parley.core.state import Context


def started(ctx: Context, event: ev.TalkStarted) -> None:
    ear = ctx.state.ear
    if not ctx.settings.turns.push_to_talk or ctx.state.call.state == "new":
        return
    ear.talking = True
    if ear.listening.can("voice"):
        listening.begin_voice(ctx, event.at)


def ended(ctx: Context, event: ev.TalkEnded) -> None:
    ear = ctx.state.ear
    if not ear.talking:
        return
    ear.talking = False
    if ear.listening.state == "speaking":
        listening.end_voice(ctx, event.at)
    if not event.wanted and ear.listening.state == "pausing":
        listening.forget(ctx)
