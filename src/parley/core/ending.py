"""How long a pause must last to end the caller's turn: one policy over several facts.

Each fact is evidence for or against the end of the turn, in log-odds, and they add up: what
the words so far look like, what the caller was asked, what the recogniser thinks of it, what
a model of the sound says, and how the voice came to the pause. The more probable the end, the
shorter the pause that confirms it; without evidence it is `TurnSettings.wait_s`. While a reply
to these words is being prepared it is no shorter than `TurnSettings.unready_s`, unless all
pauses are to be shorter: until that can be heard, waiting delays nothing. A curve that was
chosen (`EndingSettings.curve_s`) takes the place of all that but the evidence.
"""

import math

from parley.core import speaking
from parley.core.dictation import LINKS, LONGEST, figures
from parley.core.lastwords import OPEN, completeness
from parley.core.phrases import last_character, length, units
from parley.core.searching import is_found
from parley.core.settings import EndingSettings
from parley.core.state import AgentTurn, Context, Expectation

SHORT_ANSWERS = frozenset(
    (
        "yes", "yeah", "yep", "yup", "yes please", "sure", "okay", "ok", "right", "correct",
        "that's right", "that's correct", "exactly", "of course", "please", "uh huh", "mhm",
        "mm hmm", "no", "nope", "nah", "no thanks", "no thank you", "not really", "wrong", "stop",
    )
)  # fmt: skip
"""Whole answers to a question that wants yes or no."""

ANYTHING = "anything"
"""The type of the answer to a question of which only that is known."""

STOPS, COMMAS = ".?!。．｡？！؟۔।॥።։။។", ",;:—–-…、､，،؛；：፣၊"

DICTATED, WHOLE = 3, 10
"""So many digits or letters in a row at the end of the words are dictation; so many digits may
be a whole telephone number."""

ROUND = ("00", "000")
"""What hundreds and thousands stand for, which nobody spells."""

RECENT_WORDS = 40
"""Dictation is no longer."""

SHORT = 3
"""An answer of so many words is short."""

JUDGED_S = 0.15
"""A judgement of the sound may take so long."""

MOST_CADENCE = 5.25
"""How a voice came to a pause counts no more, in log-odds: as much as `parley.speech.cadence`
can say for the end."""

WORTH = 0.45
"""The log-odds of the end for each unit that the evidence adds up to: words and sounds tell much
the same. Of 541 moments of recorded people (docs/adr/0014)."""

LEAST_TOLD = 0.05
"""Evidence that rounds to nothing is not told."""


PUNCTUATION = "punctuation"

Fact = tuple[str, float]
"""What it is, and what it says about the end of the turn, in log-odds."""


def wait_s(ctx: Context) -> float:
    """The silence after the last voiced sample that ends the turn as it is.

    None is needed where the caller's side says when it ends.
    """
    if ctx.settings.turns.push_to_talk:
        return 0.0
    rule = _rule(ctx)
    if rule is not None:
        return _rules(ctx).rules[rule].wait_s
    wanted = _by_evidence(ctx)
    chosen = _chosen_s(ctx.state.ear.text, _rules(ctx)) is not None
    if chosen or _rules(ctx).curve_s or not speaking.preparing(ctx):
        return wanted
    turns = ctx.settings.turns
    return max(wanted, min(turns.unready_s, max(turns.wait_s, turns.ending.longest_s)))


def soonest_s(ctx: Context) -> float:
    """The least that `wait_s` can become in this pause by a judgement of its sound."""
    if _to_come(ctx) == 0.0 or _rule(ctx) is not None:
        return wait_s(ctx)
    return _by_evidence(ctx, _to_come(ctx))


def goes_on(ctx: Context) -> float:
    """How much speaks against the end of the turn, however its sound will be judged; log-odds."""
    return -sum(odds for _, odds in _facts(ctx)) - _to_come(ctx)


def _to_come(ctx: Context) -> float:
    """The most that a judgement of the sound may yet say for the end."""
    if _is_judged(ctx) or not ctx.settings.turns.judges:
        return 0.0
    rules = _rules(ctx)
    return rules.sound * log_odds(1.0) + rules.cadence * MOST_CADENCE


