"""Where something is on the network: e-mail addresses, URLs, domains, file names, handles."""

import re

from parley.text.speakable.english.codes import spelled
from parley.text.speakable.english.numbers import digits
from parley.text.speakable.rules import Rule, listed

_SPOKEN_ENDINGS = frozenset(
    listed(
        "com org net info edu gov app dev shop blog store cloud online site tech co me team docs "
        "csv zip exe yaml json toml"
    )
)
"""Endings of domains and files that are said as words; all others are spelled."""

_ENDINGS = (
    r"(?:com|org|net|info|edu|gov|app|dev|shop|blog|store|cloud|online|site|tech|co|io|ai|eu|uk|us"
    r"|de|fr|es|it|nl|ch|at|be|pl|se|dk|ie|ca|au|nz|in|jp|cn|tv|ly|gg|sh|xyz|biz)"
)
_FILES = (
    r"(?:py|js|ts|rb|rs|go|sh|txt|md|pdf|html?|css|csv|tsv|xlsx?|docx?|pptx?|png|jpe?g|gif|svg|mp[34]"
    r"|wav|zip|gz|tar|exe|ya?ml|json|toml|xml|sql|ini|log|cfg)"
)

_EMAIL = re.compile(
    r"(?<![\w.+%-])(?:mailto:)?([\w+%-]+(?:\.[\w+%-]+)*)@(\w[\w-]*(?:\.\w[\w-]*)+)", re.ASCII
)
_URL = re.compile(
    r"(?<!\w)(?:(?:https?|ftps?|wss?)://(?:www\.)?|www\.)"
    r"(?P<host>[\w-]+(?:\.[\w-]+)*)(?P<port>:\d{1,5})?"
    r"(?P<path>(?:/[\w.~%+@!$&'()*,;=:-]*)*)(?P<rest>[?#]\S*)?",
    re.ASCII | re.IGNORECASE,
)
_DOMAIN = re.compile(
    rf"(?<![\w.@/-])(?P<host>(?:[A-Za-z0-9][\w-]*\.)+{_ENDINGS})\b(?!\.\w|-)(?P<path>(?:/[\w.~%-]*)*)",
    re.ASCII,
)
_FILE = re.compile(rf"(?<![\w.@-])([\w-]+(?:\.[\w-]+)*)\.({_FILES})\b(?!\.\w)", re.ASCII)
_HANDLE = re.compile(r"(?<!\w)@(?=\w)")
_HASHTAG = re.compile(r"(?<!\w)#(?=[A-Za-z_])")
_DOTTED = re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z]{2})")
_NEXT_SENTENCE = re.compile(r"(?<=[a-z])\.(?=[A-Z][a-z])")
_TRAILING = ".,;:!?'\")("
_CHUNK = re.compile(r"[A-Za-z]+|\d+|[^A-Za-z\d]")
_SIGNS = {
    ".": "dot",
    "-": "dash",
    "_": "underscore",
    "+": "plus",
    "/": "slash",
    "~": "tilde",
    "%": "percent",
    "@": "at",
    "=": "equals",
    "&": "and",
    ":": "colon",
    "#": "hash",
    "*": "star",
    "$": "dollar",
}
_VOWELS = frozenset("aeiouyAEIOUY")

RULES = (
    Rule(_EMAIL, lambda match: f"{_local(match[1])} at {_host(match[2])}", frozenset("@")),
    Rule(_URL, lambda match: _link(match), frozenset("/wW")),
    Rule(_DOMAIN, lambda match: _link(match)),
    Rule(_FILE, lambda match: f"{_local(match[1])} dot {_ending(match[2])}"),
    Rule(_HANDLE, lambda _: "at ", frozenset("@")),
    Rule(_HASHTAG, lambda _: "hashtag ", frozenset("#")),
)

DOTS = (Rule(_NEXT_SENTENCE, lambda _: ". "), Rule(_DOTTED, lambda _: " dot "))
"""Full stops within words, once abbreviations are gone."""


def _link(match: re.Match[str]) -> str:
    """Host and path; what a query or an anchor adds tells a listener nothing."""
    found = match.groupdict()
    path, tail = found["path"], ""
    if not found.get("rest"):
        bare = path.rstrip(_TRAILING)
        path, tail = bare, path[len(bare) :]
    elif found["rest"][-1] in _TRAILING:
        tail = found["rest"][-1]
    port = found.get("port")
    words = _host(found["host"]) + (f" colon {digits(port)}" if port else "")
    for part in filter(None, path.split("/")):
        words += f" slash {_local(part)}"
    return words + tail


def _host(text: str) -> str:
    """A name with its endings: example dot co dot U K."""
    *names, ending = text.split(".")
    if not names:
        return _local(ending)
    said = [_ending(name) if name == "co" else _local(name) for name in names]
    return " dot ".join((*said, _ending(ending)))


def _ending(text: str) -> str:
    return text.lower() if text.lower() in _SPOKEN_ENDINGS else _local_spelled(text)


def _local_spelled(text: str) -> str:
    return spelled("".join(char for char in text if char.isascii() and char.isalnum())) or text


def _local(text: str) -> str:
    """Words as words, digits one by one, signs by name."""
    return " ".join(filter(None, map(_chunk, _CHUNK.findall(text))))


def _chunk(text: str) -> str:
    if text.isdigit():
        return digits(text)
    if text.isalpha() and text.isascii():
        return spelled(text) if _VOWELS.isdisjoint(text) and len(text) < 5 else text
    return _SIGNS.get(text, "")
