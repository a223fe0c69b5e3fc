"""Invariant 6 for what is keyed in: no key is lost, and none is taken for a noise."""

from dataclasses import dataclass, field

from driver import Step, World, play
from invariants import demand, found

from parley.core import actions as act
from parley.core import events as ev
from parley.core.state import CallerTurn

KEYS = tuple("0123456789*#")
REASONS = ("the call is ending", "the call has ended", "cut off by a gap in the media")
"""Words that are taken for a noise, or heard again, are dropped for others."""


def check_keys(script: bytes) -> None:
    """Each key is in a turn, was dropped with a reason, or still gathers."""
    play(script, watch=Keys().take)


@dataclass
class Keys:
    """The keys that are in no piece yet, and the pieces that they became, by number."""

    loose: str = ""
    pieces: dict[int, str] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def take(self, world: World, step: Step) -> None:
        state = world.conversation.state
        if state.call.state in ("active", "ending"):
            self.loose += _key(world, step.event)
        self._check_pieces(world)
        gathering = _digits(state.ear.keys)
        for drop in [d for d in found([step], act.SegmentDropped) if d.segment < 0]:
            demand(drop.reason in REASONS, world, f"keys are {drop.reason}")
            self.dropped.add(drop.segment)
            if drop.segment not in self.pieces and self.loose.endswith(gathering):
                self.loose = gathering
        demand(gathering == self.loose, world, f"{self.loose!r} is left, not {gathering!r}")
        self._check_kept(world)

    def _check_pieces(self, world: World) -> None:
        """What was keyed in first is in the first piece."""
        pieces = dict(_pieces(world))
        for number in sorted(pieces.keys() - self.pieces, reverse=True):
            piece = _digits(pieces[number])
            demand(piece and self.loose.startswith(piece), world, f"{piece!r} was not keyed in")
            self.loose = self.loose.removeprefix(piece)
            self.pieces[number] = pieces[number]

    def _check_kept(self, world: World) -> None:
        kept = _pieces(world)
        for piece in self.pieces.items():
            times = kept.count(piece)
            demand(times or piece[0] in self.dropped, world, f"keys {piece} are in no turn")
            demand(times <= 1, world, f"keys {piece} come twice")


def _key(world: World, event: ev.Event) -> str:
    """The key that was pressed, if it is one and does not end an input."""
    if not isinstance(event, ev.KeyPressed) or event.key not in KEYS:
        return ""
    return "" if event.key in world.conversation.settings.keypad.end_keys else event.key


def _pieces(world: World) -> list[tuple[int, str]]:
    """Those that are in turns, or in the one that is going on."""
    state = world.conversation.state
    turns = [h for h in state.history if isinstance(h, CallerTurn)]
    segments = [s for turn in turns for s in turn.segments] + state.ear.segments
    return [(s.id, s.text) for s in segments if s.id < 0]


def _digits(text: str) -> str:
    return text.replace(" ", "")
