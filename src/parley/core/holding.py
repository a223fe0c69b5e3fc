"""On hold: the caller is away for a while, and nothing is said until they are back.

Music, a recording, or a telephone that lies on the table sounds like a voice, but it has no
words, or the same ones again and again: neither is asked to repeat itself, nor is it silence.
Who asks for a moment ("hold on") is given one. The first words that make a turn end both;
where none come, a deadline does.
"""

from parley.core import actions as act
from parley.core.listeners import COURTESIES, SEARCHES, SOUGHT
from parley.core.phrases import after_phrase, begins_with, plain, without_phrase, word_count
from parley.core.state import CallerTurn, Context

SOUND, ASKED = "sound", "asked"
"""What the caller is away for: a sound without words; or they have asked to wait."""

SLACK = 3
"""So many words may be said before a phrase that asks to wait, or of what for."""

LEAST_WORDS, ALIKE = 5, 0.75
"""A sentence of so many words is the same again if so much of both is common to them."""

REMEMBERED = 4
"""So many sentences of recordings are known."""

LATE_S = 5.0
"""Who repeats themselves because they were not understood does not wait for so long."""


def on_hold(ctx: Context) -> bool:
    """Whether a sound without words goes on."""
    return ctx.state.hold.kind == SOUND


def is_silent(ctx: Context) -> bool:
    """Whether what was not understood is not asked about; a sound is, but only once."""
    hold = ctx.state.hold
    return bool(hold.kind) and (hold.asked is not None or ctx.state.ear.unclear > 0)


def begin(ctx: Context, kind: str) -> None:
    """The caller is away."""
    hold = ctx.state.hold
    if kind == ASKED:
        hold.asked = ctx.now
    elif hold.kind != ASKED:
        hold.asked = None
    _begin(ctx, kind, ctx.now)


def _begin(ctx: Context, kind: str, since: float) -> None:
    hold = ctx.state.hold
    end(ctx, "another hold")
    hold.kind, hold.since = kind, since
    ctx.do(act.HoldBegan(ctx.state.ear.leg, kind))


def end(ctx: Context, reason: str) -> None:
    """The caller is back, or is not waited for any more."""
    hold = ctx.state.hold
    if hold.kind:
        hold.kind, hold.heard_s = "", 0.0
        ctx.do(act.HoldEnded(ctx.state.ear.leg, reason))


# A sound


def voice(ctx: Context, at: float) -> None:
    """A voice begins at `at`."""
    hold = ctx.state.hold
    if at > hold.until + ctx.settings.holding.gap_s:
        hold.heard_s = 0.0


def silence(ctx: Context, at: float) -> None:
    """The voice has paused at `at`."""
    hold, ear = ctx.state.hold, ctx.state.ear
    hold.until = at
    if not ear.text:
        hold.heard_s += max(0.0, at - max(ear.onset, hold.words_at))


def words(ctx: Context) -> None:
    """The voice has words."""
    ctx.state.hold.heard_s = 0.0
    ctx.state.hold.words_at = ctx.now


def due(ctx: Context) -> float | None:
    """When the voice that goes on will have been without words for too long to be one.

    A recogniser that tells none before a pause leaves what goes on open.
    """
    hold, ear, turns = ctx.state.hold, ctx.state.ear, ctx.settings.turns
    if ear.listening.state != "speaking" or ear.text or on_hold(ctx) or turns.push_to_talk:
        return None
    if not turns.recognizer_partials or ear.hearing.state != "open":
        return ear.onset if hold.heard_s >= ctx.settings.holding.sound_s else None
    return max(ear.onset, hold.words_at) + ctx.settings.holding.sound_s - hold.heard_s


def quiet_at(ctx: Context) -> float:
    """When the sound will have been over for long, if nobody says anything."""
    return max(ctx.state.hold.until, ctx.state.quiet_since) + ctx.settings.holding.quiet_s


def quiet(ctx: Context) -> None:
    """Deadline: the sound does not come back. From now on it is the caller who is silent; who
    has asked to wait is still waited for.
    """
    end(ctx, "quiet")
    asked = ctx.state.hold.asked
    if asked is not None:
        _begin(ctx, ASKED, asked)
    else:
        ctx.state.quiet_since = ctx.state.caller_since = ctx.now


# The same sentence again


def is_recording(ctx: Context) -> bool:
    """Whether the words of the turn are those of a recording, which nobody answers."""
    hold, state = ctx.state.hold, ctx.state
    if ctx.settings.turns.push_to_talk or state.ear.took_floor:
        return False
    if on_hold(ctx):
        return any(alike(state.ear.text, known) for known in hold.recordings)
    turns = [line.text for line in state.history if isinstance(line, CallerTurn)][-2:]
    began = state.ear.anchor if state.ear.began is None else state.ear.began
    late = began >= state.quiet_since + LATE_S
    return late and len(turns) == 2 and all(alike(state.ear.text, turn) for turn in turns)


def recorded(ctx: Context) -> None:
    """A recording was heard again."""
    _remember(ctx, ctx.state.ear.text)
    if not on_hold(ctx):
        begin(ctx, SOUND)


def _remember(ctx: Context, text: str) -> None:
    hold = ctx.state.hold
    hold.recordings = [*hold.recordings, text][-REMEMBERED:]


def alike(one: str, other: str) -> bool:
    """Whether two sentences are the same, as a recogniser may understand them twice."""
    first, second = set(plain(one).split()), set(plain(other).split())
    long = min(word_count(one), word_count(other)) >= LEAST_WORDS
    return long and len(first & second) >= ALIKE * len(first | second)


# A moment


def committed(ctx: Context, text: str) -> None:
    """The caller has said something: they are back, or ask to wait."""
    if on_hold(ctx):
        _remember(ctx, text)
    end(ctx, "words")
    if asks_to_wait(text, ctx.settings.holding.phrases):
        begin(ctx, ASKED)


def asks_to_wait(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether `text` ends with one of the phrases, or some of them, with little before it."""
    found = ((after, p) for p in phrases if (after := after_phrase(text, p)) is not None)
    after, last = min(found, key=lambda it: len(it[0]), default=("", ""))
    if not last:
        return False
    rest = _less(text, phrases + COURTESIES)
    ends = not _less(after, COURTESIES) or _is_sought(after, last)
    return ends and word_count(rest) <= SLACK


def _less(text: str, phrases: tuple[str, ...]) -> str:
    """The plain words that are none of the phrases."""
    rest = plain(text)
    for phrase in sorted(phrases, key=len, reverse=True):
        rest = plain(without_phrase(rest, phrase))
    return rest


def _is_sought(text: str, phrase: str) -> bool:
    """Whether it is what time is asked for."""
    return any(begins_with(phrase, s) for s in SEARCHES) and text.split()[0] in SOUGHT


def patience_ends(ctx: Context) -> float:
    """When a caller who has asked to wait is asked whether they are there."""
    return max(ctx.state.hold.since, ctx.state.quiet_since) + ctx.settings.holding.patience_s
