"""JSGF grammars (https://www.w3.org/TR/jsgf/): read, and turned into sentences.

What is read: one file's rules with alternatives, weights, groups, options, repetitions and
references to its rules. Tags and comments are passed over. Refused: imports, quoted words,
`<VOID>`, and rules that lead back to themselves.
"""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate

TOKEN = re.compile(
    r"(?://[^\n]*|/\*.*?\*/|\{(?:\\.|[^{}\\])*\}|\s)+"
    r"|(<[^<>\s]+>|/[^/*\n][^/\n]*/|[()\[\]|*+;=]|[^\s\x00-\x1f\x7f()\[\]|*+;={}<>/\"]+)",
    re.DOTALL,
)
SIGNS = frozenset("()[]|*+;=")

GO_ON = 0.5
"""How probable one more repetition is."""

LONGEST = 400
"""Words, groups, repetitions and references of a sentence; a longer one is given up."""

LONGEST_TEXT = 200_000
"""Characters of a grammar; reading so many takes a tenth of a second."""

DEEPEST = 50
"""Groups within groups."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of several sequences, each with its weight."""

    weights: tuple[float, ...]
    sequences: tuple[tuple["Item", ...], ...]
    cumulated: tuple[float, ...]


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
    """A grammar that was read. Raises ValueError, with the place, for one that cannot be."""

    def __init__(self, text: str) -> None:
        self._rules, self._public = _Reader(text).grammar()

    @property
    def public(self) -> list[Rule]:
        """The rules that a sentence may be of."""
        return [Rule(name) for name in self._public]

    def rule(self, reference: Rule) -> Alternatives:
        """What a reference stands for."""
        return self._rules[reference.name]

    @property
    def words(self) -> list[str]:
        """All words that may be said, each once."""
        found: dict[str, None] = {}
        left: list[Item] = [Rule(name) for name in reversed(self._public)]
        entered: set[str] = set()
        while left:
            item = left.pop()
            if isinstance(item, str):
                found[item] = None
            elif isinstance(item, Repeated):
                left.append(item.item)
            elif isinstance(item, Alternatives):
                said = [s for w, s in zip(item.weights, item.sequences, strict=True) if w]
                left += reversed([part for sequence in said for part in sequence])
            elif item.name not in entered:
                entered.add(item.name)
                left.append(self._rules[item.name])
        return list(found)

    def sentences(self, count: int, seed: int = 1) -> Iterator[list[str]]:
        """So many sentences, drawn by the weights: the same ones every time.

        Those of more than LONGEST steps are left out.
        """
        dice = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(count):
            words = self._sentence(dice)
            if words is not None:
                yield words

    def _sentence(self, dice: random.Random) -> list[str] | None:
        words: list[str] = []
        left: list[Item] = [Rule(dice.choice(self._public))]
        for _ in range(LONGEST):
            if not left:
                return words
            item = left.pop()
            if isinstance(item, str):
                words.append(item)
            elif isinstance(item, Rule):
                left.append(self._rules[item.name])
            elif isinstance(item, Alternatives):
                (sequence,) = dice.choices(item.sequences, cum_weights=item.cumulated)
                left += reversed(sequence)
            elif item.least:
                left += (Repeated(item.item, item.least - 1), item.item)
            elif dice.random() < GO_ON:
                left += (item, item.item)
        return None


