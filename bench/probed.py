"""Runs one of the common work's runners, and looks at its event loop from outside.

    python bench/probed.py --work FOLDER --probe-out FILE RUNNER [the runner's arguments]

RUNNER is a script, or `null` for the work without a framework. Needs nothing that a
runner does not need itself, so that it runs in every framework's environment. While all
sessions are on the line it measures:

    lag    how late a timer of 1 ms fires, and what ran when it was more than 5 ms late
    held   the CPU time of the loop's thread between two such timers: how long its own work
           holds the loop, whatever else the core does
    gc     how long each garbage collection took
    vad    Parley only: CPU and wall time of each batch of the shared voice detector
    late   sink frames that came more than 20 ms after the one before them had ended
    foreign  the share of its cores that other processes used: 0 on a quiet machine
"""

import argparse
import asyncio
import gc
import json
import os
import runpy
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

TICK_S = 0.001
BIN_S = 0.0001
BINS = 20_000
STALL_S = 0.005
LATE_S = 0.02
NEW_REPLY_S = 2.0


class Spans:
    """When something ran, and for how long: totals, and the longer ones."""

    def __init__(self, keep_s: float) -> None:
        self.count = 0
        self.total = 0.0
        self.longest = 0.0
        self.kept: list[tuple[float, float]] = []
        self._keep_s = keep_s

    def add(self, begin: float, seconds: float) -> None:
        self.count += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)
        if seconds >= self._keep_s:
            self.kept.append((begin, begin + seconds))

    def touches(self, begin: float, end: float) -> bool:
        return any(a < end and b > begin for a, b in self.kept)

    def summary(self) -> dict[str, float]:
        return {"count": self.count, "total_s": self.total, "max_ms": self.longest * 1e3}


class Probe:
    """What is measured while all sessions are on the line."""

    def __init__(self) -> None:
        self.sessions: list[Any] = []
        self.began = 0.0
        self.ended = 0.0
        self.collections = [Spans(0.001) for _ in range(3)]
        self.batches = Spans(0.001)
        self.batch_cpu = Spans(1.0)
        self.judged = 0
        self._lags = [0] * (BINS + 1)
        self._stalls: list[tuple[float, float]] = []
        self._held = Spans(STALL_S)
        self._cpu = 0.0
        self._foreign = 0.0
        self._due = 0.0
        self._gc_began = 0.0
        self._start: asyncio.TimerHandle | None = None
        self._handle: asyncio.TimerHandle | None = None

    def expect(self, session: Any) -> None:
        """Begin when the last session is on the line; all are expected before any is."""
        self.sessions.append(session)
        loop = asyncio.get_running_loop()
        at = max(s.start_at for s in self.sessions)
        if self._start is not None:
            self._start.cancel()
        self._start = loop.call_at(at, self._begin)

    def _begin(self) -> None:
        watch_vad(self)
        self.began = time.monotonic()
        self._foreign = foreign_s()
        gc.callbacks.append(self._collected)
        self._due, self._cpu = self.began + TICK_S, time.thread_time()
        self._handle = asyncio.get_running_loop().call_at(self._due, self._tick)

    def end(self) -> None:
        """A session has left."""
        if self._handle is None:
            return
        self._handle.cancel()
        self._handle = None
        gc.callbacks.remove(self._collected)
        self.ended = time.monotonic()
        self._foreign = foreign_s() - self._foreign

    @property
    def active(self) -> bool:
        return self._handle is not None

    def _tick(self) -> None:
        now = time.monotonic()
        lag = now - self._due
        self._lags[min(BINS, int(lag / BIN_S))] += 1
        if lag > STALL_S:
            self._stalls.append((self._due, now))
        before, self._cpu = self._cpu, time.thread_time()
        self._held.add(now, self._cpu - before)
        self._due = max(self._due + TICK_S, now)
        self._handle = asyncio.get_running_loop().call_at(self._due, self._tick)

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began = time.monotonic()
        else:
            spent = time.monotonic() - self._gc_began
            self.collections[info["generation"]].add(self._gc_began, spent)

    def results(self) -> dict[str, Any]:
        """In milliseconds where the name says so."""
        return {
            "seconds": self.ended - self.began,
            "foreign": self._foreign / (self.ended - self.began),
            "lag_ms": {
                **{str(p): self._lag(p) for p in (50, 99, 99.9)},
                "max": max((b - a for a, b in self._stalls), default=self._lag(100) / 1e3) * 1e3,
            },
            "stalls": self._causes(),
            "held": self._held.summary() | {"over_5ms": len(self._held.kept)},
            "gc": [spans.summary() for spans in self.collections],
            "vad": self.batches.summary()
            | {"cpu": self.batch_cpu.summary(), "windows": self.judged},
            "late": late_frames(self.sessions),
        }

    def _lag(self, percent: float) -> float:
        wanted, seen = sum(self._lags) * percent / 100, 0
        for number, count in enumerate(self._lags):
            seen += count
            if count and seen >= wanted:
                return (number + 0.5) * BIN_S * 1e3
        return 0.0

    def _causes(self) -> dict[str, int]:
        long = [(a, b) for a, b in self._stalls if b - a > 0.01]
        collected = [s for s in long if any(g.touches(*s) for g in self.collections)]
        judged = [s for s in long if self.batches.touches(*s)]
        return {
            "over_5ms": len(self._stalls),
            "over_10ms": len(long),
            "over_10ms_with_gc": len(collected),
            "over_10ms_with_vad": len(judged),
        }


