"""Moonshine: its vocabulary, its bookkeeping with halves that are fakes, and the real model."""

import asyncio
import gc
import math
import weakref
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from parley.audio.resampling import resample
from parley.models import find_model
from parley.providers.protocols import TtsRequest
from parley.providers.stt import moonshine_model
from parley.providers.stt.moonshine_model import (
    BEGIN,
    END,
    HEAD_SIZE,
    HEADS,
    LAYERS,
    LEAST_TOKENS,
    RATE,
    REPEATS,
    STATE,
    Array,
    MoonshineModel,
    Vocabulary,
    Writing,
)
from parley.providers.tts.espeak import EspeakTts
from parley.runtime.vtime import VirtualLoop

# Vocabulary


def listed(*pieces: str | bytes) -> bytes:
    """The publisher's file with these pieces after those that begin and end a text."""
    file = b""
    for piece in ("<unk>", "<s>", "</s>", *pieces):
        data = piece.encode() if isinstance(piece, str) else piece
        length = len(data)
        file += bytes([length] if length < 128 else [length % 128 + 128, length // 128])
        file += data
    return file


def read(*pieces: str | bytes) -> tuple[Vocabulary, list[int]]:
    """A vocabulary, and its tokens in the order of the pieces."""
    return Vocabulary(listed(*pieces)), list(range(3, 3 + len(pieces)))


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 255, 256, 300, 1000])
def test_a_piece_is_as_long_as_the_bytes_before_it_say(length: int) -> None:
    vocabulary, (first, long, last) = read("▁one", "x" * length, "▁two")
    assert vocabulary.text([long]) == "x" * length
    assert vocabulary.text([first, last]) == "one two"


def test_pieces_make_words() -> None:
    vocabulary, tokens = read("▁I", "▁see", "ing", ".", "▁It", "'", "s", "▁", "▁")
    assert vocabulary.text(tokens) == "I seeing. It's"
    assert vocabulary.text([]) == ""


def test_a_character_may_be_written_in_several_pieces() -> None:
    vocabulary, (start, first, second) = read("▁caf", b"\xc3", b"\xa9")
    assert vocabulary.text([start, first, second]) == "café"
    assert vocabulary.text([start, first]) == "caf"


def test_what_is_no_latin_script_is_left_out() -> None:
    vocabulary, tokens = read("▁naïve", "▁„", "“", "’", "▁♪", "▁да", "字", "▁…", "–", "▁ok")
    assert vocabulary.text(tokens) == "naïve “’ …– ok"


def test_marks_are_told_from_words() -> None:
    vocabulary, tokens = read(".", "?", "!", ",", ";", ":", "-", "…", "...", "..", "▁.", "a", ".")
    stop, asks, calls, *pauses, dots, _, _, _, again = tokens
    assert vocabulary.stops == {stop, asks, calls, again}
    assert vocabulary.marks == {stop, asks, calls, again, *pauses, dots}


# Bookkeeping

WORDS = ("▁a", "▁b", "▁c", "▁d", "▁e", "▁f", ".", ",", "▁0")
A, B, C, D, E, F, STOP, COMMA, ZERO = range(3, 12)
SURE = 20.0
LONG = np.ones(RATE, np.float32)
LIMIT = LEAST_TOKENS + 6


class Decoder:
    """Writes a fixed text, whatever was written before; remembers what it was fed.

    Its memory holds what it remembers, so that what it was not made to forget can be seen.
    """

    def __init__(self, text: Sequence[int], given: int = 0) -> None:
        self.text = text
        self.given = given
        self.fed: list[tuple[int, ...]] = []
        self.remembered: list[tuple[int, ...]] = []
        self.doubt: dict[int, Mapping[int, float]] = {}

    def get_outputs(self) -> list[SimpleNamespace]:
        halves = [(h, p) for h in ("decoder", "encoder") for p in ("key", "value")]
        names = [f"present.{layer}.{h}.{p}" for layer in range(LAYERS) for h, p in halves]
        return [SimpleNamespace(name=name) for name in ("logits", *names)]

    def run(self, wanted: None, feed: Mapping[str, Array]) -> list[Array]:
        tokens = feed["input_ids"][0]
        before = feed["past_key_values.3.decoder.value"]
        assert bool(feed["use_cache_branch"][0]) is bool(self.fed)
        encoder = feed["past_key_values.2.encoder.key"]
        assert encoder.shape[2] == (7 if self.fed else 0)
        assert feed["encoder_hidden_states"].shape == (1, 20, 2)
        assert feed["encoder_attention_mask"].shape == (1, len(LONG))
        memory = np.zeros((1, HEADS, before.shape[2] + len(tokens), HEAD_SIZE), np.float32)
        memory[:, :, : before.shape[2]] = before
        memory[:, :, before.shape[2] :] = tokens[:, None]
        self.fed.append(tuple(tokens.tolist()))
        self.remembered.append(tuple(memory[0, 0, :, 0].astype(int).tolist()))
        known = [self._next(before.shape[2] + n) for n in range(len(tokens))]
        # the branch with a memory gives back an empty one of the encoder's, as the real one does
        length = 0 if len(self.fed) > 1 else 7
        states = np.ones((1, HEADS, length, HEAD_SIZE), np.float32)
        halves = [memory, memory, states, states] * LAYERS
        return [np.array([known], np.float32), *halves]

    def _next(self, place: int) -> list[float]:
        """The logits after so many tokens and one."""
        written = place - self.given
        logits = [0.0] * (3 + len(WORDS))
        logits[self.text[written] if 0 <= written < len(self.text) else END] = SURE
        for token, value in self.doubt.get(written, {}).items():
            logits[token] = value
        return logits


