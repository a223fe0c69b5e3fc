"""The report's sections: one function for each stage, from its JSON to Markdown."""

import math
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from results import Density, Json, Round, density, headline, read
from stats import NONE, number, percentile, slope, spread, table

NAMES = {
    ("parley", "default"): "**Parley**",
    ("livekit", "tuned"): "LiveKit Agents, tuned",
    ("pipecat", "tuned"): "Pipecat, tuned",
    ("livekit", "default"): "LiveKit Agents, default",
    ("pipecat", "default"): "Pipecat, default",
    ("null", "oracle"): "no framework, oracle",
}
PEER_NAMES = {"parley": "**Parley**", "livekit": "LiveKit Agents", "pipecat": "Pipecat"}

GATE_CALLS = 50
MOST_P99_MS = 620.0
MOST_LATE = 0.01
MOST_CPU = 0.012
"""Most of it for the sound of a turn every seven seconds, judged once or twice, for 45 ms each."""
MOST_MB = 1.5
MOST_STALL_MS = 10.0


# Headline


def headline_section(folder: Path) -> str:
    rounds = headline(folder)
    if not rounds:
        return ""
    shown = [(name, rounds[key]) for key, name in NAMES.items() if key in rounds]
    return "\n".join(
        [
            "## Latency and barge-in\n",
            "Four processes of one call each on one core; the caller interrupts in every turn. "
            "Milliseconds: the median over the repeats, with the lowest and the highest. The "
            "latency is from the last sample of speech to the first sample that is heard. "
            "An agent that generates only when the turn has ended needs 650 ms of this work at "
            "least; one that starts at the final transcript, 550 ms.\n",
            _latencies(shown),
            _barge_ins([entry for entry in shown if "no framework" not in entry[0]]),
            _ratios(rounds),
        ]
    )


def _latencies(shown: Sequence[tuple[str, list[Round]]]) -> str:
    def row(name: str, rounds: list[Round]) -> list[str]:
        turns = [t for r in rounds for t in r.turns]
        return [
            name,
            f"{len(rounds)} × {len(turns) // len(rounds)}",
            *(spread(r.latency(p) for r in rounds) for p in (50, 90, 99)),
            str(sum(t["latency"] is None for t in turns)),
            str(sum(t["early"] > 0 for t in turns)),
            spread((r.cpu for r in rounds), "{:.4f}"),
            spread(r.rss_mb for r in rounds),
        ]

    head = ["", "turns", "p50", "p90", "p99", "no answer", "spoke too early"]
    head += ["CPU s per call-second", "MB"]
    return table(head, [row(*entry) for entry in shown])


def _barge_ins(shown: Sequence[tuple[str, list[Round]]]) -> str:
    def row(name: str, rounds: list[Round]) -> list[str]:
        barged = [t for r in rounds for t in r.barged]
        return [
            name,
            str(len(barged)),
            *(spread(r.stop(p) for r in rounds) for p in (50, 90, 99)),
            *(spread(r.after(p) for r in rounds) for p in (50, 99)),
            str(sum(t["failed"] for t in barged)),
            str(sum(t["leak_frames"] > 0 for t in barged)),
        ]

    head = ["", "barge-ins", "stop p50", "p90", "p99", "next answer p50", "p99"]
    return table([*head, "not stopped", "old reply leaked"], [row(*entry) for entry in shown])


def _ratios(rounds: dict[tuple[str, str], list[Round]]) -> str:
    peers = [name for name in ("livekit", "pipecat") if (name, "tuned") in rounds]
    if not peers or ("parley", "default") not in rounds:
        return ""
    measures: list[tuple[str, Callable[[Round], float]]] = [
        ("response latency p50", lambda r: r.latency(50)),
        ("response latency p99", lambda r: r.latency(99)),
        ("barge-in stop p50", lambda r: r.stop(50)),
        ("barge-in stop p99", lambda r: r.stop(99)),
        ("CPU per call, gross", lambda r: r.cpu),
    ]
    rows = []
    for name, measure in measures:
        ours = statistics.median(map(measure, rounds["parley", "default"]))
        theirs = [statistics.median(map(measure, rounds[p, "tuned"])) for p in peers]
        rows.append([name, *(number(other / ours, "{:.2f}") for other in theirs)])
    head = ["tuned peer ÷ Parley", *(PEER_NAMES[p] for p in peers)]
    return table(head, rows)


