"""How the caller sounds: kept with the turn if it is known when the turn ends, else dropped.

A turn never waits for it. What is not in `Settings.voice_facts` is not asked for, and nothing
is kept of it; whether it is the same speaker only with the caller's recorded consent.
"""

import math
import re
from dataclasses import fields, replace
from typing import Any

from parley.core import actions as act
from parley.core import events as ev
from parley.core.phrases import plain
from parley.core.state import CallerTurn, Context, Ear

FACTS = ("loudness", "pitch", "rate", "hesitation", "emotion", "language", "same_speaker")

SAME_SPEAKER = "same_speaker"
"""The fact, and what the caller consents to."""

EMOTIONS = ("calm", "neutral", "agitated")

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
"""A recogniser's word for the language reaches the model: it must not be any text."""

FILLER_S = 0.4
"""How long a spoken hesitation lasts: the middle of those of one speaker, 0.2 to 0.6 s."""

_Value = float | str | None


def ask(ctx: Context) -> None:
    """Have the stretch of voice that has just ended described."""
    facts, ear = ctx.settings.voice_facts, ctx.state.ear
    if all(fact == "language" for fact in facts):
        return
    since = ear.onset if ear.began is None else ear.began
    speaker = SAME_SPEAKER in facts and SAME_SPEAKER in ctx.state.consents
    ctx.do(act.DescribeVoice(ear.leg, since, ear.onset, ear.anchor, speaker))


def described(ctx: Context, event: ev.VoiceDescribed) -> None:
    """The newest value of each fact counts; one of a turn that is over is dropped."""
    ear = ctx.state.ear
    if event.leg != ear.leg or ear.began is None or not event.at >= ear.began:
        return
    values = {name: _value(ctx, event, name) for name in _KEPT}
    known: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    if known:
        ear.voice = replace(ear.voice or ev.VoiceDescribed(ear.leg, event.at), at=event.at, **known)
        count_words(ctx)


def count_words(ctx: Context) -> None:
    """Hesitations that the recogniser has written down count too, where the sound tells less."""
    ear = ctx.state.ear
    if ear.voice is None or ear.voice.hesitation is None or ear.began is None:
        return
    said = " ".join(s.text for s in ear.segments if s.id not in ear.reopened)
    fillers = sum(w in ctx.settings.turns.ending.hesitations for w in plain(said).split())
    share = FILLER_S * fillers / max(ear.anchor - ear.began, FILLER_S)
    worded = min(1.0, max(ear.voice.hesitation, round(share, 2)))
    ear.voice = replace(ear.voice, hesitation=worded)


def consented(ctx: Context, event: ev.ConsentRecorded) -> None:
    """Consent holds for this call; taken back, what was known by it is forgotten."""
    state = ctx.state
    if event.leg != state.ear.leg:
        return
    if event.given:
        state.consents.add(event.what)
        return
    state.consents.discard(event.what)
    if event.what == SAME_SPEAKER:
        _forget_speaker(state.ear)
        for entry in state.history:
            if isinstance(entry, CallerTurn):
                _forget_speaker(entry)


def _forget_speaker(entry: CallerTurn | Ear) -> None:
    if entry.voice is not None:
        entry.voice = replace(entry.voice, same_speaker=None)


_KEPT = tuple(f.name for f in fields(ev.VoiceDescribed) if f.name not in ("leg", "at"))
_RANGES = {"emotion_confidence": 1.0, "hesitation": 1.0, SAME_SPEAKER: 1.0, "rate": 100.0}


def _value(ctx: Context, event: ev.VoiceDescribed, name: str) -> _Value:
    """A fact that is wanted and makes sense."""
    fact = "emotion" if name == "emotion_confidence" else name
    if fact not in ctx.settings.voice_facts:
        return None
    if fact == SAME_SPEAKER and SAME_SPEAKER not in ctx.state.consents:
        return None
    value: _Value = getattr(event, name)
    if name == "emotion":
        return value if value in EMOTIONS else None
    if name == "language":
        return value if isinstance(value, str) and LANGUAGE_TAG.fullmatch(value) else None
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value if name not in _RANGES or 0.0 <= value <= _RANGES[name] else None
