"""What is told to be known is what the replies that count have said, and nothing else."""

from dataclasses import dataclass, field

from driver import Step, World, play
from invariants import demand

from parley.core import actions as act
from parley.core import events as ev

Question = tuple[str, str, str]


def check_knowledge(script: bytes) -> None:
    play(script, watch=Known().take)


@dataclass
class Account:
    """What a reply has said, and whether that happened: once promoted, once begun to be heard."""

    number: int
    slots: dict[str, tuple[str, str]] = field(default_factory=dict)
    asks: Question | None = None
    complete: bool = False
    counts: bool = True
    heard: bool | None = None

    def was_asked(self, world: World) -> bool:
        """Whether the caller hears or has heard it."""
        return self.number in world.begun if self.heard is None else self.heard


@dataclass
class Known:
    """What was told, and what must be: read off the facts and the wishes alone."""

    replies: dict[int, Account] = field(default_factory=dict)
    promoted: list[Account] = field(default_factory=list)
    acted: set[int] = field(default_factory=set)
    slots: dict[str, tuple[str, str]] = field(default_factory=dict)
    asks: Question = "", "", ""

    def take(self, world: World, step: Step) -> None:
        for action in step.actions:
            self._follow(world, action)
        self._learn(step.event)
        if world.conversation.state.call.state not in ("new", "ended"):
            self._check(world)

    def _check(self, world: World) -> None:
        slots: dict[str, tuple[str, str]] = {}
        asks = world.conversation.settings.greeting_kind, "", ""
        for reply in [reply for reply in self.promoted if reply.counts]:
            slots |= reply.slots
            if reply.asks and reply.was_asked(world):
                asks = reply.asks
        told, known = _values(self.slots), _values(slots)
        demand(told == known, world, f"told is {told}, known is {known}")
        demand(self.asks == asks, world, f"{self.asks} is awaited, {asks} was asked")

    def _follow(self, world: World, action: act.Action) -> None:
        match action:
            case act.StartReply(reply=number):
                self.replies[number] = Account(number)
            case act.PromoteReply(reply=number):  # a phrase is not started before
                phrase = Account(number, complete=True)
                self.promoted.append(self.replies.setdefault(number, phrase))
            case act.CloseReply(reply=number) | act.CancelReply(reply=number):
                self.replies[number].complete = True
            case act.RunTool(call=call):
                self.acted.add(world.conversation.state.tools[call].reply)
            case act.ReplyEnded(reply=number, outcome=outcome, heard=heard):
                reply = self.replies[number]
                reply.heard = outcome == "done" or bool(heard)
                reply.counts = reply.heard or number in self.acted
                reply.complete = True
            case act.Understood(name=name, label=label, value=value):
                self.slots[name] = label, value
            case act.Expect(kind=kind, question=question, grammar=grammar):
                self.asks = kind, question, grammar

    def _learn(self, event: ev.Event) -> None:
        reply = self.replies.get(getattr(event, "reply", 0))
        if reply is None or reply.complete:
            return
        match event:
            case ev.ReplyUnderstood(name=name, label=label, value=value):
                reply.slots[name] = label, value
            case ev.ReplyExpects(kind=kind, question=question, grammar=grammar):
                reply.asks = kind, question, grammar
            case ev.ReplyGenerated():
                reply.complete = True


def _values(slots: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """An empty value is not known any more."""
    return {name: known for name, known in slots.items() if known[1]}
