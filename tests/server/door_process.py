"""A server in a process of its own: `door_process.py FOLDER`.

At its end it says how long the event loop was busy at most before it turned again, in
milliseconds of the processor's time: nobody else on the machine has a part in it.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import asyncio

from door_support import greeting, served

from parley.server import serving

LONG = greeting("This is a long greeting. " * 24)

busiest = 0.0


async def _measure() -> None:
    global busiest
    while True:
        before = time.thread_time()
        await asyncio.sleep(0.001)
        busiest = max(busiest, time.thread_time() - before)


def _ready(url: str) -> None:
    global measuring
    measuring = asyncio.get_running_loop().create_task(_measure())
    sys.stdout.write(f"Parley is ready: {url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serving.serve([served(settings=LONG)], port=0, calls=Path(sys.argv[1]), on_ready=_ready)
    sys.stdout.write(f"stopped {1000 * busiest:.1f}\n")
