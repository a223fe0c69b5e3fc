"""From what a conversation does, step by step, to what a client is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parley.audio.formats import OUTBOUND
from parley.core import actions as act
from parley.core import events as ev
from parley.core.bargein import STOPPED
from parley.core.reasons import AT_FAULT, EndReason
from parley.transports.realtime.captions import Captions
from parley.transports.realtime.clientevents import Refusal
from parley.transports.realtime.codec import Encoder
from parley.transports.realtime.items import Items, caller_item
from parley.transports.realtime.responses import Response
from parley.transports.realtime.sending import Reply, Sending
from parley.transports.realtime.sessions import Session
from parley.transports.realtime.wire import Event, Ids

_NOT_OURS = "nobody", "caller", "network"
"""Who is at fault where nothing here is broken."""

_REOPENABLE = 4
"""Of so many turns the items are kept in mind: only the latest can be reopened."""


@dataclass(slots=True)
class _Turn:
    """What the caller is saying: the item that it becomes, and since when, in seconds."""

    item: str
    since: float | None = None


@dataclass(slots=True)
class _Known:
    """What was understood so far, and the question that is open."""

    slots: dict[str, tuple[str, str]] = field(default_factory=dict)
    expects: dict[str, str] | None = None
    told: bool = True


class Translator:
    """One call. Feed it the core's steps and the audio, in the order in which they come.

    `obeys`: the client pauses, goes on and clears when it is told to. One that does not
    clears when the caller is said to speak; what goes on after that is a new response.
    """

    def __init__(
        self, ids: Ids, session: Session, items: Items, encoder: Encoder, *, obeys: bool
    ) -> None:
        self._ids = ids
        self._session = session
        self._items = items
        self._encoder = encoder
        self._obeys = obeys
        self._sending = Sending(OUTBOUND.sample_rate)
        self._captions = Captions()
        self._known = _Known()
        self._response: Response | None = None
        self._turn: _Turn | None = None
        self._speaking = False
        self._turn_items: dict[int, str] = {}
        self._tools: dict[str, str] = {}
        self._listening: dict[int, str] = {}
        self._pausing = self._ending = False
        self._now = 0.0
        self._out: list[Event] = []
        self.played_ms: dict[str, float] = {}
        self.ended: EndReason | None = None

    @property
    def is_responding(self) -> bool:
        """Whether a response is in progress."""
        return self._response is not None

    # Steps

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> list[Event]:
        """What one step of the conversation tells the client."""
        self._now = now
        self._pausing = any(isinstance(action, act.PausePlayout) for action in actions)
        self._ending = any(isinstance(action, act.EndCall) for action in actions)
        for fact in (event, *actions):
            if read := _READERS.get(type(fact)):
                read(self, fact)
        self._caption()
        self._tell_known()
        self._write()
        return self._flush()

    def end(self, reason: str) -> list[Event]:
        """The call is over, whether or not the conversation came to say so.

        Where it should not be, that is an error, which every client knows.
        """
        if self.ended is None:
            self.ended = EndReason(reason)
            if self.broke_down:
                code = self.ended.replace("-", "_")
                message = f"The call could not go on: {self.ended.replace('-', ' ')}."
                self._out.append(Refusal(code, message, kind="server_error").event())
            self._tell("parley.ended", reason=str(reason), at_fault=AT_FAULT[self.ended])
        return self._flush()

    @property
    def broke_down(self) -> bool:
        """Whether the call has ended because something on this side does not work."""
        return self.ended is not None and AT_FAULT[self.ended] not in _NOT_OURS

    def _tell(self, kind: str, **content: Any) -> None:
        self._out.append({"type": kind, **content})

    def _flush(self) -> list[Event]:
        out, self._out = self._out, []
        return out

    # The agent's audio

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> list[Event]:
        """Audio in `OUTBOUND` format goes out, and then these marks."""
        start = 0
        for reply, samples in self._sending.divide(OUTBOUND.samples_in(pcm)):
            size = samples * OUTBOUND.sample_bytes
            if self._obeys or reply.id not in self._listening:
                self._sound(reply, pcm[start : start + size])
            start += size
        for name in marks:
            self._tell("parley.mark", name=name)
        return self._flush()

    def pause(self) -> list[Event]:
        """The client is to stop at once, keeping the rest."""
        self._tell("parley.pause")
        return self._flush()

    def resume(self) -> list[Event]:
        """The client is to go on from the same sample."""
        self._tell("parley.resume")
        return self._flush()

    def clear(self) -> list[Event]:
        """The client is to throw away what it has not played."""
        self._sending.taken_back(told_again=not self._obeys)
        self._encoder.restart()
        if self._obeys:
            self._tell("parley.clear")
        elif response := self._response:
            self._close(response, "cancelled", self._sending.reply(response.reply).heard)
            if not self._speaking:
                self._tell("output_audio_buffer.cleared", response_id=response.id)
        return self._flush()

    def _sound(self, reply: Reply, pcm: bytes) -> None:
        response = self._response
        if response is None or response.reply != reply.id:
            response = self._open(reply)
        self._write()
        if audio := self._encoder.encode(pcm):
            self._out.append(response.sounded(audio, 1000 * OUTBOUND.seconds_in(pcm)))
            self.played_ms[response.item] = response.ms

    def _open(self, reply: Reply) -> Response:
        """One response at a time: what was sent before is complete."""
        if before := self._response:
            self._close(before, "completed", "")
        output = self._session.resource()["audio"]["output"]
        self._response = response = Response(self._ids, self._items, output, reply.id)
        reply.response = response.id
        self._out += response.opened()
        return response

    def _write(self, *, complete: bool = False) -> None:
        """Tell the text whose audio is being sent; `complete`: all of it was."""
        response = self._response
        if response is None:
            return
        text = self._sending.reply(response.reply).newly_sent(complete=complete)
        if text := text if response.text else text.lstrip():
            self._out.append(response.written(text))

    def _close(self, response: Response, status: str, heard: str) -> None:
        """`heard` is what the caller heard of the whole reply; completed, it was all."""
        reply = self._sending.reply(response.reply)
        details: dict[str, Any] | None = None
        kept = heard[len(reply.kept) :].strip()
        if status == "completed":
            self._write(complete=True)
            kept = response.text
        elif status == "failed":
            error = {"type": "server_error", "code": "reply_failed"}
            details = {"type": "failed", "error": error}
        else:
            details = {"type": "cancelled"}
            if not self._ending:
                details["reason"] = "turn_detected"
        reply.kept = heard
        self._out += response.closed(status, details, kept)
        self._response = None

    # Listening

    def _speech_started(self, event: ev.SpeechStarted) -> None:
        """A client that does not obey falls silent at this, so it must not hear it in vain.

        One whose caller pushes to talk knows itself when they speak.
        """
        turn = self._current_turn()
        if turn.since is None:
            turn.since = event.at
        if self._session.push_to_talk:
            return
        if self._obeys or self._pausing or self._response is None:
            self._speech_begins(event.at)

    def _speech_begins(self, at: float) -> None:
        self._speaking = True
        self._tell(
            "input_audio_buffer.speech_started",
            audio_start_ms=_ms(at),
            item_id=self._current_turn().item,
        )

    def _speech_stopped(self, event: ev.SpeechStopped) -> None:
        if self._speaking:
            self._speech_ends(event.at)

    def _speech_ends(self, at: float) -> None:
        self._speaking = False
        self._tell(
            "input_audio_buffer.speech_stopped",
            audio_end_ms=_ms(at),
            item_id=self._current_turn().item,
        )

    def _yielded(self, action: act.FloorYielded) -> None:
        """Words alone have taken the floor: a client that does not obey is to fall silent."""
        asked = self._session.push_to_talk and action.reason == STOPPED
        if not self._obeys and not asked and not self._speaking and self._response:
            self._speech_begins(self._now)
            self._speech_ends(self._now)

    def _current_turn(self) -> _Turn:
        if self._turn is None:
            self._turn = _Turn(self._ids.new("item"))
        return self._turn

    def _committed(self, action: act.TurnCommitted) -> None:
        turn = self._current_turn()
        self._turn = None
        self._turn_items[action.turn] = turn.item
        if len(self._turn_items) > _REOPENABLE:
            del self._turn_items[min(self._turn_items)]
        self._tell(
            "input_audio_buffer.committed", item_id=turn.item, previous_item_id=self._items.last
        )
        self._out.append(self._items.added(caller_item(turn.item, None)))
        transcription = "conversation.item.input_audio_transcription"
        here: dict[str, Any] = {"item_id": turn.item, "content_index": 0}
        seconds = 0.0 if turn.since is None else max(0.0, action.at - turn.since)
        usage = {"type": "duration", "seconds": round(seconds, 3)}
        self._tell(f"{transcription}.delta", **here, delta=action.text)
        self._tell(f"{transcription}.completed", **here, transcript=action.text, usage=usage)
        self._out.append(self._items.done(caller_item(turn.item, action.text)))
        self._captions.committed(action)
        self._tell("parley.caption", who="caller", text=action.text, final=True)

    def _reopened(self, action: act.TurnReopened) -> None:
        self._captions.reopened(action)
        if item := self._turn_items.pop(action.turn, None):
            self._out.append(self._items.deleted(item))

    def _transcript(self, event: ev.Transcript) -> None:
        self._captions.heard(event)

    def _dropped(self, action: act.SegmentDropped) -> None:
        self._captions.dropped(action)

    def _caption(self) -> None:
        if caption := self._captions.changed():
            self._tell("parley.caption", who="caller", text=caption.text, final=caption.final)

    # Speaking

    def _asked(self, action: act.StartReply) -> None:
        self._sending.begun(action.reply)

    def _promoted(self, action: act.PromoteReply) -> None:
        self._sending.begun(action.reply)

    def _span_written(self, event: ev.ReplySpan) -> None:
        self._sending.written(event)

    def _span_retracted(self, event: ev.SpanRetracted) -> None:
        self._sending.retracted(event)

    def _span_asked(self, action: act.Synthesize) -> None:
        self._sending.asked(action)

    def _span_synthesized(self, event: ev.SpanSynthesized) -> None:
        self._sending.synthesized(event)

    def _span_failed(self, event: ev.SpanFailed) -> None:
        self._sending.failed(event)

    def _reply_closed(self, action: act.CloseReply) -> None:
        self._sending.closed(action)

    def _reply_played(self, action: act.PlayReply) -> None:
        self._sending.played(action)

    def _listens(self, action: act.Backchannel) -> None:
        """A client that does not obey is not told: the caller's next word would clear it."""
        self._listening[action.reply] = action.text
        self._sending.begun(action.reply)
        self._sending.asked(act.Synthesize(action.reply, 0, action.text, 1, cached=True))
        self._sending.played(act.PlayReply(action.reply, action.leg, aside=False))
        self._sending.closed(act.CloseReply(action.reply))

    def _finished(self, event: ev.PlayoutFinished) -> None:
        self._listened(event.reply, "completed")

    def _cleared(self, event: ev.PlayoutCleared) -> None:
        for number in list(self._listening):
            self._listened(number, "cancelled")

    def _listened(self, number: int, status: str) -> None:
        """A backchannel was heard, or will not be."""
        text = self._listening.pop(number, None)
        if text is None:
            return
        if self._response and self._response.reply == number:
            self._close(self._response, status, text)
        self._sending.over(number)

    def _starved(self, event: ev.PlayoutStarved) -> None:
        self._sending.starved(event)

    def _heard(self, event: ev.Heard) -> None:
        reply = self._sending.heard(event)
        if reply.response:
            self._tell("parley.heard", response_id=reply.response, text=reply.heard)

    def _reply_ended(self, action: act.ReplyEnded) -> None:
        reply = self._sending.reply(action.reply)
        if reply.response and action.heard != reply.heard:
            self._tell("parley.heard", response_id=reply.response, text=action.heard)
        response = self._response
        if response and response.reply == action.reply:
            status = "completed" if action.outcome == "done" else action.outcome
            self._close(response, status, action.heard)
        self._sending.over(action.reply)

    # All else

    def _tool_run(self, action: act.RunTool) -> None:
        self._tools[action.call] = action.name
        self._tell("parley.tool", call=action.call, name=action.name, status="running")

    def _tool_ended(self, action: act.ToolEnded) -> None:
        if name := self._tools.pop(action.call, None):
            self._tell("parley.tool", call=action.call, name=name, status=action.outcome)

    def _understood(self, action: act.Understood) -> None:
        self._known.told = False
        if action.value:
            self._known.slots[action.name] = action.label, action.value
        else:
            self._known.slots.pop(action.name, None)

    def _expects(self, action: act.Expect) -> None:
        self._known.told = False
        open_question = {"kind": action.kind, "question": action.question}
        self._known.expects = open_question if action.kind or action.question else None

    def _tell_known(self) -> None:
        if self._known.told:
            return
        self._known.told = True
        slots = [
            {"name": name, "label": label, "value": value}
            for name, (label, value) in self._known.slots.items()
        ]
        self._tell("parley.slots", slots=slots, expects=self._known.expects)

    def _call_ended(self, action: act.EndCall) -> None:
        self._out = self.end(action.reason)


