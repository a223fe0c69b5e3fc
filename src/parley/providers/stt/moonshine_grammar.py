"""A grammar as an automaton of tokens: the ways in which Moonshine may write its sentences.

A word may be written in lower case or with a capital, a number in figures. Of the automaton
there is as much as was walked: all of it may be too large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from parley.providers.stt.jsgf import GO_ON, Alternatives, Grammar, Item, Repeated, Rule
from parley.providers.stt.requests import Steps, UnusableGrammar

NEGLIGIBLE = 1e-12
"""What is less probable than that is not expected."""

STEPS_MOST, STEP = 100_000, 500
"""What can come next must be found in so many steps; so many are done at a time, and so many words
are spelled: in hardly more than 10 ms."""

NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ORDINALS = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
"""


def _figures() -> dict[str, str]:
    """Numbers and ordinals below a hundred, in words: as figures."""
    units, ordinals = NUMBERS.split(), ORDINALS.split()
    found = {word: str(n) for n, word in enumerate(units)} | {"oh": "0"}
    found |= {word: f"{n}{_suffix(n)}" for n, word in enumerate(ordinals, 1)}
    for n, tens in enumerate(TENS.split(), 2):
        found[tens] = f"{n}0"
        found[tens[:-1] + "ieth"] = f"{n}0th"
        for unit in range(1, 10):
            found[f"{tens} {units[unit]}"] = f"{n}{unit}"
            found[f"{tens} {ordinals[unit - 1]}"] = f"{n}{unit}{_suffix(unit)}"
    return found


def _suffix(n: int) -> str:
    return {1: "st", 2: "nd", 3: "rd"}.get(n, "th")


FIGURES = _figures()

Stack = tuple[int, ...]
"""What is still to come of a sentence: numbers of items, the next one last."""

Following = tuple[dict[str, dict[Stack, float]], float]


