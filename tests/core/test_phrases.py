import unicodedata

import pytest

from parley.core.phrases import (
    ACKNOWLEDGEMENTS,
    begins_acknowledgement,
    begins_with,
    consists_of,
    contains_phrase,
    is_question,
    plain,
    remainder,
    spoken,
    without_phrase,
    word_count,
)


def test_plain_words() -> None:
    assert plain("  Yes,  I'd   LIKE that! ") == "yes i'd like that"
    assert plain("Mm-hmm.") == "mm hmm"
    assert plain("?!") == ""


@pytest.mark.parametrize(
    "text", ["Yeah.", "mm-hmm", "Mm hmm", "hm", "uh huh, okay", "I see. Right!"]
)
def test_acknowledgements(text: str) -> None:
    assert consists_of(text, ACKNOWLEDGEMENTS)


@pytest.mark.parametrize("text", ["no", "yeah but", "okay stop", "I", "see", "got", "", "."])
def test_what_is_more_than_an_acknowledgement(text: str) -> None:
    assert not consists_of(text, ACKNOWLEDGEMENTS)


def test_nothing_is_an_acknowledgement_where_none_are_known() -> None:
    assert not consists_of("yeah", ())


def test_the_longest_acknowledgement_counts() -> None:
    assert consists_of("all right then", ("all", "all right then"))
    assert not consists_of("all right", ("all", "all right then"))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("no", 1),
        ("I'd like that.", 3),
        ("等一下", 3),
        ("가가", 2),
        ("ну и", 2),
        ("OK 等", 2),
        ("OKです", 2),
        ("ไม่", 1),
        ("ไม่ใช่ครับ", 3),
        ("ใช่ ครับ", 2),
    ],
)
def test_words_are_counted_where_they_are_not_separated_too(text: str, count: int) -> None:
    assert word_count(text) == count


def test_beginnings_are_compared_word_by_word() -> None:
    assert begins_with("I want to go", "i want,")
    assert not begins_with("I wanted to go", "I want")


@pytest.mark.parametrize(
    ("text", "known", "rest"),
    [
        ("I want to book", "I want", "to book"),
        ("I'd want to book", "I want", "to book"),
        ("I want", "I want to", ""),
        ("我想去北京", "我想", "去北京"),
        ("他想去北京", "我想", "去北京"),
        ("我想去北京", "我想去北京", ""),
        ("我想去北京站吗", "我想去北津", "站吗"),
        ("東京へ 行きたい です", "東京え 行き", "たい です"),
        ("我想去北京。", "我想去。", "北京。"),
        ("你好，我想去北京", "你好我想去", "北京"),
        ("我想去北京吃饭", "我 想 去", "北京吃饭"),
        ("我想去北京吃饭", "我想 去北京", "吃饭"),
        ("สวัสดีครับ ผมอยากจอง", "สวัสดี ครับ", "ผมอยากจอง"),
        ("Ich möchte einen Tisch", "Ich möchte ein", "Tisch"),
        ("Ich möchte, bitte, zwei.", "Ich möchte", "bitte, zwei."),
        ("Größere Räume bitte", "größere räume", "bitte"),
        (unicodedata.normalize("NFD", "Très bien merci"), "très bien", "merci"),
        ("I want an apple", "I want a", "apple"),
        ("I would like to book", "I'd like", "to book"),
        ("Well, I want to book", "I want", "to book"),
        ("I to book", "I want to", "book"),
        ("I want $5 back", "I want", "$5 back"),
        ("¿Sí? ¿Mañana?", "sí", "¿Mañana?"),
        ("Wait. Stop", "", "Wait. Stop"),
    ],
)
def test_the_remainder_of_a_longer_version(text: str, known: str, rest: str) -> None:
    assert remainder(text, known) == rest


@pytest.mark.parametrize(
    ("text", "known", "rest"),
    [
        ("2 tickets please", "two", "tickets please"),
        ("two tickets", "2", "tickets"),
        ("It's 23 tickets", "it's twenty three", "tickets"),
        ("It's twenty-three tickets", "it's 23", "tickets"),
        ("twenty three tickets", "twenty", "three tickets"),
        ("My number is 555-1234", "my number is five five five", "1234"),
        ("My number is 5551234, thanks", "my number is five five five", "1234, thanks"),
        ("five five five one two", "555", "one two"),
        ("200 people", "two hundred", "people"),
        ("3.5 percent", "three", ".5 percent"),
        ("23 Karten bitte", "dreiundzwanzig", "Karten bitte"),
        ("24 kort tack", "tjugofyra", "kort tack"),
        ("我要2张票", "我要两", "张票"),
        ("我要23张票", "我要二十三", "张票"),
    ],
)
def test_the_remainder_after_a_number_as_words_or_as_digits(
    text: str, known: str, rest: str
) -> None:
    assert remainder(text, known) == rest


