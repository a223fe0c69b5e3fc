"""Capitals: NHS letter by letter, NASA as a word, Henry VIII, Part II."""

import re

from parley.text.speakable.english.numbers import Dialect, cardinal, ordinal
from parley.text.speakable.rules import Rule, listed

_SPELLED = frozenset(
    listed(
        "AA AAA ABC AC ACL ADHD AI AKA AM AMD AOL AOV API APR APY ATM ATV AWS AUD BA BMI CAD CEO "
        "CFO CIA CIO CMO COD COO CPA CPU CTO DIY DOB DOA ECG EDT EEG EFT EIN EKG EMT ENT EOD EPA "
        "ER ESL EST ETA ETF EU EUR EV FAQ FBI FDA FYI GOP GPA HOA HVAC IBM ICU ID IDE IMDB IMF "
        "IOU IP IPA IPO IQ IRS ISBN ISO ISP IUD IVF IVR KPI LAX LED MBA MRI NBA NCAA NFL NSA NYC "
        "NYPD NYSE OCD OEM OS OTC PE PM POA POC POS PSA PTO QA ROI RSVP RV SEO SUV TBA TOS TSA "
        "UAE UFC UFO UI UK UN UPC UPS URL USA USAF USB USD USPS UTC UTI UV UX VIP YMCA YTD"
    )
)
"""Initialisms with vowels in them. Those without a vowel are spelled anyway."""

_IN_CONTEXT = {
    "US": re.compile(r"\b(?:the|in|from|to|across|of|outside)\s$", re.IGNORECASE),
    "IT": re.compile(r"\b(?:our|your|an?|in|of|with|through|via|the)\s$", re.IGNORECASE),
    "WHO": re.compile(r"\bthe\s$", re.IGNORECASE),
}
_IT_AFTER = re.compile(r"\s(?:department|team|support|staff|desk|manager|help|services?|guy)\b")

_CAPITALS = re.compile(r"(?<![\w'’])([A-Z]{2,6})(s|['’]s|['’]S)?(?![\w])")
_MIXED = re.compile(r"\b(?:iOS|macOS|PhD|eSIM|IoT|LaTeX|GitHub|BSc|MSc|kWh)\b")
_MIXED_WORDS = {
    "iOS": "i O S",
    "macOS": "mac O S",
    "PhD": "P H D",
    "eSIM": "e SIM",
    "IoT": "I O T",
    "LaTeX": "Lay-tech",
    "GitHub": "Git Hub",
    "BSc": "B S C",
    "MSc": "M S C",
    "kWh": "kilowatt hours",
}
_SHOUTED = re.compile(r"[A-Z]{2,}")
_VOWELS = frozenset("AEIOUY")
_SOUNDS = frozenset(listed("HM HMM SH SHH PSST BRR GRR TSK PFFT MR MRS DR ST NTH"))

_ROMAN = r"(?:X{0,3})(?:IX|IV|V?I{0,3})"
_RULER = re.compile(
    rf"\b(Henry|Edward|George|Elizabeth|Charles|James|William|Richard|Louis|Philip|Philippe|Francis"
    rf"|Henri|Napoleon|Nicholas|Peter|Paul|Pius|Benedict|Leo|Gregory|Innocent|Clement|Alexander"
    rf"|Frederick|Friedrich|Wilhelm|Otto|Carl|Gustav|Christian|Haakon|Harald|Juan Carlos|Felipe"
    rf"|Alfonso|Ferdinand|Catherine|Mary|Victoria|Margrethe|Ramses|Ramesses|Cleopatra|Ptolemy)"
    rf"\s(?=[XVI])({_ROMAN})(?!\w)(?<!\bI)"
)
_NUMBERED = re.compile(
    r"\b([Pp]art|[Cc]hapter|[Vv]olume|[Bb]ook|[Ss]ection|[Aa]ct|[Ss]cene|[Pp]hase|[Tt]ype|[Cc]lass"
    r"|[Ll]evel|[Ss]tage|[Tt]itle|[Aa]rticle|[Aa]ppendix|War|Bowl|[Gg]rade|[Tt]ier|[Mm]ark|[Ee]pisode"
    rf"|[Cc]ategory|[Gg]roup|[Uu]nit)\s(?=[LXVI])(X?L?{_ROMAN})(?![\w'’])"
)
_ANY = re.compile(rf"\b([A-Z][a-z]+)\s(?=[XVI]{{2}})({_ROMAN})(?!\w)")
_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50}


def rules(dialect: Dialect) -> tuple[Rule, ...]:
    return (
        Rule(_RULER, lambda match: f"{match[1]} the {ordinal(_roman(match[2]))}"),
        Rule(_NUMBERED, lambda match: f"{match[1]} {cardinal(_roman(match[2]))}"),
        Rule(_ANY, lambda match: f"{match[1]} {cardinal(_roman(match[2]))}"),
        Rule(_MIXED, lambda match: _MIXED_WORDS[match[0]]),
        Rule(_CAPITALS, _capitals),
    )


def _roman(text: str) -> int:
    values = [_DIGITS[char] for char in text]
    return sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _capitals(match: re.Match[str]) -> str | None:
    word, ending = match[1], match[2] or ""
    if not _is_spelled(word, match):
        return None
    return " ".join(word) + ("'s" if ending else "")


def _is_spelled(word: str, match: re.Match[str]) -> bool:
    if word in _SOUNDS:
        return False
    if _VOWELS.isdisjoint(word):
        return True
    if _is_shouted(match):
        return False
    before = _IN_CONTEXT.get(word)
    if before is None:
        return word in _SPELLED
    if word == "IT":
        return bool(_IT_AFTER.match(match.string, match.end()))
    return bool(before.search(match.string, 0, match.start()))


def _is_shouted(match: re.Match[str]) -> bool:
    """Whether the word beside it is a plain one in capitals: I AM FINE."""
    before = match.string[: match.start()].split()[-1:]
    after = match.string[match.end() :].split(maxsplit=1)[:1]
    return any(_is_plain_shout(word) for word in (*before, *after))


def _is_plain_shout(word: str) -> bool:
    bare = word.strip(".,;:!?'\"()")
    return bool(_SHOUTED.fullmatch(bare)) and bare not in _SPELLED and not _VOWELS.isdisjoint(bare)
