"""Calls in virtual time: a caller who follows a script, over a line that keeps what it played.

The caller's voice is a constant level, which `LevelVad` takes for speech. The agent's
voice spells its text (`SpellingTts`): each character is a block of samples, so that what
was heard can be read off the audio at the transport.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np

from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.ledger import WordTime
from parley.audio.timing import Timing
from parley.core import actions as act
from parley.core import events as ev
from parley.core import trace
from parley.core.settings import PhraseSettings, Settings, SilenceSettings, cached_phrases
from parley.errors import ProviderError
from parley.providers.protocols import (
    LanguageModel,
    SpeechToText,
    TextToSpeech,
    TtsCapabilities,
    TtsChunk,
    TtsRequest,
)
from parley.providers.scripted import ScriptedTts
from parley.runtime.agent import Agent
from parley.runtime.call import Call, Outcome, Parts
from parley.runtime.closing import closing
from parley.runtime.responders import ModelResponder, Responder
from parley.runtime.stages import Stages
from parley.runtime.voice import Speech, Voice
from parley.runtime.vtime import VirtualLoop
from parley.speech.detector import WINDOW, Window
from parley.speech.vad import SharedVad
from parley.tools.runner import Tool, tool
from parley.transports.base import CallSide

T = TypeVar("T")

FRAME_S = 0.02
SILENT = bytes(INBOUND.bytes_for(FRAME_S))
VOICED = b"\x00\x10" * (len(SILENT) // 2)

PAUSING = Timing(can_pause=True, can_clear=True, acknowledges="exact")
CLEARING = Timing(can_pause=False, can_clear=True, acknowledges="exact")
MARKING = Timing(can_pause=False, can_clear=True, acknowledges="marks")
DEAF = Timing(can_pause=False, can_clear=True, acknowledges="none")
UNCLEARABLE = Timing(can_pause=False, can_clear=False, acknowledges="exact")

# The agent's voice

CHAR_S = 0.06
CHAR = round(CHAR_S * OUTBOUND.sample_rate)


class SpellingTts:
    """A scripted voice whose samples spell the text."""

    def __init__(self, scripted: ScriptedTts | None = None) -> None:
        self.scripted = scripted or ScriptedTts(seconds_per_char=CHAR_S, word_times=True)
        self.name = self.scripted.name
        self.capabilities = TtsCapabilities(OUTBOUND, self.scripted.capabilities.word_times)

    @property
    def texts(self) -> list[str]:
        """What it was asked to say, in order."""
        return [request.text for request in self.scripted.requests]

    async def warm(self) -> None:
        await self.scripted.warm()

    async def aclose(self) -> None:
        await self.scripted.aclose()

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        pcm, at = letters(request.text), 0
        async with closing(self.scripted.synthesize(request)) as chunks:
            async for chunk in chunks:
                if not isinstance(chunk, TtsChunk):
                    yield chunk
                    continue
                end = at + len(chunk.pcm)
                yield TtsChunk(pcm[at:end] or chunk.pcm, chunk.words)
                at = end


def tts(**settings: Any) -> SpellingTts:
    """A voice with the settings of `ScriptedTts`."""
    return SpellingTts(ScriptedTts(**{"seconds_per_char": CHAR_S, "word_times": True} | settings))


def letters(text: str) -> bytes:
    """What a `SpellingTts` says."""
    return b"".join(ord(c).to_bytes(2, "big") * CHAR for c in text)


def read(pcm: bytes) -> str:
    """What a `SpellingTts` said; a character counts once half of it was heard."""
    samples = np.frombuffer(pcm, "<u2")
    starts = np.flatnonzero(np.diff(samples, prepend=0))
    counts = np.diff(starts, append=len(samples))
    # The letter is in the high byte of a little-endian sample.
    runs = zip((samples[starts] >> 8).tolist(), counts.tolist(), strict=True)
    return "".join(chr(letter) * round(count / CHAR) for letter, count in runs if letter)


# The caller's voice


class LevelVad:
    """Stands in for `SharedVad`: what is not digital silence is a voice.

    `fail_after_s` lets every stream fail once when so much audio was pushed to it.
    """

    def __init__(self, fail_after_s: float | None = None) -> None:
        self.open_streams = 0
        self.opened = 0
        self.fail_after_s = fail_after_s

    def open(
        self, on_window: Callable[[Window], object], on_failure: Callable[[ProviderError], object]
    ) -> "LevelStream":
        self.open_streams += 1
        self.opened += 1
        return LevelStream(self, on_window, on_failure)


_QUARTER = 2 * WINDOW // 4
_QUIET = bytes(_QUARTER)
_SILENCE = bytes(2 * WINDOW)


class LevelStream:
    """One call's audio."""

    def __init__(self, vad: LevelVad, on_window: Any, on_failure: Any) -> None:
        self._vad = vad
        self._on_window = on_window
        self._on_failure = on_failure
        self._buffer = bytearray()
        self._samples = 0
        self._open = True

    def push(self, pcm: bytes) -> None:
        self._buffer += pcm
        while self._open and len(self._buffer) >= 2 * WINDOW:
            window = bytes(self._buffer[: 2 * WINDOW])
            del self._buffer[: 2 * WINDOW]
            self._samples += WINDOW
            self._on_window(_window(window, self._samples))
        limit = self._vad.fail_after_s
        if limit is not None and self._open and self._samples >= limit * INBOUND.sample_rate:
            self._vad.fail_after_s = None
            self.close()
            self._on_failure(ProviderError("level", "broke down"))

    def close(self) -> None:
        if self._open:
            self._open = False
            self._vad.open_streams -= 1


