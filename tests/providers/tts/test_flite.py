"""Speech from the real engine, in simulated time."""

import array
import asyncio
import os
import random
import signal
from collections.abc import Coroutine, Iterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

from parley.errors import (
    ConfigurationError,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.providers.protocols import SpokenWord, TtsChunk, TtsRequest
from parley.providers.tts import flite, flite_worker
from parley.providers.tts.flite import (
    MAX_CHARACTERS,
    MAX_PIECE,
    FliteTts,
    Piece,
    available,
    cut,
    speaks,
)
from parley.runtime.vtime import VirtualLoop

T = TypeVar("T")

SECOND = 16_000

needs_flite = pytest.mark.skipif(not available(), reason=f"flite is not installed. {flite.REMEDY}")


class Engine:
    """A synthesiser of one process on one loop, for the tests of this file."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.tts = self.run(self._make())

    async def _make(self) -> FliteTts:
        tts = FliteTts(maximum=1)
        await tts.warm()
        return tts

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(main)

    def speak(self, text: str, **settings: Any) -> list[TtsChunk]:
        return self.run(collect(self.tts, TtsRequest(text, **settings)))

    @property
    def loop(self) -> VirtualLoop:
        loop = self.runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return loop

    @property
    def pid(self) -> int:
        (worker,) = self.tts._pool._idle
        return worker.pid


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if not available():
        pytest.skip(f"flite is not installed. {flite.REMEDY}")
    engine = Engine()
    with engine.runner:
        yield engine
        engine.run(engine.tts.aclose())
        assert engine.loop.owed == 0


async def collect(tts: FliteTts, request: TtsRequest) -> list[TtsChunk]:
    return [chunk async for chunk in tts.synthesize(request)]


def audio(chunks: list[TtsChunk]) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks)


def seconds(chunks: list[TtsChunk]) -> float:
    return len(audio(chunks)) / 2 / SECOND


def loudness(pcm: bytes) -> float:
    """Root mean square of some samples."""
    samples = array.array("h", pcm)
    return float((sum(s * s for s in samples) / len(samples)) ** 0.5)


def spoken(chunks: list[TtsChunk]) -> list[SpokenWord]:
    return [word for chunk in chunks for word in chunk.words]


def words(text: str, chunks: list[TtsChunk]) -> list[str]:
    return [text[w.char_start : w.char_end] for w in spoken(chunks)]


# What is spoken


def test_words_come_with_the_audio_in_which_they_begin(engine: Engine) -> None:
    text = "Hello world, how are you today? Fine."
    chunks = engine.speak(text)
    assert words(text, chunks) == text.split()
    sample = 0
    previous = SpokenWord(0, 0, 0, 0)
    for chunk in chunks:
        for word in chunk.words:
            assert sample <= word.sample_start < sample + len(chunk.pcm) // 2
            assert previous.char_end <= word.char_start < word.char_end
            assert previous.sample_end <= word.sample_start < word.sample_end
            previous = word
        sample += len(chunk.pcm) // 2
    assert sample == pytest.approx(2.9 * SECOND, rel=0.1)
    assert 0.1 < (sample - previous.sample_end) / SECOND < 0.25  # the pause after a full stop


def test_words_are_loud_and_what_lies_between_sentences_is_not(engine: Engine) -> None:
    chunks = engine.speak("Seven, eleven. Seven.")
    pcm = audio(chunks)
    found = spoken(chunks)
    for word in found:
        assert loudness(pcm[2 * word.sample_start : 2 * word.sample_end]) > 1_000
    for before, after in pairwise(found):
        middle = before.sample_end + after.sample_start & ~1  # in bytes, two a sample
        assert loudness(pcm[middle - 320 : middle + 320]) < 200


def test_speech_begins_at_once_and_comes_in_pieces(engine: Engine) -> None:
    chunks = engine.speak("Yes, we are open on Sunday.")
    assert spoken(chunks)[0].sample_start == 320
    assert max(len(chunk.pcm) for chunk in chunks) < 0.1 * SECOND * 2
    assert len(chunks) > 20


@pytest.mark.parametrize(
    ("text", "shortest", "longest"),
    [
        ("we are open", 0.0, 0.001),
        ("we are open,", 0.11, 0.13),
        ("we are open —", 0.11, 0.13),
        ("we are open.", 0.15, 0.25),
        ("(we are open!)", 0.15, 0.25),
    ],
)
def test_the_silence_at_the_end_is_what_its_mark_asks_for(
    engine: Engine, text: str, shortest: float, longest: float
) -> None:
    chunks = engine.speak(text)
    assert shortest <= seconds(chunks) - spoken(chunks)[-1].sample_end / SECOND <= longest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 1234 or $5.99 👋 ok", ["It's", "1234", "or", "$5.99", "ok"]),
        ("“Café” — ½ of Müller’s", ["Café”", "½", "of", "Müller’s"]),
        ("e\u0301te\u0301 Привет oui", ["e\u0301te\u0301", "oui"]),
        ("about €5 or 5 °C", ["about", "€", "5", "or", "5", "°", "C"]),
        ("Dr. Smith, of St. Ives.", ["Dr.", "Smith,", "of", "St.", "Ives."]),
        ("user@example.com", ["user@example.com"]),
    ],
)
def test_words_are_found_where_they_are_written(
    engine: Engine, text: str, expected: list[str]
) -> None:
    assert words(text, engine.speak(text)) == expected


def test_any_text_is_spoken_and_its_words_are_in_order(engine: Engine) -> None:
    dice = random.Random(7)
    alphabet = (
        "ab Ü1,2.\n\t\0\x01\x1b[]<>&;/\\'\"-—…?¿中文\u0301\u200d😀\ue000\ud800\U0010fffd{}@#%$½€"
    )
    pid = engine.pid
    for _ in range(80):
        text = "".join(dice.choices(alphabet, k=dice.randrange(1, 40)))
        voice = dice.choice([None, *available()])
        chunks = engine.speak(text, voice=voice)
        samples = len(audio(chunks)) // 2
        found = spoken(chunks)
        for word in found:
            assert 0 <= word.char_start < word.char_end <= len(text)
            assert 0 <= word.sample_start <= word.sample_end <= samples
        for before, after in pairwise(found):
            assert before.char_end <= after.char_start
            assert before.sample_end <= after.sample_start
    assert engine.pid == pid
    assert engine.loop.owed == 0


@pytest.mark.parametrize("text", ["", "   ", "\n\0\x01", "...", "Привет", "👋"])
def test_where_nothing_is_to_be_said_there_is_no_audio(engine: Engine, text: str) -> None:
    assert engine.speak(text) == []


def test_the_same_text_always_sounds_the_same(engine: Engine) -> None:
    first = engine.speak("The same, again.")
    engine.speak("Something else.", voice=available()[-1], speed=2.0)
    assert engine.speak("The same, again.") == first


def test_speed_is_honoured_and_not_remembered(engine: Engine) -> None:
    text = "the quick brown fox jumps over the lazy dog"
    for voice in available():
        normal = seconds(engine.speak(text, voice=voice))
        assert seconds(engine.speak(text, voice=voice, speed=2.0)) < 0.6 * normal
        assert seconds(engine.speak(text, voice=voice, speed=0.5)) > 1.8 * normal
        assert seconds(engine.speak(text, voice=voice)) == normal


def test_each_voice_is_another(engine: Engine) -> None:
    sounds = {voice: audio(engine.speak("Hello.", voice=voice)) for voice in available()}
    assert len(set(sounds.values())) == len(available())
    assert audio(engine.speak("Hello.")) == sounds[available()[0]]


def test_a_long_text_has_the_words_of_all_its_pieces(engine: Engine) -> None:
    text = "One, two. Three four? " * 20
    chunks = engine.speak(text)
    assert words(text, chunks) == text.split()
    found = spoken(chunks)
    assert all(a.sample_end <= b.sample_start for a, b in pairwise(found))
    assert found[-1].sample_end == pytest.approx(seconds(chunks) * SECOND, abs=0.3 * SECOND)


# What is refused


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"language": "de"}, "no language 'de'.* English only"),
        ({"language": "eng"}, "no language 'eng'"),
        ({"voice": "nobody"}, "no voice 'nobody'.* It has: "),
        ({"voice": "../../../etc/passwd"}, "no voice"),
        ({"speed": 5.0}, "cannot speak at 5 times"),
        ({"speed": 0.0}, "Choose 0.25 to 4"),
        ({"speed": float("nan")}, "cannot speak at nan times"),
    ],
)
def test_what_it_cannot_do_is_refused_with_a_hint(
    engine: Engine, settings: dict[str, Any], said: str
) -> None:
    pid = engine.pid
    with pytest.raises(ProviderRequestError, match=said) as caught:
        engine.speak("secret words", **settings)
    assert "secret" not in str(caught.value)
    assert engine.speak("ok", language="en-GB")
    assert engine.pid == pid


def test_a_text_that_is_too_long_is_refused(engine: Engine) -> None:
    with pytest.raises(ProviderRequestError, match="too long"):
        engine.speak("a" * (MAX_CHARACTERS + 1))


def test_a_voice_whose_file_is_gone_is_refused(engine: Engine) -> None:
    name = "gone"
    engine.tts._voices = (*engine.tts._voices, name)
    with pytest.raises(ProviderRequestError, match="cannot load the voice"):
        engine.speak("One. Two.", voice=name)
    engine.tts._voices = available()
    assert engine.speak("ok")


def test_where_flite_is_not_installed_it_says_how_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flite_worker, "folders", list)
    assert available() == ()
    with pytest.raises(ConfigurationError, match="apt-get install libflite1"):
        FliteTts()


# The process and the clock


def test_synthesis_takes_no_simulated_time(engine: Engine) -> None:
    before = engine.loop.time()
    engine.speak("One, two, three. " * 10)
    assert engine.loop.time() == before


def test_a_slow_reader_does_not_keep_the_process_from_others(engine: Engine) -> None:
    text = "One. Two. Three."

    async def main() -> None:
        async with aclosing(engine.tts.synthesize(TtsRequest(text))) as slow:
            first = await anext(slow)
            assert await collect(engine.tts, TtsRequest("meanwhile"))
            await asyncio.sleep(60)
            rest = [chunk async for chunk in slow]
            assert words(text, [first, *rest]) == text.split()

    engine.run(main())


def test_texts_are_spoken_in_the_order_in_which_they_came(engine: Engine) -> None:
    done: list[int] = []

    async def speak(number: int) -> None:
        assert await collect(engine.tts, TtsRequest("A few words. " * (8 - number)))
        done.append(number)

    async def main() -> None:
        await asyncio.gather(*(speak(number) for number in range(8)))

    engine.run(main())
    assert done == list(range(8))


def test_an_iterator_closed_early_frees_the_process(engine: Engine) -> None:
    async def main() -> None:
        for _ in range(5):
            async with aclosing(engine.tts.synthesize(TtsRequest("word " * 300))) as chunks:
                await anext(chunks)
        assert await collect(engine.tts, TtsRequest("ok"))

    pid = engine.pid
    engine.run(main())
    assert engine.pid == pid
    assert engine.loop.owed == 0


def test_a_reader_may_be_cancelled_at_any_moment(engine: Engine) -> None:
    async def attempt(steps: int) -> bool:
        task = asyncio.create_task(collect(engine.tts, TtsRequest("One. Two.")))
        for _ in range(steps):
            await asyncio.sleep(0)
        late = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return late

    async def main() -> None:
        steps = 0
        while not await attempt(steps):
            steps = steps + 1 if steps < 20 else steps * 2
            assert await collect(engine.tts, TtsRequest("ok"))

    pid = engine.pid
    engine.run(main())
    assert engine.pid == pid
    assert engine.loop.owed == 0


def test_only_the_text_whose_process_dies_fails(engine: Engine) -> None:
    async def main() -> None:
        (worker,) = engine.tts._pool._alive
        os.kill(worker.pid, signal.SIGSTOP)
        victim = asyncio.create_task(collect(engine.tts, TtsRequest("one")))
        other = asyncio.create_task(collect(engine.tts, TtsRequest("two")))
        await asyncio.sleep(0)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(ProviderUnavailable, match="its process ended"):
            await victim
        assert words("two", await other) == ["two"]

    engine.run(main())
    assert engine.loop.owed == 0


def test_a_process_that_does_not_answer_is_given_up(engine: Engine) -> None:
    async def main() -> None:
        (worker,) = engine.tts._pool._alive
        os.kill(worker.pid, signal.SIGSTOP)
        engine.loop.patience_s = 0.05
        with pytest.raises(ProviderTimeout):
            await collect(engine.tts, TtsRequest("hello"))
        await worker.ended
        engine.loop.patience_s = patience
        assert await collect(engine.tts, TtsRequest("hello"))

    patience = engine.loop.patience_s
    engine.run(main())
    assert engine.loop.owed == 0


def test_many_texts_do_not_fill_the_memory(engine: Engine) -> None:
    def memory_kb() -> int:
        """Without the voices, of which more and more is read from their files."""
        status = Path(f"/proc/{engine.pid}/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0])

    async def main(count: int) -> None:
        for number in range(count):
            voice = available()[number % len(available())]
            await collect(engine.tts, TtsRequest(f"Number {number}, please.", voice=voice))

    engine.run(main(40))
    before = memory_kb()
    engine.run(main(120))
    assert memory_kb() - before < 1000


# Pieces of a text, without the library


def spellings(text: str) -> list[str]:
    return [piece.spelling for piece in cut(text)]


def test_a_text_is_cut_at_its_sentences() -> None:
    assert spellings("Hello. I am Dr. Smith!  Who are you?") == [
        "Hello.",
        "I am Dr. Smith!",
        "Who are you?",
    ]


def test_what_has_no_end_is_cut_all_the_same() -> None:
    text = "word " * 200
    pieces = cut(text)
    assert len(pieces) > 5
    assert " ".join(spellings(text)) == text.strip()
    assert {piece.pause_ms for piece in pieces} == {0}
    digits = "7" * 1_000
    assert "".join(spellings(digits)) == digits
    assert max(map(len, spellings(digits))) <= MAX_PIECE


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("naïve “Größe” it’s", 'naive "Grosse" it\'s'),
        ("yes—no", "yes -- no"),
        ("wait…", "wait..."),
        ("9–5", "9-5"),
        ("½ £3", "1/2  pounds 3"),
        ("a\u00adb\u200dc", "abc"),
        ("a\0b 中 c 👋", "a b   c"),
    ],
)
def test_it_is_spelt_in_ascii(text: str, spelling: str) -> None:
    (piece,) = cut(text)
    assert piece.spelling.rstrip() == spelling


def test_characters_of_the_spelling_are_known_in_the_text() -> None:
    text = "One. ßß cafe\u0301 €"
    _, piece = cut(text)
    assert piece.spelling == "ssss cafe  euros "
    assert [text[slice(*piece.spans(*span))] for span in [(0, 4), (5, 9), (11, 16)]] == [
        "ßß",
        "cafe\u0301",
        "€",
    ]


@pytest.mark.parametrize(
    ("text", "pause_ms"),
    [("one", 0), ("one,", 120), ("one:", 120), ('"one."', 250), ("one?) ", 250), ("(one)", 0)],
)
def test_how_long_the_silence_after_a_piece_may_be(text: str, pause_ms: int) -> None:
    assert Piece(text, (0,)).pause_ms == pause_ms


def test_english_is_known_by_its_tags() -> None:
    assert all(map(speaks, ["en", "en-US", "EN-gb"]))
    assert not any(map(speaks, ["de", "eng", "", "fr-en"]))
