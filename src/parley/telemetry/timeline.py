"""A call as a human reads it: who did what and when, and where the time went.

`timeline` is plain data; `render_timeline` and `render_waterfall` show it in a terminal
of 80 columns or more. All of it holds the caller's words: it is for eyes, not for logs.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import groupby
from typing import Any
from unicodedata import category

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from parley.core import actions as act
from parley.core import events as ev
from parley.core.trace import Step, Trace
from parley.telemetry.waterfall import InterruptionLatency, Parts, TurnLatency, Waterfall

BAR_CELLS = 40
"""How many columns the longest response of a call takes."""

PART_LABELS = {
    "transcript_s": "last words",
    "end_of_turn_s": "end of turn",
    "rounds_s": "tools, retries",
    "first_token_s": "first token",
    "first_chunk_s": "first chunk",
    "first_audio_s": "first audio",
    "queue_s": "queue",
    "playout_s": "playout",
    "unattributed_s": "unattributed",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened.

    `now` is seconds on the call's clock, `delta` seconds since the row before, None for
    what the core did about it at once. `who`: a leg, "agent" or "core".
    """

    now: float
    delta: float | None
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Section:
    """What happened from one beginning of the caller's speech to the next."""

    title: str
    rows: tuple[Row, ...]


# Phrases

_Phrase = str | Callable[[Any], str]


def _transcript(it: ev.Transcript) -> str:
    return f"“{it.text}”" if it.final else f"“{it.text}” …"


def _play(it: act.PlayReply) -> str:
    return f"reply {it.reply}: play{' in between' if it.aside else ''}"


def _synthesize(it: act.Synthesize) -> str:
    again = f", attempt {it.attempt}" if it.attempt > 1 else ""
    what = f"“{it.text}” from the cache" if it.cached else f"span {it.span}"
    return f"reply {it.reply}: speak {what}{again}"


def _understood(it: ev.ReplyUnderstood) -> str:
    return f"reply {it.reply}: {_value(it)}"


def _known(it: act.Understood) -> str:
    return f"UNDERSTOOD {_value(it)}"


def _value(it: ev.ReplyUnderstood | act.Understood) -> str:
    what = it.label or it.name
    return f"{what}: “{it.value}”" if it.value else f"{what}: not known"


def _expects(it: ev.ReplyExpects) -> str:
    asks = f"asks for {it.kind} “{it.question}”" if it.kind else "asks for nothing"
    return f"reply {it.reply}: {asks}"


def _expect(it: act.Expect) -> str:
    return f"listen for {it.kind}" if it.kind else "listen for anything"


def _await_answer(it: act.AwaitAnswer) -> str:
    return "an answer is awaited" if it.awaited else "no answer is awaited"


def _voice(it: ev.VoiceDescribed) -> str:
    facts = {k: v for k, v in asdict(it).items() if k not in ("leg", "at") and v is not None}
    return "sounds so: " + ", ".join(f"{name} {value}" for name, value in facts.items())


def _consent(it: ev.ConsentRecorded) -> str:
    what = "consents to" if it.given else "takes back the consent to"
    return f"{what} {it.what}: {it.evidence}"


_CALLER: Mapping[type, _Phrase] = {
    ev.Connected: "connected",
    ev.Disconnected: "gone",
    ev.MediaLost: "no audio arrives any more",
    ev.MediaRestored: "audio arrives again",
    ev.SpeechStarted: "begins to speak",
    ev.SpeechStopped: "pauses",
    ev.Transcript: _transcript,
    ev.TalkStarted: "talks",
    ev.TalkEnded: "has finished talking",
    ev.StopRequested: "wants the agent to stop",
    ev.KeyPressed: "presses {key}",
    ev.SoundJudged: "{voiced_s:.1f} s of voice: speech with {speech:.0%}, {level_dbfs:.0f} dBFS",
    ev.TurnJudged: "sounds as if it were over, with {probability:.0%}; cadence {cadence:+.1f}",
    ev.VoiceDescribed: _voice,
    ev.ConsentRecorded: _consent,
}

