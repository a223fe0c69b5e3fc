"""The calendar of a small clinic: what the demo's front desk looks up, books and changes.

It is a real one, in the SQLite file that PARLEY_DEMO_DB names; else in `demo/clinic.db` of
`$PARLEY_HOME`, `$XDG_DATA_HOME/parley` or `~/.local/share/parley`. At first use it is made,
and the coming weeks are filled with some appointments of people who do not exist.

`TOOLS` are plain functions, for a dialogue flow and for a language model. Days are ISO dates
("2026-11-30"), times are "HH:MM" on the machine's own clock, results are small JSON objects.
What is refused raises ToolError, in words that can be passed on to the caller.

This file needs nothing but Python and `ToolError`: copy it and put your own calendar behind
these functions.
"""

import hashlib
import os
import re
import secrets
import sqlite3
import time as clocks
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from parley.errors import ToolError

HOURS: Mapping[int, tuple[int, int]] = MappingProxyType(
    {**dict.fromkeys(range(5), (9 * 60, 17 * 60)), 5: (9 * 60, 12 * 60)}
)
"""When the clinic opens and closes, in minutes of the day, by weekday; 0 is Monday."""

ALL_DAY = range(24)
PARTS: Mapping[str, range] = MappingProxyType({"morning": range(12), "afternoon": range(12, 24)})
"""The hours of each part of a day."""

NEXT_WEEK = "next week"
SLOT_MINUTES = 30
AHEAD_DAYS = 365
"""How far ahead appointments are made."""

YEARS = 3000
"""No calendar goes on for so long."""

FILLED_DAYS = 28
"""For how many days to come there are appointments of others."""

NAME_LENGTH = 80
ALIKE = 0.75
"""From how alike on (difflib's ratio) a name may be another one that was misheard."""

