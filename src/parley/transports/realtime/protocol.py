"""The server's side of the protocol, without a socket, a clock or a call.

Feed it what the client sends (`receive`) and what the call does (`translator`); it says
what to send, and what the client's events wish of the call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parley.transports.realtime import clientevents as ce
from parley.transports.realtime.clientevents import Refusal
from parley.transports.realtime.codec import Decoder, Encoder
from parley.transports.realtime.items import Items
from parley.transports.realtime.limits import Allowance, Limits
from parley.transports.realtime.sessions import Offer, Session
from parley.transports.realtime.translation import Translator
from parley.transports.realtime.wire import Event, Ids


@dataclass(frozen=True, slots=True)
class Speak:
    """The caller's audio, whole samples in the session's input format."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A mark came back."""

    name: str


@dataclass(frozen=True, slots=True)
class Press:
    """A key of the key-pad."""

    key: str


@dataclass(frozen=True, slots=True)
class Begin:
    """The call begins although the caller, who pushes to talk, has not said anything."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The caller has finished talking; or, if it is not `wanted`, it is to be forgotten."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Hush:
    """The agent is to stop."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller hangs up."""


@dataclass(frozen=True, slots=True)
class Expel:
    """The client has gone beyond a limit, and is to be closed."""

    why: str


Wish = Begin | Speak | Finish | Hush | Acknowledge | Press | Leave | Expel


@dataclass(frozen=True, slots=True)
class Received:
    """What a client's message leads to: answers to send, in order, then a wish to grant."""

    answers: tuple[Event, ...] = ()
    wish: Wish | None = None


class Protocol:
    """One connection, from the handshake to its end.

    `session_id` is made of letters and digits. `call` is what the call will be named.
    `extensions`: the client knows the events that begin with `parley.`; others are not
    sent any until they introduce themselves, for some break down at events they do not
    know. `now` is any clock in seconds.
    """

    def __init__(
        self,
        session_id: str,
        offer: Offer,
        *,
        call: str,
        extensions: bool,
        limits: Limits,
        now: float,
    ) -> None:
        self.ids = Ids(session_id)
        self.session = Session(f"sess_{session_id}", offer)
        self.extensions = extensions
        self.obeys = False
        self.cancels_echo = True
        self.items = Items()
        self.translator: Translator | None = None
        self._decoder: Decoder | None = None
        self._talking = False
        self._answer_owed = False
        self._call = call
        self._events = Allowance(limits.events_per_s, limits.events_at_once, now)
        self._audio = Allowance(1.0, limits.backlog_s, now)

    def open(self) -> list[Event]:
        """What is sent first."""
        opening: list[Event] = [{"type": "session.created", "session": self.session.resource()}]
        return [*opening, self._introduction()] if self.extensions else opening

    def begin(self) -> tuple[Decoder, Translator]:
        """The call begins, with the formats and the manners that the client has chosen."""
        decoder = self._decoder or Decoder(self.session.input)
        encoder = Encoder(self.session.output)
        self.translator = Translator(self.ids, self.session, self.items, encoder, obeys=self.obeys)
        return decoder, self.translator

    def receive(self, message: str | bytes, now: float) -> Received:
        """Take in a text (or a binary) message."""
        if not self._events.spend(1.0, now):
            return self._expelled("rate_limit_exceeded", "Too many events in too short a time.")
        if isinstance(message, bytes):
            refusal = Refusal("invalid_message", "Events are text frames that hold JSON.")
            return Received((refusal.event(),))
        event = ce.read(message)
        if isinstance(event, Refusal):
            return Received((event.event(),))
        if isinstance(event, ce.Append):
            return self._append(event, now)
        answer: Callable[[Protocol, Any], Received] = _ANSWERS[type(event)]
        return answer(self, event)

    # The caller's audio

    def _append(self, event: ce.Append, now: float) -> Received:
        if self._decoder is None:
            self._decoder = Decoder(self.session.input)
        if not self._decoder.is_whole(event.audio):
            message = f"{len(event.audio)} bytes are not a whole number of 16-bit samples."
            return _refused("invalid_audio", message, "audio", event)
        if not event.audio:
            return Received()
        if not self._audio.spend(self._decoder.format.seconds_in(event.audio), now):
            return self._expelled("audio_too_fast", "Audio comes much faster than it is spoken.")
        self._talking = True
        return Received(wish=Speak(event.audio))

    def _commit(self, event: ce.Commit) -> Received:
        """The turn is told (`input_audio_buffer.committed`) when its words are known."""
        if not self.session.push_to_talk:
            return self._unsupported(event)
        if not self._talking:
            message = "No audio was sent since the last turn."
            return _refused("input_audio_buffer_commit_empty", message, None, event)
        self._talking, self._answer_owed = False, True
        return Received(wish=Finish(wanted=True))

    def _clear(self, event: ce.Clear) -> Received:
        if not self.session.push_to_talk:
            return self._unsupported(event)
        cleared: Event = {"type": "input_audio_buffer.cleared"}
        was_talking, self._talking = self._talking, False
        return Received((cleared,), Finish(wanted=False) if was_talking else None)

    def _expelled(self, code: str, message: str) -> Received:
        return Received((Refusal(code, message).event(),), Expel(message))

    # The session

    def _update(self, event: ce.SessionUpdate) -> Received:
        outcome = self.session.update(event.session, begun=self._decoder is not None)
        if isinstance(outcome, Refusal):
            return _refused(outcome.code, outcome.message, outcome.param, event)
        updated: Event = {"type": "session.updated", "session": self.session.resource()}
        if not outcome:
            return Received((updated,))
        message = f"The assistant decides about: {', '.join(outcome)[: ce.NAME_CHARS]}."
        return Received((updated, {"type": "parley.warning", "message": message}))

    def _introduce(self, event: ce.Introduction) -> Received:
        if self._decoder is not None and (event.playback or event.cancels_echo is not None):
            message = "Introduce the client before the first audio."
            param = "playback" if event.playback else "cancels_echo"
            return _refused("session_has_begun", message, param, event)
        self.obeys = event.playback == "marks"
        self.cancels_echo = event.cancels_echo is not False
        if self.extensions:
            return Received()
        self.extensions = True
        return Received((self._introduction(),))

    def _introduction(self) -> Event:
        return self.session.introduction(self._call)

    # Items and responses

    def _retrieve(self, event: ce.ItemRetrieve) -> Received:
        item = self.items.get(event.item_id)
        if item is None:
            return _no_such_item(event)
        return Received(({"type": "conversation.item.retrieved", "item": item},))

    def _truncate(self, event: ce.ItemTruncate) -> Received:
        """What was heard is estimated already; a client that wants more precision has marks."""
        spoken = self.translator.played_ms if self.translator else {}
        if event.item_id not in spoken:
            return _no_such_item(event)
        if event.content_index != 0:
            message = "The item has one part only."
            return _refused("invalid_value", message, "content_index", event)
        sent_ms = spoken[event.item_id]
        if not 0 <= event.audio_end_ms <= round(sent_ms):
            message = f"The item's audio of {sent_ms:.0f} ms does not reach there."
            return _refused("invalid_value", message, "audio_end_ms", event)
        truncated: Event = {
            "type": "conversation.item.truncated",
            "item_id": event.item_id,
            "content_index": 0,
            "audio_end_ms": event.audio_end_ms,
        }
        return Received((truncated,))

    def _create_response(self, event: ce.ResponseCreate) -> Received:
        """A turn that the client has ended is answered anyway, and a call begins by itself,
        but for one whose caller pushes to talk."""
        if self.translator is None and self.session.push_to_talk:
            return Received(wish=Begin())
        if self._answer_owed:
            self._answer_owed = False
            return Received()
        if self.translator is not None and self.translator.is_responding:
            message = "The agent is speaking."
            return _refused("conversation_already_has_active_response", message, None, event)
        return self._unsupported(event)

    def _cancel(self, event: ce.ResponseCancel) -> Received:
        if self.translator is None or not self.translator.is_responding:
            return _refused("response_cancel_not_active", "Nothing is being said.", None, event)
        return Received(wish=Hush())

    def _unsupported(self, event: ce.ClientEvent) -> Received:
        kind = str(event.__struct_config__.tag)
        return _refused("not_supported", f"{kind} is not supported yet. {_WHY[kind]}", None, event)

    # Wishes

    def _marked(self, event: ce.Marked) -> Received:
        return Received(wish=Acknowledge(event.name))

    def _press(self, event: ce.Key) -> Received:
        if self.translator is None:
            message = "The call begins with the first audio; there was nobody to press a key for."
            return _refused("call_has_not_begun", message, None, event)
        return Received(wish=Press(event.key))

    def _leave(self, event: ce.HangUp) -> Received:
        return Received(wish=Leave())


