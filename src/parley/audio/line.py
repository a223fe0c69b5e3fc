"""Audio on its way from the playout to the ear: what was sent, and when it is heard.

A line is heard in the order in which it was sent, each sample as early as possible: when
what was sent before it has been heard, or `latency_s` after it was sent. An
acknowledgement corrects these times.
"""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

Source = TypeVar("Source")

JITTER_S = 0.02
"""An acknowledgement off by less than this says nothing about a line that plays without a gap."""

_TOLERANCE = 1e-3
"""Part of a sample by which rounded times may differ."""


@dataclass(slots=True)
class Piece(Generic[Source]):
    """Samples [start, end) of `source`; the first of them is heard at `at`."""

    source: Source
    start: int
    end: int
    at: float


class Line(Generic[Source]):
    """What a transport was sent and has not played yet, at `sample_rate` hertz.

    `sent` counts all samples ever sent, `passed` those of them that were heard or
    cleared. `heard_until` is when the last heard sample ended, `full_until` when the
    transport will have played all, the latency left out.
    """

    def __init__(self, sample_rate: int, latency_s: float) -> None:
        self.pieces: deque[Piece[Source]] = deque()
        self.sent = 0
        self.passed = 0
        self.heard_until = float("-inf")
        self.full_until = float("-inf")
        self._rate = sample_rate
        self._latency_s = latency_s

    def room(self, now: float, lead_s: float) -> int:
        """Samples that may be sent now without being more than `lead_s` ahead."""
        ahead = max(self.full_until - now, 0.0)
        return max(0, int((lead_s - ahead) * self._rate + _TOLERANCE))

    def send(self, source: Source, start: int, end: int, now: float) -> None:
        """Note that samples [start, end) of `source` are sent now."""
        at = max(now + self._latency_s, self.ends)
        self.pieces.append(Piece(source, start, end, at))
        self.sent += end - start
        self.full_until = max(now, self.full_until) + (end - start) / self._rate

    def hear(self, now: float) -> list[Piece[Source]]:
        """Estimate: what has been heard by now, since the last call."""
        heard: list[Piece[Source]] = []
        while self.pieces:
            piece = self.pieces[0]
            count = int((now - piece.at) * self._rate + _TOLERANCE)
            if count <= 0:
                break
            heard.append(self._pass(min(count, piece.end - piece.start)))
        return heard

    def reach(self, position: int, at: float) -> list[Piece[Source]]:
        """Acknowledged: `position` of all samples ever sent had been passed at `at`."""
        heard: list[Piece[Source]] = []
        count = min(position, self.sent) - self.passed
        if count > 0:
            self._align(count, at)
        while count > 0:
            heard.append(self._pass(min(count, self.pieces[0].end - self.pieces[0].start)))
            count -= heard[-1].end - heard[-1].start
        return heard

    def coming(self, until: float) -> list[Piece[Source]]:
        """Estimate: what of all that was not passed yet will have been heard by `until`."""
        coming: list[Piece[Source]] = []
        for piece in self.pieces:
            count = min(piece.end - piece.start, int((until - piece.at) * self._rate + _TOLERANCE))
            if count <= 0:
                break
            coming.append(Piece(piece.source, piece.start, piece.start + count, piece.at))
        return coming

    def fill_from(self, at: float) -> None:
        """At `at` the transport held exactly what has not been passed."""
        self.full_until = at + (self.sent - self.passed) / self._rate - self._latency_s

    def go_on(self, now: float) -> None:
        """The transport stood still until now, with what it holds."""
        for piece in self.pieces:
            piece.at = max(piece.at, now)
            now = piece.at + (piece.end - piece.start) / self._rate
        self.full_until = max(self.full_until, self.ends - self._latency_s)

    def clear(self, now: float) -> list[Piece[Source]]:
        """The transport has thrown away what it held; returns that."""
        dropped = list(self.pieces)
        self.pieces.clear()
        self.passed = self.sent
        self.full_until = now
        return dropped

    @property
    def ends(self) -> float:
        """When all that was sent will have been heard."""
        if not self.pieces:
            return self.heard_until
        last = self.pieces[-1]
        return last.at + (last.end - last.start) / self._rate

    def _pass(self, count: int) -> Piece[Source]:
        """Take the next `count` samples, which lie within the first piece, as heard."""
        piece = self.pieces[0]
        heard = Piece(piece.source, piece.start, piece.start + count, piece.at)
        piece.start += count
        piece.at += count / self._rate
        self.passed += count
        self.heard_until = piece.at
        if piece.start == piece.end:
            self.pieces.popleft()
        return heard

    def _align(self, count: int, at: float) -> None:
        """Move all times so that the next `count` samples end at `at`."""
        first = self.pieces[0]
        late = at - self._passes(count)
        without_gap = first.at <= self.heard_until + _TOLERANCE / self._rate
        if without_gap and abs(late) < JITTER_S:
            return
        late = max(late, self.heard_until - first.at)
        for piece in self.pieces:
            piece.at += late

    def _passes(self, count: int) -> float:
        """When the next `count` samples will have been heard."""
        pieces = iter(self.pieces)
        piece = next(pieces)
        while count > piece.end - piece.start:
            count -= piece.end - piece.start
            piece = next(pieces)
        return piece.at + count / self._rate