def _window(pcm: bytes, end: int) -> Window:
    if pcm == _SILENCE:
        return Window(0.01, -90.0, end)
    quarters = (pcm[n : n + _QUARTER] for n in range(0, len(pcm), _QUARTER))
    levels = tuple(-90.0 if quarter == _QUIET else -20.0 for quarter in quarters)
    return Window(0.99, -20.0, end, levels)


# The caller's side of the line


class Loudspeaker:
    """Plays on an exact clock, and keeps what it played: (time, PCM), without seams.

    Nothing is ever played where it is not `driven`.
    """

    def __init__(self, clock: Callable[[], float], *, driven: bool = True) -> None:
        self.played: list[tuple[float, bytearray]] = []
        self.given = 0
        self._clock = clock
        self._driven = driven
        self._waiting = bytearray()
        self._next = 0.0
        self._paused = False

    @property
    def sounding(self) -> bool:
        self.advance()
        return bool(self._waiting) and not self._paused

    @property
    def left_s(self) -> float:
        """Seconds until all has been played."""
        self.advance()
        return OUTBOUND.seconds_in(self._waiting)

    def position(self) -> int:
        self.advance()
        return self.given - len(self._waiting) // 2

    def play(self, pcm: bytes) -> None:
        self.advance()
        if not self._waiting:
            self._next = self._clock()
        self._waiting += pcm
        self.given += len(pcm) // 2

    def pause(self) -> None:
        self.advance()
        self._paused = True

    def resume(self) -> None:
        self.advance()
        if self._paused:
            self._paused = False
            self._next = self._clock()

    def clear(self) -> None:
        self.advance()
        self._waiting.clear()
        self._paused = False

    def advance(self) -> None:
        """Play what is due."""
        if self._paused or not self._waiting or not self._driven:
            return
        due = int((self._clock() - self._next) * OUTBOUND.sample_rate + 1e-3)
        pcm = self._waiting[: 2 * max(0, due)]
        if not pcm:
            return
        del self._waiting[: len(pcm)]
        at, self._next = self._next, self._next + OUTBOUND.seconds_in(pcm)
        if self.played and abs(_end(*self.played[-1]) - at) < 1e-5:
            self.played[-1][1].extend(pcm)
        else:
            self.played.append((at, pcm))


def _end(at: float, pcm: bytearray) -> float:
    return at + OUTBOUND.seconds_in(pcm)


Script = Callable[["ScriptedCaller"], Awaitable[None]]


