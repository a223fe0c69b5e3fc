"""An event loop in virtual time: it jumps from timer to timer instead of waiting.

An hour of scripted conversation runs in about a second, and always the same way.
While an answer is owed from outside the loop (`parley.owing`; work handed to an
executor counts by itself) the clock stands still and the loop really waits.
"""

import asyncio
import selectors
from asyncio import Future
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

TIE_STEP_S = 1e-10
"""Timers set for the same instant fire in the order in which they were set."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for real only when something real is owed; otherwise moves the clock."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.loop.owed:
            ready = super().select(self.loop.patience_s)
            if not ready and timeout is not None:
                self.loop.advance(timeout)
            return ready
        if timeout is None:
            return super().select(None)
        self.loop.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector event loop whose `time()` starts at 0 and never waits for a timer.

    `patience_s` bounds, in real seconds, how long an owed answer stops the clock;
    after that an engine counts as stalled and the call's own timers run again.
    """

    def __init__(self, patience_s: float = 30.0) -> None:
        selector = _JumpingSelector()
        selector.loop = self
        self.patience_s = patience_s
        self.owed = 0
        self._now = 0.0
        self._ties: dict[float, int] = {}
        super().__init__(selector)

    def time(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._now += seconds
        self._ties.clear()

    def owe(self) -> None:
        self.owed += 1

    def settle(self) -> None:
        self.owed -= 1

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        earlier = self._ties.get(when, 0)
        self._ties[when] = earlier + 1
        return super().call_at(when + earlier * TIE_STEP_S, callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.owe()
        future.add_done_callback(lambda _: self.settle())
        return future


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` like `asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
