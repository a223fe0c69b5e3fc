"""English as it is said."""

import re
from functools import cache

from parley.text.speakable.draft import Draft
from parley.text.speakable.english import (
    abbreviations,
    addresses,
    clock,
    codes,
    dates,
    letters,
    measures,
    money,
    symbols,
    values,
)
from parley.text.speakable.english.numbers import Dialect
from parley.text.speakable.rules import Rule, apply, listed

_BRITISH = frozenset(listed("GB IE AU NZ ZA IN SG HK MT KE NG"))
"""Regions that write the day before the month and say "one hundred and five"."""

_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"\w[.@/]\w|(?<!\w)[@#]\w|mailto:|://")
_CAPITALS = re.compile(r"[A-Z]{2}|\b(?:iOS|macOS|PhD|eSIM|IoT|LaTeX|GitHub|BSc|MSc)|\s[XVIL]\b")
_SIGN = re.compile(r"[^\w\s.,!?'\"():;-]|_")


class English:
    """`region` is that of a language tag, such as GB; others than Britain's are American."""

    def __init__(self, region: str = "") -> None:
        dialect = Dialect(british=region.upper() in _BRITISH)
        self._abbreviations = abbreviations.rules(dialect)
        self._numbers: tuple[Rule, ...] = (
            *dates.rules(dialect),
            *clock.rules(dialect),
            *codes.rules(dialect),
            *money.rules(dialect),
            *measures.rules(dialect),
            *codes.late_rules(dialect),
            *values.rules(dialect),
        )
        self._letters = letters.rules(dialect)

    def rewrite(self, draft: Draft) -> None:
        ascii_only = draft.text.isascii()
        if not ascii_only or _SIGN.search(draft.text):
            apply(draft, symbols.BEFORE)
        has_addresses = _ADDRESS.search(draft.text)
        if has_addresses:
            apply(draft, addresses.RULES)
        apply(draft, self._abbreviations)
        if has_addresses:
            apply(draft, addresses.DOTS)
        if _DIGIT.search(draft.text):
            apply(draft, self._numbers, while_any="0123456789")
        if _CAPITALS.search(draft.text):
            apply(draft, self._letters)
        if _SIGN.search(draft.text):
            apply(draft, money.PER)
            apply(draft, symbols.AFTER)
        if not ascii_only:
            apply(draft, symbols.RARE)


@cache
def english(region: str = "") -> English:
    """English of a region."""
    return English(region)
