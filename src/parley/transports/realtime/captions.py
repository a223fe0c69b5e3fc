"""The caller's words, from the first guess to the turn that they become."""

from dataclasses import dataclass, field

from parley.core import actions as act
from parley.core import events as ev
from parley.core.phrases import remainder, spoken


@dataclass(frozen=True, slots=True)
class Caption:
    """What the caller has said, all of it; the next one replaces it unless it is final."""

    text: str
    final: bool


_REOPENABLE = 4
"""Of so many turns the words are kept: only the latest can be reopened."""


@dataclass(slots=True)
class Captions:
    """Follows the segments of the recogniser."""

    _words: dict[int, str] = field(default_factory=dict)
    _committed: dict[int, dict[int, str]] = field(default_factory=dict)
    _closed: set[int] = field(default_factory=set)
    _gone: tuple[int, str] | None = None
    _shown: str = ""

    def heard(self, event: ev.Transcript) -> None:
        """A segment's words so far, or for good."""
        if event.segment in self._closed:
            return
        text = spoken(event.text)
        if self._gone and self._gone[0] == event.segment:
            text = spoken(remainder(text, self._gone[1]))
        self._words[event.segment] = text
        if event.final:
            self._closed.add(event.segment)

    def committed(self, action: act.TurnCommitted) -> None:
        """The words are a turn; what an open segment holds until now is part of it."""
        taken = {s: self._words.pop(s) for s in action.segments if s in self._words}
        for segment, words in taken.items():
            self._let_go(segment, words)
        self._committed[action.turn] = taken
        if len(self._committed) > _REOPENABLE:
            del self._committed[min(self._committed)]
        self._shown = ""

    def reopened(self, action: act.TurnReopened) -> None:
        """The turn's words go on."""
        self._words = self._committed.pop(action.turn, {}) | self._words

    def dropped(self, action: act.SegmentDropped) -> None:
        """A segment's words are let go of."""
        if words := self._words.pop(action.segment, ""):
            self._let_go(action.segment, words)

    def changed(self) -> Caption | None:
        """What to show now, where that has changed."""
        text = " ".join(words for words in self._words.values() if words)
        if text == self._shown:
            return None
        self._shown = text
        return Caption(text, final=not text)

    def _let_go(self, segment: int, words: str) -> None:
        """Of a segment that goes on, only what is new counts."""
        if segment not in self._closed:
            known = self._gone[1] if self._gone and self._gone[0] == segment else ""
            self._gone = segment, f"{known} {words}".strip()
