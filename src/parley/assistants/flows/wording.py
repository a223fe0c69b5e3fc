"""The words of a flow: texts with values in them, and what is said when nothing is written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from parley.assistants.flows.values import ValueType, make

PLACE = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
"""`{name}` or `{name|type}` in a text."""

NOT_UNDERSTOOD = "Sorry, I didn't get that."
TAKE_YOUR_TIME = "Of course, take your time."
STILL_WAITING = "I'm still working on that, one moment please."
WHICH = "What should I change: {labels}?"
GIVE_UP = "I'm sorry, I can't understand you well enough. Please call again later. Goodbye."
FAILED = "I'm sorry, that did not work: {error}"


def render(
    text: str, values: Mapping[str, Any], types: Mapping[str, ValueType], today: date
) -> str:
    """Put values into a text, each spoken as its type says; lists as "a, b or c"."""

    def filled(place: re.Match[str]) -> str:
        name, kind = place.groups()
        return spoken(values.get(name), make(kind) if kind else types.get(name), today)

    return " ".join(PLACE.sub(filled, text).split())


def spoken(value: Any, kind: ValueType | None, today: date) -> str:
    """A value as its type speaks it, or as it is: a tool may return anything."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return one_of(spoken(item, kind, today) for item in value)
    if value is None:
        return ""
    try:
        return kind.spoken(value, today) if kind else str(value)
    except (ValueError, TypeError, OverflowError):
        return str(value)


def one_of(items: Iterable[str]) -> str:
    """As in "the day, the time or the name"."""
    *first, last = [item for item in items if item] or [""]
    return f"{', '.join(first)} or {last}" if first else last


def names_in(text: str) -> list[tuple[str, str]]:
    """The names that a text speaks, each with the type given for it, if any."""
    return [(name, kind or "") for name, kind in PLACE.findall(text)]
