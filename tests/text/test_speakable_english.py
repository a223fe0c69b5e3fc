import re

import pytest
from speakable_cases import TABLES

from parley.text.speakable import speakable
from parley.text.speakable.english.numbers import LONGEST, Dialect, cardinal, ordinal, year

BRITISH = Dialect(british=True)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param(*case, id=f"{name}: {case[0]}")
        for name in TABLES
        for case in TABLES[name].items()
    ],
)
def test_how_it_is_said(written: str, said: str) -> None:
    assert speakable(written).text == said


SENTENCES = {
    "Your appointment with Dr. Smith is on Tuesday, Dec. 3, 2026 at 10:30 a.m.": (
        "Your appointment with Doctor Smith is on Tuesday, December third, twenty twenty-six at "
        "ten thirty A M."
    ),
    "The total is $4.50 for 3 items, plus 8% tax; call (555) 123-4567 with code A1B2.": (
        "The total is four dollars and fifty cents for three items, plus eight percent tax; call "
        "five five five, one two three, four five six seven with code A one B two."
    ),
    "We're open Mon-Fri, 9-5, and Sat. from 10 to 2; it's 20°C & sunny.": (
        "We're open Monday to Friday, nine to five, and Saturday from ten to two; it's twenty "
        "degrees Celsius and sunny."
    ),
    "Mail john.doe@example.com or see https://example.com/help.": (
        "Mail john dot doe at example dot com or see example dot com slash help."
    ),
    "**Note:** flight BA249 (gate B12) leaves at 14:05, i.e. in 2h 30m! ✈️": (
        "Note: flight B A two four nine (gate B twelve) leaves at fourteen oh five, that is in "
        "two hours thirty minutes!"
    ),
    "She was born in 1984, the 3rd of 5 children, 1/2 a mile from the NHS clinic at 12 Main St.": (
        "She was born in nineteen eighty-four, the third of five children, one half a mile from "
        "the N H S clinic at twelve Main Street."
    ),
    "Order 550e8400-e29b-41d4-a716-446655440000 ships.": (
        "Order five five zero E eight four zero zero, E two nine B, four one D four, A seven one "
        "six, four four six six five five four four zero zero zero zero ships."
    ),
    "Call 555-1234 or 555-4321.": (
        "Call five five five, one two three four or five five five, four three two one."
    ),
    "99999999999999999999999.5": f"{'nine ' * 23}point five",
    "99999999999999999999999 of them, the 99999999999999999999999th": (
        f"{'nine ' * 23}of them, the {'nine ' * 23}T H"
    ),
}


@pytest.mark.parametrize(("written", "said"), SENTENCES.items())
def test_whole_sentences(written: str, said: str) -> None:
    assert speakable(written).text == said


IN_BRITAIN = {
    "105": "one hundred and five",
    "100": "one hundred",
    "1,005": "one thousand and five",
    "1,100": "one thousand one hundred",
    "2,345,067": "two million three hundred and forty-five thousand and sixty-seven",
    "in 2005": "in two thousand and five",
    "12/3/2026": "the twelfth of March, twenty twenty-six",
    "12/25/2026": "the twenty-fifth of December, twenty twenty-six",
    "2026-12-03": "the third of December, twenty twenty-six",
    "on 3/4": "on the third of April",
    "50p": "fifty pence",
    "1p": "one penny",
    "£2.50": "two pounds and fifty pence",
    "101st": "one hundred and first",
}


@pytest.mark.parametrize(("written", "said"), IN_BRITAIN.items())
def test_how_it_is_said_in_britain(written: str, said: str) -> None:
    assert speakable(written, "en-GB").text == said


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (1_000_000_000_000_000, "one quadrillion"),
        (10**LONGEST - 1, " ".join(["nine hundred ninety-nine"] * 7)),
        (40_000_012, "forty million twelve"),
    ],
)
def test_cardinals(number: int, words: str) -> None:
    said = cardinal(number)
    assert said == words or said.startswith("nine hundred ninety-nine quintillion")


def test_ordinals_and_years_are_words_and_all_different() -> None:
    ordinals = [ordinal(number, BRITISH) for number in range(1, 1200)]
    years = [year(number) for number in range(1000, 2100)]
    assert all(re.fullmatch("[a-z -]+", words) for words in (*ordinals, *years))
    assert len(set(ordinals)) == len(ordinals)
    assert len(set(years)) == len(years)
