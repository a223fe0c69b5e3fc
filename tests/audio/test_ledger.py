"""Which characters were heard. One sample lasts a millisecond."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.audio.ledger import (
    Alignment,
    SpanLedger,
    WordTime,
    assumed_duration,
    split_words,
    voiced_range,
)


def ledger(
    source: str, spoken: str | None = None, alignment: Alignment | None = None
) -> SpanLedger:
    return SpanLedger(source, spoken, alignment, sample_rate=1000)


def heard(account: SpanLedger, samples: int) -> str:
    return account.source[: account.heard(samples)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n", []),
        ("Well, it's 4:30 – fine!", ["Well,", "it's", "4:30", "–", "fine!"]),
        ("你好。“世界”", ["你", "好。“", "世", "界”"]),
        ("「東京」へ3回 go", ["「東", "京」", "へ", "3", "回", "go"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("𠮷野家 ﾊﾛｰ", ["𠮷", "野", "家", "ﾊ", "ﾛ", "ｰ"]),
    ],
)
def test_words_are_split_at_spaces_and_between_cjk_characters(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in split_words(text)] == words


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        ([], None),
        ([0, 100, -100], None),
        ([0, 101, 0, 0], (1, 2)),
        ([0, 0, -101, 0, 500, 3], (2, 5)),
        ([-32768], (0, 1)),
        ([0] * 9000 + [900] + [0] * 5000, (9000, 9001)),
    ],
)
def test_the_voice_is_found_between_silences(
    samples: list[int], found: tuple[int, int] | None
) -> None:
    assert voiced_range(np.array(samples, "<i2").tobytes()) == found


def test_chinese_is_spoken_with_fewer_characters_a_second() -> None:
    assert assumed_duration("fifteen letters") == 1.0
    assert assumed_duration("五個漢字長") == 1.0


# Without times


def test_until_the_end_is_known_15_characters_a_second_are_assumed() -> None:
    account = ledger("Hello, big world.")
    assert heard(account, 399) == ""
    assert heard(account, 400) == "Hello,"
    assert heard(account, 666) == "Hello,"
    assert heard(account, 667) == "Hello, big"
    assert heard(account, 60_000) == "Hello, big world."


def test_the_assumption_starts_where_the_voice_does() -> None:
    account = ledger("Hello, big world.")
    account.voice_from(1000)
    assert heard(account, 1399) == ""
    assert heard(account, 1400) == "Hello,"


def test_at_the_end_words_share_the_time_by_their_characters() -> None:
    account = ledger("aaaa bb cc ")
    account.end(1500, (200, 1200))  # ten characters in a second
    assert [heard(account, at) for at in (599, 600, 899, 900, 1199, 1200)] == [
        "",
        "aaaa",
        "aaaa",
        "aaaa bb",
        "aaaa bb",
        "aaaa bb cc",
    ]
    assert heard(account, 1499) == "aaaa bb cc"
    assert heard(account, 1500) == "aaaa bb cc "


def test_what_was_claimed_is_never_taken_back() -> None:
    account = ledger("aaaa bbbb")
    assert heard(account, 600) == "aaaa bbbb"
    account.end(3000, (0, 3000))
    assert heard(account, 100) == "aaaa bbbb"


def test_a_span_without_audio_was_not_heard() -> None:
    account = ledger("text")
    account.end(0, (0, 0))
    assert account.heard(0) == 0


def test_a_text_without_words_is_heard_with_its_last_sample() -> None:
    account = ledger("  ")
    assert account.heard(10) == 0
    assert account.word_start(10) == 10
    account.end(20, (0, 20))
    assert account.heard(19) == 0
    assert account.heard(20) == 2


# With times


def test_the_voice_knows_best() -> None:
    account = ledger("Hello, big world.")
    account.add_words([WordTime(0, 5, 50, 300)])
    account.add_words([WordTime(7, 10, 400, 500), WordTime(11, 16, 500, 900)])
    assert [heard(account, at) for at in (299, 300, 499, 500, 899, 900)] == [
        "",
        "Hello,",
        "Hello,",
        "Hello, big",
        "Hello, big",
        "Hello, big world.",
    ]


def test_what_becomes_known_counts_at_once() -> None:
    account = ledger("aaaa bbbb cccc")
    assert heard(account, 100) == ""
    account.add_words([WordTime(0, 4, 0, 100)])
    assert heard(account, 100) == "aaaa"
    assert account.word_start(120) == 120
    account.add_words([WordTime(5, 9, 110, 200)])
    assert account.word_start(120) == 110
    assert heard(account, 200) == "aaaa bbbb"
    late = ledger("aaaa bbbb")
    assert late.word_start(200) == 0
    late.voice_from(150)
    assert late.word_start(200) == 150
    assert heard(late, 300) == ""


def test_the_word_that_plays_begins_where_the_voice_says() -> None:
    account = ledger("Hello, big world.")
    account.add_words([WordTime(0, 5, 50, 300), WordTime(7, 10, 400, 500)])
    account.add_words([WordTime(11, 16, 500, 900)])
    before, hello, gap, big = 20, 120, 350, 499
    assert account.word_start(before) == before
    assert account.word_start(hello) == 50
    assert account.word_start(gap) == gap
    assert account.word_start(big) == 400
    assert account.word_start(500) == 500
    assert account.word_start(899) == 500
    assert account.word_start(950) == 950


def test_words_without_times_lie_between_their_neighbours() -> None:
    account = ledger("aaa bbb ccc ddd eee")
    account.add_words([WordTime(4, 7, 400, 700), WordTime(12, 15, 1500, 1800)])
    assert [heard(account, at) for at in (299, 300, 699, 700)] == ["", "aaa", "aaa", "aaa bbb"]
    assert heard(account, 1339) == "aaa bbb"
    assert heard(account, 1340) == "aaa bbb ccc"
    assert account.word_start(1339) == 860
    assert heard(account, 1800) == "aaa bbb ccc ddd"
    assert heard(account, 1800 + 266) == "aaa bbb ccc ddd"  # four characters are assumed
    account.end(2500, (0, 2000))
    assert heard(account, 1999) == "aaa bbb ccc ddd"
    assert heard(account, 2000) == "aaa bbb ccc ddd eee"


def test_tokens_may_be_parts_of_words_or_several_words() -> None:
    account = ledger("don't go to New York, please")
    account.add_words(
        [
            WordTime(0, 3, 0, 100),  # don
            WordTime(3, 5, 100, 150),  # 't
            WordTime(5, 12, 200, 500),  # " go to "
            WordTime(12, 20, 500, 1300),  # New York
            WordTime(20, 21, 1300, 1350),  # ,
        ]
    )
    assert [heard(account, at) for at in (149, 150, 319, 320, 499, 500)] == [
        "",
        "don't",
        "don't",
        "don't go",
        "don't go",
        "don't go to",
    ]
    assert heard(account, 800) == "don't go to New"
    assert heard(account, 1349) == "don't go to New"
    assert heard(account, 1350) == "don't go to New York,"


def test_punctuation_ends_with_the_word_before_it() -> None:
    account = ledger("“Well...” he said.")
    account.add_words([WordTime(1, 5, 0, 300), WordTime(10, 12, 900, 1000)])
    assert heard(account, 299) == ""
    assert heard(account, 300) == "“Well...”"


def test_cjk_tokens_of_any_length_are_divided_by_character() -> None:
    account = ledger("我想去东京。")
    account.add_words([WordTime(0, 2, 0, 200), WordTime(2, 6, 200, 800)])
    assert heard(account, 99) == ""
    assert heard(account, 100) == "我"
    assert heard(account, 349) == "我想"
    assert heard(account, 350) == "我想去"
    assert heard(account, 500) == "我想去东"
    assert heard(account, 800) == "我想去东京。"


def test_a_cjk_word_begins_after_the_gap_before_it() -> None:
    account = ledger("我想")
    account.add_words([WordTime(0, 1, 0, 200), WordTime(1, 2, 300, 500)])
    assert account.word_start(250) == 250
    assert account.word_start(400) == 300


@pytest.mark.parametrize(
    "nonsense",
    [
        WordTime(-1, 3, 0, 10),  # before the text
        WordTime(40, 44, 0, 10),  # after the text
        WordTime(3, 4, 0, 10),  # a space
        WordTime(6, 4, 0, 10),
        WordTime(-5, -1, 0, 10),
        WordTime(4, 7, -5, 10),
        WordTime(4, 7, 20, 10),
        WordTime(4, 7, 5000, 5100),  # after the audio
        WordTime(8, 11, 50, 60),  # earlier than the word before it
    ],
)
def test_times_that_cannot_be_true_are_left_out(nonsense: WordTime) -> None:
    account = ledger("aaa bbb ccc ddd")
    words = [WordTime(0, 3, 0, 300), WordTime(4, 7, 400, 700), WordTime(12, 15, 1200, 1500)]
    account.add_words([words[0], nonsense, *words[1:]])
    account.end(1500, (0, 1500))
    assert [heard(account, at) for at in (299, 300, 699, 700, 1099, 1100, 1499)] == [
        "",
        "aaa",
        "aaa",
        "aaa bbb",
        "aaa bbb",
        "aaa bbb ccc",
        "aaa bbb ccc",
    ]


def test_the_most_that_agrees_is_believed() -> None:
    account = ledger("a b c d e f g h")
    times = [0, 900, 100, 200, 800, 300, 50, 400]
    account.add_words([WordTime(2 * i, 2 * i + 1, at, at + 90) for i, at in enumerate(times)])
    account.end(1000, (0, 1000))
    heard_by = [(90, "a"), (189, "a b"), (190, "a b c"), (290, "a b c d"), (389, "a b c d e")]
    heard_by += [(390, "a b c d e f"), (489, "a b c d e f g"), (490, "a b c d e f g h")]
    for at, text in heard_by:
        assert heard(account, at) == text


def test_times_may_come_in_any_order_overlap_and_run_over_the_end() -> None:
    account = ledger("aaa bbb ccc")
    account.add_words([WordTime(8, 11, 600, 1000), WordTime(0, 3, 0, 400)])
    account.add_words([WordTime(4, 7, 300, 700)])
    assert heard(account, 399) == ""
    assert heard(account, 400) == "aaa"
    assert account.word_start(500) == 400
    assert heard(account, 699) == "aaa"
    assert heard(account, 700) == "aaa bbb"
    account.end(950, (0, 950))
    assert heard(account, 949) == "aaa bbb"
    assert heard(account, 950) == "aaa bbb ccc"


def test_a_corrected_time_replaces_the_one_before() -> None:
    account = ledger("aaa bbb")
    account.add_words([WordTime(0, 3, 0, 100), WordTime(0, 3, 50, 300), WordTime(4, 7, 400, 700)])
    assert heard(account, 299) == ""
    assert heard(account, 300) == "aaa"


def test_voice_may_end_before_the_last_known_word_does() -> None:
    account = ledger("aaa bbb ccc")
    account.add_words([WordTime(0, 3, 0, 300), WordTime(4, 7, 400, 800)])
    account.end(1000, (0, 600))
    assert heard(account, 799) == "aaa"
    assert heard(account, 800) == "aaa bbb ccc"


# Rewritten texts


def test_rewritten_words_count_when_they_were_spoken_wholly() -> None:
    source, spoken = "Pay $25 (now), ok", "Pay twenty five dollars now, ok"
    account = ledger(
        source,
        spoken,
        [((0, 4), (0, 4)), ((4, 23), (4, 7)), ((24, 27), (9, 12)), ((27, 31), (13, 17))],
    )
    account.add_words(
        [
            WordTime(0, 3, 0, 100),
            WordTime(4, 10, 100, 200),
            WordTime(11, 15, 200, 300),
            WordTime(16, 23, 300, 400),
            WordTime(24, 27, 500, 600),
            WordTime(29, 31, 600, 700),
        ]
    )
    assert [heard(account, at) for at in (99, 100, 399, 400, 599, 600, 700)] == [
        "",
        "Pay",
        "Pay ",
        "Pay $25",
        "Pay $25",
        "Pay $25 (now),",
        "Pay $25 (now), ok",
    ]


def test_markup_that_is_not_spoken_goes_with_the_word_before_it() -> None:
    account = ledger("**Very** good!", "Very good!", [((0, 4), (2, 6)), ((4, 10), (8, 14))])
    account.add_words([WordTime(0, 4, 0, 400), WordTime(5, 9, 500, 900)])
    assert heard(account, 399) == ""
    assert heard(account, 400) == "**Very**"
    assert heard(account, 900) == "**Very** good!"


def test_source_that_is_left_out_goes_with_what_comes_after_it() -> None:
    account = ledger("Hi (hm) there", "Hi there", [((0, 2), (0, 2)), ((2, 8), (7, 13))])
    account.add_words([WordTime(0, 2, 0, 200), WordTime(3, 8, 200, 700)])
    assert heard(account, 200) == "Hi"
    assert heard(account, 700) == "Hi (hm) there"


def test_a_rewritten_text_without_alignment_is_heard_all_at_once() -> None:
    account = ledger("4 + 4", "four plus four")
    account.end(1000, (0, 900))
    assert heard(account, 899) == ""
    assert heard(account, 900) == "4 + 4"


def test_an_alignment_beyond_the_text_does_no_harm() -> None:
    account = ledger("abc def", "abc def", [((0, 3), (-30, -20)), ((3, 7), (50, 90))])
    assert heard(account, 200) == ""
    assert heard(account, 60_000) == "abc def"


# Whatever a voice reports

WORD = st.builds(
    WordTime,
    st.integers(-2, 40),
    st.integers(-2, 40),
    st.integers(-10, 1200),
    st.integers(-10, 1200),
)
TEXT = st.text(alphabet="ab ,.“東ー\u0301😀\n1", max_size=30)


@settings(derandomize=True)
@given(TEXT, st.lists(WORD, max_size=12), st.integers(0, 1000), st.booleans())
def test_no_report_breaks_the_account(
    text: str, words: list[WordTime], total: int, ends: bool
) -> None:
    account = ledger(text)
    account.add_words(words[:6])
    claims = [account.heard(at) for at in range(0, total // 2, 50)]
    account.add_words(words[6:])
    if ends:
        account.end(total, (total // 10, total - total // 10))
    claims += [account.heard(at) for at in range(total // 2, total, 50)]
    assert claims == sorted(claims)
    boundaries = {0, *(end for _, end in split_words(text))}
    assert boundaries.issuperset(claims)
    starts = [account.word_start(at) for at in range(0, 1200, 50)]
    assert starts == sorted(starts)
    assert all(0 <= start <= at for start, at in zip(starts, range(0, 1200, 50), strict=True))
    assert account.heard(total) == (len(text) if ends and total else account.heard(0))
    assert 0 <= account.heard(10**6) <= len(text)