# Density


def density_section(folder: Path) -> str:
    found = density(folder)
    if "parley" not in found:
        return ""
    return "\n".join(
        [
            "## Many calls on one core\n",
            "One process pinned to one core, callers and scripted engines in it; four turns a "
            "call, every call with voice detection, trace and recording. Net: less what the "
            "same work and the probes cost without a framework. Late: frames that came more "
            "than 20 ms after the end of the one before. Behind: the most that a reply fell "
            "behind the clock of its first frame. Lag: how late a timer of 1 ms fires.\n",
            _loads(found["parley"]),
            _inside(found["parley"]),
            _peers(found),
            _gates(found["parley"]),
        ]
    )


def _loads(ours: Density) -> str:
    def row(n: int) -> list[str]:
        return [
            str(n),
            number(ours.median(n, "cpu"), "{:.4f}"),
            number(ours.net_cpu(n), "{:.4f}"),
            number(ours.latency(n, 50)),
            number(ours.latency(n, 99)),
            f"{ours.median(n, 'late'):.2%}",
            number(_worst(ours, n, "late", "worst_ms")),
            number(_worst(ours, n, "late", "behind_ms")),
            number(max(x.run["late_ms"]["99"] for x in ours.loads[n]), "{:.1f}"),
            number(ours.median(n, "rss_mb")),
        ]

    head = ["calls", "CPU s per call-second", "net", "latency p50, ms", "p99", "late frames"]
    head += ["longest gap, ms", "behind, ms", "caller lag p99, ms", "MB"]
    net = ours.mb_per_call() - Density(ours.null, {}).mb_per_call()
    gross = number(ours.mb_per_call(), "{:.2f}")
    added = f"An added call takes {number(net, '{:.2f}')} MB net ({gross} MB gross).\n"
    return table(head, [row(n) for n in sorted(ours.loads)]) + "\n" + added


def _inside(ours: Density) -> str:
    def row(n: int) -> list[str]:
        stalls = [load.probe["stalls"] for load in ours.loads[n]]
        kinds = ("over_10ms", "over_10ms_with_gc", "over_10ms_with_vad")
        return [
            str(n),
            number(_worst(ours, n, "lag_ms", "99.9"), "{:.1f}"),
            number(_worst(ours, n, "lag_ms", "max"), "{:.1f}"),
            number(_worst(ours, n, "held", "max_ms"), "{:.1f}"),
            *(str(sum(s[kind] for s in stalls)) for kind in kinds),
            number(max(load.gc_ms for load in ours.loads[n]), "{:.1f}"),
            number(max(load.vad_ms for load in ours.loads[n]), "{:.1f}"),
            number(ours.median(n, "vad_cpu"), "{:.4f}"),
            f"{_worst(ours, n, 'foreign'):.1%}",
        ]

    head = ["calls", "lag p99.9, ms", "lag max", "held at most, CPU ms"]
    head += ["stalls over 10 ms", "during gc", "during VAD"]
    head += [
        "gc max, ms",
        "VAD batch max, CPU ms",
        "VAD CPU s per call-second",
        "core used by others, about",
    ]
    return table(head, [row(n) for n in sorted(ours.loads)])


def _worst(ours: Density, n: int, *keys: str) -> float:
    def value(probe: Any) -> float:
        for key in keys:
            probe = probe[key]
        return float(probe)

    return max(value(load.probe) for load in ours.loads[n])


def _peers(found: dict[str, Density]) -> str:
    others = [name for name in found if name != "parley"]
    if not others:
        return ""

    def row(name: str, n: int) -> list[str]:
        them = found[name]
        return [
            PEER_NAMES[name],
            str(n),
            number(them.median(n, "cpu"), "{:.4f}"),
            number(them.net_cpu(n), "{:.4f}"),
            number(them.latency(n, 50)),
            number(them.latency(n, 99)),
            f"{them.median(n, 'late'):.2%}",
            number(_worst(them, n, "lag_ms", "max"), "{:.0f}"),
            number(them.mb_per_call(), "{:.1f}"),
        ]

    most = max(n for name in others for n in found[name].loads) + 1
    rows = [
        row(name, n)
        for name in ("parley", *others)
        for n in sorted(found[name].loads)
        if 1 < n <= most
    ]
    head = ["tuned", "calls", "CPU s per call-second", "net", "latency p50, ms", "p99"]
    return table([*head, "late frames", "lag max, ms", "MB per added call"], rows)


