"""The invariants of docs/ARCHITECTURE.md as checks of what happened in a `World`.

Each raises `Violation` with the story of the call.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from driver import Step, World, play

from parley.core import CALLER, deadlines, trace
from parley.core import actions as act
from parley.core import events as ev
from parley.core.history import PENDING
from parley.core.machines import REPLY
from parley.core.phrases import plain, spoken
from parley.core.state import AgentTurn, Reply
from parley.core.tools import CANCELLED


class Violation(AssertionError):
    """An invariant does not hold."""


def demand(holds: object, world: World, problem: str) -> None:
    if not holds:
        raise Violation(f"{problem}\n{world.story()}")


def found(steps: Iterable[Step], kind: Any) -> list[Any]:
    return [a for s in steps for a in s.actions if isinstance(a, kind)]


# 1: a dead reply changes nothing and makes no sound


def stale_facts(reply: int) -> tuple[ev.Event, ...]:
    """All that can be said of a reply."""
    return (
        ev.ReplyToken(reply),
        ev.ReplySpan(reply, 7, "Old words.", 0, 10),
        ev.SpanRetracted(reply, 0),
        ev.ReplyToolCall(reply, f"{reply}-old", "book", "{}", 5.0),
        ev.ReplyEndsCall(reply),
        ev.ReplyMustBeHeard(reply),
        ev.ReplyUnderstood(reply, "day", "Day", "Monday"),
        ev.ReplyExpects(reply, "date", "Which day?", ""),
        ev.ReplyGenerated(reply),
        ev.ReplyFailed(reply, "unavailable", permanent=True),
        ev.SpanAudio(reply, 0),
        ev.SpanSynthesized(reply, 0, 1.0),
        ev.SpanFailed(reply, 0, "unavailable", permanent=True),
        ev.PlayoutStarted(CALLER, reply, 0.0),
        ev.Heard(CALLER, reply, 0, 99, 0.0, estimated=False),
        ev.PlayoutStarved(CALLER, reply, 0.0),
        ev.PlayoutFinished(CALLER, reply, 0.0),
    )


def check_dead_replies(script: bytes) -> None:
    world = play(script)
    dead = {end.reply for end in found(world.steps, act.ReplyEnded)}
    world.tell(ev.Tick())
    for reply in sorted(dead)[-3:]:
        for fact in stale_facts(reply):
            before = repr(world.conversation.state)
            world.tell(fact)
            demand(not world.steps[-1].actions, world, f"a dead reply acts: {fact}")
            after = repr(world.conversation.state)
            demand(before == after, world, f"a dead reply changes the state: {fact}")
    check_reply_ids(world)


def check_reply_ids(world: World) -> None:
    born: list[int] = []
    dead: set[int] = set()
    for action in found(world.steps, object):
        phrase = isinstance(action, act.PromoteReply) and action.reply not in born
        if phrase or isinstance(action, act.StartReply):
            demand(action.reply > max(born, default=0), world, "reply ids do not increase")
            born.append(action.reply)
        elif isinstance(action, act.PlayReply | act.Synthesize | act.PromoteReply):
            demand(action.reply not in dead, world, f"a dead reply makes a sound: {action}")
        elif isinstance(action, act.ReplyEnded):
            dead.add(action.reply)


# 2: history holds what was heard


def check_history(script: bytes, *, lies: bool) -> None:
    world = play(script, lies=lies, watch=_check_lines)
    if not lies:
        _check_all_heard(world)


def _check_lines(world: World, step: Step) -> None:
    """Compare the transcript with an account of the facts that the shell told."""
    state = world.conversation.state
    agent = [state.replies[h.reply] for h in state.history if isinstance(h, AgentTurn)]
    lines = [line for line in world.conversation.transcript() if line.who == "agent"]
    expected = []
    for reply in agent:
        text, ran = _heard(world, reply), _ran(world, reply)
        if reply.kind != "filler" and (text or ran):
            expected.append((text, ran))
    told = [(_letters(line.text), [tool.call for tool in line.tools]) for line in lines]
    demand(told == expected, world, f"history is {told}, not {expected}")
    for line in lines:
        for tool in line.tools:
            running = tool.call in world.running
            other = tool.result == CANCELLED or tool.result.startswith("ERROR: ")
            returned = tool.result in world.results.get(tool.call, ())
            demand(running or other or returned, world, f"no result of {tool.call}")
            demand(running == (tool.result == PENDING), world, f"wrong result: {tool.call}")
    _check_interrupted(world)


def _heard(world: World, reply: Reply) -> str:
    """The beginnings of the spans of which the shell told that they were heard."""
    pieces = []
    for number, span in sorted(reply.spans.items()):
        chars = world.told.get((reply.id, number), 0)
        if _finished(world, reply):
            chars = len(span.text)
        demand(span.chars <= chars, world, f"reply {reply.id} claims more than was told")
        pieces.append(_letters(span.text[: span.chars]))
    return "".join(pieces)


def _letters(text: str) -> str:
    return "".join(text.split())


def _finished(world: World, reply: Reply) -> bool:
    if reply.broken or reply.id not in world.finished:
        return False
    return reply.phase.state == "done"


def _ran(world: World, reply: Reply) -> list[str]:
    return [call for call in reply.tools if call in world.ran]


def _check_interrupted(world: World) -> None:
    state = world.conversation.state
    marked = {r.id for r in state.replies.values() if r.interrupted}
    demand(world.interrupted <= marked, world, "an interrupted reply is not marked")
    demand(marked <= world.begun, world, "a reply is marked that was not heard")


def _check_all_heard(world: World) -> None:
    """A truthful shell's facts are all in the history, unless they come too late."""
    ended: set[int] = set()
    for step in world.steps:
        event = step.event
        if isinstance(event, ev.Heard) and event.reply not in ended:
            reply = world.conversation.state.replies.get(event.reply)  # none: a backchannel
            span = reply.spans.get(event.span) if reply else None
            kept = span is None or span.chars >= event.chars
            demand(kept, world, f"heard but forgotten: {event}")
        ended |= {a.reply for a in found([step], act.ReplyEnded)}


