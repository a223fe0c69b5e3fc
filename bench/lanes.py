"""Runs benchmark processes, each batch of them on a core of its own."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common import ROOT

TAIL_LINES = 6


@dataclass(frozen=True, slots=True)
class Job:
    """A process; what it prints goes to NAME.log."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Processes side by side on one core, started `stagger_s` apart."""

    jobs: tuple[Job, ...]
    limit_s: float
    stagger_s: float = 0.0


def usable_cores() -> list[int]:
    """Cores that this process may use; one entry where they cannot be chosen."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def run(batches: Sequence[Batch], cores: Sequence[int | None], logs: Path) -> list[str]:
    """Run the batches in their order, as many at a time as there are cores.

    A core of None is all of them. Returns the names of the jobs that failed; the others
    have left their results.
    """
    waiting, failed = deque(batches), list[str]()
    lanes = [
        threading.Thread(target=_lane, args=(waiting, core, logs, failed), daemon=True)
        for core in cores
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return failed


def _lane(waiting: deque[Batch], core: int | None, logs: Path, failed: list[str]) -> None:
    while waiting:
        try:
            batch = waiting.popleft()
        except IndexError:
            return
        failed += _run_batch(batch, core, logs)


def _run_batch(batch: Batch, core: int | None, logs: Path) -> list[str]:
    began, running = time.monotonic(), []
    for number, job in enumerate(batch.jobs):
        if number:
            time.sleep(batch.stagger_s)
        running.append((job, _start(job, core, logs)))
    failed = [j.name for j, p in running if not _ended_well(j, p, began + batch.limit_s, logs)]
    took = time.monotonic() - began
    print(f"{time.strftime('%H:%M:%S')}  {batch.jobs[0].name}  {took:.0f} s", flush=True)
    return failed


def _start(job: Job, core: int | None, logs: Path) -> subprocess.Popen[bytes]:
    pin = None
    if core is not None and hasattr(os, "sched_setaffinity"):
        pin = partial(os.sched_setaffinity, 0, {core})
    with (logs / f"{job.name}.log").open("wb") as log:
        return subprocess.Popen(
            job.argv, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, preexec_fn=pin
        )


def _ended_well(job: Job, process: subprocess.Popen[bytes], limit: float, logs: Path) -> bool:
    try:
        if process.wait(max(1.0, limit - time.monotonic())) == 0:
            return True
        why = f"exit status {process.returncode}"
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        why = "it took too long"
    tail = (logs / f"{job.name}.log").read_text(errors="replace").splitlines()[-TAIL_LINES:]
    print(f"{job.name} failed: {why}", *tail, sep="\n    ", file=sys.stderr, flush=True)
    return False
