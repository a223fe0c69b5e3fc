import pytest
from hearing import TODAY, heard, spans, table

from parley.assistants.flows.values import make
from parley.assistants.flows.values.name import Name

NAME = make("name")

NAMES = table("""
    anna smith                                      | Anna Smith
    anna                                            | Anna
    smith                                           | Smith
    um anna smith                                   | Anna Smith
    my name is anna smith                           | Anna Smith
    my name's anna smith                            | Anna Smith
    hi my name is anna smith                        | Anna Smith
    oh hi um my name is anna smith i called yesterday | Anna Smith
    the name is anna smith                          | Anna Smith
    it's anna smith                                 | Anna Smith
    it is anna smith                                | Anna Smith
    this is anna smith                              | Anna Smith
    i'm anna smith                                  | Anna Smith
    i am anna smith thank you                       | Anna Smith
    anna smith please                               | Anna Smith
    yes anna smith                                  | Anna Smith
    it's for anna smith                             | Anna Smith
    it's under smith                                | Smith
    mrs smith                                       | Smith
    my name is mr john brown                        | John Brown
    doctor john brown                               | John Brown
    my first name is anna                           | Anna
    last name smith                                 | Smith
    my last name is brown                           | Brown
    call me bill                                    | Bill
    mary ann jones                                  | Mary Ann Jones
    john long                                       | John Long
    john o'brien                                    | John O'Brien
    sarah mcdonald                                  | Sarah McDonald
    my name is may long                             | May Long
    april                                           | April
    um will please                                  | Will
    my name is will                                 | Will
    white please                                    | White
    anna smith here                                 | Anna Smith
    anna kowalczyk                                  | Anna Kowalczyk
    Anna Kowalczyk.                                 | Anna Kowalczyk
    Hi, Anna Kowalczyk here, I called before.       | Anna Kowalczyk
    first name anna last name smith                 | Anna Smith
    a n n a s m i t h                               | Anna Smith
    hm                                              |
    everything                                      |
    the last name is smith and the first name is anna | Anna Smith
    my surname is smith first name anna             | Anna Smith
    Smith with a y.                                 | Smith
    my name is siobhan quill                        | Siobhan Quill
    it's smith spelled s m i t h                    | Smith
    anna smith that's b r o w n                     | Anna Smith Brown
    my name is anna smit s m i t h                  | Anna Smith
    Anna Smith, that's S M Y T H.                   | Anna Smyth
    s m i t h                                       | Smith
    s as in sugar m i t h                           | Smith
    b e double t y                                  | Betty
    no bob smith                                    | Bob Smith
    no anna brown                                   | Anna Brown
    anna smith no anna brown                        | Anna Smith Anna Brown
    not anna                                        |
    i meant bob                                     | Bob
    Anna Smith                                      | Anna Smith
    Anna Smith.                                     | Anna Smith
    My name is Anna Smith.                          | Anna Smith
    Hi, this is Anna Smith.                         | Anna Smith
    It's Siobhan Quill.                             | Siobhan Quill
    My name is Siobhán Ní Dhónaill.                 | Siobhán Ní Dhónaill
    I'm Zoë O’Connor.                               | Zoë O'Connor
    This is Ludwig van der Berg.                    | Ludwig Van Der Berg
    My name is Priya Raghunathan, I called yesterday. | Priya Raghunathan
    It's for my daughter, Emma Brown.               | Emma Brown
    Smith, S-M-I-T-H.                               | Smith
    no                                              |
    never mind                                      |
    parking                                         |
    a different time                                |
    yes                                             |
    hello                                           |
    thank you very much                             |
    on tuesday please                               |
    ten thirty                                      |
    may i ask something                             |
    i'd like to book an appointment                 |
    will you be open on monday                      |
    what do you mean by that                        |
    good morning                                    |
    i am not sure                                   |
""")


