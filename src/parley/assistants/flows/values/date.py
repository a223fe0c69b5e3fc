"""A day: in words, in digits, or counted from today."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import ClassVar

from parley.assistants.flows.values import numerals
from parley.assistants.flows.values.base import Found, Grammar, Value
from parley.assistants.flows.values.corrections import accepted
from parley.assistants.flows.values.phrases import heard_words, listed
from parley.assistants.flows.values.tokens import Token, tokens, words

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = tuple(
    """
    january february march april may june july august september october november december
    """.split()
)
_WEEKDAY = {name: n for n, name in enumerate(WEEKDAYS)} | {
    short: n
    for n, shorts in enumerate(("", "tue tues", "weds", "thu thur thurs", "fri", "", ""))
    for short in shorts.split()
}
_CAPITAL_WEEKDAY = {"mon": 0, "wed": 2, "sat": 5, "sun": 6}
_MONTH = (
    {name: n + 1 for n, name in enumerate(MONTHS)}
    | {name[:3]: n + 1 for n, name in enumerate(MONTHS)}
    | {"sept": 9}
)
_NOT_A_DAY = frozenset(
    """
    one ones option options available appointment slot time thing choice floor name opening free
    visit part half person i can possible of quarter
    """.split()
)
_WHICH_WEEK = frozenset(
    "this next last that the every each any first second third same other whole per".split()
)
_PASSED = frozenset("yesterday last".split())
_SMALL_TALK = tuple(
    words(phrase)
    for phrase in listed(
        "how are you | how are we | how are things | how is everyone | how's everyone | you doing"
        " | it going | calling | phoning | ringing | feeling"
    )
)
"""A "today" after these is not wanted."""

_FILLERS = frozenset("um uh please yes well on the okay no for".split())

_Read = tuple[date, int]


@dataclass(frozen=True, slots=True)
class Date:
    """A day from `earliest_days` to `latest_days` after today.

    A day without a year is the next one; the last one where only past days are wanted.
    "Yesterday" and "last friday" are days only where past ones are wanted.
    `day_first`: "3/12" is the third of December.
    """

    earliest_days: int = 0
    latest_days: int = 366
    day_first: bool = False

    kind: ClassVar[str] = "date"
    keys_hint: ClassVar[str] = "Key in the month and the day, two digits each."

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        heard = tokens(text)
        reader = DayReader(heard, today, past=self.latest_days <= 0, day_first=self.day_first)
        found = [
            Found(day.isoformat(), heard[start].start, heard[end - 1].end)
            for day, start, end in reader.days()
            if day >= today
            or self.earliest_days < 0
            or not _PASSED.intersection(heard_words(heard, start, end))
        ]
        return accepted(text, found)

    def grammar(self, today: date) -> Grammar:
        return Grammar(
            "(/3/ <NULL> | on | /0.5/ to | /0.3/ for) <day>",
            {
                "day": "/6/ <weekday> | /2/ next <weekday> | /0.7/ this <weekday> | /2/ tomorrow"
                " | /0.4/ today | /0.4/ the day after tomorrow | /2/ the <nth>"
                " | /1.5/ the <nth> of <month> | /1.5/ <month> [the] <nth>"
                " | /1.5/ <weekday> [the] <nth> | <weekday> the <nth> of <month>"
                " | /0.7/ <weekday> <month> [the] <nth> | /0.7/ in <while>"
                " | /0.7/ a week (on | from) <weekday> | /0.5/ <weekday> next week"
                " | /0.5/ <weekday> (morning | afternoon)",
                "while": "a week | one week | two weeks | three weeks | two days | three days"
                " | a month",
                "weekday": " | ".join(WEEKDAYS),
                "month": " | ".join(MONTHS),
                "nth": " | ".join(numerals.say_ordinal(n) for n in range(1, 32)),
            },
        )

    def spoken(self, value: Value, today: date) -> str:
        day = date.fromisoformat(str(value))
        name = f"{WEEKDAYS[day.weekday()].title()}, {MONTHS[day.month - 1].title()}"
        words = f"{name} {numerals.say_ordinal(day.day)}"
        reader = DayReader((), today, past=self.latest_days <= 0)
        if reader.in_year(day.month, day.day, None) == day:
            return words
        return f"{words}, {numerals.say_year(day.year)}"

    def problem(self, value: Value, today: date) -> str:
        day = date.fromisoformat(str(value))
        away = (day - today).days
        if away < min(0, self.earliest_days):
            return "That day has passed." if self.earliest_days >= 0 else self._first(today)
        if away < self.earliest_days:
            return self._first(today)
        if away > self.latest_days:
            last = today + timedelta(days=self.latest_days)
            return f"The last day that I can take is {self.spoken(last.isoformat(), today)}."
        return ""

    def _first(self, today: date) -> str:
        first = today + timedelta(days=self.earliest_days)
        return f"The first day that I can take is {self.spoken(first.isoformat(), today)}."

    def from_keys(self, keys: str, today: date) -> Value | None:
        if not (keys.isascii() and keys.isdecimal()) or len(keys) not in (3, 4):
            return None
        reader = DayReader((), today, past=self.latest_days <= 0)
        day = reader.in_year(int(keys[:-2]), int(keys[-2:]), None)
        return day.isoformat() if day else None


@dataclass(frozen=True)
class DayReader:
    """Reads days in a list of words."""

    heard: Sequence[Token]
    today: date
    past: bool = False
    day_first: bool = False

    def days(self) -> list[tuple[date, int, int]]:
        """Every day, with the indices [start, end) of its words."""
        found: list[tuple[date, int, int]] = []
        at = 0
        while at < len(self.heard):
            read = self.read(at)
            if read:
                found.append((read[0], at, read[1]))
            at = read[1] if read else at + 1
        return found

    def read(self, at: int) -> _Read | None:
        """Read the day that begins with word `at`."""
        try:
            return (
                self._numeric(at)
                or self._near(at)
                or self._counted(at)
                or self._nth_of_weekdays(at)
                or self._weekday(at)
                or self._of_month(at)
                or self._nth(at)
            )
        except OverflowError:
            return None

    def in_year(self, month: int, day: int, year: int | None) -> date | None:
        """The day of a year, else the next such day, or the last one."""
        years = [year] if year else [self.today.year + n for n in range(9)]
        if self.past and not year:
            years = [self.today.year - n for n in range(9)]
        for each in years:
            if not (1 <= month <= 12 and 1 <= day <= monthrange(each, month)[1]):
                continue
            found = date(each, month, day)
            if year or (found <= self.today if self.past else found >= self.today):
                return found
        return None

    def _word(self, at: int) -> str:
        return self.heard[at].word if 0 <= at < len(self.heard) else ""

    def _is(self, at: int, *wanted: str) -> bool:
        return all(self._word(at + n) == word for n, word in enumerate(wanted))

    @cached_property
    def _words(self) -> list[str]:
        return [token.word for token in self.heard]

    def _numeric(self, at: int) -> _Read | None:
        word = self._word(at)
        for mark in "-/.":
            parts = word.split(mark)
            if len(parts) < 2 or not all(p.isdecimal() for p in parts):
                continue
            numbers = [int(p) for p in parts]
            if mark == "-":
                year, month, day = numbers
            elif mark == "." and len(parts) == 3:
                day, month, year = numbers
            elif mark == "/":
                month, day = reversed(numbers[:2]) if self.day_first else numbers[:2]
                if month > 12:
                    month, day = day, month
                year = numbers[2] if len(numbers) > 2 else 0
            else:
                return None
            year += 2000 if 0 < year < 100 else 0
            found = self.in_year(month, day, year or None) if year < 10_000 else None
            return (found, at + 1) if found else None
        return None

    def _near(self, at: int) -> _Read | None:
        at += self._is(at, "the") and self._word(at + 1) in ("day", "very")
        if self._is(at, "day", "after", "tomorrow"):
            return self.today + timedelta(days=2), at + 3
        if self._is(at, "day", "before", "yesterday"):
            return self.today - timedelta(days=2), at + 3
        away = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}.get(self._word(at))
        if away is None or (not away and self._is_small_talk(at)):
            return None
        return self.today + timedelta(days=away), at + 1

    def _is_small_talk(self, at: int) -> bool:
        return any(self._is(at - len(said), *said) for said in _SMALL_TALK)

    def _counted(self, at: int) -> _Read | None:
        """ "in two weeks", "a week on friday", "three days from tomorrow"."""
        inside = self._is(at, "in")
        begin = at + inside
        if self._is(begin, "a", "couple"):
            many, after = 2, begin + 2 + self._is(begin + 2, "of")
        elif self._word(begin) in ("a", "one", "an"):
            many, after = 1, begin + 1
        elif self._word(begin) in ("week", "fortnight"):
            if self._word(begin + 1) not in ("on", "from") or self._word(at - 1) in _WHICH_WEEK:
                return None
            many, after = 1, begin
        else:
            read = numerals.cardinal(self._words, begin)
            if read is None:
                return None
            many, after = read
        unit = self._word(after).rstrip("s").removesuffix("'")
        after += 1
        if unit not in ("day", "week", "fortnight", "month") or many > 1000:
            return None
        if unit == "fortnight":
            many, unit = 2 * many, "week"
        ended = after + (self._word(after) in ("time", "times"))
        if inside and not self._is(ended, "from"):
            return self._add(self.today, many, unit), ended
        linked = self._word(ended) in ("on", "from", "after", "this", "next")
        if self._is(ended, "from", "now"):
            return self._add(self.today, many, unit), ended + 2
        base = self._near(ended + linked) or (
            self._weekday(ended + linked) if unit == "week" else None
        )
        return (self._add(base[0], many, unit), base[1]) if base else None

    def _add(self, day: date, many: int, unit: str) -> date:
        if unit != "month":
            return day + timedelta(days=many * (7 if unit == "week" else 1))
        months = day.year * 12 + day.month - 1 + many
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

    def _weekday_name(self, at: int) -> int | None:
        word = self._word(at)
        if word in _CAPITAL_WEEKDAY and self.heard[at].capital:
            return _CAPITAL_WEEKDAY[word]
        return _WEEKDAY.get(word)

    def _weekday(self, at: int) -> _Read | None:
        """ "friday", "next friday", "friday next week", "friday the fourth of december"."""
        week = self._week(at)
        if week:
            begin = week[1] + (self._word(week[1]) in ("on", "the"))
            weekday = self._weekday_name(begin)
            return (week[0] + timedelta(days=weekday), begin + 1) if weekday is not None else None
        which = self._word(at) if self._word(at) in ("next", "this", "last", "coming") else ""
        begin = at + bool(which)
        weekday = self._weekday_name(begin)
        if weekday is None:
            return None
        return (
            self._of_month(begin + 1)
            or self._of_month(begin + 1 + self._is(begin + 1, "on"))
            or self._nth_of_weekday(begin + 1, weekday)
            or self._weekday_of_week(begin + 1, weekday)
            or self._plain_weekday(begin + 1, weekday, which)
        )

    def _weekday_of_week(self, at: int, weekday: int) -> _Read | None:
        """ "(friday) after next", "(friday) of next week", "(friday) week"."""
        week = self._week(at + (self._word(at) in ("of", "in")))
        if week:
            return week[0] + timedelta(days=weekday), week[1]
        a_week_later = self._coming(weekday) + timedelta(days=7)
        if self._is(at, "after", "next"):
            return a_week_later, at + 2
        return (a_week_later, at + 1) if self._is(at, "week") else None

    def _week(self, at: int) -> _Read | None:
        """ "next week", "the week after next": its Monday."""
        monday = self.today - timedelta(days=self.today.weekday())
        if self._is(at, "next", "week"):
            return monday + timedelta(days=7), at + 2
        at += self._is(at, "the")
        if self._is(at, "week", "after", "next"):
            return monday + timedelta(days=14), at + 3
        return None

    def _plain_weekday(self, after: int, weekday: int, which: str) -> _Read:
        after += 2 * self._is(after, "this", "week")
        if which == "next":
            return self._next_week(weekday), after
        if which == "last":
            back = (self.today.weekday() - weekday - 1) % 7 + 1
            return self.today - timedelta(days=back), after
        if which == "this" and weekday == self.today.weekday():
            return self.today, after
        return self._coming(weekday), after

    def _coming(self, weekday: int) -> date:
        return self.today + timedelta(days=(weekday - self.today.weekday() - 1) % 7 + 1)

    def _next_week(self, weekday: int) -> date:
        """Its day in the week that begins next Monday."""
        return self.today + timedelta(days=7 - self.today.weekday() + weekday)

    def _nth_of_weekday(self, at: int, weekday: int) -> _Read | None:
        read = numerals.ordinal(self._words, at + self._is(at, "the"))
        if read is None or not 1 <= read[0] <= 31 or self._word(read[1]) in _NOT_A_DAY:
            return None
        day = self._day_of_next_month(read[0])
        for away in range(62):
            each = self.today + timedelta(days=away)
            if each.day == read[0] and each.weekday() == weekday:
                return each, read[1]
        return (day, read[1]) if day else None

    def _of_month(self, at: int) -> _Read | None:
        """ "december third", "the third of december", "3 December 2026"."""
        begin = at + self._is(at, "the")
        month = _MONTH.get(self._word(begin))
        if month is not None:
            day = begin + 1 + self._is(begin + 1, "the")
            read = numerals.ordinal(self._words, day) or self._day_number(day)
        else:
            read = numerals.ordinal(self._words, begin) or self._day_number(begin)
            if read is None:
                return None
            named = read[1] + self._is(read[1], "of")
            month = _MONTH.get(self._word(named))
            read = (read[0], named + 1)
        if read is None or month is None:
            return None
        year = self._year(read[1])
        found = self.in_year(month, read[0], year[0] if year else None)
        return (found, year[1] if year else read[1]) if found else None

    def _day_number(self, at: int) -> tuple[int, int] | None:
        read = numerals.cardinal(self._words, at)
        return read if read and 1 <= read[0] <= 31 else None

    def _year(self, at: int) -> tuple[int, int] | None:
        at += self._is(at, "in") or self._is(at, "of")
        read = numerals.year(self._words, at)
        return read if read and read[0] <= self.today.year + 9 else None

    def _nth(self, at: int) -> _Read | None:
        """ "the third", "on the twenty first"."""
        begin = at + self._is(at, "the")
        read = numerals.ordinal(self._words, begin)
        if read is None or not 1 <= read[0] <= 31 or self._word(read[1]) in _NOT_A_DAY:
            return None
        in_words = not self._word(begin)[0].isdecimal()
        if begin == at and in_words and self._word(at - 1) != "on":
            others = {w for n, w in enumerate(self._words) if not begin <= n < read[1]}
            if not others <= _FILLERS:
                return None
        day = self._day_of_next_month(read[0])
        return (day, read[1]) if day else None

    def _nth_of_weekdays(self, at: int) -> _Read | None:
        """ "the first monday in january", "the last friday of december"."""
        begin = at + self._is(at, "the")
        read = (5, begin + 1) if self._is(begin, "last") else numerals.ordinal(self._words, begin)
        weekday = self._weekday_name(read[1]) if read else None
        if read is None or weekday is None or not 1 <= read[0] <= 5:
            return None
        named = read[1] + 1 + (self._word(read[1] + 1) in ("in", "of"))
        month = _MONTH.get(self._word(named))
        if month is None:
            return None
        for year in (self.today.year, self.today.year + 1):
            first, length = monthrange(year, month)
            days = range(1 + (weekday - first) % 7, length + 1, 7)
            day = date(year, month, days[min(read[0], len(days)) - 1])
            if day >= self.today:
                return day, named + 1
        return None

    def _day_of_next_month(self, day: int) -> date | None:
        year, month = self.today.year, self.today.month
        for _ in range(12):
            if day <= monthrange(year, month)[1]:
                found = date(year, month, day)
                if found >= self.today:
                    return found
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return None
