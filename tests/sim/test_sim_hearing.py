"""What is found in a recording is what a call's engines would find, when they would."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from voices_sim import Loudness, quiet, tone

from parley.audio.formats import INBOUND
from parley.errors import ProviderError
from parley.providers.stt.moonshine_worker import Said
from parley.runtime.vtime import run_virtual
from parley.sim import hearing as sim
from parley.sim.hearing import FRAME_BYTES, Edge, Hearing, Words
from parley.speech.detector import SpeechDetector, SpeechOnset, Window
from parley.speech.pauses import Judgement
from parley.speech.vad import SharedVad

PCM = quiet(0.5) + tone(0.6) + quiet(0.4) + tone(0.5) + quiet(1.0)


async def as_called(pcm: bytes) -> list[Edge]:
    """The edges as a call's ear gets them, frame by frame."""
    loop, vad, detector = asyncio.get_running_loop(), SharedVad(Loudness()), SpeechDetector()
    began, found = loop.time(), []

    def window(heard: Window) -> None:
        if edge := detector.feed(heard):
            at_s = edge.at / INBOUND.sample_rate
            found.append(Edge(loop.time() - began, at_s, isinstance(edge, SpeechOnset)))

    def failed(error: ProviderError) -> None:
        raise error

    stream = vad.open(window, failed)
    for n, at in enumerate(range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES), 1):
        await asyncio.sleep(began + n * sim.FRAME_S - loop.time())
        stream.push(pcm[at : at + FRAME_BYTES])
    await asyncio.sleep(0.1)
    stream.close()
    vad.close()
    return found


def test_edges_are_those_of_a_call_and_known_as_late() -> None:
    (found,) = sim.edges(Loudness(), [PCM])
    called = run_virtual(as_called(PCM))
    assert [(e.at_s, e.began) for e in found] == [(e.at_s, e.began) for e in called]
    assert [e.known_s for e in found] == pytest.approx([e.known_s for e in called], abs=0.0101)
    assert [e.began for e in found] == [True, False, True, False]


def test_recordings_are_judged_side_by_side_as_if_alone() -> None:
    others = [PCM[: len(PCM) // 2], PCM, b"", quiet(0.3)]
    alone = [sim.edges(Loudness(), [pcm])[0] for pcm in others]
    assert sim.edges(Loudness(), others) == alone
    assert sim.edges(Loudness(), []) == []


def test_a_pause_is_judged_once_on_what_was_heard_until_then() -> None:
    asked: list[int] = []

    def model(pcm: bytes) -> Judgement:
        asked.append(len(pcm))
        return Judgement(0.7, 1.5)

    hearing = Hearing(3.0, ())
    for _ in range(2):
        assert sim.judge(hearing, model, PCM, 1.0, 1.7) == Judgement(0.7, 1.5)
    assert asked == [INBOUND.bytes_for(1.7 - 1.0 + 0.5)]
    sim.judge(hearing, model, PCM, 0.1, 0.5)
    assert asked[-1] == INBOUND.bytes_for(0.5)
    sim.judge(hearing, model, PCM * 5, 0.0, 14.0)
    assert asked[-1] == INBOUND.bytes_for(8.0)


class Parrot:
    """Says how much it has heard since it was last asked; a second passes with each request."""

    def __init__(self) -> None:
        self.heard = 0
        self.now = 0.0
        self.opened = 0

    def clock(self) -> float:
        return self.now

    def open(self) -> None:
        self.opened += 1

    def hear(self, pcm: bytes) -> Said | None:
        self.now += 0.001
        self.heard += len(pcm) if any(pcm) else 0
        return Said(f"{self.heard}", 0.5) if self.heard else None

    def finish(self) -> Said:
        self.now += 0.05
        heard, self.heard = self.heard, 0
        return Said(f"heard {heard}", 0.75) if heard else Said("")


def recognized(edges: Sequence[Edge], after_s: float = 0.25) -> tuple[Words, ...]:
    parrot = Parrot()
    found = sim.recognize(parrot, PCM, edges, after_s, parrot.clock)
    assert parrot.opened == 1
    return found


def test_the_final_text_is_asked_for_in_each_pause() -> None:
    (edges,) = sim.edges(Loudness(), [PCM])
    finals = [words for words in recognized(edges) if words.final]
    due = [max(e.known_s, e.at_s + 0.25) for e in edges if not e.began]
    assert [words.asked_s for words in finals] == pytest.approx(due)
    assert all(words.text.startswith("heard") for words in finals)


def test_a_pause_that_is_too_short_has_no_final_text() -> None:
    (edges,) = sim.edges(Loudness(), [PCM])
    finals = [words for words in recognized(edges, after_s=0.6) if words.final]
    assert len(finals) == 1


def test_results_are_as_late_as_the_recogniser_is_slow() -> None:
    (edges,) = sim.edges(Loudness(), [PCM])
    found = recognized(edges)
    final = next(words for words in found if words.final)
    assert final.asked_s is not None
    assert 0.05 <= final.known_s - final.asked_s < 0.06
    partials = [words for words in found if not words.final]
    assert partials
    assert partials[0].known_s > edges[0].known_s  # what was held back comes with the voice


def test_what_was_found_survives_a_file() -> None:
    (edges,) = sim.edges(Loudness(), [PCM])
    hearing = Hearing(3.0, edges, recognized(edges), {"1.000 2.000": Judgement(0.5, 1.5)})
    kept = Hearing.from_json(json.loads(json.dumps(hearing.to_json())))
    assert kept == hearing
    assert isinstance(kept.judged["1.000 2.000"], Judgement)


def test_scripted_texts_come_so_long_after_their_last_word() -> None:
    assert sim.scripted([(1.0, "hello")], 0.1) == (Words(1.1, "hello", final=True),)


def test_in_a_recording_without_a_voice_nothing_is_asked_for() -> None:
    parrot = Parrot()
    assert sim.recognize(parrot, PCM, (), 0.25, parrot.clock) == ()
