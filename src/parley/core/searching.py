"""Regular expressions of an assistant's author, searched for in what callers say.

They are RE2's (https://github.com/google/re2/wiki/Syntax): whatever they are, a search takes time
in proportion to the text, so that no call waits for one. There is no looking around and no
reference back in them.
"""

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def is_found(expression: str, text: str) -> bool:
    """Whether it fits somewhere in the text."""
    return re2.search(expression, text, _OPTIONS) is not None


def check(expression: str) -> None:
    """Raises ValueError, with the reason, for what is no expression."""
    try:
        re2.compile(expression, _OPTIONS)
    except re2.error as error:
        (why,) = error.args
        raise ValueError(f"it is no regular expression of RE2's: {why.decode()}") from error
