"""What the caller says: voice and words, and when they make a turn."""

import math

from parley.core import actions as act
from parley.core import bargein, ending, floor, holding, recovery, speaking, voicing
from parley.core import events as ev
from parley.core.phrases import begins_with, is_question, plain, remainder, spoken, word_count
from parley.core.state import Context, Reply, Segment

NOT_WANTED = "not wanted"
ENDLESS = "a voice that does not pause"

OVER_S = 1.0
"""So long after a final text with which the recogniser believes the turn to be over, a voice
without further words is taken for somebody else's, or for noise."""

HEARD_AGAIN_S = 10.0
"""So long after it was started a recogniser tells what the one before it has heard."""

# Facts


def speech_started(ctx: Context, event: ev.SpeechStarted) -> None:
    if ctx.settings.turns.push_to_talk:
        ctx.state.ear.voice_until = math.inf
        return
    can = ctx.state.ear.listening.can("voice")
    begin_voice(ctx, event.at)
    if can:
        bargein.voice(ctx, event.at)


def begin_voice(ctx: Context, at: float) -> None:
    """From `at` on the caller speaks."""
    ear = ctx.state.ear
    holding.voice(ctx, at)
    ear.onset = at
    if ear.began is None:
        ear.began = at
    ear.onset_before, ear.onset_known = ear.onset_known, ctx.now
    ear.sound = None
    if ear.listening.can("voice"):
        ear.listening.fire("voice")


def speech_stopped(ctx: Context, event: ev.SpeechStopped) -> None:
    if ctx.settings.turns.push_to_talk:
        ctx.state.ear.voice_until = ctx.now
        return
    if ctx.state.ear.listening.state != "speaking":
        return
    end_voice(ctx, event.at)
    bargein.silence(ctx, event.at)


def end_voice(ctx: Context, at: float) -> None:
    """The caller has spoken until `at`."""
    ear = ctx.state.ear
    ear.anchor = at
    burst = max(0.0, at - ear.onset)
    ear.voiced_s += burst
    holding.silence(ctx, at)
    if burst < ctx.settings.interruption.blip_s:
        # too short for a word: no final text needs to cover it
        ear.onset_known = ear.onset_before
    ear.listening.fire("silence")
    voicing.ask(ctx)


def transcript(ctx: Context, event: ev.Transcript) -> None:
    ear = ctx.state.ear
    if _is_unwanted(ctx):
        _leave_out(ctx, event)
        return
    if event.segment in ear.closed:
        return
    text, known = _untaken(ctx, event), ear.partial
    if event.final:
        _close(ctx, event.segment, text)
    if not text:
        return
    _supersede(ctx, event.segment)
    holding.words(ctx)
    ctx.state.caller_since = ctx.now
    ctx.state.prompts = 0
    ear.unclear = ear.failures = 0
    changed = known is None or known.text != text
    if event.final:  # it corrects the partial text, unless it has more words
        changed = known is None or word_count(known.text) < word_count(text)
        ear.finals.append(Segment(event.segment, text))
    elif changed:
        ear.late.clear()  # who tells newer words owes no older ones
        ear.partial = Segment(event.segment, text)
        ear.partial_since = ctx.now
    if ear.listening.state == "quiet":
        ear.listening.fire("words")
        ear.onset = ear.anchor = ctx.now
    elif ear.listening.state == "pausing" and ear.began is None and changed:
        # of a voice that is not detected only its words are known
        ear.anchor = min(ctx.now, ear.onset + ctx.settings.turns.utterance_limit_s)
    ear.over = event.over if _is_probability(event.over) else None
    voicing.count_words(ctx)
    bargein.words(ctx)


def _is_probability(value: float | None) -> bool:
    return value is not None and 0.0 <= value <= 1.0


def _is_unwanted(ctx: Context) -> bool:
    """Whether a final text is still to come that covers what was taken back."""
    ear = ctx.state.ear
    ear.unwanted = _awaited(ctx, ear.unwanted)
    return bool(ear.unwanted)


def _awaited(ctx: Context, asked: list[float]) -> list[float]:
    """When the final texts were asked for that may yet come."""
    limit_s = ctx.settings.recovery.recognizer_timeout_s
    return [at for at in asked if ctx.now < at + limit_s]


def _leave_out(ctx: Context, event: ev.Transcript) -> None:
    """What is said until the next final text was taken back; that covers nothing newer."""
    ear = ctx.state.ear
    if spoken(event.text) and event.segment not in ear.closed:
        ear.closed.add(event.segment)
        ctx.do(act.SegmentDropped(event.leg, event.segment, NOT_WANTED))
    if event.final:
        ear.closed.add(event.segment)
        ear.final_known = ear.unwanted.pop(0)


