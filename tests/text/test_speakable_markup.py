import pytest

from parley.text.speakable import speakable

CLEAN = {
    # emphasis, whole and in halves
    "**bold** and *so* and ***both***": "bold and so and both",
    "__bold__ and _so_": "bold and so",
    "**It begins here,": "It begins here,",
    "and ends here.**": "and ends here.",
    "~~gone~~ `code` ``more``": "gone code more",
    "b*ol*d": "bold",
    r"\*as it is\* \_so\_ a\.b": "as it is so a.b",
    # lines
    "# Title": "Title",
    "###### Deep ##": "Deep",
    "#": "",
    "- one\n- two": "one. two",
    "* one\n+ two": "one. two",
    "• one": "one",
    "- [ ] to do\n- [x] done": "to do. done",
    "> said\n>> twice": "said. twice",
    "---": "",
    "* * *": "",
    "Title\n=====\nText": "Title. Text",
    "```python": "",
    "```\ncode\n```": "code",
    "First,\nthen\n\n\nlast.": "First, then. last.",
    "\n\nHi\n": "Hi",
    "one\r\ntwo": "one. two",
    # tables
    "| a | b |\n|---|:-:|\n| c | d |": "a, b. c, d",
    "a | b": "a, b",
    "a || b": "a, b",
    # links and notes
    "[here](https://example.com)": "here",
    '[here](https://example.com "A title")': "here",
    "[here](https://example.com/a_(b))": "here",
    "![a cat](cat.png)": "a cat",
    "[here][1]": "here",
    "the end](https://example.com/x) of it": "the end of it",
    "so it is.[1] And[^2] so": "so it is. And so",
    "[^1]: a note": "a note",
    "press [go]": "press go",
    "<https://example.com>": "https://example.com",
    "<bob@example.com>": "bob@example.com",
    # HTML
    "a<br>b": "ab",
    "<b>bold</b> <i class='x'>so</i>": "bold so",
    "a <!-- not\nthis --> b": "a b",
    "salt &amp; water": "salt & water",
    "&#65;&#x42;&nosuch;": "AB&nosuch;",
    # pictures
    "Great! 😀": "Great!",
    "😀 Great 👍🏽!": "Great!",
    "I ❤️ it ✅": "I it",
    "👨‍👩‍👧 🇩🇪": "",
    "well :) then ;-) and :D": "well then and",
    "at 8:)": "at 8:)",
    "a™ b® ©": "a b",
}


@pytest.mark.parametrize(("written", "clean"), CLEAN.items())
def test_what_is_written_for_the_eye_is_left_out(written: str, clean: str) -> None:
    assert speakable(written, "tlh").text == clean


SAME = [
    "Hello, there; how are you?",
    'I\'m fine (thanks): "really"!',
    "a - b",
    "5 * 3",
    "2*3",
    "a < b",
    "snake_case",
    "50% of $5",
    "“So,” she said — and ‘left’…",
    "Ça va très bien, señor.",
    "今天是星期三。",
    "at 10:30",
    "C:D",
]


@pytest.mark.parametrize("text", SAME)
def test_what_is_no_markup_stays(text: str) -> None:
    spoken = speakable(text, "tlh")
    assert spoken.text == text
    assert spoken.alignment == (((0, len(text)), (0, len(text))),)


def test_a_space_that_is_left_over_is_left_out_too() -> None:
    assert speakable("So 😀 , then 😀 .", "tlh").text == "So, then."
