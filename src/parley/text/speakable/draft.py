"""A text that is rewritten step by step and remembers which part stands for which."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

Range = tuple[int, int]
Alignment = Sequence[tuple[Range, Range]]
"""Pairs of (spoken range, source range), half-open, in characters, in order."""

Piece = tuple[int, int, str]
"""Characters [start, end) of a text, and what stands there instead."""

Words = Callable[[re.Match[str]], "str | Sequence[Piece] | None"]
"""What is said instead of a match: one text for all of it, pieces of it, or None to let it be."""


class _Edit(NamedTuple):
    """Source characters that are something else in the text; between edits both are the same."""

    source_start: int
    source_end: int
    start: int
    end: int


class Draft:
    """A source and what has been made of it so far: `text`, at first the source itself."""

    def __init__(self, source: str) -> None:
        self.source = self.text = source
        self._edits: list[_Edit] = []

    @classmethod
    def rewritten(cls, source: str, text: str, alignment: Alignment) -> "Draft":
        """A source that somebody else has made `text` of.

        What their alignment leaves open belongs together as a whole.
        """
        draft = cls(source)
        draft.text = text
        at = source_at = 0
        for (start, end), (source_start, source_end) in [
            *alignment,
            ((len(text),) * 2, (len(source),) * 2),
        ]:
            draft._differ(source, source_at, source_start, at, start)
            draft._differ(source, source_start, source_end, start, end)
            at, source_at = end, source_end
        return draft

    def _differ(
        self, source: str, source_start: int, source_end: int, start: int, end: int
    ) -> None:
        if source[source_start:source_end] != self.text[start:end]:
            self._edits.append(_Edit(source_start, source_end, start, end))

    def replace(self, pattern: re.Pattern[str], words: Words) -> None:
        """Say something else wherever `pattern` is found.

        Words stay apart from letters and digits beside them.
        """
        pieces: list[Piece] = []
        for match in pattern.finditer(self.text):
            said = words(match)
            if isinstance(said, str):
                pieces.append((*match.span(), said))
            elif said:
                pieces += said
        if pieces:
            self.edit(pieces)

    def drop(self, pattern: re.Pattern[str]) -> None:
        """Leave out what `pattern` finds, but for its group 1 where it has one."""
        pieces: list[Piece] = []
        for match in pattern.finditer(self.text):
            keep = match.span(1) if pattern.groups else (match.end(),) * 2
            pieces += ((match.start(), keep[0], ""), (keep[1], match.end(), ""))
        if pieces:
            self.edit(pieces)

    def edit(self, pieces: Iterable[Piece]) -> None:
        """Replace pieces of the text, which must be in order and not overlap."""
        text = self.text
        parts: list[str] = []
        edits: list[_Edit] = []
        done = shift = 0
        for start, end, words in pieces:
            if text[start:end] == words:
                continue
            said = _apart(text, start, end, words)
            parts += (text[done:start], said)
            edits.append(_Edit(start, end, start + shift, start + shift + len(said)))
            done, shift = end, shift + len(said) - (end - start)
        if edits:
            self.text = "".join((*parts, text[done:]))
            self._edits = _compose(self._edits, edits) if self._edits else edits

    def alignment(self) -> tuple[tuple[Range, Range], ...]:
        """Pairs that cover all of the text and all of the source."""
        pairs: list[tuple[Range, Range]] = []
        at = source_at = 0
        for edit in self._with_their_words():
            if edit.source_start > source_at:
                pairs.append(((at, edit.start), (source_at, edit.source_start)))
            pairs.append(((edit.start, edit.end), (edit.source_start, edit.source_end)))
            at, source_at = edit.end, edit.source_end
        if len(self.source) > source_at:
            pairs.append(((at, len(self.text)), (source_at, len(self.source))))
        return tuple(pairs)

    def _with_their_words(self) -> list[_Edit]:
        """The edits; what is left out before a word is heard when that word is."""
        edits: list[_Edit] = []
        end = _Edit(len(self.source), len(self.source), len(self.text), len(self.text))
        opening: _Edit | None = None
        for edit, following in pairwise([*self._edits, end]):
            if opening:
                edit = _Edit(opening.source_start, edit.source_end, opening.start, edit.end)
                opening = None
            if self._opens(edit):
                if edit.end == following.start and following is not end:
                    opening = edit
                    continue
                word = len(self.text[edit.end : following.start].split(maxsplit=1)[0])
                edit = _Edit(edit.source_start, edit.source_end + word, edit.start, edit.end + word)
            edits.append(edit)
        return edits

    def _opens(self, edit: _Edit) -> bool:
        """Whether nothing is left of what stood right before a word."""
        if edit.start < edit.end:
            return False
        before = self.source[edit.source_start - 1 : edit.source_start]
        after = self.text[edit.end : edit.end + 1]
        return (not before or before.isspace()) and bool(after) and not after.isspace()


def _apart(text: str, start: int, end: int, words: str) -> str:
    """The words, with spaces where they would run into their neighbours."""
    if not words:
        return words
    before = " " if start and text[start - 1].isalnum() and words[0].isalnum() else ""
    after = " " if end < len(text) and text[end].isalnum() and words[-1].isalnum() else ""
    return before + words + after


def _compose(inner: Sequence[_Edit], outer: Sequence[_Edit]) -> list[_Edit]:
    """One list for edits of a source (`inner`) and then of their result (`outer`).

    Those that overlap in the text between become one.
    """
    # (start and end in the text between, change of length towards the source, towards the end)
    steps: list[tuple[int, int, int | None, int | None]] = [
        (e.start, e.end, e.source_end - e.end, None) for e in inner
    ]
    steps += [(e.source_start, e.source_end, None, e.end - e.source_end) for e in outer]
    steps.sort(key=lambda step: step[:2])
    composed: list[_Edit] = []
    to_source = to_end = 0
    index = 0
    while index < len(steps):
        low, high = steps[index][:2]
        source_start, start = low + to_source, low + to_end
        while index < len(steps) and (steps[index][0] < high or steps[index][:2] == (low, high)):
            _, end, inwards, outwards = steps[index]
            high = max(high, end)
            to_source = to_source if inwards is None else inwards
            to_end = to_end if outwards is None else outwards
            index += 1
        composed.append(_Edit(source_start, high + to_source, start, high + to_end))
    return composed
