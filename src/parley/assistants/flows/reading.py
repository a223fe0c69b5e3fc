"""What a caller's sentence says, given what may be said at this point of a flow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from parley.assistants.flows.values import Found, Value, ValueType, correction
from parley.assistants.flows.values.phrases import PhraseTable, heard_words, listed
from parley.assistants.flows.values.tokens import Token, tokens, words

SLACK = 2
"""So many words more than those that are explained may be unexplained."""

PLAIN_KINDS = ("yes_no", "number", "name")
"""Their values are single, common words: any jumble holds one."""

_BEFORE = frozenset(words("at on for to around about by before after from until till past"))
"""A word behind one of these was meant: "at ten", "to cancel"."""

_POLITE = PhraseTable[None](
    (phrase, None)
    for phrase in listed(
        """
        um | uh | er | erm | hm | hmm | mm | oh | ah | well | okay | ok | so | hi | hello | hey
        | please | thanks | thank you | thank you very much | thank you so much | very much
        | very kind | actually | just | maybe | perhaps | probably | sorry | alright | then | yes
        | yeah | no | good morning | good afternoon | good evening | of course | if possible
        | if you can | if that's okay | if that's possible | if it's possible | if you don't mind
        | you know | let me see | let me think | let's see | let's say | i think | i guess
        | i believe | i suppose | i mean | i meant | i said | i would say | i'd say
        | i was thinking | i was wondering if | i was hoping | i would like | i would like to
        | i'd like | i'd like to | i'd love to | i'd rather | i would rather | i'd prefer | i want
        | i want to | i need | i need to | i have to | i've got to | i have | i had | i am | i'm
        | i will | i'll | i can | i called | i'm calling | this is | could i | could i have
        | could i get | could we | can i | can i have | can i get | can we | could you | can you
        | would you | may i | is it possible to | do you have | have you got | how about
        | what about | put me down | go with | go for | take | come | come in | come on | make it
        | make that | change it to | change that to | it is | it's | it would be | it'd be
        | it will be | it'll be | it should be | that is | that's | that would be | that'd be
        | that will be | that'll be | there is | there's | there are | there will be | there'll be
        | there would be | we are | we're | we will be | we'll be | we would be | we need
        | we have | of us | for us | for me | with me | in total | altogether | my name is
        | my name's | the name is | the name's | name is | my full name is | my number is
        | the number is | my answer is | speaking | would be | will be | that would be lovely
        | would be lovely | would be great | would be good | would be fine | would be nice
        | would be perfect | would work | is good | is fine | is great | works | if you could
        | for now | not sure | at the moment | my
        """
    )
)
"""What callers say around an answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood: values by the name of their slot, and a remark by its key.

    `mostly_remark`: whether the remark explains as much of the sentence as the values.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    remark: str = ""
    mostly_remark: bool = False


@dataclass(frozen=True, slots=True)
class _Remark:
    """A remark's key and the characters [start, end) of its phrase."""

    key: str = ""
    start: int = 0
    end: int = 0


def read(
    text: str, slots: Mapping[str, ValueType], remarks: Mapping[str, Sequence[str]], today: date
) -> Reading:
    """Read a sentence. What stands first in `slots` has the first choice of the words.

    A value that comes twice in a sentence is a correction: the last one counts. Of numbers,
    which may stand for other things, it must be said to be one. Of a remark, one of whose
    phrases is said word by word, and the values in its words, the longer one counts.

    What hangs on a single common word (a yes, no, number, name; any other value or remark of
    one word) counts only in a clause that it explains, together with all else that was
    understood and with what people say around an answer. For speech that is no answer is
    recognised as a jumble of words that the recogniser expects, and those are among them.
    """
    heard = tokens(text)
    taken: dict[str, Found] = {}
    said: list[Found] = []
    for name, kind in slots.items():
        found = [f for f in kind.find(text, today) if not _overlaps(f, taken.values())]
        said += found
        if found and kind.kind == "number" and correction(text) is None:
            del found[1:]  # the next one may be a time
        if found:
            taken[name] = found[-1]
    remark = _remark(text, remarks)
    explained = _explained(heard, [*said, remark])
    taken = {
        name: found
        for name, found in taken.items()
        if (slots[name].kind not in PLAIN_KINDS and not _is_one_word(heard, found))
        or (slots[name].kind == "name" and _is_announced(heard, found))
        or _is_clear(heard, found, explained)
    }
    if _is_one_word(heard, remark) and not _is_clear(heard, remark, explained):
        remark = _Remark()
    mostly_remark = _length([remark]) >= _length(taken.values())
    within = {name: found for name, found in taken.items() if _overlaps(found, [remark])}
    if _length([remark]) < _length(within.values()):
        remark = _Remark()
    elif remark.key:
        taken = {name: found for name, found in taken.items() if name not in within}
    values = {name: found.value for name, found in taken.items()}
    return Reading(values, remark.key, bool(remark.key) and mostly_remark)


def _length(said: Iterable[Found | _Remark]) -> int:
    return sum(each.end - each.start for each in said)


def _overlaps(one: Found, others: Iterable[Found | _Remark]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _remark(text: str, remarks: Mapping[str, Sequence[str]]) -> _Remark:
    """The remark whose phrase explains most of the text."""
    heard = tokens(text)
    best = _Remark()
    for key, phrases in remarks.items():
        for phrase in phrases:
            wanted = words(phrase)
            for at in range(len(heard) - len(wanted) + 1):
                if wanted and heard_words(heard, at, at + len(wanted)) == wanted:
                    said = _Remark(key, heard[at].start, heard[at + len(wanted) - 1].end)
                    best = max(best, said, key=lambda each: each.end - each.start)
    return best


def _explained(heard: Sequence[Token], understood: Sequence[Found | _Remark]) -> set[int]:
    """The indices of the words that are part of something."""
    explained = {
        n for each in understood for n, t in enumerate(heard) if each.start <= t.start < each.end
    }
    for at in range(len(heard)):
        explained.update(range(at, at + _POLITE.size_at(heard, at)))
    return explained


def _is_one_word(heard: Sequence[Token], found: Found | _Remark) -> bool:
    """Whether it is a single plain word, and no word before it says that it was meant."""
    at = [n for n, token in enumerate(heard) if found.start <= token.start < found.end]
    if len(at) != 1 or not heard[at[0]].word.isalnum():
        return False
    return at[0] == 0 or heard[at[0] - 1].word not in _BEFORE


def _is_announced(heard: Sequence[Token], found: Found) -> bool:
    """Whether it is a first and a last name behind "my name is"."""
    before = [token.word for token in heard if token.start < found.start]
    announced = before[-1:] == ["name's"] or before[-2:] in (["name", "is"], ["this", "is"])
    return announced and " " in str(found.value)


def _is_clear(heard: Sequence[Token], found: Found | _Remark, explained: set[int]) -> bool:
    """Whether few words of its clause are left unexplained."""
    clause: list[int] = []
    for n, token in enumerate(heard):
        if token.after_stop:
            if token.start > found.start:
                break
            clause = []
        clause.append(n)
    known = len(explained.intersection(clause))
    return len(clause) - known <= known + SLACK
