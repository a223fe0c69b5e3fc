"""Recognition by the real engine, in simulated time."""

import asyncio
import json
import os
import random
import signal
import struct
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import recognisers
from recognisers import Engine, as_it_is_spoken, final, push

from parley.assistants.flows.values import compose
from parley.assistants.flows.values.date import Date
from parley.audio.files import read_recording
from parley.audio.formats import INBOUND
from parley.audio.resampling import resample
from parley.errors import ProviderRequestError, ProviderTimeout, ProviderUnavailable
from parley.providers.protocols import SttOptions, SttResult, TtsRequest
from parley.providers.stt.pocketsphinx import PocketsphinxStt
from parley.providers.stt.streaming import EngineStt
from parley.providers.tts.espeak import EspeakTts
from parley.runtime.vtime import VirtualLoop

DIGITS = SttOptions(
    grammar="#JSGF V1.0; grammar digits; public <all> = (zero | one | two | three | four | five"
    " | six | seven | eight | nine)+;"
)
SILENCE = bytes(INBOUND.bytes_for(0.7))
SPEECH = Path(os.environ.get("PARLEY_SPEECH", Path(__file__).parents[4] / "shared" / "speech"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(PocketsphinxStt)
    with engine.runner:
        yield engine
        engine.run(engine.stt.aclose())
        assert engine.loop.owed == 0


@pytest.fixture(scope="module")
def spoken(engine: Engine) -> dict[str, bytes]:
    """What the caller may say, as `INBOUND` audio."""

    async def speak() -> dict[str, bytes]:
        tts = EspeakTts(maximum=1)
        rate = tts.capabilities.format.sample_rate
        said = {}
        for text in ("one two three four", "nine eight seven", *DATES):
            request = TtsRequest(text, voice="en-us+f5")
            pcm = b"".join([chunk.pcm async for chunk in tts.synthesize(request)])
            said[text] = SILENCE + resample(pcm, rate, INBOUND.sample_rate) + SILENCE
        await tts.aclose()
        return said

    return engine.run(speak())


DATES = ("the third of december please", "next tuesday")
DATE = compose([Date().grammar(date(2026, 11, 30))])


async def hear(stt: EngineStt, pcm: bytes, options: SttOptions = DIGITS) -> SttResult:
    return await recognisers.hear(stt, pcm, options)


def noise(seconds: float, seed: int = 1) -> bytes:
    dice = random.Random(seed)
    samples = [int(dice.gauss(0, 1500)) for _ in range(int(16_000 * seconds))]
    return struct.pack(f"<{len(samples)}h", *samples)


def test_spoken_digits_come_back_as_text_with_their_times(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    pcm = spoken["one two three four"]

    began = engine.loop.time()
    *partials, result, empty = engine.run(as_it_is_spoken(engine.stt, pcm, DIGITS))
    assert engine.loop.time() - began == pytest.approx(len(pcm) / 32_000 + 0.02, abs=0.021)
    assert (result.text, result.final, result.segment) == ("one two three four", True, 0)
    assert (empty.text, empty.final, empty.segment, empty.words) == ("", True, 1, ())
    assert [word.text for word in result.words] == result.text.split()
    times = [t for word in result.words for t in (word.start, word.end)]
    assert times == sorted(times)
    assert 0.6 < times[0] < 0.9
    assert 0 < len(pcm) / 32_000 - times[-1] < 0.9
    texts = [partial.text for partial in partials]
    assert texts
    assert all(before != after for before, after in pairwise(texts))
    assert not any(partial.final or partial.words for partial in partials)


def recorded(name: str) -> bytes:
    """A recording of human speech, as `INBOUND` audio."""
    if not SPEECH.is_dir():
        pytest.skip("the recorded speech is not here: name its folder with PARLEY_SPEECH")
    return read_recording(SPEECH / name).pcm


def test_open_speech_is_recognised_without_a_grammar(engine: Engine) -> None:
    pcm = recorded("transcribed/arctic_a0024.wav")
    result = engine.run(hear(engine.stt, pcm + SILENCE, SttOptions("en-GB")))
    assert "from the north which" in result.text


def test_times_count_from_the_first_sample_of_the_stream(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    pcm = spoken["nine eight seven"]

    async def main() -> list[SttResult]:
        stream = await engine.stt.open(DIGITS)
        push(stream, pcm)
        first = await final(stream)
        push(stream, bytes(INBOUND.bytes_for(3)) + pcm)
        second = await final(stream)
        push(stream, pcm + bytes(INBOUND.bytes_for(3)) + pcm)
        third = await final(stream)
        await stream.aclose()
        return [first, second, third]

    results = engine.run(main())
    assert [(r.segment, r.text) for r in results] == [
        (0, "nine eight seven"),
        (1, "nine eight seven"),
        (2, "nine eight seven nine eight seven"),
    ]
    said = len(pcm) / 32_000
    starts = [word.start for result in results for word in result.words[::3]]
    offsets = [start - starts[0] for start in starts]
    expected = [0, said + 3, 2 * said + 3, 3 * said + 6]
    assert offsets == pytest.approx(expected, abs=0.06)


def test_nothing_is_lost_where_a_final_result_is_asked_for_in_the_middle(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    pcm = spoken["one two three four"]

    async def main() -> tuple[list[str], str]:
        stream = await engine.stt.open(DIGITS)
        push(stream, pcm)
        whole = await final(stream)
        cut = INBOUND.bytes_for(whole.words[1].end)
        push(stream, pcm[:cut])
        first = await final(stream)
        push(stream, pcm[cut:])
        second = await final(stream)
        await stream.aclose()
        return [first.text, second.text], whole.text

    parts, whole = engine.run(main())
    assert " ".join(parts) == whole
    assert all(parts)


def test_silence_says_nothing(engine: Engine) -> None:
    for pcm in (b"", b"\0", bytes(64_000)):
        result = engine.run(hear(engine.stt, pcm, SttOptions()))
        assert (result.text, result.final, result.words) == ("", True, ())


def test_a_process_forgets_a_call_before_the_next(spoken: dict[str, bytes]) -> None:
    pcm = spoken["one two three four"]

    async def main() -> None:
        stt = PocketsphinxStt(maximum=1)
        fresh = await hear(stt, pcm, SttOptions())
        loud = await stt.open(DIGITS)
        push(loud, noise(0.3) + spoken["nine eight seven"] + pcm)
        await final(loud)
        push(loud, pcm[:60_000])  # left in the middle of a word
        await loud.aclose()
        assert await hear(stt, pcm, SttOptions()) == fresh
        await stt.aclose()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (SttOptions(language="de-DE"), "does not understand the language 'de-DE'"),
        (SttOptions(grammar="yes or no"), "line 1, column 1: '#JSGF' is missing"),
        (
            SttOptions(grammar="#JSGF V1.0; grammar g; public <g> = yes | jawohl;"),
            "dictionary lacks words of it: jawohl",
        ),
    ],
)
def test_what_it_cannot_do_is_refused_and_the_process_kept(
    engine: Engine, spoken: dict[str, bytes], options: SttOptions, said: str
) -> None:
    async def main() -> None:
        for _ in range(3):
            with pytest.raises(ProviderRequestError, match=said) as caught:
                await engine.stt.open(options)
            assert caught.value.remedy
        result = await hear(engine.stt, spoken["nine eight seven"])
        assert result.text == "nine eight seven"

    engine.run(main())


def test_only_the_call_whose_process_dies_is_told(engine: Engine, spoken: dict[str, bytes]) -> None:
    pcm = spoken["nine eight seven"]

    async def main() -> None:
        victim = await engine.stt.open(DIGITS)
        other = await engine.stt.open(DIGITS)
        with pytest.raises(ProviderUnavailable, match="busy"):
            await engine.stt.open(DIGITS)
        push(victim, pcm)
        push(other, pcm)
        assert victim._place
        os.kill(victim._place.pid, signal.SIGKILL)
        with pytest.raises(ProviderUnavailable, match="ended"):
            await final(victim)
        with pytest.raises(ProviderUnavailable):
            victim.push(pcm)
        with pytest.raises(ProviderUnavailable):
            victim.finalize()
        await victim.aclose()
        third = await engine.stt.open(DIGITS)
        push(third, pcm)
        assert (await final(third)).text == "nine eight seven"
        assert (await final(other)).text == "nine eight seven"
        await other.aclose()
        await third.aclose()
        await engine.stt.warm()
        await asyncio.sleep(0.001)  # until the processes have forgotten the calls

    engine.run(main())
    assert engine.loop.owed == 0


def test_a_flood_is_refused_and_the_stream_goes_on(engine: Engine) -> None:
    async def main() -> None:
        stream = await engine.stt.open(SttOptions())
        with pytest.raises(ProviderTimeout, match="behind"):
            push(stream, bytes(INBOUND.bytes_for(31)))
        assert (await final(stream)).text == ""
        push(stream, bytes(INBOUND.bytes_for(29)))
        await stream.aclose()

    engine.run(main())


def test_an_engine_that_does_not_keep_up_is_told_of(engine: Engine) -> None:
    async def main() -> None:
        stream = await engine.stt.open(SttOptions())
        await engine.stt.warm()
        assert stream._place
        worker = stream._place._shared.worker
        os.kill(worker.pid, signal.SIGSTOP)
        engine.loop.patience_s = 0.01
        stream.push(bytes(640))
        await asyncio.sleep(4.9)
        stream.push(bytes(640))
        await asyncio.sleep(0.2)
        with pytest.raises(ProviderTimeout, match="behind"):
            stream.push(bytes(640))
        await stream.aclose()
        await worker.ended
        engine.loop.patience_s = patience

    patience = engine.loop.patience_s
    engine.run(main())


def test_opening_may_be_cancelled_at_any_moment(engine: Engine, spoken: dict[str, bytes]) -> None:
    async def attempt(steps: int) -> bool:
        task = asyncio.create_task(engine.stt.open(DIGITS))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        try:
            stream = await task
        except asyncio.CancelledError:
            return False
        await stream.aclose()
        return True

    async def main() -> None:
        steps = 0
        while not await attempt(steps):
            steps = steps + 1 if steps < 10 else steps * 2
        result = await hear(engine.stt, spoken["nine eight seven"])
        assert result.text == "nine eight seven"
        await engine.stt.warm()

    engine.run(main())
    assert engine.loop.owed == 0


def test_a_closed_stream_is_at_its_end(engine: Engine) -> None:
    async def main() -> None:
        stream = await engine.stt.open(SttOptions())
        stream.finalize()
        await stream.aclose()
        await stream.aclose()
        assert [result async for result in stream] == []
        with pytest.raises(ProviderUnavailable, match="closed"):
            stream.push(bytes(640))

    engine.run(main())


def test_partial_results_that_nobody_reads_do_not_pile_up(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    async def main() -> None:
        stream = await engine.stt.open(DIGITS)
        for _ in range(2):
            push(stream, spoken["nine eight seven"])
            stream.finalize()
        await asyncio.sleep(0.01)
        results = [await anext(stream) for _ in range(2)]
        assert [(r.segment, r.final) for r in results] == [(0, True), (1, True)]
        await stream.aclose()

    engine.run(main())


def test_recorded_answers_are_recognised_with_a_grammar(engine: Engine) -> None:
    manifest = SPEECH / "manifest.json"
    items = json.loads(manifest.read_text())["items"] if manifest.exists() else []
    options = SttOptions(grammar="#JSGF V1.0; grammar g; public <g> = yes | no | stop;")
    answers = [item for item in items if item["transcript"] in ("yes", "no", "stop")][:15]
    heard = [engine.run(hear(engine.stt, recorded(item["file"]), options)).text for item in answers]
    right = sum(h == item["transcript"] for h, item in zip(heard, answers, strict=True))
    assert right >= 0.9 * len(answers)


# What is expected

GREETINGS = "#JSGF V1.0; grammar greetings; public <all> = hello | goodbye;"


@pytest.mark.parametrize("text", DATES)
def test_a_spoken_date_is_understood_where_one_is_expected(
    engine: Engine, spoken: dict[str, bytes], text: str
) -> None:
    async def main() -> str:
        stream = await engine.stt.open(SttOptions())
        stream.expect(DATE)
        push(stream, spoken[text])
        result = await final(stream)
        await stream.aclose()
        return result.text

    assert engine.run(main()) == text


def test_calls_do_not_share_what_they_expect(engine: Engine, spoken: dict[str, bytes]) -> None:
    digits, day = "nine eight seven", DATES[0]

    async def main() -> list[str]:
        streams = [await engine.stt.open(SttOptions()) for _ in range(2)]
        heard = []
        for grammars in ((DIGITS.grammar, DATE), (DATE, DIGITS.grammar)):
            for stream, grammar in zip(streams, grammars, strict=True):
                stream.expect(grammar)
            for stream, grammar in zip(streams, grammars, strict=True):
                push(stream, spoken[day if grammar == DATE else digits])
            heard += [(await final(stream)).text for stream in streams]
        for stream in streams:
            await stream.aclose()
        return heard

    assert engine.run(main()) == [digits, day, day, digits]


def test_another_grammar_holds_from_the_next_utterance_on(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    pcm = spoken["one two three four"]

    async def main() -> list[str]:
        stream = await engine.stt.open(SttOptions(grammar=GREETINGS))
        push(stream, pcm[: len(pcm) // 2])
        stream.expect(DATE)
        stream.expect(DIGITS.grammar)
        push(stream, pcm[len(pcm) // 2 :])
        texts = [(await final(stream)).text]
        for grammar in (DIGITS.grammar, None, GREETINGS, DIGITS.grammar):
            stream.expect(grammar)
            push(stream, pcm)
            texts.append((await final(stream)).text)
        await stream.aclose()
        return texts

    first, digits, anything, greeted, again = engine.run(main())
    for text in (first, greeted):
        assert set(text.split()) <= {"hello", "goodbye"}
    assert digits == again == "one two three four"
    assert anything.startswith("one two three")


def test_only_words_of_what_is_expected_are_heard(engine: Engine, spoken: dict[str, bytes]) -> None:
    async def main() -> set[str]:
        stream = await engine.stt.open(SttOptions())
        stream.expect("#JSGF V1.0; grammar g; public <g> = two | three | read;")
        for pcm in (*spoken.values(), noise(2)):
            push(stream, pcm + SILENCE)
        words = set((await final(stream)).text.split())
        await stream.aclose()
        return words

    heard = engine.run(main())
    assert heard
    assert heard <= {"two", "three", "read"}


def test_noise_does_not_keep_the_next_answer_from_what_is_expected(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    async def main() -> str:
        stream = await engine.stt.open(SttOptions(grammar=GREETINGS))
        push(stream, noise(0.2) + 2 * SILENCE)
        stream.expect(DIGITS.grammar)
        push(stream, spoken["nine eight seven"])
        text = (await final(stream)).text
        await stream.aclose()
        return text

    assert engine.run(main()).endswith("nine eight seven")


def test_words_that_it_does_not_know_are_left_out_of_what_is_expected(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    known = "one | two | three | four"
    grammar = f"#JSGF V1.0; grammar g; public <all> = ({known} | xyzzq | one xyzzq two)+;"

    async def main() -> str:
        stream = await engine.stt.open(SttOptions())
        stream.expect(grammar)
        push(stream, spoken["one two three four"])
        text = (await final(stream)).text
        await stream.aclose()
        return text

    assert engine.run(main()) == "one two three four"


def test_what_is_expected_is_forgotten_with_the_call(spoken: dict[str, bytes]) -> None:
    pcm = spoken["nine eight seven"]

    async def expecting(stt: PocketsphinxStt) -> SttResult:
        stream = await stt.open(SttOptions())
        stream.expect(DIGITS.grammar)
        push(stream, pcm)
        result = await final(stream)
        push(stream, noise(1) + pcm[:60_000])  # left in the middle of a word
        await stream.aclose()
        return result

    async def main() -> None:
        stt = PocketsphinxStt(maximum=1)
        open_speech = await hear(stt, pcm, SttOptions())
        fresh = await expecting(stt)
        assert await hear(stt, pcm, SttOptions()) == open_speech
        assert await expecting(stt) == fresh
        await stt.aclose()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


def test_a_grammar_that_cannot_be_used_ends_the_stream(engine: Engine) -> None:
    async def main() -> None:
        stream = await engine.stt.open(DIGITS)
        stream.expect("#JSGF V1.0; grammar g; public <g> = ((;")
        try:
            with pytest.raises(ProviderRequestError, match="line 1, column 39: ';' stands"):
                await final(stream)
            with pytest.raises(ProviderRequestError):
                stream.expect(DIGITS.grammar)
        finally:
            await stream.aclose()

    engine.run(main())


@pytest.mark.parametrize(
    "garbage",
    [
        "\0",
        "\ud800",
        "(" * 100_000,
        "#JSGF V1.0; grammar g; public <g> = \ud800 | a\0b;",
        "é" * 1000,
    ],
)
def test_garbage_is_refused_and_the_process_kept(engine: Engine, garbage: str) -> None:
    async def main() -> None:
        stream = await engine.stt.open(SttOptions())
        assert stream._place
        worker = stream._place._shared.worker
        stream.expect(garbage)
        try:
            with pytest.raises(ProviderRequestError, match="line 1, column"):
                await final(stream)
        finally:
            await stream.aclose()
        with pytest.raises(ProviderRequestError, match="line 1, column"):
            await engine.stt.open(SttOptions(grammar=garbage))
        assert not worker.ended.done()

    engine.run(main())
