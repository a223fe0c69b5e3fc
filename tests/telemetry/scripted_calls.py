"""Calls for the tests of this folder: a core in a shell whose providers follow a script."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from parley.core import actions as act
from parley.core import events as ev
from parley.core.conversation import VERSION, Conversation
from parley.core.events import CALLER
from parley.core.settings import EndingSettings, InterruptionSettings, Settings, TurnSettings
from parley.core.trace import Step, Trace

STEP_LIMIT = 5000

EVEN = EndingSettings(shortest_s=0.45, longest_s=0.45)
"""Every turn ends after the same silence."""


@dataclass(frozen=True)
class Utterance:
    """What the caller says, `begin` seconds after the call's beginning, for `length` seconds."""

    begin: float
    length: float
    text: str
    detected_after: float = 0.1
    partial_after: float | None = 0.05
    final_after: float = 0.3


@dataclass(frozen=True)
class Answer:
    """How a reply comes about: each delay in seconds after the one before."""

    token_after: float | None = 0.2
    chunk_after: float = 0.1
    audio_after: float = 0.15
    length: float = 2.0
    tool_after: float | None = None
    failed_after: float | None = None
    tool_only: bool = False


@dataclass(frozen=True)
class Script:
    """A whole call: the answers are given in turn, over and over again."""

    utterances: tuple[Utterance, ...]
    answers: tuple[Answer, ...] = (Answer(),)
    transport_s: float = 0.04
    hang_up_at: float = 30.0


@dataclass(order=True)
class _Due:
    when: float
    number: int
    event: ev.Event = field(compare=False)
    reply: int | None = field(compare=False, default=None)
    playing: bool = field(compare=False, default=False)


class Shell:
    """Carries out what the core wants in virtual time and keeps the trace."""

    def __init__(self, script: Script, settings: Settings) -> None:
        self.script = script
        self.core = Conversation(settings)
        self.steps: list[Step] = []
        self.now = 0.0
        self.due: list[_Due] = []
        self.numbers = count()
        self.answers: dict[int, Answer] = {}
        self.queue: list[int] = []
        self.lengths: dict[int, float] = {}
        self.closed: set[int] = set()
        self.dead: set[int] = set()
        self.current: int | None = None
        self.paused: list[_Due] | None = None
        self.paused_at = 0.0

    def run(self) -> Trace:
        self.at(0.0, ev.Connected(CALLER))
        self.at(0.01, ev.ListeningReady(CALLER))
        self.at(self.script.hang_up_at, ev.Disconnected(CALLER))
        for segment, said in enumerate(self.script.utterances, 1):
            self.say(segment, said)
        while not self.core.ended:
            assert len(self.steps) < STEP_LIMIT
            self.step()
        steps = tuple(self.steps)
        return Trace(VERSION, self.core.settings, "scripted", "2026-01-01T12:00:00Z", steps)

    def say(self, segment: int, said: Utterance) -> None:
        end = said.begin + said.length
        known = said.begin + said.detected_after
        self.at(known, ev.SpeechStarted(CALLER, said.begin))
        self.at(max(end + said.detected_after, known), ev.SpeechStopped(CALLER, end))
        if said.partial_after is not None:
            self.at(end + said.partial_after, ev.Transcript(CALLER, segment, said.text, False))
        self.at(end + said.final_after, ev.Transcript(CALLER, segment, said.text, True))

    def at(self, when: float, event: ev.Event, reply: int | None = None, **flags: bool) -> None:
        heapq.heappush(self.due, _Due(when, next(self.numbers), event, reply, **flags))

    def step(self) -> None:
        deadline = self.core.next_deadline()
        if deadline is not None and deadline < self.due[0].when:
            self.now, event = max(self.now, deadline), ev.Tick()
        else:
            due = heapq.heappop(self.due)
            self.now, event = max(self.now, due.when), due.event
        if isinstance(event, ev.PlayoutFinished):
            self.queue.remove(event.reply)
            self.current = None
        actions = tuple(self.core.handle(event, self.now))
        self.steps.append(Step(self.now, event, actions))
        for action in actions:
            if carry_out := _CARRY_OUT.get(type(action)):
                carry_out(self, action)
        self.play_next()

    # Replies

    def start(self, action: act.StartReply) -> None:
        answers = self.script.answers
        answer = self.answers[action.reply] = answers[len(self.answers) % len(answers)]
        for when, event in _coming(action.reply, answer, self.now):
            self.at(when, event, action.reply)

    def synthesize(self, action: act.Synthesize) -> None:
        answer = self.answers.get(action.reply, Answer(audio_after=0.0, length=1.0))
        self.lengths[action.reply] = answer.length
        first = self.now + answer.audio_after
        span = action.reply, action.span
        self.at(first, ev.SpanAudio(*span), action.reply)
        self.at(first + 0.1, ev.SpanSynthesized(*span, answer.length), action.reply)

    def run_tool(self, action: act.RunTool) -> None:
        self.at(self.now + 0.4, ev.ToolFinished(action.call, "done"))

    def cancel(self, action: act.CancelReply) -> None:
        self.dead.add(action.reply)
        self.keep(lambda due: due.reply != action.reply or due.playing)

    # Playout

    def play(self, action: act.PlayReply) -> None:
        self.queue.insert(1 if action.aside and self.current else len(self.queue), action.reply)

    def close(self, action: act.CloseReply) -> None:
        self.closed.add(action.reply)

    def play_next(self) -> None:
        ready = [r for r in self.queue if r in self.closed]
        if self.current is not None or self.paused is not None or not ready:
            return
        reply = self.current = ready[0]
        began = self.now + self.script.transport_s
        end = began + self.lengths[reply]
        self.at(began, ev.PlayoutStarted(CALLER, reply, began), playing=True)
        for tenth in range(1, 10):
            heard = began + (end - began) * tenth / 10
            told = ev.Heard(CALLER, reply, 0, 4 * tenth, heard, True)
            self.at(heard + 0.01, told, playing=True)
        self.at(end, ev.PlayoutFinished(CALLER, reply, end), playing=True)

    def pause(self, action: act.PausePlayout) -> None:
        self.paused = [due for due in self.due if due.playing]
        self.paused_at = self.now
        self.keep(lambda due: not due.playing)

    def resume(self, action: act.ResumePlayout) -> None:
        for due in self.paused or ():
            due.when += self.now - self.paused_at
            heapq.heappush(self.due, due)
        self.paused = None

    def clear(self, action: act.ClearPlayout) -> None:
        if self.current is not None:
            silent = self.now if self.paused is None else self.paused_at
            self.at(self.now + 0.01, ev.Heard(CALLER, self.current, 0, 38, silent, False))
        self.queue, self.current, self.paused = [], None, None
        self.keep(lambda due: not due.playing)
        self.at(self.now + 0.02, ev.PlayoutCleared(CALLER))

    def keep(self, wanted: Callable[[_Due], bool]) -> None:
        self.due = [due for due in self.due if wanted(due)]
        heapq.heapify(self.due)


