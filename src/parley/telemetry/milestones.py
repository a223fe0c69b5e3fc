"""When what happened to each turn, reply and interruption of a call, read off its trace.

Only what was recorded counts, events and actions alike. Nothing is replayed, so the
trace of another version of the core can be read, too. Times are seconds on the call's
clock: `at` and `onset` in audio time, all others when the fact became known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import Leg
from parley.core.trace import Trace


@dataclass(slots=True)
class Span:
    """When a piece of a reply's text, and its first audio, existed."""

    written: float
    audio: float | None = None


@dataclass(slots=True)
class Reply:
    """One thing that the agent says. `asked` is None for a phrase from the cache."""

    id: int
    asked: float | None = None
    asked_step: int | None = None
    promoted_step: int | None = None
    first_token: float | None = None
    spans: dict[int, Span] = field(default_factory=dict)
    play_asked: float | None = None
    filler: bool = False
    heard: bool = False
    started_at: float | None = None
    over: bool = False
    outcome: str = ""
    tokens: int = 0

    @property
    def is_answer(self) -> bool:
        """Whether a responder was asked for it."""
        return self.asked is not None

    @property
    def is_speculative(self) -> bool:
        """Whether it was asked for before it was known to be wanted."""
        return self.is_answer and self.asked_step != self.promoted_step

    @property
    def is_in_vain(self) -> bool:
        """Whether it was withdrawn, or failed, before anything of it was heard."""
        return self.is_answer and self.over and not self.heard and self.outcome != "done"

    @property
    def first_span(self) -> Span | None:
        """The first piece that could be heard."""
        return next((span for span in self.spans.values() if span.audio is not None), None)


@dataclass(slots=True)
class Turn:
    """A committed turn of the caller, and what the agent said until the next one.

    `measured`: `at` is the end of a voice that was detected; a turn of words without a
    voice, or of a voice that did not pause, has no last voiced sample.
    """

    turn: int
    at: float
    decided: float
    measured: bool
    transcripts: tuple[float, ...]
    replies: list[Reply] = field(default_factory=list)
    reopened: bool = False

    @property
    def answer(self) -> Reply | None:
        """The first answer or continuation that was heard."""
        return next((reply for reply in self.replies if reply.is_answer and reply.heard), None)


@dataclass(slots=True)
class Interruption:
    """A sound of the caller while the agent had something to say.

    `onset` and `paused` are None where words took the floor without a detected voice.
    """

    leg: Leg
    agent_audible: bool
    onset: float | None = None
    paused: float | None = None
    outcome: str = ""
    reason: str = ""
    verdict: float | None = None
    last_audible: float | None = None


@dataclass(slots=True)
class Milestones:
    """Those of a whole call."""

    connected: float | None = None
    ended: float | None = None
    end_reason: str | None = None
    turns: list[Turn] = field(default_factory=list)
    replies: dict[int, Reply] = field(default_factory=dict)
    interruptions: list[Interruption] = field(default_factory=list)
    dropped_segments: int = 0
    tools: int = 0
    failed_tools: int = 0


@dataclass(slots=True)
class _Reading:
    """The milestones so far, the step that is being read, and what later steps refer to."""

    found: Milestones = field(default_factory=Milestones)
    now: float = 0.0
    step: int = 0
    event: ev.Event = field(default_factory=ev.Tick)
    turn: Turn | None = None
    words: list[tuple[float, Leg, int]] = field(default_factory=list)
    texts: dict[tuple[Leg, int], str] = field(default_factory=dict)
    voice_ends: set[tuple[Leg, float]] = field(default_factory=set)
    voice_began: float | None = None
    undecided: Interruption | None = None
    falling_silent: Interruption | None = None

    def reply(self, reply: int) -> Reply:
        return self.found.replies.setdefault(reply, Reply(reply))

    def interrupted(self, leg: Leg) -> Interruption:
        audible = any(reply.heard and not reply.over for reply in self.found.replies.values())
        self.undecided = Interruption(leg, audible)
        self.found.interruptions.append(self.undecided)
        return self.undecided


def milestones(trace: Trace) -> Milestones:
    """Read a trace from its beginning to its end."""
    it = _Reading()
    for it.step, step in enumerate(trace.steps):
        it.now = max(it.now, step.now)
        it.event = step.event
        for fact in (step.event, *step.actions):
            if read := _READERS.get(type(fact)):
                read(it, fact)
    return it.found


# The call


def _connected(it: _Reading, event: ev.Connected) -> None:
    if it.found.connected is None:
        it.found.connected = it.now


def _call_ended(it: _Reading, action: act.EndCall) -> None:
    it.found.ended, it.found.end_reason = it.now, action.reason


def _tool_run(it: _Reading, action: act.RunTool) -> None:
    it.found.tools += 1


def _tool_ended(it: _Reading, action: act.ToolEnded) -> None:
    it.found.failed_tools += action.outcome in ("failed", "expired")


# Listening


def _voice_ended(it: _Reading, event: ev.SpeechStopped) -> None:
    it.voice_began = None
    it.voice_ends.add((event.leg, event.at))


def _transcript(it: _Reading, event: ev.Transcript) -> None:
    """Words count when they change, and when they become final."""
    segment = event.leg, event.segment
    if event.final or it.texts.get(segment) != event.text:
        it.texts[segment] = event.text
        it.words.append((it.now, *segment))


def _committed(it: _Reading, action: act.TurnCommitted) -> None:
    known = tuple(
        now for now, leg, segment in it.words if leg == action.leg and segment in action.segments
    )
    measured = (action.leg, action.at) in it.voice_ends
    it.turn = Turn(action.turn, action.at, it.now, measured, known)
    it.found.turns.append(it.turn)


