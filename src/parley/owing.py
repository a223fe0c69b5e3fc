"""What an external engine owes, so that simulated time can wait for it.

A call may run in virtual time, where the clock jumps from one timer to the next.
It must not jump while a process or a thread outside the event loop still owes an
answer: that work takes real time which the call's clock is not to see. Whoever
waits for such an answer says so:

    with owing():
        reply = await reader.readexactly(n)

An event loop that keeps account has the methods `owe` and `settle`; on any other
loop this does nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


def owe() -> None:
    """Note that the running loop is owed an answer. Pair with `settle`."""
    _note("owe")


def settle() -> None:
    """Note that an answer has arrived, or is no longer awaited."""
    _note("settle")


def _note(what: str) -> None:
    note = getattr(asyncio.get_running_loop(), what, None)
    if note is not None:
        note()


@contextmanager
def owing() -> Iterator[None]:
    """Hold simulated time still for the length of the block."""
    owe()
    try:
        yield
    finally:
        settle()
