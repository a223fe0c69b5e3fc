"""The latency waterfall of a call, computed from nothing but its trace.

The response latency of a turn is the time from the caller's last voiced sample
(`TurnCommitted.at`) to the first sample that the caller heard of an answer or
continuation (`PlayoutStarted.at`). Both ends are audio time: this is the silence between
two turns, as the study of conversation measures it (Stivers et al. 2009,
doi:10.1073/pnas.0903616106). Fillers and other fixed phrases answer nothing; the time to
the first sound of any kind stands beside it. A turn without a last voiced sample (words
without a detected voice, a voice that did not pause) has no latency.

The parts of the response latency partition it along its critical path. Timers of
components overlap where a reply is begun before the turn has ended, so their sum would
not be what was heard. With T0 the last voiced sample and T1 the first heard one, the
milestones are, in this order:

    transcript   the turn's words changed or became final for the last time before `decision`
    decision     the turn was committed; but where the reply was begun before that and not
                 ready by then, the moment at which it was begun: the reply was waited for,
                 not the end of the turn. It was ready if it was played at the commitment
    asked        the responder was asked for the reply that was heard (`StartReply`)
    token        its first token
    chunk        its first piece of text that could be spoken (`ReplySpan`)
    audio        that piece's first audio
    play         playing was asked for (`PlayReply`)
    heard        T1

Each milestone is moved into [T0, T1] and up to the latest of those before it; a part is
the time from the milestone before to its own. Where a milestone is missing, its own part
and the next one are None, and the time of both is in `unattributed_s`: the parts that are
not None always add up to the latency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

from parley.core.reasons import AT_FAULT, EndReason
from parley.core.trace import Trace
from parley.telemetry.milestones import Interruption, Milestones, Reply, Turn, milestones


@dataclass(frozen=True, slots=True)
class Marks:
    """When what happened, in seconds after the last voiced sample; negative before it.

    `decision_s` is when the turn was committed, `transcript_s` when its words last changed
    or became final.
    """

    transcript_s: float | None
    decision_s: float | None
    asked_s: float | None
    first_token_s: float | None
    first_chunk_s: float | None
    first_audio_s: float | None
    play_s: float | None
    heard_s: float | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What the response latency was spent on, in seconds; see the module's definition."""

    transcript_s: float | None = None
    """Until the turn's last words were known."""

    end_of_turn_s: float | None = None
    """Until the turn was taken for ended."""

    rounds_s: float | None = None
    """Until the reply that was heard was begun: failed attempts, and rounds of tools."""

    first_token_s: float | None = None
    """Until its first token."""

    first_chunk_s: float | None = None
    """Until there was enough text to speak."""

    first_audio_s: float | None = None
    """Until the first audio."""

    queue_s: float | None = None
    """Until playing was asked for."""

    playout_s: float | None = None
    """Until the caller heard it."""

    unattributed_s: float | None = None
    """What milestones that are missing leave undivided."""


@dataclass(frozen=True, slots=True)
class TurnLatency:
    """One committed turn. `outcome` is "answered", "reopened" or "unanswered".

    `time_won_s` is what speculation won: how much later the answer would have been heard,
    had it been begun at the decision. That is the time for which it was in preparation
    before the decision and before its first audio. None where it was begun later.
    """

    turn: int
    outcome: str
    reply: int | None
    speculative: bool | None
    response_s: float | None
    first_sound_s: float | None
    time_won_s: float | None
    marks: Marks
    parts: Parts


@dataclass(frozen=True, slots=True)
class InterruptionLatency:
    """A sound of the caller while the agent had something to say.

    `onset_s` is its first voiced sample on the call's clock; from there count the pause
    that was asked for, the last sample of the agent that is known to have been heard
    after that, and the verdict. `outcome` is "yielded", "kept" or "" when the call ended.
    """

    onset_s: float | None
    agent_audible: bool
    paused_after_s: float | None
    silent_after_s: float | None
    decided_after_s: float | None
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Speculation:
    """Replies that were begun before it was known that they were wanted.

    `wasted_tokens` went into all replies of which nothing was heard because they were withdrawn
    or failed, those to turns that were reopened among them; where the model had given no account
    by then, only the pieces of text that had come are counted.
    """

    started: int
    promoted: int
    cancelled: int
    wasted_tokens: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How often what happened. `fillers` are those that were heard."""

    turns: int
    answered: int
    reopened: int
    dropped_segments: int
    replies: int
    failed_replies: int
    fillers: int
    yielded: int
    kept: int
    tools: int
    failed_tools: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A whole call. `simulated`: its clock was virtual, so its times were measured nowhere.

    `complete`: the trace reaches the end of the call.
    """

    call: str
    started: str
    core: str
    simulated: bool
    complete: bool
    duration_s: float | None
    end_reason: str | None
    at_fault: str | None
    turns: tuple[TurnLatency, ...]
    interruptions: tuple[InterruptionLatency, ...]
    speculation: Speculation
    counts: Counts

    def to_json(self) -> dict[str, Any]:
        """Plain values with stable keys: times in milliseconds with one decimal, or None."""
        values: dict[str, Any] = plain(self)
        return values


