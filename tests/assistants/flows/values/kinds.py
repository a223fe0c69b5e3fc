"""Value types with settings, each with all values that are legal for it."""

from datetime import timedelta
from string import ascii_lowercase

from hearing import TODAY
from hypothesis import strategies as st

from parley.assistants.flows.values import Value, ValueType, make
from parley.assistants.flows.values.name import capitalised
from parley.assistants.flows.values.name_lists import FIRST_NAMES, LAST_NAMES

OPTIONS = {
    "book": ("book an appointment", "an appointment", "see a doctor", "come in"),
    "move": ("move my appointment", "change my appointment", "reschedule"),
    "tuesday": ("tuesday at ten", "on tuesday"),
    "hours": ("opening hours", "when are you open", "what time do you close"),
    "nothing": ("no thank you", "that is all"),
}


def _days(first: int, last: int) -> st.SearchStrategy[Value]:
    return st.integers(first, last).map(lambda n: (TODAY + timedelta(days=n)).isoformat())


def _clock(minutes: st.SearchStrategy[int]) -> st.SearchStrategy[Value]:
    return minutes.map(lambda m: f"{m // 60:02}:{m % 60:02}")


FIRST = st.sampled_from(sorted(FIRST_NAMES)).map(capitalised)
LAST = st.sampled_from(sorted(LAST_NAMES)).map(capitalised)

KINDS: dict[str, tuple[ValueType, st.SearchStrategy[Value]]] = {
    "yes_no": (make("yes_no"), st.booleans()),
    "number": (make("number"), st.integers(0, 999_999)),
    "signed": (make("number", min=-999, max=999), st.integers(-999, 999)),
    "digits": (make("number", digits=7), st.text("0123456789", min_size=7, max_size=7)),
    "date": (make("date"), _days(0, 366)),
    "far date": (make("date", latest_days=3000, day_first=True), _days(0, 3000)),
    "past date": (make("date", earliest_days=-40_000, latest_days=0), _days(-40_000, 0)),
    "time": (make("time"), _clock(st.integers(18, 34).map(lambda n: 30 * n))),
    "any time": (
        make("time", earliest="00:00", latest="23:59", step_minutes=1),
        _clock(st.integers(0, 1439)),
    ),
    "evening": (make("time", earliest="17:00", latest="22:00"), _clock(st.integers(1020, 1320))),
    "name": (make("name"), st.tuples(FIRST, LAST).map(" ".join) | LAST),
    "choice": (make("choice", options=OPTIONS), st.sampled_from(list(OPTIONS))),
    "text": (make("text"), st.text(ascii_lowercase, min_size=1)),
}
