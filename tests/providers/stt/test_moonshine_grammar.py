"""Grammars as automata of tokens, and the search for what is said of them."""

import gc
import math
import os
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from parley.audio.files import read_recording
from parley.audio.formats import INBOUND
from parley.errors import MissingModelError
from parley.models import model_path
from parley.providers.stt.moonshine_grammar import STEP, Expected, forms
from parley.providers.stt.moonshine_model import BEGIN, END, Vocabulary, Writing
from parley.providers.stt.moonshine_search import Search
from parley.providers.stt.moonshine_worker import Recognizer, recognizer
from parley.providers.stt.requests import UnusableGrammar, at_once

SPEECH = Path(os.environ.get("PARLEY_SPEECH", Path(__file__).parents[4] / "shared" / "speech"))

PIECES = (
    *("<unk>", "<s>", "</s>"),
    *("▁y", "es", "▁yes", "▁no", "▁No", "▁Yes", "▁left", "▁ten", "▁thirty", "▁twenty", "first"),
    *("N", "Y", "▁N", "▁Y"),
    *("▁", "a", "b", "e", "f", "h", "i", "l", "n", "o", "p", "r", "s", "t", "u", "w", "y", "L"),
    *("1", "0", "2", "3", "st", ".", "-", ",", "?", "!", ":", ";", "…", "...", "'", "▁please"),
    *("4", "5", "6", "7", "8", "9", "▁up"),
)


def vocabulary(pieces: Sequence[str] = PIECES) -> Vocabulary:
    coded = [piece.encode() for piece in pieces]
    return Vocabulary(b"".join(bytes([len(piece)]) + piece for piece in coded))


WORDS = vocabulary()
SEARCH = Search(WORDS)


def expected(rule: str) -> Expected:
    return at_once(Expected.read(f"#JSGF V1.0; grammar g; public <g> = {rule};", WORDS.tokens))


class Heard:
    """Tells how probable tokens are: as what was said, with a little for everything else."""

    def __init__(self, *said: tuple[str, float], other: float = 1e-6) -> None:
        self._said = [((*WORDS.tokens(text), END), chance) for text, chance in said]
        self._other = other
        self._texts: list[tuple[int, ...]] = [()]
        self.rows: list[int] = []

    def begin(self) -> npt.NDArray[np.float64]:
        return self._chances()

    def go_on(self, rows: Sequence[int], tokens: Sequence[int]) -> npt.NDArray[np.float64]:
        self.rows.append(len(rows))
        self._texts = [(*self._texts[r], t) for r, t in zip(rows, tokens, strict=True)]
        return self._chances()

    def _chances(self) -> npt.NDArray[np.float64]:
        found = np.full((len(self._texts), len(PIECES)), self._other)
        for row, text in enumerate(self._texts):
            fits = [(s, c) for s, c in self._said if s[: len(text)] == text and len(s) > len(text)]
            for said, chance in fits:
                found[row, said[len(text)]] += chance / sum(c for _, c in fits)
        logarithms: npt.NDArray[np.float64] = np.log(found)
        return logarithms


def written(text: str, chance: float = 0.9) -> Writing:
    tokens = WORDS.tokens(text)
    return Writing(tokens, (math.log(chance),) * len(tokens), 0.5, 0.0)


def is_of(rule: str, text: str) -> bool:
    return at_once(SEARCH.is_of(expected(rule), WORDS.tokens(text)))


def test_a_text_is_cut_into_the_tokens_that_were_learned_first() -> None:
    assert WORDS.tokens(" yes") == (PIECES.index("▁yes"),)
    assert WORDS.tokens(" ye") == (PIECES.index("▁y"), PIECES.index("e"))
    with pytest.raises(ValueError, match="cannot write 'ж'"):
        WORDS.tokens(" noж")


