"""What the stages have left: the JSON of a run, read and condensed into numbers."""

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from stats import percentile, slope

Json = dict[str, Any]


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
