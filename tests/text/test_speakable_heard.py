"""What is made speakable is understood: a voice says it, and a recogniser finds it again."""

import asyncio
from collections.abc import Iterator

import pytest

from parley.audio.formats import INBOUND
from parley.audio.resampling import resample
from parley.providers.protocols import SttOptions, TtsRequest
from parley.providers.stt.pocketsphinx import PocketsphinxStt
from parley.providers.tts.espeak import EspeakTts
from parley.runtime.vtime import VirtualLoop
from parley.text.speakable import speakable

RIVALS = [
    ["13", "30", "103", "1,300"],
    ["15", "50", "115"],
    ["10:30", "10:13", "12:30", "2:30"],
    ["4 p.m.", "4 a.m.", "10 p.m."],
    ["Dec. 3", "Dec. 23", "Oct. 3", "3 Sept."],
    ["$4.50", "$4.15", "$14.50", "$450"],
    ["in 1984", "in 1994", "in 2004"],
    ["1/2", "3/4", "8/10"],
    ["555-1234", "555-1324", "955-1234"],
    ["20°C", "20%", "20 km"],
]
"""Values that are easily mistaken for one another; the first of each is spoken."""

SILENCE = bytes(INBOUND.bytes_for(0.4))


@pytest.fixture(scope="module")
def heard() -> Iterator[dict[str, str]]:
    """What was understood of each value, all with one voice and one recogniser."""

    async def main() -> dict[str, str]:
        tts, stt = EspeakTts(maximum=1), PocketsphinxStt(ready=1, maximum=1)
        found = {}
        for rivals in RIVALS:
            pcm = await say(tts, speakable(rivals[0]).text)
            found[rivals[0]] = await understand(stt, pcm, [words(value) for value in rivals])
        await asyncio.gather(tts.aclose(), stt.aclose())
        return found

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        yield runner.run(main())


def words(value: str) -> str:
    """As the recogniser spells them."""
    return speakable(value).text.lower().replace("-", " ").replace(",", "").rstrip(".")


async def say(tts: EspeakTts, text: str) -> bytes:
    request = TtsRequest(text, voice="en-us+f5")
    pcm = b"".join([chunk.pcm async for chunk in tts.synthesize(request)])
    rate = tts.capabilities.format.sample_rate
    return SILENCE + resample(pcm, rate, INBOUND.sample_rate) + SILENCE


async def understand(stt: PocketsphinxStt, pcm: bytes, candidates: list[str]) -> str:
    grammar = f"#JSGF V1.0; grammar values; public <all> = {' | '.join(candidates)};"
    stream = await stt.open(SttOptions(grammar=grammar))
    for at in range(0, len(pcm), 640):
        stream.push(pcm[at : at + 640])
    stream.finalize()
    try:
        return await anext(result.text async for result in stream if result.final)
    finally:
        await stream.aclose()


@pytest.mark.parametrize("value", [rivals[0] for rivals in RIVALS])
def test_a_value_is_understood_as_what_it_is(heard: dict[str, str], value: str) -> None:
    assert heard[value] == words(value)
