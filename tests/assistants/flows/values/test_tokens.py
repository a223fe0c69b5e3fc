import pytest

from parley.assistants.flows.values.tokens import tokens, words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Next Tuesday, please.", "next tuesday please"),
        ("10:30 p.m.", "10:30 pm"),
        ("Dec. 3rd, 2026", "dec 3rd 2026"),
        ("twenty-one", "twenty one"),
        ("12/3/2026 3.12.2026 2026-12-03", "12/3/2026 3.12.2026 2026-12-03"),
        ("1,200 and 1.5.", "1,200 and 1.5"),
        ("555-1234", "555 1234"),
        ("O’Brien’s o'clock", "o'brien's o'clock"),
        ("Siobhán", "siobhán"),
        ("", ""),
        ("?!… —", ""),
    ],
)
def test_words(text: str, wanted: str) -> None:
    assert " ".join(words(text)) == wanted


def test_a_token_knows_its_place_and_what_stood_before_it() -> None:
    one, two, three = tokens("Hi, Anna smith")
    assert (one.start, one.end, one.capital, one.after_stop) == (0, 2, True, False)
    assert (two.start, two.end, two.capital, two.after_stop) == (4, 8, True, True)
    assert (three.start, three.end, three.capital, three.after_stop) == (9, 14, False, False)
