"""The protocol without a socket or a call."""

import json
from typing import Any

import pytest
from realtime_support import kinds, parsed

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.transports.realtime.limits import Limits
from parley.transports.realtime.protocol import (
    Acknowledge,
    Expel,
    Hush,
    Leave,
    Press,
    Protocol,
    Received,
    Speak,
)
from parley.transports.realtime.sessions import Offer
from parley.transports.realtime.wire import encode

SILENCE = "AAAA" * 160  # 20 ms of PCM16 at 24 kHz are 960 bytes
OFFER = Offer("demo", "Demo", voice="flite", transcriber="sphinx")


class Client:
    """Says what a client says, at the time `now`."""

    def __init__(self, *, extensions: bool = True, limits: Limits | None = None) -> None:
        self.protocol = Protocol(
            "s", OFFER, call="c1", extensions=extensions, limits=limits or Limits(), now=0.0
        )
        self.now = 0.0

    def receive(self, message: str | bytes) -> Received:
        received = self.protocol.receive(message, self.now)
        for event in received.answers:
            parsed(encode(event, "event_1"))
        return received

    def say(self, kind: str, **fields: Any) -> Received:
        return self.receive(json.dumps({"type": kind, "event_id": "mine", **fields}))

    def error(self, kind: str, **fields: Any) -> dict[str, Any]:
        (event,) = self.say(kind, **fields).answers
        assert event["type"] == "error"
        assert event["error"]["event_id"] == "mine"
        error: dict[str, Any] = event["error"]
        return error

    def speak(self) -> Received:
        return self.say("input_audio_buffer.append", audio=SILENCE)

    def hear(self, milliseconds: int) -> str:
        """The agent speaks; return the name of its item."""
        _, translator = self.protocol.begin()
        step = translator.step
        step(0.0, ev.Tick(), [act.PromoteReply(1), act.Synthesize(1, 0, "Hi.", 1, True)])
        step(0.0, ev.SpanAudio(1, 0), [act.PlayReply(1, CALLER, False)])
        opened = translator.play(bytes(48 * milliseconds), ())
        (item,) = [e["item"]["id"] for e in opened if e["type"] == "conversation.item.added"]
        return str(item)


def test_the_session_is_opened_with_a_description() -> None:
    assert kinds(Client().protocol.open()) == ["session.created", "parley.session"]


def test_who_does_not_know_the_extensions_is_not_told() -> None:
    client = Client(extensions=False)
    assert kinds(client.protocol.open()) == ["session.created"]
    assert kinds(client.say("parley.client", playback="marks").answers) == ["parley.session"]
    assert client.protocol.extensions
    assert client.say("parley.client").answers == ()


def test_who_obeys_says_so_before_the_first_audio() -> None:
    client = Client()
    assert not client.protocol.obeys
    client.say("parley.client", playback="marks")
    assert client.protocol.obeys
    client.speak()
    assert client.error("parley.client", playback="marks")["code"] == "session_has_begun"


def test_who_cancels_no_echo_says_so_before_the_first_audio() -> None:
    client = Client()
    assert client.protocol.cancels_echo
    client.say("parley.client", cancels_echo=False)
    assert not client.protocol.cancels_echo
    client.speak()
    refused = client.error("parley.client", cancels_echo=True)
    assert (refused["code"], refused["param"]) == ("session_has_begun", "cancels_echo")


def test_audio_is_handed_on() -> None:
    received = Client().speak()
    assert received == Received((), Speak(bytes(480)))


def test_half_a_sample_is_refused_and_the_rest_is_heard() -> None:
    client = Client()
    error = client.error("input_audio_buffer.append", audio="AAAAAAA=")
    assert (error["code"], error["param"]) == ("invalid_audio", "audio")
    assert client.speak().wish is not None
    assert client.say("input_audio_buffer.append", audio="") == Received()