_AGENT: Mapping[type, _Phrase] = {
    ev.ListeningReady: "recogniser is ready",
    ev.ListeningFailed: "recogniser failed: {category}",
    ev.ReplyToken: "reply {reply}: first token",
    ev.ReplySpan: "reply {reply}: writes “{text}”",
    ev.SpanRetracted: "reply {reply}: takes span {span} back",
    ev.ReplyToolCall: "reply {reply}: wants tool {name} {arguments} ({call})",
    ev.ReplyEndsCall: "reply {reply}: wants the call to end",
    ev.ReplyMustBeHeard: "reply {reply}: must be heard to its end",
    ev.ReplyUnderstood: _understood,
    ev.ReplyExpects: _expects,
    ev.ReplyGenerated: "reply {reply}: text is complete",
    ev.ReplyFailed: "reply {reply}: model failed: {category}",
    ev.ReplyUsed: "reply {reply}: {input_tokens} tokens in, {output_tokens} out",
    ev.SpanAudio: "reply {reply}: first audio of span {span}",
    ev.SpanSynthesized: "reply {reply}: all audio of span {span}, {seconds:.2f} s",
    ev.SpanFailed: "reply {reply}: voice failed in span {span}: {category}",
    ev.PlayoutStarted: "reply {reply}: first sample heard",
    ev.Heard: "reply {reply}: heard",
    ev.PlayoutStarved: "reply {reply}: ran dry",
    ev.PlayoutFinished: "reply {reply}: heard to its end",
    ev.PlayoutCleared: "transport is cleared",
    ev.StageFailed: "stage {stage} ({seam}) passed over: {error}",
    ev.ToolFinished: "tool {call}: {result}",
    ev.ToolFailed: "tool {call} failed: {error}",
}

_CORE: Mapping[type, _Phrase] = {
    ev.Tick: "a deadline has passed",
    ev.EndRequested: "the call is to end: {reason}",
    act.Listen: "listen",
    act.FinalizeTranscript: "ask for the final text",
    act.JudgeTurn: "ask whether it sounds as if it were over",
    act.DescribeVoice: "ask how it sounds",
    act.RestartListening: "restart the recogniser",
    act.Expect: _expect,
    act.AwaitAnswer: _await_answer,
    act.StopListening: "stop listening",
    act.StartReply: "reply {reply}: ask the responder, attempt {attempt}",
    act.PromoteReply: "reply {reply}: wanted",
    act.PlayReply: _play,
    act.CancelReply: "reply {reply}: cancel",
    act.Synthesize: _synthesize,
    act.CancelSynthesis: "reply {reply}: drop span {span}",
    act.CloseReply: "reply {reply}: complete",
    act.ShortenReply: "reply {reply}: end after this word, the answer waits",
    act.Backchannel: "listens: “{text}” ({reply})",
    act.PausePlayout: "pause the playout",
    act.ResumePlayout: "resume the playout",
    act.ClearPlayout: "clear the playout",
    act.RunTool: "tool {call}: run {name}",
    act.CancelTool: "tool {call}: cancel",
    act.EndCall: "END OF CALL: {reason}",
    act.TurnCommitted: "TURN {turn}: “{text}”",
    act.TurnReopened: "turn {turn} is reopened",
    act.SegmentDropped: "segment {segment} is dropped: {reason}",
    act.FloorKept: "FLOOR KEPT: {reason}",
    act.FloorYielded: "FLOOR YIELDED: {reason}",
    act.HoldBegan: "ON HOLD: {kind}",
    act.HoldEnded: "HOLD ENDS: {reason}",
    act.Understood: _known,
    act.ReplyEnded: "reply {reply}: {outcome}; heard: “{heard}”",
    act.ToolEnded: "tool {call}: {outcome}",
}

_PHRASES = {**_CALLER, **_AGENT, **_CORE}


def _phrase(fact: Any) -> str:
    phrase = _PHRASES[type(fact)]
    return phrase.format(**asdict(fact)) if isinstance(phrase, str) else phrase(fact)


