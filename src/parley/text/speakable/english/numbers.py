"""Numbers in English words."""

import re
from dataclasses import dataclass

from parley.text.speakable.rules import listed

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
"""A number as it is written: 5, 1,000, 3.5, .5."""

_SMALL = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = listed("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}

LONGEST = 3 * len(_SCALES)
"""Digits of the longest number that has a name; longer ones are read digit by digit."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between regions: "one hundred and five", and 3/12 as the third of December."""

    british: bool = False


def cardinal(number: int, dialect: Dialect = Dialect()) -> str:
    """Five hundred twelve; in British English five hundred and twelve.

    Raises IndexError for one of more than `LONGEST` digits.
    """
    if number < 1000:
        return _below_thousand(number, dialect)
    parts: list[str] = []
    scale = 0
    rest = number
    while rest:
        rest, group = divmod(rest, 1000)
        if group:
            words = _below_thousand(group, dialect) + _SCALES[scale]
            parts.insert(
                0, f"and {words}" if dialect.british and not scale and group < 100 else words
            )
        scale += 1
    return " ".join(parts)


def _below_thousand(number: int, dialect: Dialect) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    words = f"{_SMALL[hundreds]} hundred"
    if not rest:
        return words
    return (
        f"{words} and {_below_hundred(rest)}"
        if dialect.british
        else f"{words} {_below_hundred(rest)}"
    )


def _below_hundred(number: int) -> str:
    if number < 20:
        return _SMALL[number]
    tens, rest = divmod(number, 10)
    return f"{_TENS[tens]}-{_SMALL[rest]}" if rest else _TENS[tens]


def ordinal(number: int, dialect: Dialect = Dialect()) -> str:
    """Twenty-first."""
    words = cardinal(number, dialect)
    head, last = re.fullmatch(r"(.*?)(\w+)", words, re.DOTALL).groups()  # type: ignore[union-attr]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def plural(words: str) -> str:
    """Nineties, tens, hundreds: the decade that begins with the number."""
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def digits(text: str) -> str:
    """One after the other; what is no digit is left out."""
    return " ".join(_SMALL[int(char)] for char in text if char in "0123456789")


def number(text: str, dialect: Dialect = Dialect()) -> str:
    """A number as `NUMBER` finds it: one thousand, three point five."""
    whole, _, fraction = text.replace(",", "").partition(".")
    if len(whole) > LONGEST:
        words = digits(whole)
    else:
        words = cardinal(int(whole), dialect) if whole else ""
    return f"{words} point {digits(fraction)}".lstrip() if fraction else words


def year(number: int, dialect: Dialect = Dialect()) -> str:
    """A year of four digits: nineteen oh five, two thousand nine, twenty twenty-six."""
    century, rest = divmod(number, 100)
    if not century % 10 and rest < 10:
        return cardinal(number, dialect)
    if not rest:
        return f"{_below_hundred(century)} hundred"
    return f"{_below_hundred(century)} {'oh ' if rest < 10 else ''}{_below_hundred(rest)}"


def counted(text: str, one: str, many: str, dialect: Dialect = Dialect()) -> str:
    """One euro, two euros."""
    return f"{number(text, dialect)} {one if text == '1' else many}"