def _gates(ours: Density) -> str:
    n = GATE_CALLS
    if n not in ours.loads:
        return ""
    memory = ours.mb_per_call() - Density(ours.null, {}).mb_per_call()
    gc_ms = max(load.gc_ms for load in ours.loads[n])
    vad_ms = max(load.vad_ms for load in ours.loads[n])
    gates = [
        ("latency p99, ms", ours.latency(n, 99), MOST_P99_MS, "{:.0f}"),
        ("late frames", ours.median(n, "late"), MOST_LATE, "{:.2%}"),
        ("net CPU s per call-second", ours.net_cpu(n), MOST_CPU, "{:.4f}"),
        ("MB per added call, net", memory, MOST_MB, "{:.2f}"),
        ("longest garbage collection, ms", gc_ms, MOST_STALL_MS, "{:.1f}"),
        ("longest batch of voice detection, CPU ms", vad_ms, MOST_STALL_MS, "{:.1f}"),
    ]
    rows = [
        [name, number(value, form), form.format(most), _kept(value, most)]
        for name, value, most, form in gates
    ]
    return table([f"at {n} calls", "measured", "at most", "kept"], rows)


def _kept(value: float, most: float) -> str:
    if math.isnan(value):
        return NONE
    return "yes" if value <= most else "**no**"


# Soak and local


def soak_section(folder: Path) -> str:
    found = [
        read(p) for p in (folder / "soak-virtual.json", folder / "soak-real.json") if p.exists()
    ]
    if not found:
        return ""
    parts = [
        "## Many calls after one another\n",
        "Short calls through one agent: whole ones, hang-ups in speech and in the reply, "
        "barge-ins. The first table in virtual time, in sequence; the second in real time, "
        "overlapping (middle row: half of them begun).\n",
    ]
    for soak in found:
        parts += [_samples(soak), _left(soak)]
    return "\n".join(parts)


def _samples(soak: Json) -> str:
    samples = soak["samples"]
    last = samples[-1]["calls"]
    shown = [s for s in samples if len(samples) <= 4 or s["calls"] in (0, 100, 300, last)]
    head = ["calls", "MB", "objects", "tasks", "threads", "open files"]
    keys = ("calls", "rss_mb", "objects", "tasks", "threads", "fds")
    return table(head, [[number(s[key]) for key in keys] for s in shown])


def _left(soak: Json) -> str:
    settled = [(s["calls"], s["rss_mb"]) for s in soak["samples"] if s["calls"] >= 300]
    grows = f"{slope(settled) * 1000:.2f} MB per 1,000 calls" if len(settled) > 2 else NONE
    ends = ", ".join(f"{count} {reason}" for reason, count in soak["ends"].items())
    left = soak["left"]
    return (
        f"Growth after the first 300: {grows}. A full collection at the end found "
        f"{left['collected']} objects that nobody had collected. Ends: {ends}. "
        f"It took {soak['seconds']:.0f} s.\n"
    )


def local_section(folder: Path) -> str:
    path = folder / "local.json"
    if not path.exists():
        return ""
    found = read(path)
    known = [x * 1e3 for x in found["latencies"] if x is not None]
    return (
        "## The embedded engines\n\n"
        f"The default assistant ({found['recogniser']}, a scripted model, the embedded voice) in "
        f"real time: {len(found['latencies'])} recordings, {len(known)} answered, "
        f"{found['early']} spoken over. Latency p50 {number(percentile(known, 50))} ms, "
        f"p90 {number(percentile(known, 90))} ms, longest {number(max(known, default=math.nan))} "
        f"ms; word error rate {found['word_error_rate']:.0%}.\n"
    )
