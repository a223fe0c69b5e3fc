from datetime import date

import pytest
from hearing import TODAY, heard, spans, table

from parley.assistants.flows.values import make

DAY = make("date")
BIRTHDAY = make("date", earliest_days=-40_000, latest_days=0)
EUROPEAN = make("date", day_first=True)

DAYS = table("""
    today                                       | 2026-11-28
    tonight                                     | 2026-11-28
    tomorrow                                    | 2026-11-29
    tomorrow morning                            | 2026-11-29
    the day after tomorrow                      | 2026-11-30
    day after tomorrow                          | 2026-11-30
    yesterday                                   |
    i called yesterday about tuesday            | 2026-12-01
    the day before yesterday                    |
    tuesday                                     | 2026-12-01
    on tuesday                                  | 2026-12-01
    um tuesday please                           | 2026-12-01
    this tuesday                                | 2026-12-01
    this coming tuesday                         | 2026-12-01
    next tuesday                                | 2026-12-01
    tuesday next week                           | 2026-12-01
    next week on tuesday                        | 2026-12-01
    next week tuesday                           | 2026-12-01
    tuesday of next week                        | 2026-12-01
    saturday                                    | 2026-12-05
    this saturday                               | 2026-11-28
    next saturday                               | 2026-12-05
    last friday                                 |
    the first monday in january                 | 2027-01-04
    first monday of january                     | 2027-01-04
    the second tuesday in december              | 2026-12-08
    the last friday of december                 | 2026-12-25
    the fifth monday in november                | 2026-11-30
    the first sunday in november                | 2027-11-07
    tuesday after next                          | 2026-12-08
    tuesday week                                | 2026-12-08
    a week on tuesday                           | 2026-12-08
    a week from tuesday                         | 2026-12-08
    week on tuesday                             | 2026-12-08
    week from tuesday                           | 2026-12-08
    um week on friday please                    | 2026-12-11
    week from monday at ten                     | 2026-12-07
    maybe week from today                       | 2026-12-05
    week from tomorrow                          | 2026-12-06
    week from now                               | 2026-12-05
    fortnight on friday                         | 2026-12-18
    a fortnight on friday                       | 2026-12-18
    this week on tuesday                        | 2026-12-01
    the week after next on tuesday              | 2026-12-08
    tuesday the week after next                 | 2026-12-08
    tuesday in the week after next              | 2026-12-08
    in a week                                   | 2026-12-05
    in one week                                 | 2026-12-05
    in two weeks                                | 2026-12-12
    in two weeks' time                          | 2026-12-12
    two weeks from now                          | 2026-12-12
    two weeks from tuesday                      | 2026-12-15
    in three days                               | 2026-12-01
    three days from now                         | 2026-12-01
    in a couple of days                         | 2026-11-30
    in a fortnight                              | 2026-12-12
    in a month                                  | 2026-12-28
    in three months                             | 2027-02-28
    december third                              | 2026-12-03
    december the third                          | 2026-12-03
    the third of december                       | 2026-12-03
    third of december                           | 2026-12-03
    third december                              | 2026-12-03
    on the third                                | 2026-12-03
    the third                                   | 2026-12-03
    third                                       | 2026-12-03
    the thirty first                            | 2026-12-31
    on the twenty eighth                        | 2026-11-28
    the twenty seventh                          | 2026-12-27
    tuesday december first                      | 2026-12-01
    tuesday the first of december               | 2026-12-01
    tuesday the first                           | 2026-12-01
    tuesday the eighth                          | 2026-12-08
    january fifteenth                           | 2027-01-15
    november twenty seventh                     | 2027-11-27
    february twenty ninth                       | 2028-02-29
    the third of december twenty twenty six     | 2026-12-03
    december three                              | 2026-12-03
    three december                              | 2026-12-03
    may the fourth                              | 2027-05-04
    do you have anything on thursday            | 2026-12-03
    could i come on monday morning              | 2026-11-30
    i'd rather come on thursday                 | 2026-12-03
    how about next wednesday                    | 2026-12-02
    not tuesday                                 |
    not on tuesday                              |
    i can't do tuesday                          |
    not tuesday wednesday                       | 2026-12-02
    no wednesday                                | 2026-12-02
    tuesday no wednesday                        | 2026-12-01 2026-12-02
    tuesday i mean wednesday                    | 2026-12-01 2026-12-02
    tuesday or wednesday                        | 2026-12-01 2026-12-02
    any day except friday                       |
    tuesday doesn't work                        |
    tuesday won't work how about wednesday      | 2026-12-02
    Tuesday is no good, Wednesday is better.    | 2026-12-02
    wednesday rather than tuesday               | 2026-12-02
    tuesday works                               | 2026-12-01
    tuesday doesn't sound bad                   | 2026-12-01
    any day but friday                          |
    it doesn't have to be friday                |
    Tuesday.                                    | 2026-12-01
    Next Tuesday, please.                       | 2026-12-01
    Tue                                         | 2026-12-01
    Mon                                         | 2026-11-30
    Wed, please                                 | 2026-12-02
    December 3rd.                               | 2026-12-03
    December 3                                  | 2026-12-03
    Dec. 3rd                                    | 2026-12-03
    December 3rd, 2026                          | 2026-12-03
    3 December 2026                             | 2026-12-03
    the 3rd of December                         | 2026-12-03
    On the 3rd.                                 | 2026-12-03
    12/3                                        | 2026-12-03
    12/3/2026                                   | 2026-12-03
    12/3/26                                     | 2026-12-03
    25/12/2026                                  | 2026-12-25
    13/12/2026                                  | 2026-12-13
    3.12.2026                                   | 2026-12-03
    2026-12-03                                  | 2026-12-03
    Tuesday, December 1st at 10:30.             | 2026-12-01
    In 2 weeks.                                 | 2026-12-12
    february thirtieth                          |
    13/13/2026                                  |
    the first one                               |
    the second option                           |
    just a second                               |
    one second please                           |
    i may come later                            |
    may i ask something                         |
    he sat down with the sun out                |
    next week                                   |
    a week                                      |
    twice a week                                |
    once a week on fridays                      |
    ten thirty                                  |
    how are you today                           |
    hi how are you doing today                  |
    i'm calling today about my appointment      |
    can i see you today                         | 2026-11-28
    are you open today                          | 2026-11-28
    hello                                       |
""")


