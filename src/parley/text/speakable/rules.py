"""How a language has its written forms said."""

import re
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from parley.text.speakable.draft import Draft, Words


class Rule(NamedTuple):
    """What is looked for, and what is said instead.

    `signs`: the pattern is found only where the text has one of these characters; empty where
    it needs none. This spares most searches.
    """

    pattern: re.Pattern[str]
    words: Words
    signs: frozenset[str] = frozenset()


class Language(Protocol):
    """Turns the written forms of one language into words.

    `rewrite` gets text without markup and replaces in place what would be read out wrong.
    It must not raise, whatever the text is.
    """

    def rewrite(self, draft: Draft) -> None: ...


def apply(draft: Draft, rules: Iterable[Rule], *, while_any: str = "") -> None:
    """Follow rules one after the other; each sees what those before it have made.

    Stops when none of the characters `while_any` is left, if any are given.
    """
    text, signs = "", frozenset[str]()
    for rule in rules:
        if draft.text is not text:
            text = draft.text
            signs = frozenset(text)
            if while_any and signs.isdisjoint(while_any):
                return
        if not rule.signs or not rule.signs.isdisjoint(signs):
            draft.replace(rule.pattern, rule.words)


def listed(text: str) -> list[str]:
    """The words of a table that is written as a text."""
    return text.split()


_CAPITAL_FOLLOWS = re.compile(r"\s+(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)[A-Z][a-z']")


def closing_stop(match: re.Match[str], *, before_capital: bool = False) -> str:
    """The full stop that ends an abbreviation and also the sentence, if it does both.

    It does at the end of the text and, with `before_capital`, where a capital follows that
    does not begin a day of the week.
    """
    if not match[0].endswith("."):
        return ""
    if before_capital and _CAPITAL_FOLLOWS.match(match.string, match.end()):
        return "."
    return "" if any(map(str.isalnum, match.string[match.end() :])) else "."
