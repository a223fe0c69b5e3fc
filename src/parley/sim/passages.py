"""Calls taken apart: passages in which the caller alone has the floor.

A passage ends where the caller has said what they wanted to say: they are silent for longer
than somebody who goes on, or the agent has spoken and fallen silent before them. Shorter
silences within it are pauses: who answers in one cuts the caller off. A voice of which no
words were understood, as a cough, is silence here; so is one whose words were dismissed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from parley.core import actions as act
from parley.core import events as ev
from parley.core.trace import Trace
from parley.sim.hearing import Edge, Hearing, Words
from parley.sim.replaying import Judge
from parley.speech.endofturn import SILENCE_S
from parley.speech.pauses import Judgement

GOES_ON_S = 2.0
"""Who is silent for longer does not go on, but speaks again."""

LEAD_S = 1.0
TAIL_S = 6.0
"""Silence after a passage in its replay: longer than any setting waits."""

NEAR_S = 0.3
"""A pause was judged in a call when it was asked about so near to the time of a replay's
question."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Passage:
    """What is heard of a caller until they have finished, at times of its own.

    `judge` says how the sound of its pauses is judged; None: it is not.
    """

    hearing: Hearing
    judge: Judge | None = None

    @property
    def pauses(self) -> Sequence[tuple[Edge, Edge]]:
        """The voice's stops that it goes on after, each with how it goes on."""
        edges = self.hearing.edges
        return list(zip(edges[1:-1:2], edges[2::2], strict=True))

    @property
    def end_s(self) -> float:
        """The last voiced sample."""
        return self.hearing.edges[-1].at_s


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of a recorded call's turns."""

    turns: int = 0
    cut_off: int = 0
    """Committed although the caller went on within `GOES_ON_S`."""

    reopened: int = 0
    """Of these: taken up again before the agent was heard."""


def passages(
    hearing: Hearing, agent: Sequence[Span] = (), judge: Judge | None = None
) -> Iterator[Passage]:
    """The caller's passages, in order. `agent`: when the agent was heard."""
    hearing = spoken(hearing)
    edges, begin = hearing.edges, 0
    for n in range(1, len(edges), 2):
        last = n + 1 == len(edges)
        if last or _is_over(edges[n].at_s, edges[n + 1].at_s, agent):
            until = hearing.seconds if last else edges[n + 1].known_s
            yield _passage(hearing, edges[begin : n + 1], until, judge)
            begin = n + 1


def spoken(hearing: Hearing) -> Hearing:
    """The same, of the voice only what was understood; no final text of it is empty.

    Voice that was there when the recording began, or is when it ends, is left out.
    """
    stretches = _stretches(hearing.edges)
    kept: set[int] = set()
    words: list[Words] = []
    since_s = -math.inf
    for texts in _segments(hearing.words):
        last = texts[-1]
        until_s = last.known_s if last.asked_s is None else last.asked_s
        if last.text.strip():
            begun = [n for n, (began, _) in enumerate(stretches) if began.known_s <= until_s]
            covered = [n for n in begun if stretches[n][1].known_s > since_s]
            kept.update(covered or begun[-1:])  # an answer that was not asked for may be late
            words += texts
        since_s = until_s
    edges = (edge for n in sorted(kept) for edge in stretches[n])
    return replace(hearing, edges=tuple(edges), words=tuple(words))


def _stretches(edges: Sequence[Edge]) -> list[tuple[Edge, Edge]]:
    """Where the voice begins, each with where it stops."""
    whole = edges[1:] if edges and not edges[0].began else edges
    return list(zip(whole[::2], whole[1::2], strict=False))


def _segments(words: Sequence[Words]) -> Iterator[list[Words]]:
    """What was said of each segment, the final text last; of the last one it may be missing."""
    texts: list[Words] = []
    for each in words:
        texts.append(each)
        if each.final:
            yield texts
            texts = []
    if texts:
        yield texts


def _is_over(silent_s: float, again_s: float, agent: Sequence[Span]) -> bool:
    answered = any(silent_s <= begun and ended <= again_s for begun, ended in agent)
    return answered or again_s - silent_s > GOES_ON_S


