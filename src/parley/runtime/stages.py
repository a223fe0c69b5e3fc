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
"""A stage on the event loop that takes longer so often in a row is passed over from then on."""


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
            pcm = self._turn(stage, "audio in", partial(_processed, stage, pcm), pcm)
        return pcm

    def speak(self, pcm: bytes) -> bytes:
        """The agent's audio after all stages."""
        for stage in self.audio_out:
            pcm = self._turn(stage, "audio out", partial(_processed, stage, pcm), pcm)
        return pcm

    async def transcribe(self, text: str, *, final: bool) -> str:
        """What was understood, after all stages."""
        for stage in self.transcript:
            work = partial(_transcript, stage, text, final)
            text = await self._wait(stage, "transcript", work, text)
        return text

    async def tell(self, lines: Sequence[Line]) -> Sequence[Line]:
        """What the responder is told, after all stages."""
        for stage in self.messages:
            lines = await self._wait(stage, "messages", partial(_messages, stage, lines), lines)
        return lines

    def speakable(self, text: str) -> Spoken | None:
        """What is to be said instead of `text`; None where no stage changes it."""
        spoken = None
        for stage in self.reply_text:
            source = spoken.text if spoken else text
            unchanged = Spoken(source, ())
            work = partial(_speakable, stage, source)
            changed = self._turn(stage, "reply text", work, unchanged)
            if changed.text != source:
                spoken = _compose(changed, spoken)
        return spoken

    def watch(self, now: float, event: ev.Event, actions: Sequence[Action]) -> None:
        """Show the step to all who watch."""
        for stage in self.events:
            self._turn(stage, "events", partial(stage.step, now, event, actions), None)

    def _turn(self, stage: object, seam: str, work: Callable[[], T], default: T) -> T:
        """Run a stage on the event loop; pass it over for good when it misbehaves."""
        key = id(stage)
        if key in self._out:
            return default
        began = time.perf_counter()
        try:
            result = work()
        except Exception as error:
            self._out.add(key)
            self._report(stage, seam, error)
            return default
        if time.perf_counter() - began <= TURN_LIMIT_S:
            self._slow.pop(key, None)
            return result
        self._slow[key] += 1
        if self._slow[key] == SLOW_TURNS:
            self._out.add(key)
            limit = f"{SLOW_TURNS} times in a row longer than {TURN_LIMIT_S * 1000:g} ms"
            self._report(stage, seam, _Unfit(limit))
        return result

    async def _wait(
        self, stage: object, seam: str, work: Callable[[], Awaitable[T]], default: T
    ) -> T:
        """Wait for a stage; what it does not bring in time, or breaks down with, is left out."""
        try:
            async with asyncio.timeout(WAIT_LIMIT_S):
                return await work()
        except TimeoutError:
            self._report(stage, seam, _Unfit("deadline"))
        except Exception as error:
            self._report(stage, seam, error)
        return default

    def _report(self, stage: object, seam: str, error: Exception) -> None:
        what = str(error) if isinstance(error, _Unfit) else type(error).__name__
        name = getattr(stage, "name", type(stage).__name__)
        self.failed(ev.StageFailed(str(name), seam, what))


class _Unfit(Exception):
    """What a stage does is not what its Protocol says; the message tells what it is."""


def _processed(stage: AudioStage, pcm: bytes) -> bytes:
    changed = stage.process(pcm)
    if not isinstance(changed, bytes) or len(changed) != len(pcm):
        raise _Unfit("returned no audio of the same length")
    return changed


async def _transcript(stage: TranscriptStage, text: str, final: bool) -> str:
    changed = await stage.transcript(text, final=final)
    if not isinstance(changed, str):
        raise _Unfit("returned no text")
    return changed


async def _messages(stage: MessagesStage, lines: Sequence[Line]) -> Sequence[Line]:
    changed = await stage.messages(lines)
    if not isinstance(changed, Sequence) or not all(isinstance(it, Line) for it in changed):
        raise _Unfit("returned no lines")
    return changed


def _speakable(stage: ReplyTextStage, source: str) -> Spoken:
    changed = stage.speakable(source)
    if not isinstance(changed, Spoken) or not isinstance(changed.text, str):
        raise _Unfit("returned nothing that can be spoken")
    if not _fits(changed, source):
        raise _Unfit("returned an alignment that does not fit")
    return changed


def _fits(spoken: Spoken, source: str) -> bool:
    """Whether the pairs lie within both texts, one after the other."""
    at = source_at = 0
    try:
        for (start, end), (source_start, source_end) in spoken.alignment:
            if not (at <= start <= end and source_at <= source_start <= source_end):
                return False
            at, source_at = end, source_end
    except (TypeError, ValueError):
        return False
    return at <= len(spoken.text) and source_at <= len(source)


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