def _untaken(ctx: Context, event: ev.Transcript) -> str:
    """The text less what a turn that did not wait for it has taken, or what was dropped."""
    ear, text = ctx.state.ear, spoken(event.text)
    if ear.taken is None:
        return text
    if event.segment == ear.taken.id:
        known = ear.taken_by_turn or begins_with(text, ear.taken.text)
        return spoken(remainder(text, ear.taken.text)) if known else text
    return _less_heard_again(ctx, event.segment, text, ear.taken)


def _less_heard_again(ctx: Context, segment: int, text: str, taken: Segment) -> str:
    """The text less what a turn has taken of the last segment: a recogniser that takes over
    hears that again, as one of its own.
    """
    ear = ctx.state.ear
    is_open = taken.id not in ear.closed and all(s.id != taken.id for s in ear.finals)
    late = ctx.now > ear.hearing_since + HEARD_AGAIN_S
    if not text or late or not ear.taken_by_turn or segment < taken.id or not is_open:
        return text
    if begins_with(text, taken.text):
        _supersede(ctx, segment)
        ear.closed.add(taken.id)
        ear.taken, ear.taken_by_turn = Segment(segment, taken.text), False
        text = spoken(remainder(text, taken.text))
    elif begins_with(taken.text, text):
        text = ""
    if not text:
        ctx.do(act.SegmentDropped(ear.leg, segment, "heard again"))
    return text


def _close(ctx: Context, segment: int, text: str) -> None:
    ear = ctx.state.ear
    ear.closed.add(segment)
    # one that was asked for covers what was said until then
    ear.late = _awaited(ctx, ear.late)
    if ear.late:
        ear.final_known = max(ear.final_known, ear.late.pop(0))
    else:
        ear.final_known = ctx.now if ear.finalize_asked is None else ear.finalize_asked
        ear.finalize_asked = None
    if ear.partial and ear.partial.id == segment:
        ear.partial = None
        if not text and all(s.id != segment for s in ear.finals):
            ear.withdrawn = True
            ctx.do(act.SegmentDropped(ear.leg, segment, "withdrawn by the recogniser"))


def _supersede(ctx: Context, segment: int) -> None:
    """One segment is open at a time: a recogniser that takes over hears the last one again."""
    ear = ctx.state.ear
    again = {s.id for s in ear.segments if s.id != segment and s.id not in ear.closed}
    for stale in sorted(again):
        ctx.do(act.SegmentDropped(ear.leg, stale, "superseded"))
    ear.finals = [s for s in ear.finals if s.id not in again]
    if ear.partial and ear.partial.id in again:
        ear.partial = None


def turn_judged(ctx: Context, event: ev.TurnJudged) -> None:
    """A judgement of a pause that is over says nothing about the next one."""
    ear = ctx.state.ear
    told = _is_probability(event.probability) and math.isfinite(event.cadence)
    if ear.judge_asked == event.at and told:
        ear.judged = event


def media_lost(ctx: Context, event: ev.MediaLost) -> None:
    ear = ctx.state.ear
    if not ear.listening.can("lose"):
        return
    has_words = bool(ear.text)
    if ear.listening.state != "quiet":
        ear.cut_off = True
    if ctx.state.floor.can("keep"):
        bargein.keep(ctx, "media lost")
        ear.cut_off = ear.cut_off or has_words  # they may have been let go of
    ear.listening.fire("lose")
    ear.lost_since = ctx.now


def media_restored(ctx: Context, event: ev.MediaRestored) -> None:
    ear = ctx.state.ear
    if ear.listening.state != "holding":
        return
    ear.anchor = ctx.now
    ctx.state.quiet_since = ctx.state.caller_since = ctx.now
    ear.listening.fire("resume" if ear.cut_off or ear.text else "drop")
    if ear.talking:
        begin_voice(ctx, ctx.now)


# Deadlines


def utterance_ends(ctx: Context) -> float:
    """When a voice that does not pause is not waited for any more."""
    ear = ctx.state.ear
    began = max(ear.onset_known, ear.onset)
    limit = began + ctx.settings.turns.utterance_limit_s
    over = ear.over is not None and ear.over > 0.5 and ear.partial is None and not ear.talking
    if over and ear.final_known > began and not ctx.state.queue:
        limit = min(limit, ear.final_known + OVER_S)
    return max(limit, speaking.stopped_by(ctx))


