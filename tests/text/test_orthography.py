from dataclasses import fields

import pytest

from parley.text.orthography import orthography


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_every_word_is_spelled_as_the_scanner_reports_it(language: str) -> None:
    spelling = orthography(language)
    values = (getattr(spelling, field.name) for field in fields(spelling))
    words = [word for value in values if isinstance(value, frozenset) for word in value]
    assert len(words) > 50
    assert [word for word in words if word != word.lower() or not word[0].isalnum()] == []


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_no_abbreviation_is_of_two_kinds(language: str) -> None:
    spelling = orthography(language)
    kinds = [spelling.leading, spelling.numbered, spelling.closing, spelling.common]
    assert sum(map(len, kinds)) == len(frozenset().union(*kinds))


def test_a_language_is_found_by_its_tag() -> None:
    assert orthography("en-US") is orthography("EN") is orthography("en_GB")
    assert orthography("de-AT").ordinals
    assert not orthography("en").ordinals
    assert orthography("tlh").leading == frozenset()


@pytest.mark.parametrize(
    ("language", "joiner"), [("en", "and"), ("de", "und"), ("es", "y"), ("fr", "et")]
)
def test_what_joins_a_list_is_a_connective_too(language: str, joiner: str) -> None:
    spelling = orthography(language)
    assert joiner in spelling.joiners <= spelling.connectives
