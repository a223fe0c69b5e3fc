"""What is wrong with a flow, found before it runs: each problem with its path."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from parley.assistants.flows.dialogue import slot_type
from parley.assistants.flows.model import Command, Flow, Kind, Node
from parley.assistants.flows.values import ValueType, make
from parley.assistants.flows.values.tokens import words
from parley.assistants.flows.wording import PLACE, names_in
from parley.assistants.problems import Path

ALWAYS = "error"
"""A name that every text may speak: why the last tool failed."""

MODEL = "model"
"""To whom a flow may hand over."""

ONLY_WITH: Mapping[str, str] = {
    "also": "ask",
    "offered": "ask",
    "which": "confirm",
    "changed": "confirm",
    "arguments": "call",
    "save": "call",
    "failed": "call",
}
"""Fields of a node that have no effect without another one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Where it is, what is wrong, and what to do about it."""

    path: Path
    what: str
    remedy: str


def problems(flow: Flow, tools: Mapping[str, Sequence[str]] | None = None) -> list[Problem]:
    """Everything that is wrong with a flow, in its order.

    `tools` are the names of the assistant's tools, each with its parameters' names; None
    where they are not known.
    """
    return list(_Check(flow, tools).all())


class _Check:
    def __init__(self, flow: Flow, tools: Mapping[str, Sequence[str]] | None) -> None:
        self.flow = flow
        self.tools = tools
        self.types: dict[str, ValueType] = {}
        kept = (name for node in flow.nodes.values() for name in (*node.save.values(), *node.put))
        self.names = {*flow.slots, *kept, ALWAYS}

    def all(self) -> Iterator[Problem]:
        yield from self._slots()
        yield from self._node_name(("start",), self.flow.start)
        yield from self._node_name(("changed",), self.flow.changed)
        yield from self._node_name(("give_up",), self.flow.give_up)
        yield from self._commands(("anywhere",), self.flow.anywhere)
        for number, answer in enumerate(self.flow.answers):
            yield from self._phrases(("answers", number, "questions"), answer.questions)
            yield from self._text(("answers", number, "say"), answer.say)
        for name, node in self.flow.nodes.items():
            yield from self._node(("nodes", name), node)
        yield from self._unreachable()
        yield from self._circles()

    def _slots(self) -> Iterator[Problem]:
        for name, slot in self.flow.slots.items():
            try:
                self.types[name] = slot_type(slot)
            except (ValueError, TypeError) as error:
                yield Problem(("slots", name), str(error), "Correct the slot's settings.")

    # Nodes

    def _node(self, path: Path, node: Node) -> Iterator[Problem]:
        does = [key for key in ("ask", "confirm", "call", "hand_over", "end") if getattr(node, key)]
        if len(does) > 1:
            what = f"a node does one thing, not {' and '.join(does)}"
            yield Problem((*path, does[1]), what, "Make two nodes of it.")
        for key, other in ONLY_WITH.items():
            if getattr(node, key) and not getattr(node, other):
                what = f"it has no effect without {other}"
                yield Problem((*path, key), what, f"Remove it, or give the node {other}.")
        if not node.interruptible and not node.say:
            what = "nothing is said here"
            yield Problem((*path, "interruptible"), what, "Remove it, or give the node say.")
        if node.instead and not (node.ask or node.confirm):
            what = "nothing is asked here"
            yield Problem((*path, "instead"), what, "Give it to the node that asks.")
        yield from self._commands((*path, "instead"), node.instead)
        yield from self._known((*path, "ask"), [node.ask] if node.ask else [], self.flow.slots)
        offered = [node.offered] if node.offered else []
        yield from self._known((*path, "offered"), offered, self.names)
        for name, value in node.put.items():
            yield from self._value((*path, "put", name), name, value)
        for key in ("also", "confirm"):
            yield from self._known((*path, key), getattr(node, key), self.flow.slots)
        yield from self._known((*path, "forget"), node.forget, self.names)
        yield from self._known((*path, "wrong"), node.wrong, self.flow.slots)
        for key in ("failed", "changed"):
            yield from self._node_name((*path, key), getattr(node, key))
        yield from self._says(path, node)
        yield from self._calls(path, node)
        yield from self._follows(path, node)

    def _commands(self, path: Path, commands: Mapping[str, Command]) -> Iterator[Problem]:
        for name, command in commands.items():
            yield from self._node_name((*path, name, "go"), command.go)
            yield from self._phrases((*path, name, "phrases"), command.phrases)

    def _phrases(self, path: Path, phrases: Sequence[str]) -> Iterator[Problem]:
        for number, phrase in enumerate(phrases):
            if not words(phrase):
                yield Problem((*path, number), "it has no words", "Remove it.")

    def _value(self, path: Path, name: str, value: Any) -> Iterator[Problem]:
        """A value that a slot can never have."""
        slot = self.flow.slots.get(name)
        if slot is None or value is None or (isinstance(value, str) and names_in(value)):
            return
        can_be = self._options(name)
        if can_be is not None and _written(value) not in can_be:
            what = f"{name} can never be {_written(value)!r}"
            yield Problem(path, what, f"It can be {', '.join(can_be)}.")

    def _says(self, path: Path, node: Node) -> Iterator[Problem]:
        asks = node.ask or node.confirm
        if asks and not node.say:
            yield Problem(path, "it asks, but says nothing", "Give it the question, as say.")
        if len(node.say) > 1 and not asks:
            what = "only a question has several wordings"
            yield Problem((*path, "say"), what, "Make one text of them.")
        for number, text in enumerate(node.say):
            place = (*path, "say", number) if len(node.say) > 1 else (*path, "say")
            yield from self._text(place, text)
        yield from self._text((*path, "which"), node.which or "")
        if node.confirm and not (node.changed or self.flow.changed):
            what = "nothing says where to go on when the caller corrects something"
            yield Problem(path, what, "Name a node, as changed.")

    def _calls(self, path: Path, node: Node) -> Iterator[Problem]:
        for key, value in node.arguments.items():
            if isinstance(value, str):
                yield from self._text((*path, "arguments", key), value)
        if node.hand_over and node.hand_over != MODEL:
            what = f"there is nobody called {node.hand_over!r} to hand over to"
            yield Problem((*path, "hand_over"), what, f"Write {MODEL}, for the language model.")
        if not node.call or self.tools is None:
            return
        yield from self._known((*path, "call"), [node.call], self.tools)
        known = self.tools.get(node.call)
        if known is not None:
            yield from self._known((*path, "arguments"), list(node.arguments), known)

    # Where it goes on

    def _follows(self, path: Path, node: Node) -> Iterator[Problem]:
        place = (*path, "next")
        if node.end or node.hand_over:
            if node.next is not None:
                yield Problem(place, "nothing follows the end", "Remove next, or end.")
        elif node.next is None:
            yield Problem(path, "nothing says what follows", "Name a node, as next.")
        elif isinstance(node.next, str):
            yield from self._node_name(place, node.next)
        elif isinstance(node.next, dict):
            yield from self._by_value(place, node, node.next)
        else:
            yield from self._by_case(place, node)

    def _by_value(self, path: Path, node: Node, following: dict[str, str]) -> Iterator[Problem]:
        for key, name in following.items():
            yield from self._node_name((*path, key), name)
        values = self._values(node)
        if values is None:
            what = "the next node depends on a value, but none is asked here"
            yield Problem(path, what, "Name one node, or list cases with when and go.")
            return
        for key in set(following) - {*values, "else"}:
            yield Problem((*path, key), f"it is none of {', '.join(values)}", "Correct it.")
        missing = [value for value in values if value not in following]
        if node.confirm:
            missing = [value for value in missing if value == "yes"]
        if missing and "else" not in following:
            what = f"nothing says what follows {' or '.join(missing)}"
            yield Problem(path, what, "Add it, or else for all others.")

    def _values(self, node: Node) -> list[str] | None:
        if node.confirm:
            return ["yes", "no"]
        return self._options(node.ask or "")

    def _options(self, name: str) -> list[str] | None:
        """What a slot can be, where that can be listed."""
        slot = self.flow.slots.get(name)
        if slot is None:
            return None
        if slot.type == "choice":
            return [str(key) for key in slot.settings().get("options") or ()]
        return ["yes", "no"] if slot.type == "yes_no" else None

    def _by_case(self, path: Path, node: Node) -> Iterator[Problem]:
        cases = node.next if isinstance(node.next, list) else []
        for number, case in enumerate(cases):
            yield from self._node_name((*path, number, "go"), case.go)
            yield from self._known((*path, number, "when"), list(case.when), self.names)
            for name, wanted in case.when.items():
                for value in wanted if isinstance(wanted, list) else [wanted]:
                    yield from self._value((*path, number, "when", name), name, value)
            if not case.when and number < len(cases) - 1:
                what = "the cases after it are never reached"
                yield Problem((*path, number), what, "Give it when, or put it last.")
        if not cases or cases[-1].when:
            what = "no case may fit"
            yield Problem(path, what, "End with a case that has go, but no when.")

    def _unreachable(self) -> Iterator[Problem]:
        flow = self.flow
        entered = [flow.start, flow.changed, flow.give_up, *(c.go for c in flow.anywhere.values())]
        reached: set[str] = set()
        left = [name for name in entered if name in flow.nodes]
        while left:
            name = left.pop()
            if name not in reached:
                reached.add(name)
                left += [n for n in self._successors(flow.nodes[name]) if n in flow.nodes]
        for name in flow.nodes:
            if name not in reached:
                yield Problem(("nodes", name), "nothing leads here", "Remove it, or name it.")

    def _successors(self, node: Node) -> list[str]:
        following = node.next
        if isinstance(following, list):
            next_names = [case.go for case in following]
        elif isinstance(following, dict):
            next_names = list(following.values())
        else:
            next_names = [following] if following else []
        instead = [command.go for command in node.instead.values()]
        return [*next_names, *(name for name in (node.failed, node.changed) if name), *instead]

    def _circles(self) -> Iterator[Problem]:
        """Nodes that lead back to themselves without asking anything would never end."""
        passing = {
            name: [n for n in self._successors(node) if n in self.flow.nodes]
            for name, node in self.flow.nodes.items()
            if not (node.ask or node.confirm or node.end or node.hand_over)
        }
        for name in passing:
            left, seen = list(passing[name]), set()
            while left:
                at = left.pop()
                if at == name:
                    what = "it leads back to itself without asking anything"
                    yield Problem(("nodes", name), what, "Let a question stand between.")
                    return
                if at not in seen:
                    seen.add(at)
                    left += passing.get(at, [])

    # Names

    def _node_name(self, path: Path, name: str | None) -> Iterator[Problem]:
        yield from self._known(path, [name] if name else [], self.flow.nodes)

    def _known(self, path: Path, names: Sequence[str], known: Any) -> Iterator[Problem]:
        for name in names:
            if name not in known:
                close = get_close_matches(name, list(known), n=1)
                meant = f"Did you mean {close[0]!r}?" if close else _choice(known)
                yield Problem(path, f"there is no {name!r}", meant)

    def _text(self, path: Path, text: str) -> Iterator[Problem]:
        for name, kind in names_in(text):
            yield from self._known(path, [name], self.names)
            if kind in get_args(Kind):
                yield from self._type(path, kind)
            elif kind:
                yield from self._known(path, [kind], get_args(Kind))
        if {"{", "}"}.intersection(PLACE.sub("", text)):
            what = "a brace holds no name"
            yield Problem(path, what, "Write a name as {name} or {name|type}, without spaces.")

    def _type(self, path: Path, kind: str) -> Iterator[Problem]:
        try:
            make(kind)
        except ValueError:
            remedy = "Save it under the name of a slot of that type, and speak that."
            yield Problem(path, f"a {kind} cannot be spoken without its settings", remedy)


def _written(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _choice(known: Any) -> str:
    names = ", ".join(sorted(known))
    return f"There are: {names}." if names else "There are none."
