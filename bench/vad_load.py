"""What the shared VAD costs: N calls push 20 ms frames in real time, on one core.

Prints CPU milliseconds per second of one call, for the VAD with its event loop and for
the load alone; how long after its last sample was due a window's result came (10 ms
grid included); and how late the event loop was for a frame, at worst.

`--inline` runs the model on the event loop instead of in the VAD's thread.

Run: taskset -c 1 python bench/vad_load.py --calls 50 [--seconds 10] [--inline]
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import numpy as np

from parley.errors import ProviderError
from parley.speech.detector import SpeechDetector, Window
from parley.speech.silero import SileroVad
from parley.speech.vad import SharedVad

FRAME_S = 0.02
FRAME_SAMPLES = 320
LATENESS_S = 0.0005

Push = Callable[[int, bytes], None]


class Inline(SimpleQueue[Any]):
    """Takes the place of the queue to the thread."""

    def __init__(self, vad: SharedVad) -> None:
        self._vad = vad

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if item is None:
            super().put(None)
        else:
            self._vad._finish(item, self._vad._judge(item))


def frames() -> list[bytes]:
    noise = np.random.default_rng(3).normal(0, 1000, 200 * FRAME_SAMPLES).astype("<i2").tobytes()
    size = 2 * FRAME_SAMPLES
    return [noise[at : at + size] for at in range(0, len(noise), size)]


def schedule(calls: int, seconds: float) -> Iterator[tuple[float, int, int]]:
    """When which call pushes which frame; the calls are spread over the frame's length."""
    for frame in range(round(seconds / FRAME_S)):
        for call in range(calls):
            yield (frame + call / calls) * FRAME_S, call, frame


async def load(calls: int, seconds: float, start: float, push: Push) -> tuple[float, float]:
    """CPU seconds per second of a call, and the worst lateness of a frame in seconds."""
    loop, pcm = asyncio.get_running_loop(), frames()
    worst, cpu = 0.0, time.process_time()
    for due, call, frame in schedule(calls, seconds):
        wait = start + due - loop.time()
        if wait > LATENESS_S:
            await asyncio.sleep(wait)
        worst = max(worst, loop.time() - start - due)
        push(call, pcm[frame % len(pcm)])
    return (time.process_time() - cpu) / seconds / calls, worst


async def run(calls: int, seconds: float, *, inline: bool) -> None:
    loop = asyncio.get_running_loop()
    buffers = [bytearray(2 * FRAME_SAMPLES) for _ in range(calls)]
    alone, _ = await load(
        calls, 3, loop.time(), lambda call, pcm: buffers[call].__setitem__(slice(None), pcm)
    )
    vad = SharedVad(SileroVad())
    if inline:
        vad._work = Inline(vad)
    start, ages = loop.time() + 0.1, list[float]()

    def opened(call: int) -> Callable[[bytes], None]:
        detector = SpeechDetector()

        def on_window(window: Window) -> None:
            detector.feed(window)
            last = (window.end_sample - 1) // FRAME_SAMPLES
            ages.append(loop.time() - start - (last + call / calls) * FRAME_S)

        return vad.open(on_window, fail).push

    def fail(error: ProviderError) -> None:
        raise error

    pushes = [opened(call) for call in range(calls)]
    cost, worst = await load(calls, seconds, start, lambda call, pcm: pushes[call](pcm))
    await asyncio.sleep(0.1)
    vad.close()
    age = np.percentile(ages, [50, 90, 100]) * 1000
    print(
        f"{calls} calls{', inline' if inline else ''}: {cost * 1000:.2f} ms/s per call "
        f"(load alone {alone * 1000:.2f}); result after {age[0]:.1f} ms, p90 {age[1]:.1f}, "
        f"at worst {age[2]:.1f}; frames late by {worst * 1000:.1f} ms at worst; "
        f"{len(ages)} windows of {round(calls * seconds * 31.25)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--inline", action="store_true")
    given = parser.parse_args()
    asyncio.run(run(given.calls, given.seconds, inline=given.inline))


if __name__ == "__main__":
    main()