class Encoder:
    def run(self, wanted: None, feed: Mapping[str, Array]) -> list[Array]:
        assert feed["input_values"].dtype == np.float32
        assert feed["input_values"].shape == feed["attention_mask"].shape == (1, len(LONG))
        return [np.repeat(np.arange(20, dtype=np.float32), 2).reshape(1, 20, 2)]


def model(monkeypatch: pytest.MonkeyPatch, decoder: Decoder) -> MoonshineModel:
    halves = {b"encoder": Encoder(), b"decoder": decoder}
    monkeypatch.setattr(moonshine_model, "session", halves.__getitem__)
    return MoonshineModel(b"encoder", b"decoder", listed(*WORDS))


def wrote(
    monkeypatch: pytest.MonkeyPatch,
    decoder: Decoder,
    given: Sequence[int] = (),
    guess: Sequence[int] = (),
) -> Writing:
    return model(monkeypatch, decoder).write(LONG, given, guess)


def test_a_text_is_written_token_by_token(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder((A, B, STOP))
    written = wrote(monkeypatch, decoder)
    assert written.tokens == (A, B, STOP)
    assert written.confidence == pytest.approx(1.0)
    assert len(written.scores) == 3
    assert decoder.fed == [(BEGIN,), (A,), (B,), (STOP,)]
    assert decoder.remembered[-1] == (BEGIN, A, B, STOP)


def test_who_says_nothing_is_believed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = wrote(monkeypatch, Decoder(()))
    assert (written.tokens, written.scores) == ((), ())
    assert written.stop == pytest.approx(0.0, abs=1e-6)
    assert Writing((), (), 0.0).confidence == 0.0


def test_a_right_guess_is_checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder((A, B, C, STOP))
    assert wrote(monkeypatch, decoder, guess=(A, B)).tokens == (A, B, C, STOP)
    assert decoder.fed == [(BEGIN, A, B), (C,), (STOP,)]
    decoder = Decoder((A, B, C))
    assert wrote(monkeypatch, decoder, guess=(A, B, C)).tokens == (A, B, C)
    assert decoder.fed == [(BEGIN, A, B, C)]


@pytest.mark.parametrize("guess", [(A, B, E, F), (F, B, C, D), (A, B, C, E), (E,)])
def test_what_was_guessed_wrongly_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, guess: tuple[int, ...]
) -> None:
    decoder, plain = Decoder((A, B, C, D)), Decoder((A, B, C, D))
    assert wrote(monkeypatch, decoder, guess=guess) == wrote(monkeypatch, plain)
    assert decoder.fed[0] == (BEGIN, *guess)
    assert decoder.remembered[-1] == plain.remembered[-1] == (BEGIN, A, B, C, D)


def test_a_text_may_be_shorter_than_was_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder((A,))
    assert wrote(monkeypatch, decoder, guess=(A, B, C)).tokens == (A,)
    assert decoder.fed == [(BEGIN, A, B, C)]


def test_a_text_goes_on_from_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder((C, D), given=2)
    assert wrote(monkeypatch, decoder, given=(A, B)).tokens == (C, D)
    assert decoder.fed == [(BEGIN, A, B), (C,), (D,)]
    decoder = Decoder((C, D, STOP), given=2)
    assert wrote(monkeypatch, decoder, given=(A, B), guess=(C, E, F)).tokens == (C, D, STOP)
    assert decoder.remembered[-1] == (BEGIN, A, B, C, D, STOP)


def test_nobody_says_more_than_there_is_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (A, B, C, D, E, F) * 9
    assert wrote(monkeypatch, Decoder(text)).tokens == text[:LIMIT]
    assert wrote(monkeypatch, Decoder(text), guess=text[:40]).tokens == text[:LIMIT]
    assert len(wrote(monkeypatch, Decoder(text, given=5), given=text[:5]).tokens) == LIMIT - 5
    assert len(wrote(monkeypatch, Decoder(text, given=20), given=text[:20]).tokens) == LEAST_TOKENS


@pytest.mark.parametrize("again", [(A,), (A, B), (A, B, C), (A, B, C, D)])
def test_a_fault_that_repeats_itself_ends_a_text(
    monkeypatch: pytest.MonkeyPatch, again: tuple[int, ...]
) -> None:
    monkeypatch.setattr(moonshine_model, "LEAST_TOKENS", 100)
    text = (F, STOP, *again * 12)
    writing = wrote(monkeypatch, Decoder(text))
    assert writing.tokens == (F, STOP, *again)
    assert len(writing.scores) == len(writing.tokens)
    assert writing.end == -math.inf
    fewer = (F, *again * (REPEATS - 1), E)
    assert wrote(monkeypatch, Decoder(fewer)).tokens == fewer


