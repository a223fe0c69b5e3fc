"""The recogniser of a Moonshine process: when it looks, what it tells, what it forgets.

The model is a fake that writes what a test wants; its clock stands still but where it looks.
"""

import gc
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from parley.core.ending import log_odds
from parley.providers.protocols import SttCapabilities
from parley.providers.stt import moonshine_worker as worker
from parley.providers.stt.moonshine import MoonshineStt
from parley.providers.stt.moonshine_model import RATE, Array, Vocabulary, Writing
from parley.providers.stt.moonshine_worker import (
    APART_S,
    DOUBTED,
    EDGE_S,
    FEW_S,
    FIRST_S,
    HALLUCINATED,
    LEAST_CONFIDENCE,
    LIMIT_S,
    LONGEST_S,
    LULL_S,
    PARTIAL_S,
    PAUSE_S,
    PHRASE_S,
    SEEK_S,
    SHARE,
    SURE,
    TAIL_S,
    Recognizer,
    Said,
    _over,
    serve,
)
from parley.providers.stt.requests import AUDIO, FINALIZE, OPEN
from parley.providers.turns import LEAVE
from request_pipe import RequestPipe

PIECES = ("▁one", "▁two", "▁three", "▁four", ".", ",", "▁you", "▁Thank", "▁")
ONE, TWO, THREE, FOUR, STOP, COMMA, YOU, THANK, BLANK = range(len(PIECES))
VOCABULARY = Vocabulary(b"".join(bytes([len(p.encode())]) + p.encode() for p in PIECES))
FRAME_S = 0.02
AROUND_S = EDGE_S + TAIL_S


def sound(seconds: float, level: int = 8000) -> bytes:
    return np.full(round(seconds * RATE), level, "<i2").tobytes()


def room(seconds: float) -> bytes:
    return sound(seconds, 10)


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * RATE))


class Model:
    """Writes what comes next in `texts`, and the last again; each look takes `takes_s`."""

    vocabulary = VOCABULARY

    def __init__(self) -> None:
        self.texts: list[Sequence[int]] = [(ONE, STOP)]
        self.confidence = 0.9
        self.stop = 0.9
        self.end = 0.0
        self.takes_s = 0.0
        self.now = 0.0
        self.looks: list[tuple[Array, tuple[int, ...], tuple[int, ...]]] = []
        self.sounds_over = 0.0
        self.ends: list[int] = []

    def clock(self) -> float:
        return self.now

    def write(self, samples: Array, given: Sequence[int], guess: Sequence[int]) -> Writing:
        self.looks.append((samples, tuple(given), tuple(guess)))
        self.now += self.takes_s
        tokens = tuple(self.texts.pop(0) if len(self.texts) > 1 else self.texts[0])
        scores = (float(np.log(self.confidence)),) * len(tokens)
        return Writing(tokens, scores, self.stop, self.end)

    def ending(self, ends: int) -> Array:
        self.ends.append(ends)
        return np.array([self.sounds_over, 0.0])

    def heard_s(self) -> float:
        """How much the last look saw, without the silence around it."""
        return len(self.looks[-1][0]) / RATE - AROUND_S


class Desk:
    """A recogniser, its model, and what it told."""

    def __init__(self, *texts: Sequence[int]) -> None:
        self.model = Model()
        self.model.texts = list(texts) or self.model.texts
        weights = np.array([1.0, 0.0, 0.0])
        self.recognizer = Recognizer(cast("Any", self.model), self.model.clock, weights)
        self.told: list[Said] = []

    @property
    def looks(self) -> int:
        return len(self.model.looks)

    def hear(self, pcm: bytes) -> "Desk":
        """In frames, as in a call."""
        size = 2 * round(FRAME_S * RATE)
        for begin in range(0, len(pcm), size):
            said = self.recognizer.hear(pcm[begin : begin + size])
            self.told += [said] if said is not None else []
        return self

    def looks_at(self) -> float:
        """Where the voice was last taken to have ended, in seconds of what was heard."""
        return self.model.ends[-1] / RATE - EDGE_S

    def texts(self) -> list[str]:
        return [said.text for said in self.told]

    def finish(self) -> str:
        return self.recognizer.finish().text


