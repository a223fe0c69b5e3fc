"""A voice as calls use it."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Sequence

import pytest
from support import run_cleanly
from voices import tts

from parley.audio.formats import OUTBOUND, AudioFormat
from parley.audio.ledger import WordTime
from parley.audio.resampling import resample
from parley.errors import ProviderProtocolError, ProviderUnavailable
from parley.providers.protocols import SpokenWord, TtsCapabilities, TtsChunk, TtsRequest
from parley.providers.scripted import Fail, ScriptedTts, Stall
from parley.runtime import voice as voice_module
from parley.runtime.voice import Speech, Voice

GONE = ProviderUnavailable("scripted", "gone")


class Pieces:
    """A voice that gives this audio in these pieces."""

    name = "pieces"

    def __init__(self, pieces: Sequence[bytes], sample_rate: int, *words: SpokenWord) -> None:
        self.capabilities = TtsCapabilities(AudioFormat(sample_rate))
        self.requests: list[TtsRequest] = []
        self._pieces = pieces
        self._words = words

    async def warm(self) -> None:
        """Nothing needs to be loaded."""

    async def aclose(self) -> None:
        """Nothing needs to be released."""

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        self.requests.append(request)
        for piece in self._pieces:
            yield TtsChunk(piece, self._words)


def spoken(voice: Voice, text: str = "A sentence.") -> list[Speech]:
    async def main() -> list[Speech]:
        return [speech async for speech in voice.speak(text)]

    return run_cleanly(main())


def tone(samples: int) -> bytes:
    values = (round(8000 * math.sin(n / 9)) for n in range(samples))
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 48_000])
@pytest.mark.parametrize("size", [7, 333, 1024, 9999])
def test_audio_may_come_in_any_pieces(rate: int, size: int) -> None:
    """A vendor's socket knows nothing of samples."""
    pcm = tone(rate // 2)
    pieces = [pcm[n : n + size] for n in range(0, len(pcm), size)]
    whole = b"".join(speech.pcm for speech in spoken(Voice(Pieces(pieces, rate))))
    assert all(len(speech.pcm) % 2 == 0 for speech in spoken(Voice(Pieces(pieces, rate))))
    assert len(whole) == OUTBOUND.bytes_for(0.5)
    at_once = b"".join(speech.pcm for speech in spoken(Voice(Pieces([pcm], rate))))
    assert whole == at_once
    if rate == OUTBOUND.sample_rate:
        assert whole == pcm
    else:
        assert len(resample(pcm, rate, OUTBOUND.sample_rate)) == len(whole)


def test_words_are_converted_with_the_audio() -> None:
    voice = Voice(Pieces([bytes(3200)], 8_000, SpokenWord(2, 5, 800, 1601)))
    words = [word for speech in spoken(voice) for word in speech.words]
    assert words == [WordTime(2, 5, 2400, 4803)]


def test_it_is_asked_as_it_was_set() -> None:
    engine = Pieces([bytes(480)], 24_000)
    spoken(Voice(engine, voice="amy", language="en-GB", speed=1.25), "Well.")
    assert engine.requests == [TtsRequest("Well.", language="en-GB", voice="amy", speed=1.25)]


def test_audio_that_does_not_end_is_refused() -> None:
    voice = Voice(ScriptedTts(seconds_per_char=10.0))
    with pytest.raises(ProviderProtocolError, match="does not end"):
        spoken(voice)


def test_a_slow_voice_is_not() -> None:
    slowest = ScriptedTts(seconds_per_char=0.2)
    assert spoken(Voice(slowest, speed=0.25), "A sentence of some length.")


# Phrases


def prepared(voice: Voice, *phrases: str) -> list[str]:
    return run_cleanly(voice.prepare(phrases))


def test_phrases_are_synthesised_once() -> None:
    engine = tts()
    voice = Voice(engine)
    assert prepared(voice, "One.", "Two.") == []
    assert prepared(voice, "Two.", "Three.") == []
    assert engine.texts == ["One.", "Two.", "Three."]
    cached = voice.cached("Two.")
    assert cached
    assert b"".join(s.pcm for s in cached) == b"".join(s.pcm for s in spoken(voice, "Two."))
    assert voice.cached("Four.") is None


def test_voices_that_sound_the_same_share_their_phrases() -> None:
    engine, cache = tts(), dict[str, tuple[Speech, ...]]()
    prepared(Voice(engine, phrases=cache), "One.")
    prepared(Voice(engine, phrases=cache), "One.")
    assert engine.texts == ["One."]


def test_phrases_that_cannot_be_had_are_told(caplog: pytest.LogCaptureFixture) -> None:
    voice = Voice(tts(steps={1: Fail(GONE)}))
    assert prepared(voice, "One.", "Two.", "Three.") == ["Two."]
    assert "gone" in caplog.text
    assert voice.cached("Three.")
    assert not voice.cached("Two.")


def test_preparing_takes_no_longer_than_its_limit(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> float:
        assert await Voice(tts(steps={0: Stall()})).prepare(["One."]) == ["One."]
        return asyncio.get_running_loop().time()

    caplog.set_level(logging.CRITICAL)
    assert run_cleanly(main()) == pytest.approx(voice_module.PREPARE_LIMIT_S)