def _who(fact: Any) -> str:
    if type(fact) in _CALLER:
        return str(fact.leg)
    return "agent" if type(fact) in _AGENT else "core"


# Timeline


def timeline(trace: Trace) -> tuple[Section, ...]:
    """The rows of a call, in sections.

    Deadlines that changed nothing are left out. What was heard or understood bit by bit,
    with nothing in between, is one row.
    """
    spoken, before = _Spoken(), 0.0
    sections = []
    for steps in _sections(trace.steps):
        rows: list[Row] = []
        for _, run in groupby(enumerate(steps), _run):
            rows += _rows([step for _, step in run], before, spoken)
            before = rows[-1].now
        sections.append(Section(_title(steps), tuple(rows)))
    return tuple(sections)


def _sections(steps: tuple[Step, ...]) -> Iterator[list[Step]]:
    """A voice begins a section, unless what was said before it awaits its end."""
    section: list[Step] = []
    open_turn = False
    for step in steps:
        if isinstance(step.event, ev.SpeechStarted) and section and not open_turn:
            yield section
            section = []
        open_turn |= isinstance(step.event, ev.SpeechStarted)
        open_turn &= not any(isinstance(a, _VERDICTS) for a in step.actions)
        if step.actions or not isinstance(step.event, ev.Tick):
            section.append(step)
    if section:
        yield section


_VERDICTS = (act.TurnCommitted, act.FloorKept, act.SegmentDropped)


def _title(steps: list[Step]) -> str:
    actions = [action for step in steps for action in step.actions]
    turns = [f"turn {action.turn}" for action in actions if isinstance(action, act.TurnCommitted)]
    kept = any(isinstance(action, act.FloorKept) for action in actions)
    return ", ".join(turns) or ("floor kept" if kept else "call")


def _run(numbered: tuple[int, Step]) -> tuple[Any, ...]:
    """Equal for steps that make one row."""
    number, step = numbered
    match step:
        case Step(event=ev.Heard(reply=reply), actions=()):
            return "heard", reply
        case Step(event=ev.Transcript(leg=leg, segment=segment, final=False), actions=()):
            return "understood", leg, segment
    return (number,)


@dataclass(slots=True)
class _Spoken:
    """What the spans' texts are, and how many of their characters were heard."""

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    chars: dict[tuple[int, int], int] = field(default_factory=dict)

    def learn(self, action: act.Action) -> None:
        if isinstance(action, act.Synthesize):
            self.texts[action.reply, action.span] = action.text

    def hear(self, event: ev.Heard) -> str:
        """The words that this adds."""
        span = event.reply, event.span
        start = self.chars.get(span, 0)
        self.chars[span] = max(start, event.chars)
        added = self.texts.get(span, "")[start : event.chars]
        return added if start else f" {added}"


def _rows(run: list[Step], before: float, spoken: _Spoken) -> Iterator[Row]:
    step = run[-1]
    heard = [spoken.hear(s.event) for s in run if isinstance(s.event, ev.Heard)]
    words = f" “{' '.join(''.join(heard).split())}”" if heard else ""
    what = _phrase(step.event) + words + _late(step)
    yield Row(step.now, step.now - before, _who(step.event), what)
    for action in step.actions:
        spoken.learn(action)
        yield Row(step.now, None, _who(action), _phrase(action) + _waited(step, action))


def _late(step: Step) -> str:
    """How long ago it was, where that is not now."""
    at = getattr(step.event, "at", step.now)
    ago = round((step.now - at) * 1000)
    return f" ({ago} ms ago)" if ago > 0 else ""


def _waited(step: Step, action: act.Action) -> str:
    if not isinstance(action, act.TurnCommitted):
        return ""
    keyed = bool(action.segments) and action.segments[-1] < 0
    what = "it was complete" if keyed else "the last voiced sample"
    why = f"; {action.why}" if action.why else ""
    return f" ({round((step.now - action.at) * 1000)} ms after {what}{why})"


