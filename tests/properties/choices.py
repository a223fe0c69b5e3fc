"""Scripts: byte strings that decide what happens in a call, and with which settings."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from parley.core import Settings
from parley.core.settings import (
    AttendingSettings,
    HoldSettings,
    KeypadSettings,
    SilenceSettings,
    ToolPhrase,
    TurnSettings,
)

T = TypeVar("T")

SETTINGS_BYTES = 28


LISTENING = AttendingSettings(
    enabled=True, voice_s=0.1, gap_s=0.5, pause_s=0.1, latest_s=1.0, room_s=0.05, goes_on=-9.0
)
TOOL_PHRASES = (ToolPhrase("look_up", "I look it up."), ToolPhrase("", "It takes long.", 2.0))


class Choices:
    """Reads a script byte by byte; beyond its end everything is zero."""

    def __init__(self, script: bytes) -> None:
        self._script = script
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._script)

    def byte(self) -> int:
        self._at += 1
        return 0 if self._at > len(self._script) else self._script[self._at - 1]

    def of(self, options: Sequence[T]) -> T:
        return options[self.byte() % len(options)]


def settings_from(choices: Choices) -> Settings:
    """Settings that change what can happen; zeros choose the defaults."""
    base = Settings()
    return replace(
        base,
        greeting=choices.of(("", "Hello, how can I help you?")),
        greeting_interruptible=choices.of((True, False)),
        greeting_generated=choices.of((False, True)),
        end_phrases=choices.of(((), ("anything else",))),
        end_message=choices.of(("", "Thank you for calling.")),
        max_duration_s=choices.of((600.0, 600.0, 20.0)),
        turns=replace(
            base.turns,
            wait_s=choices.of((base.turns.wait_s, 0.2, 1.0)),
            speculation_limit=choices.of((4, 1, 0)),
            recognizer_finalizes=(finalizes := choices.of((True, True, False))),
            recognizer_partials=finalizes,
            judges=choices.of((False, True)),
            push_to_talk=choices.of((False, False, False, False, False, False, False, True)),
            utterance_limit_s=choices.of((60.0, 5.0, 2.0)),
        ),
        interruption=replace(
            base.interruption,
            words=choices.of((1, 2)),
            commands=choices.of(((), ("two",))),
        ),
        silence=SilenceSettings(
            prompt_after_s=choices.of((10.0, 3.0)),
            prompts=choices.of((("Are you still there?",), ("Hello?", "Anybody?"), ())),
        ),
        recovery=replace(base.recovery, model_timeout_s=choices.of((6.0, 2.0, 15.0))),
        phrases=replace(
            base.phrases,
            fillers=choices.of((base.phrases.fillers, base.phrases.fillers, ())),
            tools=choices.of(((), TOOL_PHRASES)),
            silence_goodbye=choices.of((base.phrases.silence_goodbye, "")),
        ),
        keypad=replace(
            choices.of(
                (
                    base.keypad,
                    KeypadSettings(end_keys=""),
                    KeypadSettings(end_keys="*#", max_keys=3),
                )
            ),
            wait_s=choices.of((base.keypad.wait_s, 0.5)),
        ),
        greeting_kind=choices.of(("", "day")),
        attending=replace(
            choices.of((base.attending, LISTENING, LISTENING)),
            frequency=choices.of((1.0, 0.5)),
        ),
        holding=HoldSettings(
            sound_s=choices.of((8.0, 1.0, 2.0)),
            limit_s=choices.of((55.0, 20.0)),
            patience_s=choices.of((40.0, 2.0, 5.0)),
            quiet_s=2.0,
        ),
    )


def patient_settings(choices: Choices) -> Settings:
    """Settings with which nothing may keep the caller waiting: all that is said is there."""
    settings = settings_from(choices)
    phrases = replace(settings.phrases, fillers=Settings().phrases.fillers)
    turns = TurnSettings(
        speculation_limit=settings.turns.speculation_limit,
        recognizer_finalizes=settings.turns.recognizer_finalizes,
        judges=settings.turns.judges,
        unclear_limit=1000,
    )
    return replace(settings, phrases=phrases, turns=turns)


def scripts(count: int, size: int = 400) -> Iterator[bytes]:
    """The same scripts every time."""
    for seed in range(count):
        source = random.Random(seed)
        settings = bytes(
            source.choice((0, 0, source.randrange(256))) for _ in range(SETTINGS_BYTES)
        )
        yield settings + source.randbytes(size)
