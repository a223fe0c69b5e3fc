"""Sentences that a grammar allows."""

from hearing import TODAY

from parley.assistants.flows.values import ValueType, compose
from parley.providers.stt.jsgf import Grammar


def listened_for(*kinds: ValueType) -> Grammar:
    """The grammar of these values."""
    parts = [kind.grammar(TODAY) for kind in kinds]
    return Grammar(compose([part for part in parts if part is not None]))


def sentences(kind: ValueType, count: int) -> list[list[str]]:
    """So many ways to give one value, without what people say around it."""
    grammar = kind.grammar(TODAY)
    assert grammar is not None
    rules = {"turn": grammar.top, **grammar.rules}
    text = "".join(
        f"{'public ' * (name == 'turn')}<{name}> = {body};\n" for name, body in rules.items()
    )
    return list(Grammar(f"#JSGF V1.0;\ngrammar turn;\n{text}").sentences(count))
