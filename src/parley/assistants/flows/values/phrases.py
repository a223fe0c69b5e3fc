"""Set phrases and where a text has them, the longest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from parley.assistants.flows.values.tokens import Token, tokens, words

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Phrase(Generic[T]):
    """A phrase at the characters [start, end), and what it stands for."""

    value: T
    start: int
    end: int


class PhraseTable(Generic[T]):
    """Phrases, each with what it stands for."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        self._phrases: dict[tuple[str, ...], T] = {}
        for phrase, value in phrases:
            self._phrases.setdefault(words(phrase), value)
        self._longest = max(map(len, self._phrases), default=0)

    def find(self, text: str) -> tuple[Phrase[T], ...]:
        """Find the phrases of a text from left to right, the longest at each place."""
        heard = tokens(text)
        found: list[Phrase[T]] = []
        at = 0
        while at < len(heard):
            size = self.size_at(heard, at)
            if size:
                value = self._phrases[tuple(t.word for t in heard[at : at + size])]
                found.append(Phrase(value, heard[at].start, heard[at + size - 1].end))
            at += size or 1
        return tuple(found)

    def size_at(self, heard: tuple[Token, ...], at: int) -> int:
        """How many words the longest phrase at `at` has; 0 if there is none."""
        for size in range(min(self._longest, len(heard) - at), 0, -1):
            if tuple(t.word for t in heard[at : at + size]) in self._phrases:
                return size
        return 0
