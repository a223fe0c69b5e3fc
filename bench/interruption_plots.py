"""The pictures of `interruptions`: how soon the agent is silent, and to what it yields."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from parley.sim.tuning import wilson


def draw(delays_ms: dict[str, list[float]], yields: dict[str, tuple[int, int]], path: Path) -> None:
    """Delays as shares that are reached, and of each kind of sound how much took the floor."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.0), layout="constrained")
    for name, values in delays_ms.items():
        ordered = np.sort(values)
        left.step(ordered, np.arange(1, len(ordered) + 1) / len(ordered) * 100, label=name)
    left.set(xlabel="after the onset of an interruption, ms", ylabel="reached, %")
    left.set(xlim=(0, 1500), ylim=(0, 100))
    left.legend()
    _bars(right, yields)
    figure.savefig(path, dpi=140)
    plt.close(figure)


def _bars(axes: Axes, yields: dict[str, tuple[int, int]]) -> None:
    names = [f"{name} ({n})" for name, (_, n) in yields.items()]
    shares = [hits / n * 100 for hits, n in yields.values()]
    bounds = [wilson(hits, n) for hits, n in yields.values()]
    below = [share - low * 100 for share, (low, _) in zip(shares, bounds, strict=True)]
    above = [high * 100 - share for share, (_, high) in zip(shares, bounds, strict=True)]
    places = range(len(names))
    axes.barh(places, shares, xerr=[np.maximum(below, 0), np.maximum(above, 0)], capsize=2)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set(xlabel="took the floor, %", xlim=(0, 100))
