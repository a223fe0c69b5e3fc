"""What a conversation would do with what was heard in a recording: a fold, in no time.

The core is the real one; the rest of the runtime is left out. The answer is a script: so
long until its first text, so long until its first audio. A thousand conversations with
other settings take a few seconds.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any

from parley.core import CALLER, Conversation
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import Settings
from parley.sim.hearing import Edge, Hearing, Words
from parley.speech.endofturn import SILENCE_S
from parley.speech.pauses import Judgement

NOTHING = Words(0.0, "")

Judge = Callable[[float, float], Judgement | None]
"""What the sound says of a turn that began at the first time, heard until the second.

None: nobody knows."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take that are not heard, in seconds."""

    judgement_s: float = 0.05
    """The end-of-turn model: what it takes on one core."""

    token_s: float = 0.2
    """The responder's first text. This and the next three are those of the common work."""

    text_s: float = 0.35
    """The responder's first sentence, from the wish for it."""

    generated_s: float = 0.5125
    """All that it says."""

    voice_s: float = 0.1
    """The first audio of a sentence, from its text."""

    reply_s: float = 5.6
    """How long an answer is heard."""

    tokens: int = 26
    """Of a whole answer."""


@dataclass(slots=True)
class Told:
    """What came of it; times are seconds of the recording."""

    committed: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What was understood, turn by turn."""

    reopened: list[float] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    """When an answer began to be heard."""

    judgements: int = 0
    started: int = 0
    """Replies that were begun, wanted or not."""

    wasted_tokens: int = 0
    """Tokens of replies that nobody heard, as far as they had come."""


class Replay:
    """One conversation in virtual time."""

    def __init__(
        self, hearing: Hearing, settings: Settings, judge: Judge | None, pace: Pace
    ) -> None:
        self.told = Told()
        finalizes = any(words.asked_s is not None for words in hearing.words)
        turns = replace(
            settings.turns,
            recognizer_finalizes=finalizes,
            judges=settings.turns.judges and judge is not None,
        )
        self._conversation = Conversation(replace(settings, turns=turns))
        self._hearing = hearing
        self._judge = judge
        self._pace = pace
        self._now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._finals = [w for w in hearing.words if w.asked_s is not None]
        self._segment = 0
        self._carried = ""
        self._newest = NOTHING
        self._given = 0
        self._onsets = [edge.known_s for edge in hearing.edges if edge.began]
        self._replies: dict[int, float] = {}
        self._playing: set[int] = set()
        self._waiting: list[int] = []
        self._paused = False

    def run(self) -> Told:
        """Tell all facts, to the recording's end."""
        self._tell(ev.Connected(CALLER))
        self._tell(ev.ListeningReady(CALLER))
        for edge in self._hearing.edges:
            self._edge(edge)
        for words in self._hearing.words:
            if words.asked_s is None:
                self._at(words.known_s, partial(self._say, words, final=words.final))
        while self._step():
            pass
        return self.told

    # Time

    def _step(self) -> bool:
        due = self._conversation.next_deadline()
        first = self._agenda[0][0] if self._agenda else float("inf")
        soonest = min(first, float("inf") if due is None else due)
        if soonest > self._hearing.seconds or self._conversation.ended:
            return False
        self._now = max(self._now, soonest)
        if first <= soonest:
            heapq.heappop(self._agenda)[2]()
        else:
            self._tell(ev.Tick())
        return True

    def _edge(self, edge: Edge) -> None:
        if edge.began:
            started = ev.SpeechStarted(CALLER, edge.at_s)
            self._at(edge.known_s, partial(self._onset, started))
        else:
            self._fact(edge.known_s, ev.SpeechStopped(CALLER, edge.at_s))

    def _at(self, when: float, then: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), then))

    def _fact(self, when: float, event: ev.Event) -> None:
        self._at(when, partial(self._tell, event))

    def _tell(self, event: ev.Event) -> None:
        for action in self._conversation.handle(event, self._now):
            if carry_out := _DOING.get(type(action)):
                carry_out(self, action)

    # Words

    def _say(self, words: Words, *, final: bool) -> None:
        """A text of the segment as it was recognised, less what was given before."""
        self._newest = words
        rest = words.text.split()[self._given :]
        whole = " ".join([*self._carried.split(), *rest])
        if whole or final:
            self._tell(ev.Transcript(CALLER, self._segment, whole, final, words.over))
        if final:
            self._carried = ""
            self._segment += 1

    def _finalize(self, action: act.FinalizeTranscript) -> None:
        """The text that the recogniser gave when it was asked in this pause, as late as then.

        Where it was not asked in it, what it had said by then is taken for its answer.
        """
        if not self._finals or self._spoken_before(_asked_s(self._finals[0])):
            self._at(self._now, partial(self._settle, self._newest))
            return
        given = self._finals.pop(0)
        known = self._now + given.known_s - _asked_s(given)
        self._at(known, partial(self._end_segment, given))

    def _settle(self, words: Words) -> None:
        self._say(words, final=True)
        self._given = max(self._given, len(words.text.split()))

    def _end_segment(self, words: Words) -> None:
        self._say(words, final=True)
        self._given, self._newest = 0, NOTHING

    def _onset(self, event: ev.Event) -> None:
        """Words that nobody has asked for belong to the segment that goes on."""
        while self._finals and _asked_s(self._finals[0]) <= self._now:
            rest = self._finals.pop(0).text.split()[self._given :]
            self._carried = " ".join([*self._carried.split(), *rest])
            self._given, self._newest = 0, NOTHING
        self._tell(event)

    def _spoken_before(self, until: float) -> bool:
        """Whether the voice is heard again before then."""
        return any(self._now < onset <= until for onset in self._onsets)

    def _judge_turn(self, action: act.JudgeTurn) -> None:
        assert self._judge is not None  # noqa: S101 - else the core does not ask
        self.told.judgements += 1
        judgement = self._judge(action.since, min(self._now, action.at + SILENCE_S))
        known = self._now + self._pace.judgement_s
        if judgement is not None and not self._spoken_before(known):  # the runtime drops it
            self._fact(known, ev.TurnJudged(CALLER, action.at, *judgement))

    # Replies

    def _start(self, action: act.StartReply) -> None:
        self.told.started += 1
        reply, now, pace = action.reply, self._now, self._pace
        self._replies[reply] = now
        self._fact(now + pace.token_s, ev.ReplyToken(reply))
        self._fact(now + pace.text_s, ev.ReplySpan(reply, 0, "Certainly.", 0, 10))
        self._fact(now + pace.generated_s, ev.ReplyGenerated(reply))

    def _cancel(self, action: act.CancelReply) -> None:
        begun = self._replies.pop(action.reply, None)
        if begun is None or action.reply in self._playing:
            return
        pace = self._pace
        pace_of = (pace.generated_s - pace.token_s) / max(1, pace.tokens - 1)
        done = (self._now - begun - pace.token_s) / pace_of + 1
        self.told.wasted_tokens += int(min(pace.tokens, max(0.0, done)))

    def _synthesize(self, action: act.Synthesize) -> None:
        ready = self._now if action.cached else self._now + self._pace.voice_s
        self._fact(ready, ev.SpanAudio(action.reply, action.span))
        seconds = self._pace.reply_s
        self._fact(ready, ev.SpanSynthesized(action.reply, action.span, seconds))

    def _play(self, action: act.PlayReply) -> None:
        self._waiting.append(action.reply)
        self._sound()

    def _sound(self) -> None:
        """What is to be heard is, unless the agent has been silenced."""
        if self._paused:
            return
        for reply in self._waiting:
            end = self._now + self._pace.reply_s
            self._playing.add(reply)
            if reply in self._replies:
                self.told.heard.append(self._now)
            self._fact(self._now, ev.PlayoutStarted(CALLER, reply, self._now))
            self._fact(end, ev.PlayoutFinished(CALLER, reply, end))
        self._waiting.clear()

    def _pause(self, action: act.PausePlayout) -> None:
        self._paused = True

    def _resume(self, action: act.ResumePlayout) -> None:
        self._paused = False
        self._sound()

    def _clear(self, action: act.ClearPlayout) -> None:
        self._paused = False
        self._waiting.clear()
        self._fact(self._now, ev.PlayoutCleared(CALLER))

    def _committed(self, action: act.TurnCommitted) -> None:
        self.told.committed.append(self._now)
        self.told.texts.append(action.text)

    def _reopened(self, action: act.TurnReopened) -> None:
        self.told.reopened.append(self._now)


def _asked_s(words: Words) -> float:
    return 0.0 if words.asked_s is None else words.asked_s


_DOING: dict[type, Callable[[Replay, Any], None]] = {
    act.FinalizeTranscript: Replay._finalize,
    act.JudgeTurn: Replay._judge_turn,
    act.StartReply: Replay._start,
    act.CancelReply: Replay._cancel,
    act.Synthesize: Replay._synthesize,
    act.PlayReply: Replay._play,
    act.PausePlayout: Replay._pause,
    act.ResumePlayout: Replay._resume,
    act.ClearPlayout: Replay._clear,
    act.TurnCommitted: Replay._committed,
    act.TurnReopened: Replay._reopened,
}


def replay(
    hearing: Hearing,
    settings: Settings,
    judge: Judge | None = None,
    pace: Pace | None = None,
) -> Told:
    """A call in which nothing is said but the recording, and what came of it.

    `settings.turns.recognizer_finalizes` is set as the recogniser was asked; without `judge`
    no pause is judged by its sound.
    """
    return Replay(hearing, settings, judge, pace or Pace()).run()