# When it looks


def test_who_is_behind_looks_once() -> None:
    desk = Desk()
    for _ in range(5):
        assert desk.recognizer.hear(sound(0.5), more=True) is None
    assert desk.looks == 0
    assert desk.recognizer.hear(sound(0.5)) == Said("one.", _over(0.9, 0.0))
    assert desk.looks == 1


def test_what_is_too_long_is_cut_even_by_who_is_behind() -> None:
    desk = Desk()
    for _ in range(round(LIMIT_S)):
        desk.recognizer.hear(sound(1.0), more=True)
    assert desk.looks == 0
    desk.recognizer.hear(sound(1.0), more=True)
    assert desk.looks == 2  # at what was settled, and at the rest


def test_it_looks_whenever_there_is_enough_that_is_new() -> None:
    desk = Desk().hear(sound(FIRST_S - FRAME_S))
    assert desk.looks == 0
    desk.hear(sound(FRAME_S))
    assert desk.looks == 1
    desk.hear(sound(0.24))
    assert desk.looks == 1
    desk.hear(sound(FRAME_S))
    assert desk.looks == 2
    assert desk.model.heard_s() == pytest.approx(FIRST_S + 0.26, abs=0.001)


def test_who_needs_long_looks_seldom() -> None:
    desk = Desk()
    desk.model.takes_s = 0.25
    desk.hear(sound(FIRST_S)).hear(sound(0.25 / SHARE - FRAME_S))
    assert desk.looks == 1
    desk.model.takes_s = 0.0
    desk.hear(sound(FRAME_S))
    assert desk.looks == 2
    desk.hear(sound(0.26))
    assert desk.looks == 3  # as often as before when it is quick again


def test_digital_silence_is_never_worth_a_look() -> None:
    desk = Desk().hear(silence(30.0))
    assert desk.finish() == ""
    desk.hear(sound(0.08)).hear(silence(1.9)).hear(sound(0.02))
    assert desk.looks == 0
    desk.hear(b"")
    assert desk.looks == 0


def test_a_pause_is_looked_at_once_and_its_final_text_costs_nothing() -> None:
    desk = Desk((ONE,), (ONE, TWO)).hear(room(0.4) + sound(0.4))
    looks = desk.looks
    desk.hear(room(LULL_S - FRAME_S))
    assert desk.looks == looks
    desk.hear(room(FRAME_S))
    assert desk.looks == looks + 1
    desk.hear(room(0.1))
    assert desk.finish() == "one two"
    assert desk.looks == looks + 1


def test_a_pause_of_digital_silence_is_looked_at_as_well() -> None:
    desk = Desk().hear(sound(FIRST_S + 0.06) + silence(LULL_S))
    assert desk.looks == 2
    desk.finish()
    assert desk.looks == 2


def test_what_was_due_waits_for_the_end_of_a_pause_that_has_begun() -> None:
    desk = Desk().hear(room(FIRST_S + PARTIAL_S) + sound(PARTIAL_S - FRAME_S))
    looks = desk.looks
    desk.hear(room(2 * FRAME_S))
    assert desk.looks == looks
    desk.hear(sound(FRAME_S))
    assert desk.looks == looks + 1


def test_what_was_in_a_final_text_is_not_new() -> None:
    desk = Desk().hear(room(0.4) + sound(0.4) + room(LULL_S + 0.04))
    desk.finish()
    looks = desk.looks
    desk.hear(room(FIRST_S - FRAME_S))
    assert desk.looks == looks
    desk.hear(room(FRAME_S))
    assert desk.looks == looks + 1


def test_words_after_the_look_at_a_pause_are_looked_at_for_the_final_text() -> None:
    desk = Desk((ONE,), (ONE, TWO)).hear(room(0.4) + sound(0.4) + room(LULL_S))
    looks = desk.looks
    desk.hear(sound(FRAME_S) + room(FRAME_S))
    desk.finish()
    assert desk.looks == looks + 1


def test_soft_words_that_were_taken_for_a_pause_are_in_the_final_text() -> None:
    desk = Desk((ONE,), (ONE, TWO)).hear(room(0.4) + sound(0.4) + room(LULL_S))
    looks = desk.looks
    desk.recognizer.hear(room(FIRST_S), more=True)
    assert desk.looks == looks
    desk.finish()
    assert desk.looks == looks + 1


