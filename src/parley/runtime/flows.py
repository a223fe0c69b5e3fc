"""A dialogue flow as a responder: one call's place in it, and what was only thought so far."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from json import dumps

from parley.assistants.flows import Dialogue
from parley.assistants.flows.state import Began, Reply, Returned, Said, State, Turn
from parley.core.history import PENDING, Line, ToolUse
from parley.core.tools import FAILED
from parley.providers.protocols import ToolCall
from parley.runtime.responders import (
    Expects,
    HandOver,
    HangUp,
    MustBeHeard,
    ReplyPart,
    ReplyRequest,
    ReplyText,
    Understood,
)

CALL = "flow"
"""A flow calls one tool at a time; the reply's number makes its name unique."""

_BEFORE_ERROR, _AFTER_ERROR = FAILED.split("{error}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands in a flow. `call`: the tool whose result is awaited."""

    state: State
    call: str = ""


class FlowResponder:
    """Answers one call from a flow.

    A reply takes effect when it is promoted. It is undone when nothing of it was heard,
    unless its tool has run.
    """

    def __init__(self, dialogue: Dialogue, today: Callable[[], date]) -> None:
        self._dialogue = dialogue
        self._today = today
        self._place = Place(dialogue.begin(today())[0])
        self._thought: dict[int, Place] = {}
        self._undone: dict[int, Place] = {}
        self._promoted: set[int] = set()

    async def respond(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        before, lines = self._place, request.lines
        if before.call and _use(lines, before.call) is None:
            before = self._before_call(before)
        today = self._today()
        state, reply = self._step(before, lines, today)
        call = f"{request.reply}-{CALL}" if reply.call else ""
        if state.awaits == "result" and not call:
            call = before.call
        self._thought[request.reply] = Place(state, call)
        if request.reply in self._promoted:
            self._take(request.reply)
        for part in self._parts(before.state, state, reply, today):
            yield part

    def promoted(self, reply: int) -> None:
        self._promoted.add(reply)
        if reply in self._thought:
            self._take(reply)

    def withdrawn(self, reply: int) -> None:
        self._thought.pop(reply, None)
        self._promoted.discard(reply)
        if reply in self._undone and not self._place.call:
            self._place = self._undone.pop(reply)

    def _take(self, reply: int) -> None:
        self._undone = {reply: self._place}
        self._place = self._thought.pop(reply)

    def _before_call(self, place: Place) -> Place:
        """The tool never ran: its reply was cancelled before that."""
        return next(iter(self._undone.values()), place)

    def _step(self, place: Place, lines: Sequence[Line], today: date) -> tuple[State, Reply]:
        """Apply what has come: a tool's result, the caller's words, or both in this order."""
        state, reply = place.state, Reply()
        for turn in _turns(place, lines):
            told, before = reply.text.removesuffix(state.question).strip(), reply
            state, reply = self._dialogue.step(state, turn, today)
            must = reply.must_be_heard or before.must_be_heard
            reply = replace(reply, text=f"{told} {reply.text}".strip(), must_be_heard=must)
            if state.awaits in ("result", "nothing"):
                break
        return state, reply

    def _parts(self, before: State, state: State, reply: Reply, today: date) -> list[ReplyPart]:
        was, known = self._dialogue.known(before, today), self._dialogue.known(state, today)
        parts: list[ReplyPart] = [MustBeHeard()] if reply.must_be_heard else []
        parts += [
            Understood(name, self._dialogue.label(name), known.get(name, ""))
            for name in self._dialogue.types
            if was.get(name) != known.get(name)
        ]
        if reply.text:
            parts.append(ReplyText(reply.text))
        if reply.call:
            parts.append(ToolCall(CALL, reply.call.name, dumps(dict(reply.call.arguments))))
        if reply.hand_over:
            parts.append(HandOver(reply.hand_over))
        if reply.ends:
            parts.append(HangUp())
        question = self._dialogue.question(state)
        grammar = self._dialogue.grammar(state, today)
        parts.append(
            Expects(question.kind, state.question, grammar, question.digits)
            if question
            else Expects(grammar=grammar)
        )
        return parts


def _turns(place: Place, lines: Sequence[Line]) -> list[Turn]:
    turns: list[Turn] = []
    used = _use(lines, place.call) if place.call else None
    if used and used.result != PENDING:
        turns.append(_returned(used.result))
    if not lines:
        turns.append(Began())
    elif lines[-1].who == "caller":
        heard = not turns and _was_heard(place.state.question, lines)
        turns.append(Said(lines[-1].text, heard, asked=not turns))
    return turns


def _use(lines: Sequence[Line], call: str) -> ToolUse | None:
    uses = (use for line in lines for use in line.tools)
    return next((use for use in uses if use.call == call), None)


def _returned(result: str) -> Returned:
    if not result.startswith(_BEFORE_ERROR):
        return Returned(result)
    return Returned(result.removeprefix(_BEFORE_ERROR).removesuffix(_AFTER_ERROR), failed=True)


def _was_heard(question: str, lines: Sequence[Line]) -> bool:
    """Whether the agent was let finish; a cut before the last words counts as finished."""
    spoken = [line for line in lines if line.who == "agent" and line.text]
    return bool(spoken) and (not spoken[-1].interrupted or spoken[-1].text.endswith(question))