def test_a_session_is_updated() -> None:
    client = Client()
    telephone = {"input": {"format": {"type": "audio/pcmu"}}}
    (updated,) = client.say("session.update", session={"audio": telephone}).answers
    assert updated["session"]["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert client.say("input_audio_buffer.append", audio="AA==").wish == Speak(b"\x00")
    assert client.error("session.update", session={"audio": {"input": {"format":
        {"type": "audio/pcm"}}}})["code"] == "session_has_begun"  # fmt: skip


def test_what_has_no_effect_is_named() -> None:
    wanted = {"type": "realtime", "instructions": "Be a pirate."}
    updated, warning = Client().say("session.update", session=wanted).answers
    assert updated["type"] == "session.updated"
    assert "instructions" not in updated["session"]
    assert warning["type"] == "parley.warning"
    assert "instructions" in warning["message"]


def test_what_is_impossible_is_refused() -> None:
    error = Client().error("session.update", session={"output_modalities": ["text"]})
    assert (error["code"], error["param"]) == ("not_supported", "session.output_modalities")


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("input_audio_buffer.commit", {}, "not_supported"),
        ("input_audio_buffer.clear", {}, "not_supported"),
        ("output_audio_buffer.clear", {}, "not_supported"),
        ("conversation.item.create", {"item": {}}, "not_supported"),
        ("conversation.item.delete", {"item_id": "x"}, "not_supported"),
        ("conversation.item.retrieve", {"item_id": "x"}, "item_not_found"),
        ("conversation.item.truncate",
         {"item_id": "x", "content_index": 0, "audio_end_ms": 0}, "item_not_found"),
        ("response.create", {}, "not_supported"),
        ("response.cancel", {}, "response_cancel_not_active"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(kind: str, fields: dict[str, Any], code: str) -> None:
    assert Client().error(kind, **fields)["code"] == code


def test_while_the_agent_speaks_it_is_said_differently() -> None:
    client = Client()
    client.hear(100)
    active = "conversation_already_has_active_response"
    assert client.error("response.create")["code"] == active
    assert client.say("response.cancel").wish == Hush()


def test_an_item_can_be_looked_at() -> None:
    client = Client()
    item = client.hear(100)
    (retrieved,) = client.say("conversation.item.retrieve", item_id=item).answers
    assert retrieved["item"]["id"] == item


def test_what_was_played_of_an_item_is_taken_note_of() -> None:
    client = Client()
    item = client.hear(500)
    truncate = {"item_id": item, "content_index": 0}
    (done,) = client.say("conversation.item.truncate", **truncate, audio_end_ms=300).answers
    assert (done["type"], done["audio_end_ms"]) == ("conversation.item.truncated", 300)
    kind = "conversation.item.truncate"
    assert client.error(kind, **truncate, audio_end_ms=501)["param"] == "audio_end_ms"
    assert client.error(kind, **truncate, audio_end_ms=-1)["param"] == "audio_end_ms"
    wrong = truncate | {"content_index": 1}
    assert client.error(kind, **wrong, audio_end_ms=1)["param"] == "content_index"


def test_the_extensions_wishes_are_granted() -> None:
    client = Client()
    assert client.say("parley.marked", name="heard:5").wish == Acknowledge("heard:5")
    assert client.error("parley.key", key="#")["code"] == "call_has_not_begun"
    client.protocol.begin()
    assert client.say("parley.key", key="#").wish == Press("#")
    assert client.say("parley.hangup").wish == Leave()


def test_binary_frames_are_refused() -> None:
    (event,) = Client().receive(b"\x00\xff" * 1000).answers
    assert event["error"]["code"] == "invalid_message"


def test_a_flood_of_events_ends_the_connection() -> None:
    client = Client(limits=Limits(events_per_s=10, events_at_once=20))
    assert all(client.say("parley.marked", name="m").wish == Acknowledge("m") for _ in range(20))
    received = client.say("parley.marked", name="m")
    assert received.answers[0]["error"]["code"] == "rate_limit_exceeded"
    assert isinstance(received.wish, Expel)
    client.now = 1.0
    assert client.say("parley.marked", name="m").wish == Acknowledge("m")


def test_garbage_counts_as_well() -> None:
    client = Client(limits=Limits(events_per_s=10, events_at_once=20))
    outcomes = [client.receive("garbage").wish for _ in range(21)]
    assert outcomes[:20] == [None] * 20
    assert isinstance(outcomes[20], Expel)


def test_audio_that_comes_too_fast_ends_the_connection() -> None:
    client = Client(limits=Limits(backlog_s=1.005))
    for _ in range(100):  # 10 ms each
        assert isinstance(client.speak().wish, Speak)
    received = client.speak()
    assert received.answers[0]["error"]["code"] == "audio_too_fast"
    assert isinstance(received.wish, Expel)


def test_audio_at_its_own_speed_may_go_on_for_ever() -> None:
    client = Client(limits=Limits(backlog_s=1.0))
    for _ in range(10_000):
        client.now += 0.01
        assert isinstance(client.speak().wish, Speak)
