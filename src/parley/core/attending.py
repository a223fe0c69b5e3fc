"""How the agent shows that it listens while the caller tells something long: backchannels.

A backchannel ("mm-hm") is no reply: it takes no turn, is no line of the history, and what
the caller says over it interrupts nothing. It is said in a short pause after which the
caller probably goes on, and only where it would be over before the turn could end. Its
number comes from the counter of the replies, so that the playout can tell it from them.
"""

from parley.core import actions as act
from parley.core import ending, speaking
from parley.core.lastwords import OPEN, completeness
from parley.core.phrases import contains_phrase, is_question, plain
from parley.core.settings import EndingSettings
from parley.core.state import AgentTurn, Context

LINKS = frozenset(("and", "but", "so", "because", "or", "then"))
"""Open words before which a clause is complete."""

QUESTIONS = (
    "do you", "did you", "can you", "could you", "would you", "will you", "are you", "have you",
    "is it", "is there", "can i", "could i", "may i", "should i", "what's", "what is", "how much",
    "how long", "when is", "where is", "don't you", "isn't it", "tell me",
)  # fmt: skip
"""How an English speaker asks something of the listener."""

RECENT_WORDS = 12
"""A question lies so many words back at most."""

FREE_KINDS = ("", "text")
"""Types of answers that may be told at length; to all others nothing is said in between."""


def due(ctx: Context) -> float | None:
    """When the pause that lasts will be long enough, if that is still to come."""
    state, rules = ctx.state, ctx.settings.attending
    when = state.ear.anchor + rules.pause_s
    waits = rules.enabled and state.ear.listening.state == "pausing" and _is_long(ctx)
    return when if waits and ctx.now < when else None


def attend(ctx: Context) -> None:
    """Rule: say that we listen, where there is a place for it."""
    attending, ear, rules = ctx.state.attending, ctx.state.ear, ctx.settings.attending
    if not rules.enabled or not _is_place(ctx):
        return
    attending.passed = ear.anchor
    attending.places += 1
    if int(attending.places * rules.frequency) == int((attending.places - 1) * rules.frequency):
        return
    text = rules.words[attending.said % len(rules.words)]
    attending.said += 1
    attending.at = ctx.now
    ear.attended_s = ear.voiced_s
    ctx.do(act.Backchannel(ear.leg, speaking.next_number(ctx), text, rules.level_db))


def _is_place(ctx: Context) -> bool:
    """Whether the caller pauses, will probably go on, and would expect to be heard."""
    return _is_pause(ctx) and _is_long(ctx) and _is_our_part(ctx) and _goes_on(ctx)


def _is_pause(ctx: Context) -> bool:
    ear, rules = ctx.state.ear, ctx.settings.attending
    return (
        ear.listening.state == "pausing"
        and ctx.state.attending.passed != ear.anchor
        and rules.pause_s <= ctx.now - ear.anchor <= rules.latest_s
        and not ear.cut_off
    )


def _is_long(ctx: Context) -> bool:
    """Whether enough was said since the last one."""
    attending, ear, rules = ctx.state.attending, ctx.state.ear, ctx.settings.attending
    return ear.voiced_s - ear.attended_s >= rules.voice_s and (
        attending.at is None or ear.anchor + rules.pause_s >= attending.at + rules.gap_s
    )


def _is_our_part(ctx: Context) -> bool:
    """Whether the agent has been heard, says nothing, and has not asked for something short."""
    state = ctx.state
    known = (h for h in state.history if isinstance(h, AgentTurn))
    return (
        state.call.state == "active"
        and state.floor.state == "settled"
        and not state.queue
        and not state.ear.keys
        and not speaking.stopping(ctx)
        and state.told.expects.kind in FREE_KINDS
        and any(state.replies[h.reply].heard for h in known)
    )


def _goes_on(ctx: Context) -> bool:
    """Whether what was said and how it sounds speak for more, at the end of a clause."""
    ear, rules = ctx.state.ear, ctx.settings
    words = plain(ear.text).split()
    if not words or is_question(ear.text):
        return False
    if ending.is_spelled(words, rules.turns.ending.language):
        return False
    if _is_open(words[-1], rules.turns.ending) and words[-1] not in LINKS:
        return False
    if contains_phrase(" ".join(words[-RECENT_WORDS:]), QUESTIONS):
        return False
    has_room = ctx.now + rules.attending.room_s <= ear.anchor + ending.soonest_s(ctx)
    return has_room and ending.goes_on(ctx) >= rules.attending.goes_on


def _is_open(word: str, rules: EndingSettings) -> bool:
    """Whether hardly anybody ends a clause with it."""
    return word in rules.hesitations or completeness(word, rules.language) <= OPEN
