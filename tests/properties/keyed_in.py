"""Invariant 6 for what is keyed in: no key is lost, and none is taken for a noise."""

from dataclasses import dataclass, field

from driver import Step, World, play
from invariants import demand, found

from parley.core import actions as act
from parley.core import events as ev
from parley.core.state import CallerTurn

KEYS = tuple("0123456789*#")
MISHEARD = ("superseded", "withdrawn by the recogniser", "acknowledgement", "too short")


def check_keys(script: bytes) -> None:
    """Each key is in a turn, was dropped with a reason, or still gathers."""
    play(script, watch=Keys().take)


@dataclass
class Keys:
    """The keys that were pressed in the call, and the pieces that they became, by number."""

    pressed: str = ""
    pieces: dict[int, str] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    over: bool = False

    def take(self, world: World, step: Step) -> None:
        if self.over:
            return
        state = world.conversation.state
        self.over = state.call.state in ("ending", "ended")
        if state.call.state == "active":
            self.pressed += _key(world, step.event)
        for drop in found([step], act.SegmentDropped):
            misheard = drop.segment < 0 and drop.reason in MISHEARD
            demand(not misheard, world, f"keys are {drop.reason}")
            self.dropped.add(drop.segment)
        self._check_pieces(world)

    def _check_pieces(self, world: World) -> None:
        pieces = _pieces(world)
        self.pieces = pieces | self.pieces
        for number, piece in self.pieces.items():
            kept = number in self.dropped or pieces.get(number) == piece
            demand(kept, world, f"keys {piece} are in no turn")
        entered = _digits("".join(self.pieces[n] for n in sorted(self.pieces, reverse=True)))
        demand(self.pressed.startswith(entered), world, f"{entered} was not keyed in")
        rest, gathering = (
            self.pressed.removeprefix(entered),
            _digits(world.conversation.state.ear.keys),
        )
        if self.over and rest:
            demand(-1 - len(self.pieces) in self.dropped, world, f"keys {rest} are lost")
        elif not self.over:
            demand(gathering == rest, world, f"keys {rest} are lost, {gathering!r} is left")


def _key(world: World, event: ev.Event) -> str:
    """The key that was pressed, if it is one and does not end an input."""
    if not isinstance(event, ev.KeyPressed) or event.key not in KEYS:
        return ""
    return "" if event.key in world.conversation.settings.keypad.end_keys else event.key


def _pieces(world: World) -> dict[int, str]:
    """Those that are in turns, or in the one that is going on."""
    state = world.conversation.state
    turns = [h for h in state.history if isinstance(h, CallerTurn)]
    segments = [s for turn in turns for s in turn.segments] + state.ear.segments
    return {s.id: s.text for s in segments if s.id < 0}


def _digits(text: str) -> str:
    return text.replace(" ", "")
