"""Numbers in English words and digits: read and written."""

from collections.abc import Sequence

UNITS = tuple(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
    """.split()
)
TENS = tuple("twenty thirty forty fifty sixty seventy eighty ninety".split())
ORDINALS = tuple(
    """
    zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
    """.split()
)
TENTHS = tuple(f"{ten[:-1]}ieth" for ten in TENS)

_SMALL = {word: n for n, word in enumerate(UNITS)}
_TENS = {word: 20 + 10 * n for n, word in enumerate(TENS)}
_ORDINALS = {word: n for n, word in enumerate(ORDINALS)}
_TENTHS = {word: 20 + 10 * n for n, word in enumerate(TENTHS)}
_SCALES = (("million", 1_000_000), ("thousand", 1_000))

Read = tuple[int, int]
"""A number and the index of the word after it."""


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def _below_hundred(words: Sequence[str], at: int) -> Read | None:
    word = _word(words, at)
    if word in _SMALL:
        return _SMALL[word], at + 1
    if word not in _TENS:
        return None
    unit = _SMALL.get(_word(words, at + 1), 0)
    return (_TENS[word] + unit, at + 2) if 0 < unit < 10 else (_TENS[word], at + 1)


def _below_thousand(words: Sequence[str], at: int) -> Read | None:
    a = _word(words, at) in ("a", "an") and _word(words, at + 1) == "hundred"
    read = (1, at + 1) if a else _below_hundred(words, at)
    if read is None or not 0 < read[0] < 100 or _word(words, read[1]) != "hundred":
        return read
    hundreds, at = 100 * read[0], read[1] + 1
    rest = _below_hundred(words, at + (_word(words, at) == "and"))
    return (hundreds + rest[0], rest[1]) if rest and rest[0] else (hundreds, at)


def cardinal(words: Sequence[str], at: int) -> Read | None:
    """Read "42", "forty two", "a hundred and five", "two thousand" at `at`."""
    word = _word(words, at).replace(",", "")
    if word.isascii() and word.isdecimal():
        return (int(word), at + 1) if len(word) <= 15 else None
    a = word in ("a", "an") and _word(words, at + 1) in ("thousand", "million")
    read = (1, at + 1) if a else _below_thousand(words, at)
    total = 0
    for name, size in _SCALES:
        if read is None or _word(words, read[1]) != name or not read[0]:
            continue
        total += read[0] * size
        at = read[1] + 1
        read = _below_thousand(words, at + (_word(words, at) == "and"))
        if read is None or not read[0]:
            return total, at
    return (total + read[0], read[1]) if read else None


def ordinal(words: Sequence[str], at: int) -> Read | None:
    """Read "3rd", "third", "twenty third", up to ninety-ninth, at `at`."""
    word = _word(words, at)
    if word[:-2].isdecimal() and word[-2:] in ("st", "nd", "rd", "th"):
        return (int(word[:-2]), at + 1) if len(word) <= 6 else None
    if word in _ORDINALS:
        return _ORDINALS[word], at + 1
    if word in _TENTHS:
        return _TENTHS[word], at + 1
    unit = _ORDINALS.get(_word(words, at + 1), 0)
    return (_TENS[word] + unit, at + 2) if word in _TENS and 0 < unit < 10 else None


def say(number: int) -> str:
    """Write a whole number in words; digit by digit from a thousand millions on."""
    if number < 0:
        return f"minus {say(-number)}"
    if number < 20:
        return UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return f"{TENS[tens - 2]} {UNITS[unit]}" if unit else TENS[tens - 2]
    if number >= 1_000_000_000:
        return say_digits(str(number))
    name, size = next(s for s in (*_SCALES, ("hundred", 100)) if number >= s[1])
    many, rest = divmod(number, size)
    joiner = "and " if rest < 100 and size == 100 else ""
    return f"{say(many)} {name}" + (f" {joiner}{say(rest)}" if rest else "")


def say_digits(digits: str) -> str:
    """Write digits in words, one by one."""
    return " ".join(UNITS[int(digit)] for digit in digits)


def say_ordinal(number: int) -> str:
    """Write "third", "twenty first": from 0 to 99."""
    if number < 20:
        return ORDINALS[number]
    tens, unit = divmod(number, 10)
    return f"{TENS[tens - 2]} {ORDINALS[unit]}" if unit else TENTHS[tens - 2]


def say_year(year: int) -> str:
    """Write "twenty twenty six", "two thousand five", "nineteen hundred"."""
    century, rest = divmod(year, 100)
    if century % 10 == 0 and rest < 10:
        return say(year)
    if not rest:
        return f"{say(century)} hundred"
    return f"{say(century)} {'oh ' if rest < 10 else ''}{say(rest)}"


def year(words: Sequence[str], at: int) -> Read | None:
    """Read "2026", "twenty twenty six", "nineteen oh five", "two thousand and five"."""
    whole = cardinal(words, at)
    if whole and 1900 <= whole[0] < 2100:
        return whole
    century = _below_hundred(words, at)
    if century is None or century[0] not in (19, 20):
        return None
    after = century[1]
    if _word(words, after) == "hundred":
        return None
    oh = _word(words, after) in ("oh", "o")
    rest = _below_hundred(words, after + oh)
    if rest is None or (rest[0] < 10) is not oh:
        return None
    return century[0] * 100 + rest[0], rest[1]
