"""What a client is told of a call, as a timeline of the core's steps and the audio."""

import base64
from typing import Any

import pytest
from realtime_support import kinds, of, parsed

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.core.reasons import EndReason
from parley.transports.realtime.codec import Encoder, Format
from parley.transports.realtime.items import Items
from parley.transports.realtime.sessions import Offer, Session
from parley.transports.realtime.translation import Translator
from parley.transports.realtime.wire import Event, Ids, encode

SECOND = bytes(2 * 24_000)
TICK = ev.Tick()

OPENED = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
]
CLOSED = [
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]
TEXT, AUDIO = "response.output_audio_transcript.delta", "response.output_audio.delta"
HEARD = "parley.heard"


class Line:
    """A call, and all that its client was told; every event is one that the SDK knows."""

    def __init__(self, *, obeys: bool, output: Format = "audio/pcm") -> None:
        ids, items = Ids("t"), Items()
        session = Session("sess_t", Offer("demo", "Demo", voice="flite", transcriber="sphinx"))
        self.translator = Translator(ids, session, items, Encoder(output), obeys=obeys)
        self.told: list[dict[str, Any]] = []
        self._now = 0.0

    def step(self, event: ev.Event, *actions: act.Action) -> list[dict[str, Any]]:
        self._now += 0.1
        return self._tell(self.translator.step(self._now, event, actions))

    def play(self, seconds: float, *marks: str) -> list[dict[str, Any]]:
        pcm = bytes(2 * round(24_000 * seconds))
        return self._tell(self.translator.play(pcm, marks))

    def clear(self) -> list[dict[str, Any]]:
        return self._tell(self.translator.clear())

    def end(self, reason: EndReason) -> list[dict[str, Any]]:
        return self._tell(self.translator.end(reason))

    def _tell(self, events: list[Event]) -> list[dict[str, Any]]:
        told = [parsed(encode(event, "event_t")) for event in events]
        self.told += told
        return told

    # What happens in calls

    def phrase(self, reply: int, text: str, seconds: float = 1.0, *, aside: bool = False) -> None:
        """A phrase from the cache is to be heard."""
        self.step(TICK, act.PromoteReply(reply), act.Synthesize(reply, 0, text, 1, True))
        self.step(ev.SpanAudio(reply, 0), act.PlayReply(reply, CALLER, aside))
        self.step(ev.SpanSynthesized(reply, 0, seconds), act.CloseReply(reply))

    def answer(self, reply: int, *texts: str, seconds: float = 1.0) -> None:
        """A reply with pieces is to be heard."""
        self.step(TICK, act.StartReply(reply, 1))
        at = 0
        for number, text in enumerate(texts):
            self.step(ev.ReplySpan(reply, number, text, at, at + len(text)))
            at += len(text) + 1
        self.step(TICK, act.PromoteReply(reply), act.PlayReply(reply, CALLER, False))
        for number in range(len(texts)):
            self.step(ev.SpanSynthesized(reply, number, seconds))
        self.step(ev.ReplyGenerated(reply), act.CloseReply(reply))

    def commit(self, turn: int, text: str, *segments: int) -> list[dict[str, Any]]:
        return self.step(TICK, act.TurnCommitted(CALLER, turn, text, segments, self._now))


def listens(line: Line, number: int, seconds: float = 0.3) -> None:
    line.step(TICK, act.Backchannel(CALLER, number, "Uh-huh.", -8.0))
    line.step(ev.SpanSynthesized(number, 0, seconds))


def test_a_backchannel_is_a_response_of_its_own() -> None:
    line = Line(obeys=True)
    listens(line, 1)
    assert kinds(line.play(0.2)) == [*OPENED, TEXT, AUDIO]
    line.answer(2, "Oh dear.")
    told = line.play(0.5)
    assert kinds(told)[0] == AUDIO
    assert [e["delta"] for e in of(line.told, TEXT)] == ["Uh-huh.", "Oh dear."]
    assert kinds(line.step(ev.PlayoutFinished(CALLER, 1, 0.3))) == []
    ended = line.step(ev.PlayoutFinished(CALLER, 2, 1.3), act.ReplyEnded(2, "done", "Oh dear."))
    assert kinds(ended)[-1] == "response.done"


def test_one_that_is_followed_by_nothing_is_closed() -> None:
    line = Line(obeys=True)
    listens(line, 1)
    line.play(0.3)
    assert kinds(line.step(ev.PlayoutFinished(CALLER, 1, 0.3))) == CLOSED
    assert line.told[-1]["response"]["status"] == "completed"