def _reopened(it: _Reading, action: act.TurnReopened) -> None:
    for turn in it.found.turns:
        turn.reopened |= turn.turn == action.turn
    it.turn = None


def _dropped(it: _Reading, action: act.SegmentDropped) -> None:
    it.found.dropped_segments += 1


# Replies


def _asked(it: _Reading, action: act.StartReply) -> None:
    reply = it.reply(action.reply)
    reply.asked, reply.asked_step = it.now, it.step


def _promoted(it: _Reading, action: act.PromoteReply) -> None:
    reply = it.reply(action.reply)
    reply.promoted_step = it.step
    if it.turn:
        it.turn.replies.append(reply)


def _token(it: _Reading, event: ev.ReplyToken) -> None:
    reply = it.reply(event.reply)
    if reply.first_token is None:
        reply.first_token = it.now


def _used(it: _Reading, event: ev.ReplyUsed) -> None:
    it.reply(event.reply).tokens += event.input_tokens + event.output_tokens


def _written(it: _Reading, event: ev.ReplySpan) -> None:
    it.reply(event.reply).spans.setdefault(event.span, Span(it.now))


def _retracted(it: _Reading, event: ev.SpanRetracted) -> None:
    reply = it.reply(event.reply)
    if not reply.heard:
        reply.spans.pop(event.span, None)


def _synthesize(it: _Reading, action: act.Synthesize) -> None:
    """A further attempt begins without the audio of the one before."""
    if span := it.reply(action.reply).spans.get(action.span):
        span.audio = None


def _audio(it: _Reading, event: ev.SpanAudio | ev.SpanSynthesized) -> None:
    span = it.reply(event.reply).spans.get(event.span)
    if span and span.audio is None:
        span.audio = it.now


def _play_asked(it: _Reading, action: act.PlayReply) -> None:
    reply = it.reply(action.reply)
    reply.play_asked, reply.filler = it.now, action.aside


def _listened(it: _Reading, action: act.Backchannel) -> None:
    """A backchannel is no reply: nobody waits for it, and nothing is measured."""
    it.reply(action.reply).over = True


def _cancelled(it: _Reading, action: act.CancelReply) -> None:
    it.reply(action.reply).over = True


def _reply_ended(it: _Reading, action: act.ReplyEnded) -> None:
    reply = it.reply(action.reply)
    reply.over, reply.outcome = True, action.outcome


# Playout


def _started(it: _Reading, event: ev.PlayoutStarted) -> None:
    reply = it.reply(event.reply)
    it.falling_silent = None
    if not reply.over and reply.started_at is None:
        reply.heard, reply.started_at = True, event.at


def _heard(it: _Reading, event: ev.Heard) -> None:
    reply = it.reply(event.reply)
    reply.heard |= not reply.over
    if it.falling_silent:
        it.falling_silent.last_audible = max(it.falling_silent.last_audible or 0.0, event.at)


def _finished(it: _Reading, event: ev.PlayoutFinished) -> None:
    reply = it.reply(event.reply)
    reply.heard |= not reply.over


def _cleared(it: _Reading, event: ev.PlayoutCleared) -> None:
    it.falling_silent = None


# Interruptions


def _voice_began(it: _Reading, event: ev.SpeechStarted) -> None:
    """The agent may fall silent for it only later, on a line with false alarms."""
    it.voice_began = event.at


def _paused(it: _Reading, action: act.PausePlayout) -> None:
    candidate = it.falling_silent = it.interrupted(action.leg)
    candidate.onset = it.voice_began
    candidate.paused = it.now


def _kept(it: _Reading, action: act.FloorKept) -> None:
    it.falling_silent = None
    _decided(it, "kept", action.reason)


def _yielded(it: _Reading, action: act.FloorYielded) -> None:
    if it.undecided is None and isinstance(it.event, ev.Transcript):
        it.interrupted(action.leg)
    _decided(it, "yielded", action.reason)


def _decided(it: _Reading, outcome: str, reason: str) -> None:
    if candidate := it.undecided:
        candidate.outcome, candidate.reason, candidate.verdict = outcome, reason, it.now
        it.undecided = None


_READERS: Mapping[type, Callable[[_Reading, Any], None]] = {
    ev.Connected: _connected,
    ev.SpeechStarted: _voice_began,
    ev.SpeechStopped: _voice_ended,
    ev.Transcript: _transcript,
    ev.ReplyToken: _token,
    ev.ReplyUsed: _used,
    ev.ReplySpan: _written,
    ev.SpanRetracted: _retracted,
    ev.SpanAudio: _audio,
    ev.SpanSynthesized: _audio,
    ev.PlayoutStarted: _started,
    ev.Heard: _heard,
    ev.PlayoutFinished: _finished,
    ev.PlayoutCleared: _cleared,
    act.EndCall: _call_ended,
    act.RunTool: _tool_run,
    act.ToolEnded: _tool_ended,
    act.TurnCommitted: _committed,
    act.TurnReopened: _reopened,
    act.SegmentDropped: _dropped,
    act.StartReply: _asked,
    act.PromoteReply: _promoted,
    act.Synthesize: _synthesize,
    act.PlayReply: _play_asked,
    act.Backchannel: _listened,
    act.CancelReply: _cancelled,
    act.ReplyEnded: _reply_ended,
    act.PausePlayout: _paused,
    act.FloorKept: _kept,
    act.FloorYielded: _yielded,
}
