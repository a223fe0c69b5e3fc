"""Yes or no, in the many ways in which people say it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from parley.assistants.flows.values.base import Found, Grammar, Value
from parley.assistants.flows.values.phrases import PhraseTable, heard_words, listed
from parley.assistants.flows.values.tokens import Token, tokens, words

_WELL = listed(
    "fine | good | great | okay | right | correct | perfect | all right | alright | all correct"
)
YES = (
    *listed(
        """
        yes | yeah | yea | yep | yup | ya | aye | sure | sure thing | fine with me | fine by me
        | correct | exactly | perfect | wonderful | absolutely | certainly | definitely
        | of course | indeed | agreed | uh huh | mhm | mm hmm | mmhmm | that's me | that's true
        | that works | that would work | that'll work | works for me | sounds good | sounds great
        | sounds fine | sounds right | sounds perfect | sounds like a plan | looks good
        | looks right | you bet | go ahead | please do | let's do that | let's do it
        | i'd like that | i would like that | i'd love to | i'd love that | i think so
        | i guess so | i believe so | i suppose so | by all means | no problem | not a problem
        | why not | happy with that | i'm happy with that | you got it | book it | confirm
        | that'll do | that will do | good for me | good to go | all good | all right then
        | affirmative
        """
    ),
    *(f"{that} {well}" for that in ("that's", "that is", "it's", "it is") for well in _WELL),
    *(
        f"{that} be {well}"
        for that in ("that would", "that'd", "that will", "that'll", "it would")
        for well in (*_WELL, "lovely", "nice", "wonderful")
    ),
)
NO = (
    *listed(
        """
        no | nope | nah | no thanks | no thank you | not really | not at all | never | incorrect
        | wrong | that's wrong | that is wrong | it's wrong | false | that's incorrect | not quite
        | not exactly | not yet | not now | not today | not me | of course not | don't
        | certainly not | absolutely not | definitely not | i don't | i do not | i won't
        | i wouldn't | i haven't | i have not | i don't think so | i do not think so
        | i don't want that | i'd rather not | i would rather not | it isn't | it doesn't
        | please don't | rather not | don't do that | that doesn't work | that won't work
        | doesn't work | uh uh | nothing | no way | negative | neither | that's not it | i can't
        | i'm afraid not | not anymore | not any more | do not | nothing else | that's all
        | that is all | that will be all | that'll be all | that's everything | i'm good
        | i'm fine | i'm all set | no that's it
        """
    ),
    *(
        f"{that} {well}"
        for that in ("not", "that's not", "that is not", "that isn't", "it's not", "it isn't")
        for well in _WELL
    ),
    *(f"no {that} {well}" for that in ("that's", "it's") for well in _WELL[:4]),
)
WEAK_YES = listed(
    """
    okay | ok | fine | all right | alright | right | great | good | true | please | lovely | do it
    | do that | i do | i am | i would | i will | i have | i can | i want to | i want that
    | you can | you may | it is | it does
    """
)
WEAK_NO = listed("i'm not | i am not | it is not | it's not")
"""These open other sentences as well ("okay but", "i have a question"): they answer only
where they stand by themselves or among the words of another answer."""

COURTESY = listed(
    """
    um | uh | er | oh | ah | well | so | and | then | thanks | thank you | very much | really
    | now | actually | just | i think | i guess | i believe | i suppose | with me | for me | to me
    | that | that's it | too
    """
)
"""What is said around an answer."""

UNSURE = listed(
    """
    not sure | i'm not sure | i am not sure | i don't know | i do not know | not sure about that
    | maybe | no idea | good morning | good afternoon | good evening | good day | right now
    | right away | great question | good question | no one | good bye | all right so | the right
    | on the right | turn right | please hold | please wait | never mind | i don't mind
    | i do not mind | i don't care | am i right | is that right | is that correct | is it correct
    | is that true
    """
)
"""Phrases that hold a word of the lists above and say neither."""

_SAYS = {True: (YES, WEAK_YES), False: (NO, WEAK_NO), None: (COURTESY, UNSURE)}
_TABLE = PhraseTable[bool | None](
    (phrase, value) for value, lists in _SAYS.items() for each in lists for phrase in each
)
_NEGATIONS = frozenset("not don't can't cannot won't didn't doesn't isn't".split())
_WEAK = frozenset(words(phrase) for phrase in WEAK_YES + WEAK_NO)
_UNSURE = frozenset(words(phrase) for phrase in UNSURE)

_Said = tuple[bool | None, int, int]
"""What a phrase says, and the indices [start, end) of its words."""


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes is True."""

    kind: ClassVar[str] = "yes_no"
    keys_hint: ClassVar[str] = "Press one for yes, or two for no."

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        """Find answers; of what is said in one breath ("no, that's wrong") one."""
        found: list[Found] = []
        for answer in _answers(text):
            if found and found[-1].value == answer.value:
                found[-1] = Found(answer.value, found[-1].start, answer.end)
            else:
                found.append(answer)
        return tuple(found)

    def grammar(self, today: date) -> Grammar:
        return Grammar(
            "/20/ <yes> | /20/ <no> | <weak>",
            {
                "weak": " | ".join(WEAK_YES + WEAK_NO),
                "yes": f"/60/ yes | /20/ yeah | /16/ yes please | {' | '.join(YES)}",
                "no": f"/45/ no | /9/ nope | /9/ no thank you | {' | '.join(NO)}",
            },
        )

    def spoken(self, value: Value, today: date) -> str:
        return "yes" if value else "no"

    def problem(self, value: Value, today: date) -> str:
        return ""

    def from_keys(self, keys: str, today: date) -> Value | None:
        return {"1": True, "2": False}.get(keys)


def _answers(text: str) -> Iterator[Found]:
    """Every answer; a weak one only with others that say the same, or as all that is said."""
    heard = tokens(text)
    for run, whole in _runs(heard):
        strong = {value for value, start, end in run if heard_words(heard, start, end) not in _WEAK}
        for value, start, end in run:
            if value is None:
                continue
            weak = heard_words(heard, start, end) in _WEAK
            if value and start and _denies(heard, start - 1):
                yield Found(False, heard[start - 1].start, heard[end - 1].end)
            elif not weak or whole or value in strong:
                yield Found(value, heard[start].start, heard[end - 1].end)


def _denies(heard: Sequence[Token], at: int) -> bool:
    """Whether a word turns the yes behind it into a no: "don't book it"."""
    return heard[at].word in _NEGATIONS and (not at or heard[at - 1].word != "why")


def _runs(heard: Sequence[Token]) -> Iterator[tuple[list[_Said], bool]]:
    """Phrases without other words between them, and whether they are all that is said."""
    run: list[_Said] = []
    whole = True
    at = 0
    while at < len(heard):
        size = _TABLE.size_at(heard, at)
        if size and heard_words(heard, at, at + size) not in _UNSURE:
            run.append((_TABLE.value_at(heard, at), at, at + size))
        else:
            yield run, False
            run, whole = [], False
        at += size or 1
    yield run, whole