def test_what_was_looked_at_before_the_pause_began_is_looked_at_again() -> None:
    desk = Desk().hear(sound(FIRST_S) + room(0.02))
    assert desk.looks == 1
    desk.finish()
    assert desk.looks == 2


def test_who_needs_long_does_not_look_at_every_pause() -> None:
    desk = Desk()
    desk.model.takes_s = 0.25
    desk.hear(sound(FIRST_S) + sound(0.1) + silence(0.2))
    assert desk.looks == 1
    desk.hear(sound(0.4) + silence(LULL_S))
    assert desk.looks == 2


def test_a_click_is_not_worth_a_look() -> None:
    assert Desk().hear(sound(FIRST_S - FRAME_S) + silence(0.5)).looks == 0


def test_there_is_silence_around_what_the_model_hears() -> None:
    desk = Desk().hear(silence(1.0) + sound(0.3))
    samples, given, guess = desk.model.looks[0]
    edge, tail = round(EDGE_S * RATE), round(TAIL_S * RATE)
    assert not samples[:edge].any()
    assert not samples[-tail:].any()
    assert samples[edge:-tail] == pytest.approx(8000 / 32768)
    assert samples.dtype == np.float32
    assert (given, guess) == ((), ())


# What it tells


def test_only_news_are_told() -> None:
    desk = Desk((ONE,), (ONE,), (ONE, TWO), (ONE, TWO)).hear(sound(0.95))
    assert desk.looks == 4
    assert desk.texts() == ["one", "one two"]
    assert [guess for _, _, guess in desk.model.looks] == [(), (ONE,), (ONE,), (ONE, TWO)]


def test_what_is_taken_back_is_news() -> None:
    assert Desk((ONE,), (STOP,), (TWO,)).hear(sound(0.9)).texts() == ["one", "", "two"]


def test_the_end_of_a_turn_is_judged_with_the_words() -> None:
    desk = Desk((ONE, STOP))
    desk.model.stop = 0.9
    (said,) = desk.hear(sound(0.3)).told
    assert said == Said("one.", _over(0.9, 0.0))
    assert desk.recognizer.finish() == said
    assert desk.recognizer.finish() == Said("", None)


def test_a_final_result_without_anything_new_costs_nothing() -> None:
    desk = Desk((ONE,)).hear(sound(FIRST_S) + silence(0.5))
    assert desk.looks == 1
    assert desk.finish() == "one"
    assert desk.finish() == ""
    assert desk.looks == 1
    desk.hear(sound(0.02))
    desk.finish()
    assert desk.looks == 2  # a little that is new is looked at, too


@pytest.mark.parametrize("mark", [STOP, COMMA])
def test_what_is_final_begins_the_next_text_without_its_mark(mark: int) -> None:
    desk = Desk((ONE, COMMA, TWO, mark), (THREE, mark), (FOUR, mark)).hear(sound(FIRST_S))
    assert desk.finish() == VOCABULARY.text((ONE, COMMA, TWO, mark))
    desk.hear(silence(0.6) + sound(FIRST_S))
    assert desk.model.looks[-1][1:] == ((ONE, COMMA, TWO), ())
    assert desk.finish() == VOCABULARY.text((THREE, mark))
    desk.hear(sound(FIRST_S))
    assert desk.model.looks[-1][1] == (ONE, COMMA, TWO, THREE)
    assert desk.texts()[-1] == VOCABULARY.text((FOUR, mark))


def test_a_mark_of_what_is_final_does_not_begin_the_next_text() -> None:
    desk = Desk((ONE, STOP), (COMMA, TWO, STOP)).hear(sound(FIRST_S))
    desk.finish()
    assert desk.hear(sound(FIRST_S)).texts() == ["one.", "two."]
    assert desk.finish() == "two."
    desk.hear(sound(0.26))
    assert desk.model.looks[-1][1] == (ONE, COMMA, TWO)


