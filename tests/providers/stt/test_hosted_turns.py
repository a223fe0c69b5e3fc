"""Each word of a vendor's turns becomes final once."""

from collections.abc import Sequence

import pytest

from parley.providers.protocols import SttResult, TimedWord
from parley.providers.stt.hosted_turns import ENDED, Heard, Turns, judged


def told(results: Sequence[SttResult]) -> list[tuple[int, str, bool]]:
    return [(result.segment, result.text, result.final) for result in results]


def hear(turns: Turns, *heard: Heard) -> list[tuple[int, str, bool]]:
    return told([result for one in heard for result in turns.hear(one)])


def test_a_turn_is_a_segment() -> None:
    turns = Turns()
    words = [TimedWord("one", 0.1, 0.3), TimedWord("two", 0.4, 0.6)]
    assert hear(turns, Heard(0, ""), Heard(0, "one"), Heard(0, "one two")) == [
        (0, "one", False),
        (0, "one two", False),
    ]
    assert turns.is_open
    (final,) = turns.hear(
        Heard(0, "one two", ended=True, over=0.8, words=words, confidence=0.9, language="en")
    )
    assert final == SttResult(0, "one two", True, tuple(words), 0.9, 0.8, "en")
    assert not turns.is_open
    assert hear(turns, Heard(1, "three", ended=True)) == [(1, "three", True)]


def test_the_same_again_is_told_when_the_opinion_has_changed() -> None:
    turns = Turns()
    heard = [Heard(0, "one"), Heard(0, "one"), Heard(0, "one", over=0.4), Heard(0, "one", over=0.4)]
    results = [result for one in heard for result in turns.hear(one)]
    assert [result.turn_over for result in results] == [None, 0.4]


def test_a_turn_that_has_ended_is_over() -> None:
    """With `format_turns` AssemblyAI ends a turn a second time, with its punctuation."""
    turns = Turns()
    ended = Heard(0, "one two", ended=True)
    assert hear(turns, ended, ended, Heard(0, "One, two.", ended=True)) == [(0, "one two", True)]


def test_a_turn_without_words_is_none() -> None:
    turns = Turns()
    assert hear(turns, Heard(0, ""), Heard(0, "", ended=True)) == []
    assert hear(turns, Heard(1, "one"), Heard(1, "", ended=True)) == [
        (0, "one", False),
        (0, "", True),  # it takes back what it has told
    ]


def test_what_is_asked_for_comes_even_where_nothing_was_said() -> None:
    turns = Turns()
    turns.ask()
    assert hear(turns, Heard(0, "", ended=True)) == [(0, "", True)]
    turns.ask()
    turns.ask()
    assert hear(turns, Heard(1, "one", ended=True)) == [(1, "one", True)]
    assert told(turns.settle()) == [(2, "", True)]
    assert turns.settle() == []


def test_words_that_came_after_all_are_not_settled() -> None:
    turns = Turns()
    turns.ask()
    hear(turns, Heard(0, "one"))
    assert turns.settle() == []
    assert hear(turns, Heard(0, "one", ended=True)) == [(0, "one", True)]


def test_an_engine_that_goes_on_without_ending_a_turn_loses_no_word() -> None:
    turns = Turns()
    hear(turns, Heard(0, "one"))
    assert hear(turns, Heard(2, "two")) == [(0, "one", True), (1, "two", False)]


@pytest.mark.parametrize(
    ("confidence", "threshold", "over"),
    [(0.9, 0.7, 0.9), (0.5, 0.4, ENDED), (0.4, 0.4, ENDED), (0.3, 0.4, 0.3), (0.05, 0.7, 0.05)],
)
def test_what_the_user_takes_for_the_end_is_the_end(
    confidence: float, threshold: float, over: float
) -> None:
    assert judged(confidence, threshold) == over
