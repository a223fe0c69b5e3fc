from typing import Any

import pytest

from parley.assistants.flows.values import make
from parley.assistants.flows.values.making import _MAKERS


@pytest.mark.parametrize("kind", sorted(set(_MAKERS) - {"choice"}))
def test_every_kind_has_settings_that_it_works_with(kind: str) -> None:
    assert make(kind).kind == kind


def test_settings() -> None:
    assert make("time", earliest="9:30", latest="12:00") == make(
        "time", earliest="09:30", latest="12:00"
    )
    assert make("number", min=1, max=3) != make("number", min=1, max=4)


@pytest.mark.parametrize(
    ("kind", "settings", "named"),
    [
        ("colour", {}, "'colour'"),
        ("yes_no", {"min": 1}, "it has no settings"),
        ("number", {"least": 1}, "it has min, max, digits"),
        ("number", {"min": "one"}, "'min'"),
        ("number", {"min": True}, "'min'"),
        ("number", {"min": 3, "max": 2}, "'min'"),
        ("number", {"digits": 16}, "'digits'"),
        ("date", {"earliest_days": 3, "latest_days": 2}, "'earliest_days'"),
        ("date", {"latest_days": 10**6}, "'latest_days'"),
        ("date", {"day_first": 1}, "'day_first'"),
        ("time", {"earliest": "9"}, "'earliest'"),
        ("time", {"earliest": "25:00"}, "'earliest'"),
        ("time", {"latest": "12:60"}, "'latest'"),
        ("time", {"latest": 17}, "'latest'"),
        ("time", {"earliest": "12:00", "latest": "9:00"}, "'earliest'"),
        ("time", {"earliest": "12:00", "latest": "12:00"}, "'earliest'"),
        ("time", {"step_minutes": 0}, "'step_minutes'"),
        ("choice", {}, "'options'"),
        ("choice", {"options": {}}, "'options'"),
        ("choice", {"options": ["red"]}, "'options'"),
        ("choice", {"options": {"red": "red"}}, "'red'"),
        ("choice", {"options": {"red": []}}, "'red'"),
        ("choice", {"options": {"red": ["?!"]}}, "'red'"),
        ("choice", {"options": {"red": [3]}}, "'red'"),
        ("choice", {"options": {3: ["three"]}}, "3"),
    ],
)
def test_a_wrong_setting_is_named(kind: str, settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        make(kind, **settings)
