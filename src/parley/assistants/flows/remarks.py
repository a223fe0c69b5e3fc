"""What a caller may say besides values, and how it is told from them: by keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from parley.assistants.flows.values import numerals

REPEAT, HELP, RESTART, WAIT = "repeat", "help", "restart", "wait"

REMARKS: Mapping[str, Sequence[str]] = {
    REPEAT: (
        "repeat that", "say that again", "could you repeat that", "can you repeat that", "pardon",
        "pardon me", "come again", "what was that", "what did you say", "once again please",
        "i didn't hear you", "i did not hear that", "sorry what", "say again",
    ),
    HELP: (
        "help", "help me", "what can i say", "what can you do", "what are my options",
        "what do you mean", "i don't understand",
    ),
    RESTART: ("start over", "start again", "from the beginning", "go back to the start"),
    WAIT: ("wait", "wait a minute", "wait a moment", "hold on", "one moment", "just a moment",
           "just a second", "hang on", "let me think", "let me check", "give me a second"),
}  # fmt: skip
"""What a caller may say at any point."""

ANSWER, COMMAND, PICK, WRONG = "answer ", "command ", "pick ", "wrong "
"""How the keys of other remarks begin."""

NOTHING_WRONG, ALL_WRONG = "nothing", "all"

OPINIONS: Mapping[str, Sequence[str]] = {
    NOTHING_WRONG: (
        "nothing", "nothing it's right", "no it's right", "it's right", "it's fine", "it is fine",
        "that's right", "yes", "no",
    ),
    ALL_WRONG: ("everything", "all of it", "all of them", "all of that", "both"),
}  # fmt: skip
"""What a caller may say who is asked what is wrong, besides the names of slots."""

FIRST = (
    "the first one", "the first", "the earliest one", "the earliest", "any of them",
    "either one", "whichever", "it doesn't matter", "i don't mind", "i don't care",
)  # fmt: skip
LAST = ("the last one", "the last", "the latest one", "the latest", "the later one")
ONLY = ("yes", "yes please", "that one", "that's fine", "okay")
"""What a caller may say who is offered several values."""

MOST_OFFERED = 9


def ways_to_name(label: str) -> list[str]:
    """How a caller names a slot that is wrong; the first two may be meant otherwise."""
    word = label.lower()
    return [word, f"the {word}", f"the {word} is wrong", f"another {word}", f"change the {word}"]


def picks(offered: Any) -> dict[str, Sequence[str]]:
    """How the values of a list are chosen by their place."""
    if not isinstance(offered, list) or not offered:
        return {}
    last = LAST if len(offered) > 1 else (*LAST, *ONLY)
    said: dict[str, Sequence[str]] = {f"{PICK}{len(offered) - 1}": last}
    for n in range(1, min(len(offered), MOST_OFFERED)):
        nth = numerals.say_ordinal(n + 1)
        said[f"{PICK}{n}"] = (f"the {nth} one", f"the {nth}", *said.get(f"{PICK}{n}", ()))
    return {**said, f"{PICK}0": (*FIRST, *said.get(f"{PICK}0", ()))}
