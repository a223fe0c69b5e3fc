"""The clinic's calendar: what is free, what is refused, and that no slot is booked twice."""

import json
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from parley.demo import clinic
from parley.errors import ToolError

MONDAY, TUESDAY, SATURDAY, SUNDAY = "2026-11-30", "2026-12-01", "2026-12-05", "2026-12-06"


@pytest.fixture(autouse=True)
def _at_eight_on_a_monday(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DEMO_NOW", f"{MONDAY}T08:00")
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path / "clinic" / "clinic.db"))


@pytest.fixture
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else has an appointment."""
    monkeypatch.setattr(clinic, "_fill", lambda db, day: None)


def refusal(function: Any, *arguments: Any) -> str:
    with pytest.raises(ToolError) as caught:
        function(*arguments)
    return str(caught.value)


def at(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DEMO_NOW", moment)


empty = pytest.mark.usefixtures("_empty")


# Looking


def test_today() -> None:
    assert clinic.today() == {"day": MONDAY, "weekday": "Monday", "time": "08:00"}


def test_without_a_told_moment_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_DEMO_NOW")
    assert abs((clinic.clock().date() - date.today()).days) <= 1  # noqa: DTZ011
    assert clinic.clock().tzinfo is None


@pytest.mark.parametrize(
    ("day", "open_", "opens", "closes", "next_open"),
    [
        (MONDAY, True, "09:00", "17:00", TUESDAY),
        (SATURDAY, True, "09:00", "12:00", "2026-12-07"),
        (SUNDAY, False, None, None, "2026-12-07"),
    ],
)
def test_opening_hours(
    day: str, open_: bool, opens: str | None, closes: str | None, next_open: str
) -> None:
    hours = clinic.opening_hours(day)
    assert hours["weekday"] == clinic.WEEKDAYS[date.fromisoformat(day).weekday()]
    assert (hours["open"], hours["opens"], hours["closes"]) == (open_, opens, closes)
    assert hours["next_open"] == next_open


@empty
def test_the_free_times_of_a_day() -> None:
    free = clinic.free_times(TUESDAY)
    assert (free["times"][0], free["times"][-1], len(free["times"])) == ("09:00", "16:30", 16)
    assert free["offer"] == ["09:00", "13:00", "16:30"]
    assert (free["open"], free["next_day"]) == (True, "2026-12-02")


@empty
def test_a_closed_day_names_the_next_one() -> None:
    free = clinic.free_times(SUNDAY)
    assert (free["open"], free["times"]) == (False, [])
    assert free["next_day"] == free["offer_day"] == "2026-12-07"
    assert free["offer"] == ["09:00", "13:00", "16:30"]


@empty
def test_the_free_times_of_a_part_of_a_day() -> None:
    assert clinic.free_times(TUESDAY, "morning")["times"][-1] == "11:30"
    assert clinic.free_times(TUESDAY, "afternoon")["times"][0] == "12:00"
    free = clinic.free_times(SATURDAY, "afternoon")
    assert (free["times"], free["offer_day"], free["offer"][0]) == ([], "2026-12-07", "12:00")
    assert "morning or afternoon" in refusal(clinic.free_times, TUESDAY, "night")


@empty
def test_the_next_free_times() -> None:
    assert clinic.free_times()["offer_day"] == MONDAY
    assert clinic.free_times("next week")["offer_day"] == "2026-12-07"


@empty
def test_what_went_by_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    at(f"{MONDAY}T16:00", monkeypatch)
    assert clinic.free_times(MONDAY)["times"] == ["16:30"]
    assert clinic.check_time(MONDAY, "16:00")["reason"] == "past"


@empty
def test_a_free_time() -> None:
    assert clinic.check_time(TUESDAY, "9:30") == {
        "day": TUESDAY,
        "weekday": "Tuesday",
        "time": "09:30",
        "free": True,
        "open": True,
        "reason": None,
        "alternatives": [],
        "alternatives_day": None,
    }


@empty
@pytest.mark.parametrize(
    ("day", "time", "open_", "reason", "alternatives", "other"),
    [
        (TUESDAY, "10:15", True, "not_offered", ["09:30", "10:00", "10:30"], TUESDAY),
        (TUESDAY, "08:30", False, "closed", ["09:00", "09:30", "10:00"], TUESDAY),
        (TUESDAY, "17:00", False, "closed", ["15:30", "16:00", "16:30"], TUESDAY),
        (SUNDAY, "10:00", False, "closed", ["09:30", "10:00", "10:30"], "2026-12-07"),
        ("2026-11-27", "10:00", True, "past", ["09:30", "10:00", "10:30"], MONDAY),
        ("2028-02-01", "10:00", True, "too_far", ["09:30", "10:00", "10:30"], "2027-11-30"),
    ],
)
def test_why_a_time_is_not_free(
    day: str, time: str, open_: bool, reason: str, alternatives: list[str], other: str
) -> None:
    found = clinic.check_time(day, time)
    assert (found["free"], found["open"], found["reason"]) == (False, open_, reason)
    assert (found["alternatives"], found["alternatives_day"]) == (alternatives, other)


@empty
def test_a_taken_time_offers_those_beside_it() -> None:
    clinic.book(TUESDAY, "10:00", "Anna Smith")
    found = clinic.check_time(TUESDAY, "10:00")
    assert (found["open"], found["free"], found["reason"]) == (True, False, "taken")
    assert found["alternatives"] == ["09:00", "09:30", "10:30"]


@empty
def test_a_full_day_offers_the_next_one() -> None:
    for time in clinic.free_times(SATURDAY)["times"]:
        clinic.book(SATURDAY, time, "Anna Smith")
    found = clinic.check_time(SATURDAY, "11:30")
    assert found["alternatives_day"] == "2026-12-07"
    assert found["alternatives"] == ["11:00", "11:30", "12:00"]
    free = clinic.free_times(SATURDAY)
    assert (free["open"], free["times"], free["next_day"]) == (True, [], "2026-12-07")


def test_when_nothing_is_free_there_is_no_alternative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic, "HOURS", {})
    found = clinic.check_time(TUESDAY, "10:00")
    assert (found["alternatives"], found["alternatives_day"]) == ([], None)
    assert "Ask for another day" in refusal(clinic.book, TUESDAY, "10:00", "Anna Smith")


# Changing


@empty
def test_a_booking_is_found_however_the_name_is_written() -> None:
    made = clinic.book(TUESDAY, "10:00", "  zoë   o'brien ")
    assert made == {
        "id": made["id"],
        "day": TUESDAY,
        "weekday": "Tuesday",
        "time": "10:00",
        "name": "Zoë O'Brien",
    }
    found = clinic.find_appointment("ZOE O'BRIEN")
    assert found == {"found": 1, **made, "appointments": [made]}


@empty
def test_who_has_no_appointment_is_found_to_have_none() -> None:
    clinic.book(TUESDAY, "10:00", "Anna Smith")
    found = clinic.find_appointment("Smith")
    assert (found["found"], found["appointments"]) == (0, [])
    assert [found[k] for k in ("id", "day", "weekday", "time", "name")] == [None] * 5


@empty
def test_who_was_misheard_is_found_by_the_name_that_is_most_like_it() -> None:
    made = clinic.book(TUESDAY, "10:00", "Mary Jones")
    clinic.book(TUESDAY, "10:30", "Mark Johnson")
    assert clinic.find_appointment("Murray Jones")["appointments"] == [made]
    assert clinic.find_appointment("Anna Smith")["found"] == 0


@empty
def test_of_several_appointments_the_day_tells_which() -> None:
    first = clinic.book(TUESDAY, "10:00", "Anna Smith")
    second = clinic.book(SATURDAY, "10:00", "Anna Smith")
    assert clinic.find_appointment("Anna Smith", SATURDAY)["appointments"] == [second]
    assert clinic.find_appointment("Anna Smith", SUNDAY)["appointments"] == [first, second]


@empty
def test_an_appointment_that_went_by_is_not_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.book(MONDAY, "10:00", "Anna Smith")
    later = clinic.book(TUESDAY, "10:00", "Anna Smith")
    at(f"{MONDAY}T10:00", monkeypatch)
    assert clinic.find_appointment("Anna Smith")["appointments"] == [later]
    assert clinic.cancel("Anna Smith") == later


@empty
@pytest.mark.parametrize(
    ("day", "time", "says"),
    [
        (MONDAY, "07:30", "07:30 on Monday 2026-11-30 has gone by"),
        (SUNDAY, "10:00", "the clinic is closed at 10:00 on Sunday 2026-12-06"),
        (TUESDAY, "10:10", "on the hour or half past. Free are 09:30, 10:00, 10:30"),
        ("2028-02-01", "10:00", "too far ahead"),
        ("9999-12-31", "10:00", "not a date"),
        ("tomorrow", "10:00", "not a date. Give it as YYYY-MM-DD; today is 2026-11-30"),
        (TUESDAY, "ten", "not a time. Give it as HH:MM"),
        (TUESDAY, "24:00", "not a time"),
    ],
)
def test_what_cannot_be_booked_is_said(day: str, time: str, says: str) -> None:
    assert says in refusal(clinic.book, day, time, "Anna Smith")


@pytest.mark.parametrize("name", ["", " ", "...", "x" * 81])
def test_what_is_no_name_is_said(name: str) -> None:
    assert "not a name" in refusal(clinic.book, TUESDAY, "10:00", name)


@empty
def test_a_taken_time_is_refused_with_what_is_free() -> None:
    clinic.book(TUESDAY, "10:00", "Anna Smith")
    said = refusal(clinic.book, TUESDAY, "10:00", "Ben Jones")
    assert "10:00 on Tuesday 2026-12-01 is taken. Free are 09:00, 09:30, 10:30" in said
    assert "Anna" not in said
    assert clinic.find_appointment("Ben Jones")["found"] == 0


@empty
def test_moving_frees_the_old_time() -> None:
    made = clinic.book(TUESDAY, "10:00", "Anna Smith")
    moved = clinic.move("anna smith", "2026-12-02", "11:30")
    assert moved == {
        **made,
        "day": "2026-12-02",
        "weekday": "Wednesday",
        "time": "11:30",
        "old_day": TUESDAY,
        "old_weekday": "Tuesday",
        "old_time": "10:00",
    }
    assert clinic.check_time(TUESDAY, "10:00")["free"]
    assert clinic.check_time("2026-12-02", "11:30")["reason"] == "taken"


@empty
def test_a_refused_move_changes_nothing() -> None:
    made = clinic.book(TUESDAY, "10:00", "Anna Smith")
    clinic.book(TUESDAY, "11:00", "Ben Jones")
    assert "is taken" in refusal(clinic.move, "Anna Smith", TUESDAY, "11:00")
    assert "at that time already" in refusal(clinic.move, "Anna Smith", TUESDAY, "10:00")
    assert "no coming appointment" in refusal(clinic.move, "Cleo", TUESDAY, "12:00")
    assert clinic.find_appointment("Anna Smith")["appointments"] == [made]


@empty
def test_of_several_one_must_be_named() -> None:
    first = clinic.book(TUESDAY, "10:00", "Anna Smith")
    second = clinic.book(TUESDAY, "15:00", "Anna Smith")
    said = refusal(clinic.cancel, "Anna Smith")
    assert "2 coming appointments" in said
    assert f"15:00 on Tuesday 2026-12-01 (id {second['id']})" in said
    assert "no such appointment" in refusal(clinic.cancel, "Anna Smith", 10_000)
    assert clinic.cancel("Anna Smith", second["id"]) == second
    assert clinic.cancel("Anna Smith") == first
    assert "no coming appointment" in refusal(clinic.cancel, "Anna Smith")


@empty
def test_nobody_changes_the_appointment_of_another() -> None:
    other = clinic.book(TUESDAY, "10:00", "Anna Smith")
    clinic.book(TUESDAY, "11:00", "Ben Jones")
    assert "no such appointment" in refusal(clinic.cancel, "Ben Jones", other["id"])
    assert clinic.find_appointment("Anna Smith")["found"] == 1


# The page


@empty
def test_the_calendar_of_the_page() -> None:
    clinic.book(MONDAY, "09:00", "Anna Smith")
    clinic.book(TUESDAY, "10:00", "Ben Jones")
    clinic.move("Ben Jones", MONDAY, "09:30")
    shown = clinic.calendar()
    assert shown["today"] == MONDAY
    assert [day["date"] for day in shown["days"]] == [
        (date(2026, 11, 30) + timedelta(days=n)).isoformat() for n in range(7)
    ]
    monday, sunday = shown["days"][0], shown["days"][-1]
    assert (monday["weekday"], monday["open"], monday["close"]) == ("Monday", "09:00", "17:00")
    assert monday["slots"][:3] == [
        {"time": "09:00", "free": False, "name": "Anna Smith", "mine": True, "changed": False},
        {"time": "09:30", "free": False, "name": "Ben Jones", "mine": True, "changed": True},
        {"time": "10:00", "free": True},
    ]
    assert (sunday["open"], sunday["close"], sunday["slots"]) == (None, None, [])
    assert json.loads(json.dumps(shown)) == shown


@empty
def test_what_another_run_did_is_not_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.book(MONDAY, "09:00", "Anna Smith")
    monkeypatch.setattr(clinic, "RUN", "the next one")
    slot = clinic.calendar(1)["days"][0]["slots"][0]
    assert (slot["name"], slot["mine"], slot["changed"]) == ("Anna Smith", False, False)
    clinic.move("Anna Smith", MONDAY, "10:00")
    slot = clinic.calendar(1)["days"][0]["slots"][2]
    assert (slot["mine"], slot["changed"]) == (False, True)


@empty
def test_an_unused_slot_that_went_by_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    at(f"{MONDAY}T09:10", monkeypatch)
    slot = clinic.calendar(1)["days"][0]["slots"][0]
    assert slot == {"time": "09:00", "free": False, "name": "", "mine": False, "changed": False}


# The file


def taken(day: str) -> list[str]:
    week = clinic.calendar(clinic.FILLED_DAYS + 7)["days"]
    slots = next(d["slots"] for d in week if d["date"] == day)
    return [f"{s['time']} {s['name']}" for s in slots if not s["free"]]


def test_a_new_calendar_has_some_appointments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {day["date"]: taken(day["date"]) for day in clinic.calendar(14)["days"]}
    slots = sum(len(day["slots"]) for day in clinic.calendar(14)["days"])
    assert 0.25 < sum(map(len, first.values())) / slots < 0.55
    names = [entry[6:] for day in first.values() for entry in day]
    assert len(set(names)) > 0.9 * len(names)
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path / "another.db"))
    assert {day: taken(day) for day in first} == first


def test_days_are_filled_as_they_come_but_never_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    beyond = (date(2026, 11, 30) + timedelta(days=clinic.FILLED_DAYS + 1)).isoformat()
    name = taken(TUESDAY)[0][6:]
    clinic.cancel(name)
    left, before = taken(TUESDAY), taken(beyond)
    assert before == []
    at(f"{TUESDAY}T08:00", monkeypatch)
    at("2026-12-02T08:00", monkeypatch)
    assert taken(beyond) != []
    at(f"{MONDAY}T08:00", monkeypatch)
    assert taken(TUESDAY) == left


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clinic.database() == tmp_path / "clinic" / "clinic.db"
    monkeypatch.delenv("PARLEY_DEMO_DB")
    monkeypatch.setenv("PARLEY_HOME", "/p")
    monkeypatch.setenv("XDG_DATA_HOME", "/x")
    assert clinic.database() == Path("/p/demo/clinic.db")
    monkeypatch.delenv("PARLEY_HOME")
    assert clinic.database() == Path("/x/parley/demo/clinic.db")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/anna")
    assert clinic.database() == Path("/home/anna/.local/share/parley/demo/clinic.db")


def test_a_file_that_cannot_be_used_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path))
    assert "Set PARLEY_DEMO_DB to a file that can" in refusal(clinic.free_times, TUESDAY)
    (tmp_path / "text").write_text("This is no database at all, but a text." * 50)
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path / "text"))
    assert "not a database" in refusal(clinic.book, TUESDAY, "10:00", "Anna Smith")
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path / "text" / "below"))
    assert "cannot be used" in refusal(clinic.calendar)


BOOK_ALL = """
import sys
from parley.demo import clinic
from parley.errors import ToolError
clinic._fill = lambda db, day: None
for day in ("2026-12-01", "2026-12-02"):
    for time in clinic._slots(clinic._day(day)):
        try:
            clinic.book(day, time, sys.argv[1])
        except ToolError as error:
            assert "is taken" in str(error), error
        else:
            print(day, time)
