"""What clients say, and what they are told when nobody understands it."""

import json

import pytest
from realtime_support import parsed, validated

from parley.transports.realtime import clientevents as ce
from parley.transports.realtime.clientevents import Refusal
from parley.transports.realtime.wire import Ids, encode


def refused(text: str) -> Refusal:
    outcome = ce.read(text)
    assert isinstance(outcome, Refusal)
    told = parsed(encode(outcome.event(), "event_1"))
    assert told["error"]["message"] == outcome.message
    return outcome


def test_audio_comes_as_base64() -> None:
    event = ce.read('{"type": "input_audio_buffer.append", "audio": "AAECAw==", "event_id": "e1"}')
    assert event == ce.Append(audio=b"\x00\x01\x02\x03", event_id="e1")


def test_fields_that_nobody_knows_are_no_fault() -> None:
    assert ce.read('{"type": "parley.hangup", "more": {"x": [1]}}') == ce.HangUp()


@pytest.mark.parametrize(
    ("text", "code", "param"),
    [
        ("", "invalid_json", None),
        ("nope", "invalid_json", None),
        ('{"type": "parley.hangup"} and more', "invalid_json", None),
        ('{"type": "parley.hangup"', "invalid_json", None),
        ("[]", "invalid_value", None),
        ("7", "invalid_value", None),
        ("null", "invalid_value", None),
        ("{}", "missing_required_parameter", "type"),
        ('{"type": 5}', "invalid_value", "type"),
        ('{"type": "session.destroy"}', "unknown_event", "type"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": 5}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "%%"}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "AAA"}', "invalid_value", "audio"),
        ('{"type": "parley.key", "key": "12"}', "invalid_value", "key"),
        ('{"type": "parley.client", "playback": "all"}', "invalid_value", "playback"),
        ('{"type": "parley.hangup", "event_id": 5}', "invalid_value", "event_id"),
        ('{"type": "session.update", "session": []}', "invalid_value", "session"),
        (
            '{"type": "conversation.item.truncate", "item_id": "i", "content_index": 0,'
            ' "audio_end_ms": 1e400}',
            "invalid_value",
            "audio_end_ms",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, code: str, param: str | None) -> None:
    refusal = refused(text)
    assert (refusal.code, refusal.param) == (code, param)


@pytest.mark.parametrize("field", ["event_id", "name"])
def test_a_name_without_end_is_not_repeated(field: str) -> None:
    fields = {"type": "parley.marked", "name": "heard:1", field: "9" * 100_000}
    refusal = refused(json.dumps(fields))
    assert (refusal.code, refusal.param) == ("invalid_value", field)
    assert len(str(refusal.event())) < 1000


def test_the_event_that_was_wrong_is_named() -> None:
    text = '{"type": "input_audio_buffer.append", "event_id": "mine", "audio": []}'
    assert refused(text).event_id == "mine"
    assert refused('{"type": "no.such", "event_id": "mine"}').event_id == "mine"


def test_who_asks_for_what_is_not_there_is_told_what_is() -> None:
    refusal = refused('{"type": "session.destroy"}')
    assert "'session.destroy'" in refusal.message
    assert "session.update" in refusal.message


def test_an_endless_name_is_not_repeated() -> None:
    assert len(refused(json.dumps({"type": "x" * 100_000})).message) < 2000


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "session.update", "session": {"x": %s}}',
        '{"type": "parley.hangup", "x": %s}',
        '{"x": %s, "type": "parley.hangup"}',
        "%s",
    ],
)
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_hurts_nobody(text: str, left: str, right: str) -> None:
    inner = left * 200_000 + ("1" if left != "[" else "") + right * 200_000
    assert refused(text % inner).code in ("invalid_json", "invalid_value")


def test_half_an_emoji_hurts_nobody() -> None:
    ce.read('{"type": "parley.marked", "name": "\\ud83d"}')
    refused('{"type": "parley.marked", "name": "\ud83d"}')
    sent = encode({"type": "parley.heard", "response_id": "r", "text": "\ud83d"}, "e")
    assert sent.isascii()
    assert json.loads(sent)["text"] == "\ud83d"


def test_every_event_of_the_protocol_is_known() -> None:
    from openai.types.realtime.realtime_client_event import RealtimeClientEvent

    official = {kind.model_fields["type"].annotation.__args__[0] for kind in
                RealtimeClientEvent.__args__[0].__args__}  # fmt: skip
    assert official <= {str(kind.__struct_config__.tag) for kind in ce.ClientEvent.__args__}


def test_names_are_unique() -> None:
    ids = Ids("ab12")
    assert ids.new("item") == "item_ab12_00001"
    assert len({ids.new("item") for _ in range(1000)}) == 1000


def test_a_name_that_the_sdk_does_not_know_would_be_found() -> None:
    with pytest.raises(AssertionError, match="wrong"):
        validated({"type": "session.updated", "event_id": "e", "session":
                   {"type": "realtime", "audio": {"wrong": 1}}})  # fmt: skip