def test_the_same_words_again_are_news_after_a_final_result() -> None:
    desk = Desk((ONE,)).hear(sound(0.26))
    desk.finish()
    assert desk.hear(sound(0.26)).texts() == ["one", "one"]


# What it hears together


def test_pauses_are_as_long_as_they_are_up_to_a_limit() -> None:
    desk = Desk().hear(sound(FIRST_S) + silence(0.4) + sound(0.26))
    assert desk.model.heard_s() == pytest.approx(FIRST_S + 0.4 + 0.26, abs=0.001)
    desk = Desk().hear(sound(FIRST_S) + silence(PAUSE_S + 0.5) + sound(0.26))
    assert desk.model.heard_s() == pytest.approx(FIRST_S + PAUSE_S + 0.26, abs=0.001)
    samples = desk.model.looks[-1][0]
    begin = round((EDGE_S + FIRST_S) * RATE)
    assert not samples[begin : begin + RATE].any()


def test_what_comes_after_a_long_silence_is_heard_by_itself() -> None:
    desk = Desk().hear(sound(0.26))
    desk.finish()
    desk.hear(silence(APART_S + 0.1) + sound(FIRST_S))
    assert desk.model.heard_s() == pytest.approx(FIRST_S, abs=0.001)
    assert desk.model.looks[-1][1:] == ((), ())


def test_what_is_not_final_is_kept_whatever_the_silence() -> None:
    desk = Desk((ONE,), (ONE, TWO)).hear(sound(FIRST_S) + silence(9.0) + sound(0.26))
    assert desk.model.heard_s() == pytest.approx(FIRST_S + 0.26 + PAUSE_S, abs=0.001)
    assert desk.finish() == "one two"


def test_what_was_not_looked_at_is_kept_whatever_the_silence() -> None:
    desk = Desk((), (ONE,))
    desk.model.takes_s = 1.0
    desk.hear(sound(FIRST_S) + sound(0.9) + silence(9.0) + sound(0.1))
    assert desk.looks == 1
    assert desk.finish() == "one"
    assert desk.model.heard_s() == pytest.approx(FIRST_S + 1.0 + PAUSE_S, abs=0.001)


def test_a_sound_too_short_for_words_is_forgotten_in_a_long_silence() -> None:
    desk = Desk().hear(sound(FIRST_S - 0.02) + silence(APART_S + 0.1) + sound(FIRST_S))
    assert desk.model.heard_s() == pytest.approx(FIRST_S, abs=0.001)


def test_the_rest_of_a_sound_does_not_join_what_was_final_to_what_comes_much_later() -> None:
    for rest_s in (FIRST_S - 0.02, FIRST_S):
        desk = Desk((ONE, STOP), (), (), (TWO, STOP)).hear(sound(FIRST_S))
        assert desk.finish() == "one."
        desk.hear(sound(rest_s) + silence(APART_S + 0.1))
        desk.model.texts = [(TWO, STOP)]
        desk.hear(sound(FIRST_S))
        assert desk.model.heard_s() == pytest.approx(FIRST_S, abs=0.001)
        assert desk.model.looks[-1][1] == ()
        assert desk.finish() == "two."


def test_words_after_a_final_result_are_kept_whatever_the_silence() -> None:
    desk = Desk((ONE,), (TWO,), (TWO, THREE)).hear(sound(FIRST_S))
    desk.finish()
    desk.hear(sound(FIRST_S) + silence(9.0) + sound(0.26))
    assert desk.model.looks[-1][1] == (ONE,)
    assert desk.finish() == "two three"


def test_long_speech_is_not_heard_again_once_it_is_final() -> None:
    desk = Desk().hear(sound(LONGEST_S - 0.5))
    desk.finish()
    desk.hear(sound(0.6))
    assert desk.model.heard_s() > LONGEST_S - 0.5
    desk.finish()
    desk.hear(sound(FIRST_S))
    assert desk.model.heard_s() == pytest.approx(FIRST_S, abs=0.001)
    assert desk.model.looks[-1][1] == ()


def spoken(seconds: float, soft_at: float) -> bytes:
    """Speech with one soft place."""
    pcm = np.full(round(seconds * RATE), 8000, "<i2")
    place = round(soft_at * RATE)
    pcm[place : place + round(0.06 * RATE)] = 10
    return pcm.tobytes()


