"""Every provider breaks in every way: what the caller hears, and that nobody else does."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from support import (
    SETTINGS,
    Carried,
    LevelVad,
    Memory,
    ScriptedCaller,
    an_agent,
    assert_replays,
    call_of,
    carry,
    run_cleanly,
    tts,
)

from parley.core import actions as act
from parley.core import events as ev
from parley.core import trace
from parley.core.settings import cached_phrases
from parley.errors import ProviderAuthError, ProviderRateLimited, ProviderUnavailable
from parley.providers.protocols import LlmText, ToolCall, TtsChunk
from parley.providers.scripted import (
    Fail,
    Final,
    Garbage,
    OnFinalize,
    Partial,
    ScriptedLlm,
    ScriptedStt,
    Stall,
)
from parley.runtime.agent import Agent

GONE = ProviderUnavailable("scripted", "gone")
BARRED = ProviderAuthError("scripted", "the key is wrong")
PHRASES = SETTINGS.phrases
GREETING = "Hello."
FIRST, SECOND = "I am fine. And you?", "So am I."
LATE_S = 2.0
"""The longest silence after the caller's turn."""


async def script(caller: ScriptedCaller) -> None:
    """Two questions; the caller is patient."""
    await caller.listen()
    for _ in range(2):
        await caller.say(1.0)
        await caller.listen(silence_s=7.0, within_s=15.0)


def voice_with(steps: dict[int, Any]) -> Callable[[], Any]:
    """A voice whose n-th request for an answer is a fault; the phrases are cached before."""
    first = len(cached_phrases(SETTINGS))
    return lambda: tts(steps={first + n: step for n, step in steps.items()})


@dataclass(frozen=True)
class Case:
    """A fault, and what the caller hears after the greeting; `asked`: requests to the model."""

    name: str
    heard: Sequence[str]
    llm: Sequence[Any] = ()
    stt: Sequence[Any] = ()
    voice: Callable[[], Any] | None = None
    reason: str = "caller-hung-up"
    asked: int = 2
    marks: Any = ()


def llm(name: str, steps: Sequence[Any], heard: Sequence[str], **more: Any) -> Any:
    return pytest.param(Case(name, heard, llm=steps, **more), id=f"model {name}")


def stt(name: str, steps: Sequence[Any], heard: Sequence[str], **more: Any) -> Any:
    return pytest.param(Case(name, heard, stt=steps, **more), id=f"recogniser {name}")


def voice(name: str, steps: dict[int, Any], heard: Sequence[str], **more: Any) -> Any:
    marks = more.pop("marks", ())
    case = Case(name, heard, voice=voice_with(steps), **more)
    return pytest.param(case, id=f"voice {name}", marks=marks)


ALL = range(20)
FILLER, FILLER_AGAIN = PHRASES.fillers

CASES = [
    llm("is well", [], [FIRST, SECOND]),
    llm("fails once", [Fail(GONE)], [FIRST, SECOND], asked=3),
    llm("fails late, once", [Fail(GONE, after_s=1.0)], [FIRST, SECOND], asked=3),
    llm("fails after some words", [Fail(GONE, text="I do not")], [FIRST, SECOND], asked=3),
    llm("fails twice", [Fail(GONE)] * 2, [PHRASES.apology, FIRST], asked=3),
    llm(
        "fails always",
        [Fail(GONE)] * 4,
        [PHRASES.apology, PHRASES.failure_goodbye],
        asked=4,
        reason="model-failed",
    ),
    llm(
        "is overloaded",
        [Fail(ProviderRateLimited("scripted", "slow down", retry_after=30.0))] * 4,
        [PHRASES.apology, PHRASES.failure_goodbye],
        asked=4,
        reason="model-failed",
    ),
    llm(
        "bars us",
        [Fail(BARRED)] * 2,
        [PHRASES.apology, PHRASES.failure_goodbye],
        reason="model-failed",
    ),
    llm("stalls once", [Stall()], [FILLER, FIRST, SECOND], asked=3),
    llm(
        "stalls always",
        [Stall()] * 4,
        [FILLER, FILLER_AGAIN, FILLER_AGAIN],
        asked=4,
        reason="model-failed",
    ),
    llm("says nothing", [Garbage([])] * 2, [PHRASES.apology, FIRST], asked=3),
    llm("says nothing but blanks", [" \n "] * 2, [PHRASES.apology, FIRST], asked=3),
    llm("talks nonsense", [Garbage([object(), None, 7])], [FIRST, SECOND], asked=3),
    llm("has texts that are none", [Garbage([LlmText(None)])], [FIRST, SECOND], asked=3),
    llm(
        "calls nonsense",
        [Garbage([ToolCall("1", "no_such_tool", "{{{")]), FIRST, SECOND],
        [FIRST, SECOND],
        asked=3,
    ),
    stt("fails to open", [Fail(GONE)], [FIRST, SECOND]),
    stt(
        "is absent",
        [Fail(GONE)] * 2,
        [PHRASES.failure_goodbye],
        asked=0,
        reason="transcriber-failed",
    ),
    stt("bars us", [Fail(BARRED)], [PHRASES.failure_goodbye], asked=0, reason="transcriber-failed"),
    stt("stalls when it opens", [Stall()], [FIRST, SECOND]),
    stt("breaks while the caller speaks", [Fail(GONE, after_s=1.8)], [FIRST, SECOND]),
    stt("breaks when it is to say", [OnFinalize(Fail(GONE))], [FIRST, SECOND]),
    stt("breaks after a partial", [Partial(1.8, "how"), Fail(GONE, 1.9)], [FIRST, SECOND]),
    stt("stalls once", [OnFinalize(Stall())], [PHRASES.unclear, FIRST], asked=1),
    stt(
        "stalls always",
        [OnFinalize(Stall())] * 2,
        [PHRASES.unclear, PHRASES.failure_goodbye],
        asked=0,
        reason="transcriber-failed",
    ),
    stt("hears nothing", [""], [PHRASES.unclear, FIRST], asked=1),
    stt("talks nonsense", [Final(1.8, None)], [FIRST, SECOND]),
    stt("hears too much", [Partial(1.8, str(n)) for n in range(900)], [FIRST, SECOND]),
    voice("fails once", {0: Fail(GONE)}, [FIRST, SECOND]),
    voice("fails in a word, once", {0: Fail(GONE, audio_s=0.3)}, [FIRST, SECOND]),
    voice("fails in the second sentence", {1: Fail(GONE)}, [FIRST, SECOND]),
    voice(
        "fails twice in the second sentence",
        {1: Fail(GONE), 2: Fail(GONE)},
        ["I am fine.", PHRASES.lost_thread, SECOND],
    ),
    voice(
        "fails always",
        dict.fromkeys(ALL, Fail(GONE)),
        [PHRASES.apology, PHRASES.failure_goodbye],
        reason="voice-failed",
    ),
    voice(
        "bars us",
        dict.fromkeys(ALL, Fail(BARRED)),
        [PHRASES.apology, PHRASES.failure_goodbye],
        reason="voice-failed",
    ),
    voice("gives no sound", {0: Garbage([TtsChunk(b"")])}, [FIRST, SECOND]),
    voice("talks nonsense", {0: Garbage([object()])}, [FIRST, SECOND]),
    voice("has words that are none", {0: Garbage([TtsChunk(b"\1\1", [None])])}, [FIRST, SECOND]),
]


