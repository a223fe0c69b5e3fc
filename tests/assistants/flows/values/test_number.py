import pytest
from hearing import TODAY, heard, spans, table

from parley.assistants.flows.values import make

NUMBER = make("number")
PHONE = make("number", digits=7)
BELOW_ZERO = make("number", min=-50, max=50)

NUMBERS = table("""
    three                                   | 3
    um three                                | 3
    three please                            | 3
    there will be three of us               | 3
    just the two of us                      | 2
    one                                     | 1
    only one                                | 1
    zero                                    | 0
    none                                    | 0
    a couple                                | 2
    a dozen                                 | 12
    half a dozen                            | 6
    two dozen                               | 24
    nought                                  | 0
    1.5                                     |
    10:30                                   |
    twelve                                  | 12
    twenty one                              | 21
    twenty-one                              | 21
    forty two                               | 42
    a hundred                               | 100
    one hundred                             | 100
    a hundred and five                      | 105
    two hundred fifty                       | 250
    three hundred and forty two             | 342
    two thousand                            | 2000
    two thousand and five                   | 2005
    twelve hundred                          | 1200
    a thousand and one                      | 1001
    twelve thousand three hundred           | 12300
    i think it is about forty               | 40
    my daughter is seven years old          | 7
    four people                             | 4
    the number is eight                     | 8
    i'm thirty five                         | 35
    one two three                           | 123
    double four                             | 44
    triple seven                            | 777
    oh five                                 | 05
    3                                       | 3
    42.                                     | 42
    There will be 4 of us.                  | 4
    1,200                                   | 1200
    It's 12,500.                            | 12500
    I'm 35 years old.                       | 35
    not three                               |
    not three but four                      | 4
    the only one                            |
    three no four                           | 3 4
    three sorry i meant four                | 3 4
    that one                                |
    the first one                           |
    no one                                  |
    which one                               |
    oh                                      |
    oh hello                                |
    good morning                            |
    to be honest                            |
    for me                                  |
    someone                                 |
    tonight                                 |
""")


@pytest.mark.parametrize(("text", "wanted"), NUMBERS)
def test_numbers(text: str, wanted: str) -> None:
    assert heard(NUMBER, text) == [int(number) for number in wanted.split()]


DIGITS = table("""
    five five five one two three four               | 5551234
    it's five five five one two three four          | 5551234
    my number is five five five oh one two oh       | 5550120
    double five five one two double three           | 5551233
    triple five one two three four                  | 5551234
    five five five twelve thirty four               | 5551234
    555 1234                                        | 5551234
    5551234                                         | 5551234
    My number is 555-1234.                          | 5551234
    zero zero seven one two three four              | 0071234
    five five five one two                          | 55512
    double twelve                                   | 12
    hello                                           |
""")


@pytest.mark.parametrize(("text", "wanted"), DIGITS)
def test_digits(text: str, wanted: str) -> None:
    assert heard(PHONE, text) == wanted.split()


def test_a_sign_counts_only_where_a_number_may_be_below_zero() -> None:
    assert heard(BELOW_ZERO, "minus five") == [-5]
    assert heard(BELOW_ZERO, "negative twelve degrees") == [-12]
    assert heard(NUMBER, "minus five") == [5]


def test_the_words_of_a_number() -> None:
    assert spans(NUMBER, "we are twenty two people") == ["twenty two"]
    assert spans(NUMBER, "between 3 and four.") == ["3", "four"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (1, "It must be at least two."),
        (2, ""),
        (12, ""),
        (13, "It can be at most twelve."),
    ],
)
def test_bounds(value: int, problem: str) -> None:
    assert make("number", min=2, max=12).problem(value, TODAY) == problem


def test_the_count_of_digits_is_told() -> None:
    assert PHONE.problem("5551234", TODAY) == ""
    assert PHONE.problem("55512", TODAY) == "I need seven digits."
    assert PHONE.keys_hint == "Key in the seven digits."


def test_keys() -> None:
    assert NUMBER.from_keys("042", TODAY) == 42
    assert PHONE.from_keys("0551234", TODAY) == "0551234"
    assert [NUMBER.from_keys(keys, TODAY) for keys in ("", "1*2", "#", "9" * 16, "٣")] == [None] * 5


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "zero"),
        (19, "nineteen"),
        (40, "forty"),
        (99, "ninety nine"),
        (100, "one hundred"),
        (105, "one hundred and five"),
        (1_001, "one thousand one"),
        (12_345, "twelve thousand three hundred and forty five"),
        (1_000_000, "one million"),
        (-7, "minus seven"),
    ],
)
def test_spoken(value: int, words: str) -> None:
    assert NUMBER.spoken(value, TODAY) == words


def test_digits_are_spoken_one_by_one() -> None:
    assert PHONE.spoken("5550120", TODAY) == "five five five zero one two zero"
