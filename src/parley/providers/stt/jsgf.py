"""JSGF grammars (https://www.w3.org/TR/jsgf/): read, and turned into sentences.

What is read: one file's rules with alternatives, weights, groups, options, repetitions and
references; tags and comments are passed over, imports refused.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(r"<[^<>\s]+>|/[^/]*/|[()\[\]|*+;=]|\{[^}]*\}|[^\s()\[\]|*+;={}<>/]+")
NOISE = re.compile(r"//[^\n]*|(?s:/\*.*?\*/)|#JSGF[^;]*;|\bgrammar\s[^;]*;")

GO_ON = 0.5
"""How probable one more repetition is."""

DEEPEST = 60
"""Rules within rules; a deeper sentence is given up."""


class TooDeep(Exception):
    """A rule leads to itself without end."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of several sequences, each with its weight."""

    weights: tuple[float, ...]
    sequences: tuple[tuple["Item", ...], ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A thing said at least so often."""

    item: "Item"
    least: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A reference to a rule."""

    name: str


Item = str | Rule | Alternatives | Repeated


class Grammar:
    """A grammar that was read. Raises ValueError, with what is wrong, for one that cannot be."""

    def __init__(self, text: str) -> None:
        self._tokens = TOKEN.findall(NOISE.sub(" ", text))
        self._at = 0
        self._rules: dict[str, Alternatives] = {}
        self._public: list[str] = []
        while self._at < len(self._tokens):
            self._read_rule()
        if not self._public:
            raise ValueError("no rule is public")

    @property
    def words(self) -> list[str]:
        """All words that it may hold, each once."""
        found: dict[str, None] = {}
        left: list[Item] = list(self._rules.values())
        while left:
            item = left.pop()
            if isinstance(item, str):
                found[item] = None
            elif isinstance(item, Repeated):
                left.append(item.item)
            elif isinstance(item, Alternatives):
                left += [part for sequence in item.sequences for part in sequence]
        return list(found)

    def sentences(self, count: int, seed: int = 1) -> Iterator[list[str]]:
        """So many sentences, drawn by the weights: the same ones every time."""
        dice = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(count):
            words: list[str] = []
            try:
                self._say(Rule(dice.choice(self._public)), dice, words, 0)
            except TooDeep:
                continue
            yield words

    def _say(self, item: Item, dice: random.Random, words: list[str], depth: int) -> None:
        if depth > DEEPEST:
            raise TooDeep
        if isinstance(item, str):
            words.append(item)
        elif isinstance(item, Rule):
            self._say(self._rule(item.name), dice, words, depth + 1)
        elif isinstance(item, Repeated):
            for _ in range(item.least):
                self._say(item.item, dice, words, depth + 1)
            while dice.random() < GO_ON:
                self._say(item.item, dice, words, depth + 1)
        else:
            (sequence,) = dice.choices(item.sequences, item.weights)
            for part in sequence:
                self._say(part, dice, words, depth + 1)

    def _rule(self, name: str) -> Alternatives:
        if name not in self._rules:
            raise ValueError(f"there is no rule <{name}>")
        return self._rules[name]

    # Reading

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise ValueError(f"{wanted or 'more'!r} is missing before {token or 'the end'!r}")
        self._at += 1
        return token

    def _read_rule(self) -> None:
        public = self._peek() == "public"
        if public:
            self._take()
        name = self._take()[1:-1]
        self._take("=")
        self._rules[name] = self._alternatives(";")
        if public:
            self._public.append(name)

    def _alternatives(self, end: str) -> Alternatives:
        """Up to and with the closing token."""
        weights, sequences = [], []
        while True:
            weight, sequence = 1.0, list[Item]()
            if self._peek().startswith("/"):
                weight = float(self._take()[1:-1])
            while self._peek() not in ("|", end):
                self._item(sequence)
            weights.append(weight)
            sequences.append(tuple(sequence))
            if self._take() == end:
                return Alternatives(tuple(weights), tuple(sequences))

    def _item(self, sequence: list[Item]) -> None:
        sign = self._take()
        if sign.startswith("{"):
            return
        item: Item = sign
        if sign == "(":
            item = self._alternatives(")")
        elif sign == "[":
            inner = self._alternatives("]")
            item = Alternatives((1.0, 1.0), ((inner,), ()))
        elif sign.startswith("<"):
            if sign in ("<NULL>", "<VOID>"):
                return
            item = Rule(sign[1:-1])
        elif sign in (")", "]", ";", "=", "*", "+"):
            raise ValueError(f"{sign!r} stands where a word is wanted")
        if self._peek() in ("*", "+"):
            item = Repeated(item, int(self._take() == "+"))
        sequence.append(item)
