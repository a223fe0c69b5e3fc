"""Regular expressions of JavaScript, with VAPI's options."""

import pytest

from parley.assistants.regexes import searchable
from parley.core.searching import is_found


@pytest.mark.parametrize(
    ("regex", "options", "text", "found"),
    [
        ("Birth", [], "your date of birth?", False),
        ("Birth", ["ignore-case"], "your date of birth?", True),
        ("é", ["ignore-case"], "CAFÉ", True),
        ("cat", [], "I love cats", True),
        ("cat", ["whole-word"], "I love cats", False),
        ("cat|dog", ["whole-word"], "a hotdog", False),
        ("CAT|dog", ["whole-word", "ignore-case"], "a cat", True),
        ("^two", [], "one\ntwo", False),
        ("^TWO", ["multi-line", "ignore-case"], "one\ntwo", True),
        (r"(?<digit>\d) mm", [], "4 mm", True),
        (r"caf\u00e9", [], "a café", True),
        (r"\\u00e9", [], r"a \u00e9", True),
        (r"is\(?<b", [], "is<b", True),
        (r"a\/b", [], "a/b", True),
    ],
)
def test_what_is_found(regex: str, options: list[str], text: str, found: bool) -> None:
    assert is_found(searchable(regex, options), text) is found