def waterfall(trace: Trace, *, simulated: bool) -> Waterfall:
    """Compute the waterfall of a call. `simulated`: it took place in virtual time."""
    found = milestones(trace)
    reason = found.end_reason
    return Waterfall(
        call=trace.call,
        started=trace.started,
        core=trace.version,
        simulated=simulated,
        complete=found.ended is not None,
        duration_s=_between(found.connected, found.ended),
        end_reason=reason,
        at_fault=AT_FAULT[EndReason(reason)] if reason in set(EndReason) else None,
        turns=tuple(_turn(turn) for turn in found.turns),
        interruptions=tuple(_interruption(it) for it in found.interruptions),
        speculation=_speculation(found),
        counts=_counts(found),
    )


def plain(value: Any) -> Any:
    """A value for JSON: `x_s` in seconds becomes `x_ms` in milliseconds."""
    if is_dataclass(value):
        return dict(_entry(f.name, getattr(value, f.name)) for f in fields(value))
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def _entry(name: str, value: Any) -> tuple[str, Any]:
    if not name.endswith("_s"):
        return name, plain(value)
    known = value is not None and isfinite(value)
    return f"{name[:-2]}_ms", round(value * 1000, 1) if known else None


def _between(start: float | None, end: float | None) -> float | None:
    """Seconds from one to the other; None where one is missing or they are in disorder."""
    return None if start is None or end is None or end < start else end - start


# Turns


def _turn(turn: Turn) -> TurnLatency:
    answer = turn.answer
    start = turn.at if turn.measured else None
    heard_at = answer.started_at if answer else None
    sounds = [r.started_at for r in turn.replies if r.started_at is not None]
    return TurnLatency(
        turn=turn.turn,
        outcome="answered" if answer else "reopened" if turn.reopened else "unanswered",
        reply=answer.id if answer else None,
        speculative=answer.is_speculative if answer else None,
        response_s=_between(start, heard_at),
        first_sound_s=_between(start, min(sounds, default=None)),
        time_won_s=_time_won(turn, answer),
        marks=_marks(turn, start, answer),
        parts=_parts(_path(turn, answer), start, heard_at) if answer else Parts(),
    )


def _time_won(turn: Turn, answer: Reply | None) -> float | None:
    if answer is None or answer.first_span is None or answer.first_span.audio is None:
        return None
    return _between(answer.asked, min(turn.decided, answer.first_span.audio))


def _marks(turn: Turn, start: float | None, answer: Reply | None) -> Marks:
    reached = [max(turn.transcripts, default=None), turn.decided]
    reached += [*_preparation(answer), answer.started_at] if answer else [None] * 6
    return Marks(*(None if it is None or start is None else it - start for it in reached))


def _preparation(reply: Reply) -> list[float | None]:
    """Asked, first token, first chunk, first audio, playing asked for."""
    span = reply.first_span
    chunk, audio = (span.written, span.audio) if span else (None, None)
    return [reply.asked, reply.first_token, chunk, audio, reply.play_asked]


def _path(turn: Turn, answer: Reply) -> list[float | None]:
    """The milestones on the critical path, without its two ends."""
    decision = _decision(turn, answer)
    known = [it for it in turn.transcripts if decision is not None and it <= decision]
    return [max(known, default=None), decision, *_preparation(answer)]


def _decision(turn: Turn, answer: Reply) -> float | None:
    if not answer.is_speculative:
        return turn.decided
    if answer.play_asked is None:
        return None
    return turn.decided if answer.play_asked <= turn.decided else answer.asked


def _parts(path: list[float | None], start: float | None, end: float | None) -> Parts:
    response = _between(start, end)
    if start is None or end is None or response is None:
        return Parts()
    latest = start
    reached: list[float | None] = [start]
    for milestone in path:
        latest = latest if milestone is None else min(end, max(latest, milestone))
        reached.append(None if milestone is None else latest)
    parts = [_between(*ends) for ends in pairwise([*reached, end])]
    known = sum(part for part in parts if part is not None)
    return Parts(*[*parts, max(0.0, response - known)])


# The call


def _interruption(it: Interruption) -> InterruptionLatency:
    return InterruptionLatency(
        onset_s=it.onset,
        agent_audible=it.agent_audible,
        paused_after_s=_between(it.onset, it.paused),
        silent_after_s=_between(it.onset, it.last_audible),
        decided_after_s=_between(it.onset, it.verdict),
        outcome=it.outcome,
        reason=it.reason,
    )


def _speculation(found: Milestones) -> Speculation:
    replies = [reply for reply in found.replies.values() if reply.is_speculative]
    promoted = sum(reply.promoted_step is not None for reply in replies)
    cancelled = sum(reply.over and reply.promoted_step is None for reply in replies)
    wasted = sum(reply.tokens for reply in found.replies.values() if reply.is_in_vain)
    return Speculation(len(replies), promoted, cancelled, wasted)


def _counts(found: Milestones) -> Counts:
    replies = [reply for reply in found.replies.values() if reply.promoted_step is not None]
    outcomes = [it.outcome for it in found.interruptions]
    return Counts(
        turns=len(found.turns),
        answered=sum(turn.answer is not None for turn in found.turns),
        reopened=sum(turn.reopened for turn in found.turns),
        dropped_segments=found.dropped_segments,
        replies=len(replies),
        failed_replies=sum(reply.outcome == "failed" for reply in replies),
        fillers=sum(reply.filler and reply.heard for reply in replies),
        yielded=outcomes.count("yielded"),
        kept=outcomes.count("kept"),
        tools=found.tools,
        failed_tools=found.failed_tools,
    )
