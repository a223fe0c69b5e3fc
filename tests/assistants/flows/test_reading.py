"""What callers say to a clinic's front desk is read; a jumble of its words is not."""

from typing import Any

import pytest
from talks import TODAY

from parley.assistants.flows.reading import Reading, read
from parley.assistants.flows.values import ValueType, make

WISHES = {
    "book": ["book an appointment", "an appointment", "see a doctor", "book", "come in"],
    "move": ["move my appointment", "change my appointment", "reschedule"],
    "cancel": ["cancel my appointment", "cancel"],
    "hours": ["when are you open", "opening hours"],
    "nothing": ["no thank you", "no", "that is all"],
}
KINDS: dict[str, ValueType] = {
    "sure": make("yes_no"),
    "day": make("date"),
    "wish": make("choice", options=WISHES),
    "time": make("time"),
    "name": make("name"),
    "count": make("number", max=20),
    "phone": make("number", digits=7),
}
REMARKS = {
    "bye": ["goodbye", "bye"],
    "help": ["help", "what can i say"],
    "where": ["where are you", "what is your address"],
    "wait": ["hold on", "wait"],
}


def reading(text: str, *asked: str) -> Reading:
    return read(text, {name: KINDS[name] for name in asked}, REMARKS, TODAY)


def values(text: str, *asked: str) -> dict[str, Any]:
    return dict(reading(text, *asked).values)


YES = """
yes
yes that would be lovely thank you very much
yeah that's right thanks
yes that's right thank you so much for your help
um yes i think so
oh yes please that would be great
yes i think that would work for me
well yes i suppose that is fine
okay yes please book that for me
yes that is correct thank you
mm hmm that works
Yes, that would be lovely, thank you very much.
Yes. We'd love to come along with the kids and the dog, if there is room for all of us.
Sure, go ahead and do that.
Yes, please. And thank you so much for all the help that you have given us today.
"""

NO = """
no
no thank you very much
no that's not right
um no i don't think so
no sorry that's not what i said
oh no that doesn't work for me
no i'd rather not thank you
No. I said that I wanted to come in the week after my holidays with my mother.
"""


@pytest.mark.parametrize("text", YES.strip().splitlines())
def test_a_yes(text: str) -> None:
    assert values(text, "sure") == {"sure": True}


@pytest.mark.parametrize("text", NO.strip().splitlines())
def test_a_no(text: str) -> None:
    assert values(text, "sure") == {"sure": False}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no actually i think i'd rather come on thursday", {"sure": False, "day": "2026-12-03"}),
        ("no at eleven please", {"sure": False, "time": "11:00"}),
        ("no i meant tuesday at ten", {"sure": False, "day": "2026-12-01", "time": "10:00"}),
        ("No, it should be Wednesday.", {"sure": False, "day": "2026-12-02"}),
        ("could we make it half past two instead", {"time": "14:30"}),
        ("actually thursday would be better", {"day": "2026-12-03"}),
        ("yes tuesday at ten is good", {"sure": True, "day": "2026-12-01", "time": "10:00"}),
    ],
)
def test_corrections_where_something_is_confirmed(text: str, wanted: dict[str, Any]) -> None:
    assert values(text, "sure", "day", "time") == wanted


COUNTS = """
three|3
there will be three of us|3
um it's for three people|3
i think there will be four of us in total|4
it would be two adults please|2
just me so one|1
well there are about five of us altogether|5
we're a party of six|6
There'll be 4 of us, I think.|4
"""


@pytest.mark.parametrize("row", COUNTS.strip().splitlines())
def test_a_count(row: str) -> None:
    text, _, wanted = row.partition("|")
    assert values(text, "count") == {"count": int(wanted)}


NAMES = """
anna smith|Anna Smith
oh hi um my name is anna smith i called yesterday|Anna Smith
my name is anna smith and i'm calling about my son|Anna Smith
yes hello this is anna smith speaking|Anna Smith
yes this is anna smith i was in last week with a broken tooth and you said to call back|Anna Smith
my name is anna smith and a friend of mine has been going to your clinic for years|Anna Smith
it's for anna smith please|Anna Smith
the name is smith anna smith|Smith Anna Smith
it's anna smith that's s m i t h|Anna Smith
Hi, this is Anna Smith, I called yesterday about the appointment for my mother.|Anna Smith
My name's Siobhan Quill.|Siobhan Quill
"""