@dataclass
class Parts:
    agent: Agent
    llm: ScriptedLlm
    stt: ScriptedStt
    vad: LevelVad = field(default_factory=LevelVad)


def parts_of(case: Case, vad: LevelVad) -> Parts:
    model = ScriptedLlm([*case.llm, FIRST, SECOND] if case.asked != 3 or case.llm else [])
    recogniser = ScriptedStt([*case.stt, "how are you", "me too"], then="")
    agent = an_agent(
        stt=recogniser, llm=model, voice=case.voice() if case.voice else None, vad=vad
    )
    return Parts(agent, model, recogniser, vad)


def well() -> Case:
    return Case("is well", [FIRST, SECOND])


@cache
def alone() -> list[trace.Step]:
    """The steps of a call in which nothing goes wrong."""
    memory = Memory()
    carry(parts_of(well(), LevelVad()).agent, ScriptedCaller(script), memory)
    return memory.steps


def beside(case: Case) -> tuple[Carried, Parts, Memory]:
    """The fault's call, and at the same time one in which nothing goes wrong."""
    vad = LevelVad()
    faulty, other = parts_of(case, vad), parts_of(well(), vad)
    caller, memory, others = ScriptedCaller(script), Memory(), Memory()

    async def main() -> Any:
        await faulty.agent.start()
        await other.agent.start()
        call = asyncio.ensure_future(call_of(faulty.agent, caller, memory).run())
        await asyncio.sleep(0.0073)
        await call_of(other.agent, ScriptedCaller(script), others).run()
        return await call

    outcome = run_cleanly(main())
    assert_replays(memory, faulty.agent.settings)
    assert vad.open_streams == 0
    return Carried(outcome, caller, memory), faulty, others


def plain(steps: Sequence[trace.Step]) -> list[str]:
    """Steps as texts, with times to the microsecond."""
    texts = [f"{s.now:.6f} {s.event} {s.actions}" for s in steps]
    return [t for t in texts if t]


@pytest.mark.parametrize("case", CASES)
def test_a_fault(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    call, parts, _ = beside(case)
    assert call.outcome.reason == case.reason
    assert said(call.caller) == [GREETING, *case.heard]
    waits = [call.caller.silence_after(end) for _, end in call.caller.spoke]
    assert max(waits, default=0.0) <= LATE_S
    assert len(parts.llm.requests) == case.asked


def said(caller: ScriptedCaller) -> list[str]:
    """What was heard, cut into what was meant."""
    text, found = caller.text, []
    known = [GREETING, FIRST.replace(". ", "."), SECOND, *cached_phrases(SETTINGS), "I am fine."]
    while text:
        piece = max((k for k in known if text.startswith(k)), key=len, default=text)
        found.append(FIRST if piece == known[1] else piece)
        text = text[len(piece) :]
    return found
