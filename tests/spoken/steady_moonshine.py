"""Moonshine in a process whose machine is never faster or slower.

How often it looks depends on what a look costs; so what it hears would depend on how busy the
machine is that runs a test.
"""

from itertools import count

from parley.providers.engine_process import Channel
from parley.providers.stt import moonshine_worker

LOOK_S = 0.06
"""What a look costs, as the worker measures it: from one reading of the clock to the next."""


def serve(channel: Channel) -> None:
    readings = count()
    moonshine_worker.serve(channel, clock=lambda: LOOK_S * next(readings))
