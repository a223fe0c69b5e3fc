"""Keeps the garbage collector from stalling the event loop.

A full collection walks every object that lives: with a hundred calls on the line it
takes tens of milliseconds, in the middle of somebody's word. What a process loads at its
start lives until its end, so it is taken out of the collector's sight; and full
collections wait until no call is on the line.
"""

import gc

YOUNG = 5_000
MIDDLE = 50
NEVER = 1_000_000


def settle() -> None:
    """What lives now will live for ever. Call it when the engines have been loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
