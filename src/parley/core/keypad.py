"""What the caller keys in: keys gather until they are a turn."""

from parley.core import bargein, listening, speaking
from parley.core import events as ev
from parley.core.state import Context, Segment

KEYS = frozenset("0123456789*#")


def pressed(ctx: Context, event: ev.KeyPressed) -> None:
    state, ear, rules = ctx.state, ctx.state.ear, ctx.settings.keypad
    if state.call.state == "new" or event.key not in KEYS or not rules.enabled:
        return
    state.caller_since = ctx.now
    state.prompts = ear.unclear = 0
    ends = event.key in rules.end_keys
    if ends and not ear.keys:
        return
    if not ends:
        # keys that were complete and still wait are an input of their own
        ear.keys += " " * ear.keys_complete + event.key
    ear.keys_complete = ends or len(ear.keys.rpartition(" ")[2]) >= rules.max_keys
    ear.key_since = min(event.at, ctx.now)
    speaking.cancel_held(ctx)
    if state.queue and not bargein.blocked(ctx):
        bargein.give(ctx, "key")


def complete(ctx: Context) -> None:
    """Deadline: no more keys have come."""
    ear = ctx.state.ear
    ear.keys_complete = True
    ear.key_since += ctx.settings.keypad.wait_s


def enter(ctx: Context) -> None:
    """Rule: keys that are complete are a turn, with what was said before them."""
    state, ear = ctx.state, ctx.state.ear
    if not ear.keys_complete or state.call.state != "active":
        return
    if ear.listening.state == "holding" or bargein.blocked(ctx):
        return
    if state.queue:
        bargein.give(ctx, "turn")
    if speaking.stopping(ctx):
        return  # what was heard is known when it has stopped
    if ear.partial:
        ear.take(ear.partial, by_turn=True)
    ear.keyed += 1
    ear.finals = [*ear.segments, Segment(-ear.keyed, ear.keys)]
    ear.closed.add(-ear.keyed)
    ear.partial, ear.keys, ear.keys_complete = None, "", False
    ear.anchor = max(ear.anchor, ear.key_since)
    is_speaking = ear.talking or ear.listening.state == "speaking"
    if ear.listening.state == "quiet":
        ear.listening.fire("words")
    listening.commit(ctx, "keys")
    if is_speaking and ear.listening.can("voice"):  # what is said over keys is heard as well
        listening.begin_voice(ctx, ctx.now)
