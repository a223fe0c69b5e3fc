"""Whether the echo's path stands still is seen from the filter's weights."""

import numpy as np
import pytest

from parley.audio.adaptive import BLOCK, PARTITIONS
from parley.audio.standing import LOOK_BLOCKS, LOOKS_BACK, STILL, STILL_LOOKS, Standing

FREQUENCIES = 2 * np.pi * np.arange(BLOCK + 1) / (2 * BLOCK)
_rng = np.random.default_rng(1)
PATH = _rng.normal(size=(PARTITIONS, BLOCK + 1)) + 1j * _rng.normal(size=(PARTITIONS, BLOCK + 1))
ENOUGH = LOOKS_BACK + STILL_LOOKS


def later(by: float) -> np.ndarray:
    """The path, so many samples later."""
    moved: np.ndarray = (PATH * np.exp(-1j * FREQUENCIES * by)).astype(np.complex64)
    return moved


def looked_at(looks: int, moved: float) -> Standing:
    """One that has seen a path that moves so far from look to look."""
    it = Standing()
    look(it, looks, moved)
    return it


def look(it: Standing, looks: int, moved: float) -> None:
    for n in range(looks * LOOK_BLOCKS):
        it.look(later(moved * (n // LOOK_BLOCKS)))


def test_nothing_is_known_before_the_first_look() -> None:
    assert not looked_at(LOOKS_BACK, 0.0).is_still
    assert looked_at(LOOKS_BACK + 1, 0.0).is_still
    assert not looked_at(LOOKS_BACK + 1, 1.0).is_still


def test_one_that_has_moved_has_to_stand_still_for_some_looks() -> None:
    it = looked_at(ENOUGH, 1.0)
    look(it, LOOKS_BACK + STILL_LOOKS - 1, 0.0)
    assert not it.is_still
    look(it, 1, 0.0)
    assert it.is_still


@pytest.mark.parametrize("sign", [1, -1])
def test_a_path_that_moves_either_way_does_not_stand_still(sign: int) -> None:
    slowly, fast = (sign * share * STILL / LOOKS_BACK for share in (0.9, 1.1))
    assert looked_at(10, slowly).is_still
    assert not looked_at(10, fast).is_still


def test_a_path_that_begins_to_move_is_seen_at_the_next_look() -> None:
    it = looked_at(ENOUGH, 0.0)
    for _ in range(LOOK_BLOCKS):
        it.look(later(2 * STILL))
    assert not it.is_still


def test_what_is_learnt_anew_is_not_compared_with_what_was() -> None:
    it = looked_at(ENOUGH, 0.0)
    it.forget()
    for _ in range(ENOUGH * LOOK_BLOCKS):
        it.look(later(5.0))
    assert it.is_still


def test_clocks_run_apart_although_the_path_is_learnt_anew() -> None:
    it = looked_at(ENOUGH, 1.0)
    it.forget()
    assert not it.is_still


def test_a_path_that_is_not_known_at_all_does_no_harm() -> None:
    it = Standing()
    for _ in range(ENOUGH * LOOK_BLOCKS):
        it.look(np.zeros_like(later(0.0)))
    assert it.is_still