@dataclass(slots=True)
class Node:
    """Words that begin with the same tokens."""

    next: dict[int, Node] = field(default_factory=dict)
    end: tuple[tuple[str, ...], int, float] | None = None
    """The words that are written here, the number of the state after them, and the logarithm of
    their weight."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class State:
    """A place between two words. What may follow is known once it was explored."""

    stacks: dict[Stack, float]
    found: Following | None = None
    nodes: dict[bool, Node] = field(default_factory=dict)
    """The beginning of the next word, without a space before it (True), or with one."""

    end: float = -math.inf
    """How probable it is that nothing follows: the logarithm."""


class Expected:
    """A grammar in the tokens of a vocabulary, to be had by `read`.

    Nothing in it refers to itself in a circle, so that its memory is free without a search for
    such circles, which would take long.
    """

    def __init__(self, text: str, tokens: Callable[[str], tuple[int, ...]]) -> None:
        self._write = tokens
        self._grammar = Grammar(text)
        self._items: list[Item] = []
        self._numbers: dict[int, int] = {}
        self._again: dict[int, int] = {}
        self.states: list[State] = []
        self._known: dict[frozenset[tuple[Stack, float]], int] = {}
        self._spelled: dict[str, tuple[int, ...] | None] = {}
        first = self._state({(self._number(r),): 1.0 for r in self._grammar.public})
        self.begin = self.states[first]
        self.unknown: list[str] = []

    @classmethod
    def read(cls, text: str, tokens: Callable[[str], tuple[int, ...]]) -> Steps[Expected]:
        """Words that cannot be written are passed over. Raises ValueError, with the reason, when
        the grammar cannot be read, or nothing of it can be written.
        """
        found = cls(text, tokens)
        yield
        words = found._grammar.words
        for number, word in enumerate(words):
            if found._spell(" " + word) is None:
                found.unknown.append(word)
            if not number % STEP:
                yield
        if len(found.unknown) == len(words):
            raise ValueError(f"no word of it can be written: {' '.join(found.unknown[:5])}")
        yield from found.explore(found.begin, joined=False)
        return found

    def explore(self, state: State, *, joined: bool) -> Steps[None]:
        """Find out how the next word may be written, with a space before it, or without."""
        _, weight = yield from self.following(state)
        state.end = math.log(weight) if weight else -math.inf
        if joined not in state.nodes:
            state.nodes[joined] = yield from self._node(state, "" if joined else " ")

    def following(self, state: State) -> Steps[Following]:
        """The words that come next, each with what may follow it; and the weight of the end.

        All weights together are 1.
        """
        if state.found is None:
            state.found = yield from self._follow(state.stacks)
        return state.found

    def _follow(self, stacks: dict[Stack, float]) -> Steps[Following]:
        words: dict[str, dict[Stack, float]] = {}
        end = 0.0
        left = dict(stacks)
        for step in range(STEPS_MOST):
            if not step % STEP:
                yield
            if not left:
                total = end + sum(sum(ways.values()) for ways in words.values())
                for ways in words.values():
                    for stack in ways:
                        ways[stack] /= total
                return words, end / total if total else 0.0
            stack = next(iter(left))
            weight = left.pop(stack)
            if weight < NEGLIGIBLE:
                continue
            if not stack:
                end += weight
                continue
            item, rest = self._items[stack[-1]], stack[:-1]
            if isinstance(item, str):
                ways = words.setdefault(item, {})
                ways[rest] = ways.get(rest, 0.0) + weight
            else:
                for longer, share in self._expanded(item, stack[-1], rest, weight):
                    left[longer] = left.get(longer, 0.0) + share
        raise UnusableGrammar("it allows too much at once")

    def _expanded(
        self, item: Item, number: int, rest: Stack, weight: float
    ) -> Iterator[tuple[Stack, float]]:
        """What an item that is no word stands for, in the place of it."""
        if isinstance(item, Rule):
            yield (*rest, self._number(self._grammar.rule(item))), weight
        elif isinstance(item, Alternatives):
            total = item.cumulated[-1]
            for share, sequence in zip(item.weights, item.sequences, strict=True):
                numbers = (self._number(part) for part in reversed(sequence))
                yield (*rest, *numbers), weight * share / total
        elif isinstance(item, Repeated):
            again = (*rest, self._repeated(item, number), self._number(item.item))
            if item.least:
                yield again, weight
            else:
                yield rest, weight * (1.0 - GO_ON)
                yield again, weight * GO_ON

    def _repeated(self, item: Repeated, number: int) -> int:
        """The same, none of it needed any more."""
        if not item.least:
            return number
        if number not in self._again:
            self._again[number] = self._number(Repeated(item.item, 0))
        return self._again[number]

    def _number(self, item: Item) -> int:
        """Items are told apart by where they stand: comparing what they hold takes too long."""
        if id(item) not in self._numbers:
            self._numbers[id(item)] = len(self._items)
            self._items.append(item)
        return self._numbers[id(item)]

    def _state(self, stacks: dict[Stack, float]) -> int:
        """Its number."""
        total = sum(stacks.values())
        shares = {stack: weight / total for stack, weight in stacks.items()}
        parts = frozenset((stack, round(share, 6)) for stack, share in shares.items())
        if parts not in self._known:
            self._known[parts] = len(self.states)
            self.states.append(State(shares))
        return self._known[parts]

    def _node(self, state: State, before: str) -> Steps[Node]:
        """All ways to write the next word, with what stands before it."""
        root = Node()
        words, _ = yield from self.following(state)
        for number, (word, stacks) in enumerate(words.items()):
            if not number % STEP:
                yield
            after, weight = self._state(stacks), math.log(sum(stacks.values()))
            for form in forms(word):
                self._grow(root, before + form, (word,), after, weight)
            if word in TENS.split():
                seconds, _ = yield from self.following(self.states[after])
                for second, then in seconds.items():
                    figure = FIGURES.get(f"{word} {second}")
                    if figure:
                        both = weight + math.log(sum(then.values()))
                        self._grow(root, before + figure, (word, second), self._state(then), both)
        return root

    def _grow(
        self, root: Node, text: str, words: tuple[str, ...], after: int, weight: float
    ) -> None:
        """Of words that are written alike, the most probable ones count."""
        tokens = self._spell(text)
        if tokens is None:
            return
        node = root
        for token in tokens:
            node = node.next.setdefault(token, Node())
        if node.end is None or node.end[2] < weight:
            node.end = words, after, weight

    def _spell(self, text: str) -> tuple[int, ...] | None:
        if text not in self._spelled:
            try:
                self._spelled[text] = self._write(text)
            except ValueError:
                self._spelled[text] = None
        return self._spelled[text]


def forms(word: str) -> list[str]:
    """How a word may be written."""
    found = {word: None, word[:1].upper() + word[1:]: None}
    if "." in word:
        plain = word.replace(".", "")
        found |= {word.upper(): None, plain: None, plain.upper(): None}
    if word in FIGURES:
        found[FIGURES[word]] = None
    return list(found)
