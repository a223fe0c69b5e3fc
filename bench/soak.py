"""Many short calls through one agent: what stays behind in the process.

In virtual time one call after the other, in real time overlapping. Recording and trace
are on; each call's folder is removed when it ends. No collection is forced before the end.
"""

import argparse
import asyncio
import gc
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import find_corpus
from parley.runtime.agent import Agent
from parley.runtime.vtime import run_virtual
from scripted import Caller, Script, agent_for, work

EVERY = 100
BETWEEN_S = 0.15
SETTLE_S = 2.0


class Line:
    """What the callers of a soak say."""

    def __init__(self) -> None:
        audio, self.text = work.load_clips(str(find_corpus()), [work.CLIPS[2]])[0]
        self.pcm = audio.tobytes()
        self.room = work.noise(0, 48_000)
        self.lead = work.noise(0, round(work.LEAD * work.SR_IN)).tobytes()
        self.end = work.LEAD + len(audio) / work.SR_IN

    def script(self, number: int) -> Script:
        """Four kinds of calls take turns."""
        kinds = (self._whole, self._leaves_in_reply, self._interrupts, self._leaves_in_speech)
        return kinds[number % len(kinds)]

    async def _asks(self, caller: Caller) -> None:
        await caller.say(self.lead + self.pcm)
        await caller.answer(self.end)

    async def _whole(self, caller: Caller) -> None:
        await self._asks(caller)
        await caller.quiet(0.6)

    async def _leaves_in_reply(self, caller: Caller) -> None:
        await self._asks(caller)
        await caller.wait(lambda: False, 1.0)

    async def _interrupts(self, caller: Caller) -> None:
        await self._asks(caller)
        await caller.wait(lambda: False, 1.0)
        await caller.say(self.pcm)
        await caller.answer(caller.clock(), 2.0)

    async def _leaves_in_speech(self, caller: Caller) -> None:
        await caller.say(self.lead + self.pcm[: len(self.pcm) // 4 * 2])


def sample(calls: int) -> dict[str, Any]:
    """What the process holds now."""
    return {
        "calls": calls,
        "rss_mb": work.rss_mb(),
        "objects": len(gc.get_objects()),
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "fds": len(list(Path("/proc/self/fd").iterdir())),
    }


async def _call(agent: Agent, line: Line, number: int, folder: Path, ends: dict[str, int]) -> None:
    record = await agent.take(Caller(line.script(number), line.room), folder)
    ends[record.outcome.reason] = ends.get(record.outcome.reason, 0) + 1
    assert record.folder is not None
    shutil.rmtree(record.folder)


async def in_sequence(agent: Agent, line: Line, calls: int, folder: Path) -> dict[str, Any]:
    ends: dict[str, int] = {}
    samples = [sample(0)]
    for number in range(calls):
        await _call(agent, line, number, folder, ends)
        if (number + 1) % EVERY == 0 or number + 1 == calls:
            samples.append(sample(number + 1))
    return {"samples": samples, "ends": ends, "left": left_behind(calls)}


async def overlapping(agent: Agent, line: Line, calls: int, folder: Path) -> dict[str, Any]:
    ends: dict[str, int] = {}
    before = sample(0)

    async def one(number: int) -> None:
        await asyncio.sleep(number * BETWEEN_S)
        await _call(agent, line, number, folder, ends)

    running = [asyncio.create_task(one(number)) for number in range(calls)]
    await asyncio.sleep(calls * BETWEEN_S / 2)
    middle = sample(calls // 2)
    await asyncio.gather(*running)
    running.clear()
    await asyncio.sleep(SETTLE_S)
    after = sample(calls)
    return {"samples": [before, middle, after], "ends": ends, "left": left_behind(calls)}


def left_behind(calls: int) -> dict[str, Any]:
    """What a full collection finds: garbage that nobody has collected before."""
    found = gc.collect()
    return {"collected": found, **sample(calls)}


async def _soak(run: Callable[..., Any], calls: int) -> dict[str, Any]:
    folder, line = Path(tempfile.mkdtemp(prefix="parley-soak-")), Line()
    try:
        agent = agent_for(((line.end, line.text),), {})
        await agent.start()
        began = time.perf_counter()
        found: dict[str, Any] = await run(agent, line, calls, folder)
        return found | {"seconds": time.perf_counter() - began}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the JSON goes")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--real", action="store_true", help="overlapping, in real time")
    given = parser.parse_args()
    if given.real:
        found = asyncio.run(_soak(overlapping, given.calls))
    else:
        found = run_virtual(_soak(in_sequence, given.calls))
    given.out.write_text(json.dumps(found))
    print(f"{given.calls} calls in {found['seconds']:.0f} s, {found['ends']}")


if __name__ == "__main__":
    main()
