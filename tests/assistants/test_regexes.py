"""Regular expressions of JavaScript, with VAPI's options."""

import re

import pytest

from parley.assistants.regexes import python_regex


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
        (r"(?<digit>\d) \k<digit>", [], "4 4", True),
        (r"(?<digit>\d) \k<digit>", [], "4 5", False),
        (r"(?<=no )thanks", [], "no thanks", True),
        (r"(?<!no )thanks", [], "no thanks", False),
        (r"is\(?<b", [], "is<b", True),
        (r"a\/b", [], "a/b", True),
    ],
)
def test_what_is_found(regex: str, options: list[str], text: str, found: bool) -> None:
    assert bool(re.search(python_regex(regex, options), text)) is found
