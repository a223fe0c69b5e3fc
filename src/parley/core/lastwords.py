"""How often a sentence ends with its last words, in log-odds against the average word.

The values of English were counted in some 165,000 sentences of spoken and written requests,
of what is answered to them, and of prose and conversation (docs/adr/0008).
"""

from dataclasses import dataclass

from parley.core import lastwords_en
from parley.core.phrases import plain

NUMBER = "0"
"""Every word with a digit in it is this one."""

OPEN = -1.5
"""With words of such a value hardly anybody ends a clause, or an answer."""

LETTERS = (4, 3, 2, 1)
"""So many letters at the end of a word that is not listed may tell something."""


@dataclass(frozen=True, slots=True)
class LastWords:
    """A language's values: of a pair of words, else of a word, else of its last letters."""

    words: dict[str, float]
    pairs: dict[str, float]
    endings: dict[str, float]
    other: float

    def value(self, words: list[str]) -> float:
        """Of a text that ends with these."""
        last = words[-1]
        pair = " ".join(words[-2:])
        if pair in self.pairs:
            return self.pairs[pair]
        return self.words[last] if last in self.words else self._by_letters(last)

    def _by_letters(self, word: str) -> float:
        known = (self.endings.get(word[-n:]) for n in LETTERS if len(word) > n + 1)
        return next((value for value in known if value is not None), self.other)


def _by_item(levels: dict[float, str], between: str | None) -> dict[str, float]:
    pairs = ((item, value) for value, items in levels.items() for item in items.split(between))
    return {" ".join(item.split()): value for item, value in pairs}


_LANGUAGES = {
    "en": LastWords(
        _by_item(lastwords_en.WORDS, None),
        _by_item(lastwords_en.PAIRS, ","),
        _by_item(lastwords_en.ENDINGS, None),
        lastwords_en.OTHER,
    ),
}


def known(text: str) -> list[str]:
    """Its words, as they are counted."""
    return [_known(word) for word in plain(text).split()]


def _known(word: str) -> str:
    return NUMBER if any(c.isdigit() for c in word) else word


def completeness(text: str, language: str) -> float:
    """What its last words say about the end of a sentence, -4 to 3; 0 where that is unknown."""
    words, values = plain(text).split()[-2:], _LANGUAGES.get(language)
    return values.value([_known(word) for word in words]) if words and values else 0.0