def _ms(seconds: float) -> int:
    return max(0, round(1000 * seconds))


_READERS: Mapping[type, Callable[[Translator, Any], None]] = {
    ev.SpeechStarted: Translator._speech_started,
    ev.SpeechStopped: Translator._speech_stopped,
    ev.Transcript: Translator._transcript,
    ev.ReplySpan: Translator._span_written,
    ev.SpanRetracted: Translator._span_retracted,
    ev.SpanSynthesized: Translator._span_synthesized,
    ev.SpanFailed: Translator._span_failed,
    ev.PlayoutStarved: Translator._starved,
    ev.PlayoutFinished: Translator._finished,
    ev.PlayoutCleared: Translator._cleared,
    ev.Heard: Translator._heard,
    act.TurnCommitted: Translator._committed,
    act.TurnReopened: Translator._reopened,
    act.SegmentDropped: Translator._dropped,
    act.FloorYielded: Translator._yielded,
    act.StartReply: Translator._asked,
    act.PromoteReply: Translator._promoted,
    act.PlayReply: Translator._reply_played,
    act.CloseReply: Translator._reply_closed,
    act.Backchannel: Translator._listens,
    act.Synthesize: Translator._span_asked,
    act.ReplyEnded: Translator._reply_ended,
    act.RunTool: Translator._tool_run,
    act.ToolEnded: Translator._tool_ended,
    act.Understood: Translator._understood,
    act.Expect: Translator._expects,
    act.EndCall: Translator._call_ended,
}
"""What is told of which fact."""
