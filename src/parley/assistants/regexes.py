"""Regular expressions as VAPI's rules have them: JavaScript's, with options beside them.

https://docs.vapi.ai/api-reference/assistants/create (`RegexOption`): the text is searched, and
all options are off unless they are enabled.
"""

import re
from collections.abc import Collection

IGNORE_CASE, WHOLE_WORD, MULTI_LINE = "ignore-case", "whole-word", "multi-line"

_NAMED_GROUP = re.compile(r"(\\.)|\(\?<(?![=!])", re.DOTALL)
_NAMED_REFERENCE = re.compile(r"\\k<(\w+)>")


def python_regex(regex: str, options: Collection[str] = ()) -> str:
    """The same as Python's `re` reads it; it may still be none, as `re.compile` then says."""
    named = _NAMED_GROUP.sub(lambda found: found[1] or "(?P<", regex)
    found = _NAMED_REFERENCE.sub(r"(?P=\1)", named)
    if WHOLE_WORD in options:
        found = rf"\b(?:{found})\b"
    flags = "i" * (IGNORE_CASE in options) + "m" * (MULTI_LINE in options)
    return f"(?{flags}:{found})" if flags else found
