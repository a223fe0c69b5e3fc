"""How long a pause must last to end the caller's turn: one policy over several facts.

Each fact is evidence for or against the end of the turn, in log-odds, and they add up: what
the words so far look like, what the caller was asked, and what a model of the sound says.
The more probable the end, the shorter the pause that confirms it. Without evidence it is
`TurnSettings.wait_s`.
"""

import math

from parley.core.phrases import plain
from parley.core.settings import EndingSettings
from parley.core.state import Context

SHORT_ANSWERS = frozenset(
    (
        "yes", "yeah", "yep", "yup", "yes please", "sure", "okay", "ok", "right", "correct",
        "that's right", "that's correct", "exactly", "of course", "please", "uh-huh", "mhm",
        "no", "nope", "nah", "no thanks", "no thank you", "not really", "wrong",
    )
)  # fmt: skip
"""Whole answers to a question that wants yes or no."""

SPOKEN_DIGITS = frozenset(
    (
        "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        "double", "triple",
    )
)  # fmt: skip

DICTATED = 3
"""Single digits or letters in a row at the end of the words that are dictation."""


def wait_s(ctx: Context) -> float:
    """The silence after the last voiced sample that ends the turn as it is."""
    ear, rules = ctx.state.ear, ctx.settings.turns
    odds = evidence(ear.text, ctx.state.told.expects.kind, rules.ending)
    judged = ear.judged
    if judged is not None and judged[0] == ear.anchor:
        odds += rules.ending.sound * _log_odds(judged[1])
    return silence(odds, rules.wait_s, rules.ending)


def silence(odds: float, usual_s: float, rules: EndingSettings) -> float:
    """From `longest_s` where the end is improbable to `shortest_s` where it is certain.

    It falls steadily: as the pause goes on, less and less evidence is enough.
    """
    likely = 2.0 / (1.0 + math.exp(-odds)) - 1.0
    if likely >= 0.0:
        return usual_s * (min(rules.shortest_s, usual_s) / usual_s) ** likely if usual_s else 0.0
    return usual_s + (max(rules.longest_s, usual_s) - usual_s) * -likely


def evidence(text: str, asked: str, rules: EndingSettings) -> float:
    """What the words say about the end of the turn, in log-odds."""
    words = plain(text).split()
    if not words:
        return 0.0
    if asked == "yes_no" and " ".join(words) in SHORT_ANSWERS:
        return rules.answer
    if words[-1] in rules.hesitations:
        return -rules.hesitation
    if words[-1] in rules.open_words:
        return -rules.open_end
    if _is_dictating(words):
        return -rules.dictation
    last = text.rstrip(" \"'”’)")[-1:]
    if last in ".?!。？！":
        return rules.stop
    return -rules.comma if last in ",;:—–-…、，" else 0.0


def _is_dictating(words: list[str]) -> bool:
    """Whether digits or letters are being spelled out one by one."""
    tail = words[-DICTATED:]
    return len(tail) == DICTATED and all(
        len(word) == 1 or word in SPOKEN_DIGITS or word.isdigit() for word in tail
    )


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 0.01), 0.99)
    return math.log(bounded / (1.0 - bounded))
