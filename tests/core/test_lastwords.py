"""How often sentences end with their last words."""

import pytest

from parley.core.lastwords import NUMBER, OPEN, completeness, known


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("i would like to", "i want it today"),
        ("what is the", "what is the address"),
        ("which movies are in the", "are there any movies"),
        ("i need some help with my", "i need some help"),
    ],
)
def test_the_end_of_a_sentence_is_more_probable_than_its_middle(less: str, more: str) -> None:
    assert completeness(less, "en") < 0 < completeness(more, "en")


def test_a_word_may_end_after_one_word_and_not_after_another() -> None:
    assert completeness("i would like", "en") <= OPEN
    assert completeness("what is the weather like", "en") > OPEN
    assert completeness("like", "en") <= OPEN


def test_a_word_that_is_not_listed_is_told_by_its_last_letters() -> None:
    nationally, other = (completeness(f"it is {word}", "en") for word in ("frobbingly", "frobbo"))
    assert nationally < other


def test_numbers_are_alike_however_long() -> None:
    values = {completeness(f"it comes to {n}", "en") for n in ("7", "31", "12:45", "4th")}
    assert values == {1.0}


@pytest.mark.parametrize(("text", "language"), [("", "en"), ("?!", "en"), ("ich will", "de")])
def test_of_what_is_not_known_nothing_is_told(text: str, language: str) -> None:
    assert completeness(text, language) == 0.0


def test_words_are_counted_as_they_are_looked_up() -> None:
    assert known("It comes to 31, OK?") == ["it", "comes", "to", NUMBER, "ok"]