def judgement_s(ctx: Context) -> float | None:
    """The silence after which the sound is to be judged; None: nothing depends on it.

    It is asked for no sooner than it could end the turn: a shorter pause is not judged at all,
    but where a listener wants to know whether the caller goes on. Where the usual pause is
    short it is asked for in time.
    """
    turns = ctx.settings.turns
    if turns.push_to_talk or not turns.judges or _rule(ctx) is not None:
        return None
    in_time = min(turns.judge_after_s, turns.wait_s - JUDGED_S)
    return in_time if ctx.settings.attending.enabled else max(in_time, soonest_s(ctx) - JUDGED_S)


def why(ctx: Context) -> str:
    """What `wait_s` rests on, for the record."""
    if ctx.settings.turns.push_to_talk:
        return "push-to-talk"
    wanted_s, rule = wait_s(ctx), _rule(ctx)
    told = _told(_facts(ctx)) if rule is None else f"rule {rule + 1}"
    told += f": {wanted_s:.2f} s"
    if rule is None and wanted_s > _by_evidence(ctx):
        told += " while the reply was prepared"
    return told + ", the last words were missing" * (not ctx.state.ear.settled)


def _told(facts: list[Fact]) -> str:
    known = [f"{what} {odds:+.1f}" for what, odds in facts if abs(odds) >= LEAST_TOLD]
    return ", ".join(known) or "no evidence"


def _rule(ctx: Context) -> int | None:
    """The first rule that fits."""
    text, heard = ctx.state.ear.text, _heard_last(ctx)
    rules = enumerate(_rules(ctx).rules)
    fits = (n for n, r in rules if is_found(r.caller, text) and is_found(r.agent, heard))
    return next(fits, None)


def _by_evidence(ctx: Context, more: float = 0.0) -> float:
    rules = _rules(ctx)
    odds = sum(odds for _, odds in _facts(ctx)) + more
    if rules.curve_s:
        return on_curve(1.0 / (1.0 + math.exp(WORTH * odds)), rules.curve_s)
    chosen_s = _chosen_s(ctx.state.ear.text, rules)
    if chosen_s is not None:
        return silence(min(0.0, odds), chosen_s, rules)
    return silence(odds, ctx.settings.turns.wait_s, rules)


def _rules(ctx: Context) -> EndingSettings:
    return ctx.settings.turns.ending


def _facts(ctx: Context) -> list[Fact]:
    """Everything that is known about the end of the turn."""
    ear, rules = ctx.state.ear, _rules(ctx)
    facts = _of_words(ear.text, asked(ctx), rules)
    if ear.over is not None:  # who judges turns has weighed its own punctuation
        facts = [fact for fact in facts if fact[0] != PUNCTUATION]
        facts.append(("recogniser", rules.recognizer * log_odds(ear.over)))
    if ear.judged is not None and _is_judged(ctx):
        facts.append(("sound", rules.sound * log_odds(ear.judged.probability)))
        facts.append(("cadence", rules.cadence * _bounded(ear.judged.cadence)))
    return facts


def _is_judged(ctx: Context) -> bool:
    ear = ctx.state.ear
    return ear.judged is not None and ear.judged.at == ear.anchor


def _heard_last(ctx: Context) -> str:
    """What the caller heard last of the agent, apart from fillers (the answer that they announce
    follows them) and from what only has the caller say it again.
    """
    entries = (entry for entry in reversed(ctx.state.history) if isinstance(entry, AgentTurn))
    said = (ctx.state.replies[entry.reply] for entry in entries)
    meant = (reply for reply in said if not reply.fixed or reply.kind == "greeting")
    return next((heard for r in meant if (heard := r.heard)), "")


def asked(ctx: Context) -> Expectation:
    """What the caller was asked, though it be only known that it was a question."""
    known = ctx.state.told.expects
    if not known.kind and ctx.state.question:
        return Expectation(ANYTHING)
    return known


