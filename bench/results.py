"""What the stages have left: the JSON of a run, read and condensed into numbers."""

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from stats import percentile, slope

Json = dict[str, Any]

BINS_S = (0.0, 0.3, 0.5, 0.7, 1.0, math.inf)
PERCENTS = (50, 90, 99)


def read(path: Path) -> Any:
    return json.loads(path.read_text())


# Headline


@dataclass(frozen=True, slots=True)
class Round:
    """One repeat of a contender: its processes side by side. Times are milliseconds."""

    runs: Sequence[Json]

    @property
    def turns(self) -> list[Json]:
        return [turn for run in self.runs for turn in run["turns"]]

    @property
    def barged(self) -> list[Json]:
        """Turns in which the caller interrupted while the agent was heard."""
        return [turn for turn in self.turns if turn.get("playing")]

    def latency(self, percent: float) -> float:
        return percentile([t["latency"] * 1e3 for t in self.turns if t["latency"]], percent)

    def stop(self, percent: float) -> float:
        return percentile([t["stop"] * 1e3 for t in self.barged], percent)

    def after(self, percent: float) -> float:
        return percentile([t["after"] * 1e3 for t in self.barged if t["after"]], percent)

    @property
    def cpu(self) -> float:
        return statistics.mean(float(run["cpu_per_call_s"] or math.nan) for run in self.runs)

    @property
    def rss_mb(self) -> float:
        return statistics.mean(float(run["rss_end_mb"]) for run in self.runs)


def headline(folder: Path) -> dict[tuple[str, str], list[Round]]:
    """The repeats of each contender, named by framework and mode."""
    runs: dict[tuple[str, str], dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob("head-*.json")):
        _, name, mode, repeat, _ = path.stem.split("-")
        runs[name, mode][repeat].append(read(path))
    return {key: [Round(r) for r in repeats.values()] for key, repeats in runs.items()}


# Cut-offs


@dataclass(frozen=True)
class Outcome:
    """One trial: whether the pause was taken for the end of the turn, and what came of it."""

    trial: Json

    @property
    def group(self) -> str:
        return str(self.trial["group"])

    @property
    def wait_s(self) -> float:
        return float(self.trial["wait_s"])

    @property
    def pause_s(self) -> float:
        begin, end = self.trial["pause"]
        return float(end - begin)

    @property
    def committed(self) -> bool:
        """The turn ended although the speaker was going on."""
        return any(t < self.trial["end"] for t in self.trial["committed"])

    @property
    def heard(self) -> bool:
        """The agent was heard before the speaker had finished."""
        return any(t < self.trial["end"] for t in self.trial["sounds"])

    @property
    def harmless(self) -> bool:
        """The turn was taken up again before anything was heard."""
        return self.committed and not self.heard and bool(self.trial["reopened"])

    @property
    def commit_s(self) -> float | None:
        """From the end of speech to the commit of the turn; None where it was cut off."""
        return None if self.heard else self._after(self.trial["committed"])

    @property
    def latency_s(self) -> float | None:
        """From the end of speech to the answer; None where it was cut off."""
        return None if self.heard else self._after(self.trial["sounds"])

    def _after(self, times: Sequence[float]) -> float | None:
        return next((t - self.trial["end"] for t in times if t >= self.trial["end"]), None)


def cutoffs(folder: Path) -> list[Outcome]:
    files = sorted(folder.glob("cutoffs-*.json"))
    return [Outcome(trial) for trial in chain.from_iterable(map(read, files))]


def by_pause(outcomes: Iterable[Outcome]) -> dict[tuple[float, float], list[Outcome]]:
    """In bins of the pause's length; empty ones left out."""
    bins: dict[tuple[float, float], list[Outcome]] = {edges: [] for edges in pairwise(BINS_S)}
    for outcome in outcomes:
        bins[next(e for e in bins if e[0] <= outcome.pause_s < e[1])].append(outcome)
    return {edges: found for edges, found in bins.items() if found}


# Density


@dataclass(frozen=True)
class Load:
    """One run of so many calls in a process."""

    run: Json
    probe: Json

    @property
    def calls(self) -> int:
        return int(self.run["n"])

    @property
    def cpu(self) -> float:
        """CPU seconds per second of a call; the probe's are in it."""
        return float(self.run["cpu_per_call_s"] or math.nan)

    @property
    def rss_mb(self) -> float:
        return float(self.run["rss30_mb"] or math.nan)

    @cached_property
    def latencies(self) -> list[float]:
        return [t["latency"] * 1e3 for t in self.run["turns"] if t["latency"] is not None]

    @property
    def late(self) -> float:
        """Share of the frames that came late."""
        return float(self.probe["late"]["late"] / max(1, self.probe["late"]["frames"]))

    @property
    def gc_ms(self) -> float:
        return max(float(spans["max_ms"]) for spans in self.probe["gc"])

    @property
    def vad_ms(self) -> float:
        """CPU time of the longest batch of the voice detector."""
        return float(self.probe["vad"]["cpu"]["max_ms"])

    @property
    def vad_cpu(self) -> float:
        """CPU seconds of the voice detector per second of a call."""
        return float(self.probe["vad"]["cpu"]["total_s"] / self.probe["seconds"] / self.calls)


@dataclass(frozen=True)
class Density:
    """All runs of one framework, by the number of calls, and those without any."""

    loads: dict[int, list[Load]]
    null: dict[int, list[Load]]

    def median(self, calls: int, measure: str) -> float:
        return statistics.median(float(getattr(load, measure)) for load in self.loads[calls])

    def latency(self, calls: int, percent: float) -> float:
        return statistics.median(percentile(x.latencies, percent) for x in self.loads[calls])

    def null_cpu(self, calls: int) -> float:
        """Without a framework; between two measured numbers of calls, in proportion."""
        known = sorted(self.null)
        costs = [n * statistics.median(load.cpu for load in self.null[n]) for n in known]
        return float(np.interp(calls, known, costs)) / calls if known else math.nan

    def net_cpu(self, calls: int) -> float:
        return self.median(calls, "cpu") - self.null_cpu(calls)

    def mb_per_call(self) -> float:
        """Of memory after 30 s, over the number of calls."""
        return slope((n, self.median(n, "rss_mb")) for n in self.loads)


def density(folder: Path) -> dict[str, Density]:
    loads: dict[str, dict[int, list[Load]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob("dens-*.probe.json")):
        _, name, _, calls = path.name.removesuffix(".probe.json").split("-")
        run = path.with_name(path.name.replace(".probe", ""))
        loads[name][int(calls)].append(Load(read(run), read(path)))
    null = dict(loads.pop("null", {}))
    return {name: Density(dict(found), null) for name, found in loads.items()}