class ScriptedCaller:
    """A transport whose caller does what `script` says, then hangs up.

    All times are seconds on the call's clock. `spoke` is from when to when they did;
    `clears`, `pauses` and `resumes` are when the call asked for that.
    """

    input: AudioFormat = INBOUND
    output: AudioFormat = OUTBOUND

    def __init__(
        self,
        script: Script,
        timing: Timing = PAUSING,
        *,
        drains: bool = True,
        close_s: float = 0.0,
    ) -> None:
        self.timing = timing
        self.closed = 0
        self.spoke: list[tuple[float, float]] = []
        self.pauses: list[float] = []
        self.resumes: list[float] = []
        self.clears: list[float] = []
        self.speaker = Loudspeaker(self.now, driven=drains)
        self._script = script
        self._drains = drains
        self._close_s = close_s
        self._origin = 0.0
        self._due = 0.0
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._side: CallSide | None = None

    # What the caller does

    @property
    def side(self) -> CallSide:
        assert self._side is not None
        return self._side

    def now(self) -> float:
        return self._loop.time() - self._origin

    async def say(self, seconds: float) -> None:
        """Send a voice, frame by frame."""
        began = self._due
        await self._send(VOICED, seconds)
        self.spoke.append((began, self._due))

    async def quiet(self, seconds: float) -> None:
        """Send silence, frame by frame."""
        await self._send(SILENT, seconds)

    async def send(self, pcm: bytes) -> None:
        """Send this audio, frame by frame."""
        size = len(SILENT)
        for start in range(0, len(pcm), size):
            await self._send(pcm[start : start + size], FRAME_S)

    async def gap(self, seconds: float) -> None:
        """No audio at all."""
        self._due += seconds
        await asyncio.sleep(max(0.0, self._due - self.now()))

    async def listen(self, silence_s: float = 0.8, within_s: float = 20.0) -> None:
        """Be quiet until the agent has spoken, and has then been silent for so long."""
        quiet_since: float | None = None

        def answered() -> bool:
            nonlocal quiet_since
            if self.speaker.sounding:
                quiet_since = self.now()
            return quiet_since is not None and self.now() - quiet_since >= silence_s

        await self._send(SILENT, within_s, answered)

    async def until_speaking(self, for_s: float = 0.0, within_s: float = 20.0) -> None:
        """Be quiet until the agent has been speaking for so long."""
        since: float | None = None

        def speaking() -> bool:
            nonlocal since
            since = (since or self.now()) if self.speaker.sounding else None
            return since is not None and self.now() - since >= for_s

        await self._send(SILENT, within_s, speaking)

    async def _send(
        self, frame: bytes, seconds: float, enough: Callable[[], bool] | None = None
    ) -> None:
        """Send frames, each when its last sample is due, for so long or until it is enough."""
        done = self._loop.create_future()
        left = round(seconds / FRAME_S)
        timer: asyncio.TimerHandle | None = None

        def send() -> None:
            nonlocal left, timer
            self.side.audio(frame)
            left -= 1
            if left <= 0 or (enough and enough()):
                done.set_result(None)
            else:
                self._due += FRAME_S
                timer = self._loop.call_at(self._origin + self._due, send)

        self._due += FRAME_S
        timer = self._loop.call_at(self._origin + self._due, send)
        try:
            await done
        finally:
            timer.cancel()

    # What the caller heard

    @property
    def audio(self) -> bytes:
        self.speaker.advance()
        return b"".join(pcm for _, pcm in self.speaker.played)

    @property
    def text(self) -> str:
        """All that they heard."""
        return read(self.audio)

    def heard_at(self, text: str) -> float:
        """When the first sample of a text was heard. Fails where it was not heard whole."""
        for at, pcm in self.speaker.played:
            found = read(bytes(pcm)).find(text)
            if found >= 0:
                return at + found * CHAR_S
        raise AssertionError(f"{text!r} was not heard, but {self.text!r}")

    def silence_after(self, at: float) -> float:
        """Seconds from then until the agent was heard."""
        starts = (max(start, at) for start, pcm in self.speaker.played if _end(start, pcm) > at)
        return min(starts, default=float("inf")) - at

    # The transport

    async def run(self, side: CallSide) -> None:
        self._side = side
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()
        side.connected()
        await self._script(self)

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self.speaker.play(pcm)
        for mark in marks if self._drains else ():
            self._marks[mark] = self._loop.call_later(self.speaker.left_s, self._mark, mark)

    def _mark(self, mark: str) -> None:
        self._marks.pop(mark).cancel()
        self.side.marked(mark)

    def clear(self) -> None:
        """Marks come back at once, as they do at telephone companies."""
        self.clears.append(self.now())
        self.speaker.clear()
        for mark, timer in list(self._marks.items()):
            timer.cancel()
            self._loop.call_soon(self._mark, mark)

    def pause(self) -> None:
        assert self.timing.can_pause
        self.pauses.append(self.now())
        self.speaker.pause()

    def resume(self) -> None:
        assert self.timing.can_pause
        self.resumes.append(self.now())
        self.speaker.resume()

    def position(self) -> int:
        assert self.timing.acknowledges == "exact"
        return self.speaker.position()

    async def close(self) -> None:
        self.closed += 1
        self._side = None
        for timer in self._marks.values():
            timer.cancel()
        await asyncio.sleep(self._close_s)


# The call


