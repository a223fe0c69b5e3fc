"""A trigram model of the sentences of a grammar, in ARPA's format.

pocketsphinx searches a grammar word for word: a hesitation, a word more or less, and it finds
something else; and its search slows down with the square of the alternatives. A model of
which words follow each other takes what is said nearly so, as fast as ever.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from parley.providers.stt.jsgf import Grammar

SENTENCES = 4000
"""So many are drawn from a grammar."""

RARE = 0.3
"""What a word that no sentence happens to hold counts."""

NEW_WORD = 0.6
"""Weight of what was never seen against each kind of word that was (after Witten and Bell,
doi:10.1109/18.87000)."""

START, END = "<s>", "</s>"
LEAST = 1e-10

PADDING = 20_000
"""Words that are never said. The decoder keeps its whole dictionary in a table whose size
is that of the model: with a small model it would look each word up for milliseconds."""

Gram = tuple[str, ...]


def arpa(grammar: str, is_known: Callable[[str], bool]) -> str:
    """The model of a JSGF grammar. Words that are not known are passed over.

    Raises ValueError for a grammar that cannot be read, or has no word that is known.
    """
    read = Grammar(grammar)
    known = {word for word in read.words if is_known(word)}
    if not known:
        raise ValueError("no word of it is known")
    said = Counter(
        tuple(word for word in sentence if word in known) for sentence in read.sentences(SENTENCES)
    )
    del said[()]
    counts = _count(said.items())
    for word in known:
        counts[0].setdefault((word,), RARE)
    return _written(counts)


def _count(sentences: Iterable[tuple[Gram, int]]) -> list[dict[Gram, float]]:
    """How often each word, pair and triple occurs."""
    counts: list[dict[Gram, float]] = [defaultdict(float) for _ in range(3)]
    for sentence, times in sentences:
        words = (START, *sentence, END)
        for size in (1, 2, 3):
            for at in range(len(words) - size + 1):
                counts[size - 1][words[at : at + size]] += times
    return counts


def _written(counts: list[dict[Gram, float]]) -> str:
    total = sum(counts[0].values()) - counts[0].get((START,), 0.0)
    probability = {gram: count / total for gram, count in counts[0].items()}
    probability[(START,)] = LEAST
    backoff: dict[Gram, float] = {}
    for size in (2, 3):
        following: dict[Gram, dict[str, float]] = defaultdict(dict)
        for gram, count in counts[size - 1].items():
            following[gram[:-1]][gram[-1]] = count
        for history, words in following.items():
            seen = sum(words.values())
            share = seen / (seen + NEW_WORD * len(words))
            lower = {word: _p((*history[1:], word), probability, backoff) for word in words}
            for word, count in words.items():
                mixed = share * count / seen + (1 - share) * lower[word]
                probability[(*history, word)] = mixed
            left = 1 - sum(probability[(*history, word)] for word in words)
            backoff[history] = max(LEAST, left) / max(LEAST, 1 - sum(lower.values()))
    return _lines(probability, backoff)


def _p(gram: Gram, probability: dict[Gram, float], backoff: dict[Gram, float]) -> float:
    if gram in probability:
        return probability[gram]
    if len(gram) == 1:
        return LEAST
    return backoff.get(gram[:-1], 1.0) * _p(gram[1:], probability, backoff)


def _lines(probability: dict[Gram, float], backoff: dict[Gram, float]) -> str:
    by_size: list[list[str]] = [[], [], []]
    for gram in sorted(probability):
        line = f"{_log(probability[gram])}\t{' '.join(gram)}"
        if len(gram) < 3:
            line += f"\t{_log(backoff.get(gram, 1.0))}"
        by_size[len(gram) - 1].append(line)
    by_size[0] += [f"-9.9\t~{n}\t0" for n in range(PADDING)]
    head = ["\\data\\", *(f"ngram {n}={len(lines)}" for n, lines in enumerate(by_size, 1))]
    body = [
        line for size, lines in enumerate(by_size, 1) for line in ("", f"\\{size}-grams:", *lines)
    ]
    return "\n".join([*head, *body, "", "\\end\\", ""])


def _log(value: float) -> str:
    return f"{math.log10(max(value, LEAST)):.4f}"
