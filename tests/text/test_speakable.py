import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speakable_cases import ENGLISH

from parley.audio.ledger import SpanLedger
from parley.text.speakable import Speakable, language, speakable

MARKS = re.compile(r"[*_`#~|<>\[\]{}\\^]")

FRAGMENTS = sorted(
    {part for text in ENGLISH for part in re.split(r"(\W)", text) if part}
    | set("*_`#~|<>[](){}\\^$€%&@+=/.,:;!?-–—'\"\n\t ²½①٣😀")
)
MIXES = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)
TEXTS = st.text(max_size=80) | MIXES | st.sampled_from(sorted(ENGLISH))
TAGS = st.sampled_from(["en", "en-GB", "en_US", "EN", "de", "zh-Hant", "", "x-y-z"])


def told(source: str, spoken: Speakable, characters: int) -> str:
    """What of the source was heard once so many characters were spoken, 100 samples each."""
    ledger = SpanLedger(source, spoken.text, spoken.alignment, sample_rate=1500)
    ledger.end(len(spoken.text) * 100, (0, len(spoken.text) * 100))
    return source[: ledger.heard(characters * 100)].rstrip()


# Alignment


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("We meet", "We meet"),
        ("We meet at", "We meet at"),
        ("We meet at ten", "We meet at"),
        ("We meet at ten thirty", "We meet at 10:30"),
        ("We meet at ten thirty on", "We meet at 10:30 on"),
        ("We meet at ten thirty on December", "We meet at 10:30 on"),
        ("We meet at ten thirty on December third.", "We meet at 10:30 on **Dec. 3**."),
    ],
)
def test_an_interruption_is_cut_at_what_was_heard_of_the_source(heard: str, expected: str) -> None:
    source = "We meet at 10:30 on **Dec. 3**."
    spoken = speakable(source)
    assert spoken.text == "We meet at ten thirty on December third."
    assert told(source, spoken, len(heard)) == expected


def test_a_telephone_number_is_heard_group_by_group() -> None:
    source = "Call (555) 123-4567 now."
    spoken = speakable(source)
    assert spoken.text == "Call five five five, one two three, four five six seven now."
    assert told(source, spoken, len("Call five five")) == "Call"
    assert told(source, spoken, len("Call five five five,")) == "Call (555)"
    assert told(source, spoken, len("Call five five five, one two three, four")) == (
        "Call (555) 123"
    )


def test_a_link_is_heard_word_by_word() -> None:
    source = "See [our own help](https://example.com/a) now."
    spoken = speakable(source)
    assert spoken.text == "See our own help now."
    assert told(source, spoken, len("See our own")) == "See [our own"


class Other:
    """What a stage made of a text."""

    def __init__(self, text: str, *alignment: tuple[tuple[int, int], tuple[int, int]]) -> None:
        self.text = text
        self.alignment = alignment


def test_a_text_that_was_rewritten_before_leads_back_to_its_source() -> None:
    source = "Use SQL 5 now"
    before = Other("Use sequel 5 now", ((0, 4), (0, 4)), ((4, 10), (4, 7)), ((10, 16), (7, 13)))
    spoken = speakable(source, rewritten=before)
    assert spoken.text == "Use sequel five now"
    assert told(source, spoken, len("Use sequel")) == "Use SQL"
    assert told(source, spoken, len("Use sequel fi")) == "Use SQL"
    assert told(source, spoken, len("Use sequel five")) == "Use SQL 5"


def test_what_was_rewritten_twice_is_heard_as_a_whole() -> None:
    source = "It is X now"
    before = Other("It is 3 or 5 now", ((0, 6), (0, 6)), ((6, 12), (6, 7)), ((12, 16), (7, 11)))
    spoken = speakable(source, rewritten=before)
    assert spoken.text == "It is three or five now"
    assert told(source, spoken, len("It is three or")) == "It is"
    assert told(source, spoken, len("It is three or five")) == "It is X"


def test_a_rewritten_text_without_an_alignment_is_heard_as_a_whole() -> None:
    spoken = speakable("Short", rewritten=Other("In 5 long words"))
    assert spoken == Speakable("In five long words", (((0, 18), (0, 5)),))


