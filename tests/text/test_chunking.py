from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.text.chunking import Chunk, Chunked, Chunker
from parley.text.cutting import ChunkSettings
from parley.text.words import is_speakable, words

REPLIES = {
    # sentences
    "Sure I can do that for you now if you have time.": [
        "Sure I can do that for you now if you have time."
    ],
    "Hi! How are you? Fine.": ["Hi!", "How are you?", "Fine."],
    "  Two spaces.  And a tail without an end ": ["Two spaces.", "And a tail without an end"],
    "Wait... It works. Wait... it works.": ["Wait...", "It works.", "Wait... it works."],
    'He said, "Go." Then left. "Really?" she asked. (Yes.) No.': [
        'He said, "Go."',
        "Then left.",
        '"Really?" she asked.',
        "(Yes.)",
        "No.",
    ],
    "It costs 3.14 or 1,000 dollars. Use v1.2.3. It's 10:30.": [
        "It costs 3.14 or 1,000 dollars.",
        "Use v1.2.3.",
        "It's 10:30.",
    ],
    "See example.com/a?b=1. Or mail bob@example.org! Edit parley.yaml.": [
        "See example.com/a?b=1.",
        "Or mail bob@example.org!",
        "Edit parley.yaml.",
    ],
    "Mr. J. R. R. Tolkien called at 5 p.m. The line was busy. Call no. 5. I will.": [
        "Mr. J. R. R. Tolkien called at 5 p.m.",
        "The line was busy.",
        "Call no. 5.",
        "I will.",
    ],
    "You are booked on Tuesday, December 3, 2026 at 10:30.": [
        "You are booked on Tuesday,",
        "December 3, 2026 at 10:30.",
    ],
    "You are free, 3 - 5 is what I said.": ["You are free,", "3 - 5 is what I said."],
    "On Mon. and Tue. Dr. Lee is in. On Sat. 5 Dec. she is not.": [
        "On Mon. and Tue. Dr. Lee is in.",
        "On Sat. 5 Dec. she is not.",
    ],
    "This very old house near your lovely little town must cost its rich new owner 5 million "
    "dollars every single year.": [
        "This very old house near your lovely little town must cost its rich new owner",
        "5 million dollars every single year.",
    ],
    # lines and lists
    "Two steps:\n1. Open the door\n2. Close it": ["Two steps:", "1. Open the door", "2. Close it"],
    "Two steps: 1. Open the door. 2. Close it. Done.": [
        "Two steps: 1. Open the door.",
        "2. Close it.",
        "Done.",
    ],
    "# Title\n\n- one\n- **two.** Three": ["# Title", "- one", "- **two.**", "Three"],
    # the first clause
    "I checked your calendar, and you are free on Monday.": [
        "I checked your calendar,",
        "and you are free on Monday.",
    ],
    "Let me see — I have that somewhere, but not here.": [
        "Let me see —",
        "I have that somewhere, but not here.",
    ],
    "Well, I can certainly do that for you.": ["Well, I can certainly do that for you."],
    "We have apples, pears, and plums.": ["We have apples, pears, and plums."],
    "It is 1,000 or 2,000 of those things that you want.": [
        "It is 1,000 or 2,000 of those things that you want."
    ],
    # long sentences
    "The committee that met last week in the old town hall decided to postpone the vote until "
    "the spring, because nobody could agree on a date.": [
        "The committee that met last week",
        "in the old town hall decided to postpone the vote until the spring,",
        "because nobody could agree on a date.",
    ],
    # nothing to say, and something beside it
    "😀": [],
    " \n ... ": [],
    "Great! 😀 What now? 😀": ["Great!", "😀 What now? 😀"],
    "---\n\nHi\n\n---": ["---\n\nHi\n\n---"],
    # other scripts
    "没问题，我马上帮您查一下。今天是2024年5月3日！「好。」": [
        "没问题，",
        "我马上帮您查一下。",
        "今天是2024年5月3日！",
        "「好。」",
    ],
}


def pushed(pieces: Iterable[str], chunker: Chunker) -> Iterator[Chunked]:
    for piece in pieces:
        yield from chunker.push(piece)
    yield from chunker.finish()


