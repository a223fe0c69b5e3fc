"""Turns are described by what was usual for the caller before, beside the event loop."""

import asyncio
import threading
from collections.abc import Collection, Coroutine
from typing import Any

import pytest
from vowels import pcm, spoken, vowel

from parley.audio.formats import INBOUND
from parley.core.voicing import FACTS
from parley.runtime.vtime import run_virtual
from parley.speech.baseline import LEAST_TURNS
from parley.speech.describing import (
    MOST_WAITING,
    Description,
    SharedDescriber,
    VoiceDescriber,
    shared_describer,
)

USUAL = pcm(spoken(8, 4.0))
LONG = pcm(spoken(12, 4.0))
ROUSED = pcm(spoken(8, 6.0, hertz=150.0, level=-12.0))
MEASURES = ("loudness", "pitch", "rate", "hesitation", "emotion")


def described(
    *turns: bytes, facts: Collection[str] = MEASURES, consents: Collection[int] = range(99)
) -> list[Description | None]:
    """Each turn is one stretch of voice; `consents` are the turns before which there was one."""

    async def main() -> list[Description | None]:
        shared = SharedDescriber()
        try:
            describer = shared.open(facts)
            return [
                await describer.describe(
                    turn,
                    10.0 * n + 5 - INBOUND.seconds_in(turn),
                    10.0 * n + 5,
                    10.0 * n,
                    speaker=n in consents,
                )
                for n, turn in enumerate(turns)
            ]
        finally:
            shared.close()

    return run_virtual(main())


def test_the_first_turns_are_compared_with_nothing() -> None:
    for found in described(*[USUAL] * LEAST_TURNS):
        assert found == Description(hesitation=0.0)


def test_a_turn_is_compared_with_those_before() -> None:
    found = described(*[USUAL] * LEAST_TURNS, ROUSED)[-1]
    assert found is not None
    assert found.loudness == pytest.approx(8.0, abs=0.7)
    assert found.pitch == pytest.approx(3.9, abs=0.4)
    assert found.rate == pytest.approx(1.5, abs=0.15)
    assert found.emotion == "agitated"


def test_a_turn_like_those_before_is_nothing_special() -> None:
    found = described(*[USUAL] * LEAST_TURNS, USUAL)[-1]
    assert found is not None
    assert (found.loudness, found.pitch, found.rate) == (0.0, 0.0, 1.0)
    assert found.emotion == "neutral"


def test_noises_are_no_turns_to_compare_with() -> None:
    click = pcm(spoken(1, 10.0, level=-5.0))
    found = described(click, USUAL, click, USUAL, click, USUAL, click, USUAL)[-1]
    assert found is not None
    assert found.loudness == 0.0


@pytest.mark.parametrize("fact", MEASURES)
def test_only_what_was_asked_for_is_told(fact: str) -> None:
    found = described(*[USUAL] * LEAST_TURNS, ROUSED, facts=[fact])[-1]
    told = {name for name in Description.__slots__ if getattr(found, name) is not None}
    assert told == ({"emotion", "emotion_confidence"} if fact == "emotion" else {fact})


def test_stretches_of_one_turn_are_described_together() -> None:
    async def main() -> Description | None:
        describer = shared_describer().open(["hesitation"])
        await describer.describe(USUAL, 0.0, 2.0, 0.0, speaker=False)
        return await describer.describe(USUAL, 3.0, 5.0, 0.0, speaker=False)

    assert run_virtual(main()) == Description(hesitation=0.2)


async def _long_last_turn(part_s: float, steady: bytes = b"") -> Description | None:
    """The last turn is a word, and then 10 s of voice of whose sound so many seconds are there."""
    shared = SharedDescriber()
    try:
        describer = shared.open(["hesitation", "rate"])
        for n in range(LEAST_TURNS):
            await describer.describe(USUAL, 10.0 * n, 10.0 * n + 2, 10.0 * n, speaker=False)
        await describer.describe(USUAL, 90.0, 92.0, 90.0, speaker=False)
        sound = (steady or USUAL * 5)[-INBOUND.bytes_for(part_s) :]
        return await describer.describe(sound, 92.5, 102.5, 90.0, speaker=False)
    finally:
        shared.close()


