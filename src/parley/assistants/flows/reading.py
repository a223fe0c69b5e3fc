"""What a caller's sentence says, given what may be said at this point of a flow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from parley.assistants.flows.values import Found, Value, ValueType, correction
from parley.assistants.flows.values.tokens import tokens, words


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood: values by the name of their slot, or a remark by its key."""

    values: Mapping[str, Value] = field(default_factory=dict)
    remark: str = ""


def read(
    text: str, slots: Mapping[str, ValueType], remarks: Mapping[str, Sequence[str]], today: date
) -> Reading:
    """Read a sentence. What stands first in `slots` has the first choice of the words.

    A value that comes twice in a sentence is a correction: the last one counts. Of numbers,
    which may stand for other things, it must be said to be one. A remark, one of whose
    phrases is said word by word, wins where it explains more of the sentence than the values.
    """
    taken: list[Found] = []
    values: dict[str, Value] = {}
    for name, kind in slots.items():
        found = [f for f in kind.find(text, today) if not any(_overlap(f, t) for t in taken)]
        if found and kind.kind == "number" and correction(text) is None:
            del found[1:]  # the next one may be a time
        if found:
            values[name] = found[-1].value
            taken.append(found[-1])
    key, length = _remark(text, remarks)
    if length > sum(f.end - f.start for f in taken):
        return Reading(remark=key)
    return Reading(values)


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def _remark(text: str, remarks: Mapping[str, Sequence[str]]) -> tuple[str, int]:
    """The remark whose phrase explains most of the text, and how many characters of it."""
    heard = tokens(text)
    said = [token.word for token in heard]
    best = "", 0
    for key, phrases in remarks.items():
        for phrase in phrases:
            wanted = words(phrase)
            for at in range(len(said) - len(wanted) + 1):
                if wanted and said[at : at + len(wanted)] == list(wanted):
                    length = heard[at + len(wanted) - 1].end - heard[at].start
                    best = max(best, (key, length), key=lambda found: found[1])
    return best