def late_frames(sessions: Sequence[Any]) -> dict[str, float]:
    """Gaps within replies, and how far replies fell behind their first frame's clock."""
    frames, late, worst, behind = 0, 0, 0.0, 0.0
    for session in sessions:
        times = [t for t, _ in session.sink.loud]
        frames += len(times)
        slip = 0.0
        for before, after in pairwise(times):
            gap = after - before - 0.02
            if gap > NEW_REPLY_S:
                slip = 0.0
                continue
            slip += gap
            late += gap > LATE_S
            worst, behind = max(worst, gap), max(behind, slip)
    return {"frames": frames, "late": late, "worst_ms": worst * 1e3, "behind_ms": behind * 1e3}


def foreign_s() -> float:
    """CPU seconds that others have used of this process's cores, counted in ticks."""
    if not hasattr(os, "sched_getaffinity"):
        return 0.0
    cores = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    fields = [[int(f) for f in parts[1:]] for parts in lines if parts[0] in cores]
    busy = sum(sum(f[:3]) + sum(f[5:8]) for f in fields)  # all but idle and waiting for disks
    return busy / os.sysconf("SC_CLK_TCK") - time.process_time()


def watch_vad(probe: Probe) -> None:
    """Time the batches of Parley's voice detector, where there is one."""
    module = sys.modules.get("parley.speech.silero")
    if module is None:
        return
    plain: Callable[..., Any] = module.SileroVad.__call__

    def timed(self: Any, audio: Any, state: Any) -> Any:
        began, cpu = time.monotonic(), time.thread_time()
        try:
            return plain(self, audio, state)
        finally:
            if probe.active:
                probe.batches.add(began, time.monotonic() - began)
                probe.batch_cpu.add(began, time.thread_time() - cpu)
                probe.judged += len(audio)

    module.SileroVad.__call__ = timed


def install(work: Any, probe: Probe) -> None:
    """Have every session of the common work watched."""

    class Session(work.Session):  # type: ignore[misc]
        async def run_caller(self, push: Any) -> None:
            probe.expect(self)
            await super().run_caller(push)
            probe.end()

    work.Session = Session


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, help="the folder of the common work")
    parser.add_argument("--probe-out", type=Path, required=True)
    parser.add_argument("runner")
    given, rest = parser.parse_known_args()
    sys.path.append(given.work)
    work = import_module("work")
    probe = Probe()
    install(work, probe)
    if given.runner == "null":
        options = work.args(rest)
        done = asyncio.run(work.drive(options, work.load_clips(options.corpus), work._null))
        print("null", work.brief(done))
    else:
        sys.argv = [given.runner, *rest]
        sys.path.insert(0, str(Path(given.runner).resolve().parent))
        runpy.run_path(given.runner, run_name="__main__")
    given.probe_out.write_text(json.dumps(probe.results()))


if __name__ == "__main__":
    main()
