"""Who has the floor when the caller makes a sound while the agent has something to say.

Two phases: at the first sound the agent falls silent (candidate); what the sound turns
out to be decides whether it yields the floor or keeps it and goes on from the same word.
"""

from parley.core import actions as act
from parley.core import ending, floor, speaking
from parley.core import events as ev
from parley.core.phrases import consists_of, is_question, plain, word_count
from parley.core.state import CallerTurn, Context, Reply, Segment

STOPPED = "stop requested"
"""Why the floor is yielded to a caller's side that has asked for it."""

LOOKS_AGAIN_S = 0.1
"""So soon a sound that was not heeded is looked at again."""


def _at_stake(ctx: Context) -> list[Reply]:
    """Replies on the floor that the caller may interrupt; none if one of them must be heard."""
    replies = [ctx.state.replies[r] for r in ctx.state.queue]
    return replies if all(r.interruptible for r in replies) else []


def blocked(ctx: Context) -> bool:
    """Whether something is being said that must not be interrupted."""
    return not all(ctx.state.replies[r].interruptible for r in ctx.state.queue)


# A sound


def voice(ctx: Context, at: float) -> None:
    """The caller makes a sound that began at `at`."""
    state = ctx.state
    state.ear.answer_until = None
    state.line.before = None
    if not _at_stake(ctx):
        return
    state.candidate_at = at
    if state.floor.state == "judging":
        state.floor.fire("voice")
    elif state.floor.state == "settled":
        state.candidate_voiced = 0.0
        state.pause_due = at + floor.rules(ctx).false_alarm_s * floor.false_alarms(ctx)
        if state.pause_due <= ctx.now:
            _pause(ctx)


def _pause(ctx: Context) -> None:
    ctx.state.pause_due = None
    ctx.state.floor.fire("voice")
    ctx.do(act.PausePlayout(ctx.state.ear.leg))


def pause_due(ctx: Context) -> None:
    """Deadline: on a line with false alarms a sound has lasted long enough to be heeded."""
    ctx.state.pause_due = None
    if not _at_stake(ctx) or ctx.state.ear.listening.state != "speaking":
        return
    if floor.hopeless(ctx):
        floor.hear_steady(ctx)
        ctx.state.pause_due = ctx.now + LOOKS_AGAIN_S
    else:
        _pause(ctx)


def sound_judged(ctx: Context, event: ev.SoundJudged) -> None:
    """What the voice sounds like so far; the deadline that follows from it may have passed."""
    state = ctx.state
    if state.ear.listening.state != "speaking" or ctx.settings.turns.push_to_talk:
        return
    state.ear.sound = event
    floor.hear(ctx, event)
    if state.floor.state != "settled" or not _at_stake(ctx):
        return
    mistaken = floor.one_after_all(ctx)
    if floor.clear(ctx) and floor.may_take(ctx):
        if state.pause_due is None and not mistaken:  # dismissed, or before the agent spoke
            state.candidate_at, state.candidate_voiced = ctx.now, 0.0
        _pause(ctx)


def silence(ctx: Context, at: float) -> None:
    """The sound's last voiced sample was at `at`."""
    state = ctx.state
    if state.pause_due is not None:
        state.pause_due = None
        floor.dismissed(ctx)
    if state.floor.state != "candidate":
        return
    state.floor.fire("silence")
    state.judged_since = ctx.now
    state.candidate_voiced += max(0.0, at - state.candidate_at)
    if state.candidate_voiced < floor.rules(ctx).blip_s and not state.ear.text:
        keep(ctx, "too short")


def words(ctx: Context) -> None:
    """The words of the caller's turn have changed."""
    if not _at_stake(ctx):
        return
    if floor.acknowledges(ctx) and not floor.commands(ctx):
        _acknowledged(ctx)
    elif floor.said(ctx) and floor.wanted(ctx):
        give(ctx, "command" if floor.commands(ctx) else "words")


def _acknowledged(ctx: Context) -> None:
    if _answers(ctx) or _calls_out(ctx) or _is_awaited(ctx):
        give(ctx, "answer")
    elif ctx.state.floor.state == "judging" and ctx.state.ear.settled:
        keep(ctx, "acknowledgement")


# Its verdict


def decides_at(ctx: Context) -> float:
    """When the voice that goes on takes the floor, or is dismissed."""
    state, it = ctx.state, floor.rules(ctx)
    due = state.candidate_at + floor.decides_s(ctx) - state.candidate_voiced
    return max(due, _words_since(ctx) + it.acknowledged_s) if floor.acknowledges(ctx) else due


