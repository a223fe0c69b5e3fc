"""Latency and barge-in, all frameworks in the same run, one after the other and again.

Each batch is four processes of one call on one core, with a barge-in in every turn.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from common import ROOT, find_corpus, find_work
from lanes import Batch, Job
from peers import Peer

PROCESSES = 4
STAGGER_S = 3.1
TURN_S = 30.0


def contenders(peers: Sequence[Peer], modes: Sequence[str]) -> list[tuple[str, str, list[str]]]:
    """Name, mode and command of each, in the order in which they run."""
    work = Path(str(find_work().__file__))
    found = [("parley", "default", [sys.executable, str(ROOT / "bench" / "run_parley.py")])]
    found += [
        (peer.name, mode, [str(peer.python), str(work.parent / peer.runner)])
        for mode in modes
        for peer in peers
    ]
    return [*found, ("null", "oracle", [sys.executable, str(work)])]


def batches(
    peers: Sequence[Peer], repeats: int, turns: int, out: Path, *, defaults: bool
) -> Iterator[Batch]:
    """`defaults`: also the frameworks' default modes, in the first repeat."""
    for repeat in range(repeats):
        modes = ("tuned", "default") if defaults and repeat == 0 else ("tuned",)
        for name, mode, command in contenders(peers, modes):
            jobs = []
            for k in range(PROCESSES):
                job = f"head-{name}-{mode}-{repeat}-{k}"
                options = ["--mode", mode, "--turns", str(turns), "--barge", "all"]
                options += ["--corpus", str(find_corpus()), "--seed", str(k)]
                jobs.append(Job(job, (*command, *options, "--out", str(out / f"{job}.json"))))
            yield Batch(tuple(jobs), turns * TURN_S + 60, STAGGER_S)