# 3: no state without a deadline


def check_deadlines(script: bytes) -> None:
    world = play(script, watch=_check_pending)
    _check_ends_by_itself(world)


def _check_pending(world: World, step: Step) -> None:
    conversation = world.conversation
    state = conversation.state
    due = conversation.next_deadline()
    if state.call.state in ("new", "ended"):
        demand(due is None, world, f"a {state.call.state} call waits for something")
        return
    demand(due is not None and due > step.now, world, "no deadline in the future")
    if state.call.state == "active":
        names = set(conversation.deadline_names())
        _check_machines(world, names)
        for reply in state.live.values():
            _check_reply(world, reply, names)


_FLOOR = {"candidate": "interruption", "judging": "verdict"}


def _check_machines(world: World, names: set[str]) -> None:
    state = world.conversation.state
    demand("max duration" in names, world, "a call without an end")
    if state.ear.hearing.state == "opening":
        demand("recogniser opens" in names, world, "a recogniser may stay shut")
    if state.floor.state != "settled":
        demand(_FLOOR[state.floor.state] in names, world, f"the floor may stay {state.floor}")
    for tool in state.tools.values():
        if tool.phase.state == "running":
            demand("tool" in names, world, "a tool may run for ever")
        if tool.phase.state == "waiting":
            held = state.replies[tool.reply].phase.state == "held"
            demand(held, world, f"tool {tool.id} waits for nothing")
    if state.hold.kind and not state.ear.text:
        demand("hold" in names, world, "the caller may be away for ever")
    _check_ear(world, names)


def _check_ear(world: World, names: set[str]) -> None:
    state = world.conversation.state
    listening = state.ear.listening.state
    if listening == "speaking":
        demand("utterance" in names, world, "a voice may go on for ever")
    elif listening == "holding":
        demand("media" in names, world, "the media may stay away for ever")
    elif listening == "pausing":
        # the turn waits for the floor, for what must be heard, for silence after a clear, or for
        # the end of the question that it may answer
        awaited = {"end of turn", "interruption", "verdict", "clear", "answer"}
        protected = [r for r in state.live.values() if not r.interruptible]
        gathering = state.ear.keys and not state.ear.keys_complete
        demand(awaited & names or protected or gathering, world, "a pause may last for ever")
    if state.ear.keys:
        may_wait = {"keys", "media", "clear"} & names
        protected = [r for r in state.live.values() if not r.interruptible]
        demand(may_wait or protected, world, "keys may gather for ever")


