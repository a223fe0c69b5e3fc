"""What is spelled rather than read: telephone numbers, codes, versions, IP addresses."""

import re

from parley.text.speakable.draft import Piece
from parley.text.speakable.english.numbers import Dialect, cardinal, digits, number
from parley.text.speakable.english.values import COUNTS
from parley.text.speakable.rules import Rule

_PHONE = re.compile(
    r"(?<![\w.,:/-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{1,6}(?:[ .-]\(?\d{1,6}\)?){0,6}"
    r"(?![\w:/%°]|[.,-]\d)"
)
_SHAPES = {(3, 4), (3, 3, 4), (1, 3, 3, 4), (4, 4, 4, 4), (4, 6, 5), (3, 2, 4), (3, 3, 3)}
_OTHER_SEPARATOR = re.compile(r"[ .]")
_DIGIT_RUN = re.compile(r"\d+")

_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_VERSION = re.compile(r"\b[vV](\d+(?:\.\d+)*)\b(?!-)")
_KEYWORD = re.compile(
    r"\b(?:code|pin|zip|id|number|no|account|order|invoice|ticket|reference|ref|confirmation"
    r"|booking|case|flight|room|suite|apt|apartment|extension|ext|passcode|password|otp|serial"
    r"|card|phone|dial|call|text|postcode|policy|member|tracking)\b"
    r"(?:\s(?:number|no|code|id|is|ending|in))*(?:\s?:\s?|\s)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,:/+-])(\d{3,})(?![\w%°]|[.,:/-]\d)")
_COMPOUND = re.compile(r"(?<![\w-])[A-Za-z\d]+(?:-[A-Za-z\d]+)+(?![\w-])")
_TOKEN = re.compile(r"(?<!\w)(?<!\d\.)(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]+(?!\w)")
_BY = re.compile(r"\d+x\d*")
_RUNS = re.compile(r"\d+|[A-Za-z]+")
_HYPHEN = re.compile(r"(?<=[A-Za-z])-(?=\d)|(?<=\d)-(?=[A-Za-z])")
_VOWELS = frozenset("aeiouyAEIOUY")


def rules(dialect: Dialect) -> tuple[Rule, ...]:
    return (
        Rule(
            _ADDRESS, lambda match: " dot ".join(map(digits, match[0].split("."))), frozenset(".")
        ),
        Rule(_PHONE, _phone),
        Rule(_VERSION, _version, frozenset("vV")),
    )


def late_rules(dialect: Dialect) -> tuple[Rule, ...]:
    """What might have been a date, a measure or money."""
    return (
        Rule(_COMPOUND, _compound, frozenset("-")),
        Rule(_NUMBER, _named),
        Rule(_TOKEN, _token),
        Rule(_HYPHEN, lambda _: " ", frozenset("-")),
    )


def spelled(text: str) -> str:
    """Every letter and digit by itself."""
    return " ".join(digits(char) if char.isdigit() else char.upper() for char in text)


def _phone(match: re.Match[str]) -> list[Piece] | None:
    """One piece for each group of digits, so that each is heard by itself."""
    text, base = match[0], match.start()
    groups = [run.span() for run in _DIGIT_RUN.finditer(text)]
    sizes = tuple(end - start for start, end in groups)
    certain = text[0] == "+" or "(" in text or (text[0] == "0" and len(groups) > 1)
    hyphens = len(groups) > 2 and "-" in text and not _OTHER_SEPARATOR.search(text)
    if not (7 <= sum(sizes) <= 19 and (certain or hyphens or sizes in _SHAPES)):
        return None
    pieces: list[Piece] = []
    done = 0
    for start, end in groups:
        words = _group(text[start:end])
        if pieces:
            words = f", {words}"
        elif text[0] == "+":
            words = f"plus {words}"
        end += text[end : end + 1] == ")"
        pieces.append((base + done, base + end, words))
        done = end
    return pieces


def _group(text: str) -> str:
    if len(text) == 3 and text.endswith("00") and text[0] != "0":
        return cardinal(int(text))
    return digits(text)


def _version(match: re.Match[str]) -> str:
    parts = match[1].split(".")
    return "version " + " point ".join(number(part) for part in parts)


def _compound(match: re.Match[str]) -> str | None:
    """ABC-123-4F and 550e8400-e29b-41d4, but neither COVID-19 nor 5-year-old."""
    text = match[0]
    parts = text.split("-")
    if not any(map(str.isdigit, text)) or not any(map(str.isalpha, text)):
        return None
    mixed = sum(not part.isdigit() and not part.isalpha() for part in parts)
    is_code = mixed or len(parts) > 2 if text == text.upper() else mixed > 1
    return ", ".join(map(spelled, parts)) if is_code else None


def _named(match: re.Match[str]) -> str | None:
    """A number that names something: code 4821, room 204."""
    if not _KEYWORD.search(match.string, 0, match.start()):
        return None
    return None if COUNTS.match(match.string, match.end()) else digits(match[1])


def _token(match: re.Match[str]) -> str | None:
    """Letters and digits in one: A1B2, B12, iPhone15, 4K, MP3, but not 2x4."""
    if _BY.fullmatch(match[0]):
        return None
    runs = _RUNS.findall(match[0])
    if len(runs) > 2 and not all(len(run) <= 2 for run in runs):
        return spelled(match[0])
    if len(runs) > 3:
        return spelled(match[0])
    return " ".join(map(_run, runs))


def _run(run: str) -> str:
    if run.isdigit():
        return cardinal(int(run)) if len(run) <= 2 and run[0] != "0" else digits(run)
    is_word = len(run) > 2 and not _VOWELS.isdisjoint(run)
    return run if is_word else spelled(run)
