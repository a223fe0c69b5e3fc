"""The report's pictures."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from results import density


def draw(folder: Path) -> list[str]:
    """Draw what there are results for; return the files' names."""
    drawn = []
    if "parley" in density(folder):
        drawn.append(_load(folder, folder / "density.png"))
    return drawn


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
