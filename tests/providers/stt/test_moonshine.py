"""Recognition by the real Moonshine in its processes, in simulated time."""

import asyncio
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import recognisers
from recognisers import Engine, as_it_is_spoken, final, push

from parley.audio.formats import INBOUND
from parley.audio.resampling import resample
from parley.errors import (
    MissingModelError,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.models import find_model
from parley.providers.protocols import SttOptions, SttResult, TtsRequest
from parley.providers.stt.moonshine import MoonshineStt
from parley.providers.stt.streaming import EngineStt
from parley.providers.tts.espeak import EspeakTts

PAUSE = bytes(INBOUND.bytes_for(0.7))
DIGITS, MEETING = "one two three four", "The meeting is on Tuesday and"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if not find_model("moonshine").fetched:
        pytest.skip("the model moonshine is not here: `parley models pull moonshine` fetches it")
    engine = Engine(MoonshineStt)
    with engine.runner:
        yield engine
        engine.run(engine.stt.aclose())
        assert engine.loop.owed == 0


@pytest.fixture(scope="module")
def spoken(engine: Engine) -> dict[str, bytes]:
    """What the caller may say, as `INBOUND` audio."""

    async def speak() -> dict[str, bytes]:
        tts, said = EspeakTts(maximum=1), {}
        for text in (DIGITS, MEETING):
            request = TtsRequest(text, voice="en-us+f5")
            pcm = b"".join([chunk.pcm async for chunk in tts.synthesize(request)])
            heard = resample(pcm, tts.capabilities.format.sample_rate, INBOUND.sample_rate)
            said[text] = PAUSE + heard + PAUSE
        await tts.aclose()
        return said

    return engine.run(speak())


async def hear(stt: EngineStt, pcm: bytes) -> SttResult:
    return await recognisers.hear(stt, pcm, SttOptions("en-GB"))


def plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha() or c == " ")


def test_speech_comes_back_as_text_while_it_is_spoken(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    pcm = spoken[DIGITS]

    *partials, result, empty = engine.run(as_it_is_spoken(engine.stt, pcm, SttOptions()))
    assert plain(result.text) == DIGITS
    assert (result.final, result.segment) == (True, 0)
    assert result.turn_over is not None
    assert 0.0 < result.turn_over < 1.0
    assert empty == SttResult(1, "", final=True)
    assert not any(partial.final for partial in partials)
    texts = [partial.text for partial in partials]
    assert plain(texts[0]) != DIGITS
    assert all(before != after for before, after in pairwise(texts))


def test_a_sentence_may_go_on_after_a_final_result(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    async def main() -> list[SttResult]:
        stream = await engine.stt.open(SttOptions())
        results = []
        for text in (MEETING, DIGITS):
            push(stream, spoken[text])
            results.append(await final(stream))
        await stream.aclose()
        return results

    first, second = engine.run(main())
    assert [first.segment, second.segment] == [0, 1]
    assert plain(first.text).startswith("the meeting is on tuesday")
    assert plain(second.text) == DIGITS


def test_silence_says_nothing(engine: Engine) -> None:
    for pcm in (b"", bytes(64_000)):
        assert engine.run(hear(engine.stt, pcm)) == SttResult(0, "", final=True)


def test_a_process_forgets_a_call_before_the_next(engine: Engine, spoken: dict[str, bytes]) -> None:
    async def main() -> None:
        other = await engine.stt.open(SttOptions())
        for _ in range(2):
            loud = await engine.stt.open(SttOptions())
            push(loud, spoken[MEETING])
            await final(loud)
            push(loud, spoken[MEETING][:60_000])  # left in the middle of a word
            await loud.aclose()
            assert plain((await hear(engine.stt, spoken[DIGITS])).text) == DIGITS
        await other.aclose()

    engine.run(main())


def test_another_language_is_refused(engine: Engine) -> None:
    async def main() -> None:
        for _ in range(3):
            with pytest.raises(ProviderRequestError, match="the language 'de-DE'") as caught:
                await engine.stt.open(SttOptions("de-DE"))
            assert "English only" in caught.value.remedy
        assert (await hear(engine.stt, b"")).text == ""

    engine.run(main())


def test_two_calls_in_a_process_do_not_mix(engine: Engine, spoken: dict[str, bytes]) -> None:
    async def main() -> None:
        first, second = [await engine.stt.open(SttOptions()) for _ in range(2)]
        with pytest.raises(ProviderUnavailable, match="busy"):
            await engine.stt.open(SttOptions())
        assert first._place
        assert second._place
        assert first._place.pid == second._place.pid
        heard = spoken[MEETING], spoken[DIGITS]
        for at in range(0, max(map(len, heard)), 640):
            for stream, pcm in zip((first, second), heard, strict=True):
                stream.push(pcm[at : at + 640])
        second.expect("#JSGF V1.0; grammar g; public <g> = yes | no;")
        assert plain((await final(first)).text).startswith("the meeting is on tuesday")
        push(first, spoken[MEETING])
        await first.aclose()
        assert plain((await final(second)).text) == DIGITS
        await second.aclose()

    engine.run(main())


def test_a_grammar_that_cannot_be_used_harms_no_other_call(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    async def main() -> None:
        good, bad = [await engine.stt.open(SttOptions()) for _ in range(2)]
        push(good, spoken[DIGITS])
        bad.expect("nonsense")
        with pytest.raises(ProviderRequestError, match="line 1"):
            await final(bad)
        await bad.aclose()
        assert plain((await final(good)).text) == DIGITS
        await good.aclose()

    engine.run(main())


def test_all_calls_of_a_process_that_dies_are_told(
    engine: Engine, spoken: dict[str, bytes]
) -> None:
    async def main() -> None:
        streams = [await engine.stt.open(SttOptions()) for _ in range(2)]
        for stream in streams:
            push(stream, spoken[DIGITS])
        assert streams[0]._place
        os.kill(streams[0]._place.pid, signal.SIGKILL)
        for stream in streams:
            with pytest.raises(ProviderUnavailable, match="ended"):
                await final(stream)
            with pytest.raises(ProviderUnavailable):
                stream.push(bytes(640))
            await stream.aclose()
        assert plain((await hear(engine.stt, spoken[DIGITS])).text) == DIGITS
        await engine.stt.warm()

    engine.run(main())


def test_who_is_too_far_behind_is_told(engine: Engine) -> None:
    async def main() -> None:
        stream = await engine.stt.open(SttOptions())
        with pytest.raises(ProviderTimeout, match="behind"):
            push(stream, bytes(INBOUND.bytes_for(31)))
        assert (await final(stream)).text == ""
        await stream.aclose()

    engine.run(main())


def test_opening_may_be_cancelled(engine: Engine) -> None:
    async def main() -> None:
        task = asyncio.create_task(engine.stt.open(SttOptions()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await hear(engine.stt, b"")).final
        await engine.stt.warm()

    engine.run(main())


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


def test_a_model_that_was_not_fetched_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    with pytest.raises(MissingModelError, match="moonshine"):
        MoonshineStt()
