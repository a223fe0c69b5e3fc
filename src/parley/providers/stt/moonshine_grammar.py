"""A grammar as an automaton of tokens: the ways in which Moonshine may write its sentences.

A word may be written in lower case or with a capital, a number in figures. Of the automaton
there is as much as was walked: all of it may be too large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from parley.providers.stt.jsgf import GO_ON, Alternatives, Grammar, Item, Repeated, Rule
from parley.providers.stt.requests import UnusableGrammar

NEGLIGIBLE = 1e-12
"""What is less probable than that is not expected."""

STEPS_MOST = 100_000
"""What can come next must be found in so many steps."""

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


@dataclass(slots=True)
class Node:
    """Words that begin with the same tokens."""

    next: dict[int, Node] = field(default_factory=dict)
    end: tuple[tuple[str, ...], State, float] | None = None
    """The words that are written here, what follows, and the logarithm of their weight."""


class State:
    """A place between two words."""

    def __init__(self, grammar: Expected, stacks: dict[Stack, float]) -> None:
        self._grammar = grammar
        self._stacks = stacks
        self._nodes: dict[bool, Node] = {}
        self._found: tuple[dict[str, dict[Stack, float]], float] | None = None

    @property
    def following(self) -> tuple[dict[str, dict[Stack, float]], float]:
        """The words that may follow, with what may follow them, and the weight of the end."""
        if self._found is None:
            self._found = self._grammar.following(self._stacks)
        return self._found

    @property
    def end(self) -> float:
        """How probable it is that nothing follows: the logarithm."""
        weight = self.following[1]
        return math.log(weight) if weight else -math.inf

    def node(self, *, joined: bool) -> Node:
        """The beginning of the next word, with a space before it, or without."""
        if joined not in self._nodes:
            self._nodes[joined] = self._grammar.node(self, "" if joined else " ")
        return self._nodes[joined]


class Expected:
    """A grammar in the tokens of a vocabulary.

    Words that cannot be written are passed over. Raises ValueError, with the reason, when the
    grammar cannot be read, or nothing of it can be written.
    """

    def __init__(self, text: str, tokens: Callable[[str], tuple[int, ...]]) -> None:
        self._write = tokens
        self._grammar = Grammar(text)
        self._items: list[Item] = []
        self._numbers: dict[int, int] = {}
        self._again: dict[int, int] = {}
        self._states: dict[frozenset[tuple[Stack, float]], State] = {}
        self._spelled: dict[str, tuple[int, ...] | None] = {}
        self.begin = self._state({(self._number(r),): 1.0 for r in self._grammar.public})
        self.unknown = [w for w in self._grammar.words if self._spell(" " + w) is None]
        if len(self.unknown) == len(self._grammar.words):
            raise ValueError(f"no word of it can be written: {' '.join(self.unknown[:5])}")
        self.begin.node(joined=False)

    def following(self, stacks: dict[Stack, float]) -> tuple[dict[str, dict[Stack, float]], float]:
        """The words that come next, each with what may follow it; and the weight of the end.

        All weights together are 1.
        """
        words: dict[str, dict[Stack, float]] = {}
        end = 0.0
        left = dict(stacks)
        for _ in range(STEPS_MOST):
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

    def _state(self, stacks: dict[Stack, float]) -> State:
        total = sum(stacks.values())
        shares = {stack: weight / total for stack, weight in stacks.items()}
        parts = frozenset((stack, round(share, 6)) for stack, share in shares.items())
        if parts not in self._states:
            self._states[parts] = State(self, shares)
        return self._states[parts]

    def node(self, state: State, before: str) -> Node:
        """All ways to write the next word, with what stands before it."""
        root = Node()
        for word, stacks in state.following[0].items():
            after, weight = self._state(stacks), math.log(sum(stacks.values()))
            for form in forms(word):
                self._grow(root, before + form, (word,), after, weight)
            if word in TENS.split():
                for second, then in after.following[0].items():
                    figure = FIGURES.get(f"{word} {second}")
                    if figure:
                        both = weight + math.log(sum(then.values()))
                        self._grow(root, before + figure, (word, second), self._state(then), both)
        return root

    def _grow(
        self, root: Node, text: str, words: tuple[str, ...], after: State, weight: float
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