BUSY_S = 5.0
"""How long another call's change is waited for."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

RUN = os.environ.setdefault("PARLEY_DEMO_RUN", secrets.token_hex(8))
"""This run of the server. In the environment, so that a copy of this file in the same
process, or in a worker of it, belongs to the same run."""

FIRST_NAMES = "Boris Carmen Dmitri Elena Farid Greta Hugo Ines Jakob Keiko Mira Nils Olga Pavel"
LAST_NAMES = "Abebe Bianchi Costa Dvorak Eriksen Farkas Gruber Haddad Ito Kowalski Moreau Novak"
"""The people who have appointments already."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS appointments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL,
    time TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    made_in TEXT NOT NULL DEFAULT '',
    changed_in TEXT NOT NULL DEFAULT '',
    UNIQUE (day, time)
);
CREATE INDEX IF NOT EXISTS appointments_by_name ON appointments (name_key, day);
CREATE TABLE IF NOT EXISTS filled (day TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def clock() -> datetime:
    """Now, in the clinic; PARLEY_DEMO_NOW ("2026-11-30T08:00") makes it another moment."""
    if told := os.environ.get("PARLEY_DEMO_NOW"):
        return datetime.fromisoformat(told)
    return datetime.now().astimezone().replace(tzinfo=None)


# What a caller can be told, and have done


def today() -> dict[str, Any]:
    """Tell what day and time it is. Use it before you work out what "tomorrow" means."""
    now = clock()
    return {**_named(now.date()), "time": f"{now:%H:%M}"}


def opening_hours(day: str) -> dict[str, Any]:
    """Tell when the clinic is open on a day.

    Returns day, weekday, open, opens and closes (null when closed), and next_open, the next
    day after it on which the clinic is open.

    Args:
        day: the date, as YYYY-MM-DD.
    """
    asked = _day(day)
    opens, closes = _span(asked)
    following = (asked + timedelta(days=n) for n in range(1, 8))
    return {
        **_named(asked),
        "open": asked.weekday() in HOURS,
        "opens": opens,
        "closes": closes,
        "next_open": next(d.isoformat() for d in following if d.weekday() in HOURS),
    }


def free_times(day: str | None = None, part: str | None = None) -> dict[str, Any]:
    """List the free times of a day. Offer the caller only those under "offer".

    Returns day, weekday, open, times (all that are free), offer (at most three of them, or of
    offer_day), offer_day (the day itself where it has a free time, else the next one that has,
    or null), and next_day: the next later day with a free time, or null.

    Args:
        day: the date, as YYYY-MM-DD, or "next week"; today where it is left out.
        part: morning or afternoon; the whole day where it is left out.
    """
    asked = _first_day(day)
    hours = _hours_of(part)
    with _calendar() as db:
        times = _free(db, asked, hours)
        later = next(_days_with_free_times(db, asked + timedelta(days=1), hours), None)
        offered = times or (_free(db, later, hours) if later else [])
    offer_day = asked if times else later
    spread = {0, len(offered) // 2, len(offered) - 1}
    return {
        **_named(asked),
        "open": asked.weekday() in HOURS,
        "times": times,
        "offer": [offered[n] for n in sorted(spread)] if offered else [],
        "offer_day": offer_day.isoformat() if offer_day else None,
        "next_day": later.isoformat() if later else None,
    }


def check_time(day: str, time: str) -> dict[str, Any]:
    """Say whether an appointment can be made at a time, and if not, what is free near it.

    Returns day, weekday, time, free, open (whether the clinic is open then), reason (null,
    or why it is not free: taken, closed, not_offered, past, too_far), alternatives (up to
    three free times) and alternatives_day, the day of all of them, which is another one
    when nothing is free on this day; null when there are none.

    Args:
        day: the date, as YYYY-MM-DD.
        time: the time, as HH:MM; appointments begin on the hour or half past.
    """
    asked, at = _day(day), _time(time)
    with _calendar() as db:
        reason = _reason(db, asked, at)
        other, times = _near(db, asked, at) if reason else (None, [])
    return {
        **_named(asked),
        "time": at,
        "free": not reason,
        "open": _is_open(asked, at),
        "reason": reason or None,
        "alternatives": times,
        "alternatives_day": other.isoformat() if other else None,
    }


def book(day: str, time: str, name: str) -> dict[str, Any]:
    """Book an appointment. Repeat day, time and name to the caller before you call this.

    Returns the appointment: id, day, weekday, time, name.

    Args:
        day: the date, as YYYY-MM-DD.
        time: the time, as HH:MM; appointments begin on the hour or half past.
        name: the caller's full name.
    """
    asked, at, known_as = _day(day), _time(time), _name(name)
    with _calendar(change=True) as db:
        _offered(db, asked, at)
        row = db.execute(
            "INSERT INTO appointments (day, time, name, name_key, made_in)"
            " VALUES (?, ?, ?, ?, ?) RETURNING *",
            (asked.isoformat(), at, known_as, _key(known_as), RUN),
        ).fetchone()
    return _appointment(row)


def find_appointment(name: str, day: str | None = None) -> dict[str, Any]:
    """Find the coming appointments of the caller.

    Where nobody has exactly this name, those of the name that is most like it, if one is:
    names are easily misheard. Repeat the name that was found to the caller.

    Returns found (how many there are), appointments (all of them: id, day, weekday, time,
    name), and the next one's id, day, weekday, time and name, each null when there is none.

    Args:
        name: the caller's full name, as it was given when the appointment was made.
        day: the date of the one that is meant, as YYYY-MM-DD: those of that day alone are
            found, where there are any.
    """
    meant = _day(day).isoformat() if day else ""
    with _calendar() as db:
        found = _coming(db, name) or _coming(db, _most_like(db, name))
    found = [each for each in found if each["day"] == meant] or found
    first = found[0] if found else dict.fromkeys(("id", "day", "weekday", "time", "name"))
    return {"found": len(found), **first, "appointments": found}


def move(name: str, day: str, time: str, appointment: int | None = None) -> dict[str, Any]:
    """Move the caller's appointment to another time.

    Returns the appointment at its new time (id, day, weekday, time, name), with old_day,
    old_weekday and old_time.

    Args:
        name: the caller's full name, as it was given when the appointment was made.
        day: the new date, as YYYY-MM-DD.
        time: the new time, as HH:MM.
        appointment: its id; needed where the caller has several.
    """
    asked, at = _day(day), _time(time)
    with _calendar(change=True) as db:
        old = _the_one(db, name, appointment)
        if (old["day"], old["time"]) == (asked.isoformat(), at):
            raise ToolError("the appointment is at that time already", remedy="Ask what to change.")
        _offered(db, asked, at)
        row = db.execute(
            "UPDATE appointments SET day = ?, time = ?, changed_in = ? WHERE id = ? RETURNING *",
            (asked.isoformat(), at, RUN, old["id"]),
        ).fetchone()
    before = {f"old_{key}": old[key] for key in ("day", "weekday", "time")}
    return {**_appointment(row), **before}


def cancel(name: str, appointment: int | None = None) -> dict[str, Any]:
    """Cancel the caller's appointment. Have the caller confirm it before you call this.

    Returns the appointment that was cancelled: id, day, weekday, time, name.

    Args:
        name: the caller's full name, as it was given when the appointment was made.
        appointment: its id; needed where the caller has several.
    """
    with _calendar(change=True) as db:
        old = _the_one(db, name, appointment)
        db.execute("DELETE FROM appointments WHERE id = ?", (old["id"],))
    return old


TOOLS: tuple[Callable[..., dict[str, Any]], ...] = (
    today,
    opening_hours,
    free_times,
    check_time,
    book,
    find_appointment,
    move,
    cancel,
)


def calendar(days: int = 7) -> dict[str, Any]:
    """The coming days, today first, as the demo's page shows them.

    `today`, and `days`: each with date, weekday, open and close (null when closed) and
    `slots`. A free slot has time and free; one that is not free has also name, mine (it was
    booked in this run of the server) and changed (it was moved here in this run). A slot that
    went by without an appointment is not free and has no name ("").
    """
    first = clock().date()
    shown = [first + timedelta(days=n) for n in range(days)]
    with _calendar() as db:
        return {"today": first.isoformat(), "days": [_page(db, day) for day in shown]}


SHOWN_CALENDAR = calendar
"""`parley serve` shows what this returns beside a call; leave it out, and nothing is shown."""


# The calendar's rules


def _page(db: sqlite3.Connection, day: date) -> dict[str, Any]:
    opens, closes = _span(day)
    rows = db.execute("SELECT * FROM appointments WHERE day = ?", (day.isoformat(),)).fetchall()
    taken = {row["time"]: row for row in rows}
    free = set(_free(db, day))
    return {
        "date": day.isoformat(),
        "weekday": WEEKDAYS[day.weekday()],
        "open": opens,
        "close": closes,
        "slots": [
            {"time": at, "free": True} if at in free else _taken_slot(at, taken.get(at))
            for at in _slots(day)
        ],
    }


def _taken_slot(at: str, row: sqlite3.Row | None) -> dict[str, Any]:
    return {
        "time": at,
        "free": False,
        "name": row["name"] if row else "",
        "mine": bool(row and row["made_in"] == RUN),
        "changed": bool(row and row["changed_in"] == RUN),
    }


def _reason(db: sqlite3.Connection, day: date, at: str) -> str:
    """Why no appointment can be made then; empty when one can."""
    now = clock()
    if (day.isoformat(), at) <= (now.date().isoformat(), f"{now:%H:%M}"):
        return "past"
    if day > now.date() + timedelta(days=AHEAD_DAYS):
        return "too_far"
    if not _is_open(day, at):
        return "closed"
    if at not in _slots(day):
        return "not_offered"
    return "taken" if at in _taken(db, day) else ""


def _offered(db: sqlite3.Connection, day: date, at: str) -> None:
    """Raise ToolError when no appointment can be made then."""
    reason = _reason(db, day, at)
    if not reason:
        return
    when = f"{at} on {_spoken(day)}"
    said = {
        "past": f"{when} has gone by",
        "too_far": f"{when} is too far ahead",
        "closed": f"the clinic is closed at {when}",
        "not_offered": "appointments begin on the hour or half past",
        "taken": f"{when} is taken",
    }
    other, times = _near(db, day, at)
    free = f"Free are {', '.join(times)} on {_spoken(other)}." if other else "Ask for another day."
    raise ToolError(said[reason], remedy=free)


def _near(db: sqlite3.Connection, day: date, at: str) -> tuple[date | None, list[str]]:
    """The next day with free times, `day` itself if possible, and those nearest to `at`."""
    first = clock().date()
    start = min(max(day, first), first + timedelta(days=AHEAD_DAYS))
    other = next(_days_with_free_times(db, start), None)
    if other is None:
        return None, []
    wanted = _minutes(at)
    free = _free(db, other)
    return other, sorted(sorted(free, key=lambda t: abs(_minutes(t) - wanted))[:3])


def _days_with_free_times(
    db: sqlite3.Connection, start: date, hours: range = ALL_DAY
) -> Iterator[date]:
    ahead = clock().date() + timedelta(days=AHEAD_DAYS)
    days = (max(start, clock().date()) + timedelta(days=n) for n in range(AHEAD_DAYS))
    return (day for day in days if day <= ahead and _free(db, day, hours))


def _free(db: sqlite3.Connection, day: date, hours: range = ALL_DAY) -> list[str]:
    now = clock()
    taken = _taken(db, day)
    passed = (now.date().isoformat(), f"{now:%H:%M}")
    free = [at for at in _slots(day) if at not in taken and (day.isoformat(), at) > passed]
    return [at for at in free if _minutes(at) // 60 in hours]


def _first_day(text: str | None) -> date:
    today = clock().date()
    if text == NEXT_WEEK:
        return today + timedelta(days=7 - today.weekday())
    return _day(text) if text else today


def _hours_of(part: str | None) -> range:
    if not part:
        return ALL_DAY
    if part not in PARTS:
        raise ToolError("that is no part of the day", remedy="It is morning or afternoon.")
    return PARTS[part]


def _taken(db: sqlite3.Connection, day: date) -> set[str]:
    rows = db.execute("SELECT time FROM appointments WHERE day = ?", (day.isoformat(),))
    return {row["time"] for row in rows}


def _coming(db: sqlite3.Connection, name: str) -> list[dict[str, Any]]:
    now = clock()
    rows = db.execute(
        "SELECT * FROM appointments WHERE name_key = ? AND (day, time) > (?, ?) ORDER BY day, time",
        (_key(_name(name)), now.date().isoformat(), f"{now:%H:%M}"),
    )
    return [_appointment(row) for row in rows]


def _most_like(db: sqlite3.Connection, name: str) -> str:
    """The name of a coming appointment that sounds most like this one; else this one."""
    key = _key(_name(name))
    rows = db.execute(
        "SELECT DISTINCT name_key FROM appointments WHERE day >= ?", (clock().date().isoformat(),)
    )
    return next(iter(get_close_matches(key, [row[0] for row in rows], 1, ALIKE)), name)


def _the_one(db: sqlite3.Connection, name: str, number: int | None) -> dict[str, Any]:
    """The appointment that is meant. Raises ToolError when none is, or several may be."""
    found = _coming(db, name)
    if not found:
        raise ToolError(
            "there is no coming appointment under that name",
            remedy="Ask for the full name, as it was given when the appointment was made.",
        )
    meant = [a for a in found if number is None or a["id"] == number]
    if not meant:
        raise ToolError(
            "there is no such appointment under that name",
            remedy=f"The ids of the coming ones are: {', '.join(str(a['id']) for a in found)}.",
        )
    if len(meant) > 1:
        times = [f"{a['time']} on {_spoken(_day(a['day']))} (id {a['id']})" for a in meant]
        raise ToolError(
            f"there are {len(meant)} coming appointments under that name",
            remedy=f"Ask which one is meant: {', '.join(times)}.",
        )
    return meant[0]


def _slots(day: date) -> list[str]:
    if day.weekday() not in HOURS:
        return []
    return [_clock_time(m) for m in range(*HOURS[day.weekday()], SLOT_MINUTES)]


def _is_open(day: date, at: str) -> bool:
    opens, closes = HOURS.get(day.weekday(), (0, 0))
    return opens <= _minutes(at) < closes


def _span(day: date) -> tuple[str | None, str | None]:
    if day.weekday() not in HOURS:
        return None, None
    opens, closes = HOURS[day.weekday()]
    return _clock_time(opens), _clock_time(closes)


# Words and numbers


def _day(text: str) -> date:
    with suppress(ValueError):
        day = date.fromisoformat(text.strip())
        if day.year < YEARS:
            return day
    remedy = f"Give it as YYYY-MM-DD; today is {clock().date().isoformat()}."
    raise ToolError("that is not a date", remedy=remedy)


def _time(text: str) -> str:
    found = re.fullmatch(r"\s*([01]?\d|2[0-3]):([0-5]\d)(:00)?\s*", text)
    if not found:
        raise ToolError("that is not a time", remedy="Give it as HH:MM, for example 14:30.")
    return f"{int(found[1]):02}:{found[2]}"


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not any(c.isalpha() for c in name) or len(name) > NAME_LENGTH:
        raise ToolError("that is not a name", remedy="Ask for the caller's full name.")
    return name.title() if name.islower() else name


def _key(name: str) -> str:
    """What is the same for a name however it is written."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c))


def _minutes(at: str) -> int:
    hours, minutes = at.split(":")
    return int(hours) * 60 + int(minutes)


def _clock_time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _named(day: date) -> dict[str, Any]:
    return {"day": day.isoformat(), "weekday": WEEKDAYS[day.weekday()]}


def _spoken(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.isoformat()}"


def _appointment(row: sqlite3.Row) -> dict[str, Any]:
    day = _named(date.fromisoformat(row["day"]))
    return {"id": row["id"], **day, "time": row["time"], "name": row["name"]}


# The file


def database() -> Path:
    """Where the calendar lies."""
    if path := os.environ.get("PARLEY_DEMO_DB"):
        return Path(path)
    if home := os.environ.get("PARLEY_HOME"):
        return Path(home) / "demo" / "clinic.db"
    data = os.environ.get("XDG_DATA_HOME")
    folder = Path(data) if data else Path.home() / ".local" / "share"
    return folder / "parley" / "demo" / "clinic.db"


@contextmanager
def _calendar(*, change: bool = False) -> Iterator[sqlite3.Connection]:
    """The calendar at one moment; a change waits for those of others, and is whole."""
    path = database()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            _prepare(db)
            db.execute("BEGIN IMMEDIATE" if change else "BEGIN")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        reason = f"the calendar {path} cannot be used: {error}"
        raise ToolError(reason, remedy="Set PARLEY_DEMO_DB to a file that can.") from error


def _prepare(db: sqlite3.Connection) -> None:
    """Make what is missing: the tables, and the appointments of others."""
    days = [clock().date() + timedelta(days=n) for n in range(FILLED_DAYS)]
    with suppress(sqlite3.OperationalError):  # there are no tables yet
        last = db.execute("SELECT 1 FROM filled WHERE day = ?", (days[-1].isoformat(),))
        if last.fetchone():
            return
    _write_ahead(db)
    db.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    for day in days:
        if db.execute("INSERT OR IGNORE INTO filled VALUES (?)", (day.isoformat(),)).rowcount:
            _fill(db, day)
    db.execute("COMMIT")


def _write_ahead(db: sqlite3.Connection) -> None:
    """So that who reads does not wait for who writes. SQLite does not wait for this switch."""
    deadline = clocks.monotonic() + BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if clocks.monotonic() > deadline:
                raise
            clocks.sleep(0.02)
        else:
            return


def _fill(db: sqlite3.Connection, day: date) -> None:
    """Two slots in five are taken. On any machine, a day is filled in the same way."""
    chances = hashlib.sha256(day.isoformat().encode()).digest()
    firsts, lasts = FIRST_NAMES.split(), LAST_NAMES.split()
    for n, at in enumerate(_slots(day)):
        if chances[n] % 5 < 2:
            who = day.toordinal() * len(chances) + n
            name = f"{firsts[who % len(firsts)]} {lasts[who // len(firsts) % len(lasts)]}"
            db.execute(
                "INSERT OR IGNORE INTO appointments (day, time, name, name_key)"
                " VALUES (?, ?, ?, ?)",
                (day.isoformat(), at, name, _key(name)),
            )