@dataclass(slots=True)
class Memory:
    """A recorder that keeps all in memory, and tells `on_step` of each step."""

    steps: list[trace.Step] = field(default_factory=list)
    heard: list[tuple[float, bytes]] = field(default_factory=list)
    said: list[tuple[float, bytes]] = field(default_factory=list)
    on_step: Callable[[int], None] = lambda _: None

    def caller(self, at_s: float, pcm: bytes) -> None:
        self.heard.append((at_s, pcm))

    def agent(self, at_s: float, pcm: bytes) -> None:
        self.said.append((at_s, pcm))

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        self.steps.append(trace.Step(now, event, tuple(actions)))
        self.on_step(len(self.steps))

    def events(self, kind: type[T]) -> list[T]:
        return [s.event for s in self.steps if isinstance(s.event, kind)]

    def actions(self, kind: type[T]) -> list[T]:
        return [a for s in self.steps for a in s.actions if isinstance(a, kind)]

    def when(self, kind: type) -> list[float]:
        """When facts or wishes of a kind came."""
        steps = ((s.now, (s.event, *s.actions)) for s in self.steps)
        return [now for now, all_ in steps for it in all_ if isinstance(it, kind)]


SETTINGS = Settings(
    greeting="Hello.",
    silence=SilenceSettings(prompt_after_s=10.0, end_after_s=30.0),
    phrases=PhraseSettings(),
)


def prepared(settings: Settings) -> dict[str, tuple[Speech, ...]]:
    """The phrases that a `SpellingTts` would have synthesised beforehand."""
    return {text: (Speech(letters(text), _words(text)),) for text in cached_phrases(settings)}


def _words(text: str) -> tuple[WordTime, ...]:
    places = [match.span() for match in re.finditer(r"\S+", text)]
    return tuple(WordTime(a, b, a * CHAR, b * CHAR) for a, b in places)


def an_agent(
    *,
    stt: SpeechToText,
    llm: LanguageModel | None = None,
    voice: TextToSpeech | None = None,
    responder: Callable[[], Responder] | None = None,
    settings: Settings = SETTINGS,
    vad: LevelVad | None = None,
    tools: Sequence[Callable[..., Any]] = (),
    stages: Callable[[], Stages] = Stages,
    phrases: bool = True,
    **more: Any,
) -> Agent:
    """An agent made of scripted parts; `more` are further fields of `Agent`.

    With `phrases`, these need not be synthesised beforehand any more.
    """
    found: list[Tool] = [it if isinstance(it, Tool) else tool(it) for it in tools]
    return Agent(
        settings=settings,
        stt=stt,
        vad=cast("SharedVad", vad or LevelVad()),
        voice=Voice(voice or tts(), phrases=prepared(settings) if phrases else None),
        responder=responder or (lambda: ModelResponder(cast("LanguageModel", llm))),
        tools={it.definition.name: it for it in found},
        stages=stages,
        others=(llm,) if llm else (),
        **more,
    )


def call_of(agent: Agent, caller: ScriptedCaller, memory: Memory) -> Call:
    """One call of an agent that records into memory. Make it in a running loop."""
    parts = Parts(
        settings=agent.settings,
        stt=agent.stt,
        stt_options=agent.stt_options,
        vad=agent.vad,
        voice=agent.voice,
        responder=agent.responder(),
        tools=agent.tools,
        stages=agent.stages(),
        chunking=agent.chunking,
        gap_s=agent.gap_s,
    )
    return Call(parts, caller, memory)


@dataclass(slots=True)
class Carried:
    """A call that is over."""

    outcome: Outcome
    caller: ScriptedCaller
    memory: Memory

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(line.who, line.text) for line in self.outcome.transcript]


def carry(agent: Agent, caller: ScriptedCaller, memory: Memory | None = None) -> Carried:
    """Let one call happen, and see that nothing is left of it and that its trace replays."""
    kept = memory or Memory()

    async def main() -> Outcome:
        await agent.start()
        return await call_of(agent, caller, kept).run()

    outcome = run_cleanly(main())
    assert_replays(kept, agent.settings)
    return Carried(outcome, caller, kept)


def assert_replays(memory: Memory, settings: Settings) -> None:
    """The trace survives being written and read, and this core acts the same again."""
    header = trace.header(settings, "call", "2026-01-01T00:00:00+00:00")
    written = header + "".join(trace.line(s.now, s.event, s.actions) for s in memory.steps)
    read_back = trace.parse(written)
    assert read_back.steps == tuple(memory.steps)
    assert list(trace.replay(read_back)) == []


def run_cleanly(main: Coroutine[Any, Any, T]) -> T:
    """Run in virtual time; then no task, timer or exception may be left over."""
    problems: list[Mapping[str, Any]] = []

    async def watched() -> T:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: problems.append(context))
        result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"still running: {left}"
        timers = [t for t in loop._scheduled if not t.cancelled()]  # type: ignore[attr-defined]
        assert not timers, f"still waiting: {timers}"
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(watched())
    assert not problems, problems
    return result


async def heedless(seconds: float) -> None:
    """Sleep so long, whoever cancels it."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(until - loop.time())
