"""A trigram model of the sentences of a grammar, in ARPA's format.

pocketsphinx searches a grammar word for word: at a hesitation, a word more or less, it finds
something else; and the more a grammar allows, the longer it searches. A model of which words
follow each other takes what is said nearly so, always in the same time
(docs/adr/0004-expected-answers.md).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from parley.providers.stt.jsgf import Grammar

SENTENCES = 4000
"""So many are drawn from a grammar."""

RARE = 0.3
"""What a word that no sentence happens to hold counts."""

NEW_WORD = 0.6
"""Weight of what was never seen against each kind of word that was (after Witten and Bell,
doi:10.1109/18.87000)."""

START, END = "<s>", "</s>"
NEVER = 1e-10

Gram = tuple[str, ...]


def arpa(grammar: Grammar, known: Collection[str]) -> str:
    """The model of a grammar: the same one every time. Words that are not known are passed over.

    Raises ValueError when nothing is left to be said.
    """
    said = Counter(
        tuple(word for word in sentence if word in known)
        for sentence in grammar.sentences(SENTENCES)
    )
    del said[()]
    if not said:
        raise ValueError("no sentence of it has a word that is known and comes to an end")
    counts = _count(said.items())
    for word in grammar.words:
        if word in known:
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
    """Each order mixed with the next lower one; what that one's share is, is the backoff."""
    total = sum(counts[0].values()) - counts[0][START,]
    probability = {gram: count / total for gram, count in counts[0].items()}
    probability[START,] = NEVER
    backoff: dict[Gram, float] = {}
    for size in (2, 3):
        following: dict[Gram, dict[Gram, float]] = defaultdict(dict)
        for gram, count in counts[size - 1].items():
            following[gram[:-1]][gram] = count
        for history, grams in following.items():
            seen = sum(grams.values())
            new = NEW_WORD * len(grams)
            backoff[history] = new / (seen + new)
            for gram, count in grams.items():
                probability[gram] = (count + new * probability[gram[1:]]) / (seen + new)
    return _lines(probability, backoff)


def _lines(probability: dict[Gram, float], backoff: dict[Gram, float]) -> str:
    by_size: list[list[str]] = [[], [], []]
    for gram in sorted(probability):
        line = f"{math.log10(probability[gram]):.4f}\t{' '.join(gram)}"
        if len(gram) < 3:
            line += f"\t{math.log10(backoff.get(gram, 1.0)):.4f}"
        by_size[len(gram) - 1].append(line)
    head = ["\\data\\", *(f"ngram {n}={len(lines)}" for n, lines in enumerate(by_size, 1))]
    body = [
        line for size, lines in enumerate(by_size, 1) for line in ("", f"\\{size}-grams:", *lines)
    ]
    return "\n".join([*head, *body, "", "\\end\\", ""])
