import pytest

from parley.assistants.flows.values import numerals

EVERY = [*range(1_200), *range(1_900, 2_100), *range(9_990, 1_000_000, 9_973), 1_000_000, 2_500_017]


def test_every_number_is_read_as_it_is_written() -> None:
    for number in EVERY:
        said = numerals.say(number).split()
        assert numerals.cardinal(said, 0) == (number, len(said)), said


def test_every_ordinal_is_read_as_it_is_written() -> None:
    for number in range(100):
        said = numerals.say_ordinal(number).split()
        assert numerals.ordinal(said, 0) == (number, len(said)), said


def test_every_year_is_read_as_it_is_written() -> None:
    for year in range(1900, 2100):
        said = numerals.say_year(year).split()
        assert numerals.year(said, 0) == (year, len(said)), said


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("a hundred", 100),
        ("a hundred and one", 101),
        ("two hundred fifty", 250),
        ("a thousand", 1000),
        ("two thousand and five", 2005),
        ("twelve hundred", 1200),
        ("1,200", 1200),
        ("one million two hundred thousand", 1_200_000),
    ],
)
def test_other_ways_to_say_a_number(words: str, number: int) -> None:
    assert numerals.cardinal(words.split(), 0) == (number, len(words.split()))


@pytest.mark.parametrize("word", ["a", "and", "hundred", "", "²", "9" * 16, "first"])
def test_what_is_no_number(word: str) -> None:
    assert numerals.cardinal([word], 0) is None


@pytest.mark.parametrize("word", ["²st", "st", "9" * 7 + "th", "one"])
def test_what_is_no_ordinal(word: str) -> None:
    assert numerals.ordinal([word], 0) is None


@pytest.mark.parametrize("words", ["nineteen five", "twenty oh twelve", "thirty ten", "five"])
def test_what_is_no_year(words: str) -> None:
    assert numerals.year(words.split(), 0) is None


def test_great_numbers_are_said_digit_by_digit() -> None:
    assert numerals.say(1_000_000_000).startswith("one zero zero")
    assert numerals.say(-3) == "minus three"