def spoken(items: Iterable[Chunked]) -> list[Chunk]:
    """What a voice that obeys says, from first to last."""
    out: list[Chunk] = []
    held: Chunk | None = None
    for item in items:
        if item.status in ("confirmed", "retracted"):
            assert held is not None
            assert item.chunk.text.startswith(held.text)
            assert not is_speakable(item.chunk.text[len(held.text) :])
            assert item.status == "confirmed" or item.chunk == held
            held = None
        assert held is None
        if item.status == "provisional":
            held = item.chunk
        elif item.status != "retracted":
            out.append(item.chunk)
    assert held is None
    return out


def split(text: str, cuts: Iterable[int]) -> list[str]:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def timeline(pieces: Iterable[str], language: str = "en") -> list[str]:
    """What was reported when: "?" for provisional, "+" final, "=" confirmed, "-" retracted."""
    signs = {"provisional": "?", "final": "+", "confirmed": "=", "retracted": "-"}
    chunker = Chunker(language)
    steps = [(repr(piece), chunker.push(piece)) for piece in pieces]
    steps.append(("end", chunker.finish()))
    return [
        " ".join([name, *(f"{signs[item.status]}<{item.chunk.text}>" for item in items)])
        for name, items in steps
        if items
    ]


@pytest.mark.parametrize(("text", "expected"), REPLIES.items())
def test_a_reply_is_cut_the_same_way_however_it_arrives(text: str, expected: list[str]) -> None:
    for pieces in ([text], list(text), text.replace(" ", " \0").split("\0")):
        assert [chunk.text for chunk in spoken(pushed(pieces, Chunker()))] == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "es",
            "¿Cómo está? ¡Muy bien! El Sr. López vive en EE. UU. desde mayo.",
            ["¿Cómo está?", "¡Muy bien!", "El Sr. López vive en EE. UU. desde mayo."],
        ),
        (
            "de-DE",
            "Am 3. Mai um 15 Uhr kommt z. B. Hr. Müller. Danach nicht.",
            ["Am 3. Mai um 15 Uhr kommt z. B. Hr. Müller.", "Danach nicht."],
        ),
        (
            "fr",
            "« Bonjour ! » dit-il. Ça va ? Oui, M. Dupont !",
            ["« Bonjour ! » dit-il.", "Ça va ?", "Oui, M. Dupont !"],
        ),
    ],
)
def test_languages_have_their_own_rules(language: str, text: str, expected: list[str]) -> None:
    for pieces in ([text], list(text)):
        assert [chunk.text for chunk in spoken(pushed(pieces, Chunker(language)))] == expected


def test_an_end_is_reported_at_once_and_confirmed_by_the_next_word_but_one() -> None:
    assert timeline(["Sure", ".", " I", " can", ".", ""]) == [
        "'.' ?<Sure.>",
        "' can' =<Sure.>",
        "'.' ?<I can.>",
        "end =<I can.>",
    ]
    assert timeline(["It takes", " time.", " Now", " go"]) == [
        "' time.' ?<It takes time.>",
        "' go' =<It takes time.>",
        "end +<Now go>",
    ]


def test_an_end_that_was_none_is_taken_back() -> None:
    assert timeline(["Visit example", ".", "com", "."]) == [
        "'.' ?<Visit example.>",
        "'com' -<Visit example.>",
        "'.' ?<Visit example.com.>",
        "end =<Visit example.com.>",
    ]
    assert timeline(["Why", "?", '"', " she"]) == [
        "'?' ?<Why?>",
        "' she' -<Why?>",
        'end +<Why?" she>',
    ]
    assert timeline(["So", ".", ".", ".", " Go"]) == [
        "'.' ?<So.>",
        "'.' -<So.>",
        "' Go' ?<So...>",
        "end =<So...> +<Go>",
    ]


def test_a_guess_is_replaced_by_the_next() -> None:
    assert timeline(["Go", "!", "!"]) == ["'!' ?<Go!>", "'!' -<Go!> ?<Go!!>", "end =<Go!!>"]
    assert timeline(["Go example.", "com\n"]) == [
        "'Go example.' ?<Go example.>",
        "'com\\n' -<Go example.> ?<Go example.com>",
        "end =<Go example.com>",
    ]
    assert timeline(["Go! -", "5"]) == [
        "'Go! -' ?<Go! ->",
        "'5' -<Go! -> ?<Go!>",
        "end =<Go!> +<-5>",
    ]


