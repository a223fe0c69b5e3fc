"""Expressions that an author has written, searched for in what callers say."""

import pytest

from parley.core.searching import check, is_found


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [("", "", True), ("", "anything", True), (r"\d$", "it is 4", True), (r"^\d", "it is 4", False)],
)
def test_it_is_found_anywhere(expression: str, text: str, found: bool) -> None:
    assert is_found(expression, text) is found


@pytest.mark.parametrize("expression", [r"^([a-z ]+)*\?$", r"(\w+\s?)+\?$", "a?" * 40 + "a" * 40])
def test_no_search_takes_long(expression: str) -> None:
    """Where all ways of fitting are tried one after the other, each of these takes hours."""
    check(expression)
    assert not is_found(expression, "a" * 39)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("(", "missing ("),
        ("(?=a)", "perl operator"),
        (r"(a)\1", "escape"),
        ("a{2000}", "repetition"),
    ],
)
def test_what_is_none_is_told(expression: str, why: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="it is no regular expression of RE2's") as caught:
        check(expression)
    assert why.split()[0] in str(caught.value)
    assert capfd.readouterr().err == ""
