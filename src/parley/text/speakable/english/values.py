"""Numbers that are nothing else: ranges, fractions, sums, years, plain numbers."""

import re

from parley.text.speakable.english.numbers import (
    NUMBER,
    Dialect,
    cardinal,
    digits,
    number,
    ordinal,
    year,
)
from parley.text.speakable.rules import Rule

COUNTS = re.compile(
    r"\s(?!(?:is|was|has|as|this|its|us|does|plus|minus|times|always|yes)\b)"
    r"(?:[a-z]+s|people|men|women|children|more|percent|of)\b"
)
"""What follows a number of things: 500 boxes."""

_TO = r"\s?[-–—]\s?"
_FREE = r"(?<![\w.,:/-])"
_END = r"(?![\w/]|[.,]\d)"

_SPECIAL = re.compile(rf"{_FREE}(?:(24/7)|(9/11)|(50[/-]50))(?![\w/-])")
_FRACTION = re.compile(rf"{_FREE}(?:(\d{{1,5}})[ -])?(\d{{1,3}})/(\d{{1,3}}){_END}")
_SLASH = re.compile(r"(?<=\d)\s?/\s?(?=\d)")
_TIMES = re.compile(r"(?<=\d)\s?[×x*]\s?(?=\d)|(?<=\d)[x×](?!\w)")
_DIVIDED = re.compile(r"(?<=\d)\s?÷\s?(?=\d)")
_POWER = re.compile(r"(?<=[\w)])\^(?=[\w(-])")
_MINUS = re.compile(r"(?<=\d)\s?[-−–]\s?(?=[\d.,]+\s*=)")
_RANGE = re.compile(rf"{_FREE}({NUMBER}){_TO}({NUMBER})(?![\w/:-]|[.,]\d)")
_RATIO = re.compile(r"(?<![\w.,:/-])(\d{1,4}):(\d{1,4})(?![\w:/]|[.,]\d)")
_VALUE = re.compile(rf"(?:{NUMBER})(?:\.\d+)*")

_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|from|until|till|year|during|before|circa|class of|summer|winter|spring|fall"
    r"|autumn|early|late|mid|back in)[\s-]$",
    re.IGNORECASE,
)
_WHOLES = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_RATINGS = frozenset((10, 100))


def rules(dialect: Dialect) -> tuple[Rule, ...]:
    def span(match: re.Match[str]) -> str:
        low, high = match.groups()
        in_years = (
            low >= "1100"
            and _could_be_year(low)
            and (_could_be_year(high) or (len(high) == 2 and low[2:] < high))
        )
        begin = year(int(low), dialect) if in_years else number(low, dialect)
        end = year(int(high), dialect) if in_years and len(high) == 4 else number(high, dialect)
        return f"{begin} to {end}"

    def fraction(match: re.Match[str]) -> str | None:
        whole, top, bottom = match[1], int(match[2]), int(match[3])
        parts = _parts(top, bottom, dialect, rates=not whole)
        if not whole or parts is None:
            return None if whole else parts or f"{cardinal(top)} over {cardinal(bottom)}"
        return f"{cardinal(int(whole), dialect)} and {re.sub('^one', 'a', parts)}"

    def value(match: re.Match[str]) -> str:
        text = match[0]
        parts = text.split(".")
        if len(parts) > 2:
            return " point ".join(map(_part, parts))
        if _is_year(match):
            return year(int(text), dialect)
        is_code = text.isdigit() and (
            (len(text) > 1 and text[0] == "0") or (len(text) > 6 and not text.endswith("000"))
        )
        return digits(text) if is_code else number(text, dialect)

    return (
        Rule(_SPECIAL, _special, frozenset("/-")),
        Rule(_MINUS, lambda _: " minus ", frozenset("=")),
        Rule(_RANGE, span, frozenset("-–—")),
        Rule(_RATIO, lambda match: f"{number(match[1])} to {number(match[2])}", frozenset(":")),
        Rule(_FRACTION, fraction, frozenset("/")),
        Rule(_SLASH, lambda _: " slash ", frozenset("/")),
        Rule(_TIMES, _times, frozenset("×x*")),
        Rule(_DIVIDED, lambda _: " divided by ", frozenset("÷")),
        Rule(_POWER, lambda _: " to the power of ", frozenset("^")),
        Rule(_VALUE, value),
    )


def _special(match: re.Match[str]) -> str:
    if match[1]:
        return "twenty-four seven"
    return "nine eleven" if match[2] else "fifty-fifty"


def _parts(top: int, bottom: int, dialect: Dialect, *, rates: bool) -> str | None:
    """Three quarters; None where it is no part of one."""
    if rates and bottom in _RATINGS and top <= bottom:
        return f"{cardinal(top, dialect)} out of {cardinal(bottom, dialect)}"
    if not 0 < top < bottom:
        return None
    nth = ordinal(bottom, dialect)
    one, many = _WHOLES.get(bottom, (nth, f"{nth}s"))
    return f"{cardinal(top, dialect)} {one if top == 1 else many}"


def _times(match: re.Match[str]) -> str:
    return " by " if "x" in match[0] and match.end() < len(match.string) else " times "


def _part(text: str) -> str:
    """A part of a number with several points."""
    text = text.replace(",", "")
    return cardinal(int(text)) if len(text) < 4 else digits(text)


def _could_be_year(text: str) -> bool:
    return len(text) == 4 and text.isdigit() and "1000" <= text <= "2099"


def _is_year(match: re.Match[str]) -> bool:
    text = match[0]
    if not _could_be_year(text):
        return False
    if _YEAR_BEFORE.search(match.string, 0, match.start()):
        return True
    if text < "1900":
        return text.endswith("00") and text > "1000"  # fifteen hundred people
    return not COUNTS.match(match.string, match.end())
