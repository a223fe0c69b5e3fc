"""What people say to the front desk, in words, and what they hear in return."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import parley
from parley.assistants.flows import Dialogue
from parley.assistants.flows.state import Reply, Returned, Said, State
from parley.demo import clinic
from parley.errors import ToolError

TODAY = date(2026, 11, 30)
"""A Monday."""

DESK = Path(parley.__file__).parent / "demo" / "front_desk.yaml"
TOOLS: dict[str, Callable[..., Any]] = {tool.__name__: tool for tool in clinic.TOOLS}

BOOK = "i'd like to book an appointment"
TUESDAY = "i'd like to book an appointment on tuesday"
WHEN_FREE = "i'd like to book an appointment on tuesday at ten"
TAKEN = "i'd like to book an appointment on tuesday at nine"
MOVE = "i need to move my appointment"
CANCEL = "i want to cancel my appointment"
MINE = "anna smith"


@pytest.fixture(scope="module")
def desk() -> Dialogue:
    flow = parley.load_assistant(DESK).flow
    assert flow is not None
    return Dialogue(flow)


@pytest.fixture(autouse=True)
def _a_calendar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At nine on Tuesday somebody else has an appointment, and Anna Smith on Wednesday at ten."""
    monkeypatch.setenv("PARLEY_DEMO_NOW", "2026-11-30T08:00")
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path / "clinic.db"))
    monkeypatch.setattr(clinic, "_fill", lambda db, day: None)
    clinic.book("2026-12-01", "09:00", "Hugo Costa")
    clinic.book("2026-12-02", "10:00", "Anna Smith")


class Call:
    """A call to the desk, with its real calendar."""

    def __init__(self, desk: Dialogue) -> None:
        self.desk = desk
        self.done: list[str] = []
        self.heard = ""
        self.state: State
        self._take(*desk.begin(TODAY))

    def says(self, *texts: str) -> str:
        for text in texts:
            self.heard = ""
            self._take(*self.desk.step(self.state, Said(text), TODAY))
        return self.heard

    def _take(self, state: State, reply: Reply) -> None:
        self.state, self.reply = state, reply
        self.heard = f"{self.heard} {reply.text}".strip()
        if reply.call:
            self.done.append(reply.call.name)
            try:
                result = Returned(json.dumps(TOOLS[reply.call.name](**reply.call.arguments)))
            except ToolError as error:
                result = Returned(str(error), failed=True)
            self._take(*self.desk.step(state, result, TODAY))


FIRST = {
    "hello there i'd like to make an appointment please": "For which day?",
    "hi my daughter needs an appointment": "For which day?",
    "um well i was just calling because i think i need an appointment": "For which day?",
    "i'd like to speak to somebody": "nobody can come to the telephone",
    "can i talk to a real person please": "nobody can come to the telephone",
    "do you take new patients": "new patients are welcome",
    "this is an emergency": "call the emergency number",
    "what times do you have on friday": "On Friday, December fourth I have nine o'clock,",
    "what's free on friday": "On Friday, December fourth I have nine o'clock,",
    "i need to see somebody as early as possible": "On Monday, November thirtieth I have nine",
    "do you have anything on thursday": "On Thursday, December third I have nine o'clock,",
    "i'd like to come in on friday afternoon": "On Friday, December fourth I have noon,",
    "are you open on saturday morning": "On Saturday, December fifth we are open",
    "friday at ten": "You can book an appointment, move it, or cancel it.",
    "can you move my wednesday appointment to thursday": "Under which name",
    "i have an appointment on wednesday and i can't make it": "Under which name",
    "when is my appointment": "Under which name",
    "are you open tomorrow": "On Tuesday, December first we are open from nine",
    "what's your phone number": "You can book an appointment, move it, or cancel it.",
    "hello": "You can book an appointment, move it, or cancel it.",
    "never mind": "Goodbye.",
    "thank you bye": "Goodbye.",
}

DAY = {
    "as early as possible": "On Monday, November thirtieth I have nine o'clock,",
    "any day": "On Monday, November thirtieth I have nine o'clock,",
    "sometime next week": "On Monday, December seventh I have nine o'clock,",
    "friday afternoon": "On Friday, December fourth I have noon, half past two or half past four.",
    "tomorrow in the morning please": "On Tuesday, December first I have half past nine,",
    "friday and is there parking": "behind the house. At what time on Friday",
    "friday at six": "Times are from nine o'clock to five o'clock. At what time on Friday",
    "sunday at ten": "we are closed then",
    "next friday no wait thursday": "At what time on Thursday",
    "actually can i cancel instead": "Under which name is your appointment?",
    "no i want to move my appointment": "Under which name is your appointment?",
    "i'd like to speak to somebody": "For which day?",
    "forget it": "All right, nothing is changed. Can I do anything else for you?",
}

TIME = {
    "in the afternoon": "On Tuesday, December first I have noon,",
    "the earliest": "On Tuesday, December first I have half past nine,",
    "it doesn't matter": "On Tuesday, December first I have half past nine,",
    "what times do you have": "On Tuesday, December first I have half past nine,",
    "quarter past ten": "on the hour and at half past. At what time on Tuesday",
    "no friday": "At what time on Friday",
    "friday at eleven": "What is your name",
    "hm let me think": "take your time",
    "start over": "How can I help you?",
}

OFFER = {
    "the first one": "What is your name",
    "the earliest one": "What is your name",
    "the last one please": "What is your name",
    "i don't mind": "What is your name",
    "no ten": "What is your name",
    "none of those": "For which day?",
    "do you have anything later": "On Tuesday, December first I have half past nine, one o'clock",
    "in the afternoon": "On Tuesday, December first I have noon,",
    "thursday": "At what time on Thursday",
    "no": "Which one would you like? Or say another day.",
}

