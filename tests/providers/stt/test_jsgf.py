"""Grammars that are read, refused, and said."""

import time
from collections import Counter

import pytest

from parley.providers.stt.jsgf import DEEPEST, LONGEST, LONGEST_TEXT, Grammar

HEAD = "#JSGF V1.0; grammar g; "


def said(rules: str, count: int = 400) -> set[str]:
    """All sentences that are drawn."""
    return {" ".join(words) for words in Grammar(HEAD + rules).sentences(count)}


@pytest.mark.parametrize(
    ("rules", "sentences"),
    [
        ("public <g> = one two three;", {"one two three"}),
        ("public <g> = one | two three;", {"one", "two three"}),
        ("public <g> = /2/ one | /.5/ two | /0/ three;", {"one", "two"}),
        ("public <g> = one [two | three] four;", {"one four", "one two four", "one three four"}),
        ("public <g> = (one | a) (two | b);", {"one two", "one b", "a two", "a b"}),
        ("public <g> = [one [two]] three;", {"three", "one three", "one two three"}),
        ("public <g> = one | <NULL> | two <NULL>;", {"", "one", "two"}),
        ("public <g> = <a> <b>; <a> = a | b; <b> = <a>;", {"a a", "a b", "b a", "b b"}),
        ("public <a> = one; public <b> = two; <c> = three;", {"one", "two"}),
        ("public <g> = it's {a tag (with \\} signs;)} o'clock;", {"it's o'clock"}),
        ("public <g> = one // | two\n | /* three | */ four;", {"one", "four"}),
        ("public <g> = the grammar of import public;", {"the grammar of import public"}),
        ("public <näme-1.b> = a;", {"a"}),
    ],
)  # fmt: skip
def test_what_a_grammar_says(rules: str, sentences: set[str]) -> None:
    assert said(rules) == sentences


@pytest.mark.parametrize(
    ("rules", "least"),
    [
        ("public <g> = one*;", 0),
        ("public <g> = one+;", 1),
        ("public <g> = <one>+; <one> = one;", 1),
        ("public <g> = [one]+;", 0),
        ("public <g> = (one)*;", 0),
    ],
)
def test_a_repetition_is_said_from_its_least_number_on(rules: str, least: int) -> None:
    lengths = {len(words) for words in Grammar(HEAD + rules).sentences(400)}
    assert set(range(least, 5)) <= lengths
    assert min(lengths) == least