def _chosen_s(text: str, rules: EndingSettings) -> float | None:
    """The pause that was chosen for how the words end; it is no shorter, whatever they are."""
    words = units(text)
    if words and rules.on_number_s is not None and _ends_on_number(words, rules.language):
        return rules.on_number_s
    if not words:
        return None
    return rules.on_stop_s if last_character(text) in STOPS else rules.on_no_stop_s


def silence(odds: float, usual_s: float, rules: EndingSettings) -> float:
    """From `longest_s` where the end is improbable to `shortest_s` where it is certain.

    How probable the end must be falls with the silence. A short one takes evidence for it. After
    `usual_s` few pauses within a turn are not over, and only strong evidence against it counts.
    """
    assured, against = max(0.0, odds - rules.assurance), max(0.0, -odds - rules.doubt)
    wanted = usual_s - rules.patience_s * (assured - against)
    return min(max(wanted, min(rules.shortest_s, usual_s)), max(rules.longest_s, usual_s))


def on_curve(probability: float, curve_s: tuple[float, ...]) -> float:
    """The pause where the caller goes on with that probability, 0 to 1."""
    place = probability * (len(curve_s) - 1)
    before = min(int(place), len(curve_s) - 2)
    below, above = curve_s[before], curve_s[before + 1]
    return below + (place - before) * (above - below)


def _of_words(text: str, asked: Expectation, rules: EndingSettings) -> list[Fact]:
    words = units(text)
    if not words:
        return []
    if asked.kind == "yes_no" and " ".join(words) in SHORT_ANSWERS:
        return [("yes or no", rules.answer)]
    if words[-1] in rules.hesitations:
        return [("hesitation", -rules.hesitation)]
    digits, spelled = _dictated(words, rules)
    if 0 < asked.digits <= digits and _ends_on_number(words, rules.language):
        return [("all digits", rules.answer)]
    if (asked.digits and digits) or (spelled >= DICTATED and digits < WHOLE):
        return [("dictation", -rules.dictation)]
    return [*_of_last_word(text, words, asked, rules), (PUNCTUATION, _of_stop(text, rules))]


def _of_last_word(
    text: str, words: list[str], asked: Expectation, rules: EndingSettings
) -> list[Fact]:
    odds = completeness(text, rules.language)
    whole = " ".join(words) in SHORT_ANSWERS
    few = bool(asked.kind) and not asked.digits and length(words) <= SHORT
    short = few and (odds > OPEN or whole)
    if short or whole:  # that few sentences end with "five" says nothing of an answer
        odds = max(0.0, odds)
    answer = rules.short_answer if short else 0.0
    return [("last words", rules.words * odds), ("short answer", answer)]


def _of_stop(text: str, rules: EndingSettings) -> float:
    if last_character(text) in STOPS:
        return rules.stop
    return -rules.comma if last_character(text) in COMMAS else 0.0


def _dictated(words: list[str], rules: EndingSettings) -> tuple[int, int]:
    """How many digits the words end with, and how many numbers and letters in a row that is."""
    digits = spelled = 0
    between = (*rules.hesitations, *LINKS.get(rules.language, ()))
    for said, number in reversed(figures(words[-RECENT_WORDS:], rules.language)):
        if number or (said[0] not in between and _is_letter(said[0])):
            digits += len(number)
            spelled += number not in ROUND
        elif said[0] not in between:
            break
    return digits, spelled


def is_spelled(words: list[str], language: str) -> bool:
    """Whether the last may belong to a number or a name that is being dictated."""
    return _is_letter(words[-1]) or _ends_on_number(words, language)


def _ends_on_number(words: list[str], language: str) -> bool:
    return bool(figures(words[-LONGEST:], language)[-1][1])


def _is_letter(word: str) -> bool:
    """Of an alphabet: of other scripts many a word is a single character."""
    return len(word) == 1 and word != word.upper()


def _bounded(cadence: float) -> float:
    return min(max(cadence, -MOST_CADENCE), MOST_CADENCE)


def log_odds(probability: float, least: float = 0.01) -> float:
    """Of a probability that is no nearer to 0 or 1 than `least`."""
    bounded = min(max(probability, least), 1.0 - least)
    return math.log(bounded / (1.0 - bounded))