"""


def test_processes_that_book_the_same_slots_get_each_once() -> None:
    """They make the file together, too."""
    command = [sys.executable, "-c", BOOK_ALL]
    callers = [
        subprocess.Popen([*command, f"Caller {name}"], stdout=subprocess.PIPE, text=True)
        for name in "ABC"
    ]
    booked = [caller.communicate(timeout=50)[0].splitlines() for caller in callers]
    assert [caller.returncode for caller in callers] == [0, 0, 0]
    assert sorted(slot for mine in booked for slot in mine) == sorted(
        f"{day} {time}"
        for day in (TUESDAY, "2026-12-02")
        for time in clinic._slots(date.fromisoformat(day))
    )


def test_calls_that_want_the_same_slot_get_it_once() -> None:
    free = clinic.free_times(TUESDAY)["times"]
    won: list[str] = []
    refused: list[str] = []

    def caller(number: int) -> None:
        for time in free:
            try:
                clinic.book(TUESDAY, time, f"Caller {'ABCDEFGH'[number]}")
            except ToolError as error:
                refused.append(error.what)
            else:
                won.append(time)

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert sorted(won) == free
    assert len(refused) == 7 * len(free)
    assert {what.split()[-1] for what in refused} == {"taken"}


# As tools


def test_a_model_can_call_each_of_them() -> None:
    from parley.tools.runner import tool

    for function in clinic.TOOLS:
        made = tool(function)
        assert len(made.definition.description) > 30
        for name, schema in made.definition.parameters["properties"].items():
            assert schema["description"], (made.definition.name, name)