def _passage(
    hearing: Hearing, edges: Sequence[Edge], until_s: float, judge: Judge | None
) -> Passage:
    by = LEAD_S - edges[0].at_s
    first, last = edges[0].at_s, min(until_s, edges[-1].at_s + TAIL_S)
    words = [w for w in hearing.words if first <= (w.asked_s or w.known_s) < last]
    shifted = Hearing(
        edges[-1].at_s + by + TAIL_S,
        tuple(Edge(e.known_s + by, e.at_s + by, e.began) for e in edges),
        tuple(_later(w, by) for w in words),
    )
    if judge is None:
        return Passage(shifted)
    return Passage(shifted, lambda since, asked: judge(since - by, asked - by))


def _later(words: Words, by: float) -> Words:
    asked = None if words.asked_s is None else words.asked_s + by
    return replace(words, known_s=words.known_s + by, asked_s=asked)


# Calls that were recorded


def heard_in(trace: Trace) -> Hearing:
    """What the ear of a recorded call told its core; words that were dismissed are empty."""
    edges: list[Edge] = []
    dismissed = _dismissed(trace)
    words: list[Words] = []
    asked: float | None = None
    for step in trace.steps:
        event = step.event
        if isinstance(event, ev.SpeechStarted | ev.SpeechStopped):
            began = isinstance(event, ev.SpeechStarted)
            if began is not bool(edges and edges[-1].began):
                edges.append(Edge(step.now, event.at, began))
        elif isinstance(event, ev.Transcript):
            answers = asked if event.final else None
            text = "" if event.segment in dismissed else event.text
            words.append(Words(step.now, text, event.final, answers, event.over))
            asked = None if event.final else asked
        if any(isinstance(action, act.FinalizeTranscript) for action in step.actions):
            asked = step.now
    return Hearing(trace.steps[-1].now if trace.steps else 0.0, tuple(edges), tuple(words))


def _dismissed(trace: Trace) -> set[int]:
    """The segments that were dropped, as what does not take the floor is, and in no turn."""
    actions = [action for step in trace.steps for action in step.actions]
    taken = {n for a in actions if isinstance(a, act.TurnCommitted) for n in a.segments}
    return {a.segment for a in actions if isinstance(a, act.SegmentDropped)} - taken


def judged_in(trace: Trace) -> Judge:
    """How the sound of its pauses was judged in a recorded call."""
    asked: dict[float, float] = {}
    judged: list[tuple[float, Judgement]] = []
    for step in trace.steps:
        for action in step.actions:
            if isinstance(action, act.JudgeTurn):
                asked[action.at] = min(step.now, action.at + SILENCE_S)
        if isinstance(step.event, ev.TurnJudged) and step.event.at in asked:
            judgement = Judgement(step.event.probability, step.event.cadence)
            judged.append((asked[step.event.at], judgement))

    def judge(since_s: float, asked_s: float) -> Judgement | None:
        near = min(judged, key=lambda known: abs(known[0] - asked_s), default=None)
        return near[1] if near and abs(near[0] - asked_s) <= NEAR_S else None

    return judge


def agent_in(trace: Trace) -> list[Span]:
    """When the agent was heard in a recorded call."""
    begun: dict[int, float] = {}
    ended: dict[int, float] = {}
    for step in trace.steps:
        if isinstance(step.event, ev.PlayoutStarted):
            begun[step.event.reply] = step.event.at
        over = (a.reply for a in step.actions if isinstance(a, act.ReplyEnded))
        ended |= dict.fromkeys(over, step.now)
    return [(at, ended.get(reply, float("inf"))) for reply, at in begun.items()]


def happened_in(trace: Trace) -> Happened:
    """What really became of its turns."""
    commits: list[tuple[float, float]] = []
    reopened = 0
    for step in trace.steps:
        for action in step.actions:
            if isinstance(action, act.TurnCommitted) and min(action.segments, default=0) >= 0:
                commits.append((action.at, step.now))
            reopened += isinstance(action, act.TurnReopened)
    agent = agent_in(trace)
    onsets = [edge.at_s for edge in spoken(heard_in(trace)).edges if edge.began]
    cut_off = sum(_went_on(silent_s, onsets, agent) for silent_s, _ in commits)
    return Happened(len(commits), cut_off, reopened)


def _went_on(silent_s: float, onsets: Sequence[float], agent: Sequence[Span]) -> bool:
    again = next((at for at in onsets if at > silent_s), None)
    return again is not None and not _is_over(silent_s, again, agent)
