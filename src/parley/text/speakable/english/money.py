"""Amounts of money: $4.50, €20, £1,000, $3.5 million, 20 USD, $5-10, $9/month."""

import re
from typing import NamedTuple

from parley.text.speakable.english.numbers import NUMBER, Dialect, counted, number
from parley.text.speakable.rules import Rule


class _Currency(NamedTuple):
    one: str
    many: str
    cent: str = "cent"
    cents: str = "cents"


_DOLLAR = _Currency("dollar", "dollars")
_EURO = _Currency("euro", "euros")
_POUND = _Currency("pound", "pounds", "penny", "pence")
_YEN = _Currency("yen", "yen")
_RUPEE = _Currency("rupee", "rupees", "paisa", "paise")

_SYMBOLS = {
    "$": _DOLLAR,
    "€": _EURO,
    "£": _POUND,
    "¥": _YEN,
    "₹": _RUPEE,
    "₩": _Currency("won", "won"),
    "₽": _Currency("ruble", "rubles", "kopeck", "kopecks"),
    "₪": _Currency("shekel", "shekels"),
    "₿": _Currency("bitcoin", "bitcoin"),
}
_CODES = {
    "USD": _Currency("U S dollar", "U S dollars"),
    "CAD": _Currency("Canadian dollar", "Canadian dollars"),
    "AUD": _Currency("Australian dollar", "Australian dollars"),
    "EUR": _EURO,
    "GBP": _POUND,
    "JPY": _YEN,
    "INR": _RUPEE,
    "CHF": _Currency("Swiss franc", "Swiss francs", "rappen", "rappen"),
}
_COUNTRIES = {"US": "USD", "CA": "CAD", "C": "CAD", "AU": "AUD", "A": "AUD"}
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion"} | {
    word: word for word in ("thousand", "million", "billion", "trillion")
}

_SYMBOL = "[" + "".join(_SYMBOLS) + "]"
_CODE = "|".join(_CODES)
_AMOUNT = rf"(?:\d{{1,3}}(?:\.\d{{3}})*,\d\d(?!\d|[.,]\d)|{NUMBER})"
"""A number, or one with a comma before its cents as on the Continent: 1.234,50."""

_SCALE = r"(?:\s?(?P<scale>thousand|million|billion|trillion|bn|mn|[kKmMbB])\b)?"
_TO = r"\s?[-–—]\s?"
_END = r"(?!\w|[.,]\d)"

_BEFORE = re.compile(
    rf"(?:(?P<minus>(?<![\w)])[-−])|\b(?P<country>US|CA|AU|[CA]))?(?P<symbol>{_SYMBOL})\s?"
    rf"(?P<negative>[-−](?=\d))?"
    rf"(?P<low>{_AMOUNT})(?:{_TO}(?:{_SYMBOL}\s?)?(?P<high>{_AMOUNT}))?{_SCALE}{_END}"
)
_BEFORE_CODE = re.compile(
    rf"\b(?P<code>{_CODE})\s?(?P<low>{_AMOUNT})(?:{_TO}(?P<high>{_AMOUNT}))?{_SCALE}{_END}"
)
_AFTER = re.compile(
    rf"(?<![\w.,-])(?:(?P<low>{_AMOUNT}){_TO})?(?P<high>{_AMOUNT}){_SCALE}"
    rf"\s?(?:(?P<symbol>{_SYMBOL})|(?P<code>{_CODE})\b)"
)
_CENTS = re.compile(r"(?<![\w.,-])(\d+)\s?¢")
_PENCE = re.compile(r"(?<![\w.,-])(\d{1,2})p\b")

_PERIODS = {"mo": "month", "yr": "year", "wk": "week", "hr": "hour", "h": "hour"}
_PERIODS |= {"min": "minute", "pp": "person", "kg": "kilogram", "lb": "pound"}
_PER = re.compile(
    r"(?<=[a-z])\s?/\s?(mo|month|yr|year|wk|week|day|hr|h|hour|min|minute|night|person|pp|user|seat"
    r"|item|call|unit|kg|lb|mile)\b"
)

PER = (Rule(_PER, lambda match: f" per {_PERIODS.get(match[1], match[1])}", frozenset("/")),)
"""What something is paid for, once the amount is words: ten dollars/month."""


def rules(dialect: Dialect) -> tuple[Rule, ...]:
    money = _Money(dialect)
    found = (
        Rule(_BEFORE, money.amount, frozenset(_SYMBOLS)),
        Rule(_BEFORE_CODE, money.amount, frozenset("".join(_CODES))),
        Rule(_AFTER, money.amount, frozenset("".join((*_SYMBOLS, *_CODES)))),
        Rule(_CENTS, lambda match: counted(match[1], "cent", "cents", dialect), frozenset("¢")),
    )
    return (*found, Rule(_PENCE, money.pence, frozenset("p"))) if dialect.british else found


class _Money:
    """Amounts as one dialect has them."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def amount(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        currency = _currency(found)
        low, high = _pointed(found["low"]), _pointed(found["high"])
        scale = _SCALES.get((found["scale"] or "").lower(), "")
        words = "minus " if found.get("minus") or found.get("negative") else ""
        if low and high:
            has_cents = "." in low + high and not scale
            words += self._exact(low, currency) if has_cents else self._number(low)
            words += " to "
        last = high or low
        if scale:
            return f"{words}{self._number(last)} {scale} {currency.many}"
        return words + self._exact(last, currency)

    def pence(self, match: re.Match[str]) -> str:
        return counted(match[1], _POUND.cent, _POUND.cents, self._dialect)

    def _exact(self, text: str, currency: _Currency) -> str:
        """Four dollars and fifty cents; more decimals than two are read as such."""
        whole, _, fraction = text.replace(",", "").partition(".")
        if len(fraction) > 2:
            return f"{self._number(text)} {currency.many}"
        main = counted(whole or "0", currency.one, currency.many, self._dialect)
        hundredths = str(int(fraction.ljust(2, "0"))) if fraction else "0"
        if hundredths == "0":
            return main
        small = counted(hundredths, currency.cent, currency.cents, self._dialect)
        return f"{main} and {small}" if whole.strip("0") else small

    def _number(self, text: str) -> str:
        return number(text, self._dialect)


def _currency(found: dict[str, str]) -> _Currency:
    symbol = found.get("symbol")
    if not symbol:
        return _CODES[found["code"]]
    abroad = found.get("country") if symbol == "$" else None
    return _CODES[_COUNTRIES[abroad]] if abroad else _SYMBOLS[symbol]


def _pointed(text: str | None) -> str:
    """An amount with a point before its cents."""
    if text and text[-3:-2] == ",":
        return text.replace(".", "").replace(",", ".")
    return text or ""
