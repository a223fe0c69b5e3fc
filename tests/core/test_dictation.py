"""Numbers as they are dictated."""

import pytest

from parley.core.dictation import ALL, figures


def digits(text: str, language: str) -> list[str]:
    return [digits for _, digits in figures(text.split(), language)]


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "call four 2 twenty three now", ["", "4", "2", "23", ""]),
        ("en", "nine hundred double seven triple one", ["9", "00", "77", "111"]),
        ("en", "one double", ["1", "?"]),
        ("de", "null acht einundzwanzig zwo", ["0", "8", "21", "2"]),
        ("es", "treinta y tres veintidós", ["33", "22"]),
        ("fr", "zéro six quatre vingt dix sept soixante et onze", ["0", "6", "97", "71"]),
        ("it", "ventuno ventitré trentotto", ["21", "23", "38"]),
        ("pt", "vinte e três meia", ["23", "6"]),
        ("nl", "drieëntwintig eenendertig", ["23", "31"]),
        ("zh", "一 三 八 二 十 三", ["1", "3", "8", "23"]),
        ("ja", "〇 九", ["0", "9"]),
        ("hi", "नौ आठ १२", ["9", "8", "12"]),
        (ALL, "zwei cinq 7", ["2", "5", "7"]),
        ("tlh", "wa' 12", ["", "12"]),
    ],
)
def test_words_and_digits(language: str, text: str, found: list[str]) -> None:
    assert digits(text, language) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("oh it's one", ["", "", "1"]),
        ("one oh", ["1", "0"]),
        ("oh oh seven", ["0", "0", "7"]),
        ("oh oh", ["", ""]),
    ],
)
def test_oh_is_a_zero_beside_other_digits(text: str, found: list[str]) -> None:
    assert digits(text, "en") == found


def test_nothing_is_no_number() -> None:
    assert figures([], "en") == []
