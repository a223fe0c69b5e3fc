"""Providers that follow a script, for tests, demonstrations and simulations.

They need nothing but the running loop's time, so an hour of script costs a moment in
virtual time. A call that the script does not foresee raises `UnexpectedCall`, and so
does `assert_finished` (or the end of a `with` block) when a step was never asked for:

    with ScriptedLlm(["Hello there.", Fail(ProviderTimeout("llm", "slow"))]) as llm:
        ...

Providers are used by one call at a time. What they were asked is in `requests`.
"""

import asyncio
import math
import re
from abc import ABC, abstractmethod
from array import array
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.errors import ConfigurationError, ParleyError, ProviderError
from parley.providers.protocols import (
    LlmPart,
    LlmRequest,
    LlmText,
    LlmUsage,
    SpokenWord,
    SttCapabilities,
    SttOptions,
    SttResult,
    SttStream,
    TimedWord,
    ToolCall,
    TtsCapabilities,
    TtsChunk,
    TtsRequest,
)

R = TypeVar("R")


class UnexpectedCall(ParleyError, AssertionError):
    """A script was not followed. Its message quotes the script and what was asked."""


# Steps


@dataclass(frozen=True, slots=True)
class Fail:
    """Break down with `error`, `after_s` seconds after the last thing that was given.

    A language model gives `text` before, a voice `audio_s` seconds of audio.
    A recogniser breaks down when `after_s` seconds of audio were pushed; with 0 it
    does not even open.
    """

    error: ProviderError
    after_s: float = 0.0
    text: str = ""
    audio_s: float = 0.0
    expects: Any = None


@dataclass(frozen=True, slots=True)
class Stall:
    """Give what `Fail` gives, then nothing more, for ever."""

    after_s: float = 0.0
    text: str = ""
    audio_s: float = 0.0
    expects: Any = None


@dataclass(frozen=True, slots=True)
class Garbage:
    """Give these parts (LlmPart, TtsChunk) as they are, whatever they are."""

    parts: Sequence[Any]
    expects: Any = None


