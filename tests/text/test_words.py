from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.text.words import LONGEST_WORD, Word, WordScanner, is_speakable, words

AWKWARD = st.text(st.sampled_from("aZ5 \n.,—-…好か。、「」“”(😀*\u0301\u00a0é"))


def spelled(text: str) -> list[str]:
    return [text[word.start : word.end] for word in words(text)]


def scanned(pieces: list[str]) -> list[Word]:
    scanner = WordScanner()
    return [*(word for piece in pieces for word in scanner.push(piece)), *scanner.finish()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world.", ["Hello,", "world."]),
        ("  spaces \t around  ", ["spaces", "around"]),
        ("It costs 1,000.50 dollars", ["It", "costs", "1,000.50", "dollars"]),
        ("see https://a.example/b?c=1.", ["see", "https://a.example/b?c=1."]),
        ("don't stop—go on", ["don't", "stop—", "go", "on"]),
        ("pages 10—12 or 10–12", ["pages", "10—12", "or", "10–12"]),
        ("—Hola", ["—Hola"]),
        ("**bold** and (both)", ["**bold**", "and", "(both)"]),
        ("word(s) here", ["word(s)", "here"]),
        ("wait - what – now", ["wait -", "what –", "now"]),
        ("ça va ? « oui »", ["ça", "va ?", "« oui »"]),
        ("« oui » dit ( non ) il", ["« oui »", "dit", "( non )", "il"]),
        ("- one\n- two", ["- one", "- two"]),
        ("one\n - two", ["one", "- two"]),
        ("news 😀 ", ["news 😀"]),
        ("great 😀 news", ["great", "😀 news"]),
        ("great 😀 ! news", ["great", "😀 ! news"]),
        ("great news 😀\n ---", ["great", "news 😀\n ---"]),
        ("one\n! two", ["one", "! two"]),
        ("x \x85- y", ["x", "- y"]),
        ("x \f- y", ["x", "- y"]),
        ("it is -5 or .5", ["it", "is", "-5", "or", ".5"]),
        ("今天好。", ["今", "天", "好。"]),
        ("用Python写2行", ["用", "Python", "写", "2", "行"]),
        ("好（注意）吗", ["好", "（注", "意）", "吗"]),
        ("他说「好」。OK", ["他", "说", "「好」。", "OK"]),
        ("OK。Go，１，０００", ["OK。", "Go，", "１，０００"]),
        ("好¿sí", ["好", "¿sí"]),
        ("か\u3099く", ["か\u3099", "く"]),
        ("𠀀𠀁 〇 ｶ", ["𠀀", "𠀁", "〇", "ｶ"]),
        ("안녕 하세요", ["안녕", "하세요"]),
        ("😀 ... !", []),
        ("", []),
    ],
)
def test_finds_words(text: str, expected: list[str]) -> None:
    assert spelled(text) == expected


@pytest.mark.parametrize(
    ("text", "speakable"),
    [("a", True), ("- 5", True), ("好", True), ("é", True), ("", False), ("😀 …!", False)],
)
def test_speakable_is_what_has_a_letter_or_digit(text: str, speakable: bool) -> None:
    assert is_speakable(text) is speakable


def test_a_word_knows_its_core_its_tail_and_the_end_of_its_line() -> None:
    first, second, third = scanned(["(e.g.), 好\n\n*x*"])
    assert first == Word(0, 7, "e.g", ".),", newline=False, ideograph=False)
    assert second == Word(8, 9, "好", "", newline=True, ideograph=True)
    assert third == Word(11, 14, "x", "*", newline=False, ideograph=False)


@given(AWKWARD, st.lists(st.integers(0, 40)))
def test_words_are_the_same_for_every_tokenisation(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    assert scanned(pieces) == scanned([text]) == scanned(list(text))


@given(AWKWARD)
def test_words_lose_nothing_and_are_each_speakable(text: str) -> None:
    found = words(text)
    assert all(is_speakable(text[word.start : word.end]) for word in found)
    if found:
        between = [0, *(edge for word in found for edge in (word.start, word.end)), len(text)]
        gaps = [text[a:b] for a, b in zip(between[::2], between[1::2], strict=True)]
        assert "".join(gaps).strip() == ""


def test_the_last_word_stands_as_it_is_until_the_next_begins() -> None:
    scanner = WordScanner()
    timeline = []
    for piece in ("", "go", ".", " ", "😀", " -", "5", " -", " "):
        settled = [scanner.slice(word.start, word.end) for word in scanner.push(piece)]
        last = scanner.unsettled()
        timeline.append((piece, settled, last and scanner.slice(last.start, last.end)))
    assert timeline == [
        ("", [], None),
        ("go", [], "go"),
        (".", [], "go."),
        (" ", [], "go."),
        ("😀", [], "go."),
        (" -", [], "go."),
        ("5", ["go."], "😀 -5"),
        (" -", [], "😀 -5 -"),
        (" ", [], "😀 -5 -"),
    ]


def test_a_trailing_mark_belongs_to_the_last_word_until_it_turns_out_a_sign() -> None:
    scanner = WordScanner()
    scanner.push("go -")
    assert scanner.unsettled() == Word(0, 4, "go", " -", newline=False, ideograph=False)
    assert [word.end for word in scanner.push("5")] == [2]


@pytest.mark.parametrize(
    ("before", "after", "rest"),
    [
        ("example.", "com", ["com"]),
        ("好", "（好", ["（好"]),
        ("go -", "- on", ["- on"]),
        ("go 😀 ", "on", ["😀 on"]),
        ("go (", "on)", ["(on)"]),
        ("go ", ". on", [". on"]),
        ("go\n", "- on", ["- on"]),
        ("go", "! 😀", []),
    ],
)
def test_after_a_cut_nothing_joins_the_word_before(
    before: str, after: str, rest: list[str]
) -> None:
    scanner = WordScanner()
    scanner.push(before)
    scanner.cut()
    assert scanner.unsettled() is None
    found = [*scanner.push(after), *scanner.finish()]
    assert [(before + after)[word.start : word.end] for word in found] == rest


def test_what_was_forgotten_is_gone_and_the_rest_keeps_its_place() -> None:
    scanner = WordScanner()
    scanner.push("one two—three")
    scanner.forget(4)
    assert scanner.slice(4, 7) == "two"
    assert [word.core for word in scanner.push(" 4—5 x")] == ["three", "4—5"]
    scanner.forget(14)
    assert scanner.slice(14, 17) == "4—5"


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("go " + "a" * (LONGEST_WORD + 4), [2, LONGEST_WORD, 4]),
        ("go a" + "!" * LONGEST_WORD + "b", [2, LONGEST_WORD, 2]),
        ("go a " + "!" * (LONGEST_WORD - 2) + " b", [2, LONGEST_WORD, 1]),
        ("go a " + "!" * (LONGEST_WORD - 1) + " b", [2, 1, LONGEST_WORD + 1]),
    ],
)
def test_words_are_bounded(text: str, lengths: list[int]) -> None:
    assert [word.end - word.start for word in words(text)] == lengths
    assert scanned(list(text)) == scanned([text])
