import pytest

from parley.text.boundaries import Boundary, boundary
from parley.text.orthography import orthography
from parley.text.words import Word, WordScanner

SIGNS = {
    "+": Boundary.JOINED,
    "": Boundary.WORD,
    ",": Boundary.CLAUSE,
    "|": Boundary.SENTENCE,
}


def scanned(text: str) -> list[Word]:
    scanner = WordScanner()
    return [*scanner.push(text), *scanner.finish()]


def after_first(text: str, language: str, before: Boundary = Boundary.WORD) -> Boundary:
    first, *rest = scanned(text)
    return boundary(first, rest[0] if rest else None, before, orthography(language))


ENGLISH = {
    "Hello there": "",
    "there. It": "|",
    "there. it": "|",
    "there! It": "|",
    "there? it": "|",
    "there?! It": "|",
    "there, it": ",",
    "there; it": ",",
    "there: it": ",",
    "there— it": ",",
    "there - it": ",",
    "there – it": ",",
    "there' – it": ",",
    "there. – it": ",",
    "pre- and": "",
    "50% of": "",
    "line\nand": "|",
    "line,\nand": "|",
    "1.\nand": "|",
    "**bold** and": "",
    "**there.** It": "|",
    "“there.” It": "|",
    "“there?” she": ",",
    "“there!” She": "|",
    "“there.” she": ",",
    "there.) and": ",",
    "there… it": ",",
    "there... it": ",",
    "there... It": "|",
    "there... 5": ",",
    "there…? it": "|",
    "Mr. Smith": "+",
    "**Mr.** Smith": "+",
    "(Dr. The": "+",
    "e.g. The": "+",
    "e.g., the": ",",
    "vs. them": "+",
    "No. 5": "+",
    "No. 5a": "+",
    "no. 5": "+",
    "No. I": "|",
    "p.m. The": "|",
    "p.m. today": "+",
    "p.m. Eastern": "+",
    "p.m. Monday": "+",
    "p.m. EST": "+",
    "p.m. UK": "+",
    "p.m. I": "|",
    "p.m.? the": "|",
    "etc. The": "|",
    "etc. and": "+",
    "U.S. Government": "+",
    "U.S. The": "|",
    "U.S. the": "+",
    "Ph.D. The": "|",
    "J. R.": "+",
    "St. Louis": "+",
    "St. The": "|",
    "B. Then": "|",
    "C++. Python": "|",
    "example.com. Then": "|",
    "3.14. then": "|",
    "5. Then": "|",
    "5 million": "+",
    "10 a.m. or": "+",
    "12 o'clock": "+",
    "5 boxes": "",
    "December 3": "+",
    "box 3": "",
    "3 December": "+",
    "may go": "",
    "555 0123": "+",
    "3 - 5": "+",
    "3 – 5": "+",
    "3 - and": ",",
    "a - 5": ",",
    "3, 2026": "+",
    "3, 5": ",",
    "123, 2026": ",",
    "Mon. and": "+",
    "Mon. The": "|",
    "Sat. 5": "+",
    "sat. Then": "|",
    "10:30. Then": "|",
    "5, then": ",",
    "5! then": "|",
    "5.) then": ",",
    "好。今": "|",
    "好.今": "|",
    "好，今": ",",
    "好、今": ",",
    "好；今": ",",
    "好”今": "",
    "好今": "",
    "है। वह": "|",
}


@pytest.mark.parametrize(("text", "sign"), ENGLISH.items())
def test_what_lies_between_two_words(text: str, sign: str) -> None:
    assert after_first(text, "en") is SIGNS[sign]


OTHERS = {
    ("de", "3. Mai"): "+",
    ("de", "15 Uhr"): "+",
    ("en", "15 Uhr"): "",
    ("de", "31. Mai"): "+",
    ("de", "2024. Danach"): "|",
    ("de", "Hr. Müller"): "+",
    ("de", "z. B."): "+",
    ("de", "usw. Haus"): "+",
    ("de", "usw. Danach"): "|",
    ("de", "no. 5"): "|",
    ("es", "Sr. López"): "+",
    ("es", "EE. UU."): "+",
    ("es", "p.m. Luego"): "|",
    ("es", "qué? Luego"): "|",
    ("fr", "M. Dupont"): "+",
    ("fr", "va ? Oui"): "|",
    ("fr", "Bonjour ! » dit"): ",",
    ("tlh", "Mr. Smith"): "|",
    ("tlh", "J. Smith"): "+",
}


@pytest.mark.parametrize(("case", "sign"), OTHERS.items())
def test_languages_differ(case: tuple[str, str], sign: str) -> None:
    language, text = case
    assert after_first(text, language) is SIGNS[sign]


@pytest.mark.parametrize(
    ("text", "before", "sign"),
    [
        ("1. Open", Boundary.SENTENCE, "+"),
        ("12.** Open", Boundary.SENTENCE, "+"),
        ("123. Open", Boundary.SENTENCE, "|"),
        ("1. Open", Boundary.CLAUSE, "+"),
        ("2. Open", Boundary.CLAUSE, "|"),
        ("1. Open", Boundary.WORD, "|"),
        ("1.5. Open", Boundary.SENTENCE, "|"),
    ],
)
def test_a_number_counts_the_items_of_a_list(text: str, before: Boundary, sign: str) -> None:
    assert after_first(text, "en", before) is SIGNS[sign]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("there.", "|"),
        ("there.”", "|"),
        ("there?", "|"),
        ("there…", ","),
        ("there,", ","),
        ("there", ""),
        ("good.", "|"),
        ("example.com.", "|"),
        ("No.", "|"),
        ("Mr.", "+"),
        ("p.m.", "+"),
        ("p.", "+"),
        ("B.", "+"),
        ("3.", ""),
        ("v3.", ""),
        ("3,", ""),
        ("3 -", ""),
        ("10:", ""),
        ("3?", "|"),
        ("3.)", "|"),
        ("好。", "|"),
        ("ж.", "+"),
        ("是.", "|"),
    ],
)
def test_before_anything_follows_only_the_probable_counts(text: str, sign: str) -> None:
    assert after_first(text, "en") is SIGNS[sign]
