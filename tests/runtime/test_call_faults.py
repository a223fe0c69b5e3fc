"""Every provider breaks in every way: what the caller hears, and that nobody else does."""

import asyncio
import itertools
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import pytest
from callers import ScriptedCaller
from support import SETTINGS, Carried, Memory, an_agent, assert_replays, call_of, carry, run_cleanly
from voices import CHAR_S, LevelVad, SpellingTts, tts

from parley.core import actions as act
from parley.core import events as ev
from parley.core import trace
from parley.errors import ProviderAuthError, ProviderRateLimited, ProviderUnavailable
from parley.providers.protocols import (
    LlmPart,
    LlmRequest,
    LlmText,
    SttOptions,
    SttResult,
    SttStream,
    ToolCall,
    TtsChunk,
    TtsRequest,
)
from parley.providers.scripted import (
    Fail,
    Final,
    Garbage,
    OnFinalize,
    Partial,
    ScriptedLlm,
    ScriptedStt,
    ScriptedTts,
    Stall,
)
from parley.runtime import replies
from parley.runtime.agent import Agent
from parley.runtime.closing import closing
from parley.runtime.ear import RESULTS
from parley.runtime.voice import SLACK_S, SLOWEST

GONE = ProviderUnavailable("scripted", "gone")
BARRED = ProviderAuthError("scripted", "the key is wrong")
PHRASES = SETTINGS.phrases
FIRST, SECOND = "I am fine. And you?", "So am I."
LATE_S = 2.0
"""The longest silence after the caller's turn."""


async def script(caller: ScriptedCaller) -> None:
    """Two questions; the caller is patient."""
    await caller.quiet(1.2)
    for _ in range(2):
        await caller.say(1.0)
        await caller.listen(silence_s=7.0, within_s=30.0)


def voice_with(steps: dict[int, Any]) -> Callable[[], Any]:
    """A voice whose n-th request is a fault."""
    return lambda: tts(steps=steps)


@dataclass(frozen=True)
class Case:
    """A fault, and what the caller hears; `asked` is how often the model is."""

    name: str
    heard: Sequence[str]
    greeted: bool = True
    llm: Sequence[Any] = ()
    stt: Sequence[Any] = ()
    voice: Callable[[], Any] | None = None
    reason: str = "caller-hung-up"
    asked: int = 2


def llm(name: str, steps: Sequence[Any], heard: Sequence[str], **more: Any) -> Any:
    return pytest.param(Case(name, heard, llm=steps, **more), id=f"model {name}")


def stt(name: str, steps: Sequence[Any], heard: Sequence[str], **more: Any) -> Any:
    return pytest.param(Case(name, heard, stt=steps, **more), id=f"recogniser {name}")


def voice(name: str, steps: dict[int, Any], heard: Sequence[str], **more: Any) -> Any:
    case = Case(name, heard, voice=voice_with(steps), **more)
    return pytest.param(case, id=f"voice {name}")


