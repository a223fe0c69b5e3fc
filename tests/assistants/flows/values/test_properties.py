"""What holds for every type: its spoken form is understood, nothing that is said breaks it."""

import random
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pytest
from hearing import TODAY
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import KINDS
from sentences import listened_for, sentences

from parley.assistants.flows.reading import read
from parley.assistants.flows.values import Value, ValueType, correction

every_kind = pytest.mark.parametrize("name", KINDS)
lightly = settings(max_examples=60, derandomize=True, database=None)

ODDITIES = "10 10:30 3rd 12/3 2026-12-03 1,200 12:75 99th ² ²st ².² no not meant , . ?".split()
WORDS = sorted(
    {word for kind, _ in KINDS.values() if kind.kind != "text" for word in listened_for(kind).words}
    | set(ODDITIES)
)
ODD = st.text(st.characters(codec="utf-8"), max_size=40) | st.text(
    "0123456789./:-,apm stndrh²٣", max_size=20
)
SAID = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | ODD


def check(kind: ValueType, text: str, today: date = TODAY) -> Sequence[Value]:
    """Find values. They are ordered and apart, within the text, and can be asked about."""
    found = kind.find(text, today)
    for each in found:
        assert 0 <= each.start < each.end <= len(text)
        assert kind.problem(each.value, today) is not None
    assert all(one.end <= two.start for one, two in pairwise(found))
    return [each.value for each in found]


@every_kind
@lightly
@given(data=st.data())
def test_what_is_spoken_is_understood(name: str, data: st.DataObject) -> None:
    kind, values = KINDS[name]
    value = data.draw(values)
    assert check(kind, kind.spoken(value, TODAY)) == [value]
    assert kind.problem(value, TODAY) == "" or name == "evening"


@pytest.mark.parametrize("name", ["date", "time", "any time", "past date"])
@lightly
@given(today=st.dates(date(2000, 1, 1), date(2090, 1, 1)), data=st.data())
def test_it_is_so_on_any_day(name: str, today: date, data: st.DataObject) -> None:
    kind, _ = KINDS[name]
    for text in (data.draw(SAID), "the thirty first", "february twenty ninth"):
        for value in check(kind, text, today):
            assert check(kind, kind.spoken(value, today), today) == [value]


@every_kind
@lightly
@given(text=SAID)
def test_whatever_is_said_is_taken(name: str, text: str) -> None:
    check(KINDS[name][0], text)


@every_kind
@lightly
@given(keys=st.text("0123456789*#", max_size=8) | ODD)
def test_whatever_is_keyed_is_taken(name: str, keys: str) -> None:
    kind = KINDS[name][0]
    value = kind.from_keys(keys, TODAY)
    assert value is None or kind.problem(value, TODAY) is not None
    assert kind.from_keys(keys * 2000, TODAY) is None or kind.kind == "text"


@lightly
@given(text=SAID, data=st.data())
def test_a_sentence_is_read_in_any_case(text: str, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, unique=True))
    slots = {name: KINDS[name][0] for name in names}
    reading = read(text, slots, {"help": ["help me"], "bye": ["no goodbye"]}, TODAY)
    assert reading.values.keys() <= slots.keys()
    assert not (reading.remark and reading.values)
    start = correction(text)
    assert start is None or 0 <= start < len(text)


@pytest.mark.parametrize("name", [n for n, (kind, _) in KINDS.items() if kind.kind != "text"])
def test_what_is_listened_for_is_understood(name: str) -> None:
    """99 of 100 sentences of a type's grammar hold a value of the type."""
    kind, _ = KINDS[name]
    said = [" ".join(words) for words in sentences(kind, 600)]
    missed = [text for text in said if not check(kind, text)]
    assert len(missed) <= len(said) // 100, missed[:20]


@pytest.mark.parametrize("name", [n for n, (kind, _) in KINDS.items() if kind.kind != "text"])
def test_with_what_callers_say_around_it_too(name: str) -> None:
    kind, _ = KINDS[name]
    said = [" ".join(words) for words in listened_for(kind).sentences(400)]
    missed = [text for text in said if not check(kind, text)]
    assert len(missed) <= len(said) // 50, missed[:20]


def test_two_types_in_one_sentence_are_both_understood() -> None:
    day, time = KINDS["date"][0], KINDS["time"][0]
    both = [
        f"{' '.join(one)} {' '.join(two)}"
        for one, two in zip(sentences(day, 300), sentences(time, 300), strict=True)
    ]
    random.Random(1).shuffle(both)
    missed = [text for text in both if len(read(text, {"d": day, "t": time}, {}, TODAY).values) < 2]
    assert len(missed) <= len(both) // 20, missed[:20]
