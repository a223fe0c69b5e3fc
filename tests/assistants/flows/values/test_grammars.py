"""Grammars: whole, and of words that the embedded recogniser has a pronunciation for."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from hearing import TODAY
from kinds import KINDS
from sentences import listened_for

from parley.assistants.flows.values import Grammar, compose, make
from parley.assistants.flows.values.name_lists import (
    COMMON_FIRST_NAMES,
    COMMON_LAST_NAMES,
    FIRST_NAMES,
    LAST_NAMES,
    SOUND_ALIKE,
    UNHEARD,
)
from parley.assistants.flows.values.yes_no import NO, WEAK_NO, WEAK_YES, YES
from parley.providers.stt import jsgf

SPOKEN_KINDS = [name for name, (kind, _) in KINDS.items() if kind.kind != "text"]


def grammar_of(name: str) -> Grammar:
    grammar = KINDS[name][0].grammar(TODAY)
    assert grammar is not None
    return grammar


@pytest.fixture(scope="module")
def pronounced() -> set[str]:
    """The words of pocketsphinx's English dictionary."""
    spec = find_spec("pocketsphinx")
    if spec is None or spec.origin is None:
        pytest.skip("pocketsphinx is not installed")
    path = Path(spec.origin).parent / "model" / "en-us" / "cmudict-en-us.dict"
    lines = path.read_text().splitlines()
    return {line.split(maxsplit=1)[0].partition("(")[0] for line in lines}


@pytest.mark.parametrize("name", SPOKEN_KINDS)
def test_every_rule_that_is_used_is_there_and_every_rule_is_used(name: str) -> None:
    grammar = grammar_of(name)
    used = set(re.findall(r"<(\w+)>", " ".join([grammar.top, *grammar.rules.values()])))
    assert used - {"NULL"} == set(grammar.rules)


@pytest.mark.parametrize("name", SPOKEN_KINDS)
def test_every_word_can_be_heard(name: str, pronounced: set[str]) -> None:
    lacking = {
        word
        for word in listened_for(KINDS[name][0]).words
        if word not in pronounced and word != "mmhmm"
    }
    assert lacking == set()


def test_every_name_can_be_heard(pronounced: set[str]) -> None:
    names = FIRST_NAMES | LAST_NAMES | COMMON_FIRST_NAMES | COMMON_LAST_NAMES
    assert names - pronounced == UNHEARD


def test_common_names_are_among_the_names() -> None:
    assert set() == COMMON_FIRST_NAMES - FIRST_NAMES
    assert set() == COMMON_LAST_NAMES - LAST_NAMES
    assert SOUND_ALIKE <= FIRST_NAMES | LAST_NAMES


def test_no_phrase_says_yes_and_no() -> None:
    assert set(YES) | set(WEAK_YES) == set(YES + WEAK_YES) - set(NO + WEAK_NO)


def test_the_parts_of_a_turn_do_not_share_rules() -> None:
    kinds = [make("date"), make("time"), make("number"), make("number", digits=3), make("name")]
    listened_for(*kinds)
    text = compose([g for kind in kinds if (g := kind.grammar(TODAY))], ["help", "where are you?"])
    names = re.findall(r"^(?:public )?<(\w+)> =", text, re.MULTILINE)
    assert len(names) == len(set(names))
    said = {" ".join(words) for words in jsgf.Grammar(text).sentences(3000)}
    assert {"help", "where are you"} & said


def test_a_part_that_wants_to_be_alone_is() -> None:
    alone = Grammar("<letter>", {"letter": "a | b"}, alone=True)
    day = make("date").grammar(TODAY)
    assert day is not None
    written = compose([alone, day], ["goodbye"])
    assert set(jsgf.Grammar(written).words) == {"a", "b"}
    assert written.endswith("<letter> = a | b;\npublic <turn> = <letter>;\n")


def test_remarks_alone_are_a_turn_too() -> None:
    said = {" ".join(words) for words in jsgf.Grammar(compose([], ["help"])).sentences(50)}
    assert "help" in said