def test_figures_may_be_said_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    written = wrote(monkeypatch, Decoder((A, *(ZERO, COMMA) * 3)))
    assert written.tokens == (A, *(ZERO, COMMA) * 3)
    assert wrote(monkeypatch, Decoder((ZERO,) * 12)).tokens == (ZERO,) * REPEATS


def test_the_end_is_as_probable_as_a_mark_that_ends_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoder = Decoder((A, B))
    decoder.doubt = {2: {STOP: SURE - np.log(3.0)}}  # three times as probable: nothing
    assert wrote(monkeypatch, decoder).stop == pytest.approx(0.25, abs=1e-3)
    marked = Decoder((A, B, STOP))
    marked.doubt = {2: {COMMA: SURE - np.log(4.0)}, 3: {STOP: 0.0}}
    written = wrote(monkeypatch, marked)
    assert written.stop == pytest.approx(0.8, abs=1e-3)  # what followed the word, not the mark
    assert written.confidence == pytest.approx(0.8 ** (1 / 3), abs=1e-3)


@pytest.mark.parametrize(
    ("ends", "mean"), [(0, 3.5), (STATE - 1, 3.5), (4 * STATE, 7.5), (15 * STATE, 17), (10**6, 19)]
)
def test_an_ending_is_what_is_heard_from_there_on(
    monkeypatch: pytest.MonkeyPatch, ends: int, mean: float
) -> None:
    written = model(monkeypatch, Decoder(()))
    written.write(LONG)
    assert written.ending(ends).tolist() == [mean, mean]


def test_a_call_is_forgotten_without_a_search_for_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process makes none; what a call has heard is some megabytes."""
    of_call = model(monkeypatch, Decoder((A, B)))
    of_call.write(LONG)
    of_call.branches().go_on([0], [A])
    known = weakref.ref(of_call)
    gc.disable()
    del of_call
    left = known()
    gc.enable()
    assert left is None


# The real model

SENTENCES = ("I would like to have a new card.", "The meeting is on Tuesday and")


@pytest.fixture(scope="module")
def real() -> MoonshineModel:
    found = find_model("moonshine")
    if not found.fetched:
        pytest.skip("the model moonshine is not here: `parley models pull moonshine` fetches it")
    return MoonshineModel(*(path.read_bytes() for path in found.paths))


@pytest.fixture(scope="module")
def speech() -> dict[str, Array]:
    """Sentences of an embedded voice, with silence around."""

    async def speak() -> dict[str, Array]:
        tts, said = EspeakTts(maximum=1), {}
        for text in SENTENCES:
            request = TtsRequest(text, voice="en-us+f5")
            pcm = b"".join([chunk.pcm async for chunk in tts.synthesize(request)])
            heard = resample(pcm, tts.capabilities.format.sample_rate, RATE)
            quiet = np.zeros(RATE // 3, np.float32)
            samples = np.frombuffer(heard, "<i2").astype(np.float32) / 32768
            said[text] = np.concatenate((quiet, samples, quiet))
        await tts.aclose()
        return said

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(speak())


def test_what_is_said_is_written_down(real: MoonshineModel, speech: dict[str, Array]) -> None:
    written = real.write(speech[SENTENCES[1]])
    assert real.vocabulary.text(written.tokens).lower().startswith("the meeting is on tuesday")
    assert 0.5 < written.confidence < 1.0
    assert len(written.scores) == len(written.tokens)
    assert 0.0 < written.stop < 1.0


def test_a_guess_makes_no_difference(real: MoonshineModel, speech: dict[str, Array]) -> None:
    for samples in speech.values():
        plain = real.write(samples)
        half, other = plain.tokens[: len(plain.tokens) // 2], (306, 763, 274)
        for guess in (plain.tokens, half, other, (*half, *other), (*plain.tokens, *other)):
            again = real.write(samples, guess=guess)
            assert again.tokens == plain.tokens
            assert again.scores == pytest.approx(plain.scores, abs=0.1)  # it reckons in 8 bits
            assert again.stop == pytest.approx(plain.stop, abs=0.1)


def test_the_rest_of_a_text_is_written(real: MoonshineModel, speech: dict[str, Array]) -> None:
    samples = speech[SENTENCES[1]]
    tokens = real.write(samples).tokens
    for place in range(len(tokens)):
        given, rest = tokens[:place], tokens[place:]
        assert real.write(samples, given).tokens == rest
        assert real.write(samples, given, (*rest[:2], 274)).tokens == rest


def test_an_ending_is_of_as_many_values_as_were_learned(real: MoonshineModel) -> None:
    real.write(np.zeros(RATE, np.float32))
    assert real.ending(RATE // 2).shape == (288,)


def test_the_shortest_sound_is_dealt_with(real: MoonshineModel) -> None:
    assert isinstance(real.write(np.zeros(RATE // 10, np.float32)), Writing)
