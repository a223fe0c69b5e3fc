"""What a caller takes back: "not tuesday", "no, wednesday", "i meant ten"."""

from collections.abc import Iterable

from parley.assistants.flows.values.base import Found
from parley.assistants.flows.values.phrases import heard_words, listed
from parley.assistants.flows.values.tokens import Token, tokens, words

_REFUSING = frozenset("not except never isn't wasn't don't neither nor but".split())
_UNABLE = frozenset("can't cannot don't doesn't won't couldn't".split())
_DECLINED = tuple(
    words(phrase)
    for phrase in listed(
        """
        doesn't work | does not work | won't work | will not work | wouldn't work | isn't good
        | is not good | is no good | isn't possible | is not possible | is impossible | is bad
        | is too early | is too late | is too soon | doesn't suit | won't do | isn't right
        | is not right | is wrong | was wrong
        """
    )
)
_ANY = frozenset("anything any all every day days time times".split())
_LINKS = frozenset(
    """
    on at the for a an in around about before after want do make come say said mean it by until
    like need have to my be
    """.split()
)
_OPENERS = tuple(
    words(phrase)
    for phrase in listed(
        """
        i meant | i mean | i said | i actually meant | make it | make that | change it to
        | change that to | wait | hold on | hang on | actually | correction | rather | sorry
        | no | nope | nah | oops | instead | pardon | scratch that | or rather | better
        | let's say | i'd rather | let's make it | on second thought | should be
        | should have been | it's actually
        """
    )
)
_POLITE = frozenset(
    """
    no wait sorry um uh well oh i meant mean actually make it that is it's said rather should be
    the on at for in a to let's say my name please yes about around would like i'd want not was
    been have that's all right wrong fine good okay
    """.split()
)


def accepted(text: str, found: Iterable[Found]) -> tuple[Found, ...]:
    """Leave out the values that the caller refuses: "not tuesday", "ten doesn't work"."""
    heard = tokens(text)
    return tuple(
        value
        for value in found
        if not _is_refused(heard, value.start) and not _is_declined(heard, value.end)
    )


def _is_declined(heard: tuple[Token, ...], end: int) -> bool:
    after = next((n for n, token in enumerate(heard) if token.start >= end), len(heard))
    return any(heard_words(heard, after, after + len(d)) == d for d in _DECLINED)


def _is_refused(heard: tuple[Token, ...], start: int) -> bool:
    before = [token.word for token in heard if token.start < start]
    links = 0
    while before and links < 3 and before[-1] in _LINKS:
        if len(before) > 1 and before[-2] in _UNABLE:
            return True
        before.pop()
        links += 1
    if before[-2:] in (["instead", "of"], ["rather", "than"]):
        return True
    if not before or before[-1] not in _REFUSING | _UNABLE:
        return False
    if before[-1] == "but":
        return len(before) > 1 and before[-2] in _ANY
    return before[-2:-1] not in (["why"], ["if"], ["or"])


def correction(text: str) -> int | None:
    """Say where a caller begins to correct what was said or read back before.

    Returns the character from which the new value is to be looked for: after the last
    "no", "sorry", "i meant", "make it" that has words behind it. None where nothing is
    corrected: a "no" alone refuses, it does not correct.
    """
    heard = tokens(text)
    start = None
    at = 0
    while at < len(heard):
        size = _opener(heard, at)
        rest = heard[at + size :]
        if size and rest and _says_more(rest):
            start = rest[0].start
        at += size or 1
    return start


def _opener(heard: tuple[Token, ...], at: int) -> int:
    said = tuple(token.word for token in heard[at : at + 4])
    return max((len(o) for o in _OPENERS if said[: len(o)] == o), default=0)


def _says_more(rest: tuple[Token, ...]) -> bool:
    following = [token.word for token in rest]
    if following[0] in ("thanks", "thank", "problem", "worries", "not", "idea"):
        return False
    return any(word not in _POLITE for word in following)
