"""What is usual is known after some turns, and not before."""

import pytest

from parley.speech.baseline import LEAST_TURNS, MOST_TURNS, Baseline


def learnt(*values: float | None, least: float = 1.0) -> Baseline:
    usual = Baseline(least)
    for value in values:
        usual.learn(value)
    return usual


def test_nothing_is_usual_before_there_are_some_turns() -> None:
    usual = Baseline(1.0)
    for _ in range(LEAST_TURNS):
        assert usual.above(5.0) is None
        assert usual.deviations(5.0) is None
        usual.learn(2.0)
    assert usual.above(5.0) == 3.0


def test_turns_without_a_value_do_not_count() -> None:
    assert learnt(2.0, None, 2.0, None).above(5.0) is None


def test_a_turn_without_a_value_is_not_compared() -> None:
    usual = learnt(1.0, 2.0, 3.0)
    assert usual.above(None) is None
    assert usual.deviations(None) is None


def test_one_shout_does_not_change_what_is_usual() -> None:
    usual = learnt(10.0, 11.0, 60.0, 9.0, 10.0)
    assert usual.above(12.0) == 2.0
    assert usual.deviations(12.0) == pytest.approx(2.0 / 1.4826)


def test_turns_that_are_alike_make_no_turn_remarkable() -> None:
    assert learnt(10.0, 10.0, 10.0, least=2.0).deviations(11.0) == 0.5


def test_what_was_long_ago_does_not_count() -> None:
    assert learnt(*[0.0] * 100, *[7.0] * MOST_TURNS).above(7.0) == 0.0