@pytest.mark.parametrize(("text", "wanted"), NAMES)
def test_names(text: str, wanted: str) -> None:
    assert " ".join(str(name) for name in heard(NAME, text)) == wanted


def test_two_names_are_two_values() -> None:
    assert heard(NAME, "anna smith no anna brown") == ["Anna Smith", "Anna Brown"]
    assert heard(NAME, "Anna Smith. No, Anna Brown.") == ["Anna Smith", "Anna Brown"]
    assert heard(NAME, "It's for Anna. Smith is on holiday.") == ["Anna", "Smith"]


# Spelled


SPELLED = table("""
    g e o r g e                          | George
    g o r g e                            | George
    n i l l e r                          | Miller
    my name is anna s m i t t h          | Anna Smith
    john b r o w n                       | John Brown
    h a well l                           | Hall
    thomas t a y l o are                 | Thomas Taylor
    double u h i t e                     | White
    x x q z v                            | Xxqzv
    Anna S M Y T H                       | Anna Smyth
    a m                                  |
""")


@pytest.mark.parametrize(("text", "wanted"), SPELLED)
def test_what_is_spelled_is_the_known_name_that_sounds_most_like_it(text: str, wanted: str) -> None:
    assert " ".join(str(name) for name in heard(NAME, text)) == wanted


REFUSED = [
    (["Emma Smith"], "s m i t h", "Emma Smith"),
    (["Emma Smith"], "b r o w n", "Emma Brown"),
    (["Emma Smith"], "brown", "Emma Brown"),
    (["Emma Smith"], "my name is anna lee", "Anna Lee"),
    (["Emma Smith"] * 2, "a n n a", "Anna Smith"),
    (["Emma Smith"] * 2, "anna", "Anna Smith"),
    (["Emma Smith"] * 2, "m n n a", "Anna Smith"),
    (["Michael"], "y o u n g", "Michael Young"),
    (["Young"], "y o u n g", "Young"),
    (["Young"] * 2, "m i c h a e l", "Michael Young"),
]


@pytest.mark.parametrize(("refused", "text", "wanted"), REFUSED)
def test_a_part_that_is_spelled_takes_its_place(refused: list[str], text: str, wanted: str) -> None:
    assert heard(Name().without(refused), text) == [wanted]


def test_once_both_parts_were_spelled_what_was_refused_is_not_taken_again() -> None:
    refused = ["Kate Barber", "Kate Barker"]
    assert heard(Name().without(refused[:1]), "b a n r k e r") == ["Kate Barker"]
    assert heard(Name().without(refused), "k a t e") == ["Kate Barker"]
    assert heard(Name().without([*refused, "Kate Barker"]), "b a n r k e r") == ["Kate Parker"]
    assert heard(Name().without(["Howard"]), "h o w e a r g") == ["Howard"]
    assert heard(Name().without(["Howard", "Howard"]), "r u t h") == ["Ruth Howard"]


@pytest.mark.parametrize(
    ("refused", "first", "then"),
    [([], "a n n a", "s m i t h"), (["Emma Smith"] * 2, "s m i t h", "a n n a")],
)
def test_the_part_to_be_spelled_is_listened_for(refused: list[str], first: str, then: str) -> None:
    grammar = Name().without(refused).grammar(TODAY)
    known = grammar.rules["known"].split(" | ")
    assert (first in known, then in known) == (False, True)
    assert grammar.alone is bool(refused)


def test_the_words_of_a_name() -> None:
    assert spans(NAME, "hello my name is anna smith thank you") == ["anna smith"]
    assert spans(NAME, "It's Anna Smith, S-M-Y-T-H.") == ["Anna Smith, S-M-Y-T-H"]


def test_there_are_no_keys_and_nothing_is_wrong_with_a_name() -> None:
    assert NAME.from_keys("1234", TODAY) is None
    assert NAME.keys_hint == ""
    assert NAME.problem("Anna Smith", TODAY) == ""
    assert NAME.spoken("Anna Smith", TODAY) == "Anna Smith"
