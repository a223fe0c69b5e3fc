"""What a client can change of its session, and what it is told of the rest."""

from typing import Any

import pytest
from realtime_support import parsed

from parley.transports.realtime.clientevents import Refusal
from parley.transports.realtime.sessions import Offer, Session
from parley.transports.realtime.wire import encode

OFFER = Offer("front-desk", "Front desk", "flow", "booking", "flite", "pocketsphinx", "en")


def session() -> Session:
    return Session("sess_1", OFFER)


def resource(it: Session) -> dict[str, Any]:
    event = {"type": "session.updated", "session": it.resource()}
    shown: dict[str, Any] = parsed(encode(event, "e"))["session"]
    return shown


def test_the_session_is_described() -> None:
    shown = resource(session())
    assert shown["model"] == "front-desk"
    assert shown["output_modalities"] == ["audio"]
    assert shown["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert shown["audio"]["output"]["voice"] == "flite"


def test_formats_can_be_chosen() -> None:
    it = session()
    wanted = {
        "input": {"format": {"type": "audio/pcmu"}},
        "output": {"format": {"type": "audio/pcma"}},
    }
    assert it.update({"type": "realtime", "audio": wanted}, begun=False) == []
    assert (it.input, it.output) == ("audio/pcmu", "audio/pcma")
    assert resource(it)["audio"]["input"]["format"] == {"type": "audio/pcmu"}


def test_what_holds_already_may_be_asked_for_at_any_time() -> None:
    it = session()
    shown = it.resource()
    assert it.update(shown, begun=True) == []


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"type": "transcription"}, "session.type"),
        ({"audio": {"input": {"format": {"type": "audio/mp3"}}}},
         "session.audio.input.format.type"),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
         "session.audio.input.format.rate"),
        ({"audio": []}, "session.audio"),
        ({"audio": {"input": {"turn_detection": {"type": "magic"}}}},
         "session.audio.input.turn_detection.type"),
        ({"output_modalities": ["text"]}, "session.output_modalities"),
        ({"tools": [{"type": "function", "name": "book"}]}, "session.tools"),
    ],
)  # fmt: skip
def test_what_is_not_possible_is_refused(wanted: dict[str, Any], param: str) -> None:
    it = session()
    refusal = it.update(
        {"audio": {"output": {"format": {"type": "audio/pcmu"}}}} | wanted, begun=False
    )
    assert isinstance(refusal, Refusal)
    assert refusal.param == param
    assert it.output == "audio/pcm", "all or nothing"


def test_formats_stay_once_audio_flows() -> None:
    it = session()
    refusal = it.update({"audio": {"input": {"format": {"type": "audio/pcmu"}}}}, begun=True)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "session_has_begun"
    assert it.input == "audio/pcm"


def test_what_the_assistant_decides_is_named() -> None:
    wanted = {
        "instructions": "Be a pirate.",
        "tools": [],
        "tool_choice": "auto",
        "audio": {
            "input": {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}},
            "output": {"voice": "marin"},
        },
        "nonsense": 1,
        "max_output_tokens": None,
    }
    assert session().update(wanted, begun=False) == [
        "instructions",
        "audio.input.turn_detection.type",
        "audio.input.turn_detection.eagerness",
        "audio.output.voice",
        "nonsense",
    ]


def test_the_extension_says_who_answers() -> None:
    told = session().introduction("call-1")
    assert told["call"] == "call-1"
    assert told["assistant"] == {"name": "Front desk"}
    assert told["brain"] == {"kind": "flow", "name": "booking"}
    assert told["calendar"] is None


def test_a_client_may_end_the_turns_itself() -> None:
    it = session()
    wanted = {"audio": {"input": {"turn_detection": None}}}
    assert it.update(wanted, begun=False) == []
    assert it.resource()["audio"]["input"]["turn_detection"] is None
    assert it.update({"audio": {"output": {}}}, begun=True) == []
    assert it.push_to_talk
    automatic = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
    refusal = it.update(automatic, begun=True)
    assert isinstance(refusal, Refusal)
    assert refusal.param == "session.audio.input.turn_detection"
    assert it.update(automatic, begun=False) == []
    assert not it.push_to_talk
