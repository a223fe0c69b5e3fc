"""Regular expressions as VAPI's rules have them: JavaScript's, with options beside them.

https://docs.vapi.ai/api-reference/assistants/create (`RegexOption`): the text is searched, and
all options are off unless they are enabled.
"""

import re
from collections.abc import Collection

IGNORE_CASE, WHOLE_WORD, MULTI_LINE = "ignore-case", "whole-word", "multi-line"

_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def searchable(regex: str, options: Collection[str] = ()) -> str:
    """The same as `parley.core.searching` reads it; it may still be none, as that then says."""
    found = _ESCAPED.sub(lambda one: rf"\x{{{one[1]}}}" if one[1] else one[0], regex)
    if WHOLE_WORD in options:
        found = rf"\b(?:{found})\b"
    flags = "i" * (IGNORE_CASE in options) + "m" * (MULTI_LINE in options)
    return f"(?{flags}:{found})" if flags else found
