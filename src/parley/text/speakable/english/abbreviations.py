"""Abbreviations: Dr. Smith, Main St., e.g., No. 5, w/o, U.S., Jan-Mar."""

import re

from parley.text.speakable.english import dates
from parley.text.speakable.english.numbers import Dialect
from parley.text.speakable.rules import Rule, closing_stop

_TITLES = {
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Messrs": "Messieurs",
    "Prof": "Professor",
    "Rev": "Reverend",
    "Hon": "Honorable",
    "Gen": "General",
    "Col": "Colonel",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Capt": "Captain",
    "Cmdr": "Commander",
    "Gov": "Governor",
    "Sen": "Senator",
    "Rep": "Representative",
    "Pres": "President",
    "Mt": "Mount",
    "Ft": "Fort",
}
_ANYWHERE = {
    "e.g": "for example",
    "eg": "for example",
    "i.e": "that is",
    "etc": "et cetera",
    "vs": "versus",
    "approx": "approximately",
    "viz": "namely",
    "cf": "compare",
    "incl": "including",
    "excl": "excluding",
    "misc": "miscellaneous",
    "dept": "department",
    "Dept": "Department",
    "govt": "government",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Corp": "Corporation",
    "Jr": "Junior",
    "Sr": "Senior",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Ln": "Lane",
    "Hwy": "Highway",
    "Pkwy": "Parkway",
    "Apt": "Apartment",
    "apt": "apartment",
    "Ste": "Suite",
    "Bldg": "Building",
    "est": "established",
    "temp": "temperature",
    "avg": "average",
    "min": "minimum",
    "max": "maximum",
    "qty": "quantity",
    "tel": "telephone",
    "Tel": "Telephone",
    "appt": "appointment",
    "hrs": "hours",
    "mins": "minutes",
    "secs": "seconds",
    "yrs": "years",
    "lbs": "pounds",
    "oz": "ounces",
}
_BEFORE_NUMBERS = {
    "no": "number",
    "nos": "numbers",
    "nr": "number",
    "p": "page",
    "pp": "pages",
    "vol": "volume",
    "ch": "chapter",
    "sec": "section",
    "fig": "figure",
    "figs": "figures",
    "art": "article",
    "ext": "extension",
    "par": "paragraph",
    "ver": "version",
    "rm": "room",
}
_WITHOUT_STOP = {
    "w/o": "without",
    "w/": "with",
    "c/o": "care of",
    "n/a": "not applicable",
    "b/c": "because",
    "vs": "versus",
    "Mr": "Mister",
    "Mrs": "Missus",
    "Dr": "Doctor",
    "approx": "approximately",
    "hrs": "hours",
    "mins": "minutes",
    "appt": "appointment",
    "etc": "et cetera",
}


def _any_of(words: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_TITLE = re.compile(rf"\b({_any_of(_TITLES)})\.(?=\s?(?:[A-Z&]|and\b))")
_STREET = re.compile(
    r"(?<=[a-z\dA-Z])(\s)(St|Dr|Ct|Pl|Sq)\b\.?(?=\s*(?:[,;)]|$|[a-z]|[NSEW]{1,2}\b))"
)
_SAINT_DOCTOR = re.compile(r"\b(St|Dr)\.(?=\s?[A-Z])|\bSt(?=\s[A-Z][a-z])")
_STOPPED = re.compile(rf"(?<![\w.])({_any_of(_ANYWHERE)})\.(?![\w])")
_NUMBERED = re.compile(rf"(?<![\w.])({_any_of(_BEFORE_NUMBERS)})\.\s?(?=\d)", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w/.])w/(?!o\b)(?=\s|\w)"
    rf"|(?<![\w/.'’])(?:{_any_of(_WITHOUT_STOP)})(?<!/)(?![\w/'’-])(?!\.\w)"
)
_HALF = re.compile(r"(?<![\w.])([ap])\.m\.(?!\w)", re.IGNORECASE)
_DEGREE = re.compile(r"\b(?:Ph\.?D|M\.?D|B\.?Sc|M\.?Sc|B\.?A|M\.?A)\b\.?(?<=\.)")
_LETTERS = re.compile(r"(?<![\w.])(?:[A-Za-z]\.){2,}(?!\w)|(?<![\w.])(?:[A-Z]\.)+[A-Z](?![\w.])")
_STREETS = {"St": "Street", "Dr": "Drive", "Ct": "Court", "Pl": "Place", "Sq": "Square"}


def rules(dialect: Dialect) -> tuple[Rule, ...]:
    return (
        *dates.NAMES,
        Rule(_TITLE, lambda match: _TITLES[match[1]], frozenset(".")),
        Rule(_STREET, lambda match: f"{match[1]}{_STREETS[match[2]]}{closing_stop(match)}"),
        Rule(_SAINT_DOCTOR, lambda match: "Doctor" if match[0][0] == "D" else "Saint"),
        Rule(_NUMBERED, lambda match: f"{_BEFORE_NUMBERS[match[1].lower()]} ", frozenset(".")),
        Rule(
            _STOPPED,
            lambda match: _ANYWHERE[match[1]] + closing_stop(match, before_capital=True),
            frozenset("."),
        ),
        Rule(_BARE, lambda match: _WITHOUT_STOP[match[0]]),
        Rule(
            _HALF,
            lambda match: f"{match[1].upper()} M{closing_stop(match, before_capital=True)}",
            frozenset("."),
        ),
        Rule(_DEGREE, _letters, frozenset(".")),
        Rule(_LETTERS, _letters, frozenset(".")),
    )


def _letters(match: re.Match[str]) -> str:
    letters = " ".join(char.upper() for char in match[0] if char.isalpha())
    return letters + closing_stop(match)