def test_what_would_take_too_long_to_read_is_refused() -> None:
    longest = HEAD + "public <g> = one"
    Grammar(f"{longest:{LONGEST_TEXT - 1}};")
    with pytest.raises(ValueError, match="longer than 200000 characters"):
        Grammar(f"{longest:{LONGEST_TEXT}};")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "line 1, column 1: '#JSGF' is missing"),
        ("yes or no", "line 1, column 1: '#JSGF' is missing before 'yes'"),
        ("#JSGF V1.0; public <g> = a;", "line 1, column 13: 'grammar' is missing before 'public'"),
        (HEAD, "line 1, column 24: no rule is public"),
        (HEAD + "<g> = a;", "line 1, column 32: no rule is public"),
        (HEAD + "import <a.*>;", "line 1, column 24: imports are not supported"),
        (HEAD + "rule = a;", "line 1, column 24: a rule is wanted: '<name> = ...;'"),
        (HEAD + "\n\n<g> a;", "line 3, column 5: '=' is missing before 'a'"),
        (HEAD + "public <g> = a", "line 1, column 38: something is missing"),
        (HEAD + "public <g> = ;", "line 1, column 37: an alternative is empty; <NULL> says that"),
        (HEAD + "public <g> = a | ;", "column 41: an alternative is empty"),
        (HEAD + "public <g> = a || b;", "column 40: an alternative is empty"),
        (HEAD + "public <g> = a ();", "column 40: an alternative is empty"),
        (HEAD + "public <g> = (a;", "column 39: ';' stands where a word is wanted"),
        (HEAD + "public <g> = [a);", "column 39: ')' stands where a word is wanted"),
        (HEAD + "public <g> = a);", "column 38: ')' stands where a word is wanted"),
        (HEAD + "public <g> = * a;", "column 37: '*' stands where a word is wanted"),
        (HEAD + "public <g> = a+*;", "column 39: '*' stands where a word is wanted"),
        (HEAD + "public <g> = a /2/ b;", "column 39: '/2/' stands where a word is wanted"),
        (HEAD + "public <g> = /x/ a;", "column 37: /x/ is no weight: a number from 0 on"),
        (HEAD + "public <g> = /-1/ a;", "/-1/ is no weight"),
        (HEAD + "public <g> = /nan/ a;", "/nan/ is no weight"),
        (HEAD + "public <g> = /1e999/ a;", "/1e999/ is no weight"),
        (HEAD + "public <g> = b (/0/ a | /0/ c);", "column 39: all weights are 0"),
        (HEAD + "public <g> = <b>;\n<c> = <d>;", "line 1, column 37: there is no rule <b>"),
        (HEAD + "public <g> = <VOID>;", "there is no rule <VOID>"),
        (HEAD + "public <g> = a;\n<g> = b;", "line 2, column 1: there is a rule <g> already"),
        (HEAD + "public <g> = a [<g>];", "column 40: rule <g> leads back to itself"),
        (HEAD + "public <a> = x <b>;\n<b> = y [<a>];", "leads back to itself"),
        (HEAD + 'public <g> = "new york";', "column 37: '\"' cannot be read"),
        (HEAD + "public <g> = a\0b;", "cannot be read"),
        (HEAD + "public <g> = a {b;", "column 39: '{' cannot be read"),
        (HEAD + "public <g> = a /* b;", "column 39: '/' cannot be read"),
        (HEAD + "public <g> = <a;", "column 37: '<' cannot be read"),
        (HEAD + "public <g> = " + "(" * 1000, f"more than {DEEPEST} groups are open"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(text: str, error: str) -> None:
    with pytest.raises(ValueError, match="line") as caught:
        Grammar(text)
    assert error in str(caught.value)


def test_a_header_may_name_an_encoding_and_comments_stand_anywhere() -> None:
    text = (
        "#JSGF V1.0 UTF-8 en; // one\ngrammar com.acme.g; /* two\n */ public <g> = it's; // three"
    )
    assert Grammar(text).words == ["it's"]


def test_a_long_chain_of_rules_is_no_recursion() -> None:
    chain = "".join(f"<r{n}> = <r{n + 1}>; " for n in range(100))
    assert said(chain + "<r100> = one; public <g> = <r0>;") == {"one"}


def test_the_words_are_those_that_may_be_said() -> None:
    grammar = Grammar(HEAD + "public <g> = b [a] | <r>+ b | /0/ no; <r> = c | a; <other> = d;")
    assert grammar.words == ["b", "a", "c"]


def test_weights_say_how_often_an_alternative_is_drawn() -> None:
    grammar = Grammar(HEAD + "public <g> = /6/ six | /3/ three | one;")
    often = Counter(words[0] for words in grammar.sentences(4000))
    assert often["six"] == pytest.approx(2400, rel=0.1)
    assert often["three"] == pytest.approx(1200, rel=0.1)


def test_the_same_sentences_are_drawn_every_time() -> None:
    rules = HEAD + "public <g> = (one | two | three)+ [four];"
    first = list(Grammar(rules).sentences(100))
    assert list(Grammar(rules).sentences(100)) == first
    assert list(Grammar(rules).sentences(100, seed=2)) != first


@pytest.mark.parametrize(
    "rules",
    [
        "public <g> = " + "(" * 40 + "a" + ")+" * 40 + ";",
        "public <g> = " + "(" * 40 + "<NULL>" + ")+" * 40 + ";",
        "public <g> = <r0>; <r40> = a; "
        + " ".join(f"<r{n}> = <r{n + 1}> <r{n + 1}>;" for n in range(40)),
    ],
)
def test_a_sentence_that_grows_without_end_is_given_up(rules: str) -> None:
    begun = time.process_time()
    sentences = list(Grammar(HEAD + rules).sentences(4000))
    assert all(len(words) <= LONGEST for words in sentences)
    assert time.process_time() - begun < 5