@pytest.mark.parametrize(("text", "wanted"), DAYS)
def test_days(text: str, wanted: str) -> None:
    assert heard(DAY, text) == wanted.split()


def test_on_a_friday() -> None:
    friday = date(2026, 11, 27)
    wanted = {
        "friday": "2026-12-04",
        "this friday": "2026-11-27",
        "next friday": "2026-12-04",
        "friday week": "2026-12-11",
        "monday": "2026-11-30",
        "next monday": "2026-11-30",
        "this week on friday": "2026-12-04",
    }
    found = {text: [f.value for f in DAY.find(text, friday)] for text in wanted}
    assert found == {text: [day] for text, day in wanted.items()}


def test_a_month_that_is_too_short_ends_earlier() -> None:
    assert [f.value for f in DAY.find("in a month", date(2027, 1, 31))] == ["2027-02-28"]


def test_in_the_middle_of_a_week_next_friday_is_the_one_of_next_week() -> None:
    wednesday = date(2026, 11, 25)
    texts = ("friday", "this friday", "next friday", "friday next week", "last friday")
    days = ["2026-11-27", "2026-11-27", "2026-12-04", "2026-12-04", "2026-11-20"]
    kind = make("date", earliest_days=-30)
    assert [f.value for text in texts for f in kind.find(text, wednesday)] == days


def test_the_day_may_stand_first_in_digits() -> None:
    assert heard(EUROPEAN, "3/12/2026") == ["2026-12-03"]
    assert heard(EUROPEAN, "12/25/2026") == ["2026-12-25"]
    assert heard(DAY, "3/12/2027") == ["2027-03-12"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("the third of march nineteen eighty five", "1985-03-03"),
        ("march third nineteen eighty five", "1985-03-03"),
        ("march 3rd, 1985", "1985-03-03"),
        ("3/3/1985", "1985-03-03"),
        ("may fourth two thousand and five", "2005-05-04"),
        ("december third", "2025-12-03"),
        ("november twenty eighth", "2026-11-28"),
        ("yesterday", "2026-11-27"),
        ("the day before yesterday", "2026-11-26"),
        ("last saturday", "2026-11-21"),
    ],
)
def test_where_only_past_days_are_wanted_it_is_the_last_such_day(text: str, wanted: str) -> None:
    assert heard(BIRTHDAY, text) == [wanted]


def test_the_words_of_a_day() -> None:
    text = "could I come on Tuesday, the first of December, at ten?"
    assert spans(DAY, text) == ["Tuesday, the first of December"]
    assert spans(DAY, "um week on friday then") == ["week on friday"]
    assert spans(DAY, "friday of next week please") == ["friday of next week"]


@pytest.mark.parametrize(
    ("settings", "value", "problem"),
    [
        ({}, "2026-11-28", ""),
        ({}, "2026-11-27", "That day has passed."),
        ({"latest_days": 7}, "2026-12-05", ""),
        (
            {"latest_days": 7},
            "2026-12-06",
            "The last day that I can take is Saturday, December fifth.",
        ),
        (
            {"earliest_days": 1},
            "2026-11-28",
            "The first day that I can take is Sunday, November twenty ninth.",
        ),
        ({"earliest_days": 1}, "2026-11-27", "That day has passed."),
        (
            {"earliest_days": -7, "latest_days": 0},
            "2026-11-20",
            "The first day that I can take is Saturday, November twenty first.",
        ),
        ({"earliest_days": -7, "latest_days": 0}, "2026-11-21", ""),
    ],
)
def test_problems(settings: dict[str, int], value: str, problem: str) -> None:
    assert make("date", **settings).problem(value, TODAY) == problem


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        *(("1203", "2026-12-03"), ("103", "2027-01-03"), ("1128", "2026-11-28")),
        *(("0229", "2028-02-29"), ("0230", None), ("1301", None), ("0000", None)),
        *(("", None), ("12", None), ("12*3", None), ("12032026", None)),
    ],
)
def test_keys(keys: str, value: str | None) -> None:
    assert DAY.from_keys(keys, TODAY) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-12-01", "Tuesday, December first"),
        ("2026-11-28", "Saturday, November twenty eighth"),
        ("2027-11-27", "Saturday, November twenty seventh"),
        ("2027-11-28", "Sunday, November twenty eighth, twenty twenty seven"),
        ("2026-11-27", "Friday, November twenty seventh, twenty twenty six"),
    ],
)
def test_spoken(value: str, words: str) -> None:
    assert DAY.spoken(value, TODAY) == words
