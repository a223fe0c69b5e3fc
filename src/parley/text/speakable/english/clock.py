"""Times of day: 10:30, 2:05 p.m., 9am, 9:30-11, 17:00:30Z."""

import re

from parley.text.speakable.english.numbers import Dialect, cardinal
from parley.text.speakable.rules import Rule, closing_stop

_HALF = r"\s?(?P<half>[ap])\.?\s?m\b\.?(?!\w)"
_HALF_MARK = r"\s?[ap]\.?\s?m\b"
_TO = r"\s?[-–—]\s?"

_RANGE = re.compile(
    # before a time, after one
    rf"(?<=\d){_TO}(?=\d{{1,2}}(?::[0-5]\d|{_HALF_MARK}))"
    rf"|(?:(?<=[ap]m)|(?<=[ap] m)|(?<=:\d\d)){_TO}(?=\d{{1,2}}(?![\d-])|noon|midnight)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\w:.,-])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)"
    rf"(?::(?P<second>[0-5]\d)(?:\.\d+)?)?(?:(?P<utc>Z)\b|{_HALF})?(?![\w:]|[.,]\d)",
    re.IGNORECASE,
)
_DOTTED = re.compile(
    rf"(?<![\w:.,-])(?P<hour>1[0-2]|0?[1-9])\.(?P<minute>[0-5]\d){_HALF}", re.IGNORECASE
)
_HOUR = re.compile(rf"(?<![\w:.,-])(?P<hour>1[0-2]|0?[1-9]){_HALF}", re.IGNORECASE)


def rules(_: Dialect) -> tuple[Rule, ...]:
    return (
        Rule(_RANGE, lambda _: " to ", frozenset("-–—")),
        Rule(_CLOCK, _time, frozenset(":")),
        Rule(_DOTTED, _time, frozenset(".")),
        Rule(_HOUR, lambda match: cardinal(int(match["hour"])) + _half(match)),
    )


def _time(match: re.Match[str]) -> str:
    found = match.groupdict()
    hour, minute = int(found["hour"]), int(found["minute"])
    second = int(found.get("second") or 0)
    words = f"{_hour_minute(hour, minute, half=bool(found['half']))}{_half(match)}"
    if second:
        words += f" and {cardinal(second)} second{'s' if second > 1 else ''}"
    return words + (" U T C" if found.get("utc") else "")


def _hour_minute(hour: int, minute: int, *, half: bool) -> str:
    if minute:
        return f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    if half:
        return cardinal(hour)
    if hour in (0, 24):
        return "midnight"
    on_the_hour = "hundred" if hour > 12 else "o'clock"
    return f"{cardinal(hour)} {on_the_hour}"


def _half(match: re.Match[str]) -> str:
    half = match["half"]
    return f" {half.upper()} M{closing_stop(match, before_capital=True)}" if half else ""
