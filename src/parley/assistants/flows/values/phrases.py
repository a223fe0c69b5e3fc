"""Set phrases, each with what it stands for."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from parley.assistants.flows.values.tokens import Token, words

T = TypeVar("T")


def listed(text: str) -> tuple[str, ...]:
    """The phrases of a text in which bars separate them."""
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


class PhraseTable(Generic[T]):
    """Phrases that are looked for at a place of a sentence, the longest first."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        self._phrases: dict[tuple[str, ...], T] = {}
        for phrase, value in phrases:
            self._phrases.setdefault(words(phrase), value)
        self._longest = max(map(len, self._phrases), default=0)

    def size_at(self, heard: Sequence[Token], at: int) -> int:
        """How many words the longest phrase at `at` has; 0 if there is none."""
        for size in range(min(self._longest, len(heard) - at), 0, -1):
            if heard_words(heard, at, at + size) in self._phrases:
                return size
        return 0

    def value_at(self, heard: Sequence[Token], at: int) -> T:
        """What the longest phrase at `at` stands for. Raises KeyError if there is none."""
        return self._phrases[heard_words(heard, at, at + self.size_at(heard, at))]


def heard_words(heard: Sequence[Token], start: int, end: int) -> tuple[str, ...]:
    """The words of the tokens [start, end)."""
    return tuple(token.word for token in heard[start:end])
