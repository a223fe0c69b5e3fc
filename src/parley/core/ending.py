"""How long a pause must last to end the caller's turn: one policy over several facts.

Each fact is evidence for or against the end of the turn, in log-odds, and they add up: what
the words so far look like, what the caller was asked, and what a model of the sound says.
The more probable the end, the shorter the pause that confirms it. Without evidence it is
`TurnSettings.wait_s`.
"""

import math
import re

from parley.core.phrases import plain
from parley.core.settings import EndingSettings, TurnSettings
from parley.core.state import AgentTurn, Context

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

STOPS, COMMAS = ".?!。？！", ",;:—–-…、，"

DICTATED = 3
"""Single digits or letters in a row at the end of the words that are dictation."""


def wait_s(ctx: Context) -> float:
    """The silence after the last voiced sample that ends the turn as it is."""
    ear, rules = ctx.state.ear, ctx.settings.turns
    for rule in rules.ending.rules:
        if re.search(rule.caller, ear.text) and re.search(rule.agent, _heard_last(ctx)):
            return rule.wait_s
    odds = evidence(ear.text, ctx.state.told.expects.kind, rules.ending)
    judged = ear.judged
    if judged is not None and judged[0] == ear.anchor:
        odds += rules.ending.sound * _log_odds(judged[1])
    return silence(odds, _usual_s(ear.text, rules), rules.ending)


def _heard_last(ctx: Context) -> str:
    """What the caller heard last of the agent."""
    entries = (entry for entry in reversed(ctx.state.history) if isinstance(entry, AgentTurn))
    return next((heard for e in entries if (heard := ctx.state.replies[e.reply].heard)), "")


def _usual_s(text: str, rules: TurnSettings) -> float:
    """The pause where nothing else tells whether the turn is over."""
    words, ending = plain(text).split(), rules.ending
    chosen = ending.on_stop_s if _last(text) in STOPS else ending.on_no_stop_s
    if words and ending.on_number_s is not None and _is_number(words[-1]):
        chosen = ending.on_number_s
    return rules.wait_s if chosen is None or not words else chosen


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
    if _last(text) in STOPS:
        return rules.stop
    return -rules.comma if _last(text) in COMMAS else 0.0


def _last(text: str) -> str:
    """The last character that is no quotation mark."""
    return text.rstrip(" \"'”’)")[-1:] or " "


def _is_number(word: str) -> bool:
    return word in SPOKEN_DIGITS or word.isdigit()


def _is_dictating(words: list[str]) -> bool:
    """Whether digits or letters are being spelled out one by one."""
    tail = words[-DICTATED:]
    return len(tail) == DICTATED and all(len(word) == 1 or _is_number(word) for word in tail)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 0.01), 0.99)
    return math.log(bounded / (1.0 - bounded))
