"""Percentiles over calls: nearest rank, nothing invented, simulated calls marked."""

import json
from dataclasses import fields

from scripted_calls import Answer, Utterance, scripted_call

from parley.telemetry.aggregation import Percentiles, aggregate, percentiles
from parley.telemetry.waterfall import Parts, Waterfall, waterfall


def test_each_percentile_is_a_value_that_was_measured() -> None:
    hundred = [float(n) for n in range(100, 0, -1)]
    assert percentiles(hundred) == Percentiles(100, 50.0, 90.0, 99.0)
    assert percentiles([*hundred, 101.0]) == Percentiles(101, 51.0, 91.0, 100.0)
    assert percentiles([3.0, 1.0]) == Percentiles(2, 1.0, 3.0, 3.0)
    assert percentiles([0.2]) == Percentiles(1, 0.2, 0.2, 0.2)


def test_what_was_not_measured_counts_nowhere() -> None:
    assert percentiles([None, 0.0, None]) == Percentiles(1, 0.0, 0.0, 0.0)
    assert percentiles([None]) == Percentiles(0, None, None, None)


def call(audio_after: float, *, simulated: bool = True) -> Waterfall:
    """One question that is answered, and interrupted after two seconds."""
    said = Utterance(1.0, 1.0, "A table, please."), Utterance(6.0, 1.0, "No wait.")
    answers = (Answer(audio_after=audio_after, length=5.0),)
    return waterfall(scripted_call(*said, answers=answers), simulated=simulated)


def test_calls_are_taken_together() -> None:
    summary = aggregate(iter([call(0.1), call(0.3), call(0.2)]))
    assert summary.calls == 3
    assert summary.counts.turns == 6
    assert summary.end_reasons == {"caller-hung-up": 3}
    spread = summary.latencies["part_first_audio"]
    assert (spread.n, round(spread.p50_s or 0, 3), round(spread.p90_s or 0, 3)) == (6, 0.2, 0.3)
    assert summary.latencies["response"].n == summary.latencies["first_sound"].n == 6
    assert summary.latencies["time_won"].p50_s
    for name, expected_s in (("paused", 0.1), ("silent", 0.1), ("decided", 0.5)):
        assert abs((summary.latencies[name].p50_s or 0) - expected_s) < 1e-6


def test_one_simulated_call_makes_the_summary_simulated() -> None:
    assert not aggregate([call(0.1, simulated=False)]).simulated
    assert aggregate([call(0.1, simulated=False), call(0.1)]).simulated


def test_keys_are_the_same_without_any_call() -> None:
    empty, full = aggregate([]).to_json(), aggregate([call(0.1)]).to_json()
    assert json.loads(json.dumps(full, allow_nan=False)) == full
    assert empty["latencies"].keys() == full["latencies"].keys()
    assert len(full["latencies"]) == 6 + len(fields(Parts))
    assert empty["calls"] == empty["counts"]["turns"] == 0
    assert empty["latencies"]["response"] == {
        "n": 0, "p50_ms": None, "p90_ms": None, "p99_ms": None,
    }  # fmt: skip
    assert full["latencies"]["paused"]["p50_ms"] == 100.0
