"""Which of the boundaries in a text are where it is cut into chunks."""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.errors import ConfigurationError
from parley.text.boundaries import Boundary
from parley.text.orthography import Orthography
from parley.text.words import Word

_REMAINDER = 3
"""Words that a long sentence may have beyond its limit; also those of an item in a list."""

_IDEOGRAPH_WORDS = 0.5
"""An ideograph or kana, in spoken words, where the length of a chunk is measured."""


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """Where to cut.

    `first_clause`: whether the first chunk of a reply may end at a clause.
    `first_clause_words`: words that it then has at least (ideographs count one each).
    `max_words`: words after which a sentence is cut, unless at most 3 more end it
    (ideographs count one half each).
    """

    first_clause: bool = True
    first_clause_words: int = 3
    max_words: int = 15

    def __post_init__(self) -> None:
        if min(self.first_clause_words, self.max_words) < 1:
            raise ConfigurationError(
                "chunking: first_clause_words and max_words must be at least 1",
                remedy="Leave them out for the defaults",
            )


class Cutter:
    """Finds the next chunk among words and the boundaries after them.

    Its answer, once it has one, is the same whatever comes after; three words after
    a cut are all that it looks ahead.
    """

    def __init__(self, settings: ChunkSettings, spelling: Orthography) -> None:
        self._settings = settings
        self._spelling = spelling

    def cut(
        self,
        words: Sequence[Word],
        boundaries: Sequence[Boundary],
        *,
        first: bool,
        hopeful: bool = False,
    ) -> int | None:
        """Return how many words make up the next chunk, or None while that is open.

        `boundaries[i]` follows `words[i]`; the last words may lack theirs. `first`: it
        is the first chunk of the reply. `hopeful`: believe in the first clause that is
        long enough without looking ahead.
        """
        clauses = first and self._settings.first_clause
        size = 0.0
        for i, found in enumerate(boundaries):
            if found is Boundary.SENTENCE:
                return i + 1
            if clauses and found is Boundary.CLAUSE and i + 1 >= self._settings.first_clause_words:
                stands = self._stands(words, boundaries, i)
                if stands or (stands is None and hopeful):
                    return i + 1
                hopeful = False
            size += _size(words[i])
            if size > self._settings.max_words:
                return self._cut_long(words, boundaries, i)
        return None

    def _cut_long(
        self, words: Sequence[Word], boundaries: Sequence[Boundary], limit: int
    ) -> int | None:
        """Cut a sentence whose words before index `limit` are as many as a chunk may have."""
        ahead = boundaries[limit : limit + _REMAINDER]
        if Boundary.SENTENCE in ahead:
            return limit + ahead.index(Boundary.SENTENCE) + 1
        if len(ahead) < _REMAINDER:
            return None
        candidates = range(min(limit, -(-self._settings.max_words // 3)) - 1, limit)
        return 1 + max(candidates, key=lambda i: (self._quality(words, boundaries, i), i))

    def _quality(self, words: Sequence[Word], boundaries: Sequence[Boundary], i: int) -> int:
        """Say how well a long sentence can be cut after word `i`; more is better."""
        if boundaries[i] is Boundary.CLAUSE:
            return 4 if self._stands(words, boundaries, i) else 2
        if boundaries[i] is Boundary.WORD:
            return 3 if words[i + 1].core.lower() in self._spelling.connectives else 1
        return 0

    def _stands(self, words: Sequence[Word], boundaries: Sequence[Boundary], i: int) -> bool | None:
        """Say whether the mark after word `i` ends a clause, not an item of a list.

        It does unless another mark comes soon, or the sentence ends soon after an "and".
        None: more words are needed to tell.
        """
        ahead = boundaries[i + 1 : i + 1 + _REMAINDER]
        for count, found in enumerate(ahead, 1):
            if found is Boundary.CLAUSE:
                return False
            if found is Boundary.SENTENCE:
                return not any(map(self._joins, words[i + 1 : i + 1 + count]))
        if len(ahead) < _REMAINDER:
            return None
        ends_item = Boundary.CLAUSE in boundaries[max(0, i - _REMAINDER) : i]
        return not (ends_item and self._joins(words[i + 1]))

    def _joins(self, word: Word) -> bool:
        return word.core.lower() in self._spelling.joiners


def _size(word: Word) -> float:
    return _IDEOGRAPH_WORDS if word.ideograph else 1.0
