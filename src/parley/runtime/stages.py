"""Custom stages: where somebody else's code may look at a call, or change it.

    audio in → transcript → messages → reply text → audio out; and every step as it happens

A stage is any object with the method of its seam. It has a deadline; when it raises or
takes longer it is passed over, and the trace says so (`StageFailed`). What it returns is
what the core is told, so its output is in the trace too. Audio stages and text stages
run on the event loop for every frame or span: they must return within a millisecond.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from parley.audio.ledger import Range
from parley.core import events as ev
from parley.core.actions import Action
from parley.core.history import Line

T = TypeVar("T")

WAIT_LIMIT_S = 0.15
"""Deadline of the stages that may wait (transcript, messages)."""

TURN_LIMIT_S = 0.005
SLOW_TURNS = 3
"""A stage on the event loop that takes longer so often is passed over from then on."""


class AudioStage(Protocol):
    """Changes audio: PCM16 of the same length and rate comes back."""

    name: str

    def process(self, pcm: bytes) -> bytes: ...


class TranscriptStage(Protocol):
    """Changes what was understood, before anybody acts on it."""

    name: str

    async def transcript(self, text: str, *, final: bool) -> str: ...


class MessagesStage(Protocol):
    """Changes what the responder is told of the conversation."""

    name: str

    async def messages(self, lines: Sequence[Line]) -> Sequence[Line]: ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a voice is to say, and which part of it stands for which part of the source."""

    text: str
    alignment: tuple[tuple[Range, Range], ...]


class ReplyTextStage(Protocol):
    """Changes what is spoken, but not what the history holds."""

    name: str

    def speakable(self, text: str) -> Spoken: ...


class EventStage(Protocol):
    """Watches every step of the call."""

    name: str

    def step(self, now: float, event: ev.Event, actions: Sequence[Action]) -> None: ...


@dataclass(slots=True)
class Stages:
    """The stages of one call, in the order in which they run, and their isolation."""

    audio_in: Sequence[AudioStage] = ()
    transcript: Sequence[TranscriptStage] = ()
    messages: Sequence[MessagesStage] = ()
    reply_text: Sequence[ReplyTextStage] = ()
    audio_out: Sequence[AudioStage] = ()
    events: Sequence[EventStage] = ()
    failed: Callable[[ev.StageFailed], None] = field(default=lambda _: None)
    _slow: Counter[int] = field(default_factory=Counter)
    _out: set[int] = field(default_factory=set)

    def hear(self, pcm: bytes) -> bytes:
        """The caller's audio after all stages."""
        for stage in self.audio_in:
            pcm = self._audio(stage, "audio in", pcm)
        return pcm

    def speak(self, pcm: bytes) -> bytes:
        """The agent's audio after all stages."""
        for stage in self.audio_out:
            pcm = self._audio(stage, "audio out", pcm)
        return pcm

    async def transcribe(self, text: str, *, final: bool) -> str:
        """What was understood, after all stages."""
        for stage in self.transcript:
            text = await self._wait(
                stage.name, "transcript", stage.transcript(text, final=final), text
            )
        return text

    async def tell(self, lines: Sequence[Line]) -> Sequence[Line]:
        """What the responder is told, after all stages."""
        for stage in self.messages:
            lines = await self._wait(stage.name, "messages", stage.messages(lines), lines)
        return lines

    def speakable(self, text: str) -> Spoken | None:
        """What is to be said instead of `text`; None where no stage changes it."""
        spoken = None
        for stage in self.reply_text:
            source = spoken.text if spoken else text
            work = partial(stage.speakable, source)
            changed = self._turn(stage, stage.name, "reply text", work, None)
            if changed is not None and changed.text != source:
                spoken = _compose(changed, spoken)
        return spoken

    def watch(self, now: float, event: ev.Event, actions: Sequence[Action]) -> None:
        """Show the step to all who watch."""
        for stage in self.events:
            work = partial(stage.step, now, event, actions)
            self._turn(stage, stage.name, "events", work, None)

    def _audio(self, stage: AudioStage, seam: str, pcm: bytes) -> bytes:
        changed = self._turn(stage, stage.name, seam, partial(stage.process, pcm), pcm)
        if len(changed) != len(pcm):
            self._pass_over(stage, stage.name, seam, "returned audio of another length")
            return pcm
        return changed

    def _turn(self, stage: object, name: str, seam: str, work: Callable[[], T], default: T) -> T:
        """Run a stage on the event loop; pass it over for good when it misbehaves."""
        if id(stage) in self._out:
            return default
        began = time.perf_counter()
        try:
            result = work()
        except Exception as error:
            self._pass_over(stage, name, seam, type(error).__name__)
            return default
        if time.perf_counter() - began > TURN_LIMIT_S:
            self._slow[id(stage)] += 1
            if self._slow[id(stage)] == SLOW_TURNS:
                limit = f"{SLOW_TURNS} times longer than {TURN_LIMIT_S * 1000:g} ms"
                self._pass_over(stage, name, seam, limit)
        return result

    def _pass_over(self, stage: object, name: str, seam: str, error: str) -> None:
        self._out.add(id(stage))
        self.failed(ev.StageFailed(name, seam, error))

    async def _wait(self, name: str, seam: str, work: Awaitable[T], default: T) -> T:
        try:
            async with asyncio.timeout(WAIT_LIMIT_S):
                return await work
        except TimeoutError:
            self.failed(ev.StageFailed(name, seam, "deadline"))
        except Exception as error:
            self.failed(ev.StageFailed(name, seam, type(error).__name__))
        return default


def _compose(outer: Spoken, inner: Spoken | None) -> Spoken:
    """One alignment for two stages after one another."""
    if inner is None:
        return outer
    pairs = []
    for spoken, middle in outer.alignment:
        touched = [s for m, s in inner.alignment if m[0] < middle[1] and middle[0] < m[1]]
        if touched:
            pairs.append((spoken, (touched[0][0], touched[-1][1])))
    return Spoken(outer.text, tuple(pairs))
