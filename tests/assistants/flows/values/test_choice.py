import pytest
from hearing import TODAY, heard, phrases, spans, table
from sentences import sentences

from parley.assistants.flows.values import make

WISH = make(
    "choice",
    options={
        "book": ["book an appointment", "an appointment", "see a doctor", "book", "booking"],
        "move": ["move my appointment", "change my appointment", "reschedule"],
        "cancel": ["cancel my appointment", "cancel"],
        "hours": ["opening hours", "when are you open", "what time do you close"],
    },
)
COLOR = make("choice", options={"red": ["red"], "blue": ["the blue one"], "green": ["green"]})
OFFER = make(
    "choice",
    options={"a": ["tuesday at ten"], "b": ["wednesday"], "c": ["half past two"]},
)
NUMBERED = make("choice", options={str(n): [f"room {n}"] for n in range(1, 121)})

WISHES = table("""
    book an appointment                             | book
    i'd like to book an appointment                 | book
    i'd like to make a booking please               | book
    i need an appointment                           | book
    i need to see the doctor                        | book
    hi um can i book something                      | book
    move my appointment                             | move
    i have to move my appointment to friday         | move
    i want to change my appointment                 | move
    can i reschedule                                | move
    rescheduling                                    | move
    it is about moving my appointment               | move
    i was thinking of cancelling it                 | cancel
    can you cancel my wednesday appointment         | cancel
    i'd like to change my wednesday appointment     | move
    no see someone                                  | book
    cancel no see someone                           | cancel book
    cancel my appointment with the doctor           | cancel
    i need to cancel                                | cancel
    cancel my appointment please                    | cancel
    cancel it                                       | cancel
    i need to cancel my appointments                | cancel
    what are your opening hours                     | hours
    when are you open on saturday                   | hours
    what time do you close                          | hours
    the first one                                   | book
    the second                                      | move
    the second one please                           | move
    the second please                               | move
    the second would be good                        | move
    the third then                                  | cancel
    the last one                                    | hours
    the last                                        | hours
    the last one please                             | hours
    number two                                      | move
    number two please                               | move
    option three                                    | cancel
    choice one                                      | book
    the 2nd one                                     | move
    Number 2.                                       | move
    Option 3, please.                               | cancel
    I'd like to book an appointment.                | book
    Cancel, please.                                 | cancel
    I'd like to see a doctor.                       | book
    not cancel                                      |
    i don't want to cancel                          |
    i can't book                                    |
    no book                                         | book
    cancel no i meant move my appointment           | cancel move
    the fifth one                                   |
    number nine                                     |
    at the last minute                              |
    hello                                           |
    last week                                       |
    just a second                                   |
    my second child                                 |
""")


@pytest.mark.parametrize(("text", "wanted"), WISHES)
def test_wishes(text: str, wanted: str) -> None:
    assert list(dict.fromkeys(heard(WISH, text))) == wanted.split()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("blue", "blue"),
        ("the blue one", "blue"),
        ("the red one please", "red"),
        ("Green!", "green"),
    ],
)
def test_a_word_that_only_one_option_has_names_it(text: str, wanted: str) -> None:
    assert heard(COLOR, text) == [wanted]


def test_a_letter_more_or_less_is_forgiven_in_long_words() -> None:
    assert heard(WISH, "cancell my apointment") == ["cancel"]
    assert heard(COLOR, "bred") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tuesday", "a"),
        ("the one on tuesday", "a"),
        ("Wednesday, please.", "b"),
        ("december second", "b"),
        ("2:30 works", "c"),
        ("two thirty", "c"),
        ("fourteen thirty", "c"),
        ("the last one", "c"),
    ],
)
def test_days_and_times_are_known_in_any_form(text: str, wanted: str) -> None:
    assert heard(OFFER, text) == [wanted]


DESK = make(
    "choice",
    options={
        "book": ["book an appointment", "come in"],
        "hours": ["when are you open", "what time do you close"],
        "nothing": ["no", "that is all", "i'm fine", "nothing else"],
        "cancel": ["cancel it", "call off my appointment"],
    },
)


@pytest.mark.parametrize(
    "text",
    phrases("""
    i'm anna smith
    i've been calling all day
    friday is fine
    could you help me
    what should i bring
    how are you
    do you take insurance
    i have something else to ask
    you are right
    can you move it
    could you call me back
    what time is it
    """),
)
def test_words_that_are_in_every_other_sentence_name_no_option(text: str) -> None:
    assert heard(DESK, text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("are you open on sunday", "hours"),
        ("that is all", "nothing"),
        ("i'm fine thanks", "nothing"),
        ("no nothing else", "nothing"),
        ("could i come in tomorrow", "book"),
        ("i'd like to call off my appointment", "cancel"),
    ],
)
def test_but_whole_phrases_do(text: str, wanted: str) -> None:
    assert set(heard(DESK, text)) == {wanted}


def test_the_words_of_a_choice() -> None:
    assert spans(WISH, "yes the second one please") == ["second one"]
    assert spans(WISH, "I'd like to cancel my appointment.") == ["cancel my appointment"]


@pytest.mark.parametrize(
    "phrase",
    phrases("""
    the last one
    the last
    the first one
    the second
    number two
    option two
    book an appointment
    i'd like to book an appointment
    """),
)
def test_places_are_listened_for(phrase: str) -> None:
    assert phrase in {" ".join(said) for said in sentences(WISH, 5000)}


def test_long_lists_have_places_too() -> None:
    assert NUMBERED.grammar(TODAY)
    assert heard(NUMBERED, "room one hundred") == []
    assert heard(NUMBERED, "room 100") == ["100"]


def test_keys() -> None:
    assert [WISH.from_keys(keys, TODAY) for keys in ("1", "4", "5", "0", "", "1#", "1" * 5000)] == [
        *("book", "hours"),
        *[None] * 5,
    ]
    assert NUMBERED.from_keys("120", TODAY) == "120"
    assert COLOR.keys_hint == "Press one for red, two for the blue one, three for green."


def test_spoken_and_problems() -> None:
    assert WISH.spoken("move", TODAY) == "move my appointment"
    assert WISH.problem("move", TODAY) == ""
    assert WISH.problem("fly", TODAY) == "That is not one of the options."
