"""Who pushes to talk: each press that is let go is in the history once, or not at all."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from core.timeline import Call
from parley.core import CALLER
from parley.core import actions as act
from parley.core import events as ev

STORY = "Once upon a time there was a miller who had three sons."
THERE = "Are you still there?"


@dataclass(frozen=True)
class Press:
    """A key held for a while with two words in it, then a pause; the final text comes late."""

    held_s: float
    pause_s: float
    final_s: float
    wanted: bool
    spoken: bool
    partials: bool
    cut: bool


def seconds(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 100), round(high * 100)).map(lambda n: n / 100)


odds = st.integers(0, 3).map(bool)
presses = st.builds(
    Press,
    held_s=seconds(0.2, 4) | seconds(10, 14),
    pause_s=seconds(0.02, 1) | seconds(1, 14),
    final_s=seconds(0.01, 1.3),
    wanted=odds,
    spoken=odds,
    partials=st.booleans(),
    cut=st.booleans(),
)


class Line:
    """A caller, a recogniser that answers each request in its order, and an agent that talks."""

    def __init__(self, protected: bool, clear_s: float, told_s: float) -> None:
        self.call = Call(
            greeting=STORY,
            greeting_interruptible=not protected,
            turns={"push_to_talk": True},
            silence={"end_after_s": 1e6},
        )
        self.clear_s, self.told_s, self.final_s = clear_s, told_s, 0.1
        self.plan: list[tuple[float, int, Callable[[], object]]] = []
        self.number = count()
        self.done = 0
        self.words: list[str] = []
        self.taken = 0
        self.answered = 0.0
        self.react()

    def at(self, when: float, move: Callable[[], object]) -> None:
        heapq.heappush(self.plan, (when, next(self.number), move))

    def press(self, at: float, name: str, it: Press) -> None:
        """Voice lies around each word."""
        tell = self.call.tell
        self.at(at, lambda: tell(ev.TalkStarted(CALLER, self.call.now)))
        for share, word in ((0.4, f"a{name}"), (0.8, f"b{name}")) if it.spoken else ():
            self.at(at + (share - 0.3) * it.held_s, self.call.voice)
            self.at(at + share * it.held_s, lambda w=word: self.say(w, it.partials))
            self.at(at + (share + 0.05) * it.held_s, self.call.pause)
        if it.cut:
            self.at(at + 0.48 * it.held_s, self.cut)
        self.at(at + it.held_s, lambda: self.release(it))

    def say(self, word: str, partials: bool) -> None:
        self.words.append(word)
        if partials and not self.answered > self.call.now:
            self.call.partial(" ".join(self.words[self.taken :]))

    def release(self, it: Press) -> None:
        self.final_s = it.final_s
        self.call.tell(ev.TalkEnded(CALLER, self.call.now, it.wanted))

    def cut(self) -> None:
        """A final text that nobody has asked for."""
        if self.answered < self.call.now:
            self.final(len(self.words))

    def finalize(self, due: float) -> None:
        """What was said until now is final then, or after what was to be final before."""
        self.answered = max(self.answered, due)
        until = len(self.words)
        self.at(self.answered, lambda: self.final(until))

    def final(self, until: int) -> None:
        text = " ".join(self.words[self.taken : until])
        self.taken = until
        self.call.final(text)

    def react(self) -> None:
        """Carry out what the conversation asked for."""
        for now, action in self.call.done[self.done :]:
            match action:
                case act.FinalizeTranscript():
                    self.finalize(now + self.final_s)
                case act.StartReply(reply=reply):
                    self.at(now + 0.3, lambda r=reply: self.call.answers(r, STORY))
                case act.Synthesize(reply=reply, cached=True):
                    self.at(now, lambda r=reply: self.call.synthesized(r))
                case act.PlayReply(reply=reply):
                    self.at(now + 0.02, lambda r=reply: self.call.started(r))
                    self.at(now + self.told_s, lambda r=reply: self.call.finished(r))
                case act.ClearPlayout():
                    self.at(now + self.clear_s, self.call.cleared)
        self.done = len(self.call.done)

    def run(self, until: float) -> None:
        while self.plan and self.plan[0][0] <= until:
            self.wait(self.plan[0][0])
            if self.plan[0][0] <= self.call.now:
                heapq.heappop(self.plan)[2]()
                self.react()
        self.wait(until)

    def wait(self, until: float) -> None:
        """Until then, or until the timer makes something happen."""
        due = self.call.conversation.next_deadline()
        self.call.at(until if due is None else min(until, due))
        self.react()


@settings(derandomize=True, deadline=None, max_examples=400)
@given(
    script=st.lists(presses, min_size=1, max_size=6),
    protected=st.booleans(),
    clear_s=seconds(0, 0.5),
    told_s=seconds(0.5, 6),
)
def test_each_press_is_heard_once(
    script: list[Press], protected: bool, clear_s: float, told_s: float
) -> None:
    """Pains 7 and 12, for who says when they talk: words are lost, or kept against their will."""
    line, at = Line(protected, clear_s, told_s), 1.0
    held = []
    for number, it in enumerate(script):
        line.press(at, str(number), it)
        held.append((at, at + it.held_s))
        at += it.held_s + it.pause_s
    line.run(at + 20)
    said = [text.split() for who, text in line.call.history() if who == "caller"]
    kept = [n for n, it in enumerate(script) if it.wanted and it.spoken]
    assert [word for turn in said for word in turn] == [
        f"{letter}{n}" for n in kept for letter in "ab"
    ]
    assert all(len(turn) % 2 == 0 for turn in said), "a press in two turns"
    asked = [now for now, a in line.call.done if isinstance(a, act.Synthesize) and a.text == THERE]
    assert not [now for now in asked if any(start < now < end for start, end in held)]