def utterance_limit(ctx: Context) -> None:
    """A voice that does not pause: take its words for a turn, or call it noise."""
    ear = ctx.state.ear
    ear.anchor = ctx.now
    is_turn = bool(ear.text) and not bargein.blocked(ctx)
    if is_turn:
        commit(ctx, ENDLESS)
    else:
        drop(ctx, ENDLESS)
    if (is_turn or ear.talking or holding.on_hold(ctx)) and ear.listening.can("voice"):
        begin_voice(ctx, ctx.now)


def finalize_due(ctx: Context) -> None:
    ctx.state.ear.finalize_asked = ctx.now
    finalize(ctx)


def may_finalize(ctx: Context) -> bool:
    """Whether the recogniser can be asked for its final text."""
    return ctx.settings.turns.recognizer_finalizes and ctx.state.ear.hearing.state == "open"


def finalize(ctx: Context) -> None:
    """Ask it."""
    ctx.do(act.FinalizeTranscript(ctx.state.ear.leg))


def judgement_due(ctx: Context) -> None:
    ear = ctx.state.ear
    ear.judge_asked = ear.anchor
    ctx.do(act.JudgeTurn(ear.leg, ear.anchor if ear.began is None else ear.began, ear.anchor))


# Rules


def end_turn(ctx: Context) -> None:
    """Commit the turn when it has ended."""
    ear, rules = ctx.state.ear, ctx.settings.turns
    if not may_commit(ctx) or ctx.now < ear.anchor + ending.wait_s(ctx):
        return
    if not ear.settled and ctx.now < ear.anchor + rules.transcript_limit_s:
        return
    if ear.cut_off:
        _ask_again_after_gap(ctx)
    elif not ear.text:
        _nothing_understood(ctx)
    elif speaking.audible(ctx) and _is_listener(ctx):
        bargein.set_aside(ctx, "acknowledgement", ear.anchor)
    elif speaking.audible(ctx) and _is_overheard(ctx):
        bargein.set_aside(ctx, "overheard", ear.anchor)
    elif holding.is_recording(ctx):
        holding.recorded(ctx)
        drop(ctx, "a recording")
    else:
        commit(ctx, ending.why(ctx))


def may_commit(ctx: Context) -> bool:
    """Whether nothing but time is missing for the turn to end."""
    state = ctx.state
    return (
        state.call.state == "active"
        and state.ear.listening.state == "pausing"
        and not state.ear.keys
        and state.floor.state == "settled"
        and not bargein.blocked(ctx)
        and bargein.answer_due(ctx) is None
        and not speaking.stopping(ctx)
    )


def _is_listener(ctx: Context) -> bool:
    """Whether it is a listener's word; who has pressed a key for it wants it to be heard."""
    return floor.acknowledges(ctx) and not ctx.settings.turns.push_to_talk


def _is_overheard(ctx: Context) -> bool:
    """Whether it has lost the floor; with a pressed key nothing is judged by its sound."""
    return floor.lost(ctx) and not ctx.settings.turns.push_to_talk


def commit(ctx: Context, why: str) -> None:
    """The caller has said what they wanted to say; `why` that is believed."""
    state, ear = ctx.state, ctx.state.ear
    if state.queue:
        bargein.give(ctx, "turn")
        if speaking.stopping(ctx):
            return  # what was heard is known when it has stopped
    floor.learn(ctx)
    text = ear.text
    if ear.partial:
        ear.take(ear.partial, by_turn=True)
    turn = bargein.enter(ctx, ear.segments, why)
    ear.listening.fire("commit")
    holding.committed(ctx, text)
    state.owed_since = min(ear.anchor, ctx.now)
    state.fillers = state.rounds = 0
    state.filler_kind = ""
    reply = _prepared(ctx, text)
    state.held = None
    bargein.clear_turn(ctx)
    if reply is None:
        reply = speaking.start(ctx, ear.leg, "answer", turn, text)
    reply.turn = turn
    speaking.promote(ctx, reply)


def _prepared(ctx: Context, text: str) -> Reply | None:
    """The held reply, if it answers these words."""
    if ctx.state.held is None:
        return None
    reply = ctx.state.replies[ctx.state.held]
    if _answers(reply, text):
        return reply
    speaking.cancel(ctx, reply)
    return None


def _nothing_understood(ctx: Context) -> None:
    state, ear, rules = ctx.state, ctx.state.ear, ctx.settings.turns
    stalled = ear.finalize_asked is not None
    meant = ear.withdrawn or ear.took_floor or _is_meant(ctx)
    ask = stalled or (meant and ear.unclear < rules.unclear_limit)
    drop(ctx, "no words")
    if stalled:
        recovery.recognizer_silent(ctx)
    ask = ask and not holding.is_silent(ctx) and not ear.later
    if ask and not state.queue and state.call.state == "active":
        ear.unclear += 1
        speaking.say(ctx, "unclear", ctx.settings.phrases.unclear, leg=ear.leg)


