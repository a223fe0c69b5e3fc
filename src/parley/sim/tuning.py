"""How long to wait: cut-offs against latency on an operator's own calls.

Every passage of the recordings is replayed with every wait and patience, by the core itself.
Nothing is fitted: what is proposed is a point of a curve that was measured.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from parley.core.settings import InterruptionSettings, Settings
from parley.sim.passages import Passage
from parley.sim.replaying import Pace, replay

WAITS_S = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0)
"""The values of `startSpeakingPlan.unsureSeconds` that are tried."""

PATIENCES_S = (0.0, 0.35, 0.7, 1.0, 1.5)
"""The values of `startSpeakingPlan.patienceSeconds` that are tried."""

WORTH_S, WORTH_RATE = 0.02, 0.02
"""Less is no reason to change the patience that is set: seconds of the mean, share cut off."""

LEAST_PAUSE_S = 0.2
"""Shorter silence is the closure of a consonant: nobody is cut off in it."""

LEAST_PAUSES = 30
"""With fewer the rate is not known to within 15 %, and nothing is proposed."""

EARLY_S = 0.02

TAKEN = InterruptionSettings(voice_s=0.0, acknowledgements=())
"""Who goes on after they were cut off has the floor at once, so that whether they are cut off
again is seen in each later pause, whatever the assistant heeds."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a wait leads to. Times are seconds after the last voiced sample."""

    wait_s: float
    cut_off: int
    pauses: int
    delays: tuple[float, ...]
    missed: int
    """Ends at which no turn was committed: nothing was understood."""

    patience_s: float = 0.0

    @property
    def rate(self) -> float:
        """The share of pauses in which the caller is cut off; NaN where there are none."""
        return self.cut_off / self.pauses if self.pauses else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The rate's 95 % interval."""
        return wilson(self.cut_off, self.pauses)

    @property
    def mean_s(self) -> float:
        """From the end of speech to the end of the turn."""
        return float(np.mean(self.delays)) if self.delays else math.nan

    @property
    def median_s(self) -> float:
        """The same, of which half are longer."""
        return quantile(self.delays, 0.5)

    @property
    def p95_s(self) -> float:
        """The same, of which 5 % are longer."""
        return quantile(self.delays, 0.95)


Curve = list[Point]
"""Of one patience, the shortest wait first."""


def curve(
    passages: Sequence[Passage], settings: Settings, waits: Sequence[float] = WAITS_S
) -> Curve:
    """A point for each wait, and for the one that is set, in their order."""
    all_waits = sorted({*waits, settings.turns.wait_s})
    return [_point(passages, settings, wait_s) for wait_s in all_waits]


def curves(
    passages: Sequence[Passage],
    settings: Settings,
    patiences: Sequence[float] = PATIENCES_S,
    waits: Sequence[float] = WAITS_S,
) -> list[Curve]:
    """A curve for each patience, and for the one that is set, in their order."""
    rules = settings.turns
    all_patiences = sorted({*patiences, rules.ending.patience_s})
    endings = [replace(rules.ending, patience_s=p) for p in all_patiences]
    each = [replace(settings, turns=replace(rules, ending=ending)) for ending in endings]
    return [curve(passages, one, waits) for one in each]


def together(one: list[Curve], other: list[Curve]) -> list[Curve]:
    """The curves of all passages, of those of two parts."""
    pairs = (zip(*both, strict=True) for both in zip(one, other, strict=True))
    return [[_sum(a, b) for a, b in points] for points in pairs]


def _sum(one: Point, other: Point) -> Point:
    return replace(
        one,
        cut_off=one.cut_off + other.cut_off,
        pauses=one.pauses + other.pauses,
        delays=one.delays + other.delays,
        missed=one.missed + other.missed,
    )