def render_timeline(trace: Trace) -> RenderableType:
    """Show a trace: seconds on the call's clock, seconds since the row before, who, what."""
    end = f", {trace.steps[-1].now:.1f} s" if trace.steps else ""
    title = f"call {trace.call}, started {trace.started}, {len(trace.steps)} steps{end}"
    shown: list[RenderableType] = [_text(title, "bold")]
    for section in timeline(trace):
        shown += [Rule(_text(section.title), align="left", style="dim"), _table(section)]
    return Group(*shown)


def _table(section: Section) -> Table:
    table = Table.grid(padding=(0, 1))
    for _ in ("now", "delta"):
        table.add_column(justify="right", no_wrap=True, width=9)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in section.rows:
        style = _STYLES.get(row.who, "cyan")
        times = ("", "") if row.delta is None else (f"{row.now:.3f}", f"+{row.delta:.3f}")
        table.add_row(*times, _text(row.who, style), _text(row.what, style))
    return table


_STYLES = {"agent": "green", "core": "dim"}


def _text(words: str, style: str = "") -> Text:
    """Words as they are: without markup, and without anything that steers a terminal."""
    unsafe = ("Cc", "Cs")
    return Text("".join("\ufffd" if category(c) in unsafe else c for c in words), style)


# Waterfall


def render_waterfall(call: Waterfall) -> RenderableType:
    """Show where the time of each response went; all bars of a call have one scale."""
    longest = max((turn.response_s or 0.0 for turn in call.turns), default=0.0)
    shown = [_text(_heading(call), "bold")]
    for turn in call.turns:
        shown += [_text(_turn(turn)), *_bars(turn.parts, longest)]
    shown += [_text(_interruption(it)) for it in call.interruptions]
    it = call.speculation
    said = f"speculation: {it.started} started, {it.promoted} used, {it.cancelled} cancelled"
    shown.append(_text(said + f", {it.wasted_tokens} tokens in vain" * bool(it.wasted_tokens)))
    return Group(*shown)


def _heading(call: Waterfall) -> str:
    clock = ", simulated" if call.simulated else ""
    length = f", {call.duration_s:.1f} s" if call.duration_s is not None else ""
    return f"call {call.call}{length}{clock}: {call.end_reason or 'its end is not recorded'}"


def _turn(turn: TurnLatency) -> str:
    said = f"turn {turn.turn} {turn.outcome}"
    if turn.outcome == "answered":
        said += f" after {_ms(turn.response_s)}"
    if turn.first_sound_s != turn.response_s:
        said += f", first sound after {_ms(turn.first_sound_s)}"
    if turn.time_won_s:
        said += f", {_ms(turn.time_won_s)} won by speculation"
    return said


def _bars(parts: Parts, longest: float) -> Iterator[Text]:
    """A bar for each part that took time; none where the parts are not all known."""
    values = {f.name: getattr(parts, f.name) for f in fields(parts)}
    known = all(value is not None for value in values.values())
    reached = 0.0
    for name, value in values.items():
        if value is None or round(value, 4) == 0:
            continue
        start = min(BAR_CELLS - 1, round(reached / longest * BAR_CELLS))
        reached += value
        cells = max(1, round(reached / longest * BAR_CELLS) - start) if known else 0
        bar = f"{' ' * start}{'█' * cells}" if known else ""
        yield Text(f"  {PART_LABELS[name]:<15}{bar:<{BAR_CELLS}}{_ms(value):>11}")


def _interruption(it: InterruptionLatency) -> str:
    when = f" at {it.onset_s:.1f} s" if it.onset_s is not None else ""
    silent = f"silent after {_ms(it.silent_after_s)}, " if it.silent_after_s is not None else ""
    after = f" after {_ms(it.decided_after_s)}" if it.decided_after_s is not None else ""
    reason = f" ({it.reason})" if it.reason else ""
    return f"interruption{when}: {silent}{it.outcome or 'undecided'}{after}{reason}"


def _ms(seconds: float | None) -> str:
    return "an unknown time" if seconds is None else f"{seconds * 1000:.0f} ms"
