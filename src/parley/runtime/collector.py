"""Keeps the garbage collector from stalling the event loop.

A full collection walks every object that lives: with a hundred calls on the line it
takes tens of milliseconds, in the middle of somebody's word. What a process loads at its
start lives until its end, so it is taken out of the collector's sight; and full
collections wait until no call is on the line. A call leaves hardly anything to be
collected (its objects let go of each other when it ends), so where the line is never
idle, one full collection after many calls is enough.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

YOUNG = 5_000
MIDDLE = 50
NEVER = 1_000_000

MANY = 500
"""After so many calls without an idle moment a full collection is due all the same."""


@dataclass(slots=True)
class _Line:
    """Calls on the line, and calls that have ended since the last full collection."""

    busy: int = 0
    ended: int = 0


_line = _Line()


def settle() -> None:
    """What lives now will live for ever. Call it when engines have been loaded.

    While calls are on the line nothing is done: they would be kept for ever, too.
    """
    if _line.busy:
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)


@contextmanager
def on_the_line() -> Iterator[None]:
    """A call is on the line for the length of the block."""
    _line.busy += 1
    try:
        yield
    finally:
        _line.busy -= 1
        _line.ended += 1
        if not _line.busy or _line.ended >= MANY:
            _line.ended = 0
            gc.collect()
