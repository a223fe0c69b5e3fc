import pytest
from hearing import TODAY, heard, spans, table

from parley.assistants.flows.values import make

CLINIC = make("time", earliest="09:00", latest="17:00")
DINNER = make("time", earliest="17:00", latest="22:00", step_minutes=15)
ALL_DAY = make("time", earliest="00:00", latest="23:59", step_minutes=1)

TIMES = table("""
    ten                                         | 10:00
    at ten                                      | 10:00
    um ten please                               | 10:00
    two                                         | 14:00
    at two                                      | 14:00
    around four                                 | 16:00
    at one                                      | 13:00
    one o'clock                                 | 13:00
    one                                         | 13:00
    ten o'clock                                 | 10:00
    ten thirty                                  | 10:30
    at ten thirty please                        | 10:30
    two fifteen                                 | 14:15
    nine forty five                             | 09:45
    nine oh five                                | 09:05
    half past ten                               | 10:30
    half ten                                    | 10:30
    half past two                               | 14:30
    quarter past nine                           | 09:15
    a quarter past nine                         | 09:15
    quarter to ten                              | 09:45
    a quarter to one                            | 12:45
    quarter of ten                              | 09:45
    ten to eleven                               | 10:50
    two minutes to three                        | 14:58
    two to three                                | 14:00 15:00
    nine to five                                | 09:00 17:00
    twenty past three                           | 15:20
    twenty minutes past nine                    | 09:20
    five minutes to four                        | 15:55
    noon                                        | 12:00
    at twelve noon                              | 12:00
    midday                                      | 12:00
    twelve                                      | 12:00
    half past twelve                            | 12:30
    two p m                                     | 14:00
    two p.m.                                    | 14:00
    two pm                                      | 14:00
    ten a.m.                                    | 10:00
    ten in the morning                          | 10:00
    three in the afternoon                      | 15:00
    four thirty in the afternoon                | 16:30
    tomorrow morning at ten                     | 10:00
    tuesday at ten                              | 10:00
    tuesday the third at ten thirty             | 10:30
    on december third at two                    | 14:00
    fourteen hundred                            | 14:00
    fourteen thirty                             | 14:30
    could i come at eleven                      | 11:00
    let's say eleven                            | 11:00
    how about half past three                   | 15:30
    no at eleven                                | 11:00
    at ten no at eleven                         | 10:00 11:00
    not ten                                     |
    not ten but eleven                          | 11:00
    i can't do ten                              |
    i meant ten                                 | 10:00
    ten or eleven                               | 10:00 11:00
    ten instead of eleven                       | 10:00
    ten is too early                            |
    10-11                                       |
    10                                          | 10:00
    10:30                                       | 10:30
    At 10:30.                                   | 10:30
    2:15 PM                                     | 14:15
    2:15 p.m.                                   | 14:15
    2 p.m., please.                             | 14:00
    Around 4.                                   | 16:00
    At 14:30.                                   | 14:30
    Half past 2.                                | 14:30
    10 o'clock                                  | 10:00
    10 O’Clock                                  | 10:00
    at 1030                                     | 10:30
    Tuesday, December 3rd, at 10:30 a.m.        | 10:30
    2026-12-03 10:30                            | 10:30
    three people                                |
    three quarters of an hour                   |
    in two weeks                                |
    in ten minutes                              |
    the first one                               |
    that one                                    |
    this one                                    |
    december third                              |
    on the tenth                                |
    tuesday                                     |
    in the morning                              |
    twenty five                                 |
    option two                                  |
    my daughter is seven years old              |
    no nine                                     | 09:00
    no one                                      |
    hello                                       |
    i have one question                         |
    just a moment                               |
""")


@pytest.mark.parametrize(("text", "wanted"), TIMES)
def test_times(text: str, wanted: str) -> None:
    assert heard(CLINIC, text) == wanted.split()


@pytest.mark.parametrize(
    ("text", "clinic", "dinner"),
    [
        ("eight", "08:00", "20:00"),
        ("nine", "09:00", "21:00"),
        ("five", "17:00", "17:00"),
        ("six thirty", "18:30", "18:30"),
        ("seven", "07:00", "19:00"),
        ("eight in the morning", "08:00", "08:00"),
        ("nine in the evening", "21:00", "21:00"),
        ("eight at night", "20:00", "20:00"),
        ("tonight at eight", "20:00", "20:00"),
        ("08:00", "08:00", "08:00"),
        ("8:00", "08:00", "20:00"),
        ("midnight", "00:00", "00:00"),
        ("twelve", "12:00", "12:00"),
    ],
)
def test_the_half_of_the_day_is_the_one_that_is_open(text: str, clinic: str, dinner: str) -> None:
    assert (heard(CLINIC, text), heard(DINNER, text)) == ([clinic], [dinner])


def test_the_words_of_a_time() -> None:
    assert spans(CLINIC, "tuesday at half past two in the afternoon please") == [
        "half past two in the afternoon"
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("09:00", ""),
        ("17:00", ""),
        ("10:30", ""),
        ("08:30", "Times are from nine o'clock to five o'clock."),
        ("17:30", "Times are from nine o'clock to five o'clock."),
        ("10:15", "Times are on the hour and at half past."),
    ],
)
def test_problems(value: str, problem: str) -> None:
    assert CLINIC.problem(value, TODAY) == problem


def test_other_steps() -> None:
    assert DINNER.problem("19:10", TODAY) == "Times are every quarter of an hour."
    assert make("time", step_minutes=60).problem("10:30", TODAY) == "Times are on the hour."
    assert (
        make("time", step_minutes=20).problem("10:30", TODAY) == "Times are twenty minutes apart."
    )


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        *(("1030", "10:30"), ("230", "14:30"), ("0230", "14:30"), ("10", "10:00")),
        *(("2", "14:00"), ("1430", "14:30"), ("0900", "09:00"), ("900", "09:00")),
        *(("2500", None), ("1075", None), ("", None), ("1*3", None), ("10300", None)),
    ],
)
def test_keys(keys: str, value: str | None) -> None:
    assert CLINIC.from_keys(keys, TODAY) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("10:00", "ten o'clock"),
        ("10:30", "half past ten"),
        ("10:15", "quarter past ten"),
        ("10:45", "quarter to eleven"),
        ("10:05", "ten oh five"),
        ("14:20", "two twenty"),
        ("12:00", "noon"),
        ("00:00", "midnight"),
        ("08:00", "eight o'clock"),
        ("20:00", "eight o'clock in the evening"),
    ],
)
def test_spoken(value: str, words: str) -> None:
    assert CLINIC.spoken(value, TODAY) == words