def test_speech_without_an_end_is_cut_where_it_is_softest() -> None:
    desk = Desk((ONE,))
    desk.hear(sound(LIMIT_S - SEEK_S - 5.0) + spoken(7.9, 6.5))
    assert desk.model.heard_s() > LIMIT_S - 0.4
    desk.model.texts = [(ONE, TWO, STOP), (THREE,)]
    looks = desk.looks
    desk.hear(sound(0.3))
    assert desk.looks == looks + 2
    cut, rest = (len(samples) / RATE - AROUND_S for samples, _, _ in desk.model.looks[-2:])
    assert cut == pytest.approx(LIMIT_S - SEEK_S - 5.0 + 6.5, abs=0.041)
    assert cut + rest == pytest.approx(LIMIT_S, abs=0.3)
    assert desk.model.looks[-1][1:] == ((), ())
    assert desk.texts()[-1] == "one two. three"
    desk.model.texts = [(THREE, FOUR)]
    desk.hear(sound(0.3))
    assert desk.model.looks[-1][2] == (THREE,)
    assert desk.finish() == "one two. three four"
    assert desk.finish() == ""


def test_a_long_speech_is_cut_again_and_nothing_of_it_is_lost() -> None:
    desk = Desk((ONE,)).hear(sound(2.5 * LIMIT_S))
    assert desk.finish() == "one one one"
    cut = [0.0]
    for samples, _, _ in desk.model.looks:
        cut.append(max(cut[-1], len(samples) / RATE - AROUND_S))
    assert cut[-1] <= LIMIT_S + 2 * PARTIAL_S


def test_silence_at_the_end_of_what_was_cut_says_nothing_of_the_turn() -> None:
    desk = Desk((ONE,)).hear(sound(LIMIT_S))
    desk.model.texts = [(TWO,), ()]
    desk.hear(sound(0.3))
    assert desk.recognizer.finish() == Said("two", None)


# What is believed


@pytest.mark.parametrize(("confidence", "text"), [(DOUBTED - 0.01, ""), (DOUBTED + 0.01, "one")])
def test_words_that_are_doubted_are_final_and_noise_is_not(confidence: float, text: str) -> None:
    desk = Desk((ONE,))
    desk.model.confidence = confidence
    desk.hear(sound(0.3))
    assert desk.texts() == []
    assert desk.recognizer.finish() == Said(text, _over(0.9, 0.0) if text else None)


def test_words_that_are_doubted_are_not_told_before_they_are_final() -> None:
    desk = Desk((ONE,))
    desk.model.confidence = LEAST_CONFIDENCE - 0.01
    desk.hear(sound(FEW_S + 0.5))
    assert desk.texts() == []
    assert desk.finish() == "one"


@pytest.mark.parametrize(("confidence", "text"), [(SURE - 0.01, ""), (SURE + 0.01, "one")])
def test_what_the_decoder_said_again_and_again_must_be_certain(
    confidence: float, text: str
) -> None:
    desk = Desk((ONE,))
    desk.model.confidence, desk.model.end = confidence, -np.inf
    desk.hear(sound(FEW_S + 0.5))
    assert desk.finish() == text


def test_while_little_was_said_words_must_be_more_certain_until_the_end() -> None:
    desk = Desk((ONE,))
    desk.model.confidence = SURE - 0.01
    desk.hear(sound(FEW_S - 0.02))
    assert desk.texts() == []
    desk.hear(sound(0.3))
    assert desk.texts() == ["one"]


def test_what_makes_no_sense_as_a_continuation_is_heard_by_itself() -> None:
    desk = Desk((ONE, STOP), (), (TWO,)).hear(sound(FIRST_S))
    desk.finish()
    desk.hear(silence(0.5) + sound(FIRST_S))
    assert [given for _, given, _ in desk.model.looks] == [(), (ONE,), ()]
    assert desk.model.heard_s() == pytest.approx(0.5 + FIRST_S, abs=0.001)
    assert desk.finish() == "two"