@pytest.mark.parametrize("part_s", [10.0, 6.0, 2.0])
def test_what_is_not_there_of_a_long_stretch_is_no_pause(part_s: float) -> None:
    found = run_virtual(_long_last_turn(part_s))
    assert found is not None
    assert found.hesitation == 0.04  # half a second of 12.5
    assert found.rate == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("part_s", [10.0, 6.0, 2.0])
def test_what_is_not_there_of_a_long_stretch_is_drawn_out_like_the_rest(part_s: float) -> None:
    found = run_virtual(_long_last_turn(part_s, pcm(vowel(120.0, 10.0))))
    assert found is not None
    assert found.hesitation == pytest.approx(0.84, abs=0.03)


# The same speaker


def test_the_first_turns_of_the_call_are_what_later_ones_are_compared_with() -> None:
    first, *others = described(*[LONG] * 3, facts=FACTS)
    assert first is not None
    assert first.same_speaker is None
    for found in others:
        assert found is not None
        assert found.same_speaker is not None
        assert found.same_speaker > 0.9


def test_without_a_consent_no_voice_is_kept() -> None:
    for found in described(*[LONG] * 3, facts=FACTS, consents=()):
        assert found is not None
        assert found.same_speaker is None


def test_without_the_fact_none_is_kept_either() -> None:
    for found in described(*[LONG] * 3, facts=MEASURES):
        assert found is not None
        assert found.same_speaker is None


def test_a_consent_that_is_taken_back_forgets_the_voice() -> None:
    """After it is given again there is nothing to compare with, until a turn is over."""
    found = described(*[LONG] * 5, facts=FACTS, consents=(0, 1, 3, 4))
    assert [it is not None and it.same_speaker is not None for it in found] == [
        False, True, False, False, True,
    ]  # fmt: skip


# Beside the loop


def with_describer(work: Any) -> Any:
    async def main() -> Any:
        shared = SharedDescriber()
        try:
            return await work(shared)
        finally:
            shared.close()

    return run_virtual(main())


def test_calls_do_not_learn_from_each_other() -> None:
    async def work(shared: SharedDescriber) -> list[Description | None]:
        one, other = shared.open(MEASURES), shared.open(MEASURES)
        for n in range(LEAST_TURNS):
            await one.describe(ROUSED, 10.0 * n + 3, 10.0 * n + 5, 10.0 * n, speaker=False)
        found = await asyncio.gather(*(turns(it, USUAL) for it in (one, other)))
        return list(found)

    async def turns(describer: VoiceDescriber, turn: bytes) -> Description | None:
        return await describer.describe(turn, 93.0, 95.0, 90.0, speaker=False)

    compared, alone = with_describer(work)
    assert compared.loudness == pytest.approx(-8.0, abs=0.7)
    assert alone.loudness is None


def test_the_loop_does_not_measure() -> None:
    async def work(shared: SharedDescriber) -> None:
        threads: list[int] = []
        await shared.run(lambda: threads.append(threading.get_ident()))
        assert threads != [threading.get_ident()]

    with_describer(work)


def test_where_too_much_waits_a_turn_goes_without() -> None:
    async def work(shared: SharedDescriber) -> None:
        let_go = threading.Event()
        waiting: list[Coroutine[Any, Any, Any]] = [
            shared.run(lambda: let_go.wait(20.0) and None) for _ in range(MOST_WAITING)
        ]
        tasks = [asyncio.ensure_future(it) for it in waiting]
        await asyncio.sleep(0)
        describer = shared.open(["hesitation"])
        assert await describer.describe(USUAL, 0.0, 2.0, 0.0, speaker=False) is None
        let_go.set()
        await asyncio.gather(*tasks)
        assert await describer.describe(USUAL, 0.0, 2.0, 0.0, speaker=False) is not None

    with_describer(work)


def test_after_the_call_nothing_is_described() -> None:
    async def work(shared: SharedDescriber) -> None:
        describer = shared.open(MEASURES)
        describer.close()
        assert await describer.describe(USUAL, 0.0, 2.0, 0.0, speaker=False) is None

    with_describer(work)


def test_there_is_one_for_the_process() -> None:
    assert shared_describer() is shared_describer()
