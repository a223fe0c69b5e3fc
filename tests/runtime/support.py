"""Calls in virtual time: agents made of scripted parts, and what is left of their calls."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from callers import ScriptedCaller
from voices import CHAR, LevelVad, letters, tts

from parley.audio.ledger import WordTime
from parley.core import actions as act
from parley.core import events as ev
from parley.core import trace
from parley.core.settings import (
    EndingSettings,
    PhraseSettings,
    Settings,
    SilenceSettings,
    TurnSettings,
    cached_phrases,
)
from parley.providers.protocols import LanguageModel, SpeechToText, TextToSpeech
from parley.runtime.agent import Agent
from parley.runtime.call import Call, Outcome, Parts
from parley.runtime.responders import ModelResponder, Responder
from parley.runtime.stages import Stages
from parley.runtime.voice import Speech, Voice
from parley.runtime.vtime import VirtualLoop
from parley.speech.vad import SharedVad
from parley.tools.runner import Tool, tool

T = TypeVar("T")


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
    turns=TurnSettings(
        wait_s=0.5, unready_s=0.5, ending=EndingSettings(shortest_s=0.5, longest_s=0.5)
    ),
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
        judge=agent.end_of_turn.open() if agent.end_of_turn else None,
        describer=agent.describer.open(agent.settings.voice_facts) if agent.describer else None,
        hearing=agent.hearing,
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
