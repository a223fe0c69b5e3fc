"""Leaves out what is written for the eye: Markdown, HTML tags, emoji.

A reply is spoken span by span, and emphasis or a link may begin in one span and end in
another: marks are therefore taken out one by one, whether or not they are in pairs.
"""

import html
import re

from parley.text.speakable.draft import Draft

_LINK_TARGET = r"""\((?:[^()\s]|\([^()\s]*\))*(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\)"""

_MARKS = [
    (frozenset(signs), re.compile(pattern, re.MULTILINE))
    for signs, pattern in (
        # what stands at the beginning of lines, or takes all of them
        ("`~", r"^[ \t]*(?:```|~~~)[^\n`]*$"),  # the fences of code, with its language
        ("-=*_", r"^[ \t]*(?:(?:[-=*_][ \t]*){3,})$"),  # rules
        ("|", r"^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?)?[ \t]*$"),  # table heads
        (">", r"^[ \t]*(?:>(?!=)[ \t]?)+"),  # quotations
        ("#", r"^[ \t]*#{1,6}(?:[ \t]+|$)"),  # headings
        ("#", r"[ \t]+#+[ \t]*$"),
        ("-*+•◦▪‣·–", r"^[ \t]*[-*+•◦▪‣·–][ \t]+(?:\[[ xX]\][ \t]+)?"),  # lists, and tasks
        ("|", r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$"),  # the edges of a table
        # what stands anywhere
        ("\\", r"\\(?=[!-/:-@\[-`{-~])"),
        ("<", r"<!--[\s\S]*?-->"),
        ("<", r"<(?=[^<>\s]*(?:://|@))([^<>\s]+)>"),  # <https://example.com>
        ("<", r"</?[A-Za-z][^<>\n]*>"),
        ("[", r"(?<=[^\s\[(])\[\^?\d{1,3}\]|\[\^[^\]\s]*\]:?"),  # references to notes, sources
        ("[", rf"!?\[([^\[\]\n]*)\](?:{_LINK_TARGET}|\[[^\[\]\n]*\])"),
        ("]", rf"\]{_LINK_TARGET}"),  # the end of a link that began in an earlier span
        ("~`", r"~~+|`+"),
        ("_", r"(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)"),
        ("[]", r"!(?=\[)|[\[\]]"),
    )
]

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d?);")
_TIMES_OR_EMPHASIS = re.compile(r"(?<=\d)( ?)\*{1,2}\1(?=\d)|\*+")
_CELLS = re.compile(r"[ \t]*\|(?:[ \t]*\|)*[ \t]*")
_EMOTICON = re.compile(r"(?<!\S)[:;=]['’]?-?[()DPp3|/\\]+(?!\S)|<3(?!\w)")
_PICTURES = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u25a0-\u25ff"
    "\ufe0e\ufe0f\u200b-\u200f\u2060\ufeff\u20e3\U000e0000-\U000e007f®™©]+"
)
_LINE_BREAK = re.compile(r"(?<=(\S))\s*[\n\r\v\f\x85\u2028\u2029]\s*(?=\S)")
_SPACES = re.compile(r"^\s+|\s+$|(?<=\s)\s+|\s+(?=[,.;:!?](?:\s|$))")

_TRIGGER = re.compile(
    r"[^\w\s.,!?'\"():;/$%@’‘“”…—-]|[_\n\r\v\f\x85\u2028\u2029]"
    r"|(?<!\S)[:;]['’]?-?[()DPp3|/\\]|^\s*-"
)


def strip_markup(draft: Draft) -> None:
    """Leave out markup and pictures; lines become sentences."""
    if not _TRIGGER.search(draft.text):
        return
    if "&" in draft.text:
        draft.replace(_ENTITY, lambda match: html.unescape(match[0]))
    there = frozenset(draft.text)
    for signs, pattern in _MARKS:
        if not signs.isdisjoint(there):
            draft.drop(pattern)
    if "|" in draft.text:
        draft.replace(_CELLS, lambda _: ", ")
    if "*" in draft.text:
        draft.replace(_TIMES_OR_EMPHASIS, lambda match: "" if match[1] is None else None)
    draft.drop(_EMOTICON)
    draft.drop(_PICTURES)
    draft.replace(_LINE_BREAK, lambda match: ". " if match[1].isalnum() else " ")


def close_gaps(draft: Draft) -> None:
    """Leave out the spaces that are left where something was left out."""
    draft.drop(_SPACES)
