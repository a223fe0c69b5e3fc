"""Small statistics, and how they are written."""

import math
import statistics
from collections.abc import Iterable, Sequence

import numpy as np

NONE = "–"


def percentile(values: Sequence[float], percent: float) -> float:
    """NaN where there are no values."""
    return float(np.percentile(values, percent)) if len(values) else math.nan


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a rate (Wilson, 1927)."""
    if not n:
        return 0.0, 1.0
    rate, square = hits / n, z * z / n
    middle = (rate + square / 2) / (1 + square)
    half = z * math.sqrt(rate * (1 - rate) / n + square / n / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


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