def _refused(code: str, message: str, param: str | None, event: ce.ClientEvent) -> Received:
    return Received((Refusal(code, message, param, event.event_id).event(),))


def _no_such_item(event: ce.ItemRetrieve | ce.ItemTruncate) -> Received:
    message = "There is no such item, or it is none of the agent's."
    return _refused("item_not_found", message, "item_id", event)


_WHY = {
    "input_audio_buffer.commit": "The server ends the turns: set turn_detection to null.",
    "input_audio_buffer.clear": "What was said is heard at once: set turn_detection to null.",
    "conversation.item.create": "The conversation is spoken.",
    "conversation.item.delete": "The conversation keeps what was said.",
    "response.create": "The assistant answers by itself when a turn has ended.",
    "output_audio_buffer.clear": "It is for WebRTC.",
}

_ANSWERS: dict[type, Callable[[Protocol, Any], Received]] = {
    ce.SessionUpdate: Protocol._update,
    ce.Commit: Protocol._commit,
    ce.Clear: Protocol._clear,
    ce.ItemCreate: Protocol._unsupported,
    ce.ItemTruncate: Protocol._truncate,
    ce.ItemDelete: Protocol._unsupported,
    ce.ItemRetrieve: Protocol._retrieve,
    ce.ResponseCreate: Protocol._create_response,
    ce.ResponseCancel: Protocol._cancel,
    ce.OutputClear: Protocol._unsupported,
    ce.Introduction: Protocol._introduce,
    ce.Marked: Protocol._marked,
    ce.Key: Protocol._press,
    ce.HangUp: Protocol._leave,
}
