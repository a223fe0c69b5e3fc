"""Count how often sentences end with a word, and write the table that the core knows.

    python bench/lastwords.py --out src/parley/core/lastwords_en.py requests.txt prose.txt:2

Each file has a sentence a line. What follows its colon is how much its sentences count. All
values are log-odds against the average word, in halves. What is seldom is smoothed: a word
by the average word, a pair by its second word, an ending of the words that are not listed
by a shorter one. Of words and pairs those are kept that tell most about these sentences.
"""

import argparse
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from parley.core.ending import log_odds
from parley.core.lastwords import NUMBER, known

WORDS, PAIRS = 1000, 700
STEP, LOWEST, HIGHEST = 0.5, -4.0, 3.0
LEAST_WORDS, LEAST_PAIRS, LEAST_ENDINGS = 60, 40, 600
"""What was seen more seldom is not listed."""

PRIOR_WORDS, PRIOR_PAIRS = 20, 6
"""So many more of the average kind are taken to have been seen."""

LEAST_RATE = 1e-6
LETTERS = (1, 2, 3, 4)
WIDTH = 92


@dataclass
class Counts:
    """How often something was seen, and at the end of a sentence."""

    seen: dict[Any, float] = field(default_factory=lambda: defaultdict(float))
    last: dict[Any, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, what: Hashable, weight: float, *, last: bool) -> None:
        self.seen[what] += weight
        self.last[what] += weight * last

    def rate(self, what: Hashable, usual: float, prior: float) -> float:
        """The share at the end, drawn towards what is usual."""
        return (self.last[what] + prior * usual) / (self.seen[what] + prior)


class Table:
    """What is known after counting."""

    def __init__(self, sentences: Iterable[tuple[list[str], float]]) -> None:
        self.words, self.pairs = Counts(), Counts()
        for words, weight in sentences:
            for n, word in enumerate(words):
                ends = n == len(words) - 1
                self.words.add(word, weight, last=ends)
                if n:
                    self.pairs.add((words[n - 1], word), weight, last=ends)
        self.average = sum(self.words.last.values()) / sum(self.words.seen.values())
        rare = [w for w, n in self.words.seen.items() if n <= LEAST_WORDS]
        seen, last = (sum(of[w] for w in rare) for of in (self.words.seen, self.words.last))
        self.other = self._value(last / seen)
        self.listed = self._listed()
        self.listed_pairs = self._listed_pairs()
        self.endings = self._endings()

    def _value(self, rate: float) -> float:
        odds = log_odds(rate, LEAST_RATE) - log_odds(self.average, LEAST_RATE)
        return min(max(round(odds / STEP) * STEP, LOWEST), HIGHEST)

    def _told(self, counts: Counts, what: Hashable, value: float, other: float) -> float:
        """How much more probable a value makes what was counted than another, in nats."""
        base = log_odds(self.average, LEAST_RATE)
        one, two = (1 / (1 + math.exp(-v - base)) for v in (value, other))
        last, not_last = counts.last[what], counts.seen[what] - counts.last[what]
        return last * math.log(one / two) + not_last * math.log((1 - one) / (1 - two))

    def _listed(self) -> dict[str, float]:
        values = {
            w: self._value(self.words.rate(w, self.average, PRIOR_WORDS))
            for w, n in self.words.seen.items()
            if n > LEAST_WORDS
        }
        told = {w: self._told(self.words, w, v, self.other) for w, v in values.items()}
        most = sorted(values, key=lambda w: (-told[w], w))[:WORDS]
        return {w: values[w] for w in most}

    def _listed_pairs(self) -> dict[tuple[str, str], float]:
        values = {}
        for pair, n in self.pairs.seen.items():
            if pair[1] == NUMBER:  # written times of day go on more often than spoken ones
                continue
            usual = self.words.rate(pair[1], self.average, PRIOR_WORDS)
            value = self._value(self.pairs.rate(pair, usual, PRIOR_PAIRS))
            if n >= LEAST_PAIRS and abs(value - self._of(pair[1])) > STEP:
                values[pair] = value
        told = {p: self._told(self.pairs, p, v, self._of(p[1])) for p, v in values.items()}
        most = sorted(values, key=lambda p: (-told[p], p))[:PAIRS]
        return {p: values[p] for p in most}

    def _of(self, word: str) -> float:
        return self.listed.get(word, self.other)

    def _endings(self) -> dict[str, float]:
        counts = Counts()
        for word, n in self.words.seen.items():
            if word not in self.listed:
                for letters in LETTERS:
                    if len(word) > letters + 1:
                        counts.seen[word[-letters:]] += n
                        counts.last[word[-letters:]] += self.words.last[word]
        values: dict[str, float] = {}
        for ending in sorted(counts.seen, key=lambda e: (len(e), e)):
            shorter = next((values[s] for s in _shorter(ending) if s in values), self.other)
            value = self._value(counts.rate(ending, self.average, 0))
            if counts.seen[ending] >= LEAST_ENDINGS and value != shorter:
                values[ending] = value
        return values


def _shorter(ending: str) -> Iterator[str]:
    return (ending[n:] for n in range(1, len(ending)))


def sentences(files: Iterable[str]) -> Iterator[tuple[list[str], float]]:
    """The words of each, and how much it counts."""
    for name in files:
        path, _, weight = name.partition(":")
        for line in Path(path).read_text().splitlines():
            if words := known(line):
                yield words, float(weight or 1)


def module(table: Table) -> str:
    """The table as a module of Python."""
    pairs = {" ".join(pair): value for pair, value in table.listed_pairs.items()}
    parts = [
        '"""How often English sentences end with a word: made by `bench/lastwords.py`."""\n',
        _levels("WORDS", table.listed, " "),
        _levels("PAIRS", pairs, ", "),
        _levels("ENDINGS", table.endings, " "),
        f"OTHER = {table.other}\n",
    ]
    return "\n".join(parts)


def _levels(name: str, values: dict[str, float], between: str) -> str:
    ordered = sorted(values, key=lambda k: (values[k], k))
    lines = [f"{name} = {{"]
    for value, some in groupby(ordered, key=values.__getitem__):
        lines += [f'    {value}: """', *_wrapped(list(some), between), '    """,']
    return "\n".join([*lines, "}\n"])


def _wrapped(items: list[str], between: str) -> Iterator[str]:
    line = ""
    for n, item in enumerate(items):
        piece = item + (between.rstrip() if n < len(items) - 1 else "")
        if line and len(line) + 1 + len(piece) > WIDTH:
            yield f"        {line}"
            line = ""
        line = f"{line} {piece}" if line else piece
    yield f"        {line}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", metavar="FILE[:WEIGHT]")
    parser.add_argument("--out", type=Path, required=True, help="the module that is written")
    given = parser.parse_args()
    given.out.write_text(module(Table(sentences(given.files))))


if __name__ == "__main__":
    main()
