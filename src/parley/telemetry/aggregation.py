"""Percentiles of latencies over the waterfalls of many calls."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from parley.telemetry.waterfall import Counts, Parts, Waterfall, plain


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of `n` values in seconds, by nearest rank: each is a value that was measured.

    That is definition 1 of Hyndman and Fan 1996, "Sample quantiles in statistical
    packages". None where there is no value.
    """

    n: int
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Many calls. `simulated` as soon as one of them is.

    `latencies` has the same keys always: response, first_sound and time_won of turns, the
    parts of the response as `part_…`, and paused, silent and decided of interruptions.
    Percentiles of parts do not add up to the percentile of the whole; parts do.
    """

    calls: int
    simulated: bool
    counts: Counts
    end_reasons: Mapping[str, int]
    latencies: Mapping[str, Percentiles]

    def to_json(self) -> dict[str, Any]:
        """Plain values with stable keys: times in milliseconds with one decimal, or None."""
        values: dict[str, Any] = plain(self)
        return values


def aggregate(calls: Iterable[Waterfall]) -> Summary:
    """Take the calls together. A value that is None is no value; it counts nowhere."""
    calls = tuple(calls)
    totals = {f.name: sum(getattr(c.counts, f.name) for c in calls) for f in fields(Counts)}
    reasons = Counter(call.end_reason for call in calls if call.end_reason)
    return Summary(
        calls=len(calls),
        simulated=any(call.simulated for call in calls),
        counts=Counts(**totals),
        end_reasons=dict(sorted(reasons.items())),
        latencies={name: percentiles(values) for name, values in _samples(calls)},
    )


def percentiles(values: Iterable[float | None]) -> Percentiles:
    """The median, the 90th and the 99th percentile of the values that are not None."""
    known = sorted(value for value in values if value is not None)
    ranks = [-(-len(known) * percent // 100) for percent in (50, 90, 99)]
    return Percentiles(len(known), *(known[rank - 1] if known else None for rank in ranks))


def _samples(calls: tuple[Waterfall, ...]) -> Iterator[tuple[str, list[float | None]]]:
    turns = [turn for call in calls for turn in call.turns]
    yield "response", [turn.response_s for turn in turns]
    yield "first_sound", [turn.first_sound_s for turn in turns]
    yield "time_won", [turn.time_won_s for turn in turns]
    for part in fields(Parts):
        name = f"part_{part.name.removesuffix('_s')}"
        yield name, [getattr(turn.parts, part.name) for turn in turns]
    interruptions = [it for call in calls for it in call.interruptions]
    yield "paused", [it.paused_after_s for it in interruptions]
    yield "silent", [it.silent_after_s for it in interruptions]
    yield "decided", [it.decided_after_s for it in interruptions]