def test_a_full_stop_that_may_be_none_is_not_written() -> None:
    desk = Desk((ONE, STOP))
    desk.model.stop = 0.7
    desk.hear(sound(0.3))
    assert desk.texts() == ["one"]


@pytest.mark.parametrize("tokens", [(YOU,), (YOU, STOP), (THANK, YOU), (THANK, YOU, STOP)])
def test_what_is_heard_in_noise_must_be_certain(tokens: tuple[int, ...]) -> None:
    least = HALLUCINATED[VOCABULARY.text(tokens).lower().rstrip(".")]
    desk = Desk(tokens, (*tokens, ONE))
    desk.model.confidence = least - 0.01
    assert desk.hear(sound(FIRST_S)).texts() == []
    assert desk.hear(sound(FIRST_S)).texts() == [VOCABULARY.text((*tokens, ONE))]
    desk = Desk(tokens)
    desk.model.confidence = least
    assert desk.hear(sound(0.3)).texts() == [VOCABULARY.text(tokens)]


@pytest.mark.parametrize("tokens", [(), (STOP,), (BLANK,), (COMMA, STOP)])
def test_marks_alone_are_no_words(tokens: tuple[int, ...]) -> None:
    desk = Desk(tokens).hear(sound(0.3))
    assert desk.told == []
    assert desk.recognizer.finish() == Said("", None)


def test_a_mark_at_the_end_speaks_for_the_end_of_the_turn_less_than_its_probability() -> None:
    values = [_over(stop, 0.0) for stop in (0.0, 0.01, 0.2, 0.5, 0.8, 0.99, 1.0)]
    assert values == sorted(values)
    assert values[0] == values[1]
    assert values[-2] == values[-1]
    assert all(0.05 < value < 0.8 for value in values)
    assert _over(0.5, 0.0) < 0.5 < _over(0.9, 0.0)
    assert _over(1 / (1 + np.exp(-worker.BALANCE)), 0.0) == pytest.approx(0.5)


def test_what_the_sound_says_adds_to_it_in_log_odds() -> None:
    for ending in (-3.0, 0.5, 2.0):
        plain, more = (log_odds(_over(0.9, said)) for said in (0.0, ending))
        assert more - plain == pytest.approx(ending)


@pytest.mark.parametrize(("sounds", "counts"), [(-9.0, -3.0), (-1.0, -1.0), (2.0, 2.0), (9.0, 3.0)])
def test_how_the_voice_ends_counts_and_within_bounds(sounds: float, counts: float) -> None:
    desk = Desk((ONE, TWO, STOP))
    desk.model.sounds_over = sounds
    desk.hear(sound(1.0) + room(LULL_S))
    assert desk.recognizer.finish() == Said("one two.", _over(0.9, counts))
    assert desk.looks_at() == pytest.approx(1.0, abs=FRAME_S)
    assert desk.recognizer.finish() == Said("", None)


def test_nothing_has_ended_before_a_pause() -> None:
    desk = Desk((ONE, TWO), (ONE, TWO, THREE), (ONE, TWO, THREE, FOUR))
    desk.model.sounds_over = 2.0
    desk.hear(sound(2.0))
    assert [said.over for said in desk.told] == [_over(0.9, 0.0)] * 3
    assert desk.model.ends == []


def test_words_that_were_said_quickly_are_no_phrase_that_could_go_on() -> None:
    desk = Desk((ONE, TWO, STOP))
    desk.model.sounds_over = -2.0
    desk.hear(sound(PHRASE_S - FRAME_S) + room(0.5))
    assert desk.recognizer.finish() == Said("one two.", _over(0.9, 0.0))
    desk.hear(sound(PHRASE_S - FRAME_S) + silence(0.5))
    assert desk.recognizer.finish() == Said("one two.", _over(0.9, 0.0)), "what was final is not it"
    desk.hear(sound(PHRASE_S + FRAME_S) + silence(0.5))
    assert desk.recognizer.finish() == Said("one two.", _over(0.9, -2.0))


def test_a_word_by_itself_is_no_phrase_that_could_go_on() -> None:
    desk = Desk((ONE, STOP))
    desk.model.sounds_over = -2.0
    desk.hear(sound(1.0) + room(0.5))
    assert desk.recognizer.finish() == Said("one.", _over(0.9, 0.0))