@pytest.mark.parametrize("row", NAMES.strip().splitlines())
def test_a_name(row: str) -> None:
    text, _, wanted = row.partition("|")
    assert values(text, "name") == {"name": wanted}


DAYS_AND_TIMES = """
tuesday|2026-12-01
could i come on tuesday|2026-12-01
i was wondering if you might have anything left for my husband and me on tuesday|2026-12-01
hi i was hoping that somebody could see my little boy tomorrow morning|2026-11-29
the doctor said that i should come back for a check in two weeks|2026-12-12
my husband can drive me week on friday|2026-12-11
do you have anything next tuesday at half past ten|2026-12-01 10:30
maybe at ten|10:00
i could get there after my shift which would be around four|16:00
is there any chance that you could squeeze me in at two thirty|14:30
ten would be good|10:00
I'd like to come on Tuesday, December 1st, at 10:30, if that's at all possible.|2026-12-01 10:30
"""


@pytest.mark.parametrize("row", DAYS_AND_TIMES.strip().splitlines())
def test_a_day_and_a_time(row: str) -> None:
    text, _, wanted = row.partition("|")
    assert " ".join(map(str, values(text, "day", "time").values())) == wanted


WISHED = """
i'd like to book an appointment please|book
hello um i was wondering if i could make an appointment with the doctor|book
hi my tooth has been hurting all night and i need to see a doctor|book
i can't make it any more so i have to cancel my appointment|cancel
i'm afraid i need to cancel|cancel
something came up at work so i would like to change my appointment|move
cancel it please|cancel
no thank you|nothing
no that is all thank you|nothing
hi could you tell me when you are open|hours
Hi, I'm calling because I need to cancel, my son is ill.|cancel
"""


@pytest.mark.parametrize("row", WISHED.strip().splitlines())
def test_a_wish(row: str) -> None:
    text, _, wanted = row.partition("|")
    assert values(text, "wish") == {"wish": wanted}


JUMBLES = """
the right of a one and so the four he no that what eleven
what a in the yes of an eight for the he long with
we the seven an or of yes the when her it a
of the and yes an eight the may of an a in her
in the four or the long of an what he was a to
long the in a of march and yes he what the with an or
the book of a no he in the what an eleven or and the
or he an the yes he what in a or the of he had
with an eight the no when or in the he of what a
he the in a smith of the and what or when he had an
the in a of this is smith and the or what he had when an
"""


@pytest.mark.parametrize("text", JUMBLES.strip().splitlines())
@pytest.mark.parametrize("asked", ["sure", "count", "name", "wish", "time", "phone"])
def test_a_jumble_is_no_answer(text: str, asked: str) -> None:
    assert reading(text, asked) == Reading()


def test_a_jumble_between_stops_is_judged_by_itself() -> None:
    text = "He was in the yes of the eight. Yes."
    assert values(text, "sure") == {"sure": True}
    assert values("He was in the yes of an eight long with. Hm.", "sure") == {}


def test_a_remark_of_one_word_must_be_most_of_what_is_said() -> None:
    assert reading("okay goodbye then", "day").remark == "bye"
    assert reading("um help please", "day").remark == "help"
    assert reading("okay bye see you all soon", "day").remark == "bye"
    said = "i said goodbye to my old dentist and he took all the pictures with him"
    assert reading(said, "day") == Reading()


def test_a_remark_of_several_words_may_stand_in_a_long_sentence() -> None:
    said = "i have been driving around for half the morning so where are you"
    assert reading(said, "sure").remark == "where"


def test_what_explains_more_of_the_sentence_wins() -> None:
    assert reading("where are you on tuesday the first of december", "day").values
    assert reading("what is your address tuesday", "day").remark == "where"
    assert reading("sure wait", "sure").remark == "wait"


def test_the_slot_that_comes_first_has_the_first_choice_of_the_words() -> None:
    assert values("ten", "time", "count") == {"time": "10:00"}
    assert values("ten", "count", "time") == {"count": 10}


def test_the_last_of_several_counts_but_of_numbers_only_where_it_is_a_correction() -> None:
    assert values("tuesday or wednesday", "day") == {"day": "2026-12-02"}
    assert values("three people at four", "count", "time") == {"count": 3, "time": "16:00"}
    assert values("three no four people", "count") == {"count": 4}
