"""Speech from the real engine, in simulated time."""

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

from parley.errors import ProviderRequestError, ProviderTimeout, ProviderUnavailable
from parley.providers.protocols import SpokenWord, TtsChunk, TtsRequest
from parley.providers.tts.espeak import MAX_CHARACTERS, EspeakTts
from parley.runtime.vtime import VirtualLoop

T = TypeVar("T")


class Engine:
    """A synthesiser of one process on one loop, for the tests of this file."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.tts = self.run(self._make())

    async def _make(self) -> EspeakTts:
        tts = EspeakTts(maximum=1)
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
    engine = Engine()
    with engine.runner:
        yield engine
        engine.run(engine.tts.aclose())
        assert engine.loop.owed == 0


async def collect(tts: EspeakTts, request: TtsRequest) -> list[TtsChunk]:
    return [chunk async for chunk in tts.synthesize(request)]


def seconds(chunks: list[TtsChunk]) -> float:
    return sum(len(chunk.pcm) for chunk in chunks) / 2 / 22_050


def words(text: str, chunks: list[TtsChunk]) -> list[str]:
    return [text[w.char_start : w.char_end] for chunk in chunks for w in chunk.words]


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
    assert sample == pytest.approx(2.6 * 22_050, rel=0.2)
    assert 0.2 < (sample - previous.sample_end) / 22_050 < 0.4  # the pause after a full stop


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Grüße, naïve 12,5 €!", ["Grüße,", "naïve", "12,5", "€!"]),
        ("en", "It's 1234 or $5.99 👋 ok", ["It's", "1234", "or", "$", "5.99", "👋", "ok"]),
        ("zh-CN", "你好世界，我有25个。", ["你好", "世", "界，", "我", "有", "25", "个。"]),
        ("ru", "Привет, мир", ["Привет,", "мир"]),
        ("hi", "नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("fr-CA", "e\u0301te\u0301 oui", ["e\u0301te\u0301", "oui"]),
    ],
)
def test_words_are_found_in_any_writing(
    engine: Engine, language: str, text: str, expected: list[str]
) -> None:
    assert words(text, engine.speak(text, language=language)) == expected


def test_any_text_is_spoken_and_its_words_are_in_order(engine: Engine) -> None:
    dice = random.Random(7)
    alphabet = (
        "ab Ü1,2.\n\t\0\x01\x1b[]<>&;/\\'\"-—…?¿中文한\u0301\u200d😀\ue000\ud800\U0010fffd{}@#%"
    )
    for _ in range(150):
        text = "".join(dice.choices(alphabet, k=dice.randrange(1, 60)))
        chunks = engine.speak(text, language=dice.choice(["en", "zh", "de", "ar", "ja"]))
        spoken = [word for chunk in chunks for word in chunk.words]
        samples = sum(len(chunk.pcm) for chunk in chunks) // 2
        for word in spoken:
            assert 0 <= word.char_start < word.char_end <= len(text)
            assert 0 <= word.sample_start <= word.sample_end <= samples
        for before, after in pairwise(spoken):
            assert before.char_end <= after.char_start
            assert before.sample_end <= after.sample_start
    assert engine.loop.owed == 0


def test_markup_and_commands_are_only_text(engine: Engine) -> None:
    plain = seconds(engine.speak("stay calm please"))
    fast = seconds(engine.speak("stay\x01450S calm\x00 \x0150A please"))
    assert fast > plain
    ssml = "<speak><break time='30s'/>hi</speak>"
    assert 3 < seconds(engine.speak(ssml)) < 15
    assert "break" in " ".join(words(ssml, engine.speak(ssml)))
    assert seconds(engine.speak("[[h@'loU]]")) > 1.2 * seconds(engine.speak("hello"))


@pytest.mark.parametrize("text", ["", "   ", "\n\0\x01", "..."])
def test_where_nothing_is_to_be_said_there_is_no_audio(engine: Engine, text: str) -> None:
    assert engine.speak(text) == []


def test_speed_and_voice_are_honoured_and_not_remembered(engine: Engine) -> None:
    text = "the quick brown fox jumps over the lazy dog"
    normal = seconds(engine.speak(text))
    assert seconds(engine.speak(text, speed=2.0)) < 0.65 * normal
    assert seconds(engine.speak(text, speed=0.5)) > 1.6 * normal
    for voice in ("de", "en-US+f3", "+f5", "EN-GB"):
        assert engine.speak(text, voice=voice)
    assert seconds(engine.speak(text)) == pytest.approx(normal, rel=0.02)


@pytest.mark.parametrize("language", ["en", "EN-us", "en-AU", "de-AT", "zh-CN", "no", "pt-BR"])
def test_languages_are_known_by_their_tags(engine: Engine, language: str) -> None:
    assert engine.speak("ok", language=language)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"language": "tlh"}, r"no language 'tlh'.* en-us, "),
        ({"voice": "en-zz"}, r"no voice 'en-zz'.* en-us, "),
        ({"voice": "en+f99"}, r"no variant 'f99'.* f3, "),
        ({"voice": "../../../etc/passwd"}, "no voice"),
        ({"speed": 3.0}, "cannot speak at 3 times"),
        ({"speed": 0.0}, "Choose 0.46 to 2.57"),
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
    assert engine.speak("ok")
    assert engine.pid == pid


def test_a_text_that_is_too_long_is_refused(engine: Engine) -> None:
    with pytest.raises(ProviderRequestError, match="too long"):
        engine.speak("a" * (MAX_CHARACTERS + 1))
    assert seconds(engine.speak("word " * (MAX_CHARACTERS // 5))) > 200


def test_synthesis_takes_no_simulated_time(engine: Engine) -> None:
    before = engine.loop.time()
    engine.speak("One, two, three. " * 30)
    assert engine.loop.time() == before


def test_a_slow_reader_does_not_keep_the_process_from_others(engine: Engine) -> None:
    async def main() -> None:
        async with aclosing(engine.tts.synthesize(TtsRequest("one two three"))) as slow:
            first = await anext(slow)
            assert await collect(engine.tts, TtsRequest("meanwhile"))
            await asyncio.sleep(60)
            rest = [chunk async for chunk in slow]
            assert words("one two three", [first, *rest]) == ["one", "two", "three"]

    engine.run(main())


def test_texts_are_spoken_in_the_order_in_which_they_came(engine: Engine) -> None:
    done: list[int] = []

    async def speak(number: int) -> None:
        assert await collect(engine.tts, TtsRequest("a few words " * (20 - number)))
        done.append(number)

    async def main() -> None:
        await asyncio.gather(*(speak(number) for number in range(20)))

    engine.run(main())
    assert done == list(range(20))


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
        task = asyncio.create_task(collect(engine.tts, TtsRequest("one two three. " * 5)))
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


def test_a_thousand_texts_do_not_fill_the_memory(engine: Engine) -> None:
    def resident_kb() -> int:
        status = Path(f"/proc/{engine.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    async def main(count: int) -> None:
        for number in range(count):
            voice = ("en", "de", "en-us+f3")[number % 3]
            await collect(engine.tts, TtsRequest(f"Number {number}, please.", voice=voice))

    engine.run(main(100))
    before = resident_kb()
    engine.run(main(1000))
    assert resident_kb() - before < 1000
