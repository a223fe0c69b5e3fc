"""What an external engine owes, so that simulated time can wait for it.

A call may run in virtual time, where the clock jumps from one timer to the next.
It must not jump while a process or a thread outside the event loop still owes an
answer: that work takes real time which the call's clock is not to see. Whoever
waits for such an answer says so:

    with owing():
        reply = await reader.readexactly(n)

On an ordinary event loop this does nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class KeepsAccount(Protocol):
    """An event loop that stands still while it is owed something."""

    def owe(self) -> None:
        """One more answer is awaited from outside the loop."""

    def settle(self) -> None:
        """An awaited answer has arrived, or will never."""


def owe() -> None:
    """Note that the running loop is owed an answer. Pair with `settle`."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, KeepsAccount):
        loop.owe()


def settle() -> None:
    """Note that an answer has arrived, or is no longer awaited."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, KeepsAccount):
        loop.settle()


@contextmanager
def owing() -> Iterator[None]:
    """Hold simulated time still for the length of the block."""
    owe()
    try:
        yield
    finally:
        settle()