def _is_meant(ctx: Context) -> bool:
    """Whether a voice without words is taken for speech; under what had to be heard it answers
    nothing, and is none unless it sounds like the caller.
    """
    ear, rules = ctx.state.ear, ctx.settings.turns
    if ear.anchor < ctx.state.quiet_since and not rules.push_to_talk:
        return ear.voiced_s >= rules.unclear_voice_s and floor.clear(ctx)
    asked = ending.asked(ctx).kind
    return ear.voiced_s >= (rules.unclear_answer_s if asked else rules.unclear_voice_s)


def _ask_again_after_gap(ctx: Context) -> None:
    drop(ctx, "cut off by a gap in the media")
    if not ctx.state.queue:
        speaking.say(ctx, "gap", ctx.settings.phrases.gap, leg=ctx.state.ear.leg)


def drop(ctx: Context, reason: str) -> None:
    """What was heard is not a turn."""
    bargein.drop_words(ctx, reason)
    ctx.state.ear.listening.fire("drop")


def _take_back(ctx: Context) -> None:
    """Drop what was said now; words of a turn that is answered again stay."""
    ear = ctx.state.ear
    kept = [s for s in ear.finals if s.id in ear.reopened]
    ear.cut_off = False
    if not kept:
        bargein.drop_words(ctx, NOT_WANTED)
        if ear.listening.state == "pausing":
            ear.listening.fire("drop")
        return
    for segment in dict.fromkeys(s.id for s in ear.segments if s.id not in ear.reopened):
        ctx.do(act.SegmentDropped(ear.leg, segment, NOT_WANTED))
    if ear.partial:
        ear.take(ear.partial, by_turn=False)
    ear.finals, ear.partial = kept, None
    ear.onset_known = ear.final_known  # all words that stay are known


def forget(ctx: Context) -> None:
    """What was said is not wanted, nor what the recogniser has yet to say of it."""
    ear = ctx.state.ear
    known, asked, ear.finalize_asked = ear.settled, ear.finalize_asked, None
    _take_back(ctx)
    if may_finalize(ctx) and not known:
        ear.unwanted.append(ctx.now if asked is None else asked)
        if asked is None:
            finalize(ctx)


def speculate(ctx: Context) -> None:
    """Start a reply to words that are probably all; it is held until the turn ends."""
    state, ear = ctx.state, ctx.state.ear
    if _is_contradicted(ctx):
        speaking.cancel_held(ctx)
    if state.held is not None or not _may_speculate(ctx):
        return
    if ear.speculations >= ctx.settings.turns.speculation_limit or _budget_is_spent(ctx):
        return
    ear.speculations += 1
    state.held = speaking.start(ctx, ear.leg, "answer", None, ear.text).id


def _is_contradicted(ctx: Context) -> bool:
    """Whether the held reply answers other words, however these may yet go on."""
    held = ctx.state.held
    return held is not None and not _answers(ctx.state.replies[held], ctx.state.ear.text)


def _answers(reply: Reply, text: str) -> bool:
    """Whether it answers these words, whatever the marks: but a question is one."""
    same = reply.basis == text
    return same or (
        plain(reply.basis) == plain(text) and is_question(reply.basis) == is_question(text)
    )


def _budget_is_spent(ctx: Context) -> bool:
    """Whether so many replies came to nothing that the next is begun when it is wanted."""
    rules, turns = ctx.settings.turns, ctx.state.next_turn - 1
    return ctx.state.withdrawn >= rules.speculation_limit + rules.speculation_waste * turns


def _may_speculate(ctx: Context) -> bool:
    state, ear = ctx.state, ctx.state.ear
    return (
        state.call.state == "active"
        and ear.listening.state in ("speaking", "pausing")
        and not ear.keys
        and not state.queue
        and not speaking.stopping(ctx)
        and not ear.cut_off
        and bool(ear.text)
        and (ear.settled or stable(ctx))
    )


def stable(ctx: Context) -> bool:
    """Whether there is a partial text that has not changed for a while, in a pause."""
    ear = ctx.state.ear
    if ear.partial is None:
        return False
    since = max(ear.partial_since, ear.anchor)
    wait = ctx.settings.turns.stable_partial_s
    return ear.listening.state == "pausing" and ctx.now >= since + wait
