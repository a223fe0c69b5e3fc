"""A flow that runs: a pure function from where it stands and what was said to what is next."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from parley.assistants.flows import wording
from parley.assistants.flows.model import Case, Command, Flow, Node
from parley.assistants.flows.reading import Reading, read
from parley.assistants.flows.remarks import (
    ALL_WRONG,
    ANSWER,
    COMMAND,
    HELP,
    NOTHING_WRONG,
    OPINIONS,
    PICK,
    REMARKS,
    RESTART,
    WAIT,
    WRONG,
    picks,
    ways_to_name,
)
from parley.assistants.flows.state import Began, Call, Reply, Returned, Said, State, Turn
from parley.assistants.flows.values import Value, ValueType, compose, make
from parley.assistants.flows.values.name import Name
from parley.assistants.flows.values.number import Number
from parley.assistants.flows.values.tokens import words

MOST_STEPS = 100
"""Nodes passed without a word of the caller; more are a circle."""

MOST_MISSES = 3
"""How often a question is asked again where the author gives no wordings for it."""

MOST_REFUSED = 4
"""How often the caller may say that a slot was understood wrongly before the flow gives up."""

KINDS = ("yes_no", "date", "choice", "time", "name", "number", "text")
"""Types, those first whose values are not mistaken for others."""

PLAIN_KINDS = ("date", "time")
"""Types whose values correct an earlier answer by themselves."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the caller is asked: the answer's type, what may fill which slot, and remarks.

    `digits` is how many the answer has, when it is a string of them.

    The slot "" is yes or no to what is to be confirmed, or the name of the slot to correct.
    """

    kind: str
    digits: int
    slots: Mapping[str, ValueType]
    remarks: Mapping[str, Sequence[str]]


class Dialogue:
    """A checked flow, ready to be stepped. Immutable; one serves all calls."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.types = {name: slot_type(slot) for name, slot in flow.slots.items()}
        self._yes_no = make("yes_no")

    def begin(self, today: date) -> tuple[State, Reply]:
        """Enter the first node."""
        return self._go(State(self.flow.start), self.flow.start, [], today)

    def step(self, state: State, turn: Turn, today: date) -> tuple[State, Reply]:
        """What follows from a turn."""
        if isinstance(turn, Began):
            return self.begin(today)
        if isinstance(turn, Returned):
            return self._returned(state, turn, today)
        if state.awaits == "result":
            return state, Reply(wording.STILL_WAITING)
        if state.awaits == "nothing":
            return state, Reply(ends=True)
        return self._said(state, turn, today)

    def label(self, name: str) -> str:
        """A slot's name for people."""
        return self.flow.slots[name].label or name.replace("_", " ").capitalize()

    def known(self, state: State, today: date) -> dict[str, str]:
        """The slots that are filled, as they are spoken."""
        return {
            name: wording.spoken(state.values[name], kind, today)
            for name, kind in self.types.items()
            if state.values.get(name) is not None
        }

    # What may be said

    def grammar(self, state: State, today: date) -> str:
        """All that the caller may say next, in JSGF; nothing where it may be anything.

        A name only where it is asked for: what is said sounds like one too easily.
        """
        question = self.question(state)
        if question is None:
            return ""
        asked, *others = question.slots.values()
        parts = [k.grammar(today) for k in (asked, *others) if k is asked or k.kind != "name"]
        if parts[0] is None:
            return ""
        said = [phrase for ways in question.remarks.values() for phrase in ways]
        return compose([part for part in parts if part is not None], said)

    def question(self, state: State) -> Question | None:
        """What the caller may say next; None while nothing is asked."""
        node = self.flow.nodes[state.node]
        slots: dict[str, ValueType] = {}
        remarks, digits = dict(self._remarks(node)), 0
        if state.awaits == "answer" and node.ask:
            asked = self.types[node.ask]
            kind, digits = asked.kind, asked.digits if isinstance(asked, Number) else 0
            remarks |= picks(state.values.get(node.offered or ""))
            names = [node.ask, *self._plainest([*node.also, *self._filled(state)])]
        elif state.awaits == "answer" and node.confirm:
            kind = "yes_no"
            slots[""] = self._yes_no
            ways = self._ways_to_name(node)
            remarks |= {f"{WRONG}{name}": phrases[2:] for name, phrases in ways.items()}
            names = self._plainest(node.confirm)
        elif state.awaits == "correction":
            kind = "choice"
            slots[""] = make("choice", options=self._ways_to_name(node))
            remarks |= OPINIONS
            names = self._plainest(node.confirm)
        else:
            return None
        slots |= {name: self._type(name, state) for name in names}
        return Question(kind, digits, slots, remarks)

    def _type(self, name: str, state: State) -> ValueType:
        """A slot's type; of a name, without those that the caller has refused."""
        kind = self.types[name]
        return kind.without(state.refused.get(name, ())) if isinstance(kind, Name) else kind

    def _plainest(self, names: Sequence[str]) -> list[str]:
        """Those first whose values are hardest to mistake: "at nine" is no count."""
        return sorted(names, key=lambda name: KINDS.index(self.types[name].kind))

    def _filled(self, state: State) -> list[str]:
        """Slots that were asked before, and may be corrected by their mere value."""
        return [
            name
            for name, kind in self.types.items()
            if kind.kind in PLAIN_KINDS and state.values.get(name) is not None
        ]

    def _ways_to_name(self, node: Node) -> dict[str, list[str]]:
        """How a caller names the slots of a confirmation."""
        return {name: ways_to_name(self.label(name)) for name in node.confirm}

    def _remarks(self, node: Node) -> Iterator[tuple[str, Sequence[str]]]:
        """Of two remarks that are said alike, the first one counts: the author's."""
        for name, command in self._commands(node).items():
            yield COMMAND + name, command.phrases
        for number, answer in enumerate(self.flow.answers):
            yield f"{ANSWER}{number}", answer.questions
        yield from REMARKS.items()

    def _commands(self, node: Node) -> Mapping[str, Command]:
        return {**self.flow.anywhere, **node.instead}

    # The caller has said something

    def _said(self, state: State, turn: Said, today: date) -> tuple[State, Reply]:
        question = self.question(state)
        assert question is not None  # noqa: S101 - something is awaited
        reading = self._read(state, turn, question, today)
        values, remark, said = reading.values, reading.remark, ""
        if remark.startswith(COMMAND) and not self._agrees(state, reading):
            return self._command(state, remark, values, today)
        if remark.startswith(ANSWER):
            answer = self.flow.answers[int(remark.removeprefix(ANSWER))]
            said = self._render(answer.say, state, today)
            if not values or "" in values:
                return self._ask(state, [said], today)
        if remark in REMARKS and reading.mostly_remark:
            return self._remark(state, remark, today)
        if self.flow.nodes[state.node].ask:
            return self._answered(state, turn, reading, [said], today)
        return self._judged(state, turn, reading, [said], today)

    def _agrees(self, state: State, reading: Reading) -> bool:
        """Whether a yes was said: who agrees and says goodbye wants it done."""
        return reading.values.get(self.flow.nodes[state.node].ask or "") is True

    def _command(
        self, state: State, remark: str, values: Mapping[str, Value], today: date
    ) -> tuple[State, Reply]:
        """Go on elsewhere, with what was said besides."""
        command = self._commands(self.flow.nodes[state.node])[remark.removeprefix(COMMAND)]
        good, _ = self._sorted({name: v for name, v in values.items() if name}, today)
        return self._go(replace(state, values={**state.values, **good}), command.go, [], today)

    def _read(self, state: State, turn: Said, question: Question, today: date) -> Reading:
        keys = "".join(turn.text.split())
        if keys and all(key in "0123456789*#" for key in keys):
            for name, kind in question.slots.items():
                value = kind.from_keys(keys, today)
                if value is not None:
                    return Reading({name: value})
        reading = read(turn.text, question.slots, question.remarks, today)
        if turn.asked:
            return reading
        answers = reading.values.items()
        return replace(reading, values={n: v for n, v in answers if not isinstance(v, bool)})

    def _answered(
        self, state: State, turn: Said, reading: Reading, said: list[str], today: date
    ) -> tuple[State, Reply]:
        node = self.flow.nodes[state.node]
        asked = node.ask or ""
        given = reading.values
        if not given and reading.remark.startswith(PICK):
            given = {asked: state.values[node.offered or ""][int(reading.remark[len(PICK) :])]}
        good, problems = self._sorted(given, today)
        said = [*said, *problems[:1]]
        if asked in good and self._is_refused(state, asked, good[asked]):
            again = _refusing(replace(state, values=good), [asked])
            return self._go(replace(again, values=state.values), state.node, said, today)
        values = {**state.values, **good}
        is_new = values != state.values
        if not (is_new or problems):
            return self._missed(state, turn, said, today)
        corrected = [n for n in self._filled(state) if values[n] != state.values[n]]
        state = replace(state, values=values, misses=0 if is_new else state.misses)
        if corrected and self.flow.changed:
            return self._go(state, self.flow.changed, said, today)
        if asked in good:
            return self._go(state, self._next(node, state, today), said, today)
        return self._ask(state, said, today, again=asked not in given)

    def _sorted(
        self, values: Mapping[str, Value], today: date
    ) -> tuple[dict[str, Value], list[str]]:
        """The values that can be, and why the others cannot."""
        reasons = {name: self._problem(name, value, today) for name, value in values.items()}
        good = {name: value for name, value in values.items() if not reasons[name]}
        return good, [reason for reason in reasons.values() if reason]

    def _problem(self, name: str, value: Value, today: date) -> str:
        try:
            return self.types[name].problem(value, today)
        except (ValueError, TypeError, OverflowError):  # a tool has offered it
            return wording.NOT_UNDERSTOOD

    def _is_refused(self, state: State, name: str, value: Value) -> bool:
        """Whether a value is probably misheard once more. A caller may come back to a day."""
        refused = state.refused.get(name, ())
        if isinstance(self.types[name], Name):
            return value in refused
        return refused[-1:] == (value,) and value not in refused[:-1]

    def _judged(
        self, state: State, turn: Said, reading: Reading, said: list[str], today: date
    ) -> tuple[State, Reply]:
        """A confirmation, or what is wrong."""
        node = self.flow.nodes[state.node]
        given = {name: value for name, value in reading.values.items() if name}
        good, problems = self._sorted(given, today)
        said = [*said, *problems[:1]]
        new = {n: v for n, v in good.items() if v != state.values.get(n)}
        verdict = reading.values.get("")
        if new:
            state = replace(_refusing(state, new), values={**state.values, **new}, misses=0)
            return self._go(state, self._changed(node), said, today)
        if problems:
            return self._ask(state, said, today, again=True)
        if wrong := self._wrong(state, turn, reading):
            values = {n: v for n, v in state.values.items() if n not in wrong}
            state = replace(_refusing(state, wrong), values=values, misses=0)
            return self._go(state, self._changed(node), said, today)
        if reading.remark == NOTHING_WRONG:
            state = replace(state, awaits="answer", misses=state.misses + 1)
            return self._ask_or_give_up(state, said, today)
        if verdict is None:
            return self._missed(state, turn, said, today)
        following = node.next if isinstance(node.next, dict) else {}
        if verdict or "no" in following:
            word = "yes" if verdict else "no"
            return self._go(state, self._next(node, state, today, word), said, today)
        return self._ask(replace(state, awaits="correction"), said, today)

    def _wrong(self, state: State, turn: Said, reading: Reading) -> list[str]:
        """The slots that are said to be wrong."""
        node = self.flow.nodes[state.node]
        if reading.remark.startswith(WRONG):
            return [reading.remark.removeprefix(WRONG)]
        if reading.remark == ALL_WRONG:
            return node.confirm
        verdict = reading.values.get("")
        if verdict is None or verdict is True:
            return []
        said = f" {' '.join(words(turn.text))} "
        wrong = [n for n in node.confirm if f" {' '.join(words(self.label(n)))} " in said]
        return wrong or ([] if verdict is False else [str(verdict)])

    def _remark(self, state: State, remark: str, today: date) -> tuple[State, Reply]:
        if remark == RESTART:
            return self._go(State(self.flow.start), self.flow.start, [], today)
        if remark == WAIT:
            return state, Reply(wording.TAKE_YOUR_TIME)
        if remark == HELP and self.flow.help:
            return self._ask(state, [self._render(self.flow.help, state, today)], today)
        return self._ask(state, [], today, again=remark == HELP)

    def _missed(
        self, state: State, turn: Said, said: list[str], today: date
    ) -> tuple[State, Reply]:
        """Nothing of use was understood. A question that was not heard is asked as before."""
        if not turn.heard:
            return self._ask(state, said, today)
        node = self.flow.nodes[state.node]
        state = replace(state, misses=state.misses + 1)
        if not any(said) and (len(node.say) == 1 or state.awaits == "correction"):
            said = [wording.NOT_UNDERSTOOD]
        return self._ask_or_give_up(state, said, today)

    def _ask_or_give_up(self, state: State, said: list[str], today: date) -> tuple[State, Reply]:
        if state.misses > max(MOST_MISSES, len(self.flow.nodes[state.node].say)):
            return self._give_up(state, today)
        return self._ask(state, said, today)

    def _give_up(self, state: State, today: date) -> tuple[State, Reply]:
        if self.flow.give_up and self.flow.give_up != state.node:
            return self._go(replace(state, misses=0), self.flow.give_up, [], today)
        return replace(state, awaits="nothing"), Reply(wording.GIVE_UP, ends=True)

    # A tool has answered

    def _returned(self, state: State, turn: Returned, today: date) -> tuple[State, Reply]:
        if state.awaits != "result":
            return state, Reply()
        node = self.flow.nodes[state.node]
        if turn.failed:
            state = replace(state, values={**state.values, "error": turn.result})
            if node.failed:
                return self._go(state, node.failed, [], today)
            said = [self._render(wording.FAILED, state, today)]
            if self.flow.give_up:
                return self._go(state, self.flow.give_up, said, today)
            return replace(state, awaits="nothing"), Reply(_joined(said), ends=True)
        found = _parsed(turn.result)
        saved = {name: found.get(key) for key, name in node.save.items()}
        state = replace(state, values={**state.values, **saved})
        return self._go(state, self._next(node, state, today), [], today)

    # From node to node

    def _go(self, state: State, name: str, said: list[str], today: date) -> tuple[State, Reply]:
        """Pass through nodes until the caller, a tool or the end is awaited."""
        must = False
        for _ in range(MOST_STEPS):
            node = self.flow.nodes[name]
            speaks = not (node.ask or node.confirm)
            must |= speaks and not node.interruptible
            said += [self._render(text, state, today) for text in node.say[:1] if speaks]
            state = self._enter(state, name, node, today)
            if (node.ask and state.values.get(node.ask) is None) or node.confirm:
                if len(state.refused.get(node.ask or "", ())) > MOST_REFUSED:
                    return self._give_up(replace(state, refused={}), today)
                return self._ask(state, said, today, must=must)
            reply = Reply(_joined(said), must_be_heard=must)
            if node.call:
                arguments = node.arguments.items()
                given = {key: self._argument(value, state, today) for key, value in arguments}
                return replace(state, awaits="result"), replace(reply, call=Call(node.call, given))
            if node.end or node.hand_over:
                reply = replace(reply, ends=node.end, hand_over=node.hand_over or "")
                return replace(state, awaits="nothing"), reply
            name = self._next(node, state, today)
        return replace(state, awaits="nothing"), Reply(wording.GIVE_UP, ends=True)

    def _enter(self, state: State, name: str, node: Node, today: date) -> State:
        put = {key: self._argument(value, state, today) for key, value in node.put.items()}
        state = _refusing(state, node.wrong)
        gone = {*node.forget, *node.wrong}
        kept = {n: value for n, value in state.values.items() if n not in gone}
        refused = {n: values for n, values in state.refused.items() if n not in node.forget}
        return State(name, {**kept, **put}, refused=refused)

    def _ask(
        self,
        state: State,
        said: list[str],
        today: date,
        *,
        again: bool = False,
        must: bool = False,
    ) -> tuple[State, Reply]:
        """Put the question of the node where the flow stands, in the words for this time."""
        node = self.flow.nodes[state.node]
        if state.awaits == "correction":
            labels = wording.one_of(f"the {self.label(n).lower()}" for n in node.confirm)
            question = node.which or wording.WHICH.format(labels=labels)
        else:
            time = max(state.misses, int(again), len(state.refused.get(node.ask or "", ())))
            question = node.say[min(time, len(node.say) - 1)]
        question = self._render(question, state, today)
        said = [*said, question]
        if state.misses >= 2 and node.ask and state.awaits == "answer":
            said.append(self.types[node.ask].keys_hint)
        must |= not node.interruptible
        return replace(state, question=question), Reply(_joined(said), must_be_heard=must)

    def _argument(self, value: Any, state: State, today: date) -> Any:
        """`{slot}` alone is the value itself; within a text it is spoken."""
        if not isinstance(value, str):
            return value
        whole = wording.PLACE.fullmatch(value)
        return state.values.get(whole[1]) if whole else self._render(value, state, today)

    def _next(self, node: Node, state: State, today: date, verdict: str = "") -> str:
        """The node that follows. The checks have made sure that there is one."""
        following = node.next
        if isinstance(following, str):
            return following
        if isinstance(following, dict):
            value = verdict or _key(state.values.get(node.ask or ""))
            return following.get(value) or following["else"]
        cases = following or []
        return next(case.go for case in cases if _fits(case, state.values))

    def _changed(self, node: Node) -> str:
        name = node.changed or self.flow.changed
        assert name is not None  # noqa: S101 - the checks demand it
        return name

    def _render(self, text: str, state: State, today: date) -> str:
        return wording.render(text, state.values, self.types, today)


def slot_type(slot: Any) -> ValueType:
    """The type of a slot. Raises ValueError, with a sentence, for a wrong setting."""
    return make(slot.type, **slot.settings())


def _refusing(state: State, names: Iterable[str]) -> State:
    """Note that the present values of these slots are wrong."""
    wrong = {
        name: (*state.refused.get(name, ()), state.values[name])
        for name in names
        if state.values.get(name) is not None
    }
    return replace(state, refused={**state.refused, **wrong})


def _fits(case: Case, values: Mapping[str, Any]) -> bool:
    for name, wanted in case.when.items():
        fitting = wanted if isinstance(wanted, list) and wanted else [wanted]
        value = values.get(name)
        if value not in fitting and (not isinstance(value, bool) or _key(value) not in fitting):
            return False
    return True


def _key(value: Value | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _parsed(result: str) -> dict[str, Any]:
    """A tool's result as an object; any other result is kept as `result`."""
    try:
        found = json.loads(result)
    except (ValueError, RecursionError):
        return {"result": result}
    return found if isinstance(found, dict) else {"result": found}


def _joined(texts: Sequence[str]) -> str:
    return " ".join(text for text in texts if text)
