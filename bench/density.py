"""Many calls in one process on one core, and the same number without a framework."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from common import ROOT, find_corpus, find_work
from lanes import Batch, Job
from peers import Peer

CALLS = (1, 16, 25, 50, 75, 100)
PEER_CALLS = (8, 16, 24)
TURNS = 4
LIMIT_S = 240.0


def batches(
    peers: Sequence[Peer], calls: Sequence[int], repeats: int, out: Path
) -> Iterator[Batch]:
    """Parley and the null run at the same number of calls stand side by side."""
    work = Path(str(find_work().__file__)).parent
    runners = {p.name: (str(p.python), str(work / p.runner)) for p in peers}
    for repeat in range(repeats):
        for n in calls:
            yield _batch(
                "parley", n, repeat, sys.executable, str(ROOT / "bench/run_parley.py"), out
            )
            yield _batch("null", n, repeat, sys.executable, "null", out)
        for n in PEER_CALLS if peers else ():
            for name, (python, runner) in runners.items():
                yield _batch(name, n, repeat, python, runner, out)


def _batch(name: str, n: int, repeat: int, python: str, runner: str, out: Path) -> Batch:
    work = Path(str(find_work().__file__)).parent
    job = f"dens-{name}-{repeat}-{n:03d}"
    probe = ["--work", str(work), "--probe-out", str(out / f"{job}.probe.json")]
    options = ["--mode", "tuned", "--corpus", str(find_corpus()), "--turns", str(TURNS)]
    options += ["--n", str(n), "--out", str(out / f"{job}.json")]
    command = [python, str(ROOT / "bench" / "probed.py"), *probe, runner, *options]
    return Batch((Job(job, tuple(command)),), LIMIT_S)