def verdict_at(ctx: Context) -> float:
    """When the words of a sound that is over are not waited for any more."""
    state, it = ctx.state, floor.rules(ctx)
    if floor.acknowledges(ctx):
        return max(state.judged_since, _words_since(ctx)) + it.acknowledged_s
    if floor.said(ctx) and floor.wanted(ctx):
        return floor.whole_at(ctx)
    return state.judged_since + it.verdict_s * floor.patience(ctx)


def whole_at(ctx: Context) -> float | None:
    """When a word's beginning is taken for a word, if there is one."""
    return floor.whole_at(ctx) if _at_stake(ctx) and floor.beginning(ctx) else None


def _words_since(ctx: Context) -> float:
    ear = ctx.state.ear
    return ear.partial_since if ear.partial else ear.final_known


def decide(ctx: Context) -> None:
    """Deadline: the sound is an interruption, or it is not."""
    if floor.wanted(ctx):
        give(ctx, "words" if floor.said(ctx) else "voice")
    else:
        keep(ctx, "acknowledgement" if floor.acknowledges(ctx) else floor.weakest(ctx))


def stop_requested(ctx: Context, event: ev.StopRequested) -> None:
    """The turn that is being answered stays what it is, and is not answered."""
    if _at_stake(ctx):
        give(ctx, STOPPED, reopen=False)
        ctx.state.quiet_since = ctx.now


def nothing_at_stake(ctx: Context) -> None:
    """Rule: who has nothing to interrupt is not judged; what they say is a turn."""
    if ctx.state.floor.can("keep") and not _at_stake(ctx):
        _resume(ctx, "nothing to interrupt")


def _answers(ctx: Context) -> bool:
    """Whether the agent has, but for its last words, asked a question."""
    last = ctx.state.replies[ctx.state.queue[-1]]
    rest = len(last.text) - len(last.heard)
    return rest <= floor.rules(ctx).answer_chars and _asks(last)


def _calls_out(ctx: Context) -> bool:
    """Whether the agent only asks if the caller is there: any word says that they are."""
    return all(ctx.state.replies[number].kind == "prompt" for number in ctx.state.queue)


def _is_awaited(ctx: Context) -> bool:
    """Whether nothing is being heard, and a question that wants yes or no may still be open."""
    asked = ending.asked(ctx).kind in ("yes_no", ending.ANYTHING)
    return asked and not speaking.audible(ctx) and floor.may_be_own(ctx) and _is_open(ctx)


def _is_open(ctx: Context) -> bool:
    """Whether what the caller has said since the agent was heard is hardly an answer."""
    for entry in reversed(ctx.state.history):
        if isinstance(entry, CallerTurn):
            whole = plain(entry.text) in ending.SHORT_ANSWERS
            told = whole or consists_of(entry.text, floor.rules(ctx).acknowledgements)
            return not told and word_count(entry.text) <= ending.SHORT
        reply = ctx.state.replies[entry.reply]
        if reply.heard and reply.kind != "filler":
            return True
    return False


def _asks(reply: Reply) -> bool:
    """Whether a question is being said, all of which is known."""
    speaking_it = reply.phase.state == "speaking" and reply.generated
    return speaking_it and is_question(reply.text)


def keep(ctx: Context, reason: str) -> None:
    """Dismiss the sound: the agent goes on from the same word."""
    state = ctx.state
    floor.dismissed(ctx)
    _resume(ctx, reason)
    for reply in (state.replies[number] for number in state.queue):
        reply.heard_at = reply.progress = ctx.now
        if reply.starved is not None:
            reply.starved = ctx.now  # nothing could be heard while it was paused
    if state.ear.listening.state == "pausing":
        set_aside(ctx, reason, ctx.now)


def set_aside(ctx: Context, reason: str, since: float) -> None:
    """Words that do not take the floor are let go of, unless they may answer what is being asked:
    that has to be heard first, soon after `since`.
    """
    ear = ctx.state.ear
    if ear.answer_until is None and _may_answer(ctx):
        ear.answer_until = since + floor.rules(ctx).answer_s
    else:
        drop_words(ctx, reason)
        ear.listening.fire("drop")


def _may_answer(ctx: Context) -> bool:
    queue = ctx.state.queue
    asks = bool(queue) and _asks(ctx.state.replies[queue[-1]])
    return asks and bool(ctx.state.ear.text) and floor.may_be_own(ctx)


