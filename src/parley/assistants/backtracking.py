"""Whether a regular expression could search for ever.

Python tries one way after the other in which an expression fits a text. Where a part that is
repeated fits some text in two ways, each repetition doubles them: `(a+)+$`. That is so where two
different walks through its automaton (Glushkov's, of characters) read the same and meet again
where they began: Weber and Seidl, "On the degree of ambiguity of finite automata", 1991.
"""

import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import product
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

LONGEST = 1000
"""The longest expression that is read, in characters."""

COPIES = 20
"""What may come no more often than that is no repetition: it is looked at as if written out."""

LOOPS = 3
"""The same of what has a repetition in it."""

PLACES = 1000
"""An expression that stands for more characters, all its copies written out, is not read."""

STEPS, PAIRS = 2_000_000, 100_000
"""If more must be looked at, or kept, to find out, it is taken for one that could."""

SAMPLE = [*map(chr, range(128)), "é", "ß", "ж", "中", "\u2028"]
"""Two characters overlap where they have one of these in common, or one that either names."""

CATEGORIES = {
    "DIGIT": r"\d", "NOT_DIGIT": r"\D", "SPACE": r"\s",
    "NOT_SPACE": r"\S", "WORD": r"\w", "NOT_WORD": r"\W",
}  # fmt: skip

Pair = tuple[int, int]
Node = tuple[Any, Any]
"""What Python has parsed: an operation and its arguments."""


class Part(NamedTuple):
    """Which characters may come first and last in it, each as often as there are ways; and in how
    many ways it may be empty."""

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    empty: int = 1


def explodes(regex: str) -> bool:
    """Whether the time of a search may double with each character. What only repeats is not
    looked for; a text's length bounds it.

    Raises re.error where it is none, or too long.
    """
    automaton = _Automaton()
    automaton.sequence(_parser.parse(regex), 1)
    return automaton.is_ambiguous()


class _Automaton:
    """The characters of an expression, and in how many ways one follows the other."""

    def __init__(self) -> None:
        self._sets: list[frozenset[str]] = []
        self._ways: Counter[Pair] = Counter()

    def sequence(self, nodes: Iterable[Node], copies: int) -> Part:
        whole = Part()
        for node in nodes:
            whole = self._then(whole, self._part(node, copies))
        return whole

    def _part(self, node: Node, copies: int) -> Part:
        operation, given = str(node[0]), node[1]
        match operation:
            case "AT":
                return Part()
            case "SUBPATTERN":
                return self.sequence(given[3], copies)
            case "ATOMIC_GROUP":
                return self.sequence(given, copies)
            case "BRANCH":
                return _either(*(self.sequence(each, copies) for each in given[1]))
            case "GROUPREF_EXISTS":
                return _either(*(self.sequence(each or (), copies) for each in given[1:]))
            case "ASSERT" | "ASSERT_NOT":
                self.sequence(given[1], copies)
                return Part()
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, nodes = given
                return self._repeated(least, most, nodes, copies)
        return self._character(node)

    def _character(self, node: Node) -> Part:
        self._sets.append(frozenset(filter(_fits(node), _named(node))))
        place = len(self._sets) - 1
        if place >= PLACES:
            raise re.error(f"it stands for more than {PLACES} characters")
        return Part((place,), (place,), 0)

    def _then(self, one: Part, other: Part) -> Part:
        self._follow(one.last, other.first)
        first = one.first + other.first * min(one.empty, 2)
        last = other.last + one.last * min(other.empty, 2)
        return Part(first, last, min(one.empty * other.empty, 2))

    def _follow(self, last: tuple[int, ...], first: tuple[int, ...]) -> None:
        self._ways.update(product(last, first))

    def _repeated(self, least: int, most: Any, nodes: list[Node], copies: int) -> Part:
        within = _times(nodes)
        limit = LOOPS if within == math.inf else COPIES / within
        if most is _constants.MAXREPEAT or copies * most > limit:
            part = self.sequence(nodes, copies)
            self._follow(part.last, part.first)
            return part if least else _either(part._replace(empty=0), Part())
        whole = Part()
        for number in range(most):
            part = self.sequence(nodes, copies * most)
            whole = self._then(whole, part if number < least else _either(part, Part()))
        return whole

    def is_ambiguous(self) -> bool:
        """Whether two walks that read the same part within a repetition, and meet again."""
        return any(map(self._is_ambiguous, self._repetitions()))

    def _repetitions(self) -> list[set[int]]:
        """The sets of characters each of which may come again after each other."""
        following = _edges(self._ways)
        before = _edges((b, a) for a, b in self._ways)
        found: list[set[int]] = []
        for place in following:
            if not any(place in each for each in found):
                after, until = _reached([place], following), _reached([place], before)
                found.append(after & until)
        return [each for each in found if each]

    def _is_ambiguous(self, places: set[int]) -> bool:
        ways = [(a, b) for a, b in self._ways if a in places and b in places]
        if any(self._ways[way] > 1 for way in ways):
            return True
        following, by_one = _edges(ways), [(a, a) for a in places]
        steps, looked = set[tuple[Pair, Pair]](), 0
        waiting, known = deque(by_one), set(by_one)
        while waiting:
            pair = waiting.popleft()
            looked += len(following[pair[0]]) * len(following[pair[1]])
            if looked > STEPS or len(steps) > PAIRS:
                return True
            for then in product(following[pair[0]], following[pair[1]]):
                if self._sets[then[0]] & self._sets[then[1]]:
                    steps.add((pair, then))
                    if then not in known:
                        known.add(then)
                        waiting.append(then)
        met = _reached(by_one, _edges((b, a) for a, b in steps))
        return any(a != b for a, b in met)


