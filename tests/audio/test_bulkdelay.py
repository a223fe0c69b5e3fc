"""How late an echo comes as a whole is found, and followed when it changes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from parley.audio.adaptive import BLOCK, PARTITIONS, AdaptiveFilter
from parley.audio.bulkdelay import BulkDelay

Sound = NDArray[np.float32]


def noise(seconds: float, seed: int = 1) -> Sound:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)


def late(far: Sound, delay_s: float) -> Sound:
    whole: Sound = np.concatenate([np.zeros(round(delay_s * 16_000), np.float32), far])
    return whole[: len(far)]


def looks(it: BulkDelay, near: Sound, far: Sound) -> list[tuple[float, int]]:
    """When a delay was found, and which."""
    found = []
    for at in range(0, len(far), BLOCK):
        blocks = it.look(near[at : at + BLOCK], far[at : at + BLOCK])
        if blocks is not None:
            found.append((at / 16_000, blocks))
    return found


@pytest.mark.parametrize("delay_s", [0.1, 0.305, 0.58])
def test_an_echo_that_comes_late_is_found_within_a_second(delay_s: float) -> None:
    far = noise(3.0)
    [(at, blocks)] = looks(BulkDelay(), 0.3 * late(far, delay_s) + noise(3.0, 2) * 0.1, far)
    assert at < 1.0
    assert blocks == pytest.approx(100 * delay_s - 2, abs=0.6)


def test_one_that_comes_soon_is_left_to_the_filter() -> None:
    far = noise(2.0)
    assert looks(BulkDelay(), late(far, 0.05), far) == []


def test_a_delay_that_changes_is_found_again() -> None:
    far, it = noise(6.0), BulkDelay()
    near = np.concatenate([late(far, 0.2)[:48_000], late(far, 0.03)[48_000:]])
    assert [blocks for _, blocks in looks(it, near, far)] == [18, 1]
    assert it.blocks == 1


def test_where_there_is_no_echo_nothing_is_found() -> None:
    assert looks(BulkDelay(), noise(5.0, 2), noise(5.0)) == []


def test_a_silent_loudspeaker_tells_nothing() -> None:
    assert looks(BulkDelay(), noise(2.0), np.zeros(32_000, np.float32)) == []


def test_a_filter_that_is_held_back_keeps_what_it_knows() -> None:
    far = noise(4.0)
    near, held, it = np.float32(0.5) * late(far, 0.105), late(far, 0.08), AdaptiveFilter()
    for at in range(0, 48_000, BLOCK):
        it.process(near[at : at + BLOCK], far[at : at + BLOCK])
    it.hold_back(8, held[48_000 - BLOCK : 48_000])
    left = [
        it.process(near[at : at + BLOCK], held[at : at + BLOCK])
        for at in range(48_000, len(far), BLOCK)
    ]
    assert np.std(np.concatenate(left)[1600:]) < 0.1 * np.std(near[48_000:])
    assert it.starts == 1


@pytest.mark.parametrize("blocks", [-3, PARTITIONS])
def test_one_that_knows_nothing_of_the_new_place_begins_anew(blocks: int) -> None:
    it = AdaptiveFilter()
    it.hold_back(blocks, np.zeros(BLOCK, np.float32))
    assert it.starts == 2