@pytest.mark.parametrize(
    ("word", "also"),
    [("yes", "Yes"), ("five", "5"), ("third", "3rd"), ("twentieth", "20th"), ("p.m.", "PM")],
)
def test_a_word_may_be_written_in_several_ways(word: str, also: str) -> None:
    assert {word, also} <= set(forms(word))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("yes | no", " yes"),
        ("yes | no", " No."),
        ("yes [please]", " Yes, please!"),
        ("yes+", " yes yes, yes"),
        ("yes* no", " no"),
        ("(yes | yes please) no", " yes please no"),
        ("ten thirty", " 10.30"),
        ("ten thirty", " ten 30"),
        ("twenty first", " 21st"),
        ("twenty first", " twenty-first"),
        ("l e f t", " l-e-f-t"),
        ("yes", ", yes."),
    ],
)
def test_what_a_grammar_allows_is_of_it_however_it_is_written(rule: str, text: str) -> None:
    assert is_of(rule, text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("yes | no", " yes no"),
        ("yes | no", " ye"),
        ("yes | no", ""),
        ("yes+", " yes no"),
        ("yes no", " yes"),
        ("yes", " yes...,"),
        ("yes", "...,- yes"),
        ("/0/ yes | no", " yes"),
        ("yes no", " yesno"),
    ],
)
def test_all_else_is_not(rule: str, text: str) -> None:
    assert not is_of(rule, text)


def test_words_that_cannot_be_written_are_passed_over() -> None:
    grammar = expected("yes | жук")
    assert grammar.unknown == ["жук"]
    assert at_once(SEARCH.is_of(grammar, WORDS.tokens(" yes")))
    with pytest.raises(ValueError, match="no word of it can be written: жук"):
        expected("жук")


def test_a_grammar_that_cannot_be_read_is_refused_with_the_place() -> None:
    with pytest.raises(ValueError, match="line 1, column"):
        expected("yes | ")


def test_a_grammar_that_goes_round_without_a_word_comes_to_an_end() -> None:
    assert is_of("([yes]*)* no", " no")


def test_a_grammar_is_forgotten_without_a_search_for_circles() -> None:
    grammar = expected("(left | up | <h>)+ [yes]; <h> = twenty first | ten")
    assert at_once(SEARCH.best(grammar, Heard((" left up 21st yes", 1.0)))) is not None
    known = weakref.WeakSet(grammar.states)
    assert len(known) > 2
    gc.disable()
    del grammar
    left = len(known)
    gc.enable()
    assert not left


def test_a_grammar_is_read_and_searched_in_small_steps() -> None:
    words = " | ".join(f"{a}{b}{c}" for a in "aeilnoprst" for b in "aeinor" for c in "efhilnoprst")
    text = f"#JSGF V1.0; grammar g; public <g> = <w> <w>; <w> = {words};"
    read, steps = Expected.read(text, WORDS.tokens), 0
    while True:
        try:
            next(read)
        except StopIteration as end:
            grammar = end.value
            break
        steps += 1
    assert steps >= 2 * words.count("|") // STEP
    assert at_once(SEARCH.is_of(grammar, WORDS.tokens(" let up"))) is False
    assert at_once(SEARCH.is_of(grammar, WORDS.tokens(" ten pan"))) is True


def test_a_grammar_that_allows_too_much_at_once_is_refused() -> None:
    rules = [f"<r{n}> = {' | '.join([f'[<r{n + 1}>] [<r{n + 1}>]'] * 4)} | yes;" for n in range(6)]
    with pytest.raises(UnusableGrammar, match="too much at once"):
        expected(f"<r0>; {' '.join(rules)} <r6> = yes | no")


def test_the_most_probable_text_of_the_grammar_is_found() -> None:
    found = at_once(SEARCH.best(expected("left | up"), Heard((" let.", 0.8), (" left.", 0.2))))
    assert found is not None
    assert found.words == ("left",)
    assert WORDS.text(found.writing.tokens) == "left."
    assert found.writing.stop == pytest.approx(1.0, abs=0.01)


def test_figures_are_found_as_the_words_of_the_grammar() -> None:
    found = at_once(SEARCH.best(expected("ten thirty | twenty first"), Heard((" 21st.", 1.0))))
    assert found is not None
    assert found.words == ("twenty", "first")


def test_weights_decide_between_what_is_heard_alike() -> None:
    heard = (" yes", 0.5), (" no", 0.5)
    for rule, word in (("/9/ yes | no", "yes"), ("yes | /9/ no", "no")):
        found = at_once(SEARCH.best(expected(rule), Heard(*heard)))
        assert found is not None
        assert found.words == (word,)


def test_few_texts_are_followed_at_once() -> None:
    heard = Heard((" left up no yes", 1.0))
    assert (
        at_once(SEARCH.best(expected("(left | up | no | yes | ten | thirty)+"), heard)) is not None
    )
    assert max(heard.rows) <= 4
    assert len(heard.rows) <= 60


