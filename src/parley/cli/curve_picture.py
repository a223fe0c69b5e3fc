"""The cut-off/latency curve as an SVG picture, without any package for it."""

import math
from collections.abc import Sequence
from html import escape
from itertools import cycle

from parley.sim.tuning import Point

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 50
STEPS = tuple(f * 10.0**e for e in range(-3, 6) for f in (1, 2, 5))
MOST_TICKS = 10
BLUE, GREY = "#1f5fa8", "#888888"
DASHES = ("1 0", "6 3", "2 2", "8 2 2 2")
"""How the thin lines are told apart."""

APART = 26
"""Nearer to the one before a point has no label."""


def svg(
    points: Sequence[Point],
    others: Sequence[Sequence[Point]],
    current_s: float,
    proposed: Point | None,
    title: str,
) -> str:
    """Mean latency against the share that is cut off, with its 95 % interval.

    The current wait has a ring, the proposed one a disc. `others` are the curves of other
    patiences, thin.
    """
    shown, thin = _known(points), [line for each in others if (line := _known(each))]
    everything = [*shown, *(p for line in thin for p in line)]
    longest = max((p.mean_s for p in everything), default=1.0) * 1.08 or 1.0
    highest = max((p.interval[1] for p in shown), default=1.0) * 1.05 or 1.0
    frame = _Frame(longest, highest)
    parts = frame.axes(title)
    for line, dash in zip(thin, cycle(DASHES), strict=False):
        parts.append(_line(line, frame, f'stroke="{GREY}" stroke-dasharray="{dash}"'))
    parts += [_line(shown, frame, f'stroke="{BLUE}" stroke-width="2"'), *_legend(shown, thin)]
    labelled = -math.inf
    for point in [*shown, *(p for line in thin for p in line if p == proposed)]:
        current = point in shown and point.wait_s == current_s
        parts += _mark(point, frame, current, point == proposed)
        if frame.x(point.mean_s) - labelled >= APART or current or point == proposed:
            labelled = frame.x(point.mean_s)
            parts.append(_label(point, frame))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    style = 'font-family="sans-serif" font-size="12"'
    background = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    return "\n".join([f"{head} {style}>", background, *parts, "</svg>", ""])


def _known(points: Sequence[Point]) -> list[Point]:
    return [p for p in points if p.pauses and p.delays]


class _Frame:
    """Where values lie in the picture."""

    def __init__(self, longest_s: float, highest: float) -> None:
        self._longest, self._highest = longest_s, highest

    def x(self, seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / self._longest

    def y(self, share: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share / self._highest

    def axes(self, title: str) -> list[str]:
        foot, middle = HEIGHT - BOTTOM, HEIGHT / 2
        below = "from the end of speech to the end of the turn, mean, ms"
        upright = f'text-anchor="middle" transform="rotate(-90 16 {middle})"'
        size = f'x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{foot - TOP}"'
        parts = [
            f'<clipPath id="frame"><rect {size}/></clipPath>',
            f'<path d="M{LEFT} {TOP}V{foot}H{WIDTH - RIGHT}" stroke="black" fill="none"/>',
            _text(WIDTH / 2, 22, title, 'text-anchor="middle" font-size="14"'),
            _text(WIDTH / 2, HEIGHT - 12, below, 'text-anchor="middle"'),
            _text(16, middle, "cut off in a pause, %", upright),
        ]
        for share in _ticks(self._highest):
            y = self.y(share)
            parts.append(_text(LEFT - 6, y + 4, f"{100 * share:.6g}", 'text-anchor="end"'))
            parts.append(f'<path d="M{LEFT} {y:.1f}h-4" stroke="black"/>')
        for seconds in _ticks(self._longest):
            x = self.x(seconds)
            parts.append(_text(x, foot + 18, f"{1000 * seconds:.6g}", 'text-anchor="middle"'))
            parts.append(f'<path d="M{x:.1f} {foot}v4" stroke="black"/>')
        return parts


def _ticks(most: float) -> list[float]:
    """Round numbers up to the greatest, four to nine of them."""
    step = next(s for s in STEPS if most / s < MOST_TICKS)
    return [n * step for n in range(int(most / step) + 1)]


def _line(points: Sequence[Point], frame: _Frame, stroke: str) -> str:
    places = " ".join(f"{frame.x(p.mean_s):.1f},{frame.y(p.rate):.1f}" for p in points)
    return f'<polyline points="{places}" fill="none" clip-path="url(#frame)" {stroke}/>'


def _legend(shown: Sequence[Point], thin: Sequence[Sequence[Point]]) -> list[str]:
    """Which patience each line is of."""
    strokes = [f'stroke="{GREY}" stroke-dasharray="{dash}"' for dash in DASHES]
    lines = [(each[0], s) for each, s in zip(thin, cycle(strokes), strict=False)]
    lines = [(p, f'stroke="{BLUE}" stroke-width="2"') for p in shown[:1]] + lines
    parts, x = [], WIDTH - RIGHT - 150
    for row, (point, stroke) in enumerate(lines):
        y = TOP + 12 + 16 * row
        parts.append(f'<path d="M{x} {y - 4}h24" {stroke}/>')
        parts.append(_text(x + 30, y, f"patienceSeconds {point.patience_s:g}", ""))
    return parts


def _label(point: Point, frame: _Frame) -> str:
    x, y = frame.x(point.mean_s), frame.y(point.rate)
    return _text(x + 7, y - 6, f"{point.wait_s:g}", f'fill="{BLUE}"')


def _mark(point: Point, frame: _Frame, current: bool, proposed: bool) -> list[str]:
    x, y = frame.x(point.mean_s), frame.y(point.rate)
    low, high = (frame.y(share) for share in point.interval)
    fill = BLUE if proposed else "white"
    parts = [
        f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{GREY}"/>',
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{BLUE}"/>',
    ]
    if current:
        ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="{BLUE}"/>'
        parts.append(ring)
    return parts


def _text(x: float, y: float, text: str, more: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'
