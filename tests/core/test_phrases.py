import pytest

from parley.core.phrases import (
    ACKNOWLEDGEMENTS,
    begins_with,
    contains_phrase,
    is_acknowledgement,
    plain,
    remainder,
    word_count,
)


def test_plain_words() -> None:
    assert plain("  Yes,  I'd   LIKE that! ") == "yes i'd like that"
    assert plain("Mm-hmm.") == "mm hmm"
    assert plain("?!") == ""


@pytest.mark.parametrize(
    "text", ["Yeah.", "mm-hmm", "Mm hmm", "hm", "uh huh, okay", "I see. Right!", ""]
)
def test_acknowledgements(text: str) -> None:
    assert is_acknowledgement(text, ACKNOWLEDGEMENTS)


@pytest.mark.parametrize("text", ["no", "yeah but", "okay stop", "I", "see", "got"])
def test_what_is_more_than_an_acknowledgement(text: str) -> None:
    assert not is_acknowledgement(text, ACKNOWLEDGEMENTS)


def test_nothing_is_an_acknowledgement_where_none_are_known() -> None:
    assert not is_acknowledgement("yeah", ())


def test_the_longest_acknowledgement_counts() -> None:
    assert is_acknowledgement("all right then", ("all", "all right then"))
    assert not is_acknowledgement("all right", ("all", "all right then"))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("no", 1),
        ("I'd like that.", 3),
        ("等一下", 3),
        ("가가", 2),
        ("ну и", 2),
        ("OK 等", 2),
    ],
)
def test_words_are_counted_where_they_are_not_separated_too(text: str, count: int) -> None:
    assert word_count(text) == count


def test_beginnings_are_compared_word_by_word() -> None:
    assert begins_with("I want to go", "i want,")
    assert not begins_with("I wanted to go", "I want")


@pytest.mark.parametrize(
    ("text", "known", "rest"),
    [
        ("I want to book", "I want", "to book"),
        ("I'd want to book", "I want", "to book"),
        ("I want", "I want to", ""),
        ("我想去北京", "我想", "去北京"),
        ("他想去北京", "我想", ""),
    ],
)
def test_the_remainder_of_a_longer_version(text: str, known: str, rest: str) -> None:
    assert remainder(text, known) == rest


def test_phrases_are_found_between_whole_words() -> None:
    assert contains_phrase("Well, STOP it.", ("wait", "stop"))
    assert not contains_phrase("nonstop", ("stop",))
    assert not contains_phrase("stop", ())
    assert not contains_phrase("...", ("", "!"))
