"""Dates: 2026-12-03, 12/3/2026, Dec. 3, 3 December 2026, Mon-Fri, the 1990s."""

import re

from parley.text.speakable.english.numbers import Dialect, cardinal, ordinal, plural, year
from parley.text.speakable.rules import Rule, closing_stop, listed

_MONTHS = listed(
    "January February March April May June July August September October November December"
)
_DAYS = listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b"
)
_DAY = (
    r"(?:Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:r(?:s(?:day)?)?)?|Fri(?:day)?"
    r"|Sat(?:urday)?|Sun(?:day)?)\b"
)
_NTH = r"(?:st|nd|rd|th)?"
_TO = r"\s?(?:[-–—]|to)\s?"
_FREE = r"(?<![\w.,:/-])"
_END = r"(?![\w:]|[.,/-]\d)"

_DAY_RANGE = re.compile(rf"\b({_DAY})\.?\s?[-–—]\s?({_DAY})\.?")
_MONTH_RANGE = re.compile(rf"\b({_MONTH})\.?\s?[-–—]\s?({_MONTH})\.?")
_SHORT_DAY = re.compile(r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\b(?!['’])\.?")
_WEEKEND = re.compile(rf"\b(Sat|Sun)\b\.?(?=,?\s+(?:\d|{_MONTH}|at\b|from\b))")

_ISO = re.compile(
    rf"{_FREE}(\d{{4}})([-/])(0?[1-9]|1[0-2])\2(0?[1-9]|[12]\d|3[01])(?:(T)(?=\d\d:)|(?![\w:/-]))"
)
_ISO_MONTH = re.compile(rf"{_FREE}((?:19|20)\d\d)-(0[1-9]|1[0-2])(?![\w/-])")
_MONTH_DAY = re.compile(
    rf"\b({_MONTH})\.?\s+(\d{{1,2}}){_NTH}(?:{_TO}(\d{{1,2}}){_NTH})?(?:,?\s+(\d{{4}}))?{_END}"
)
_DAY_MONTH = re.compile(
    rf"{_FREE}(\bthe\s+)?(?:(\d{{1,2}}){_NTH}{_TO})?(\d{{1,2}}){_NTH}(?:\s+of)?[\s-]"
    rf"({_MONTH})\.?(?:[,-]?\s*(\d{{4}}){_END})?"
)
_MONTH_YEAR = re.compile(rf"\b({_MONTH})\.?,?\s+([12]\d{{3}}){_END}")
_NUMERIC = re.compile(rf"{_FREE}(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}|(?<=/)\d\d){_END}")
_NUMERIC_SHORT = re.compile(
    r"\b((?:on|by|until|till|since|before|after|due|date|day|dated)[:,]?)\s+(\d{1,2})/(\d{1,2})"
    r"(?![\w/]|[.,]\d)",
    re.IGNORECASE,
)
_DECADE = re.compile(r"(?<![\w.,:/])(?<!\d-)(['‘’]?)([2-9]0|1\d\d0|20\d0)['’]?s\b")
_DECADE_BEFORE = re.compile(r"(?:\bthe|\bmid|early|late|their|his|her|my|your|our)[\s-]$")


def rules(dialect: Dialect) -> tuple[Rule, ...]:
    """What has digits in it."""
    dates = _Dates(dialect)
    return (
        Rule(_ISO, dates.iso, frozenset("-/")),
        Rule(_ISO_MONTH, dates.iso_month, frozenset("-")),
        Rule(_MONTH_DAY, dates.month_day),
        Rule(_DAY_MONTH, dates.day_month),
        Rule(_MONTH_YEAR, dates.month_year),
        Rule(_NUMERIC, dates.numeric, frozenset("/.-")),
        Rule(_NUMERIC_SHORT, dates.numeric_short, frozenset("/")),
        Rule(_DECADE, dates.decade, frozenset("s")),
    )


class _Dates:
    """Dates as one dialect has them."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def iso(self, match: re.Match[str]) -> str:
        words = self._date(int(match[3]), int(match[4]), match[1])
        return f"{words} at " if match[5] else words

    def iso_month(self, match: re.Match[str]) -> str | None:
        if match[1][2:] < match[2] >= "10":
            return None  # 2010-12 are years
        return f"{_MONTHS[int(match[2]) - 1]} {self._year(match[1])}"

    def month_day(self, match: re.Match[str]) -> str | None:
        month, first, last, in_year = match.groups()
        if not _are_days(first, last):
            return None
        words = f"{_month(month)} {ordinal(int(first))}"
        words += f" to {ordinal(int(last))}" if last else ""
        return words + (f", {self._year(in_year)}" if in_year else "")

    def day_month(self, match: re.Match[str]) -> str | None:
        article, first, day, month, in_year = match.groups()
        if not _are_days(first, day):
            return None
        words = (article or "the ") + (f"{ordinal(int(first))} to " if first else "")
        words += f"{ordinal(int(day))} of {_month(month)}"
        return words + (f" {self._year(in_year)}" if in_year else _stop(match))

    def month_year(self, match: re.Match[str]) -> str:
        return f"{_month(match[1])} {self._year(match[2])}"

    def numeric(self, match: re.Match[str]) -> str | None:
        return self._in_order(match[1], match[3], match[4], dotted=match[2] == ".")

    def numeric_short(self, match: re.Match[str]) -> str | None:
        words = self._in_order(match[2], match[3])
        return words and f"{match[1]} {words}"

    def decade(self, match: re.Match[str]) -> str | None:
        mark, years = match.groups()
        if len(years) == 4:
            return plural(year(int(years), self._dialect))
        known = mark or _DECADE_BEFORE.search(match.string, 0, match.start())
        return plural(cardinal(int(years))) if known else None

    def _in_order(
        self, first: str, second: str, in_year: str = "", *, dotted: bool = False
    ) -> str | None:
        """A date of which only the dialect tells what is the month."""
        month, day = int(first), int(second)
        if month > 12 or ((dotted or self._dialect.british) and day <= 12):
            month, day = day, month
        return self._date(month, day, in_year) if 1 <= month <= 12 and 1 <= day <= 31 else None

    def _date(self, month: int, day: int, in_year: str) -> str:
        nth, name = ordinal(day), _MONTHS[month - 1]
        words = f"the {nth} of {name}" if self._dialect.british else f"{name} {nth}"
        return words + (f", {self._year(in_year)}" if in_year else "")

    def _year(self, text: str) -> str:
        number = int(text)
        if len(text) == 2:
            number += 2000 if number < 50 else 1900
        return year(number, self._dialect) if number >= 1000 else cardinal(number, self._dialect)


def _stop(match: re.Match[str]) -> str:
    return closing_stop(match, before_capital=True)


def _are_days(*texts: str | None) -> bool:
    """Whether all that are there can be days of a month."""
    return all(text is None or 1 <= int(text) <= 31 for text in texts)


def _month(name: str) -> str:
    return next(month for month in _MONTHS if month.startswith(name[:3]))


def _day(name: str) -> str:
    return next(day for day in _DAYS if day.startswith(name[:3]))


def _days(match: re.Match[str]) -> str:
    return f"{_day(match[1])} to {_day(match[2])}{_stop(match)}"


def _months(match: re.Match[str]) -> str:
    return f"{_month(match[1])} to {_month(match[2])}{_stop(match)}"


NAMES = (
    Rule(_DAY_RANGE, _days, frozenset("-–—")),
    Rule(_MONTH_RANGE, _months, frozenset("-–—")),
    Rule(_SHORT_DAY, lambda match: _day(match[1]) + _stop(match), frozenset("MTWF")),
    Rule(_WEEKEND, lambda match: _day(match[1]) + _stop(match), frozenset("S")),
)
"""Days of the week and ranges of months, which need no digits."""