@dataclass(frozen=True, slots=True)
class CallTool:
    """Ask for a tool; `arguments` is a JSON text."""

    name: str
    arguments: str = "{}"
    id: str = ""
    first_token_s: float = 0.0
    expects: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with a text, then with tool calls, then with usage.

    The first token (a word with the space after it) takes `first_token_s`, each further
    one 1 / `tokens_per_s`. `text` may be computed from the request. `expects` is a part
    of the last user message, or a function of the request that must not be false.
    """

    text: str | Callable[[LlmRequest], str]
    first_token_s: float = 0.0
    tokens_per_s: float = math.inf
    calls: Sequence[CallTool] = ()
    usage: LlmUsage | None = None
    expects: str | Callable[[LlmRequest], object] | None = None


LlmStep = str | Answer | CallTool | Fail | Stall | Garbage
TtsStep = Fail | Stall | Garbage


@dataclass(frozen=True, slots=True)
class Partial:
    """Once `at_s` seconds of audio were pushed: a text that may still change."""

    at_s: float
    text: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Final:
    """Once `at_s` seconds of audio were pushed: a final text."""

    at_s: float
    text: str
    delay_s: float = 0.0
    words: Sequence[TimedWord] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class OnFinalize:
    """When the final result is asked for: this text, after `after_s`; or a breakdown."""

    result: str | Fail | Stall
    after_s: float = 0.0


SttStep = str | Partial | Final | OnFinalize | Fail | Stall


# What they have in common


class _Scripted:
    """Keeps account of what was unexpected and of what never came."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.active = 0
        """How many answers are being given, or streams are open."""
        self._refused: list[UnexpectedCall] = []

    async def warm(self) -> None:
        """Nothing needs to be loaded."""

    async def aclose(self) -> None:
        """Nothing needs to be released."""

    def assert_finished(self) -> None:
        """Raise UnexpectedCall unless the script was followed to its end."""
        if self._refused:
            raise self._refused[0]
        if left := self._left():
            raise UnexpectedCall(f"{self.name}: never asked for: {', '.join(map(repr, left))}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.assert_finished()

    def _left(self) -> Sequence[object]:
        raise NotImplementedError

    def _refuse(self, what: str) -> UnexpectedCall:
        error = UnexpectedCall(f"{self.name}: {what}")
        self._refused.append(error)
        return error

    def _check(self, expects: Any, request: object, text: str) -> None:
        if isinstance(expects, str):
            if expects not in text:
                raise self._refuse(f"expected {expects!r} in {text!r}")
        elif expects is not None:
            try:
                fits = expects(request) is not False
            except AssertionError as error:
                raise self._refuse(f"did not expect {request!r}: {error}") from error
            if not fits:
                raise self._refuse(f"did not expect {request!r}")

    async def _perform(self, plan: Iterator[tuple[float, T | Fail | Stall]]) -> AsyncIterator[T]:
        """Give what the plan says, each after its delay in seconds."""
        self.active += 1
        try:
            for delay_s, item in plan:
                await asyncio.sleep(delay_s)
                if isinstance(item, Fail):
                    raise item.error
                if isinstance(item, Stall):
                    await asyncio.Event().wait()
                else:
                    yield item
        finally:
            self.active -= 1


# Language models


class ScriptedLlm(_Scripted):
    """Answers each request with the next step; a plain string is an `Answer`.

    `then`, where given, answers all requests after the last step.
    """

    def __init__(
        self, steps: Sequence[LlmStep], *, then: LlmStep | None = None, name: str = "scripted"
    ) -> None:
        super().__init__(name)
        self.requests: list[LlmRequest] = []
        self._steps = deque(steps)
        self._then = then
        self._call_ids = itertools.count()

    def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        """Answer one request: the step is taken when the iteration begins."""
        return self._perform(self._plan(request))

    def _left(self) -> Sequence[object]:
        return self._steps

    def _plan(self, request: LlmRequest) -> Iterator[tuple[float, LlmPart | Fail | Stall]]:
        self.requests.append(request)
        said = last_user_text(request)
        step = self._steps.popleft() if self._steps else self._then
        if step is None:
            raise self._refuse(f"request {len(self.requests)} is one too many: {said!r}")
        if isinstance(step, str):
            step = Answer(step)
        self._check(step.expects, request, said)
        if isinstance(step, CallTool):
            step = Answer("", first_token_s=step.first_token_s, calls=[step])
        if isinstance(step, Answer):
            yield from self._answer(step, request)
        elif isinstance(step, Garbage):
            yield from ((0.0, part) for part in step.parts)
        else:
            yield from ((0.0, LlmText(token)) for token in tokens(step.text))
            yield step.after_s, step

    def _answer(self, answer: Answer, request: LlmRequest) -> Iterator[tuple[float, LlmPart]]:
        text = answer.text(request) if callable(answer.text) else answer.text
        delay_s = answer.first_token_s
        for token in tokens(text):
            yield delay_s, LlmText(token)
            delay_s = 1 / answer.tokens_per_s
        for call in answer.calls:
            call_id = call.id or f"call_{next(self._call_ids)}"
            yield delay_s, ToolCall(call_id, call.name, call.arguments)
            delay_s = 0.0
        if answer.usage:
            yield 0.0, answer.usage


class RepliesLlm:
    """Answers the caller's n-th turn with the n-th of `replies`, later ones with the last.

    `{transcript}` in a reply stands for what the caller said. Needs no model, keeps
    nothing, and serves any number of calls.
    """

    def __init__(self, replies: Sequence[str], name: str = "scripted") -> None:
        if not replies:
            raise ConfigurationError("the scripted model has no replies", remedy="Give one.")
        self.name = name
        self._replies = replies

    async def warm(self) -> None:
        """Nothing needs to be loaded."""

    async def aclose(self) -> None:
        """Nothing needs to be released."""

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        """Answer one request."""
        turns = sum(1 for m in request.messages if m.role == "user")
        reply = self._replies[min(max(turns, 1), len(self._replies)) - 1]
        for token in tokens(reply.replace("{transcript}", last_user_text(request))):
            await asyncio.sleep(0)
            yield LlmText(token)


def tokens(text: str) -> list[str]:
    """`text` in pieces like a model's: words with the space after them."""
    return re.findall(r"\s*\S+\s*", text)


def last_user_text(request: LlmRequest) -> str:
    """What the caller said last; empty before they have said anything."""
    return next((m.text for m in reversed(request.messages) if m.role == "user"), "")


# Text to speech


class ScriptedTts(_Scripted):
    """Speaks every text as a tone of `seconds_per_char` for each character.

    The first chunk of `chunk_s` comes after `first_byte_s`; the others as fast as a
    voice gives that is `realtime_factor` times faster than speech. With `word_times` the
    chunks carry exact words. `steps` says what happens to the n-th request, from 0;
    `texts`, where given, are the texts that will be asked for, in order.
    """

    def __init__(
        self,
        steps: Mapping[int, TtsStep] | None = None,
        *,
        texts: Sequence[str] | None = None,
        seconds_per_char: float = 0.06,
        first_byte_s: float = 0.0,
        realtime_factor: float = math.inf,
        chunk_s: float = 0.1,
        word_times: bool = False,
        format: AudioFormat = OUTBOUND,  # noqa: A002
        pitch_hz: float = 240.0,
        name: str = "scripted",
    ) -> None:
        super().__init__(name)
        if format.encoding != "pcm_s16le":
            raise ConfigurationError("the scripted voice speaks PCM only")
        self.capabilities = TtsCapabilities(format, word_times)
        self.requests: list[TtsRequest] = []
        self._steps = dict(steps or {})
        self._texts = texts
        self._seconds_per_char = seconds_per_char
        self._first_byte_s = first_byte_s
        self._realtime_factor = realtime_factor
        self._chunk_s = chunk_s
        self._cycle = _cycle(round(format.sample_rate / pitch_hz))

    def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        """Speak one text."""
        return self._perform(self._plan(request))

    def samples_of(self, request: TtsRequest, chars: int | None = None) -> int:
        """How many samples the first `chars` characters (or all) take."""
        chars = len(request.text) if chars is None else chars
        seconds = chars * self._seconds_per_char / request.speed
        return round(seconds * self.capabilities.format.sample_rate)

    def _left(self) -> Sequence[object]:
        asked = len(self.requests)
        steps = [step for n, step in self._steps.items() if n >= asked]
        return [*steps, *(self._texts or ())[asked:]]

    def _plan(self, request: TtsRequest) -> Iterator[tuple[float, TtsChunk | Fail | Stall]]:
        n = len(self.requests)
        self.requests.append(request)
        if self._texts is not None and request.text not in self._texts[n : n + 1]:
            raise self._refuse(f"did not expect {request.text!r} as request {n}")
        step = self._steps.get(n)
        if step is None:
            yield from self._tone(request, self.samples_of(request))
            return
        self._check(step.expects, request, request.text)
        if isinstance(step, Garbage):
            yield from ((0.0, part) for part in step.parts)
        else:
            rate = self.capabilities.format.sample_rate
            samples = min(self.samples_of(request), round(step.audio_s * rate))
            yield from self._tone(request, samples)
            yield step.after_s, step

    def _tone(self, request: TtsRequest, samples: int) -> Iterator[tuple[float, TtsChunk]]:
        words = self._words(request) if self.capabilities.word_times else []
        size = max(1, round(self._chunk_s * self.capabilities.format.sample_rate))
        delay_s = self._first_byte_s
        for start in range(0, samples, size):
            end = min(start + size, samples)
            begun = [w for w in words if start <= w.sample_start < end]
            yield delay_s, TtsChunk(self._samples(start, end), begun)
            delay_s = self._chunk_s / self._realtime_factor

    def _samples(self, start: int, end: int) -> bytes:
        period = len(self._cycle) // 2
        offset = start % period
        cycles = (offset + end - start) // period + 1
        return (self._cycle * cycles)[2 * offset : 2 * (offset + end - start)]

    def _words(self, request: TtsRequest) -> list[SpokenWord]:
        spans = [m.span() for m in re.finditer(r"\S+", request.text)]
        return [
            SpokenWord(a, b, self.samples_of(request, a), self.samples_of(request, b))
            for a, b in spans
        ]


def _cycle(period: int) -> bytes:
    """One cycle of a sine wave of `period` samples at a quarter of full scale."""
    values = (round(8192 * math.sin(2 * math.pi * n / period)) for n in range(period))
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


# Speech to text


class ScriptedStt(_Scripted):
    """Hears what its script says, whatever is pushed; a plain string is an `OnFinalize`.

    `Partial`, `Final`, `Fail` and `Stall` come when so much audio was pushed to a stream,
    each `OnFinalize` at one `SttStream.finalize`; the two kinds do not wait for each other.
    A stream that fails, stalls or is closed leaves the rest of the script to the next
    one, which counts its audio from 0 again. `then` answers all further requests for a
    final result. A script without `OnFinalize` has no final results to ask for.
    """

    def __init__(
        self, steps: Sequence[SttStep], *, then: str | None = None, name: str = "scripted"
    ) -> None:
        super().__init__(name)
        steps = [OnFinalize(step) if isinstance(step, str) else step for step in steps]
        self.requests: list[SttOptions] = []
        self._finals = deque(step for step in steps if isinstance(step, OnFinalize))
        self._timeline = deque(step for step in steps if not isinstance(step, OnFinalize))
        self._then = then
        self.capabilities = SttCapabilities(
            partials=any(isinstance(step, Partial) for step in steps),
            word_times=any(isinstance(step, Final) and step.words for step in steps),
            finalizes=bool(self._finals) or then is not None,
        )

    async def open(self, options: SttOptions) -> SttStream:
        """Start listening; breaks down where the script says so at 0 s."""
        self.requests.append(options)
        first = self._due(0.0)
        if isinstance(first, Fail):
            raise first.error
        if isinstance(first, Stall):
            await asyncio.Event().wait()
        return _ScriptedSttStream(self, first)

    def _left(self) -> Sequence[object]:
        return [*self._timeline, *self._finals]

    def _due(self, heard_s: float) -> Partial | Final | Fail | Stall | None:
        """Take the next step of the timeline if its time has come."""
        if not self._timeline:
            return None
        step = self._timeline[0]
        at_s = step.at_s if isinstance(step, Partial | Final) else step.after_s
        return self._timeline.popleft() if at_s <= heard_s else None

    def _on_finalize(self) -> OnFinalize:
        if self._finals:
            return self._finals.popleft()
        if self._then is None:
            raise self._refuse("finalize() once more than the script says")
        return OnFinalize(self._then)