def test_the_remainder_of_a_long_text_whose_beginning_has_changed() -> None:
    known = "now " + "so we went on and on " * 40
    assert remainder(f"Well, {known} and home.", known) == "and home."
    assert remainder("on", known) == ""


def test_phrases_are_found_between_whole_words() -> None:
    assert contains_phrase("Well, STOP it.", ("wait", "stop"))
    assert not contains_phrase("nonstop", ("stop",))
    assert not contains_phrase("stop", ())
    assert not contains_phrase("...", ("", "!"))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("您好，本次通话正在录音，请放心。", "正在录音"),
        ("等 一 下", "等一下"),
        ("请等一下", "等 一下"),
        ("OKですか", "ok"),
        ("ちょっと、待って。", "ちょっと待って"),
        ("この通話は録音されています。", "録音されて"),
        ("停，我想问", "停"),
        ("สายนี้มีการบันทึกเสียงค่ะ", "บันทึกเสียง"),
        ("ผมไม่ใช่ลูกค้า", "ไม่ใช่"),
        ("이 통화는 녹음됩니다", "통화는 녹음됩니다"),
    ],
)
def test_phrases_are_found_where_words_are_not_separated(text: str, phrase: str) -> None:
    assert contains_phrase(text, (phrase,))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("停车场在哪里", "停"),  # one character is part of too many words
        ("录音正在", "正在录音"),
        ("booking", "ok"),
        ("แม่", "แม"),  # another tone, another word
        ("전화통화는", "통화는"),  # Korean separates words
        ("ok-boomer等", "boom"),
    ],
)
def test_phrases_are_not_found_in_other_words(text: str, phrase: str) -> None:
    assert not contains_phrase(text, (phrase,))


def test_a_phrase_is_taken_out_wherever_it_occurs() -> None:
    assert without_phrase("Wait, please wait. Waiting!", "wait").split() == ["please", "waiting"]
    assert without_phrase("请等一下，谢谢，等一下", "等一下").split() == ["请", "谢谢"]
    assert without_phrase("请等一下", "") == "请等一下"


def test_beginnings_are_compared_where_words_are_not_separated() -> None:
    assert begins_with("我想去北京", "我想")
    assert begins_with("我 想，去北京", "我想")
    assert not begins_with("แม่", "แม")
    assert not begins_with("去北京", "我想")


ANSWERS = ("はい", "はいはい", "そうですか", "うん", "ครับ", "ใช่")


@pytest.mark.parametrize(
    "text", ["はいはいはい", "はい、うん", "はい そうですか", "ครับ ครับ", "ใช่ครับ", "うん うん"]
)
def test_acknowledgements_in_a_row_without_spaces(text: str) -> None:
    assert consists_of(text, ANSWERS)


@pytest.mark.parametrize("text", ["はい違います", "ไม่ใช่", "ครับแต่", "はいはいh"])
def test_what_is_more_than_that_without_spaces(text: str) -> None:
    assert not consists_of(text, ANSWERS)


def test_a_long_row_of_them_is_looked_through_at_once() -> None:
    assert consists_of("はい" * 2000, ANSWERS)
    assert not consists_of("はい" * 2000 + "違", ANSWERS)


@pytest.mark.parametrize(
    ("text", "may"),
    [("は", True), ("はいそ", True), ("はい そう", True), ("はい違", False), ("ใช่คร", True)],
)
def test_the_beginning_of_one_without_spaces(text: str, may: bool) -> None:
    assert begins_acknowledgement(text, ANSWERS) is may


@pytest.mark.parametrize(
    "text",
    ["Shall I book it? 😊", "**Shall I book it?**", "_Shall I?_", "Really?!", "So?…", "نعم أم لا؟"],
)
def test_a_question_is_one_whatever_follows_its_mark(text: str) -> None:
    assert is_question(text)
    assert not is_question(f"{text} It is free.")


def test_marks_alone_are_nothing_that_was_said() -> None:
    assert [spoken(text) for text in (" . ", "…", "।", "'", "_", "👍", "")] == [""] * 7
    assert [spoken(text) for text in (" Hi! ", "5", "好。", "हाँ।")] == ["Hi!", "5", "好。", "हाँ।"]


def test_an_apostrophe_and_an_accent_may_be_written_in_two_ways() -> None:
    assert plain("D’accord.") == plain("d'accord")
    assert plain(unicodedata.normalize("NFD", "Très bien")) == plain("très bien")
