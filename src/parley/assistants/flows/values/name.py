"""A person's name: said, or spelled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from string import ascii_lowercase
from typing import ClassVar, Protocol

from parley.assistants.flows.values.base import Found, Grammar, Value
from parley.assistants.flows.values.corrections import accepted
from parley.assistants.flows.values.name_lists import (
    COMMON_FIRST_NAMES,
    COMMON_LAST_NAMES,
    FIRST_NAMES,
    LAST_NAMES,
    SOUND_ALIKE,
    UNHEARD,
)
from parley.assistants.flows.values.phrases import listed
from parley.assistants.flows.values.spelling import likely
from parley.assistants.flows.values.tokens import Token, tokens, words

SPELLED_WEIGHT = 8
"""How much more often a name is spelled by a caller who was asked to."""

COMMON_WEIGHT = 10
"""How much more often a common name is said than another."""

_CARRIERS = tuple(
    words(phrase)
    for phrase in listed(
        """
        my name is | the name is | my name's | the name's | name is | name's | my full name is
        | names | my first name is | first name is | first name | my last name is | last name is
        | last name | my surname is | surname is | surname | family name is | family name
        | call me | i'm called
        """
    )
)
"""After these any words are a name."""

_INTRODUCTIONS = tuple(
    words(phrase)
    for phrase in listed(
        """
        it's for | it is for | this is | it's | it is | i'm | i am | for | under | name
        | speaking
        """
    )
)
"""After these a name that is known, or written with a capital, is one."""

_COMMON_WORDS = frozenset(
    """
    angel april art black day dawn dean earl faith grace guy hope iris jade joy june king long
    love mark may noble pearl price rice rose ruby short stone summers violet will young fields
    white brown green gray bush cross banks wells west winter wolf wood woods page little moon
    ray cook hale miles rob don pat art sue see hunt waters sharp hill hall ball bell day fox
    cannon chambers banks graves moss mills porter carpenter baker butcher butler cook fisher
    bishop knight hunter mason miller potter shepherd taylor turner walker weaver wheeler
    li an so do can ho tan lee lane may hart york holland washington houston austin sandy
    chelsea brooke crystal amber christian jordan florence virginia georgia daisy lily holly
    heather hazel penny olive page price rich bill jack frank grant rose sky drew chase
    robin ling mei max pete rudy berry mel viola duncan casey
    """.split()
)
"""Names that are words too: alone they are names only where a name stands to be expected."""

_NOT_NAMES = frozenset(
    """
    a an the and or but if so no not yes yeah yep nope okay ok sure please thanks thank you your
    i i'm i'd i'll i've me my mine we us our he she it it's its they them this that these those
    is are was were be been am do does did have has had can could would will shall should must
    to of for from in on at by with about into over after before under up out off again hm
    what when where who why how which there here hello hi hey bye goodbye um uh er erm hmm mhm oh
    well like want need book booking make change cancel move appointment appointments name names
    first last surname family called calling call speak speaking spelled spelling spell spelt
    right correct wrong sorry pardon repeat again wait actually meant mean said say says
    today tomorrow yesterday tonight morning afternoon evening night noon week weeks month year
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december day days time times next o'clock am pm
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    hundred thousand zero double half quarter past
    doctor dentist good great fine nothing something anything someone somebody anyone everything
    everyone just any some all more much many very really help question know think don't not can't
    won't never mind forget later earlier sooner better different another other same instead problem
    parking insurance address open opening closed hours bring cost costs pay tooth teeth pain
    person human operator robot machine number date place list
    """.split()
)
_HONORIFICS = frozenset(("mr", "mrs", "ms", "miss", "mister", "missus", "doctor", "dr", "sir"))
_AROUND = frozenset(
    "um uh yes well oh hi hello okay please thanks thank you very much speaking here".split()
)
_PARTS = {"first": "first", "given": "first", "last": "last", "family": "last"}
_SPELLERS = frozenset(("as", "for", "like"))
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_LIKE_LETTERS = {
    pair[:-2]: pair[-1]
    for pair in """
    are:r ate:h be:b bee:b dee:d el:l em:m en:n ess:s eye:i gee:g jay:j oh:o okay:k pea:p
    queue:q sea:c see:c tea:t vee:v well:l why:y you:u zed:z zee:z
    """.split()
}
"""What a letter that is spelled is taken for. Between letters it is one."""

_MOST_WORDS = 4
_TITLE_WORDS = 5
"""In a text of so many words that all have capitals, they say nothing."""

_PREFIXES = frozenset("van von de der den del la da di el al bin".split())
_BEFORE_LETTERS = frozenset("that's spelled spelt and is it's um uh with that".split())


@dataclass(frozen=True, slots=True)
class Name:
    """First name, last name or both, each word with its capital.

    `refused`: names that it is not, as the caller said, the latest last. After each the
    caller is expected to spell a part of it, in turn the last name and the first name; a
    part that is given alone takes its place in the latest one.
    """

    refused: tuple[str, ...] = ()

    kind: ClassVar[str] = "name"
    keys_hint: ClassVar[str] = ""

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        reader = _NameReader(tokens(text), self._likely)
        return accepted(text, map(self._completed, reader.names()))

    def _completed(self, found: Found) -> Found:
        """A part of a name, with the part that is kept of the latest one that was refused."""
        name, kept = str(found.value), self._kept
        if not kept or " " in name or name == kept:
            return found
        return replace(found, value=f"{kept} {name}" if self._last_is_spelled else f"{name} {kept}")

    @property
    def _last_is_spelled(self) -> bool:
        return len(self.refused) % 2 == 1

    @property
    def _kept(self) -> str:
        """The part of the latest name that is not spelled; "" if it had no such part."""
        if not self.refused:
            return ""
        parts = self.refused[-1].split()
        kept = parts[0] if self._last_is_spelled else parts[-1]
        known = FIRST_NAMES if self._last_is_spelled else LAST_NAMES
        return kept if len(parts) > 1 or kept.lower() in known else ""

    @property
    def _likely(self) -> frozenset[str]:
        """What may be spelled: once both parts were, nothing that was refused with the other."""
        if not self.refused:
            return FIRST_NAMES | LAST_NAMES
        known = LAST_NAMES if self._last_is_spelled else FIRST_NAMES
        if len(self.refused) <= 2:
            return known
        kept = self._kept.lower()
        return known - {
            part
            for name in self.refused
            if kept in (parts := name.lower().split())
            for part in parts
            if part != kept
        }

    def without(self, refused: Iterable[str]) -> "Name":
        """The same, of names other than these."""
        return replace(self, refused=tuple(refused))

    def grammar(self, today: date) -> Grammar:
        last = self._last_is_spelled or not self.refused
        rules = {
            "spelled": "/3/ <known> | <letter> <letter>+",
            "known": " | ".join(
                " ".join(n) for n in sorted(LAST_NAMES if last else FIRST_NAMES) if n.isalpha()
            ),
            "letter": " | ".join(ascii_lowercase),
            "first": _weighted(FIRST_NAMES, COMMON_FIRST_NAMES),
            "last": _weighted(LAST_NAMES, COMMON_LAST_NAMES),
        }
        if self.refused:
            part = "<last>" if last else "<first>"
            top = f"/{SPELLED_WEIGHT}/ <spelled> | {part} [<spelled>] | /0.5/ <first> <last>"
            return Grammar(top, rules, alone=True)
        rules["introduction"] = (
            "/3/ my name is | it's | it is | this is | i'm | i am | it's for | the name is"
            " | for | under"
        )
        return Grammar(
            "[<introduction>] (/8/ <first> <last> | <first> | /0.7/ <last>"
            " | /0.5/ [<first> [<last>]] <spelled>)",
            rules,
        )

    def spoken(self, value: Value, today: date) -> str:
        return str(value)

    def problem(self, value: Value, today: date) -> str:
        return ""

    def from_keys(self, keys: str, today: date) -> Value | None:
        return None


def _weighted(names: frozenset[str], common: frozenset[str]) -> str:
    """The alternatives of a grammar."""
    listed = sorted((names | common) - SOUND_ALIKE - UNHEARD)
    return " | ".join(f"/{COMMON_WEIGHT}/ {name}" if name in common else name for name in listed)


class _NameReader:
    def __init__(self, heard: Sequence[Token], likely: frozenset[str]) -> None:
        self._heard = heard
        self._known = likely
        self._words = [token.word for token in heard]
        capitals = [t.capital for t in heard if t.word[0].isalpha()]
        self._tells = any(capitals) and (len(capitals) < _TITLE_WORDS or not all(capitals))

    def names(self) -> list[Found]:
        whole = self._whole()
        if whole and str(whole[0].value).split()[0].lower() in FIRST_NAMES:
            return whole
        return self._in_order(self._parts()) or whole

    def _parts(self) -> list[Found]:
        found: list[Found] = []
        at = 0
        while at < len(self._words):
            end = self._name_end(at)
            if end > at:
                found.append(self._found(at, end))
                end = self._join_spelling(found, end)
            else:
                spelled, end = self._spelling(at)
                if len(spelled) > 2:
                    first, last = self._heard[at].start, self._heard[end - 1].end
                    name = " ".join(map(capitalised, _both_parts(spelled)))
                    found.append(Found(name, first, last))
                else:
                    end = at + 1
            at = end
        return found

    def _in_order(self, found: list[Found]) -> list[Found]:
        """One name of a first and a last name that were given one by one."""
        if len(found) != 2:
            return found
        kinds = {self._part(each): each for each in found}
        if kinds.keys() != {"first", "last"}:
            return found
        said = f"{kinds['first'].value} {kinds['last'].value}"
        return [Found(said, found[0].start, found[1].end)]

    def _part(self, found: Found) -> str:
        """Which part of a name it was said to be: first, last or not said ("")."""
        before = [token.word for token in self._heard if token.start < found.start]
        before = before[:-1] if before[-1:] == ["is"] else before
        if before[-1:] == ["surname"]:
            return "last"
        return _PARTS.get(before[-2], "") if before[-1:] == ["name"] and len(before) > 1 else ""

    def _found(self, at: int, end: int) -> Found:
        said = " ".join(capitalised(word) for word in self._words[at:end])
        return Found(said, self._heard[at].start, self._heard[end - 1].end)

    def _name_end(self, at: int) -> int:
        """The index after the name that begins with word `at`; `at` if none does."""
        end = self._run(at, self._is_known)
        introduced = self._introduced(at)
        if introduced == "surely":
            first = at + (self._words[at] in FIRST_NAMES)
            return max(end, first, self._run(at, self._can_be_name))
        if (introduced or end > at) and self._tells:
            end = max(end, self._run(at, self._is_capital_name))
        if end == at:
            return at
        if end - at == 1 and self._words[at] in _COMMON_WORDS | _NOT_NAMES:
            alone = len(self._words) == 1 or introduced
            return end if alone and self._words[at] not in _NOT_NAMES else at
        return end

    def _run(self, at: int, belongs: "_Belongs") -> int:
        begin = at
        while at < len(self._words) and at - begin < _MOST_WORDS:
            inside = at > begin
            if inside and self._heard[at].after_stop:
                break
            if not (belongs(at) or (inside and self._words[at] in _PREFIXES)):
                break
            at += 1
        while at > begin and self._words[at - 1] in _PREFIXES:
            at -= 1
        return at if at > begin and self._words[begin] not in _LETTERS else begin

    def _is_known(self, at: int) -> bool:
        word = self._words[at].removesuffix("'s")
        if word in FIRST_NAMES or word in LAST_NAMES:
            if word not in _NOT_NAMES:
                return True
            following = self._words[at + 1 : at + 2]
            if following:
                return following[0] in LAST_NAMES
            return at > 0 and self._words[at - 1] in FIRST_NAMES
        return False

    def _can_be_name(self, at: int) -> bool:
        word = self._words[at]
        if word in _HONORIFICS or not word[0].isalpha() or word in _LETTERS:
            return False
        return word not in _NOT_NAMES or self._is_known(at)

    def _is_capital_name(self, at: int) -> bool:
        return self._heard[at].capital and self._can_be_name(at)

    def _introduced(self, at: int) -> str:
        """Whether a name is announced before word `at`: surely, maybe or not at all ("")."""
        while at and self._words[at - 1] in _HONORIFICS | {"um", "uh"}:
            at -= 1
        for certainty, phrases in (("surely", _CARRIERS), ("maybe", _INTRODUCTIONS)):
            for phrase in phrases:
                if tuple(self._words[max(0, at - len(phrase)) : at]) == phrase:
                    return certainty
        return ""

    def _spelling(self, at: int) -> tuple[str, int]:
        """Letters spelled from word `at` on: at least two, else nothing."""
        letters = ""
        end = at
        while end < len(self._words):
            letter, after = self._letter(end, inside=bool(letters))
            if not letter:
                break
            letters += letter
            end = after
        article = self._words[max(0, at - 1) : at + 1] == ["with", "a"]
        if len(letters) < 2 or letters in ("am", "pm") or article:
            return "", at
        if self._heard[at].capital:
            return letters, end
        follows = at > 0 and self._words[at - 1] in FIRST_NAMES
        return self._likely(letters, follows=follows), end

    def _likely(self, letters: str, *, follows: bool) -> str:
        """The known name that was probably spelled: recognisers take letters for others."""
        if len(letters) < 3 or letters in FIRST_NAMES | LAST_NAMES or len(_both_parts(letters)) > 1:
            return letters
        return likely(letters, LAST_NAMES if follows else self._known) or letters

    def _letter(self, at: int, *, inside: bool) -> tuple[str, int]:
        """One letter, or two: "s", "s as in sugar", "double t"."""
        times = 2 if self._words[at] == "double" else 1
        at += times - 1
        word = self._words[at] if at < len(self._words) else ""
        if inside:
            word = _LIKE_LETTERS.get(word, word)
        if word not in _LETTERS:
            return "", at
        following = self._words[at + 1 : at + 4]
        if following[:1] and following[0] in _SPELLERS:
            example = 2 if following[:2] == ["as", "in"] else 1
            if len(following) > example and following[example].startswith(word):
                return word * times, at + 2 + example
        return word * times, at + 1

    def _join_spelling(self, found: list[Found], end: int) -> int:
        """Correct the last name by the letters that follow it."""
        begin = end
        while begin < len(self._words) and self._words[begin] in _BEFORE_LETTERS:
            begin += 1
        spelled, after = self._spelling(begin)
        if not spelled:
            return end
        parts = str(found[-1].value).split()
        alike = [SequenceMatcher(None, part.lower(), spelled).ratio() for part in parts]
        best = max(range(len(parts)), key=alike.__getitem__)
        if alike[best] >= 0.5:
            parts[best] = capitalised(spelled)
        else:
            parts.append(capitalised(spelled))
        last = self._heard[after - 1].end
        found[-1] = Found(" ".join(parts), found[-1].start, last)
        return after

    def _whole(self) -> list[Found]:
        """Take one to three words for a name when they are all that was said."""
        begin = 0
        end = len(self._words)
        while begin < end and self._words[begin] in _HONORIFICS | _AROUND:
            begin += 1
        while begin < end and self._words[end - 1] in _AROUND:
            end -= 1
        if end - begin == 1 and self._words[begin] in FIRST_NAMES:
            return [self._found(begin, end)]
        if not 1 <= end - begin <= 3 or self._run(begin, self._can_be_name) != end:
            return []
        return [self._found(begin, end)]


class _Belongs(Protocol):
    def __call__(self, at: int) -> bool: ...


def _both_parts(letters: str) -> list[str]:
    """A first and a last name that were spelled in one go; else the letters as they are."""
    cuts = range(3, len(letters) - 2) if letters not in FIRST_NAMES | LAST_NAMES else ()
    both = ((letters[:cut], letters[cut:]) for cut in reversed(cuts))
    return next((list(b) for b in both if b[0] in FIRST_NAMES and b[1] in LAST_NAMES), [letters])


def capitalised(word: str) -> str:
    """Write a name: "O'Brien", "McDonald", "Smith"."""
    word = word.removesuffix("'s")
    if word.startswith("mc") and len(word) > 4:
        return "Mc" + word[2:].title()
    head, mark, tail = word.partition("'")
    if mark and len(head) == 1:
        return f"{head.upper()}'{tail[:1].upper()}{tail[1:]}"
    return word[:1].upper() + word[1:]
