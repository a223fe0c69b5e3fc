"""A time of day: on the clock, in words, or in digits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from parley.assistants.flows.values import numerals
from parley.assistants.flows.values.base import Found, Grammar, Value
from parley.assistants.flows.values.corrections import accepted
from parley.assistants.flows.values.date import DayReader
from parley.assistants.flows.values.tokens import Token, tokens

_HALVES = {"morning": "am", "afternoon": "pm", "evening": "pm", "tonight": "pm", "night": "night"}
_BETWEEN = frozenset("at around about by say maybe um uh like please".split())
_COUNTED = frozenset(
    """
    day days week weeks month months hour hours minute minutes year years people persons person
    percent dollars pounds of children kids adults times things questions more second seconds
    moment hundred thousand teeth appointments fortnight quick thing quarters
    """.split()
)
_NOT_BEFORE = frozenset(
    """
    that this first last any another each only the option number which other every some next
    second third same
    """.split()
)
_BEFORE_ONE = frozenset(
    """
    at around about by for till until to from after before between and or say it um uh yes
    sorry meant please well today tomorrow okay maybe past of actually is mean
    """.split()
)
_PAST = frozenset(("past", "after", "passed"))
_TO = frozenset(("to", "before", "of", "till", "til"))


@dataclass(frozen=True, slots=True)
class Clock:
    """What was said: an hour, a minute, and the half of the day, maybe none."""

    hour: int
    minute: int
    half: str = ""


@dataclass(frozen=True, slots=True)
class Time:
    """A time from `earliest` to `latest`, at every `step_minutes` of the day.

    Without "a.m." or "p.m." it is the one that lies between them, or nearer to them.
    """

    earliest: str = "09:00"
    latest: str = "17:00"
    step_minutes: int = 30

    kind: ClassVar[str] = "time"
    keys_hint: ClassVar[str] = "Key in the time as four digits, such as one zero three zero."

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        heard = tokens(text)
        days = {n for _, start, end in DayReader(heard, today).days() for n in range(start, end)}
        found = [
            Found(self.resolve(clock), heard[start].start, heard[end - 1].end)
            for clock, start, end in clocks(heard, days)
        ]
        return accepted(text, found)

    def resolve(self, clock: Clock) -> str:
        """Choose the half of the day: "HH:MM"."""
        hour, half = clock.hour, clock.half
        if half == "night":
            half = "pm" if 5 <= hour % 12 <= 11 else "am"
        if hour > 12 or hour == 0 or half == "24":
            return f"{hour % 24:02}:{clock.minute:02}"
        hour %= 12
        if half:
            return f"{hour + 12 * (half == 'pm'):02}:{clock.minute:02}"
        morning, evening = (f"{hour + h:02}:{clock.minute:02}" for h in (0, 12))
        far = [self._outside(each) for each in (morning, evening)]
        if far[0] == far[1]:
            return morning if hour >= 7 else evening
        return morning if far[0] < far[1] else evening

    def _outside(self, value: str) -> int:
        low, at, high = map(_minutes, (self.earliest, value, self.latest))
        return max(low - at, at - high, 0)

    def grammar(self, today: date) -> Grammar:
        hours = [hour for hour in range(24) if not self._outside(f"{hour:02}:00")]
        usual = {(hour - 1) % 12 + 1 for hour in hours}
        weights = (
            f"/{1 if hour in usual else 0.02}/ {numerals.UNITS[hour]}" for hour in range(1, 13)
        )
        return Grammar(
            "(/2/ <NULL> | at | /0.2/ around | /0.2/ about) <time>",
            {
                "time": "/2/ <hour> | /2/ <hour> o'clock | /2/ <hour> <minutes>"
                " | half past <hour> | /0.5/ quarter (past | to) <hour> | /0.3/ noon"
                " | /1.5/ (<hour> | <hour> <minutes> | half past <hour>) <part>",
                "hour": " | ".join(weights),
                "minutes": "/5/ thirty | fifteen | forty five | /0.2/ oh five | /0.2/ ten"
                " | /0.2/ twenty | /0.2/ forty | /0.2/ fifty",
                "part": "a.m. | /2/ p.m. | in the morning | in the afternoon",
            },
        )

    def spoken(self, value: Value, today: date) -> str:
        hour, minute = map(int, str(value).split(":"))
        if (hour, minute) == (12, 0):
            return "noon"
        if (hour, minute) == (0, 0):
            return "midnight"
        words = _say(hour, minute)
        if self.resolve(Clock((hour - 1) % 12 + 1, minute)) == value:
            return words
        return f"{words} {_part_of_day(hour)}"

    def problem(self, value: Value, today: date) -> str:
        if self._outside(str(value)):
            first, last = (self.spoken(each, today) for each in (self.earliest, self.latest))
            return f"Times are from {first} to {last}."
        if _minutes(str(value)) % self.step_minutes:
            return _STEPS.get(
                self.step_minutes, f"Times are {numerals.say(self.step_minutes)} minutes apart."
            )
        return ""

    def from_keys(self, keys: str, today: date) -> Value | None:
        if not (keys.isascii() and keys.isdecimal()) or not 1 <= len(keys) <= 4:
            return None
        hour, minute = (int(keys[:-2]), int(keys[-2:])) if len(keys) > 2 else (int(keys), 0)
        return self.resolve(Clock(hour, minute)) if hour < 24 and minute < 60 else None


_STEPS = {
    15: "Times are every quarter of an hour.",
    30: "Times are on the hour and at half past.",
    60: "Times are on the hour.",
}


def _minutes(value: str) -> int:
    hour, minute = value.split(":")
    return int(hour) * 60 + int(minute)


def _say(hour: int, minute: int) -> str:
    this, following = (numerals.say((h - 1) % 12 + 1) for h in (hour, hour + 1))
    if minute in (0, 15, 30, 45):
        return {
            0: f"{this} o'clock",
            15: f"quarter past {this}",
            30: f"half past {this}",
            45: f"quarter to {following}",
        }[minute]
    return f"{this} {'oh ' if minute < 10 else ''}{numerals.say(minute)}"


def _part_of_day(hour: int) -> str:
    if hour < 12:
        return "in the morning"
    return "in the afternoon" if hour < 18 else "in the evening"


def clocks(heard: Sequence[Token], taken: set[int]) -> list[tuple[Clock, int, int]]:
    """Every time of day, with the indices [start, end) of its words, outside of `taken`."""
    reader = _ClockReader([token.word for token in heard], taken)
    found: list[tuple[Clock, int, int]] = []
    at = 0
    while at < len(heard):
        read = None if at in taken else reader.read(at)
        if read and taken.isdisjoint(range(at, read[1])):
            found.append((read[0], at, read[1]))
            at = read[1]
        else:
            at += 1
    return found


_Read = tuple[Clock, int]


class _ClockReader:
    def __init__(self, words: list[str], taken: set[int]) -> None:
        self._words = words
        self._taken = taken

    def read(self, at: int) -> _Read | None:
        read = self._named(at) or self._relative(at) or self._direct(at)
        if read is None:
            return None
        clock, after = read
        if clock.half:
            return read
        half, end = self._half(after)
        return Clock(clock.hour, clock.minute, half or self._half_before(at)), end

    def _word(self, at: int) -> str:
        return self._words[at] if 0 <= at < len(self._words) else ""

    def _named(self, at: int) -> _Read | None:
        begin = at + (self._word(at) in ("twelve", "12"))
        word = self._word(begin)
        if word in ("noon", "midday"):
            return Clock(12, 0, "24"), begin + 1
        return (Clock(0, 0, "24"), begin + 1) if word == "midnight" else None

    def _relative(self, at: int) -> _Read | None:
        """ "half past ten", "a quarter to five", "twenty minutes past nine", "half nine"."""
        begin = at + (self._word(at) == "a")
        if self._word(begin) == "half":
            minutes, after = 30, begin + 1
            bare = self._hour(after)
            if bare and self._word(bare[1]) not in _COUNTED:
                return Clock(bare[0], 30), bare[1]
        elif self._word(begin) == "quarter":
            minutes, after = 15, begin + 1
        else:
            number = numerals.cardinal(self._words, at)
            if number is None or not 1 <= number[0] <= 29:
                return None
            minutes, after = number
            counted = self._word(after) in ("minutes", "minute")
            if minutes % 5 and not counted:
                return None
            after += counted
            if self._word(after) == "to" and self._word(at - 1) in ("from", "between"):
                return None
        link = self._word(after)
        hour = self._hour(after + 1) or self._noon(after + 1)
        if hour is None or link not in _PAST | _TO:
            return None
        if link in _PAST:
            return Clock(hour[0], minutes), hour[1]
        before = hour[0] - 1 if hour[0] > 1 else 12 if hour[0] else 23
        return Clock(before, 60 - minutes), hour[1]

    def _noon(self, at: int) -> tuple[int, int] | None:
        hour = {"noon": 12, "midday": 12, "midnight": 0}.get(self._word(at))
        return (hour, at + 1) if hour is not None else None

    def _hour(self, at: int) -> tuple[int, int] | None:
        read = numerals.cardinal(self._words, at)
        return read if read and 1 <= read[0] <= 12 else None

    def _direct(self, at: int) -> _Read | None:
        """ "10:30", "ten thirty", "ten o'clock", "two p m", "five"."""
        word = self._word(at)
        for mark in ":.":
            hour, _, minute = word.partition(mark)
            if hour.isdecimal() and minute.isdecimal():
                exact = len(hour) == 2 and hour[0] == "0"
                valid = int(hour) < 24 and int(minute) < 60
                clock = Clock(int(hour), int(minute), "24" if exact else "")
                return (clock, at + 1) if valid and len(minute) == 2 else None
        read = numerals.cardinal(self._words, at)
        if read is None:
            return None
        if len(word) == 4 and word.isdecimal() and self._word(at - 1) == "at":
            hour_minute = divmod(int(word), 100)
            valid = hour_minute[0] < 24 and hour_minute[1] < 60
            return (Clock(*hour_minute), at + 1) if valid else None
        if read[0] > 23:
            return self._hundred(at)
        hour_, after = read
        if self._word(after) in ("o'clock", "oclock"):
            return Clock(hour_, 0), after + 1
        minutes = self._minute(after)
        if minutes:
            return Clock(hour_, minutes[0]), minutes[1]
        if self._half(after)[0] and hour_ <= 12:
            return Clock(hour_, 0), after
        return (Clock(hour_, 0), after) if self._stands_alone(at, after, hour_) else None

    def _hundred(self, at: int) -> _Read | None:
        """ "fourteen hundred" on the 24-hour clock."""
        read = numerals.cardinal(self._words, at)
        if read is None or self._word(read[1] - 1) != "hundred" or read[0] % 100:
            return None
        return (Clock(read[0] // 100, 0), read[1]) if 1000 <= read[0] < 2400 else None

    def _minute(self, at: int) -> tuple[int, int] | None:
        if self._word(at) in ("oh", "o") and (read := numerals.cardinal(self._words, at + 1)):
            return read if 1 <= read[0] <= 9 else None
        read = numerals.cardinal(self._words, at)
        if read is None or not 10 <= read[0] < 60 or at in self._taken:
            return None
        odd = read[0] % 5 and self._word(at).isdecimal()
        return None if odd or self._word(read[1]) in _COUNTED else read

    def _stands_alone(self, at: int, after: int, hour: int) -> bool:
        """Whether a number alone can be an hour."""
        before, behind = self._word(at - 1), self._word(after)
        if not 1 <= hour <= 12 or behind in _COUNTED or before in _NOT_BEFORE:
            return False
        if numerals.cardinal(self._words, after) and after not in self._taken:
            return False
        if at and numerals.cardinal(self._words, at - 1) and at - 1 not in self._taken:
            return False
        return hour != 1 or not at or at - 1 in self._taken or before in _BEFORE_ONE

    def _half(self, at: int) -> tuple[str, int]:
        """The half of the day that follows, and the index after it."""
        word = self._word(at)
        if word in ("am", "pm"):
            return word, at + 1
        if word in ("a", "p") and self._word(at + 1) == "m":
            return f"{word}m", at + 2
        link = at
        if self._word(at) == "in" and self._word(at + 1) == "the":
            link = at + 2
        elif self._word(at) in ("at", "this", "tomorrow", "in"):
            link = at + 1
        half = _HALVES.get(self._word(link), "")
        return (half, link + 1) if half else ("", at)

    def _half_before(self, at: int) -> str:
        """The half of the day in front: "tomorrow morning at ten"."""
        at -= 1
        while self._word(at) in _BETWEEN:
            at -= 1
        return _HALVES.get(self._word(at), "")
