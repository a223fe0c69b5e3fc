"""Value types by name, with checked settings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parley.assistants.flows.values.base import ValueType
from parley.assistants.flows.values.choice import Choice
from parley.assistants.flows.values.date import Date
from parley.assistants.flows.values.name import Name
from parley.assistants.flows.values.number import Number
from parley.assistants.flows.values.text import Text
from parley.assistants.flows.values.time import Time
from parley.assistants.flows.values.tokens import words
from parley.assistants.flows.values.yes_no import YesNo


def make(kind: str, **settings: Any) -> ValueType:
    """Make a value type.

    number: min=0, max=999999, digits=0 (the count of digits of a code or a telephone
    number); date: earliest_days=0, latest_days=366, day_first=False; time:
    earliest="09:00", latest="17:00", step_minutes=30; choice: options, a mapping of key
    to phrases. Raises ValueError with a sentence that names what is wrong.
    """
    if kind not in _MAKERS:
        raise ValueError(f"There is no kind {kind!r} of value; there are {', '.join(_MAKERS)}.")
    maker, known = _MAKERS[kind]
    for name in settings:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has no settings"
            raise ValueError(f"The setting {name!r} is not one of the kind {kind!r}; {has}.")
    return maker(**settings)


def _whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"The setting {name!r} must be a whole number from {least} to {most}.")
    return value


def _number(min: object = 0, max: object = 999_999, digits: object = 0) -> Number:  # noqa: A002
    least = _whole("min", min, -999_999_999, 999_999_999)
    most = _whole("max", max, -999_999_999, 999_999_999)
    if least > most:
        raise ValueError("The setting 'min' must not be above 'max'.")
    return Number(least, most, _whole("digits", digits, 0, 15))


def _date(earliest_days: object = 0, latest_days: object = 366, day_first: object = False) -> Date:
    first = _whole("earliest_days", earliest_days, -50_000, 50_000)
    last = _whole("latest_days", latest_days, -50_000, 50_000)
    if first > last:
        raise ValueError("The setting 'earliest_days' must not be above 'latest_days'.")
    if not isinstance(day_first, bool):
        raise ValueError("The setting 'day_first' must be true or false.")
    return Date(first, last, day_first)


def _clock(name: str, value: object) -> str:
    hour, _, minute = value.partition(":") if isinstance(value, str) else ("", "", "")
    digits = f"{hour}{minute}"
    valid = digits.isascii() and digits.isdecimal() and len(minute) == 2 and 1 <= len(hour) <= 2
    if not valid or int(hour) > 23 or int(minute) > 59:
        raise ValueError(f'The setting {name!r} must be a time of day such as "09:30".')
    return f"{int(hour):02}:{minute}"


def _time(earliest: object = "09:00", latest: object = "17:00", step_minutes: object = 30) -> Time:
    first, last = _clock("earliest", earliest), _clock("latest", latest)
    if first >= last:
        raise ValueError("The setting 'earliest' must be before 'latest'.")
    return Time(first, last, _whole("step_minutes", step_minutes, 1, 720))


def _choice(options: object = None) -> Choice:
    if not isinstance(options, Mapping) or not options:
        raise ValueError("The setting 'options' must name at least one option and its phrases.")
    for key, phrases in options.items():
        listed = isinstance(phrases, Sequence) and not isinstance(phrases, str)
        if not isinstance(key, str) or not listed or not phrases:
            raise ValueError(f"The option {key!r} of 'options' must have a list of phrases.")
        for phrase in phrases:
            if not isinstance(phrase, str) or not words(phrase):
                raise ValueError(f"The option {key!r} of 'options' has a phrase without words.")
    return Choice({key: tuple(phrases) for key, phrases in options.items()})


_MAKERS: Mapping[str, tuple[Callable[..., ValueType], tuple[str, ...]]] = {
    "yes_no": (YesNo, ()),
    "number": (_number, ("min", "max", "digits")),
    "date": (_date, ("earliest_days", "latest_days", "day_first")),
    "time": (_time, ("earliest", "latest", "step_minutes")),
    "name": (Name, ()),
    "choice": (_choice, ("options",)),
    "text": (Text, ()),
}