def test_one_that_is_cleared_is_closed() -> None:
    line = Line(obeys=True)
    listens(line, 1)
    line.play(0.2)
    assert kinds(line.step(ev.PlayoutCleared(CALLER))) == CLOSED
    assert line.told[-1]["response"]["status"] == "cancelled"
    line.answer(2, "Oh dear.")
    assert kinds(line.play(1.0)) == [*OPENED, TEXT, AUDIO]


def test_a_client_that_does_not_obey_hears_no_backchannel() -> None:
    line = Line(obeys=False)
    listens(line, 1)
    assert line.play(0.2) == []
    line.answer(2, "Oh dear.")
    assert kinds(line.play(1.1)) == [*OPENED, TEXT, AUDIO]
    audio = b"".join(base64.b64decode(e["delta"]) for e in of(line.told, AUDIO))
    assert audio == SECOND


def test_a_greeting_is_one_response() -> None:
    line = Line(obeys=True)
    line.phrase(1, "Hello there.")
    assert line.told == [], "nothing is told before it is heard"
    assert kinds(line.play(0.2, "heard:4800")) == [*OPENED, TEXT, AUDIO, "parley.mark"]
    assert kinds(line.play(0.8)) == [AUDIO]
    assert kinds(line.step(ev.Heard(CALLER, 1, 0, 5, 0.5, False))) == [HEARD]
    told = line.step(ev.PlayoutFinished(CALLER, 1, 1.0), act.ReplyEnded(1, "done", "Hello there."))
    assert kinds(told) == [HEARD, *CLOSED]
    response = told[-1]["response"]
    assert response["status"] == "completed"
    assert response["output"][0]["content"] == [
        {"type": "output_audio", "transcript": "Hello there."}
    ]
    audio = b"".join(base64.b64decode(e["delta"]) for e in of(line.told, AUDIO))
    assert audio == SECOND


def test_all_of_one_response_has_its_names() -> None:
    line = Line(obeys=True)
    line.phrase(1, "Hello.")
    line.play(1.0)
    line.step(TICK, act.ReplyEnded(1, "done", "Hello."))
    (created,) = of(line.told, "response.created")
    (added,) = of(line.told, "conversation.item.added")
    here = [e for e in line.told if e["type"].startswith("response.") and "response_id" in e]
    assert {e["response_id"] for e in here} == {created["response"]["id"]}
    assert {e["item_id"] for e in here if "item_id" in e} == {added["item"]["id"]}


def test_a_turn_is_an_item_with_its_words() -> None:
    line = Line(obeys=True)
    (started,) = line.step(ev.SpeechStarted(CALLER, 1.25))
    assert started["audio_start_ms"] == 1250
    (caption,) = line.step(ev.Transcript(CALLER, 0, "I would", False))
    assert (caption["text"], caption["final"]) == ("I would", False)
    (stopped,) = line.step(ev.SpeechStopped(CALLER, 2.0))
    assert (stopped["audio_end_ms"], stopped["item_id"]) == (2000, started["item_id"])
    told = line.commit(1, "I would like that", 0)
    assert kinds(told) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.done",
        "parley.caption",
    ]
    assert {e["item_id"] for e in told if "item_id" in e} == {started["item_id"]}
    assert told[-1]["text"] == "I would like that"
    assert told[-1]["final"] is True


def test_a_turn_with_pauses_is_one_item() -> None:
    line = Line(obeys=True)
    for at in (1.0, 2.0):
        line.step(ev.SpeechStarted(CALLER, at))
        line.step(ev.SpeechStopped(CALLER, at + 0.5))
    line.commit(1, "Yes.", 0)
    line.step(ev.SpeechStarted(CALLER, 3.0))
    items = [e["item_id"] for e in of(line.told, "input_audio_buffer.speech_started")]
    assert items[0] == items[1] != items[2]


def test_items_follow_one_another() -> None:
    line = Line(obeys=True)
    line.phrase(1, "Hello.")
    line.play(1.0)
    line.commit(1, "Yes.", 0)
    first, second = of(line.told, "conversation.item.added")
    assert first["previous_item_id"] is None
    assert second["previous_item_id"] == first["item"]["id"]
    (committed,) = of(line.told, "input_audio_buffer.committed")
    assert committed["previous_item_id"] == first["item"]["id"]


def test_a_reopened_turn_is_taken_back() -> None:
    line = Line(obeys=True)
    line.step(ev.Transcript(CALLER, 0, "I would", True))
    (committed, *_) = line.commit(1, "I would", 0)
    deleted, caption = line.step(TICK, act.TurnReopened(CALLER, 1))
    assert (deleted["type"], deleted["item_id"]) == (
        "conversation.item.deleted",
        committed["item_id"],
    )
    assert (caption["text"], caption["final"]) == ("I would", False)
    again = line.commit(2, "I would like", 0, 1)
    assert again[0]["item_id"] != committed["item_id"]
    assert again[0]["previous_item_id"] is None


