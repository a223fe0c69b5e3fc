"""Trials of turns through another framework with its defaults, in real time.

Runs in that framework's environment, wired as the common work has it; the trials come from
turn_peers.py. Writes, for each trial, when the language model was asked and when the framework
was heard, in seconds of the trial. Where a framework asks before a turn has ended (livekit's
preemptive generation), only what was heard tells that the speaker was cut off.
"""

import argparse
import asyncio
import json
import os
import pickle
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, os.environ["PARLEY_BENCH"])
work = import_module("work")

FRAME_BYTES = 640
SETTLE_S = 0.5
GAP_S = 0.2


def begins(loud: list[tuple[float, int]]) -> list[float]:
    """When sound began after at least so much silence."""
    times = [at for at, _ in loud]
    return [at for before, at in zip([-1e9, *times], times, strict=False) if at - before > GAP_S]


async def play(trial: dict[str, Any], starter: Any) -> dict[str, Any]:
    """One trial as a call of its own."""
    session = work.Session([], 1)
    push, stop = await starter(session)
    await asyncio.sleep(SETTLE_S)
    began, loop, late = time.monotonic(), asyncio.get_running_loop(), 0.0
    for at, text in trial["finals"]:
        loop.call_later(at + work.STT_DELAY, session.stt_finals.put_nowait, (text, 0.0))
    pcm = trial["pcm"]
    for n in range(len(pcm) // FRAME_BYTES):
        due = began + (n + 1) * work.FRAME
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        late = max(late, time.monotonic() - due)
        handed = push(pcm[n * FRAME_BYTES : (n + 1) * FRAME_BYTES])
        if handed is not None:
            await handed
    await stop()
    known = {key: trial[key] for key in ("name", "kind", "pause", "end")}
    asked = [at - began for at in session.llm_starts]
    spoken = [at - began for at in begins(session.sink.loud)]
    return {**known, "committed": asked, "heard": spoken, "late": late}


async def everything(trials: list[dict[str, Any]], starter: Any, together: int) -> list[Any]:
    """All trials, so many at a time; one that breaks down says so."""
    room = asyncio.Semaphore(together)

    async def one(trial: dict[str, Any]) -> dict[str, Any]:
        async with room:
            try:
                return await play(trial, starter)
            except Exception as error:  # another framework's; the rest goes on
                return {"name": trial["name"], "kind": trial["kind"], "error": repr(error)}

    return await asyncio.gather(*map(one, trials))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("peer", choices=("pipecat", "livekit"))
    parser.add_argument("--trials", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--together", type=int, default=4)
    given = parser.parse_args()
    runner = import_module(f"run_{given.peer}")
    trials = pickle.loads(given.trials.read_bytes())  # noqa: S301 - from turn_peers.py
    cpu, began = time.process_time(), time.monotonic()
    found = asyncio.run(everything(trials, runner.starter("default"), given.together))
    busy = (time.process_time() - cpu) / (time.monotonic() - began)
    given.out.write_text(json.dumps({"peer": given.peer, "cores": busy, "trials": found}))


if __name__ == "__main__":
    main()
