"""How much a sound of the caller wants the floor: one policy over several facts.

Each fact is evidence in log-odds, and they add up: how long the voice lasts, its words, whether
it is speech at all, how loud it is beside the caller's own voice and beside what else is heard
on the line, whether it is one voice or many, and what was dismissed lately. From zero on the
sound is an interruption. `core.bargein` acts on it.
"""

import math
from dataclasses import replace

from parley.core.ending import log_odds
from parley.core.events import SoundJudged
from parley.core.phrases import (
    begins_acknowledgement,
    consists_of,
    contains_phrase,
    plain,
    word_count,
)
from parley.core.settings import InterruptionSettings
from parley.core.speaking import audible
from parley.core.state import Context

LEARNS = 0.5
"""How much one turn moves what is known of the caller's level."""

LEAST_LEARNT_S = 0.3
"""A shorter voice says less of it: many a word begins softly."""

NAMES = {
    "speech": "hardly speech",
    "level": "a soft voice",
    "crowd": "many voices",
    "line": "the line's own sound",
}
"""What speaks against a sound, for people."""

EXACT = 1e-9
"""Times are sums: what is due is not missed by their last digit."""


def rules(ctx: Context) -> InterruptionSettings:
    """The settings of the agent's phase."""
    return ctx.settings.interruption if audible(ctx) else ctx.settings.thinking


def wanted(ctx: Context) -> bool:
    """Whether the sound so far is an interruption."""
    return may_take(ctx) and sum(facts(ctx).values()) >= -EXACT


def may_take(ctx: Context) -> bool:
    """Whether there are words, where only words take the floor."""
    return rules(ctx).by_voice or said(ctx)


def facts(ctx: Context) -> dict[str, float]:
    """The evidence, by the name of the fact."""
    return {"voice": _length(ctx, voiced_s(ctx)), **_other_facts(ctx)}


def _other_facts(ctx: Context) -> dict[str, float]:
    return {
        "words": _words(ctx),
        **_sound(ctx),
        "false alarms": -rules(ctx).false_alarm * false_alarms(ctx),
    }


def hopeless(ctx: Context) -> bool:
    """Whether no length of the voice would make it an interruption."""
    return not may_take(ctx) or sum(_other_facts(ctx).values()) + rules(ctx).length_most < -EXACT


def lost(ctx: Context) -> bool:
    """Whether there are words, but too few, or all that is known of their sound speaks against
    them."""
    if not may_take(ctx) or hesitates(ctx):
        return bool(ctx.state.ear.text)
    length = _length(ctx, ctx.state.ear.voiced_s)
    return said(ctx) and sum(_other_facts(ctx).values()) + length < -EXACT


def clear(ctx: Context) -> bool:
    """Whether a voice sounds like the caller's own, from near by."""
    known = ctx.state.ear.sound is not None
    return known and sum(_sound(ctx).values()) > 0.0 and _words(ctx) >= 0.0


def may_be_own(ctx: Context) -> bool:
    """Whether nothing that is known of its sound speaks against the caller's own voice."""
    return sum(_sound(ctx).values()) >= -EXACT


def weakest(ctx: Context) -> str:
    """What speaks most against the sound, for people."""
    against = _sound(ctx)
    worst = min(against, key=lambda name: against[name])
    return NAMES[worst] if against[worst] < 0.0 else "no words"


# Length


def voiced_s(ctx: Context) -> float:
    """Seconds of voice since the sound began."""
    state = ctx.state
    going_on = max(0.0, ctx.now - state.candidate_at) if state.floor.state == "candidate" else 0.0
    return state.candidate_voiced + going_on


def _voice_s(ctx: Context) -> float:
    """The length at which a voice by itself is neither for nor against an interruption."""
    ear, it = ctx.state.ear, rules(ctx)
    told = ctx.settings.turns.recognizer_partials and ear.hearing.state == "open"
    return it.voice_s + it.wordless_s if told and not ear.text else it.voice_s


def _length(ctx: Context, length_s: float) -> float:
    it, least_s = rules(ctx), _voice_s(ctx)
    if least_s <= 0.0:
        return it.length_most
    doublings = math.log2(max(length_s, 1e-3) / least_s)
    return min(max(it.length * doublings, -it.length_least), it.length_most)


def decides_s(ctx: Context) -> float:
    """The length at which the voice takes the floor, or is dismissed."""
    it = rules(ctx)
    against = -sum(_other_facts(ctx).values())
    if not may_take(ctx) or against > it.length_most + EXACT:
        return it.doubt_s
    if against <= -it.length_least:
        return 0.0
    return float(_voice_s(ctx) * 2.0 ** (against / it.length))


# Words


def commands(ctx: Context) -> bool:
    """Whether the words so far hold a phrase that takes the floor."""
    return contains_phrase(ctx.state.ear.text, rules(ctx).commands)


def said(ctx: Context) -> bool:
    """Whether the words so far speak for an interruption."""
    return _words(ctx) > 0.0


def acknowledges(ctx: Context) -> bool:
    """Whether the words so far are nothing but acknowledgements."""
    text = ctx.state.ear.text
    return bool(text) and consists_of(text, rules(ctx).acknowledgements)


def hesitates(ctx: Context) -> bool:
    """Whether the words so far are nothing but hesitations."""
    return not _without_hesitations(ctx)


def _without_hesitations(ctx: Context) -> str:
    hesitations = ctx.settings.turns.ending.hesitations
    return " ".join(w for w in plain(ctx.state.ear.text).split() if w not in hesitations)


def whole_at(ctx: Context) -> float:
    """Until when the last word may be the beginning of one."""
    return ctx.state.ear.partial_since + rules(ctx).beginning_s