def answer_due(ctx: Context) -> float | None:
    """Until when the end of a question is awaited, if it is."""
    return ctx.state.ear.answer_until if speaking.audible(ctx) else None


def no_answer(ctx: Context) -> None:
    """Deadline: the question has not ended soon after what was said."""
    drop_words(ctx, "acknowledgement" if floor.acknowledges(ctx) else "overheard")
    ctx.state.ear.listening.fire("drop")


def _resume(ctx: Context, reason: str) -> None:
    ctx.state.floor.fire("keep")
    ctx.do(act.ResumePlayout(ctx.state.ear.leg))
    ctx.do(act.FloorKept(ctx.state.ear.leg, reason))


def give(ctx: Context, reason: str, *, reopen: bool = True) -> None:
    """Yield the floor: everything that is said or about to be said stops.

    `reopen`: a turn of whose answer nothing was heard goes on with what is said next.
    """
    state = ctx.state
    state.pause_due = None
    if state.floor.can("yield"):
        state.floor.fire("yield")
    if speaking.audible(ctx):
        state.yielded_at = ctx.now
    floor.yielded(ctx)
    ctx.do(act.FloorYielded(state.ear.leg, reason))
    ctx.do(act.ClearPlayout(state.ear.leg))
    state.caller_since = ctx.now
    state.ear.took_floor = state.ear.listening.state != "quiet"
    for reply in [state.replies[r] for r in state.queue]:
        reply.reopens = reopen
        speaking.cancel(ctx, reply)
        if not reply.live:
            _reopen(ctx, reply)


def cleared(ctx: Context, event: ev.PlayoutCleared) -> None:
    """What was heard of the replies that were stopped is known."""
    for reply in list(ctx.state.live.values()):
        if reply.phase.state == "stopping" and reply.leg == event.leg:
            end_stopped(ctx, reply)


def end_stopped(ctx: Context, reply: Reply) -> None:
    """A reply that was told to stop is over."""
    speaking.end(ctx, reply, "clear")
    _reopen(ctx, reply)


def _reopen(ctx: Context, reply: Reply) -> None:
    """If nothing was heard in answer to the newest turn, its words join what is being said now."""
    state, ear = ctx.state, ctx.state.ear
    wanted = reply.reopens and reply.kind == "answer" and not reply.tools
    if not wanted or reply.heard or state.call.state != "active":
        return
    turn = next((h for h in reversed(state.history) if isinstance(h, CallerTurn)), None)
    if turn is None or turn.turn != reply.turn:
        return
    state.history.remove(turn)
    ear.finals[:0] = turn.segments
    ear.reopened |= {s.id for s in turn.segments}
    ear.voice = ear.voice or turn.voice
    ctx.do(act.TurnReopened(ear.leg, turn.turn))
    if ear.idle:  # what has interrupted was no more than a noise
        ear.listening.fire("words")
        ear.onset = ear.anchor = ctx.now


def enter(ctx: Context, segments: list[Segment], why: str) -> int:
    """Words of the caller are a turn of the history; return its number."""
    state, ear = ctx.state, ctx.state.ear
    entry = CallerTurn(state.next_turn, segments, ear.voice)
    state.next_turn += 1
    state.history.append(entry)
    ids = tuple(dict.fromkeys(s.id for s in segments))
    ctx.do(act.TurnCommitted(ear.leg, entry.turn, entry.text, ids, ear.anchor, why))
    return entry.turn


def drop_words(ctx: Context, reason: str) -> None:
    """Let go of the words of the turn, and say why; those that were a turn are one again."""
    ear = ctx.state.ear
    for segment in dict.fromkeys(s.id for s in ear.segments if s.id not in ear.reopened):
        ctx.do(act.SegmentDropped(ear.leg, segment, reason))
    if ear.partial:
        ear.take(ear.partial, by_turn=ear.partial.id in ear.reopened)
    if said := [s for s in ear.segments if s.id in ear.reopened]:
        enter(ctx, said, reason)
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
    if ear.finalize_asked is not None:
        ear.late.append(ear.finalize_asked)
    ear.finalize_asked = ear.began = None
    ear.over = None
    ear.reopened.clear()
    ear.voiced_s = ear.attended_s = 0.0
    ear.speculations = 0
    ear.loudest_dbfs = None
    ear.cut_off = ear.withdrawn = ear.took_floor = False
    ear.answer_until = None
    ear.voice = None
    speaking.cancel_held(ctx)
