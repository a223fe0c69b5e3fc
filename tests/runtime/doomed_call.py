"""A call in real time, to be killed: `python doomed_call.py FOLDER`.

It tells on stdout of each step when it was taken (`step`), and of each frame of the
caller when it was handed over (`frame`), in seconds of the system's monotonic clock, and
by how much the machine has held up this process at the most (`late`).
"""

import asyncio
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from callers import VOICED, ScriptedCaller
from support import SETTINGS, an_agent

from parley.core.actions import Action
from parley.core.events import Event
from parley.providers.scripted import ScriptedLlm, ScriptedStt
from parley.runtime.stages import Stages

BEAT_S = 0.01


def tell(what: str, value: float) -> None:
    sys.stdout.write(f"{what} {value:.6f}\n")
    sys.stdout.flush()


def beat() -> None:
    worst, last = 0.0, time.monotonic()
    while True:
        time.sleep(BEAT_S)
        now = time.monotonic()
        if now - last - BEAT_S > worst:
            worst = now - last - BEAT_S
            tell("late", worst)
        last = now


class Witness:
    """Sees every step before it is written down."""

    name = "witness"

    def step(self, now: float, event: Event, actions: Sequence[Action]) -> None:
        tell("step", time.monotonic())

    def process(self, pcm: bytes) -> bytes:
        tell("frame", time.monotonic())
        return pcm


async def script(caller: ScriptedCaller) -> None:
    await caller.quiet(0.1)
    while True:
        await caller.send(VOICED)
        await caller.quiet(0.08)


async def main(calls: Path) -> None:
    witness = Witness()
    agent = an_agent(
        stt=ScriptedStt([], then=""),
        llm=ScriptedLlm([]),
        settings=SETTINGS,
        stages=lambda: Stages(audio_in=[witness], events=[witness]),
    )
    await agent.start()
    await agent.take(ScriptedCaller(script), calls)


if __name__ == "__main__":
    threading.Thread(target=beat, daemon=True).start()
    asyncio.run(main(Path(sys.argv[1])))
