"""The text of a grammar that is most probably said, as Moonshine hears it: a beam search.

It is taken in the place of what Moonshine writes of itself where that is nearly as probable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from parley.providers.stt.moonshine_grammar import Expected, Node, State
from parley.providers.stt.moonshine_model import END, Array, Vocabulary, Writing
from parley.providers.stt.requests import Steps

WIDTH = 4
"""Texts that are followed at the same time."""

TRUST = 0.3
"""How much the weights of the grammar count between its texts, beside what is heard."""

MARGIN = 2.0
"""So much less probable (a logarithm) an expected text may be than what is written freely."""

LEAST_CONFIDENCE = 0.3
"""The geometric mean of its tokens' probabilities that an expected text has at least. What is
something else, with or without other words around it, becomes an expected text of less."""

HOPELESS = 0.2
"""What allows nothing else than a grammar understands nothing below this mean."""

MARKS_MOST = 2
"""So many marks in succession."""

TOKENS_MOST = 60

JOINTS = "0123456789-:."
"""After these the next word may follow without a space: 10.30, twenty-first, S-M-I-T-H."""


class Scorer(Protocol):
    """Tells how probable each token is, as logarithms, in one row for each text."""

    def begin(self) -> Array:
        """At the beginning: one row."""

    def go_on(self, rows: Sequence[int], tokens: Sequence[int]) -> Array:
        """After a token each, which follow texts of the last call, by their rows there."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the grammar, or the beginning of one."""

    state: State
    """What may follow; within a word, what might before it."""
    node: Node | None = None
    row: int = 0
    tokens: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    score: float = 0.0
    words: tuple[str, ...] = ()
    prior: float = 0.0
    marks: int = 0
    stop: float = 0.0

    @property
    def is_whole(self) -> bool:
        return self.tokens[-1:] == (END,)

    @property
    def worth(self) -> float:
        return self.score + TRUST * self.prior

    @property
    def confidence(self) -> float:
        """The geometric mean of all tokens' probabilities, the end's as well, 0 to 1."""
        return math.exp(self.score / len(self.scores))

    @property
    def writing(self) -> Writing:
        return Writing(self.tokens[:-1], self.scores[:-1], self.stop, self.scores[-1])


class Search:
    """Looks for texts of grammars."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._marks = sorted(vocabulary.marks)
        self._stops = sorted(vocabulary.stops)
        self._joints = frozenset(vocabulary.tokens(JOINTS))

    def strictly(self, expected: Expected, scorer: Scorer) -> Steps[Text | None]:
        """The most probable text of the grammar; None where it is hardly what is said."""
        found = yield from self.best(expected, scorer)
        return found if found is not None and found.confidence >= HOPELESS else None

    def instead(self, expected: Expected, scorer: Scorer, free: Writing) -> Steps[Text | None]:
        """The text of the grammar that is to be taken in the place of `free`; None for none.

        None, too, where `free` is of the grammar.
        """
        if (yield from self.is_of(expected, free.tokens)):
            return None
        floor = sum(free.scores) + free.end - MARGIN
        found = yield from self.best(expected, scorer, floor)
        return found if found is not None and found.confidence >= LEAST_CONFIDENCE else None

    def best(
        self, expected: Expected, scorer: Scorer, floor: float = -math.inf
    ) -> Steps[Text | None]:
        """The most probable text of the grammar; None where none is as probable as `floor`."""
        found: Text | None = None
        texts, chances = [Text(expected.begin)], scorer.begin()
        for _ in range(TOKENS_MOST):
            yield from self._explore(expected, texts)
            following = (t for text in texts for t in self._longer(expected, text, chances))
            longer = [t for t in following if t.score >= floor]
            found = max((t for t in (found, *longer) if t and t.is_whole), key=_worth, default=None)
            least = -math.inf if found is None else found.worth
            texts = sorted((t for t in longer if t.worth > least), key=_worth)[: -WIDTH - 1 : -1]
            if not texts:
                break
            yield
            chances = scorer.go_on([t.row for t in texts], [t.tokens[-1] for t in texts])
            texts = [replace(text, row=row) for row, text in enumerate(texts)]
        return found

    def is_of(self, expected: Expected, tokens: Iterable[int]) -> Steps[bool]:
        """Whether the text that these tokens write is one of the grammar."""
        texts = [Text(expected.begin)]
        for token in (*tokens, END):
            yield from self._explore(expected, texts)
            steps = [step for text in texts for step in self._steps(expected, text)]
            texts = [_after(step, token, 0.0) for step in steps if token in step.choice]
        return bool(texts)

    def _explore(self, expected: Expected, texts: Iterable[Text]) -> Steps[None]:
        """Find out what may be written next."""
        for text in texts:
            state = text.state
            if text.node is not None:
                if text.node.end is None:
                    continue
                state = expected.states[text.node.end[1]]
            yield from expected.explore(state, joined=False)
            if self._may_join(text):
                yield from expected.explore(state, joined=True)

    def _may_join(self, text: Text) -> bool:
        return bool(text.tokens) and text.tokens[-1] in self._joints

    def _longer(self, expected: Expected, text: Text, chances: Array) -> Iterator[Text]:
        """The text with one more token; of the beginnings of a word, the most probable ones."""
        row = chances[text.row]
        stop = float(np.exp(row[self._stops]).sum())
        for step in self._steps(expected, text, stop):
            tokens = np.fromiter(step.choice, np.int64)
            if len(tokens) > WIDTH and isinstance(step.choice, dict):
                tokens = tokens[np.argpartition(-row[tokens], WIDTH)[:WIDTH]]
            for token in tokens.tolist():
                yield _after(step, token, float(row[token]))

    def _steps(self, expected: Expected, text: Text, stop: float = 0.0) -> Iterator[_Step]:
        """All that may be written next, once it was explored. `stop`: how probable a stop is."""
        if text.node is not None:
            yield _Step(text, text.node.next)
            if text.node.end is None:
                return
            words, number, weight = text.node.end
            state, words, prior = expected.states[number], text.words + words, text.prior + weight
            text = replace(text, node=None, state=state, words=words, prior=prior)
        if text.tokens and not text.marks:
            text = replace(text, stop=stop)
        if text.state.end > -math.inf:
            yield _Step(replace(text, prior=text.prior + text.state.end), (END,))
        if text.marks < MARKS_MOST:
            yield _Step(text, self._marks)
        yield _Step(text, text.state.nodes[False].next)
        if self._may_join(text):
            yield _Step(text, text.state.nodes[True].next)


@dataclass(frozen=True, slots=True)
class _Step:
    """A text and the tokens that may follow it; where those are of a word, what they lead to."""

    text: Text
    choice: dict[int, Node] | Sequence[int]


def _after(step: _Step, token: int, chance: float) -> Text:
    text = step.text
    node = step.choice[token] if isinstance(step.choice, dict) else None
    return replace(
        text,
        node=node,
        tokens=(*text.tokens, token),
        scores=(*text.scores, chance),
        score=text.score + chance,
        marks=0 if node else text.marks + 1,
    )


def _worth(text: Text) -> float:
    return text.worth