def _check_reply(world: World, reply: Reply, names: set[str]) -> None:
    state = world.conversation.state
    own = {
        name
        for _, name, then in deadlines.pending(world.conversation._ctx)
        if reply in getattr(then, "args", ())
    }
    head = state.queue[0] if state.queue else None
    behind = reply.id in state.queue and head != reply.id
    judged = reply.play_asked and state.floor.state != "settled"
    demand(own or behind or judged, world, f"reply {reply.id} may stay {reply.phase}")


LONGEST_S = 61.0
"""No setting lets a state last longer."""


def _check_ends_by_itself(world: World) -> None:
    """Nobody answers any more: the timer alone brings the call to its end."""
    started = world.now
    if world.conversation.state.call.state == "new":
        return
    acted = world.now
    for _ in range(200):
        due = world.conversation.next_deadline()
        if due is None:
            break
        demand(due - acted <= LONGEST_S, world, f"nothing happens from {acted} to {due}")
        world.tick()
        if world.steps[-1].actions:
            acted = world.now
    demand(world.conversation.ended, world, "the call does not end by itself")
    demand(world.now - started < 300, world, f"the call ends only at {world.now}")


# 4: barge-in has two phases


def check_floor(script: bytes) -> None:
    world = play(script)
    paused, keyed = False, world.conversation.settings.turns.push_to_talk
    for action in found(world.steps, object):
        if isinstance(action, act.PausePlayout):
            demand(not paused, world, "paused twice")
            demand(not keyed, world, "a voice interrupts who pushes to talk")
            paused = True
        elif isinstance(action, act.ResumePlayout):
            demand(paused, world, "resumed without a pause")
            paused = False
        elif isinstance(action, act.ClearPlayout | act.EndCall):
            paused = False
    unsettled = world.conversation.state.floor.state != "settled"
    demand(paused == unsettled, world, "the floor is settled, but the agent is still paused")


# 5: what is heard and cancelled is cleared


def check_clear(script: bytes) -> None:
    play(script, watch=_check_cut)


def _check_cut(world: World, step: Step) -> None:
    for cancel in found([step], act.CancelReply):
        silent = cancel.reply not in world.cut
        stops = found([step], act.ClearPlayout | act.EndCall)
        demand(silent or stops, world, f"{cancel} without a clear")


# 6: the caller's words are never lost


def check_words(script: bytes, *, lies: bool) -> None:
    world = play(script, lies=lies)
    turns: dict[int, tuple[int, ...]] = {}
    pending: set[int] = set()
    noticed: set[int] = set()
    keyed: set[int] = set()
    for step in world.steps:
        told = _told_words(step) | (_ended_keys(step) - keyed)
        keyed |= _ended_keys(step)
        fates = _fates(world, step, pending | told, turns)
        after = set(step.pending)
        strange = after - fates.open - told  # a deadline may have dropped what then goes on
        demand(not strange, world, f"segments {strange} come from nowhere")
        lost = fates.open - after - (told - pending)
        demand(not lost, world, f"segments {lost} are lost")
        unnoticed = told - noticed - after - fates.closed
        ends = bool(found([step], act.EndCall))  # maybe before the words came
        demand(ends or not unnoticed, world, f"segments {unnoticed} are not noticed")
        if isinstance(step.event, ev.Transcript) and (told or step.event.final):
            noticed.add(step.event.segment)
        pending = after
        if ends:
            break
    demand(not world.conversation.ended or not pending, world, "words are pending at the end")
    if not lies:
        _check_texts(world)


def _told_words(step: Step) -> set[int]:
    event = step.event
    told = isinstance(event, ev.Transcript) and spoken(event.text)
    return {event.segment} if told else set()


def _ended_keys(step: Step) -> set[int]:
    """Segments of keys become known when they end."""
    turns = {s for turn in found([step], act.TurnCommitted) for s in turn.segments}
    dropped = {drop.segment for drop in found([step], act.SegmentDropped)}
    return {segment for segment in turns | dropped if segment < 0}


@dataclass
class Fates:
    """Which segments wait to become a turn, and which of a step do not any more."""

    open: set[int]
    closed: set[int] = field(default_factory=set)


def _fates(world: World, step: Step, known: set[int], turns: dict[int, tuple[int, ...]]) -> Fates:
    fates = Fates(set(known))
    for action in step.actions:
        ended: tuple[int, ...] = ()
        if isinstance(action, act.TurnCommitted):
            ended = turns[action.turn] = action.segments
        elif isinstance(action, act.SegmentDropped):
            ended = (action.segment,)
        elif isinstance(action, act.TurnReopened):
            fates.open |= set(turns.pop(action.turn))
        unknown = set(ended) - fates.open
        demand(not unknown, world, f"segments {unknown} end twice, or were never heard")
        demand(len(set(ended)) == len(ended), world, "a segment is twice in a turn")
        fates.open -= set(ended)
        fates.closed |= set(ended)
    return fates