class _Reader:
    """Reads one grammar from its beginning to its end."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"it is longer than {LONGEST_TEXT} characters")
        self._text = text
        self._tokens: list[tuple[str, int]] = []
        self._at = 0
        self._depth = 0
        self._references: dict[str, dict[str, int]] = {}
        self._rule = ""
        place = 0
        while place < len(text):
            match = TOKEN.match(text, place)
            if match is None:
                raise self._error(f"{text[place]!r} cannot be read", place)
            if match[1]:
                self._tokens.append((match[1], place))
            place = match.end()

    def grammar(self) -> tuple[dict[str, Alternatives], list[str]]:
        """All rules, and the names of the public ones."""
        self._header()
        rules: dict[str, Alternatives] = {}
        public = []
        while self._at < len(self._tokens):
            if self._peek() == "import":
                raise self._error("imports are not supported")
            if self._peek() == "public":
                self._take()
                public.append(self._peek()[1:-1])
            name, begin = self._take()[1:-1], self._place(-1)
            if self._text[begin] != "<":
                raise self._error("a rule is wanted: '<name> = ...;'", begin)
            if name in rules:
                raise self._error(f"there is a rule <{name}> already", begin)
            self._take("=")
            self._rule = name
            self._references[name] = {}
            rules[name] = self._alternatives(";")
        if not public:
            raise self._error("no rule is public")
        self._check_references()
        return rules, public

    def _header(self) -> None:
        for wanted in ("#JSGF", "V1.0"):
            self._take(wanted)
        while self._peek() != ";":  # the encoding and the language
            self._take()
        for wanted in (";", "grammar", "", ";"):
            self._take(wanted)

    def _alternatives(self, end: str) -> Alternatives:
        """Up to and with the closing sign."""
        begin = self._place(-1)
        weights, sequences = [], []
        while True:
            weights.append(self._weight())
            sequence: list[Item] = []
            first = self._at
            while self._peek() not in ("|", end):
                sequence += self._item()
            if self._at == first:
                raise self._error("an alternative is empty; <NULL> says that")
            sequences.append(tuple(sequence))
            if self._take() == end:
                break
        if not any(weights):
            raise self._error("all weights are 0", begin)
        return Alternatives(tuple(weights), tuple(sequences), tuple(accumulate(weights)))

    def _weight(self) -> float:
        token = self._peek()
        if not token.startswith("/"):
            return 1.0
        try:
            weight = float(token[1:-1])
        except ValueError:
            weight = math.nan
        if not 0 <= weight < math.inf:
            raise self._error(f"{token} is no weight: a number from 0 on")
        self._take()
        return weight

    def _item(self) -> list[Item]:
        begin = self._place()
        sign = self._take()
        item: Item = sign
        if sign in ("(", "["):
            item = self._group(")" if sign == "(" else "]")
        elif sign in SIGNS or sign.startswith("/"):
            raise self._error(f"{sign!r} stands where a word is wanted", begin)
        elif sign.startswith("<"):
            item = Rule(sign[1:-1])
        if sign == "[":
            item = Alternatives((1.0, 1.0), ((item,), ()), (1.0, 2.0))
        repeated = self._peek() if self._peek() in ("*", "+") else ""
        if repeated:
            self._take()
        if sign == "<NULL>":
            return []
        if sign.startswith("<"):
            self._references[self._rule].setdefault(sign[1:-1], begin)
        return [Repeated(item, int(repeated == "+")) if repeated else item]

    def _group(self, end: str) -> Alternatives:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} groups are open", self._place(-1))
        group = self._alternatives(end)
        self._depth -= 1
        return group

    def _check_references(self) -> None:
        for references in self._references.values():
            for name, place in references.items():
                if name not in self._references:
                    raise self._error(f"there is no rule <{name}>", place)
        try:
            TopologicalSorter(self._references).prepare()
        except CycleError as error:
            after, rule = error.args[1][:2]
            place = self._references[rule][after]
            raise self._error(f"rule <{rule}> leads back to itself", place) from None

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            what = f"{wanted!r} is missing" if wanted else "something is missing"
            raise self._error(what + (f" before {token[:40]!r}" if token else ""))
        self._at += 1
        return token

    def _place(self, ahead: int = 0) -> int:
        """Where in the text the next token begins."""
        at = self._at + ahead
        return self._tokens[at][1] if at < len(self._tokens) else len(self._text)

    def _error(self, what: str, place: int | None = None) -> ValueError:
        """With the line and the column, both from 1."""
        before = self._text[: self._place() if place is None else place]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return ValueError(f"line {line}, column {column}: {what}")