def test_a_search_ends_where_nothing_is_probable_enough() -> None:
    heard = Heard((" up", 1.0))
    assert at_once(SEARCH.best(expected("yes yes yes | no no no"), heard, floor=-4.0)) is None
    assert heard.rows == [1]


def test_what_is_nearly_expected_is_taken_for_it() -> None:
    heard = Heard((" let.", 0.7), (" left.", 0.3))
    found = at_once(SEARCH.instead(expected("left | up"), heard, written(" let.")))
    assert found is not None
    assert found.words == ("left",)


@pytest.mark.parametrize(
    ("free", "heard"),
    [
        (written(" left."), Heard((" left.", 1.0))),
        (written(" let."), Heard((" let.", 0.99), (" left.", 0.01))),
        (written(" let us see her.", 0.35), Heard((" let us see her.", 1.0), (" left.", 1e-5))),
    ],
    ids=["it is expected as it is", "it is much more probable", "what is expected hardly is"],
)
def test_what_is_written_freely_stays(free: Writing, heard: Heard) -> None:
    assert at_once(SEARCH.instead(expected("left | up"), heard, free)) is None


def test_what_allows_nothing_else_takes_what_is_next_best_or_nothing() -> None:
    found = at_once(SEARCH.strictly(expected("left | up"), Heard((" let.", 0.9), (" left.", 0.1))))
    assert found is not None
    assert found.words == ("left",)
    assert at_once(SEARCH.strictly(expected("left | up"), Heard((" no.", 1.0)))) is None


class Model:
    """Hears the same in every recording."""

    def __init__(self, free: Writing, *said: tuple[str, float]) -> None:
        self.vocabulary = WORDS
        self._free = free
        self._said = said
        self.searched = 0

    def write(
        self, samples: object, given: Sequence[int] = (), guess: Sequence[int] = ()
    ) -> Writing:
        assert BEGIN not in given
        return self._free

    def branches(self) -> Heard:
        self.searched += 1
        return Heard(*self._said)


LEFT = "#JSGF V1.0; grammar g; public <g> = left | up;"
NO = "#JSGF V1.0; grammar g; public <g> = yes | no;"
SECOND = b"\x01\x00" * INBOUND.sample_rate
QUIET = bytes(2 * INBOUND.sample_rate)


def made(model: Model) -> Recognizer:
    return Recognizer(model, clock=lambda: 0.0)  # type: ignore[arg-type]


def test_a_final_result_is_what_is_expected_and_one_before_it_is_not() -> None:
    model = Model(written(" let."), (" let.", 0.7), (" left.", 0.3))
    ears = made(model)
    ears.expect(LEFT)
    partial = ears.hear(SECOND)
    assert partial is not None
    assert partial.text == "let"
    assert not model.searched
    said = ears.finish()
    assert said.text == "left"
    assert said.over is not None


def test_without_a_grammar_nothing_is_searched_for() -> None:
    model = Model(written(" let."), (" let.", 0.7), (" left.", 0.3))
    ears = made(model)
    ears.expect(LEFT)
    ears.expect("")
    ears.hear(SECOND)
    assert ears.finish().text == "let"
    assert not model.searched


def test_what_is_expected_counts_from_the_next_utterance_on() -> None:
    ears = made(Model(written(" let."), (" let.", 0.7), (" left.", 0.3)))
    ears.hear(SECOND)
    ears.expect(LEFT)
    assert ears.finish().text == "let"
    ears.hear(SECOND)
    assert ears.finish().text == "left"