AGREE = {
    "yes yes that's right": "It is booked.",
    "yes thank you goodbye": "It is booked.",
    "no": "What should I change: the day, the time or the name?",
    "the time is wrong": "What time would suit you?",
    "no the day is wrong": "Which day would you like?",
    "no it's wednesday at eleven": "Wednesday, December second at eleven o'clock, for Emma Jones.",
    "wednesday at eleven and the name is tom brown": "at eleven o'clock, for Tom Brown.",
    "yes but can we do eleven": "at eleven o'clock, for Emma Jones. Is that right?",
    "yes and is there parking": "behind the house. So that is Tuesday",
    "no wait": "take your time",
    "hm": "shall I book that? Please say yes or no.",
    "no at six": "Times are from nine o'clock to five o'clock.",
    "start over": "How can I help you?",
    "no thanks bye": "Goodbye.",
    "actually can i cancel": "nothing is changed",
    "no cancel it": "nothing is changed",
}

WRONG = {
    "the day and the time": "Which day would you like?",
    "everything": "Which day would you like?",
    "nothing it's right": "shall I book that? Please say yes or no.",
    "eleven": "at eleven o'clock, for Emma Jones. Is that right?",
    "forget it": "nothing is changed",
}

MOVING = {
    "the same day but later": "At what time on Wednesday",
    "to thursday at nine": "So I move it to Thursday, December third at nine o'clock.",
    "as soon as possible": "On Monday, November thirtieth I have nine o'clock,",
    "actually cancel it": "Shall I cancel the appointment of Anna Smith on Wednesday",
}

CANCELLING = {
    "yes cancel it": "It is cancelled.",
    "cancel it": "It is cancelled.",
    "yes please cancel my appointment": "It is cancelled.",
    "never mind": "it stays as it is",
    "no i want to move it": "To which day shall I move it?",
}

AFTER = {
    "yes": "You can book, move or cancel an appointment.",
    "no that's all thank you": "Goodbye.",
    "never mind": "Goodbye.",
    "another appointment on friday": "At what time on Friday",
    "cancel my appointment": "Under which name",
}

TABLES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "first": ((), FIRST),
    "day": ((BOOK,), DAY),
    "time": ((TUESDAY,), TIME),
    "offer": ((TAKEN,), OFFER),
    "agree": ((WHEN_FREE, "emma jones"), AGREE),
    "wrong": ((WHEN_FREE, "emma jones", "no"), WRONG),
    "moving": ((MOVE, MINE), MOVING),
    "cancelling": ((CANCEL, MINE), CANCELLING),
    "after": ((WHEN_FREE, "emma jones", "yes"), AFTER),
}


@pytest.mark.parametrize(
    ("before", "says", "hears"),
    [
        pytest.param(before, says, hears, id=f"{name}: {says}")
        for name, (before, table) in TABLES.items()
        for says, hears in table.items()
    ],
)
def test_what_is_said_leads_on(
    desk: Dialogue, before: tuple[str, ...], says: str, hears: str
) -> None:
    assert hears in Call(desk).says(*before, says)


def rows() -> set[tuple[str, str, str]]:
    days = clinic.calendar(8)["days"]
    return {
        (day["date"], slot["time"], slot["name"])
        for day in days
        for slot in day["slots"]
        if not slot["free"] and slot["name"] != "Hugo Costa"
    }


ANNAS = ("2026-12-02", "10:00", "Anna Smith")


@pytest.mark.parametrize(
    ("says", "then"),
    [
        (
            ["an appointment on friday afternoon", "the first one", "emma jones", "yes thanks bye"],
            {ANNAS, ("2026-12-04", "12:00", "Emma Jones")},
        ),
        (
            [BOOK, "as soon as possible", "the last one", "e m m a j o n e s", "that's right"],
            {ANNAS, ("2026-11-30", "16:30", "Emma Jones")},
        ),
        ([MOVE, MINE, "the same day", "at eleven", "yes"], {("2026-12-02", "11:00", "Anna Smith")}),
        (["can i cancel my appointment on wednesday", MINE, "yes please"], set()),
        ([CANCEL, MINE, "no"], {ANNAS}),
        ([TUESDAY, "actually i want to cancel", MINE, "yes"], set()),
        ([WHEN_FREE, "emma jones", "no", "cancel it", "no thank you"], {ANNAS}),
    ],
)
def test_what_was_wanted_is_in_the_calendar(
    desk: Dialogue, says: list[str], then: set[tuple[str, str, str]]
) -> None:
    Call(desk).says(*says)
    assert rows() == then


def test_of_several_appointments_the_one_that_is_meant_is_cancelled(desk: Dialogue) -> None:
    clinic.book("2026-12-03", "11:00", "Anna Smith")
    call = Call(desk)
    assert "On which day is the one" in call.says(CANCEL, MINE)
    assert "on Thursday, December third at eleven" in call.says("the one on thursday")
    call.says("yes")
    assert rows() == {ANNAS}


def test_an_appointment_is_looked_up(desk: Dialogue) -> None:
    said = Call(desk).says("when is my appointment", MINE)
    assert said.startswith("Anna Smith, your appointment is on Wednesday, December second at ten")


def test_a_calendar_that_is_broken_ends_the_call_with_the_reason(
    desk: Dialogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path))
    call = Call(desk)
    assert "can't look into our calendar" in call.says(WHEN_FREE)
    assert call.reply.ends


def test_who_asks_for_impossible_times_is_understood(desk: Dialogue) -> None:
    call = Call(desk)
    call.says(TUESDAY)
    for _ in range(6):
        assert call.says("at six").startswith("Times are from")
    assert "What is your name" in call.says("ten")