def test_a_number_waits_for_what_follows() -> None:
    assert timeline(["It is 3", ".", "14", ".", " Yes"]) == [
        "' Yes' ?<It is 3.14.>",
        "end =<It is 3.14.> +<Yes>",
    ]


def test_an_abbreviation_waits_for_what_follows() -> None:
    assert timeline(["At 5 p", ".", "m", ".", " The"]) == [
        "' The' ?<At 5 p.m.>",
        "end =<At 5 p.m.> +<The>",
    ]
    assert timeline(["Call no", ".", " 5", "."]) == [
        "'.' ?<Call no.>",
        "' 5' -<Call no.>",
        "end +<Call no. 5.>",
    ]


def test_what_nobody_speaks_takes_nothing_back() -> None:
    assert timeline(['"Go', ".", '"', " 😀", " Now", " go"]) == [
        "'.' ?<\"Go.>",
        "' go' =<\"Go.\">",
        "end +<😀 Now go>",
    ]
    assert timeline(["Go", "!", " 😀"]) == ["'!' ?<Go!>", "end =<Go! 😀>"]


def test_a_mark_that_turns_out_a_sign_takes_back_what_it_belonged_to() -> None:
    assert timeline(["I see it", " -", "5", " or"]) == [
        "' -' ?<I see it ->",
        "'5' -<I see it ->",
        "end +<I see it -5 or>",
    ]


def test_a_line_ends_at_once() -> None:
    assert timeline(["One", "\n", "- two"]) == ["'\\n' ?<One>", "end =<One> +<- two>"]


def test_a_first_clause_is_reported_at_once_and_a_list_takes_it_back() -> None:
    assert timeline(["I have that", ",", " but you", " may not", " go"]) == [
        "',' ?<I have that,>",
        "' go' =<I have that,>",
        "end +<but you may not go>",
    ]
    assert timeline(["I have pears", ",", " plums", ",", " and", " figs", "."]) == [
        "',' ?<I have pears,>",
        "',' -<I have pears,>",
        "'.' ?<I have pears, plums, and figs.>",
        "end =<I have pears, plums, and figs.>",
    ]


def test_a_long_sentence_is_cut_when_it_goes_on() -> None:
    assert timeline([f"{letter} " for letter in "abcdefghijklmnopqrst"]) == [
        "'s ' ?<a b c d e f g h i j k l m n o>",
        "'t ' =<a b c d e f g h i j k l m n o>",
        "end +<p q r s t>",
    ]


def test_what_was_guessed_wrong_is_taken_back_before_the_rest() -> None:
    assert timeline(["Go example", ".", "com\nNow on. Then"]) == [
        "'.' ?<Go example.>",
        "'com\\nNow on. Then' -<Go example.> +<Go example.com> ?<Now on.>",
        "end =<Now on.> +<Then>",
    ]


def test_commit_without_a_provisional_chunk_does_nothing() -> None:
    chunker = Chunker()
    assert chunker.commit() == []
    chunker.push("No end")
    assert chunker.commit() == []
    assert chunker.finish() == [Chunked("final", Chunk("No end", 0, 6))]


def test_commit_makes_a_guess_final_whatever_comes() -> None:
    chunker = Chunker()
    assert chunker.push(" Visit example.") == [
        Chunked("provisional", Chunk("Visit example.", 1, 15))
    ]
    assert chunker.commit() == [Chunked("confirmed", Chunk("Visit example.", 1, 15))]
    assert chunker.commit() == []
    assert chunker.push("com, you and all the others") == []
    assert chunker.finish() == [Chunked("final", Chunk("com, you and all the others", 15, 42))]


def test_commit_in_the_middle_of_the_text_keeps_the_rest() -> None:
    chunker = Chunker()
    chunker.push('I have that, or" so I')
    assert chunker.commit() == [Chunked("confirmed", Chunk("I have that,", 0, 12))]
    assert chunker.push(" think.") == [Chunked("provisional", Chunk('or" so I think.', 13, 28))]
    assert chunker.commit() == [Chunked("confirmed", Chunk('or" so I think.', 13, 28))]
    assert chunker.push("”") == chunker.finish() == []


