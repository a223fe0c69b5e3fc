import pytest
from hearing import TODAY, heard, phrases, spans

from parley.assistants.flows.values import make

YES_NO = make("yes_no")

YES = phrases("""
    yes
    yeah
    yep
    yup
    sure
    okay
    fine
    right
    correct
    perfect
    please
    mm hmm
    uh huh
    yes please
    yes that's right
    yes it is
    yes i do
    i do
    i am
    it is
    it does
    i think it is
    i would
    yeah sure why not
    yeah that's fine
    okay that's fine
    okay thank you
    um yes
    oh great
    great thanks
    all right
    all right then
    that's me
    of course
    go ahead
    please do
    please go ahead
    sounds good to me
    that works for me
    that'll be great
    it's fine
    please do that
    that's all right
    that's alright thanks
    that's all correct
    all of it is correct
    i can
    you can
    affirmative
    yes do it
    why not book it
    that would be lovely
    yes that would be lovely thank you very much
    yes that's right thanks
    i guess so
    i believe so
    not a problem
    no problem
    yes we'd like to come with the dog
    yes i have a question
    no wait yes
    no yeah
    Yes.
    Yes, please.
    Yeah, that's correct.
    Sure, go ahead.
    Okay, great!
    That's right.
    Yes, I'd like that.
    Uh-huh.
    YES
    That’s right
""")

NO = phrases("""
    no
    nope
    nah
    no thanks
    no thank you
    no no
    not really
    not at all
    not today
    not yet
    no that's wrong
    no it isn't
    no it's not
    it's not
    i'm not
    no i'm not
    that's not right
    that is not correct
    that's not it
    i don't think so
    no i don't
    i'd rather not
    of course not
    please don't
    that doesn't work for me
    no that's all thank you
    that's all
    nothing else
    no that's it thanks
    no that's fine thank you
    no i'm good
    no way
    don't book it
    no don't do that
    please don't confirm it
    i can't do that
    i did not confirm that
    no i don't that's fine
    do not book it
    not any more
    yes no
    yeah no
    No.
    No, thank you.
    No, that's not right.
    Nope, that's wrong.
    I don't think so.
    No, that's it.
    Not quite.
""")

NEITHER = phrases("""
    hello
    good morning
    good afternoon
    maybe
    okay maybe
    well okay i don't know
    i don't know
    i'm not sure
    not sure
    never mind
    i don't mind
    um
    thank you
    what
    is that right
    right now
    the right one
    i have a question
    i would like to change the time
    i'd like to change the day
    i do have another question
    could you please tell me the address
    okay but can i change the time
    right i need to change the day
    great um how much does it cost
    fine but what about the price
    it is too early for me
    i am anna smith
    i'm not feeling well
    it's not far is it
    tuesday please
    can we do it at eleven instead
    good question
    no one told me
    Okay, but can I change the time?
    Right, so I need a different day.
    yesterday
    nobody
    a noon appointment
""")


@pytest.mark.parametrize("text", YES)
def test_yes(text: str) -> None:
    assert heard(YES_NO, text)[-1:] == [True]


@pytest.mark.parametrize("text", NO)
def test_no(text: str) -> None:
    assert heard(YES_NO, text)[-1:] == [False]


@pytest.mark.parametrize("text", NEITHER)
def test_neither(text: str) -> None:
    """What is not an answer confirms nothing."""
    assert heard(YES_NO, text) == []


def test_what_is_said_in_one_breath_is_one_answer() -> None:
    assert spans(YES_NO, "no, that's wrong. sorry") == ["no, that's wrong"]
    assert spans(YES_NO, "um yes please it is") == ["yes please it is"]
    assert heard(YES_NO, "yes wait no") == [True, False]


def test_keys_and_words() -> None:
    assert [YES_NO.from_keys(keys, TODAY) for keys in ("1", "2", "3", "", "12")] == [
        *(True, False),
        *(None, None, None),
    ]
    assert [YES_NO.spoken(value, TODAY) for value in (True, False)] == ["yes", "no"]
    assert YES_NO.problem(True, TODAY) == ""
    assert "one for yes" in YES_NO.keys_hint
