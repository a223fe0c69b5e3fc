"""Runs the benchmarks and writes the report: bench/results/REPORT.md.

    python bench/run.py [STAGE ...]     some stages; what the others left before is kept
    python bench/run.py --quick         everything in about 4 minutes, with little meaning
    python bench/run.py report          only the report, from what there is
    python bench/run.py --publish       only docs/BENCHMARKS.md, from what there is

Needs the common work and the recorded speech (PARLEY_BENCH, PARLEY_SPEECH; by default
../shared/bench and ../shared/speech). Other frameworks are installed into .venvs.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import density
import headline
import peers
import report
from common import ROOT, find_corpus, find_work
from lanes import Batch, Job, run, usable_cores
from peers import Peer

RESULTS = ROOT / "bench" / "results"
BUSY = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything."""

    quick: bool
    turns: int
    repeats: int
    calls: Sequence[int]
    density_turns: int
    density_repeats: int
    turn_trials: int
    soak: int
    overlap: int
    recordings: int


def whole(given: argparse.Namespace) -> Plan:
    calls = given.calls or density.CALLS
    loads = calls, 4, given.density_repeats
    return Plan(False, given.turns, given.repeats, *loads, 60, 1000, 100, 10)


def quick(given: argparse.Namespace) -> Plan:
    return Plan(True, 2, 1, given.calls or (16, 50), 3, 1, 3, 100, 20, 3)


# Stages


def run_headline(plan: Plan, others: Sequence[Peer], cores: Sequence[int]) -> list[str]:
    batches = headline.batches(others, plan.repeats, plan.turns, RESULTS, defaults=not plan.quick)
    return run(list(batches), cores, RESULTS)


def run_turns(plan: Plan, others: Sequence[Peer], cores: Sequence[int]) -> list[str]:
    """Everything on a clean line, and a part of it on the others."""
    most = plan.turn_trials
    jobs = [
        _turns("clean", "--line", "clean", "--most", str(0 if most > 20 else most)),
        _turns("lines", "--but", "clean", "--most", str(most)),
    ]
    words = str(most // 3)
    jobs = [Job(job.name, (*job.argv, "--words", words)) for job in jobs]
    return run([Batch((job,), 5400) for job in jobs], cores, RESULTS)


def _turns(name: str, *options: str) -> Job:
    out = RESULTS / f"turns-{name}"
    script = str(ROOT / "bench/turns.py")
    return Job(out.name, (sys.executable, script, "--out", str(out), *options))


def run_density(plan: Plan, others: Sequence[Peer], cores: Sequence[int]) -> list[str]:
    others = () if plan.quick else others
    how = plan.calls, plan.density_repeats, plan.density_turns
    batches = density.batches(others, *how, RESULTS)
    return run(list(batches), cores, RESULTS)


def run_soak(plan: Plan, others: Sequence[Peer], cores: Sequence[int]) -> list[str]:
    jobs = [
        _own("soak", "soak-virtual", "--calls", str(plan.soak)),
        _own("soak", "soak-real", "--calls", str(plan.overlap), "--real"),
    ]
    return run([Batch((job,), 900) for job in jobs], cores, RESULTS)


def run_local(plan: Plan, others: Sequence[Peer], cores: Sequence[int]) -> list[str]:
    job = _own("local", "local", "--recordings", str(plan.recordings))
    return run([Batch((job,), 400)], [None], RESULTS)  # its engines are processes of their own


def _own(script: str, name: str, *options: str) -> Job:
    out = RESULTS / f"{name}.json"
    return Job(
        name, (sys.executable, str(ROOT / f"bench/{script}.py"), "--out", str(out), *options)
    )


STAGES: dict[str, tuple[str, Callable[[Plan, Sequence[Peer], Sequence[int]], list[str]]]] = {
    "headline": ("head-*", run_headline),
    "density": ("dens-*", run_density),
    "turns": ("turns-*/*", run_turns),
    "soak": ("soak-*", run_soak),
    "local": ("local*", run_local),
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"{', '.join(STAGES)}, report")
    parser.add_argument("--quick", action="store_true", help="a little of everything")
    parser.add_argument("--no-peers", action="store_true", help="Parley alone")
    parser.add_argument("--repeats", type=int, default=2, help="of the headline")
    parser.add_argument("--turns", type=int, default=10, help="of each call of the headline")
    parser.add_argument("--density-repeats", type=int, default=1)
    parser.add_argument("--calls", type=_numbers(int), help="density: calls, comma-separated")
    parser.add_argument("--cores", type=_numbers(int), help="two by default, comma-separated")
    parser.add_argument("--publish", action="store_true", help="write docs/BENCHMARKS.md")
    given = parser.parse_args()
    if unknown := set(given.stages) - {*STAGES, "report"}:
        parser.error(f"there is no stage {', '.join(sorted(unknown))}")
    return given


def _numbers(kind: Callable[[str], float]) -> Callable[[str], tuple[float, ...]]:
    return lambda text: tuple(kind(part) for part in text.split(","))


def measure(given: argparse.Namespace, stages: Sequence[str]) -> list[str]:
    """Run stages; return the names of the jobs that failed."""
    plan = quick(given) if given.quick else whole(given)
    cores = given.cores or usable_cores()[:2]
    others = [] if given.no_peers else peers.ready()
    meta = report.describe(RESULTS, others, stages, quick=given.quick)
    if meta["load"] > BUSY:
        print(f"The machine is busy (load {meta['load']}): numbers will be worse than they are.")
    failed = []
    for name in stages:
        pattern, stage = STAGES[name]
        for old in RESULTS.glob(pattern):
            old.unlink()
        print(f"stage {name}", flush=True)
        failed += stage(plan, others, cores)
    return failed


def main() -> None:
    given = arguments()
    RESULTS.mkdir(exist_ok=True)
    if given.publish:
        try:
            print(report.publish(RESULTS))
        except ValueError as error:
            sys.exit(str(error))
        return
    stages = [s for s in STAGES if s in given.stages or not given.stages]
    if stages:
        find_work(), find_corpus()
    failed = measure(given, stages) if stages else []
    print(report.write(RESULTS))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