def test_words_that_are_dropped_vanish() -> None:
    line = Line(obeys=True)
    line.step(ev.Transcript(CALLER, 0, "mm-hmm", False))
    (caption,) = line.step(TICK, act.SegmentDropped(CALLER, 0, "acknowledgement"))
    assert (caption["text"], caption["final"]) == ("", True)


def test_an_obedient_client_is_told_what_to_do() -> None:
    line = Line(obeys=True)
    line.answer(1, "One two three.")
    line.play(0.2)
    line.step(ev.SpeechStarted(CALLER, 1.0), act.PausePlayout(CALLER))
    assert kinds(line.translator.pause()) == ["parley.pause"]
    assert kinds(line.translator.resume()) == ["parley.resume"]
    assert kinds(line.play(0.2)) == [AUDIO], "the response goes on"
    assert kinds(line.clear()) == ["parley.clear"]
    line.step(ev.Heard(CALLER, 1, 0, 7, 1.2, False))
    told = line.step(ev.PlayoutCleared(CALLER), act.ReplyEnded(1, "cancelled", "One two"))
    assert kinds(told) == CLOSED
    response = told[-1]["response"]
    assert (response["status"], response["status_details"]["reason"]) == (
        "cancelled",
        "turn_detected",
    )
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["transcript"] == "One two"
    assert told[1]["transcript"] == "One two three."


def test_a_standard_client_is_silenced_by_what_it_knows() -> None:
    line = Line(obeys=False)
    line.answer(1, "One two three.")
    line.play(0.2)
    started = line.step(ev.SpeechStarted(CALLER, 1.0), act.PausePlayout(CALLER))
    assert kinds(started) == ["input_audio_buffer.speech_started"]
    line.step(ev.Heard(CALLER, 1, 0, 7, 1.2, True))
    told = line.clear()
    assert kinds(told) == CLOSED
    assert told[-1]["response"]["status"] == "cancelled"
    assert told[-1]["response"]["output"][0]["content"][0]["transcript"] == "One two"
    assert line.clear() == []
    resumed = line.play(0.2)
    assert kinds(resumed) == [*OPENED, TEXT, AUDIO], "what goes on is a new response"
    assert of(resumed, TEXT)[0]["delta"] == "three."
    told = line.step(TICK, act.ReplyEnded(1, "done", "One two three."))
    assert told[-1]["response"]["output"][0]["content"][0]["transcript"] == "three."
    assert not [e for e in line.told if e["type"] in ("parley.pause", "parley.clear")]


def test_a_standard_client_is_not_silenced_in_vain() -> None:
    line = Line(obeys=False)
    line.phrase(1, "This must be heard.")
    line.play(0.2)
    assert line.step(ev.SpeechStarted(CALLER, 1.0)) == []
    assert line.step(ev.SpeechStopped(CALLER, 1.5)) == []
    line.step(TICK, act.ReplyEnded(1, "done", "This must be heard."))
    assert kinds(line.step(ev.SpeechStarted(CALLER, 2.0))) == ["input_audio_buffer.speech_started"]


def test_words_without_a_voice_silence_a_standard_client() -> None:
    line = Line(obeys=False)
    line.answer(1, "One two three.")
    line.play(0.2)
    words = ev.Transcript(CALLER, 0, "no wait", False)
    told = line.step(words, act.FloorYielded(CALLER, "words"), act.ClearPlayout(CALLER))
    assert kinds(told)[:2] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
    ]


def test_audio_that_is_thrown_away_without_the_caller_is_told_as_such() -> None:
    line = Line(obeys=False)
    line.answer(1, "One two three.")
    line.play(0.2)
    assert kinds(line.clear()) == [*CLOSED, "output_audio_buffer.cleared"]


def test_one_response_at_a_time() -> None:
    line = Line(obeys=True)
    line.phrase(1, "One moment.", 0.5)
    line.answer(2, "It is noon.")
    told = line.play(0.7)
    assert kinds(told) == [*OPENED, TEXT, AUDIO, *CLOSED, *OPENED, TEXT, AUDIO]
    first, second = of(told, AUDIO)
    assert len(base64.b64decode(first["delta"])) == 2 * 12_000
    assert len(base64.b64decode(second["delta"])) == 2 * 4_800
    assert line.step(TICK, act.ReplyEnded(1, "done", "One moment.")) == [
        {"type": HEARD, "event_id": "event_t", "response_id": first["response_id"],
         "text": "One moment."}
    ]  # fmt: skip


def test_a_reply_that_is_never_heard_is_never_told() -> None:
    line = Line(obeys=True)
    line.answer(1, "One two three.")
    line.step(TICK, act.CancelReply(1), act.ReplyEnded(1, "cancelled", ""))
    assert line.told == []


