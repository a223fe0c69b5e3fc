"""Yes or no, in the many ways in which people say it."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from parley.assistants.flows.values.base import Found, Grammar, Value
from parley.assistants.flows.values.phrases import PhraseTable

YES = (
    *("yes", "yeah", "yep", "yup", "ya", "aye", "sure", "sure thing", "okay", "ok", "fine"),
    *("all right", "alright", "right", "correct", "exactly", "absolutely", "certainly"),
    *("definitely", "perfect", "great", "good", "of course", "indeed", "agreed", "true"),
    *("uh huh", "mhm", "mm hmm", "mmhmm", "that's right", "that is right", "that's correct"),
    *("that is correct", "that's it", "that's fine", "that's good", "that's me", "that's perfect"),
    *("that's great", "that works", "works for me", "sounds good", "sounds great", "you bet"),
    *("go ahead", "please do", "do it", "do that", "i do", "i am", "i would", "i will", "i have"),
    *("i'd like that", "i would like that", "i'd love to", "i think so", "i guess so"),
    *("i believe so", "by all means", "no problem", "it is", "it does", "please", "why not"),
    *("happy with that", "you got it", "book it", "confirm", "not a problem", "it's correct"),
    *("it's right", "sounds fine", "sounds right", "looks good", "that'll do", "that will do"),
)
NO = (
    *("no", "nope", "nah", "no thanks", "no thank you", "not really", "not at all", "never"),
    *("incorrect", "wrong", "that's wrong", "that is wrong", "that's not right", "false"),
    *("that is not right", "that's not correct", "that is not correct", "that isn't right"),
    *("that's incorrect", "that isn't correct", "not correct", "not right", "not quite"),
    *("not exactly", "not yet", "not now", "not today", "not me", "of course not", "don't"),
    *("certainly not", "absolutely not", "definitely not", "i don't", "i do not", "i'm not"),
    *("i am not", "i won't", "i wouldn't", "i haven't", "i have not", "i don't think so"),
    *("i do not think so", "i don't want that", "i'd rather not", "i would rather not"),
    *("it isn't", "it is not", "it's not", "it doesn't", "please don't", "rather not"),
    *("don't do that", "that doesn't work", "that won't work", "doesn't work", "uh uh"),
    *("nothing", "no way", "negative", "neither", "it's wrong", "that's not it", "i can't"),
    *("not good", "not okay", "not fine", "not perfect", "not great", "not sure about that"),
)
UNSURE = (
    *("not sure", "i'm not sure", "i am not sure", "i don't know", "i do not know", "maybe"),
    *("no idea", "good morning", "good afternoon", "good evening", "good day", "right now"),
    *("right away", "great question", "good question", "no one", "good bye", "all right so"),
    *("the right", "on the right", "turn right", "please hold", "please wait"),
)
"""Phrases that hold a word of the lists above and say neither."""

_TABLE = PhraseTable(
    [*((p, True) for p in YES), *((p, False) for p in NO), *((p, None) for p in UNSURE)]
)


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes is True."""

    kind: ClassVar[str] = "yes_no"
    keys_hint: ClassVar[str] = "Press one for yes, or two for no."

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        """Find answers; of what is said in one breath ("no, that's wrong") one."""
        found: list[Found] = []
        for phrase in _TABLE.find(text):
            if phrase.value is None:
                continue
            if found and found[-1].value == phrase.value:
                found[-1] = Found(phrase.value, found[-1].start, phrase.end)
            else:
                found.append(Found(phrase.value, phrase.start, phrase.end))
        return tuple(found)

    def grammar(self, today: date) -> Grammar:
        return Grammar(
            "<yes> | <no>",
            {
                "yes": f"/30/ yes | /10/ yeah | /8/ yes please | {' | '.join(YES)}",
                "no": f"/30/ no | /6/ nope | /6/ no thank you | {' | '.join(NO)}",
            },
        )

    def spoken(self, value: Value, today: date) -> str:
        return "yes" if value else "no"

    def problem(self, value: Value, today: date) -> str:
        return ""

    def from_keys(self, keys: str, today: date) -> Value | None:
        return {"1": True, "2": False}.get(keys)
