"""A recogniser that knows beforehand what will be said."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from parley.audio.formats import INBOUND
from parley.errors import ProviderError
from parley.providers.protocols import (
    SttCapabilities,
    SttOptions,
    SttResult,
    SttStream,
    TimedWord,
)
from parley.providers.scripted.script import Fail, Scripted, Stall


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


class ScriptedStt(Scripted):
    """Hears what its script says, whatever is pushed; a plain string is an `OnFinalize`.

    `Partial`, `Final`, `Fail` and `Stall` come when so much audio was pushed to a stream,
    each `OnFinalize` at one `SttStream.finalize`; neither kind waits for the other's turn.
    Results come in the order in which they were called for, none before the one before it.
    A stream that fails, stalls or is closed leaves the rest of the script to the next
    one, which counts its audio from 0 again. `then` answers all further requests for a
    final result. A script without `OnFinalize` has no final results to ask for.
    """

    def __init__(
        self,
        steps: Sequence[SttStep],
        *,
        then: str | None = None,
        name: str = "scripted",
        grammars: bool = False,
    ) -> None:
        super().__init__(name)
        self.requests: list[SttOptions] = []
        self.expected: list[str | None] = []
        self._finals: deque[OnFinalize] = deque()
        self._timeline: deque[Partial | Final | Fail | Stall] = deque()
        self._then = then
        for step in steps:
            if isinstance(step, str | OnFinalize):
                self._finals.append(OnFinalize(step) if isinstance(step, str) else step)
            else:
                self._timeline.append(step)
        self.capabilities = SttCapabilities(
            partials=any(isinstance(step, Partial) for step in steps),
            word_times=any(isinstance(step, Final) and step.words for step in steps),
            finalizes=bool(self._finals) or then is not None,
            grammars=grammars,
        )

    async def open(self, options: SttOptions) -> SttStream:
        """Start listening; breaks down where the script says so at 0 s."""
        self.requests.append(options)
        first = self._timeline[0] if self._timeline else None
        if isinstance(first, Fail | Stall) and first.after_s <= 0:
            self._timeline.popleft()
            if isinstance(first, Fail):
                raise first.error
            await asyncio.Event().wait()
        self.active += 1
        return _ScriptedSttStream(self)

    def left(self) -> Sequence[object]:
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
            raise self.refuse("finalize() once more than the script says")
        return OnFinalize(self._then)


class _ScriptedSttStream:
    """One stream that takes its steps from the common script."""

    def __init__(self, script: ScriptedStt) -> None:
        self._script = script
        self._bytes = 0
        self._segment = 0
        self._dead = False
        self._closed = asyncio.Event()
        self._results: asyncio.Queue[tuple[float, SttResult | ProviderError]] = asyncio.Queue()

    def push(self, pcm: bytes) -> None:
        """Hear so much audio, whatever it holds."""
        self._bytes += len(pcm)
        heard_s = self._bytes / INBOUND.bytes_for(1)
        while not self._dead and (step := self._script._due(heard_s)):
            if isinstance(step, Partial | Final):
                self._give(step)
            else:
                self._break_down(step, 0.0)

    def expect(self, grammar: str | None) -> None:
        """Note the grammar; what is understood is what the script says."""
        self._script.expected.append(grammar)

    def finalize(self) -> None:
        """Take the next `OnFinalize`."""
        if self._dead or not self._script.capabilities.finalizes:
            return
        step = self._script._on_finalize()
        if isinstance(step.result, str):
            self._give(Final(0.0, step.result, step.after_s))
        else:
            self._break_down(step.result, step.after_s)

    async def __aiter__(self) -> AsyncIterator[SttResult]:
        while not self._closed.is_set():
            due, result = await self._results.get()
            # Waiting for the result's time must end when the stream is closed.
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._closed.wait()
            if self._closed.is_set():
                return
            if isinstance(result, ProviderError):
                raise result
            yield result

    async def aclose(self) -> None:
        """End the stream."""
        if not self._closed.is_set():
            self._closed.set()
            self._dead = True
            self._script.active -= 1
            self._put(SttResult(self._segment, "", final=True), 0.0)

    def _give(self, step: Partial | Final) -> None:
        if isinstance(step, Final):
            result = SttResult(self._segment, step.text, True, step.words, step.confidence)
            self._segment += 1
        else:
            result = SttResult(self._segment, step.text, final=False)
        self._put(result, step.delay_s)

    def _break_down(self, step: Fail | Stall, delay_s: float) -> None:
        self._dead = True
        if isinstance(step, Fail):
            self._put(step.error, delay_s)

    def _put(self, result: SttResult | ProviderError, delay_s: float) -> None:
        self._results.put_nowait((asyncio.get_running_loop().time() + delay_s, result))