def test_a_reply_that_fails_says_so() -> None:
    line = Line(obeys=True)
    line.answer(1, "One two three.")
    line.play(0.2)
    told = line.step(TICK, act.ReplyEnded(1, "failed", "One"))
    assert told[-1]["response"]["status"] == "failed"
    assert told[-1]["response"]["status_details"]["error"]["code"] == "reply_failed"


def test_what_ends_with_the_call_was_not_interrupted() -> None:
    line = Line(obeys=True)
    line.answer(1, "One two three.")
    line.play(0.2)
    told = line.step(
        ev.EndRequested(EndReason.SHUTDOWN),
        act.ReplyEnded(1, "cancelled", "One"),
        act.EndCall(EndReason.SHUTDOWN),
    )
    assert kinds(told)[-3:] == ["response.done", "error", "parley.ended"]
    assert told[-3]["response"]["status_details"] == {"type": "cancelled"}
    assert told[-2]["error"]["code"] == "shutdown"
    assert (told[-1]["reason"], told[-1]["at_fault"]) == ("shutdown", "platform")
    assert line.end(EndReason.INTERNAL_ERROR) == [], "it ends once"


def test_a_call_that_breaks_down_ends_too() -> None:
    error, told = Line(obeys=True).end(EndReason.INTERNAL_ERROR)
    assert (error["error"]["type"], error["error"]["code"]) == ("server_error", "internal_error")
    assert (told["reason"], told["at_fault"]) == ("internal-error", "platform")


@pytest.mark.parametrize(
    "reason", [EndReason.CALLER_HUNG_UP, EndReason.SILENCE_TIMEOUT, EndReason.CONNECTION_LOST]
)
def test_a_call_that_ends_is_no_error(reason: EndReason) -> None:
    assert kinds(Line(obeys=True).end(reason)) == ["parley.ended"]


def test_tools_are_shown_from_their_start_to_their_end() -> None:
    line = Line(obeys=True)
    (running,) = line.step(TICK, act.RunTool("1-a", "book", "{}"))
    assert (running["call"], running["name"], running["status"]) == ("1-a", "book", "running")
    (ended,) = line.step(ev.ToolFinished("1-a", "ok"), act.ToolEnded("1-a", "done"))
    assert (ended["name"], ended["status"]) == ("book", "done")
    assert line.step(TICK, act.ToolEnded("1-b", "cancelled")) == [], "it never ran"


def test_what_was_understood_is_told_whole() -> None:
    line = Line(obeys=True)
    (told,) = line.step(
        TICK,
        act.Understood("day", "Day", "Monday"),
        act.Understood("time", "Time", "10:00"),
        act.Expect(CALLER, "name", "What is your name?", "#JSGF V1.0;"),
    )
    assert told["slots"] == [
        {"name": "day", "label": "Day", "value": "Monday"},
        {"name": "time", "label": "Time", "value": "10:00"},
    ]
    assert told["expects"] == {"kind": "name", "question": "What is your name?"}
    (told,) = line.step(TICK, act.Understood("day", "Day", ""), act.Expect(CALLER, "", "", ""))
    assert told["slots"] == [{"name": "time", "label": "Time", "value": "10:00"}]
    assert told["expects"] is None


def test_a_question_is_told_when_it_is_asked_and_not_before() -> None:
    """The answer is understood when a reply is promoted, the next question heard later."""
    line = Line(obeys=True)
    line.step(TICK, act.Expect(CALLER, "date", "Which day?", ""))
    (told,) = line.step(TICK, act.PromoteReply(2), act.Understood("day", "Day", "Monday"))
    assert told["slots"] == [{"name": "day", "label": "Day", "value": "Monday"}]
    assert told["expects"] == {"kind": "date", "question": "Which day?"}
    (told,) = line.step(
        ev.PlayoutStarted(CALLER, 2, 1.0), act.Expect(CALLER, "time", "What time?", "")
    )
    assert told["slots"] == [{"name": "day", "label": "Day", "value": "Monday"}]
    assert told["expects"] == {"kind": "time", "question": "What time?"}


def test_half_an_emoji_reaches_the_client() -> None:
    line = Line(obeys=True)
    line.answer(1, "\ud83d")
    assert of(line.play(0.1), TEXT)[0]["delta"] == "\ud83d"


def test_what_is_cleared_does_not_ring_on_in_what_follows() -> None:
    line = Line(obeys=True, output="audio/pcmu")
    line.answer(1, "One two three.")
    line.translator.play(b"\x00\x40" * 4800, ())
    line.clear()
    (after,) = of(line.play(0.2), AUDIO)
    assert set(base64.b64decode(after["delta"])) == {0xFF}, "silence"
