"""Small statistics, and how they are written."""

import math
import statistics
from collections.abc import Iterable, Sequence

import numpy as np

from parley.sim.tuning import wilson

NONE = "–"


def percentile(values: Sequence[float], percent: float) -> float:
    """NaN where there are no values."""
    return float(np.percentile(values, percent)) if len(values) else math.nan


def slope(points: Iterable[tuple[float, float]]) -> float:
    """Of the straight line through the points that fits best; NaN for fewer than two."""
    x, y = zip(*points, strict=True)
    return float(np.polyfit(x, y, 1)[0]) if len(set(x)) > 1 else math.nan


def spread(values: Iterable[float | None], form: str = "{:.0f}") -> str:
    """The median over repeats, with the lowest and the highest where they differ."""
    known = [v for v in values if v is not None and not math.isnan(v)]
    if not known:
        return NONE
    middle, low, high = (form.format(f(known)) for f in (statistics.median, min, max))
    return middle if low == high else f"{middle} ({low}..{high})"


def number(value: float | None, form: str = "{:.0f}") -> str:
    return NONE if value is None or math.isnan(value) else form.format(value)


def rate(hits: int, n: int) -> str:
    """A share in percent with its interval."""
    if not n:
        return NONE
    low, high = wilson(hits, n)
    return f"{hits / n:.0%} ({low:.0%}..{high:.0%})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