def _point(passages: Sequence[Passage], settings: Settings, wait_s: float) -> Point:
    silent = replace(
        settings, greeting="", greeting_generated=False, interruption=TAKEN, thinking=TAKEN
    )
    cut_off, pauses, missed, delays = 0, 0, 0, []
    for passage in passages:
        turns = replace(silent.turns, wait_s=wait_s, judges=passage.judge is not None)
        told = replay(passage.hearing, replace(silent, turns=turns), passage.judge, Pace())
        for stopped, again in passage.pauses:
            if again.at_s - stopped.at_s >= LEAST_PAUSE_S:
                pauses += 1
                cut_off += any(stopped.at_s < at <= again.known_s for at in told.committed)
        after = [at for at in told.committed if at >= passage.end_s - EARLY_S]
        missed += not after
        delays += [after[0] - passage.end_s] if after else []
    patience_s = settings.turns.ending.patience_s
    return Point(wait_s, cut_off, pauses, tuple(delays), missed, patience_s)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted; None: nothing. `patience_s` is the one that is set."""

    cut_off: float | None
    latency_s: float | None
    patience_s: float

    def grant(self, found: Sequence[Curve]) -> Point | None:
        """The point that fulfils it best; another patience than is set must be worth it."""
        if self.cut_off is not None:
            rare = [p for c in found if (p := for_cut_off(c, self.cut_off))]
            limit = math.inf if self.latency_s is None else self.latency_s
            return self._best([p for p in rare if p.mean_s <= limit], _mean, WORTH_S)
        limit = 0.0 if self.latency_s is None else self.latency_s
        fast = [p for c in found if (p := for_latency(c, limit))]
        return self._best(fast, _rate, WORTH_RATE)

    def _best(
        self, found: Sequence[Point], cost: Callable[[Point], float], worth: float
    ) -> Point | None:
        ordered = sorted(found, key=lambda p: (cost(p), abs(p.patience_s - self.patience_s)))
        enough = [p for p in ordered if cost(p) < cost(ordered[0]) + worth]
        set_now = [p for p in enough if p.patience_s == self.patience_s]
        return next(iter(set_now or enough), None)


def makes_no_difference(found: Sequence[Curve]) -> bool:
    """Whether every wait and patience that was tried leads to the same."""
    outcomes = {(p.cut_off, p.missed, _rounded(p.delays)) for points in found for p in points}
    return len(outcomes) == 1


def _rounded(delays: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(delay, 3) for delay in delays)


def tried(wish: Wish, one: list[Curve], other: list[Curve]) -> Point | None:
    """What is chosen by each of two parts of the calls, and what it does to the other.

    None: a part alone is no ground for a choice.
    """
    parts = []
    for chosen_by, tried_on in ((one, other), (other, one)):
        chosen = wish.grant(chosen_by)
        if chosen is None:
            return None
        wanted = chosen.wait_s, chosen.patience_s
        parts += [p for c in tried_on for p in c if (p.wait_s, p.patience_s) == wanted]
    return _sum(*parts)


def _mean(point: Point) -> float:
    return point.mean_s


def _rate(point: Point) -> float:
    return point.rate if point.pauses else 0.0


def for_cut_off(points: Sequence[Point], wanted: float) -> Point | None:
    """The shortest wait from which on no more are cut off than wanted; None: none does."""
    found = None
    for point in reversed(points):
        if not point.rate <= wanted:
            break
        found = point
    return found


def for_latency(points: Sequence[Point], wanted_s: float) -> Point | None:
    """The longest wait whose mean is no longer than wanted; None: none is."""
    fast = [point for point in points if point.mean_s <= wanted_s]
    return fast[-1] if fast else None


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson, 1927)."""
    if not n:
        return 0.0, 1.0
    rate, square = hits / n, z * z / n
    middle = (rate + square / 2) / (1 + square)
    half = z * math.sqrt(rate * (1 - rate) / n + square / n / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def quantile(values: Sequence[float], part: float) -> float:
    """By linear interpolation; NaN where there are no values."""
    return float(np.quantile(values, part)) if values else math.nan
