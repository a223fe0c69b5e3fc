"""Regular expressions whose search could go on for ever, and others that look like them."""

import re
import subprocess
import sys
import time

import pytest

from parley.assistants.backtracking import explodes

ENDLESS = [
    r"(a+)+$",
    r"(\w+\s?)+\?$",
    r"(?:\w+[ ,]*)+\?$",
    r"^([a-z ]+)*\?$",
    r"(a|a)*$",
    r"(?:a|ab|b)*$",
    r"(?:\w|(\d))+$",
    r"(a?b?)*$",
    r"(a?a?)*$",
    r"((a*)|b)*$",
    r"(.*,)*$",
    r"(?=(a+)+$)b",
    r"(a{1,3}){5,30}$",
    r"((a?){20}){20}$",
    r"(\w+\s?){1,20}\?$",
    r"([^,]+ ?)+\?$",
    r"(x+?)+?$",
    r"(\w)(\w|\1)*$",
]

HARMLESS = [
    "",
    r"(a|A)*$",
    r"(\d{1,2} ?){5}$",
    r"what('s| is) your (zip|postal) code",
    r"(\d[- ]?)+$",
    r"(\d ?){7,15}$",
    r"(\d{3,4}[- ]?){2,3}$",
    r"(\w+\s+)*\w+\?$",
    r"(\w+ )+\w+$",
    r"([^,]+,)*$",
    r"(yes|yeah|yep|no|nope)+",
    r"((yes|yeah) ?)+",
    r"(ab|ac)*",
    r".*(zip|postal).*code.*",
    r"^(?!.*thanks)\bno\b",
    r"(?<=no )thanks|(?<!oh )no",
    r"(?i:date of birth)\s*\?*$",
    r"(?P<digit>\d) (?P=digit)",
    r"(a)?(?(1)b|c)+",
    r"(?:(a)?(?(1)b))",
    r"[^a-z\d]+\D+\S+\W+[^\s]",
    r"(?>a+)b*+",
    r"a{0}(b{2,}c)*",
]


@pytest.mark.parametrize("regex", ENDLESS)
def test_what_fits_in_more_ways_with_each_repetition(regex: str) -> None:
    assert explodes(regex)


@pytest.mark.parametrize("regex", HARMLESS)
def test_what_fits_in_few_ways(regex: str) -> None:
    assert not explodes(regex)


@pytest.mark.parametrize("text", ["a" * 300, "ab" * 150, "one, two " * 33, "1 234-" * 50])
def test_what_is_called_harmless_is_searched_for_in_no_time(text: str) -> None:
    search = "import re, sys; [re.search(regex, sys.argv[1] + '!') for regex in sys.argv[2:]]"
    command = [sys.executable, "-I", "-S", "-c", search, text, *HARMLESS]
    subprocess.run(command, check=True, timeout=20)


LONG = {
    "(?:" + "a" * 900 + "){20}": None,
    "(?:" + "|".join(f"[^{chr(0x4E00 + n)}]b" for n in range(140)) + ")*": True,
    "(?:" + "a?" * 330 + ")*": True,
    "(?:" + "(?:[^b])" * 110 + ")*": False,
    "(?:" + "(?:[^b]|c.)" * 80 + ")*": True,
    "(?:" + "|".join(f"{chr(0x4E00 + n)}b" for n in range(100)) + ")*": False,
    "(?:" + "|".join(f"{chr(0x4E00 + n)}b" for n in range(330)) + ")*": True,
}


@pytest.mark.parametrize("regex", LONG)
def test_what_takes_long_to_look_at_is_not_looked_at_for_long(regex: str) -> None:
    begun = time.process_time()
    if LONG[regex] is None:
        with pytest.raises(re.error, match="more than 1000 characters"):
            explodes(regex)
    else:
        assert explodes(regex) is LONG[regex]
    assert time.process_time() - begun < 10.0


def test_a_long_expression_is_read_in_no_time() -> None:
    words = "|".join(f"{chr(97 + n % 26)}word{n}" for n in range(120))
    assert not explodes(f"(?:(?:{words}) )+$")
