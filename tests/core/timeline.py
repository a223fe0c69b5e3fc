"""A call told as a timeline: `call.at(1.2).voice().at(1.9).pause()`; then look what it did."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from parley.core import CALLER, Conversation, Settings, trace
from parley.core import actions as act
from parley.core import events as ev
from parley.core.actions import Action
from parley.core.settings import (
    AttendingSettings,
    EndingSettings,
    HoldSettings,
    InterruptionSettings,
    KeypadSettings,
    PhraseSettings,
    RecoverySettings,
    SilenceSettings,
    TurnSettings,
)

A = TypeVar("A")
Changes = dict[str, Any]

EVEN = EndingSettings(shortest_s=0.5, longest_s=0.5)
"""Every turn ends after the same silence, whatever speaks for its end."""


def settings(
    *,
    turns: Changes | None = None,
    interruption: Changes | None = None,
    attending: Changes | None = None,
    thinking: Changes | None = None,
    keypad: Changes | None = None,
    holding: Changes | None = None,
    silence: Changes | None = None,
    recovery: Changes | None = None,
    phrases: Changes | None = None,
    **changes: Any,
) -> Settings:
    """The defaults with changes; all turns end alike unless `turns` says how."""
    return replace(
        Settings(),
        turns=replace(TurnSettings(wait_s=0.5, unready_s=0.5, ending=EVEN), **(turns or {})),
        interruption=replace(InterruptionSettings(), **(interruption or {})),
        attending=replace(AttendingSettings(), **(attending or {})),
        thinking=replace(Settings().thinking, **(thinking or {})),
        keypad=replace(KeypadSettings(), **(keypad or {})),
        holding=replace(HoldSettings(), **(holding or {})),
        silence=replace(SilenceSettings(), **(silence or {})),
        recovery=replace(RecoverySettings(), **(recovery or {})),
        phrases=replace(PhraseSettings(), **(phrases or {})),
        **changes,
    )


class Call:
    """A conversation and a punctual timer; every verb tells a fact at the present instant."""

    def __init__(self, *, connect: bool = True, **changes: Any) -> None:
        self.conversation = Conversation(settings(**changes))
        self.now = 0.0
        self.done: list[tuple[float, Action]] = []
        self.lines: list[str] = [trace.header(self.conversation.settings, "call-1", "2026-01-01")]
        self.segment = 0
        if connect:
            self.tell(ev.Connected(CALLER), ev.ListeningReady(CALLER))

    # Time

    def at(self, now: float) -> "Call":
        """Go on to an instant; the timer fires at the deadlines on the way."""
        while (due := self.conversation.next_deadline()) is not None and due <= now:
            self.now = max(self.now, due)
            self.tell(ev.Tick())
        self.now = float(now)
        return self

    def after(self, seconds: float) -> "Call":
        return self.at(self.now + seconds)

    def late(self, now: float) -> "Call":
        """Go on to an instant while the timer sleeps."""
        self.now = float(now)
        return self

    def tell(self, *facts: ev.Event) -> "Call":
        for fact in facts:
            actions = self.conversation.handle(fact, self.now)
            self.lines.append(trace.line(self.now, fact, actions))
            self.done += [(self.now, action) for action in actions]
        return self

    # The caller

    def voice(self, at: float | None = None) -> "Call":
        return self.tell(ev.SpeechStarted(CALLER, self.now if at is None else at))

    def pause(self, at: float | None = None) -> "Call":
        return self.tell(ev.SpeechStopped(CALLER, self.now if at is None else at))

    def partial(self, text: str) -> "Call":
        return self.tell(ev.Transcript(CALLER, self.segment, text, final=False))

    def final(self, text: str) -> "Call":
        self.segment += 1
        return self.tell(ev.Transcript(CALLER, self.segment - 1, text, final=True))

    def measured(
        self, voiced_s: float, speech: float, level_dbfs: float, single: float | None = None
    ) -> "Call":
        """The voice is judged, after it has lasted so long."""
        sound = ev.SoundJudged(CALLER, self.now, voiced_s, speech, level_dbfs, single)
        return self.tell(sound)

    def key(self, keys: str, at: float | None = None) -> "Call":
        """Press keys, one after the other and at once."""
        at = self.now if at is None else at
        return self.tell(*(ev.KeyPressed(CALLER, key, at) for key in keys))

    def says(self, text: str) -> "Call":
        """A turn with 0.4 s of voice, until it is committed."""
        self.voice().after(0.4).pause()
        anchor = self.now
        self.after(0.1).final(text)
        return self.at(anchor + self.conversation.settings.turns.wait_s)

    def sounds(self, at: float | None = None, **facts: Any) -> "Call":
        """A description of the voice, of the newest pause unless `at` says of when."""
        at = self.conversation.state.ear.anchor if at is None else at
        return self.tell(ev.VoiceDescribed(CALLER, at, **facts))

    def consents(self, *, given: bool = True, what: str = "same_speaker") -> "Call":
        return self.tell(ev.ConsentRecorded(CALLER, what, given, "she said so"))

    # The responder and the voice

    def writes(self, reply: int, *texts: str, start: int = 0) -> "Call":
        spans = len(self.conversation.state.replies[reply].spans)
        for number, text in enumerate(texts, spans):
            self.tell(ev.ReplySpan(reply, number, text, start, start + len(text)))
            start += len(text) + 1
        return self

    def generated(self, reply: int) -> "Call":
        return self.tell(ev.ReplyGenerated(reply))

    def audio(self, reply: int, span: int = 0) -> "Call":
        return self.tell(ev.SpanAudio(reply, span))

    def synthesized(self, reply: int, *spans: int) -> "Call":
        return self.tell(*(ev.SpanSynthesized(reply, s, 1.0) for s in spans or (0,)))

    def answers(self, reply: int, *texts: str) -> "Call":
        """All text and all audio of a reply arrive."""
        return self.writes(reply, *texts).synthesized(reply, *range(len(texts))).generated(reply)

    def asks_tool(self, reply: int, call: str = "t1", timeout_s: float = 10.0) -> "Call":
        return self.tell(ev.ReplyToolCall(reply, call, "look_up", "{}", timeout_s))

    def understands(self, reply: int, name: str, value: str) -> "Call":
        """The label is the name, as people write it."""
        return self.tell(ev.ReplyUnderstood(reply, name, name.capitalize(), value))

    def expects(self, reply: int, kind: str, question: str = "", grammar: str = "") -> "Call":
        return self.tell(ev.ReplyExpects(reply, kind, question, grammar))

    # The transport

    def started(self, reply: int) -> "Call":
        return self.tell(ev.PlayoutStarted(CALLER, reply, self.now))

    def heard(self, reply: int, chars: int, span: int = 0) -> "Call":
        return self.tell(ev.Heard(CALLER, reply, span, chars, self.now, estimated=False))

    def starved(self, reply: int, at: float | None = None) -> "Call":
        return self.tell(ev.PlayoutStarved(CALLER, reply, self.now if at is None else at))

    def finished(self, reply: int) -> "Call":
        return self.tell(ev.PlayoutFinished(CALLER, reply, self.now))

    def cleared(self) -> "Call":
        return self.tell(ev.PlayoutCleared(CALLER))

    def speaks(self, reply: int, *texts: str) -> "Call":
        """The agent is in the middle of a reply of which nothing is missing."""
        return self.answers(reply, *texts).started(reply)

    def says_phrase(self, reply: int) -> "Call":
        """One of the cached phrases is heard to its end."""
        return self.synthesized(reply).started(reply).finished(reply)

    # What it did

    def did(self, *kinds: type[A]) -> list[A]:
        return [action for _, action in self.done if isinstance(action, kinds)]

    def when(self, kind: type[Action]) -> list[float]:
        return [round(now, 3) for now, action in self.done if isinstance(action, kind)]

    @property
    def newest(self) -> int:
        """The reply that began last."""
        return self.conversation.state.next_reply - 1

    def since(self, count: int) -> list[Action]:
        return [action for _, action in self.done[count:]]

    def said(self) -> list[str]:
        """The cached phrases that were asked for."""
        return [a.text for a in self.did(act.Synthesize) if a.cached]

    def turns(self) -> list[str]:
        return [a.text for a in self.did(act.TurnCommitted)]

    def known(self) -> dict[str, str]:
        """What the caller is known to want, as it was told."""
        told = {a.name: a.value for a in self.did(act.Understood)}
        return {name: value for name, value in told.items() if value}

    def asked(self) -> str:
        """The type of the answer that is awaited, as it was told."""
        return ([""] + [a.kind for a in self.did(act.Expect)])[-1]

    def outcome(self, reply: int) -> str:
        found = [a.outcome for a in self.did(act.ReplyEnded) if a.reply == reply]
        return found[0] if found else "live"

    def history(self) -> list[tuple[str, str]]:
        return [(line.who, line.text) for line in self.conversation.transcript()]

    def ending(self) -> Sequence[str]:
        return [a.reason for a in self.did(act.EndCall)]

    def awaits(self) -> list[str]:
        return self.conversation.deadline_names()