def _check_texts(world: World) -> None:
    """What a truthful recogniser said is in the turns, word by word, or was dropped."""
    dropped = {d.segment for d in found(world.steps, act.SegmentDropped)}
    pieces: dict[int, list[str]] = {}
    state = world.conversation.state
    for turn in [h for h in state.history if not isinstance(h, AgentTurn)]:
        for segment in turn.segments:
            pieces.setdefault(segment.id, []).append(segment.text)
    known = {text for texts in pieces.values() for text in texts}
    for number, text in world.finals.items():
        said = " ".join(pieces.get(number, []))
        again = text.removesuffix(said).strip() in known  # by another recogniser
        kept = said == text or (text.endswith(said) and again)
        kept = kept or number in dropped or number in world.steps[-1].pending
        demand(kept, world, f"segment {number} was {text!r}, but the history has {said!r}")


# 7: everything ends exactly once


def check_endings(script: bytes) -> None:
    world = play(script)
    promoted: set[int] = set()
    ran: Counter[str] = Counter()
    ended: Counter[int] = Counter()
    over: Counter[str] = Counter()
    replies = world.conversation.state.replies
    turn = ""
    for action in found(world.steps, object):
        if isinstance(action, act.TurnCommitted):
            turn = action.text
        elif isinstance(action, act.PromoteReply):
            promoted.add(action.reply)
            reply = replies[action.reply]
            stale = reply.kind == "answer" and plain(reply.basis) != plain(turn)
            demand(not stale, world, f"reply {action.reply} answers other words than {turn!r}")
        elif isinstance(action, act.RunTool):
            ran[action.call] += 1
            reply = world.conversation.state.tools[action.call].reply
            demand(reply in promoted, world, f"{action.call} runs for a reply that is held")
        elif isinstance(action, act.ReplyEnded):
            demand(action.outcome in REPLY.rest, world, f"{action.outcome} is no end")
            ended[action.reply] += 1
        elif isinstance(action, act.ToolEnded):
            over[action.call] += 1
    demand(max(ran.values(), default=0) <= 1, world, "a tool ran twice")
    _check_once(world, ended, replies, "reply")
    _check_once(world, over, world.conversation.state.tools, "tool")
    _check_last(world)


def _check_once(world: World, ended: Counter[Any], known: Iterable[Any], what: str) -> None:
    demand(max(ended.values(), default=0) <= 1, world, f"a {what} ended twice")
    demand(set(ended) <= set(known), world, f"an unknown {what} ended")
    if world.conversation.ended:
        demand(set(ended) == set(known), world, f"a {what} has not ended with the call")
    live = {r for r in known if r not in ended}
    demand(what == "tool" or live == set(world.conversation.state.live), world, "live and dead")


def _check_last(world: World) -> None:
    """Nothing follows `EndCall`."""
    ends = [n for n, s in enumerate(world.steps) if found([s], act.EndCall)]
    demand(len(ends) == int(world.conversation.ended), world, "the call ends once")
    if ends:
        demand(isinstance(world.steps[ends[0]].actions[-1], act.EndCall), world, "an epilogue")
        demand(not found(world.steps[ends[0] + 1 :], object), world, "a dead call acts")


# 8: a trace replays


def check_trace(script: bytes) -> None:
    world = play(script)
    text = trace.header(world.conversation.settings, "call-1", "2026-01-01T00:00:00Z")
    text += "".join(trace.line(s.now, s.event, s.actions) for s in world.steps)
    parsed = trace.parse(text)
    demand(parsed.settings == world.conversation.settings, world, "other settings")
    told = [(s.now, s.event, s.actions) for s in parsed.steps]
    demand(told == [(s.now, s.event, s.actions) for s in world.steps], world, "other steps")
    differences = list(trace.replay(parsed))
    demand(not differences, world, f"replay differs: {differences[:1]}")
    folded = trace.fold(parsed)
    demand(repr(folded.state) == repr(world.conversation.state), world, "other state")
    demand(all(json.loads(row) for row in text.split("\n") if row), world, "not JSON Lines")
