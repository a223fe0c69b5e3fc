"""What listeners say, in ten languages."""

import pytest

from parley.core.listeners import (
    FILLED,
    LISTENERS,
    OBJECTING,
    acknowledgements,
    commands,
    hesitations,
    orders,
)
from parley.core.phrases import (
    begins_acknowledgement,
    consists_of,
    contains_phrase,
    plain,
)


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "it", "pt", "nl", "zh", "ja", "hi"])
def test_every_phrase_is_one_alone_and_twice(language: str) -> None:
    for phrase in LISTENERS[language]:
        assert consists_of(phrase, LISTENERS[language])
        assert consists_of(f"{phrase}, {phrase}", LISTENERS[language])


@pytest.mark.parametrize("language", OBJECTING)
def test_what_takes_the_floor_is_no_acknowledgement(language: str) -> None:
    for phrase in commands(language):
        assert not consists_of(phrase, LISTENERS[language])
        assert contains_phrase(phrase, commands(language))


@pytest.mark.parametrize(
    ("language", "listening", "taking"),
    [
        ("en-GB", "Yeah, okay. Right!", "yeah but"),
        ("de_AT", "Ja, genau, alles klar.", "ja aber"),
        ("es", "sí, claro", "sí, pero no"),
        ("fr", "oui, d'accord", "oui mais attendez"),
        ("it", "sì, va bene", "sì però"),
        ("pt-BR", "tá bom, entendi", "sim mas"),
        ("nl", "ja, prima", "ja maar"),
        ("zh-CN", "嗯嗯，好的，知道了", "好但是"),
        ("ja", "はいはい、なるほど", "はい違います"),
        ("hi", "जी हाँ, ठीक है।", "हाँ लेकिन"),
    ],
)
def test_they_combine(language: str, listening: str, taking: str) -> None:
    assert consists_of(listening, acknowledgements(language))
    assert not consists_of(taking, acknowledgements(language))


def test_hindi_vowels_are_told_apart() -> None:
    assert not consists_of("है", acknowledgements("hi"))


@pytest.mark.parametrize("text", ["Mhm.", "OK", "uh-huh", "Mm-hmm, okay"])
def test_an_unknown_language_has_the_continuers_of_most(text: str) -> None:
    assert consists_of(text, acknowledgements("sv-SE"))


def test_an_unknown_language_has_no_other_words() -> None:
    assert not consists_of("yes", acknowledgements("tlh"))
    assert (orders("tlh"), commands("tlh")) == ((), ())
    assert "uhm" in hesitations("tlh")
    assert not any(consists_of(sound, acknowledgements("tlh")) for sound in hesitations("tlh"))


@pytest.mark.parametrize("language", LISTENERS)
def test_an_order_is_no_acknowledgement_and_takes_the_floor_among_other_words(
    language: str,
) -> None:
    told = orders(language)
    assert told
    assert set(told) < set(commands(language))
    for order in told:
        assert order == plain(order)
        assert not consists_of(order, LISTENERS[language])


@pytest.mark.parametrize("language", FILLED)
def test_a_hesitation_neither_acknowledges_nor_takes_the_floor_at_once(language: str) -> None:
    for sound in hesitations(f"{language}-XX"):
        assert sound == plain(sound)
        assert not consists_of(sound, LISTENERS[language])
        assert not contains_phrase(sound, commands(language))


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("uh", True),
        ("yeah i", True),
        ("go", True),
        ("a", False),
        ("got i", False),
        ("mhm", False),
        ("wait", False),
    ],
)
def test_a_word_may_become_one(text: str, may: bool) -> None:
    assert begins_acknowledgement(text, LISTENERS["en"]) == may


def test_who_may_speak_any_language_is_understood_in_each() -> None:
    for language in ("en", "de", "fr", "hi"):
        assert set(acknowledgements(language)) < set(acknowledgements("multi"))
        assert set(commands(language)) < set(commands("multi"))
    assert len(set(orders("multi"))) == len(orders("multi"))
