"""The report's pictures."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from results import Outcome, cutoffs, density
from stats import percentile, wilson

SIZE = (6.4, 4.0)
SAME_MS = 10.0


def draw(folder: Path, default_s: float) -> list[str]:
    """Draw what there are results for; return the files' names."""
    drawn = []
    outcomes = cutoffs(folder)
    if len({o.wait_s for o in outcomes}) > 1:
        drawn.append(_patience(outcomes, default_s, folder / "cutoffs.png"))
    if "parley" in density(folder):
        drawn.append(_load(folder, folder / "density.png"))
    return drawn


def _patience(outcomes: Sequence[Outcome], default_s: float, path: Path) -> str:
    figure, axes = plt.subplots(figsize=SIZE, layout="constrained")
    _curve(axes, [o for o in outcomes if o.group == "inserted"], default_s, "pauses put in")
    _curve(axes, [o for o in outcomes if o.group != "inserted"], default_s, "own pauses")
    axes.set_xlabel("answer heard after the end of speech, median, ms")
    axes.set_ylabel("cut off, %")
    axes.set_ylim(0, 100)
    axes.set_title(f"Silence alone, up to each wait in seconds; default: {default_s:g}")
    axes.legend()
    return _save(figure, path)


def _curve(axes: Axes, outcomes: Sequence[Outcome], default_s: float, label: str) -> None:
    points = []
    for wait_s in sorted({o.wait_s for o in outcomes}):
        found = [o for o in outcomes if o.wait_s == wait_s]
        heard = sum(o.heard for o in found)
        latency = percentile([o.latency_s * 1e3 for o in found if o.latency_s is not None], 50)
        points.append((wait_s, latency, heard / len(found) * 100, *wilson(heard, len(found))))
    x, y = [p[1] for p in points], [p[2] for p in points]
    below = [p[2] - p[3] * 100 for p in points]
    above = [p[4] * 100 - p[2] for p in points]
    lines = axes.errorbar(
        x, y, yerr=[below, above], marker="o", markersize=4, capsize=2, label=label
    )
    for wait_s, latency, share, _, _ in points:
        if all(abs(p[1] - latency) > SAME_MS for p in points if p[0] > wait_s):
            name = f"{wait_s:g}"
            axes.annotate(name, (latency, share), (5, 5), textcoords="offset points", fontsize=7)
        if wait_s == default_s:
            axes.plot(
                latency, share, "o", markersize=11, fillstyle="none", color=lines[0].get_color()
            )


def _load(folder: Path, path: Path) -> str:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.0), layout="constrained")
    for name, found in density(folder).items():
        calls = sorted(found.loads)
        left.plot(calls, [found.net_cpu(n) * 1e3 for n in calls], "o-", label=name)
        right.plot(calls, [found.latency(n, 99) for n in calls], "o-", label=name)
    left.set(xlabel="calls on one core", ylabel="net CPU, ms per call-second", ylim=(0, None))
    right.set(xlabel="calls on one core", ylabel="response latency p99, ms", ylim=(0, 1500))
    for axes in (left, right):
        axes.legend()
    return _save(figure, path)


def _save(figure: Figure, path: Path) -> str:
    figure.savefig(path, dpi=140)
    plt.close(figure)
    return path.name
