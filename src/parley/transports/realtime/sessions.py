"""The session as the client sees it, and what of it the client may change.

The assistant is configured on the server. Until the call begins a client may choose the
audio formats, and to end the caller's turns itself (`turn_detection` null). What it asks for
beyond that is refused where it would wait for it in vain (its own tools, text instead of
audio); settings that only the assistant has a say in (instructions, voice, ...) stay as they
are, which `session.updated` shows, and `parley.warning` names to who knows the extensions.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from parley.transports.realtime.clientevents import Refusal
from parley.transports.realtime.codec import Format
from parley.transports.realtime.wire import Event


@dataclass(frozen=True, slots=True)
class Offer:
    """What is on offer at the other end of the line.

    `model` is the name to ask for, `brain_kind` is "flow", "model" or "scripted".
    `calendar` is the address of what may be looked at meanwhile, where there is one.
    """

    model: str
    assistant: str
    brain_kind: str = "model"
    brain_name: str = ""
    voice: str = ""
    transcriber: str = ""
    language: str = ""
    calendar: str | None = None


class _Pcm(msgspec.Struct, tag_field="type", tag="audio/pcm", frozen=True):
    rate: Literal[24000] = 24000


class _Pcmu(msgspec.Struct, tag_field="type", tag="audio/pcmu", frozen=True):
    """The telephone's, in America and Japan."""


class _Pcma(msgspec.Struct, tag_field="type", tag="audio/pcma", frozen=True):
    """The telephone's, elsewhere."""


class _Side(msgspec.Struct, frozen=True):
    format: _Pcm | _Pcmu | _Pcma | None = None


class _Vad(msgspec.Struct, frozen=True):
    type: Literal["server_vad", "semantic_vad"]


class _Input(_Side, frozen=True):
    turn_detection: _Vad | msgspec.UnsetType | None = msgspec.UNSET


class _Audio(msgspec.Struct, frozen=True):
    input: _Input = _Input()
    output: _Side = _Side()


class _Wanted(msgspec.Struct, frozen=True):
    type: Literal["realtime"] = "realtime"
    audio: _Audio = _Audio()
    output_modalities: list[Literal["audio", "text"]] | None = None
    tools: list[dict[str, Any]] | None = None


class Session:
    """One client's session."""

    def __init__(self, identity: str, offer: Offer) -> None:
        self.id = identity
        self.offer = offer
        self.input: Format = "audio/pcm"
        self.output: Format = "audio/pcm"
        self.push_to_talk = False

    def update(self, wanted: dict[str, Any], *, begun: bool) -> Refusal | list[str]:
        """Change what can be changed, all or nothing; return the fields that stay as they are.

        `begun`: the call has begun.
        """
        try:
            it = msgspec.convert(wanted, _Wanted)
        except msgspec.ValidationError as error:
            what, _, path = str(error).partition(" - at `$")
            return Refusal("invalid_value", f"{what}.", "session" + path.rstrip("`"))
        chosen = _format(it.audio.input) or self.input, _format(it.audio.output) or self.output
        if refusal := _impossible(it):
            return refusal
        if begun and chosen != (self.input, self.output):
            message = "The audio formats cannot be changed once audio has been sent."
            return Refusal("session_has_begun", message, "session.audio")
        detection = it.audio.input.turn_detection
        manual = self.push_to_talk if detection is msgspec.UNSET else detection is None
        if begun and manual != self.push_to_talk:
            message = "Who ends the turns cannot be changed once audio has been sent."
            return Refusal("session_has_begun", message, "session.audio.input.turn_detection")
        self.input, self.output = chosen
        self.push_to_talk = manual
        return list(_without_effect(wanted, self.resource()))

    def resource(self) -> dict[str, Any]:
        """The whole session."""
        offer = self.offer
        automatic = {"type": "server_vad", "create_response": True, "interrupt_response": True}
        detection = None if self.push_to_talk else automatic
        transcription = {"model": offer.transcriber, "language": offer.language or None}
        return {
            "type": "realtime",
            "object": "realtime.session",
            "id": self.id,
            "model": offer.model,
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": _described(self.input),
                    "transcription": transcription,
                    "noise_reduction": None,
                    "turn_detection": detection,
                },
                "output": {
                    "format": _described(self.output),
                    "voice": offer.voice,
                    "speed": 1.0,
                },
            },
            "tools": [],
            "tool_choice": "auto",
        }

    def introduction(self, call: str) -> Event:
        """The extension's own view of it."""
        offer = self.offer
        return {
            "type": "parley.session",
            "call": call,
            "assistant": {"name": offer.assistant},
            "brain": {"kind": offer.brain_kind, "name": offer.brain_name},
            "voice": offer.voice,
            "transcriber": offer.transcriber,
            "calendar": offer.calendar,
        }


def _format(side: _Side) -> Format | None:
    if side.format is None:
        return None
    name: Format = side.format.__struct_config__.tag  # type: ignore[assignment]
    return name


def _described(name: Format) -> dict[str, Any]:
    return {"type": name, "rate": 24_000} if name == "audio/pcm" else {"type": name}


def _impossible(it: _Wanted) -> Refusal | None:
    if it.output_modalities is not None and it.output_modalities != ["audio"]:
        message = "Only audio is answered, with its transcript: output_modalities is ['audio']."
        return Refusal("not_supported", message, "session.output_modalities")
    if it.tools:
        message = "Tools are the assistant's own; a client cannot bring its tools yet."
        return Refusal("not_supported", message, "session.tools")
    return None


def _without_effect(wanted: dict[str, Any], held: dict[str, Any], at: str = "") -> list[str]:
    """The fields in which the session is not what was wanted."""
    found = []
    for name, value in wanted.items():
        kept = held.get(name)
        if isinstance(value, dict) and isinstance(kept, dict):
            found += _without_effect(value, kept, f"{at}{name}.")
        elif value is not None and value != kept:
            found.append(f"{at}{name}")
    return found