def test_commit_shows_the_next_guess_and_what_the_chunk_has_grown_by() -> None:
    chunker = Chunker()
    chunker.push("Go.")
    assert chunker.push('" On!') == []
    assert chunker.commit() == [
        Chunked("confirmed", Chunk('Go."', 0, 4)),
        Chunked("provisional", Chunk("On!", 5, 8)),
    ]


def test_a_number_after_a_committed_chunk_is_an_item_of_a_list_only_at_its_beginning() -> None:
    chunker = Chunker()
    items = [*chunker.push("I have that, 2. Go"), *chunker.commit(), *chunker.finish()]
    assert [chunk.text for chunk in spoken(items)] == ["I have that,", "2.", "Go"]
    chunker = Chunker()
    items = [*chunker.push("I have that."), *chunker.commit(), *chunker.push(" 2. Go")]
    assert [chunk.text for chunk in spoken([*items, *chunker.finish()])] == [
        "I have that.",
        "2. Go",
    ]


ODDITIES = (
    "a U.S. etc. 2. well, so; x: hm… “so.” (no?) ** * - — – ... \n \n\n ? . , » « ¿ ' and pears, "
    "今 天 好， 好。 、 「 」 か\u3099 了！ A。B"
)
FRAGMENTS = sorted({part for text in (*REPLIES, ODDITIES) for part in text.split(" ")})

AWKWARD = st.lists(
    st.tuples(st.sampled_from(FRAGMENTS), st.sampled_from(["", " ", " ", " ", "\n"])), max_size=60
).map(lambda parts: "".join(a + b for a, b in parts))

TEXTS = AWKWARD | st.text() | st.sampled_from(sorted(REPLIES))
RULES = st.builds(
    ChunkSettings,
    first_clause=st.booleans(),
    first_clause_words=st.integers(1, 4),
    max_words=st.integers(1, 16),
)
LANGUAGES = st.sampled_from(["en", "de", "es", "fr", "zh"])
CUTS = st.lists(st.integers(0, 200), max_size=40)


@given(TEXTS, CUTS, LANGUAGES, RULES)
def test_the_chunks_are_the_same_for_every_tokenisation(
    text: str, cuts: list[int], language: str, rules: ChunkSettings
) -> None:
    whole = spoken(pushed([text], Chunker(language, rules)))
    assert spoken(pushed(text, Chunker(language, rules))) == whole
    assert spoken(pushed(split(text, cuts), Chunker(language, rules))) == whole


@given(TEXTS, CUTS, RULES)
def test_nothing_is_lost_and_nothing_is_said_twice(
    text: str, cuts: list[int], rules: ChunkSettings
) -> None:
    chunks = spoken(pushed(split(text, cuts), Chunker("en", rules)))
    assert all(chunk.text == text[chunk.start : chunk.end] for chunk in chunks)
    assert all(chunk.text.strip() == chunk.text for chunk in chunks)
    assert all(is_speakable(chunk.text) for chunk in chunks)
    edges = [0, *(edge for chunk in chunks for edge in (chunk.start, chunk.end)), len(text)]
    assert edges == sorted(edges)
    if is_speakable(text):
        gaps = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
        assert "".join(gaps).strip() == ""


@given(TEXTS, CUTS, RULES)
def test_no_chunk_is_longer_than_allowed(text: str, cuts: list[int], rules: ChunkSettings) -> None:
    for chunk in spoken(pushed(split(text, cuts), Chunker("en", rules))):
        assert len(words(chunk.text)) <= 2 * rules.max_words + 3


@given(TEXTS, st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=40), RULES)
def test_commits_lose_no_word_either(
    text: str, steps: list[tuple[int, bool]], rules: ChunkSettings
) -> None:
    chunker, items, at = Chunker("en", rules), [], 0
    for length, commits in steps:
        items += chunker.push(text[at : at + length])
        at += length
        if commits:
            items += chunker.commit()
    chunks = spoken([*items, *chunker.push(text[at:]), *chunker.finish()])
    edges = [0, *(edge for chunk in chunks for edge in (chunk.start, chunk.end)), len(text)]
    assert edges == sorted(edges)
    gaps = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    assert not is_speakable("".join(gaps))
