"""Many calls in one process on one core, and the same number without a framework."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from common import ROOT, find_corpus, find_work
from lanes import Batch, Job
from peers import Peer

CALLS = (1, 16, 25, 50, 75, 100)
PEER_CALLS = (8, 16, 24)
LIMIT_S = 240.0


def batches(
    peers: Sequence[Peer], calls: Sequence[int], repeats: int, turns: int, out: Path
) -> Iterator[Batch]:
    """Parley and the null run at the same number of calls stand side by side."""
    work = Path(str(find_work().__file__)).parent
    ours = [
        ("parley", (sys.executable, str(ROOT / "bench" / "run_parley.py"))),
        ("null", (sys.executable, "null")),
    ]
    theirs = [(p.name, (str(p.python), str(work / p.runner))) for p in peers]
    runs = [(n, runner) for n in calls for runner in ours]
    runs += [(n, runner) for n in PEER_CALLS for runner in theirs]
    for repeat in range(repeats):
        for n, (name, (python, runner)) in runs:
            job = f"dens-{name}-{repeat}-{n:03d}"
            command = _command(python, runner, n, turns, str(out / job))
            yield Batch((Job(job, command),), LIMIT_S)


def _command(python: str, runner: str, n: int, turns: int, out: str) -> tuple[str, ...]:
    work = Path(str(find_work().__file__)).parent
    probe = ["--work", str(work), "--probe-out", f"{out}.probe.json"]
    options = ["--mode", "tuned", "--corpus", str(find_corpus()), "--turns", str(turns)]
    options += ["--n", str(n), "--out", f"{out}.json"]
    return (python, str(ROOT / "bench" / "probed.py"), *probe, runner, *options)
