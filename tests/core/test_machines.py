import pytest

from parley.core.machines import (
    CALL,
    FLOOR,
    HEARING,
    LISTENING,
    REPLY,
    TABLES,
    TOOL,
    ImpossibleTransition,
    Machine,
    Table,
)


def walk(table: Table, *triggers: str) -> str:
    machine = Machine(table)
    for trigger in triggers:
        machine.fire(trigger)
    return machine.state


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_state_can_be_reached_and_left_unless_it_is_the_last(table: Table) -> None:
    reached = {table.initial} | set(table.moves.values())
    left = {state for state, _ in table.moves}
    assert reached == set(table.states)
    assert set(table.states) - left <= table.rest
    assert table.rest <= set(table.states)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_what_is_not_listed_cannot_happen(table: Table) -> None:
    triggers = {trigger for _, trigger in table.moves}
    for state in table.states:
        for trigger in triggers:
            machine = Machine(table)
            machine.state = state
            assert machine.can(trigger) == ((state, trigger) in table.moves)


def test_an_impossible_transition_is_a_bug_that_names_itself() -> None:
    machine = Machine(CALL)
    with pytest.raises(ImpossibleTransition, match="call: end in new"):
        machine.fire("end")
    assert machine.state == "new"
    assert repr(machine) == "<call: new>"


def test_states_come_in_order_of_first_mention() -> None:
    assert CALL.states == ("new", "active", "ended", "ending")


def test_a_call() -> None:
    assert walk(CALL, "connect", "end", "stop") == "ended"
    assert walk(CALL, "connect", "stop") == "ended"
    assert walk(CALL, "stop") == "ended"


def test_hearing() -> None:
    assert walk(HEARING, "listen", "ready", "retry", "ready") == "open"
    assert walk(HEARING, "listen", "retry", "give_up") == "broken"
    assert walk(HEARING, "listen", "ready", "stop") == "off"


def test_listening() -> None:
    assert walk(LISTENING, "voice", "silence", "voice", "silence", "commit") == "quiet"
    assert walk(LISTENING, "words", "lose", "resume", "drop") == "quiet"
    assert walk(LISTENING, "voice", "lose", "drop") == "quiet"


def test_floor() -> None:
    assert walk(FLOOR, "voice", "silence", "voice", "yield") == "settled"
    assert walk(FLOOR, "voice", "silence", "keep") == "settled"


def test_reply() -> None:
    assert walk(REPLY, "promote", "play", "finish") == "done"
    assert walk(REPLY, "promote", "play", "stop", "clear") == "cancelled"
    assert walk(REPLY, "cancel") == "cancelled"


def test_tool() -> None:
    assert walk(TOOL, "run", "expire") == "expired"
    assert walk(TOOL, "cancel") == "cancelled"