def _coming(reply: int, answer: Answer, now: float) -> Iterator[tuple[float, ev.Event]]:
    if answer.failed_after is not None:
        yield now + answer.failed_after, ev.ReplyFailed(reply, "unavailable", False)
        return
    if answer.token_after is not None:
        now += answer.token_after
        yield now, ev.ReplyToken(reply)
    if answer.tool_after is not None:
        call = ev.ReplyToolCall(reply, f"call-{reply}", "look_up", "{}", 5.0)
        yield now + answer.tool_after, call
    now += max(answer.chunk_after, answer.tool_after or 0.0)
    if not answer.tool_only:
        text = "This is what the agent answers to that."
        yield now, ev.ReplySpan(reply, 0, text, 0, len(text))
    yield now, ev.ReplyGenerated(reply)


_CARRY_OUT: dict[type, Callable] = {
    act.StartReply: Shell.start,
    act.Synthesize: Shell.synthesize,
    act.RunTool: Shell.run_tool,
    act.CancelReply: Shell.cancel,
    act.PlayReply: Shell.play,
    act.CloseReply: Shell.close,
    act.PausePlayout: Shell.pause,
    act.ResumePlayout: Shell.resume,
    act.ClearPlayout: Shell.clear,
}


def scripted_call(*utterances: Utterance, greeting: str = "", **script) -> Trace:
    """The trace of a call; `script` as in `Script`."""
    settings = Settings(
        greeting=greeting,
        turns=TurnSettings(wait_s=0.45, finalize_after_s=0.15, stable_partial_s=0.25, ending=EVEN),
        interruption=InterruptionSettings(voice_s=0.5),
    )
    return Shell(Script(utterances, **script), settings).run()
