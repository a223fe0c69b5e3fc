"""Everything that affects a phase of the conversation: its machines, as tables.

A machine is in one state; a trigger moves it. What a table does not list cannot
happen. The diagrams in docs/ARCHITECTURE.md are drawn from these tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class ImpossibleTransition(AssertionError):
    """A trigger was fired that the machine's table does not list: a bug in the core."""


@dataclass(frozen=True, slots=True)
class Table:
    """One machine's transitions.

    `rest` are the states that may last without a deadline.
    """

    name: str
    initial: str
    rest: frozenset[str]
    moves: Mapping[tuple[str, str], str]

    @property
    def states(self) -> tuple[str, ...]:
        """All states, in order of first mention."""
        mentioned = [self.initial]
        for (source, _), target in self.moves.items():
            mentioned += [source, target]
        return tuple(dict.fromkeys(mentioned))


def _table(name: str, rest: str, moves: str) -> Table:
    """Read lines of `state trigger state`; the first state named is the initial one."""
    rows = [line.split() for line in moves.split("\n") if line.strip()]
    found = {(source, trigger): target for source, trigger, target in rows}
    return Table(name, rows[0][0], frozenset(rest.split()), MappingProxyType(found))


CALL = _table(
    "call",
    "new ended",
    """
    new     connect  active
    new     stop     ended
    active  end      ending
    active  stop     ended
    ending  stop     ended
    """,
)

HEARING = _table(
    "hearing",
    "off open broken",
    """
    off      listen   opening
    opening  ready    open
    opening  retry    opening
    opening  give_up  broken
    opening  stop     off
    open     retry    opening
    open     give_up  broken
    open     stop     off
    """,
)

LISTENING = _table(
    "listening",
    "quiet",
    """
    quiet     voice    speaking
    quiet     words    pausing
    quiet     lose     holding
    speaking  silence  pausing
    speaking  commit   quiet
    speaking  drop     quiet
    speaking  lose     holding
    pausing   voice    speaking
    pausing   commit   quiet
    pausing   drop     quiet
    pausing   lose     holding
    holding   resume   pausing
    holding   drop     quiet
    """,
)

FLOOR = _table(
    "floor",
    "settled",
    """
    settled    voice    candidate
    candidate  silence  judging
    candidate  yield    settled
    candidate  keep     settled
    judging    voice    candidate
    judging    yield    settled
    judging    keep     settled
    """,
)

REPLY = _table(
    "reply",
    "done cancelled failed",
    """
    held      promote  thinking
    held      cancel   cancelled
    held      fail     failed
    thinking  play     speaking
    thinking  finish   done
    thinking  cancel   cancelled
    thinking  fail     failed
    speaking  finish   done
    speaking  stop     stopping
    speaking  fail     failed
    stopping  clear    cancelled
    """,
)

TOOL = _table(
    "tool",
    "done failed cancelled expired",
    """
    waiting  run     running
    waiting  cancel  cancelled
    running  finish  done
    running  fail    failed
    running  expire  expired
    running  cancel  cancelled
    """,
)

TABLES = (CALL, HEARING, LISTENING, FLOOR, REPLY, TOOL)


class Machine:
    """One machine in one state."""

    __slots__ = ("state", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.state = table.initial

    def __repr__(self) -> str:
        return f"<{self.table.name}: {self.state}>"

    def can(self, trigger: str) -> bool:
        """Whether the trigger may be fired now."""
        return (self.state, trigger) in self.table.moves

    def fire(self, trigger: str) -> None:
        """Move to the next state."""
        try:
            self.state = self.table.moves[self.state, trigger]
        except KeyError:
            raise ImpossibleTransition(f"{self.table.name}: {trigger} in {self.state}") from None
