"""Who has the floor when the caller makes a sound while the agent has something to say.

Two phases: at the first sound the agent falls silent (candidate); what the sound turns
out to be decides whether it yields the floor or keeps it and goes on from the same word.
"""

from parley.core import actions as act
from parley.core import events as ev
from parley.core import speaking
from parley.core.phrases import contains_phrase, is_acknowledgement, word_count
from parley.core.state import CallerTurn, Context, Reply


def _at_stake(ctx: Context) -> list[Reply]:
    """Replies on the floor that the caller may interrupt; none if one of them must be heard."""
    replies = [ctx.state.replies[r] for r in ctx.state.queue]
    return replies if all(r.interruptible for r in replies) else []


def blocked(ctx: Context) -> bool:
    """Whether something is being said that must not be interrupted."""
    return not all(ctx.state.replies[r].interruptible for r in ctx.state.queue)


def voice(ctx: Context, at: float) -> None:
    """The caller makes a sound that began at `at`."""
    state = ctx.state
    if not _at_stake(ctx):
        return
    if state.floor.state == "settled":
        state.floor.fire("voice")
        state.candidate_voiced = 0.0
        ctx.do(act.PausePlayout(state.ear.leg))
    elif state.floor.state == "judging":
        state.floor.fire("voice")
    state.candidate_at = at


def silence(ctx: Context, at: float) -> None:
    """The sound's last voiced sample was at `at`."""
    state = ctx.state
    if state.floor.state != "candidate":
        return
    state.floor.fire("silence")
    state.judged_since = ctx.now
    state.candidate_voiced += max(0.0, at - state.candidate_at)
    if state.candidate_voiced < ctx.settings.interruption.blip_s and not state.ear.text:
        keep(ctx, "too short")


def words(ctx: Context) -> None:
    """The words of the caller's turn have changed."""
    if not _at_stake(ctx):
        return
    text, rules = ctx.state.ear.text, ctx.settings.interruption
    if contains_phrase(text, rules.commands):
        give(ctx, "command")
    elif not is_acknowledgement(text, rules.acknowledgements):
        if word_count(text) >= rules.words:
            give(ctx, "words")
    elif _answers(ctx):
        give(ctx, "answer")
    elif ctx.state.floor.state == "judging" and ctx.state.ear.settled:
        keep(ctx, "acknowledgement")


def voice_confirmed(ctx: Context) -> None:
    """Deadline: the caller has not stopped."""
    text = ctx.state.ear.text
    if text and is_acknowledgement(text, ctx.settings.interruption.acknowledgements):
        keep(ctx, "acknowledgement")
    else:
        give(ctx, "voice")


def stop_requested(ctx: Context, event: ev.StopRequested) -> None:
    if _at_stake(ctx):
        give(ctx, "stop requested")


def nothing_at_stake(ctx: Context) -> None:
    """Rule: who has nothing to interrupt is not judged; what they say is a turn."""
    if ctx.state.floor.can("keep") and not _at_stake(ctx):
        _resume(ctx, "nothing to interrupt")


def verdict_due(ctx: Context) -> None:
    """Deadline: no words that would take the floor have come."""
    keep(ctx, "acknowledgement" if ctx.state.ear.text else "no words")


def _answers(ctx: Context) -> bool:
    """Whether the agent has, but for its last words, asked a question."""
    last = ctx.state.replies[ctx.state.queue[-1]]
    rest = len(last.text) - len(last.heard)
    nearly = rest <= ctx.settings.interruption.answer_chars
    asked = last.text.rstrip(" \"'”’)").endswith(("?", "？"))
    return last.phase.state == "speaking" and last.generated and nearly and asked


def keep(ctx: Context, reason: str) -> None:
    """Dismiss the sound: the agent goes on from the same word."""
    state = ctx.state
    _resume(ctx, reason)
    for reply in state.queue:
        state.replies[reply].heard_at = state.replies[reply].progress = ctx.now
    if state.ear.listening.state == "pausing":
        drop_words(ctx, reason)
        state.ear.listening.fire("drop")


def _resume(ctx: Context, reason: str) -> None:
    ctx.state.floor.fire("keep")
    ctx.do(act.ResumePlayout(ctx.state.ear.leg))
    ctx.do(act.FloorKept(ctx.state.ear.leg, reason))


def give(ctx: Context, reason: str) -> None:
    """Yield the floor: everything that is said or about to be said stops."""
    state = ctx.state
    if state.floor.can("yield"):
        state.floor.fire("yield")
    ctx.do(act.FloorYielded(state.ear.leg, reason))
    ctx.do(act.ClearPlayout(state.ear.leg))
    state.caller_since = ctx.now
    state.ear.took_floor = True
    for reply in [state.replies[r] for r in state.queue]:
        unheard = reply.phase.state == "thinking"
        speaking.cancel(ctx, reply)
        if unheard:
            _reopen(ctx, reply)


def _reopen(ctx: Context, reply: Reply) -> None:
    """Nothing was heard in answer to the turn: its words join what is being said now."""
    state = ctx.state
    if reply.kind != "answer" or reply.tools or state.call.state != "active":
        return
    for entry in [h for h in state.history if isinstance(h, CallerTurn)]:
        if entry.turn == reply.turn:
            state.history.remove(entry)
            state.ear.finals[:0] = entry.segments
            state.ear.voice = state.ear.voice or entry.voice
            ctx.do(act.TurnReopened(state.ear.leg, entry.turn))


def drop_words(ctx: Context, reason: str) -> None:
    """Let go of the words of the turn, and say why."""
    ear = ctx.state.ear
    for segment in dict.fromkeys(s.id for s in ear.segments):
        ctx.do(act.SegmentDropped(ear.leg, segment, reason))
    if ear.partial:
        ear.take(ear.partial, by_turn=False)
    clear_turn(ctx)


def drop_keys(ctx: Context, reason: str) -> None:
    """Let go of what was keyed in so far."""
    ear = ctx.state.ear
    if ear.keys:
        ear.keyed += 1
        ctx.do(act.SegmentDropped(ear.leg, -ear.keyed, reason))
    ear.keys, ear.keys_complete = "", False


def clear_turn(ctx: Context) -> None:
    """Begin the next turn with nothing."""
    ear = ctx.state.ear
    ear.finals.clear()
    ear.partial = None
    ear.finalize_asked = ear.began = None
    ear.over = None
    ear.voiced_s = ear.attended_s = 0.0
    ear.speculations = 0
    ear.cut_off = ear.withdrawn = ear.took_floor = False
    ear.voice = None
    speaking.cancel_held(ctx)