def test_a_gap_in_an_alignment_belongs_together() -> None:
    before = Other("a b c", ((0, 2), (0, 2)), ((4, 5), (6, 7)))
    spoken = speakable("a XXX c", rewritten=before)
    assert spoken.alignment == (((0, 2), (0, 2)), ((2, 4), (2, 6)), ((4, 5), (6, 7)))


# Languages


def test_a_language_that_is_not_known_loses_its_markup_only() -> None:
    assert speakable("**Um 10:30** mit [Dr. Maier](http://x.de) 😀", "tlh").text == (
        "Um 10:30 mit Dr. Maier"
    )


@pytest.mark.parametrize("tag", ["en", "EN", "en-US", "en_us", "en-Latn-US", "en-x-any"])
def test_english_is_found_by_its_tag(tag: str) -> None:
    assert speakable("On 12/3/2026", tag).text == "On December third, twenty twenty-six"


@pytest.mark.parametrize("tag", ["en-GB", "en_gb", "en-Latn-AU", "en-IE"])
def test_regions_differ(tag: str) -> None:
    assert speakable("On 12/3/2026", tag).text == "On the twelfth of March, twenty twenty-six"


@pytest.mark.parametrize("tag", ["", "xx", "english", "-en"])
def test_other_tags_find_nothing(tag: str) -> None:
    assert language(tag) is None


# Properties


@given(TEXTS, TAGS)
def test_the_alignment_covers_both_texts_in_order(text: str, tag: str) -> None:
    spoken = speakable(text, tag)
    at = source_at = 0
    for (start, end), (source_start, source_end) in spoken.alignment:
        assert (start, source_start) == (at, source_at)
        assert start <= end
        assert source_start <= source_end
        at, source_at = end, source_end
    assert (at, source_at) == (len(spoken.text), len(text))


@given(TEXTS, st.sampled_from(["en", "en-GB"]))
def test_nothing_is_left_that_a_voice_would_stumble_over(text: str, tag: str) -> None:
    spoken = speakable(text, tag).text
    assert not any(map(str.isdigit, spoken))
    assert not MARKS.search(spoken)
    assert spoken == spoken.strip()
    assert "\n" not in spoken


@given(st.lists(st.from_regex(r"[a-z]{1,9}[,.!?]?", fullmatch=True), max_size=12), TAGS)
def test_plain_words_stay_as_they_are(words: list[str], tag: str) -> None:
    plain = " ".join(word for word in words if word.strip(",.!?") not in ABBREVIATED)
    assert speakable(plain, tag).text == plain
    assert speakable(plain, tag).alignment == ((((0, len(plain)),) * 2,) if plain else ())


ABBREVIATED = re.findall(
    r"\w+",
    "vs approx hrs mins appt etc eg cf incl excl misc dept govt apt est temp avg min max qty tel "
    "secs yrs lbs oz viz",
)


@pytest.mark.parametrize("text", ENGLISH)
def test_what_is_spoken_is_spoken_alike_again(text: str) -> None:
    spoken = speakable(text).text
    assert speakable(spoken).text == spoken


@given(TEXTS, MIXES, TAGS, st.data())
def test_a_rewritten_text_is_covered_too(
    source: str, text: str, tag: str, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, min(len(source), len(text))), max_size=6).map(sorted))
    pairs = tuple(((a, b), (a, b)) for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    spoken = speakable(source, tag, rewritten=Other(text, *pairs))
    assert spoken.text == speakable(text, tag).text
    ends = [(0, 0), *((pair[0][1], pair[1][1]) for pair in spoken.alignment)]
    starts = [(pair[0][0], pair[1][0]) for pair in spoken.alignment]
    assert ends == [*starts, (len(spoken.text), len(source))]


LONG = [
    "9",
    "1,",
    "a.",
    "a@",
    "(",
    "[",
    "-",
    "1-",
    "1 ",
    "A1",
    "*",
    "# ",
    "$1",
    "|",
    "http://",
    "I",
]


@pytest.mark.parametrize("piece", LONG)
def test_a_text_that_does_not_end_is_read_in_time(piece: str) -> None:
    """No pattern takes time that grows with the square of the text, or worse."""
    text = piece * (10_000 // len(piece))
    began = time.process_time()
    speakable(text)
    assert time.process_time() - began < 1.0
