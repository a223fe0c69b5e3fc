"""Steps that all scripted providers share, and how they keep account of them."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from parley.errors import ParleyError, ProviderError

T = TypeVar("T")


class UnexpectedCall(ParleyError, AssertionError):
    """A script was not followed. Its message quotes the script and what was asked."""


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


class Scripted(ABC):
    """Keeps account of what was unexpected and of what never came."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.active = 0
        """How many answers are being given, or streams are open."""
        self.warmed = 0
        self.closed = 0
        self._refused: list[UnexpectedCall] = []

    async def warm(self) -> None:
        """Counted, for those who ask whether it happened."""
        self.warmed += 1

    async def aclose(self) -> None:
        """Counted, for those who ask whether it happened."""
        self.closed += 1

    def assert_finished(self) -> None:
        """Raise UnexpectedCall unless the script was followed to its end."""
        if self._refused:
            raise self._refused[0]
        if left := self.left():
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

    @abstractmethod
    def left(self) -> Sequence[object]:
        """The steps that nothing has asked for yet."""

    def refuse(self, what: str) -> UnexpectedCall:
        error = UnexpectedCall(f"{self.name}: {what}")
        self._refused.append(error)
        return error

    def check(self, expects: Any, request: object, text: str) -> None:
        if isinstance(expects, str):
            if expects not in text:
                raise self.refuse(f"expected {expects!r} in {text!r}")
        elif expects is not None:
            try:
                if expects(request) is False:
                    raise AssertionError("the step's condition is false")
            except AssertionError as error:
                raise self.refuse(f"did not expect {request!r}: {error}") from error

    async def perform(self, plan: Iterator[tuple[float, T | Fail | Stall]]) -> AsyncIterator[T]:
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