ALL = range(20)
FILLER = PHRASES.fillers[0]
STALLED = [FILLER, *PHRASES.still]

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
        [Fail(BARRED)],
        [PHRASES.failure_goodbye],
        asked=1,
        reason="model-failed",
    ),
    llm("stalls once", [Stall()], [FILLER, "Still workin", FIRST, SECOND], asked=3),
    llm(
        "stalls always",
        [Stall()] * 4,
        [*STALLED, PHRASES.apology, *STALLED[:-1], "Just a moment.", PHRASES.failure_goodbye],
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
        greeted=False,
    ),
    stt(
        "bars us",
        [Fail(BARRED)],
        [PHRASES.failure_goodbye],
        asked=0,
        reason="transcriber-failed",
        greeted=False,
    ),
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
    stt(
        "floods us",
        [Partial(1.3, str(n)) for n in range(900)],
        [FIRST, SECOND],
    ),
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
        [PHRASES.failure_goodbye],
        asked=1,
        reason="voice-failed",
    ),
    voice("stalls once", {0: Stall()}, [FILLER, FIRST, SECOND]),
    voice(
        "stalls twice",
        {0: Stall(), 2: Stall()},
        [FILLER, PHRASES.apology, SECOND],
    ),
    voice(
        "stalls in a word",
        {0: Stall(audio_s=0.5)},
        ["I am finAnd you?", PHRASES.lost_thread, SECOND],
    ),
    voice(
        "stalls in the second sentence",
        {1: Stall()},
        ["I am fine.", FILLER, "And you?", SECOND],
    ),
    voice(
        "stalls twice in the second sentence",
        {1: Stall(), 2: Stall()},
        ["I am fine.", FILLER, PHRASES.lost_thread, SECOND],
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
    agent = an_agent(stt=recogniser, llm=model, voice=case.voice() if case.voice else None, vad=vad)
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


def rounded(step: object) -> str:
    """A step in words, its times to the microsecond."""
    return re.sub(r"\d+\.\d+(e-\d+)?", lambda time: f"{float(time[0]):.6f}", str(step))


@pytest.mark.parametrize("case", CASES)
def test_a_fault(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    call, parts, other = beside(case)
    assert call.outcome.reason == case.reason
    heard = [SETTINGS.greeting] * case.greeted + [*case.heard]
    assert call.caller.text == "".join(text.replace(". And", ".And") for text in heard)
    waits = [call.caller.silence_after(end) for _, end in call.caller.spoke]
    assert max(waits, default=0.0) <= LATE_S
    assert len(parts.llm.requests) == case.asked
    assert list(map(rounded, other.steps)) == list(map(rounded, alone()))


def test_a_tool_call_whose_arguments_are_no_text(caplog: pytest.LogCaptureFixture) -> None:
    async def look_up(what: str) -> str:
        """Look something up."""
        return what

    steps = [Garbage([ToolCall("1", "look_up", {"what": "x"})]), FIRST, SECOND]  # type: ignore[arg-type]
    stt = ScriptedStt(["how are you", "me too"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm(steps), tools=[look_up])
    call = carry(agent, ScriptedCaller(script))
    assert [tool.outcome for tool in call.memory.actions(act.ToolEnded)] == ["failed"]
    assert call.lines[-3:] == [("agent", FIRST), ("caller", "me too"), ("agent", SECOND)]
    assert "unexpected error in tool" in caplog.text


# Floods

LONGEST = 1000


class Flood:
    """A model that never stops, and never waits."""

    def __init__(self, part: LlmPart) -> None:
        self.name = "flood"
        self.given = 0
        self.closed = 0
        self._part = part

    async def warm(self) -> None:
        """Nothing needs to be loaded."""

    async def aclose(self) -> None:
        """Nothing needs to be released."""

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        try:
            while True:
                self.given += 1
                yield self._part
        finally:
            self.closed += 1


@pytest.mark.parametrize(
    "part",
    [LlmText("more and more. "), LlmText("x" * 100_000), LlmText(""), ToolCall("1", "none", "{}")],
    ids=["text", "much text", "nothing", "tool calls"],
)
def test_a_model_that_floods_us_is_cut_off(
    part: LlmPart, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def one_question(caller: ScriptedCaller) -> None:
        await caller.quiet(1.2)
        await caller.say(1.0)
        await caller.quiet(3.0)

    monkeypatch.setattr(replies, "LONGEST_REPLY", LONGEST)
    model = Flood(part)
    agent = an_agent(stt=ScriptedStt(["go on"], then=""), llm=model, voice=tts())
    call = carry(agent, ScriptedCaller(one_question))
    assert call.outcome.reason == "caller-hung-up"
    assert model.given <= 2 * LONGEST
    assert model.closed >= 1
    assert "cut off" in caplog.text
    assert sum(len(span.text) for span in call.memory.events(ev.ReplySpan)) <= LONGEST
    tools = call.memory.actions(act.RunTool)
    assert len(tools) <= replies.MOST_TOOLS * SETTINGS.recovery.tool_rounds


@pytest.mark.parametrize("chunk", [b"\1\1" * 2400, b"\1\1" * 10_000_000], ids=["some", "much"])
def test_a_voice_that_does_not_stop_has_failed(chunk: bytes) -> None:
    voice = voice_with({0: Garbage(Endless(chunk)), 1: Garbage(Endless(chunk))})()
    stt = ScriptedStt(["how are you"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm(["Well."], then=""), voice=voice)
    call = carry(agent, ScriptedCaller(script))
    assert call.outcome.reason == "caller-hung-up"
    failed = call.memory.events(ev.SpanFailed)
    assert [it.category for it in failed] == ["protocol", "protocol"]
    nonsense = call.caller.text.count("\1") * CHAR_S
    assert nonsense < SLACK_S + SLOWEST
    assert PHRASES.lost_thread in call.caller.text


class ChattyStt(ScriptedStt):
    """A recogniser that never stops, and never waits."""

    async def open(self, options: SttOptions) -> SttStream:
        stream = await super().open(options)

        async def results() -> AsyncIterator[SttResult]:
            for number in itertools.count():
                yield SttResult(0, str(number), final=False)

        return cast("SttStream", Chatty(stream, results))


class Chatty:
    """Its stream."""

    def __init__(self, stream: SttStream, results: Callable[[], Any]) -> None:
        self.push, self.finalize, self.aclose = stream.push, stream.finalize, stream.aclose
        self._results = results

    def __aiter__(self) -> Any:
        return self._results()


def test_a_recogniser_that_floods_us_is_given_up() -> None:
    call = carry(an_agent(stt=ChattyStt([]), llm=ScriptedLlm([])), ScriptedCaller(script))
    assert call.outcome.reason == "transcriber-failed"
    assert len(call.memory.events(ev.Transcript)) <= RESULTS
    assert PHRASES.failure_goodbye in call.caller.text


class Endless(Sequence[TtsChunk]):
    """The same chunk for ever."""

    def __init__(self, chunk: bytes) -> None:
        self._chunk = TtsChunk(chunk)

    def __getitem__(self, index: Any) -> Any:
        return self._chunk

    def __len__(self) -> int:
        raise AssertionError("endless")


def test_a_voice_that_is_absent_ends_the_call(caplog: pytest.LogCaptureFixture) -> None:
    """Not even an apology can be said."""
    voice = voice_with(dict.fromkeys(range(100), Fail(GONE)))()
    stt, model = ScriptedStt(["how are you"], then=""), ScriptedLlm([FIRST], then=SECOND)
    agent = an_agent(stt=stt, llm=model, voice=voice, phrases=False)
    call = carry(agent, ScriptedCaller(script))
    assert "phrases" in caplog.text
    assert call.outcome.reason == "voice-failed"
    assert call.caller.audio == b""
    assert call.outcome.duration_s - call.caller.spoke[0][1] <= LATE_S


class Halting(SpellingTts):
    """A voice as fast as speech that is silent for a while after its first chunk."""

    def __init__(self, silence_s: float) -> None:
        super().__init__(ScriptedTts(seconds_per_char=CHAR_S, chunk_s=0.6, word_times=True))
        self._silence_s = silence_s

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        async with closing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield chunk
                if len(self.texts) == 1:
                    await asyncio.sleep(self._silence_s)
                    self._silence_s = 0.6


PLAYED_S = 0.95
"""From the first chunk of a reply that is held to its last sample that is heard."""


def halting(gap_s: float) -> Carried:
    """So long nothing is heard."""
    voice = Halting(PLAYED_S + gap_s)
    stt, model = ScriptedStt(["how are you"], then=""), ScriptedLlm(["I am very well indeed."])
    return carry(an_agent(stt=stt, llm=model, voice=voice), ScriptedCaller(script))


@pytest.mark.parametrize("gap_s", [0.3, 1.3, 1.45, 1.49])
def test_a_voice_that_goes_on_in_time_is_heard_to_the_end(gap_s: float) -> None:
    """Each word once."""
    call = halting(gap_s)
    assert call.caller.text.startswith("Hello.I am very well indeed.")
    assert PHRASES.lost_thread not in call.caller.text


@pytest.mark.parametrize("gap_s", [1.6, 2.0, 3.0])
def test_a_voice_that_goes_on_too_late_is_not_heard_again(gap_s: float) -> None:
    call = halting(gap_s)
    assert call.caller.text.startswith(f"Hello.I am very {PHRASES.lost_thread}")
    assert "indeed" not in call.caller.text
