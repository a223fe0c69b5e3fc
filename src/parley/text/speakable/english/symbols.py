"""Signs that are words, and those that nobody says."""

import re
import unicodedata

from parley.text.speakable.english.numbers import digits
from parley.text.speakable.rules import Rule

_ODD = re.compile(r"[^\x00-\x7f]")
_SPACES = "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"
_SUPERSCRIPTS = {"²": " squared", "³": " cubed"}
_HYPHENS = "\u2010\u2011\u2212"

_WORDS = {
    "&": "and",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "%": "percent",
    "±": "plus or minus",
    "≈": "approximately",
    "≠": "not equal to",
    "≤": "at most",
    "≥": "at least",
    "√": "square root of",
    "∞": "infinity",
    "→": "to",
    "×": "times",
    "÷": "divided by",
    "§": "section",
    "°": "degrees",
    "€": "euros",
    "£": "pounds",
    "¥": "yen",
    "$": "dollars",
    "₹": "rupees",
    "№": "number",
}
_WORD = re.compile(r"\s?([" + re.escape("".join(_WORDS)) + r"])\s?")
_SHARP = re.compile(r"(?<!\w)([CF])#(?!\w)")
_PLUSES = re.compile(r"(?<=[A-Za-z])\+\+(?!\w)")
_ABOUT = re.compile(r"(?<!\w)~\s?(?=[$€£]?\d)")
_COMPARED = re.compile(r"(?<!\w)(<=|>=|<|>)\s?(?=[$€£]?-?\d)")
_COMPARISONS = {"<": "less than ", ">": "greater than ", "<=": "at most ", ">=": "at least "}
_INITIALS = re.compile(r"(?<=[A-Z]{2})/(?=[A-Z]{2})|(?<=\b[A-Z])/(?=[A-Z]\b)")
_AND = re.compile(r"\b([A-Z]{1,3})&([A-Z]{1,3})\b")
_NUMBER_SIGN = re.compile(r"#(?=\d)")
_EITHER = re.compile(r"(?<=[A-Za-z])\s?/\s?(?=[A-Za-z])")
_SLASH = re.compile(r"\s?/+\s?")
_SNAKE = re.compile(r"(?<=\w)_+(?=\w)")
_UNSPOKEN = re.compile(r"[*_`#~|<>\[\]{}\\^•·¦†‡¶←↑↓↔⇒⇐ºª]+")

BEFORE = (
    Rule(_ODD, lambda match: _usual(match)),
    Rule(_SHARP, lambda match: f"{match[1]} sharp", frozenset("#")),
    Rule(_PLUSES, lambda _: " plus plus", frozenset("+")),
    Rule(_ABOUT, lambda _: "about ", frozenset("~")),
    Rule(_COMPARED, lambda match: _COMPARISONS[match[1]], frozenset("<>")),
    Rule(_NUMBER_SIGN, lambda _: "number ", frozenset("#")),
    Rule(_AND, lambda match: f"{' '.join(match[1])} and {' '.join(match[2])}", frozenset("&")),
    Rule(_INITIALS, lambda _: " ", frozenset("/")),
)
"""What has to be known before numbers are read."""

AFTER = (
    Rule(re.compile(r"\band/or\b"), lambda _: "and or"),
    Rule(_WORD, lambda match: f" {_WORDS[match[1]]} "),
    Rule(_EITHER, lambda _: " or ", frozenset("/")),
    Rule(_SLASH, lambda _: " slash ", frozenset("/")),
    Rule(_SNAKE, lambda _: " ", frozenset("_")),
    Rule(_UNSPOKEN, lambda _: " "),
)
"""What is left once numbers are words."""

RARE = (Rule(_ODD, lambda match: _rare(match)),)
"""Digits of other scripts that no rule has found."""


def _usual(match: re.Match[str]) -> str | None:
    """The usual form of a character that means the same."""
    char = match[0]
    if char in _SPACES:
        return " "
    if char in _HYPHENS:
        return "-"
    if char in _SUPERSCRIPTS:
        before = match.string[match.start() - 1 : match.start()]
        return None if before == "m" else _SUPERSCRIPTS[char]
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char.isnumeric() and unicodedata.category(char) == "No":
        plain = unicodedata.normalize("NFKC", char).replace("⁄", "/")
        joins = "/" in plain and match.start() and match.string[match.start() - 1].isdigit()
        return f" {plain}" if joins else plain
    return None


def _rare(match: re.Match[str]) -> str | None:
    char = match[0]
    if char in _SUPERSCRIPTS:
        return _SUPERSCRIPTS[char]
    return digits(str(unicodedata.digit(char))) if char.isdigit() else None