def beginning(ctx: Context) -> bool:
    """Whether the last word may yet become an acknowledgement."""
    ear = ctx.state.ear
    return (
        ear.partial is not None
        and ctx.now < whole_at(ctx)
        and begins_acknowledgement(ear.text, rules(ctx).acknowledgements)
    )


def _words(ctx: Context) -> float:
    text, it = ctx.state.ear.text, rules(ctx)
    if commands(ctx):
        return it.command
    if acknowledges(ctx):
        return -it.acknowledgement
    count = word_count(_without_hesitations(ctx)) - it.words
    if count < 0 or hesitates(ctx) or beginning(ctx):
        return 0.0
    word = it.order if consists_of(text, it.orders) else it.word
    return word + it.more_words * min(count, it.most_words)


# Sound


def _sound(ctx: Context) -> dict[str, float]:
    """What the sound itself tells, whatever its length and its words."""
    return {
        "speech": _speech(ctx),
        "level": _level(ctx),
        "crowd": _crowd(ctx),
        "line": _line(ctx),
    }


def _speech(ctx: Context) -> float:
    sound, it = ctx.state.ear.sound, rules(ctx)
    probable = it.unjudged if sound is None else sound.speech
    return it.speech * (_odds(probable) - _odds(it.clear))


def _odds(speech: float) -> float:
    """Of speech; the detector is never surer than twenty to one."""
    return log_odds(speech, 0.05)


def _level(ctx: Context) -> float:
    sound, it = ctx.state.ear.sound, rules(ctx)
    if sound is None:
        return 0.0
    known = ctx.state.line.caller_dbfs
    usual = it.unknown_dbfs if known is None else known
    missing = usual - it.level_range_db - sound.level_dbfs
    known = min(1.0, sound.voiced_s / LEAST_LEARNT_S)
    return -known * min(max(0.0, it.level * missing), it.level_most)


def _crowd(ctx: Context) -> float:
    """Many voices at once are not the caller's."""
    sound, it = ctx.state.ear.sound, rules(ctx)
    if sound is None or sound.single is None:
        return 0.0
    return -min(max(0.0, it.crowd * (-sound.single - it.crowd_least)), it.crowd_most)


def _line(ctx: Context) -> float:
    """What is no louder than the steady sound that was dismissed is that sound again."""
    sound, line, it = ctx.state.ear.sound, ctx.state.line, rules(ctx)
    if sound is None or not _steady(ctx):
        return 0.0
    above = max(0.0, sound.level_dbfs - line.steady_dbfs)
    return -it.line * max(0.0, 1.0 - above / it.line_range_db)


def _steady(ctx: Context) -> bool:
    """Whether a sound of the line is known, and not forgotten."""
    since = ctx.state.line.steady_at
    return since is not None and ctx.now <= since + rules(ctx).forgets_s


def patience(ctx: Context) -> float:
    """Which part of the usual wait for words a short sound is worth, 0.2 to 1."""
    against = min(0.0, sum(_sound(ctx).values()))
    return max(0.2, 1.0 + against / 2.0)


# The line


def false_alarms(ctx: Context) -> float:
    """How many sounds were dismissed lately, the older ones counting less."""
    line, it = ctx.state.line, rules(ctx)
    left = 1.0 - (ctx.now - line.false_alarm_at) / it.forgets_s
    return min(line.false_alarms * max(0.0, left), it.false_alarms)


def dismissed(ctx: Context) -> None:
    """Remember a sound that was no interruption; a caller of too few words is no false alarm."""
    line = ctx.state.line
    if not may_take(ctx) and clear(ctx):
        return
    line.before = replace(line, before=None) if _crowd(ctx) < 0.0 else None
    line.false_alarms = false_alarms(ctx) + 1.0
    line.false_alarm_at = ctx.now
    hear_steady(ctx)


def one_after_all(ctx: Context) -> bool:
    """Whether what was dismissed as many voices is one: then nothing was learned from it."""
    sound, before = ctx.state.ear.sound, ctx.state.line.before
    single = None if sound is None else sound.single
    if before is None or single is None or single < rules(ctx).single:
        return False
    ctx.state.line = before
    return True


def hear_steady(ctx: Context) -> None:
    """A sound that goes on and is not the caller's belongs to the line."""
    line, ear = ctx.state.line, ctx.state.ear
    against = _level(ctx) + _crowd(ctx) + _line(ctx)
    foreign = against < 0.0 or voiced_s(ctx) >= rules(ctx).voice_s
    if ear.sound is not None and ear.listening.state == "speaking" and foreign:
        level, own = ear.sound.level_dbfs, line.caller_dbfs
        if own is not None:  # what is as loud as the caller may be the caller
            level = min(level, own - rules(ctx).level_range_db)
        line.steady_dbfs = max(line.steady_dbfs, level) if _steady(ctx) else level
        line.steady_at = ctx.now


def yielded(ctx: Context) -> None:
    """Forget them: the caller is there."""
    ctx.state.line.false_alarms = 0.0
    ctx.state.line.steady_at = None


def hear(ctx: Context, sound: SoundJudged) -> None:
    """Keep the level of the turn's loudest part: at its end a voice falls."""
    ear = ctx.state.ear
    if sound.voiced_s >= LEAST_LEARNT_S:
        known = sound.level_dbfs if ear.loudest_dbfs is None else ear.loudest_dbfs
        ear.loudest_dbfs = max(known, sound.level_dbfs)


def learn(ctx: Context) -> None:
    """A turn has ended: that is how loud the caller is."""
    loudest, line = ctx.state.ear.loudest_dbfs, ctx.state.line
    if loudest is not None:
        known = loudest if line.caller_dbfs is None else line.caller_dbfs
        line.caller_dbfs = known + LEARNS * (loudest - known)