def _either(*parts: Part) -> Part:
    first = tuple(place for part in parts for place in part.first)
    last = tuple(place for part in parts for place in part.last)
    return Part(first, last, min(sum(part.empty for part in parts), 2))


def _edges(pairs: Iterable[tuple[T, T]]) -> dict[T, set[T]]:
    found: dict[T, set[T]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return found


def _reached(begin: Iterable[T], following: dict[T, set[T]]) -> set[T]:
    """What is reached from there in one step or more."""
    found, waiting = set[T](), deque(begin)
    while waiting:
        new = following.get(waiting.popleft(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def _times(nodes: Any) -> float:
    """How often something in it may come at most, without a limit infinitely often."""
    if not isinstance(nodes, list | tuple | _parser.SubPattern):
        return 1.0
    within = max(map(_times, nodes), default=1.0)
    if len(nodes) == 2 and str(nodes[0]).endswith("_REPEAT"):
        most = nodes[1][1]
        return math.inf if most is _constants.MAXREPEAT else within * max(most, 1)
    return within


def _named(node: Node) -> Iterable[str]:
    """Characters that may tell it from others."""
    return {*SAMPLE, *(chr(code) for code in _codes(node))}


def _codes(given: Any) -> Iterable[int]:
    if isinstance(given, list | tuple):
        for each in given:
            yield from _codes(each)
    elif type(given) is int:
        yield given


def _fits(node: Node, *, cases: bool = True) -> Callable[[str], bool]:
    """Whether a character may stand there; in upper or in lower case, unless `cases` is false."""
    operation, given = str(node[0]), node[1]
    match operation:
        case "LITERAL":
            return lambda found: chr(given) in _written(found, cases=cases)
        case "NOT_LITERAL":
            return lambda found: found != chr(given)
        case "RANGE":
            low, high = map(chr, given)
            return lambda found: any(low <= c <= high for c in _written(found, cases=cases))
        case "CATEGORY":
            kind = re.compile(CATEGORIES[str(given).removeprefix("CATEGORY_")])
            return lambda found: bool(kind.match(found))
        case "IN" if str(given[0][0]) == "NEGATE":
            none = [_fits(each, cases=False) for each in given[1:]]
            return lambda found: not any(fits(found) for fits in none)
        case "IN":
            some = [_fits(each) for each in given]
            return lambda found: any(fits(found) for fits in some)
    return lambda _: True


def _written(found: str, *, cases: bool) -> tuple[str, ...]:
    return (found, found.lower(), found.upper()) if cases else (found,)
