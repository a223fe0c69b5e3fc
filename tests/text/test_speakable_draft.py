import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.text.speakable.draft import Draft, Piece


def aligned(draft: Draft) -> list[tuple[str, str]]:
    """What is said, and what for."""
    return [(draft.text[a:b], draft.source[c:d]) for (a, b), (c, d) in draft.alignment()]


def test_nothing_is_replaced() -> None:
    draft = Draft("all of it")
    draft.replace(re.compile("x"), lambda _: "y")
    draft.drop(re.compile("x"))
    draft.edit([(0, 3, "all")])
    assert aligned(draft) == [("all of it", "all of it")]


def test_an_empty_text_has_no_pairs() -> None:
    assert Draft("").alignment() == ()


def test_words_stand_for_what_they_replace() -> None:
    draft = Draft("a 1 b 2")
    draft.replace(re.compile(r"\d"), lambda match: {"1": "one", "2": "two"}[match[0]])
    assert aligned(draft) == [("a ", "a "), ("one", "1"), (" b ", " b "), ("two", "2")]


def test_a_match_may_be_left_as_it_is_or_replaced_piece_by_piece() -> None:
    draft = Draft("1-2 3-4")

    def words(match: re.Match[str]) -> list[Piece] | None:
        at = match.start()
        return [(at, at + 1, "one"), (at + 1, at + 3, " two")] if match[0] == "1-2" else None

    draft.replace(re.compile(r"\d-\d"), words)
    assert aligned(draft) == [("one", "1"), (" two", "-2"), (" 3-4", " 3-4")]


def test_words_do_not_run_into_their_neighbours() -> None:
    draft = Draft("a1b, 1.")
    draft.replace(re.compile(r"\d"), lambda _: "one")
    assert draft.text == "a one b, one."


def test_what_is_left_out_but_for_a_group() -> None:
    draft = Draft("see [it](there) now")
    draft.drop(re.compile(r"\[(.*?)\]\(.*?\)"))
    assert aligned(draft) == [("see ", "see "), ("it", "[it"), ("", "](there)"), (" now", " now")]


def test_what_is_left_out_before_a_word_belongs_to_it() -> None:
    draft = Draft("so *much more*, *5* *")
    draft.drop(re.compile(r"\*"))
    draft.replace(re.compile(r"\d"), lambda _: "five")
    assert draft.text == "so much more, five "
    assert aligned(draft) == [
        ("so ", "so "),
        ("much", "*much"),
        (" more", " more"),
        ("", "*"),
        (", ", ", "),
        ("five", "*5"),
        ("", "*"),
        (" ", " "),
        ("", "*"),
    ]


def test_edits_that_overlap_become_one() -> None:
    draft = Draft("a 1 b")
    draft.replace(re.compile("1"), lambda _: "one or")
    draft.replace(re.compile("or b"), lambda _: "two")
    assert aligned(draft) == [("a ", "a "), ("one two", "1 b")]


def test_an_edit_within_an_edit() -> None:
    draft = Draft("a 1 b")
    draft.replace(re.compile("1"), lambda _: "one or two")
    draft.replace(re.compile("or"), lambda _: "and")
    assert aligned(draft) == [("a ", "a "), ("one and two", "1"), (" b", " b")]


@pytest.mark.parametrize("low", range(5))
@pytest.mark.parametrize("high", range(5))
def test_something_is_left_out_within_a_replaced_part(low: int, high: int) -> None:
    draft = Draft("12*34")
    draft.drop(re.compile(r"\*"))
    draft.edit([(min(low, high), max(low, high), "x y")])
    for (_, end), (start, _) in pairwise(pair[0] for pair in draft.alignment()):
        assert end == start


PIECES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["", "x", " ", "one two"])),
    max_size=5,
)


@given(st.text("ab 1*", max_size=12), st.lists(PIECES, max_size=4))
def test_whatever_is_edited_the_pairs_cover_both(source: str, rounds: list[list[Piece]]) -> None:
    draft = Draft(source)
    for steps in rounds:
        at, pieces = 0, []
        for gap, length, words in steps:
            start, end = at + gap, at + gap + length
            if end <= len(draft.text):
                pieces.append((start, end, words))
                at = end
        draft.edit(pieces)
    at = source_at = 0
    for (start, end), (source_start, source_end) in draft.alignment():
        assert (start, source_start) == (at, source_at)
        assert end >= start
        assert source_end >= source_start
        at, source_at = end, source_end
    assert (at, source_at) == (len(draft.text), len(source))