def test_where_the_voice_ends_is_told_from_where_it_became_soft() -> None:
    desk = Desk((ONE, TWO, STOP))
    desk.hear(sound(1.0) + room(0.1) + silence(0.3))
    desk.recognizer.finish()
    assert desk.looks_at() == pytest.approx(1.0, abs=FRAME_S)


def test_what_was_learned_comes_with_parley() -> None:
    weights = Recognizer(cast("Any", Model()))._weights
    assert weights.shape == (289,)
    assert weights.dtype == np.float32
    assert np.abs(weights).max() > 0.0


# Calls


def test_nothing_of_one_call_reaches_the_next() -> None:
    desk = Desk((ONE, TWO, STOP))
    desk.model.takes_s = 5.0
    desk.hear(sound(LIMIT_S + 0.6))
    desk.recognizer.finish()
    desk.hear(silence(0.3) + sound(LIMIT_S + 0.6) + silence(0.5))
    desk.recognizer.open()
    desk.model.texts = [(THREE,)]
    desk.told = []
    assert desk.finish() == ""
    looks = desk.looks
    desk.hear(sound(FIRST_S))
    assert desk.looks == looks + 1
    assert desk.model.heard_s() == pytest.approx(FIRST_S, abs=0.001)
    assert desk.model.looks[-1][1:] == ((), ())
    assert desk.texts() == ["three"]
    assert desk.finish() == "three"


def test_a_soft_caller_after_a_loud_one_is_no_pause() -> None:
    desk = Desk().hear(room(0.4) + sound(1.0))
    desk.recognizer.open()
    looks = desk.looks
    desk.hear(sound(FIRST_S + 0.06, 200) + silence(LULL_S))
    assert desk.looks == looks + 2


def test_the_final_text_is_asked_for_once_a_pause_was_looked_at_and_no_later() -> None:
    assert LULL_S < MoonshineStt.capabilities.finalize_after_s < SttCapabilities().finalize_after_s


def test_each_request_is_answered_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    desk = Desk((ONE, STOP))
    monkeypatch.setattr(worker, "model_path", lambda name: tmp_path / name)
    loaded = {(tmp_path / "moonshine", time.thread_time): desk.recognizer}
    monkeypatch.setattr(worker, "recognizer", lambda *files_and_clock: loaded[files_and_clock])
    requests = [
        (OPEN, b"7 "),
        (AUDIO, b"7 " + sound(0.1)),
        (AUDIO, b"7 " + sound(0.2)),
        (FINALIZE, b"7 "),
        (FINALIZE, b"7 "),
        (AUDIO, b"7 " + sound(0.1)),
        (LEAVE, b"7 "),
        (OPEN, b"8 "),
        (FINALIZE, b"8 "),
        (LEAVE, b"9 "),
    ]
    told = RequestPipe(requests, one_by_one=True).served(serve)
    assert not gc.isenabled()
    gc.enable()
    said = json.dumps(["one.", _over(0.9, 0.0)]).encode()
    nothing = json.dumps(["", None]).encode()
    one = [b"7 " + answer for answer in (b"", b"", said, said, nothing, b"", b"")]
    answers = [b"", *one, b"8 ", b"8 " + nothing, b"9 "]
    assert told == [("answer", answer) for answer in answers]


def test_calls_at_the_same_time_share_only_what_does_not_change() -> None:
    first, second = Desk((ONE, STOP)), Desk()
    second.recognizer = first.recognizer.another()
    first.hear(sound(1.0))
    assert second.finish() == ""
    assert first.finish() == "one."
    assert second.recognizer._grammars is first.recognizer._grammars
    assert second.recognizer._model is not first.recognizer._model  # it knows its last text
    assert second.recognizer._model.vocabulary is first.recognizer._model.vocabulary


def test_the_model_is_read_from_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    given: list[tuple[Path | bytes, ...]] = []
    monkeypatch.setattr(worker, "MoonshineModel", lambda *files: given.append(files))
    worker.recognizer(tmp_path)
    encoder, decoder, vocabulary = names
    assert given == [(tmp_path / encoder, tmp_path / decoder, vocabulary.encode())]
