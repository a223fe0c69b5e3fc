"""The gate after the canceller: what can be echo is told from what cannot."""

import pytest

from parley.audio.echogate import (
    COLD_BLOCKS,
    HOLD_BLOCKS,
    SETTLE_BLOCKS,
    STOP_BLOCKS,
    WARM_UP_BLOCKS,
    EchoGate,
)

ECHO = 0.01
"""The power of a loud echo, and of what is played."""


def gate(blocks: int = WARM_UP_BLOCKS, *, doubts: bool = False) -> EchoGate:
    """One that has heard so much of an echo of which nothing was left."""
    it = EchoGate(12.0, -60.0, doubts=doubts)
    for _ in range(blocks):
        it.lets(ECHO, ECHO, 1e-9)
    return it


def opens(it: EchoGate, left: float, echo: float = ECHO) -> bool:
    """Whether so much is let through in the end."""
    return [it.lets(ECHO, echo, left) for _ in range(20)][-1]


def test_while_nothing_is_known_only_who_is_louder_than_the_loudspeaker_passes() -> None:
    it = EchoGate(12.0, -60.0)
    assert not opens(it, ECHO, echo=0.0)
    assert opens(it, 3 * ECHO, echo=0.0)


@pytest.mark.parametrize(("blocks", "below_db"), [(COLD_BLOCKS, 6), (WARM_UP_BLOCKS, 12)])
def test_what_is_so_far_below_the_echo_may_be_what_is_left_of_it(
    blocks: int, below_db: float
) -> None:
    assert not opens(gate(blocks), ECHO * 10 ** (-(below_db + 1) / 10))
    assert opens(gate(blocks), ECHO * 10 ** (-(below_db - 1) / 10))


def test_nobody_is_softer_than_the_softest() -> None:
    it = EchoGate(12.0, -30.0)
    for _ in range(WARM_UP_BLOCKS):
        it.lets(ECHO, 1e-9, 1e-9)
    assert not opens(it, 0.0009, echo=1e-9)
    assert opens(it, 0.0011, echo=1e-9)


def test_an_echo_that_dies_away_explains_less_and_less() -> None:
    it = gate()
    assert not it.lets(0.0, 0.0, ECHO / 20)
    assert any(it.lets(0.0, 0.0, ECHO / 20) for _ in range(20))


def test_between_two_words_it_stays_open_for_a_moment() -> None:
    it = gate()
    assert opens(it, ECHO / 10)
    passed = [it.lets(ECHO, ECHO, ECHO / 25) for _ in range(20)]
    assert HOLD_BLOCKS - 1 <= sum(passed) < 15
    assert not passed[-1]


def test_where_nothing_is_played_all_passes() -> None:
    assert EchoGate(12.0, -60.0).lets(0.0, 0.0, 1e-9)


def test_a_filter_that_begins_anew_is_not_trusted() -> None:
    it = gate()
    it.forget()
    assert not opens(it, ECHO / 2)


def test_after_silence_what_is_left_is_not_believed_for_a_moment() -> None:
    it = gate(doubts=True)
    assert opens(it, ECHO / 2)
    for _ in range(200):
        it.lets(0.0, 0.0, 1e-9)
    passed = [it.lets(ECHO, ECHO, ECHO / 2) for _ in range(2 * SETTLE_BLOCKS)]
    assert not any(passed[: SETTLE_BLOCKS - 1])
    assert all(passed[SETTLE_BLOCKS:])


def test_when_it_stops_at_once_what_is_left_is_not_believed_for_a_moment() -> None:
    it = gate(doubts=True)
    assert opens(it, ECHO / 2)
    passed = [it.lets(0.0, 0.0, ECHO / 2) for _ in range(2 * STOP_BLOCKS)]
    assert not any(passed[:STOP_BLOCKS])
    assert all(passed[STOP_BLOCKS:])
    assert all(gate().lets(0.0, 0.0, 2 * ECHO) for _ in range(3))


def test_after_a_sudden_start_nothing_softer_than_the_loudest_echo_passes() -> None:
    for left, may_pass in ((ECHO / 2, False), (2 * ECHO, True)):
        it = gate()
        for _ in range(STOP_BLOCKS):
            it.lets(0.0, 0.0, 1e-9)
        passed = [it.lets(ECHO, 0.0, left) for _ in range(2 * STOP_BLOCKS)]
        assert any(passed[: STOP_BLOCKS - 1]) == may_pass
        assert passed[-1]


def test_after_a_sudden_start_what_the_filter_leaves_is_not_believed_for_a_moment() -> None:
    it = gate(doubts=True)
    for _ in range(STOP_BLOCKS):
        it.lets(0.0, 0.0, 1e-9)
    passed = [it.lets(ECHO, ECHO, 2 * ECHO) for _ in range(2 * STOP_BLOCKS)]
    assert not any(passed[: STOP_BLOCKS - 1])
    assert passed[-1]


def test_where_the_path_is_not_known_well_what_the_filter_leaves_is_not_believed() -> None:
    doubting, other = gate(doubts=True), gate()
    for it, passes in ((doubting, False), (other, True)):
        passed = [it.lets(ECHO, ECHO, 2 * ECHO, believed=False) for _ in range(20)]
        assert any(passed) == passes
