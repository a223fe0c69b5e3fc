"""One grammar for what may be said in a turn, from the grammars of its values."""

import re
from collections.abc import Mapping, Sequence

from parley.assistants.flows.values.base import Grammar
from parley.assistants.flows.values.tokens import words

HEADER = "#JSGF V1.0;\ngrammar turn;\n"

BEFORE = (
    "/24/ <NULL> | um | uh | well | please | i'd like | i would like | could i have | can i have"
    " | how about | what about | let's say | can you do | can i come | maybe | let me see"
    " | i think | make it | okay | yes | /2/ no | no i meant | sorry i meant | i meant | hello | hi"
)
AFTER = (
    "/16/ <NULL> | /2/ please | would be good | would be fine | is good | if possible | thank you"
    " | then | instead"
)
"""What callers say around a value: hesitation, politeness, corrections."""


def compose(parts: Sequence[Grammar], extra_phrases: Sequence[str] = ()) -> str:
    """Write the JSGF of a turn.

    The first part is what was asked: it is said alone, together with another one, or
    another one is said in its place; nothing else is expected where it says so.
    `extra_phrases` may be said as they stand. The weights are for recognisers that judge
    how probable a sentence is.
    """
    if parts and parts[0].alone:
        return _written({**parts[0].rules, "turn": parts[0].top})
    rules: dict[str, str] = {}
    for number, part in enumerate(parts):
        names = {name: f"{name}_{number}" for name in part.rules}
        rules |= {names[name]: _renamed(body, names) for name, body in part.rules.items()}
        rules[f"part{number}"] = _renamed(part.top, names)
    phrases = list(dict.fromkeys(" ".join(words(phrase)) for phrase in extra_phrases))
    turns = []
    if parts:
        rules |= {"value": _values(len(parts)), "before": BEFORE, "after": AFTER}
        turns.append("/6/ <before> <value> <after>")
    if any(phrases):
        rules["phrase"] = " | ".join(filter(None, phrases))
        turns.append("/2/ [um | okay | well] <phrase> [please]")
    rules["turn"] = " | ".join(turns)
    return _written(rules)


def _written(rules: Mapping[str, str]) -> str:
    return HEADER + "".join(
        f"{'public ' if name == 'turn' else ''}<{name}> = {body};\n" for name, body in rules.items()
    )


def _values(count: int) -> str:
    others = range(1, count)
    alone = ["/10/ <part0>", *(f"<part{n}>" for n in others)]
    return " | ".join([*alone, *(f"/0.7/ <part0> <part{n}>" for n in others)])


def _renamed(body: str, names: dict[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda m: f"<{names.get(m[1], m[1])}>", body)
