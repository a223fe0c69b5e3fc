"""Numbers as they are dictated: digit by digit, or in pairs, in the languages of `listeners`."""

from collections.abc import Iterator
from unicodedata import normalize

LONGEST = 4
"""A number of two digits has so many words at most (quatre-vingt-dix-sept)."""

ZEROS = frozenset(("oh",))
"""Words that are a zero only beside other digits."""

HAN_DIGITS = "零〇一二三四五六七八九十两兩幺"
"""Characters that are numbers where a script does not separate words."""

ALL = "multi"
"""The language where it may be any of them."""

Names = dict[tuple[str, ...], str]

_DIGITS = {
    "en": "zero one two three four five six seven eight nine",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen",
    "hi": "शून्य एक दो तीन चार पाँच छह सात आठ नौ",
}

_TEENS = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "es": "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "fr": "dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "it": "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    "pt": "dez onze doze treze catorze quinze dezesseis dezessete dezoito dezenove",
    "nl": "tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien",
}

_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
}

_OTHERS = {
    "en": {"oh": "0", "hundred": "00", "thousand": "000", "double": "?", "triple": "??"},
    "de": {"zwo": "2"},
    "fr": {"zero": "0"},
    "pt": {"duas": "2", "meia": "6", "dezasseis": "16", "dezassete": "17", "dezanove": "19"},
    "nl": {"één": "1"},
    "hi": {"ज़ीरो": "0", "जीरो": "0", "पांच": "5", "छः": "6", "छे": "6", "दस": "10"},
}
"""Other words for them. What "double" stands for follows it."""

LINKS = {
    "en": ("and", "dash"), "de": ("und",), "es": ("y",), "fr": ("et",), "it": ("e",), "pt": ("e",),
    "nl": ("en",),
}  # fmt: skip
"""Words between the digits of one number."""


def _pair(language: str, ten: str, digit: str) -> str:
    """A number over twenty, of its two words."""
    match language:
        case "de":
            return f"{digit.removesuffix('s') if digit == 'eins' else digit}und{ten}"
        case "nl":
            return f"{digit}{'ën' if digit.endswith('e') else 'en'}{ten}"
        case "es" if ten == "veinte":
            accents = {"dos": "dós", "tres": "trés", "seis": "séis"}
            return "veinti" + accents.get(digit, digit)
        case "it":
            stem = ten[:-1] if digit in ("uno", "otto") else ten
            return stem + ("tré" if digit == "tre" else digit)
        case "fr" if digit == "un":
            return f"{ten} et un"
        case "es" | "pt":
            return f"{ten} {LINKS[language][0]} {digit}"
    return f"{ten} {digit}"


def _named(language: str) -> Iterator[tuple[str, str]]:
    digits, tens = _DIGITS[language].split(), _TENS.get(language, "").split()
    teens = _TEENS.get(language, "").split()
    yield from ((word, str(n)) for n, word in enumerate([*digits, *teens]))
    for number, ten in enumerate(tens, 2):
        yield ten, f"{number}0"
        yield from ((_pair(language, ten, digits[n]), f"{number}{n}") for n in range(1, 10))
    if language == "fr":
        yield from ((f"soixante {word}", f"7{n}") for n, word in enumerate(teens))
        yield "soixante et onze", "71"
        yield from (("quatre-vingts", "80"), ("quatre-vingt", "80"))
        yield from ((f"quatre-vingt {digits[n]}", f"8{n}") for n in range(1, 10))
        yield from ((f"quatre-vingt {word}", f"9{n}") for n, word in enumerate(teens))
    if language == "en":
        yield from ((f"double {word}", f"{n}{n}") for n, word in enumerate(digits))
        yield from ((f"triple {word}", f"{n}{n}{n}") for n, word in enumerate(digits))
    yield from _OTHERS.get(language, {}).items()


def _names(language: str) -> Names:
    found = ((normalize("NFC", name.replace("-", " ")), n) for name, n in _named(language))
    return {tuple(name.split()): n for name, n in found}


def _han() -> Names:
    digits = {c: str(n) for n, c in enumerate("零一二三四五六七八九")}
    names: Names = {(c,): n for c, n in (digits | dict.fromkeys("两兩", "2")).items()}
    names |= {("〇",): "0", ("幺",): "1", ("十",): "10"}
    for c, n in list(digits.items())[1:]:
        names |= {("十", c): f"1{n}", (c, "十"): f"{n}0"}
        names |= {(c, "十", d): f"{n}{m}" for d, m in list(digits.items())[1:]}
    return names


_KNOWN: dict[str, Names] = {language: _names(language) for language in _DIGITS}
_KNOWN |= dict.fromkeys(("zh", "ja"), _han())
_KNOWN[ALL] = {words: n for names in reversed(_KNOWN.values()) for words, n in names.items()}


_BEGUN = {language: frozenset(words[0] for words in names) for language, names in _KNOWN.items()}


def figures(words: list[str], language: str) -> list[tuple[list[str], str]]:
    """Plain words, those of one number together, each with the digits of what it stands for.

    `language` may be `ALL`; of an unknown one only written digits are numbers.
    """
    names, begun = _KNOWN.get(language, {}), _BEGUN.get(language, frozenset())
    found, at, doubtful = list[tuple[list[str], str]](), 0, False
    while at < len(words):
        word, size, digits = words[at], 1, ""
        if word in begun:
            sizes = range(min(LONGEST, len(words) - at), 0, -1)
            size = next((n for n in sizes if tuple(words[at : at + n]) in names), 1)
            digits = names.get(tuple(words[at : at + size]), "")
            doubtful = doubtful or word in ZEROS
        elif word.isdecimal():
            digits = "".join(str(int(c)) for c in word)
        found.append((words[at : at + size], digits))
        at += size
    if not doubtful:
        return found
    return [
        (said, digits if said[0] not in ZEROS or _beside_digits(found, n) else "")
        for n, (said, digits) in enumerate(found)
    ]


def _beside_digits(found: list[tuple[list[str], str]], at: int) -> bool:
    """Whether another number is next to it, or to zeros next to it."""
    for side in (reversed(found[:at]), found[at + 1 :]):
        if next((digits for said, digits in side if said[0] not in ZEROS), ""):
            return True
    return False
