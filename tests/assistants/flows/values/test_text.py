from hearing import TODAY, heard, spans

from parley.assistants.flows.values import make

TEXT = make("text")


def test_all_that_is_said_is_the_value() -> None:
    assert heard(TEXT, "  my tooth hurts. ") == ["my tooth hurts."]
    assert spans(TEXT, "\tno\n") == ["no"]
    assert heard(TEXT, " ... ") == heard(TEXT, "") == []


def test_neither_a_grammar_nor_keys_can_help() -> None:
    assert TEXT.grammar(TODAY) is None
    assert TEXT.from_keys("1", TODAY) is None
    assert TEXT.keys_hint == TEXT.problem("anything", TODAY) == ""
    assert TEXT.spoken("my tooth", TODAY) == "my tooth"