def test_the_rest_of_a_pause_does_not_keep_what_is_expected_waiting() -> None:
    ears = made(Model(written(" let."), (" let.", 0.7), (" left.", 0.3)))
    loud = b"\x00\x20" * INBOUND.sample_rate
    ears.hear(SECOND + loud)
    ears.hear(SECOND[: len(SECOND) // 10])
    ears.expect(LEFT)
    assert ears.finish().text == "let"
    ears.hear(loud)
    assert ears.finish().text == "left"


def test_noise_that_nobody_asked_about_does_not_keep_what_is_expected_waiting() -> None:
    ears = made(Model(written(" let."), (" let.", 0.7), (" left.", 0.3)))
    ears.hear(SECOND)
    ears.expect(LEFT)
    ears.hear(QUIET)
    ears.hear(SECOND)
    assert ears.finish().text == "left"


@pytest.mark.parametrize(("chance", "text"), [(0.15, ""), (0.25, "let")])
def test_what_may_be_no_speech_does_not_become_what_is_expected(chance: float, text: str) -> None:
    ears = made(Model(written(" let.", chance), (" let.", 0.5), (" left.", 0.5)))
    ears.expect(LEFT)
    ears.hear(SECOND)
    assert ears.finish().text == text


def test_a_fault_of_the_decoder_gives_way_to_what_is_expected() -> None:
    fault = replace(written(" let.", 0.99), end=-math.inf)
    found = at_once(
        SEARCH.instead(expected("left | up"), Heard((" left.", 1e-5), (" no.", 1.0)), fault)
    )
    assert found is None
    found = at_once(
        SEARCH.instead(expected("left | up"), Heard((" left.", 0.1), (" no.", 0.9)), fault)
    )
    assert found is not None
    assert found.words == ("left",)


def test_what_goes_on_may_begin_with_a_mark() -> None:
    heard = Heard((", let.", 0.7), (", left.", 0.3))
    found = at_once(SEARCH.instead(expected("left | up"), heard, written(", let.")))
    assert found is not None
    assert found.words == ("left",)


def test_the_grammar_of_a_call_allows_nothing_else() -> None:
    ears = made(Model(written(" let."), (" let.", 0.9), (" left.", 0.1)))
    ears.open(LEFT)
    partial = ears.hear(SECOND)
    assert partial is not None
    assert partial.text == "left"
    assert ears.finish().text == "left"
    ears.open(NO)
    ears.hear(SECOND)
    assert ears.finish().text == ""
    ears.open()
    ears.hear(SECOND)
    assert ears.finish().text == "let"


def test_the_grammar_of_a_call_comes_back_after_another() -> None:
    ears = made(Model(written(" let."), (" let.", 0.9), (" left.", 0.1)))
    ears.open(LEFT)
    ears.expect(NO)
    ears.hear(SECOND)
    assert ears.finish().text == "let"
    ears.expect(LEFT)
    ears.hear(SECOND)
    assert ears.finish().text == "left"


@pytest.mark.parametrize("rule", ["yes", "ж | yes"])
def test_a_grammar_of_a_call_that_cannot_be_written_is_refused(rule: str) -> None:
    ears = made(Model(written(" yes"), (" yes", 1.0)))
    grammar = f"#JSGF V1.0; grammar g; public <g> = {rule};"
    ears.expect(grammar)
    if rule == "yes":
        ears.open(grammar)
        return
    with pytest.raises(ValueError, match="cannot write words of it: ж"):
        ears.open(grammar)


def test_many_grammars_are_not_all_kept() -> None:
    ears = made(Model(written(" yes"), (" yes", 1.0)))
    for n in range(30):
        ears.expect(f"#JSGF V1.0; grammar g{n}; public <g> = yes;")
    assert len(ears._grammars) == 10


@pytest.fixture(scope="module")
def ears() -> Recognizer:
    try:
        return recognizer(model_path("moonshine"))
    except MissingModelError:
        pytest.skip("the model of moonshine is not fetched")


WORDS_SAID = "zero five six seven eight nine left right stop go up down off on yes no"
ANSWERS = WORDS_SAID.split()
CLOSED = f"#JSGF V1.0; grammar g; public <g> = {' | '.join(ANSWERS)};"


def said(word: str) -> list[Path]:
    found = sorted((SPEECH / "answers" / word).glob("*.wav"))[:4]
    if not found:
        pytest.skip(f"there is no recorded speech in {SPEECH}")
    return found


def heard(ears: Recognizer, path: Path) -> str:
    ears.hear(read_recording(path).pcm)
    return ears.finish().text.lower().strip(" .!?")


def test_words_that_people_say_by_themselves_are_understood_where_they_are_expected(
    ears: Recognizer,
) -> None:
    wrong = {"": 0, CLOSED: 0}
    for grammar in wrong:
        for word in ANSWERS:
            for path in said(word):
                ears.open()
                ears.expect(grammar)
                wrong[grammar] += heard(ears, path) != word
    assert wrong[CLOSED] <= 0.7 * wrong[""]


def test_the_grammar_of_a_call_writes_its_own_words_alone(ears: Recognizer) -> None:
    texts = set()
    for word in ANSWERS:
        ears.open("#JSGF V1.0; grammar g; public <g> = left | right;")
        texts |= {heard(ears, path) for path in said(word)[:2]}
    assert {"left", "right"} <= texts <= {"left", "right", ""}
