"""Recognisers in processes of their own, in simulated time, and what is said to them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from parley.providers.protocols import SttOptions, SttResult
from parley.providers.stt.streaming import EngineStream, EngineStt
from parley.runtime.vtime import VirtualLoop

T = TypeVar("T")


class Engine:
    """A recogniser of two processes on one loop, for all tests of a file."""

    def __init__(self, kind: type[EngineStt]) -> None:
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.stt = self.run(self._make(kind))

    async def _make(self, kind: type[EngineStt]) -> EngineStt:
        stt = kind(ready=1, maximum=2)
        await stt.warm()
        return stt

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(main)

    @property
    def loop(self) -> VirtualLoop:
        loop = self.runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return loop


def push(stream: EngineStream, pcm: bytes) -> None:
    """Push audio in frames of 20 ms."""
    for i in range(0, len(pcm), 640):
        stream.push(pcm[i : i + 640])


async def final(stream: EngineStream) -> SttResult:
    """Ask for the final result and wait for it."""
    stream.finalize()
    async for result in stream:
        if result.final:
            return result
    raise AssertionError("the stream ended")


async def hear(stt: EngineStt, pcm: bytes, options: SttOptions) -> SttResult:
    """What a new call's only utterance is recognised as."""
    stream = await stt.open(options)
    push(stream, pcm)
    try:
        return await final(stream)
    finally:
        await stream.aclose()


async def as_it_is_spoken(stt: EngineStt, pcm: bytes, options: SttOptions) -> list[SttResult]:
    """All results of a call's only utterance, for whose final text it is asked twice."""
    stream = await stt.open(options)
    results: list[SttResult] = []

    async def read() -> None:
        results.extend([result async for result in stream])

    reading = asyncio.create_task(read())
    for i in range(0, len(pcm), 640):
        stream.push(pcm[i : i + 640])
        await asyncio.sleep(0.02)
    stream.finalize()
    stream.finalize()
    await asyncio.sleep(0.02)
    await stream.aclose()
    await reading
    return results
