"""Tones whose length, pace and words are exactly known."""

import asyncio
import struct

import pytest

from parley.audio.formats import OUTBOUND, AudioFormat
from parley.errors import ConfigurationError, ProviderError, ProviderUnavailable
from parley.providers.protocols import SpokenWord, TtsChunk, TtsRequest
from parley.providers.scripted import Fail, Garbage, ScriptedTts, Stall, UnexpectedCall
from parley.runtime.vtime import run_virtual

GONE = ProviderUnavailable("x", "gone")

Timeline = list[tuple[float, TtsChunk]]


def watch(
    tts: ScriptedTts, text: str, speed: float
) -> tuple[Timeline, tuple[float, ProviderError | None] | None]:
    """What one synthesis gives and when, in seconds from the request; and how it broke
    down: with an error, or with None when it stalled for an hour."""
    seen: Timeline = []

    async def main() -> tuple[float, ProviderError | None] | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(3600):
                async for chunk in tts.synthesize(TtsRequest(text, speed=speed)):
                    seen.append((round(loop.time(), 6), chunk))
        except ProviderError as error:
            return loop.time(), error
        except TimeoutError:
            return loop.time(), None
        return None

    return seen, run_virtual(main())


def timeline(tts: ScriptedTts, text: str = "0123456789", speed: float = 1.0) -> Timeline:
    seen, breakdown = watch(tts, text, speed)
    assert breakdown is None
    return seen


def audio(tts: ScriptedTts, text: str = "0123456789", speed: float = 1.0) -> bytes:
    return b"".join(chunk.pcm for _, chunk in timeline(tts, text, speed))


def samples(pcm: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(pcm) // 2}h", pcm)


def test_the_length_is_60_ms_per_character() -> None:
    assert OUTBOUND.seconds_in(audio(ScriptedTts())) == 0.6
    assert OUTBOUND.seconds_in(audio(ScriptedTts(), speed=2.0)) == 0.3
    assert OUTBOUND.seconds_in(audio(ScriptedTts(seconds_per_char=0.1))) == 1.0
    assert audio(ScriptedTts(), "") == b""


def test_the_tone_is_one_sine_across_all_chunks() -> None:
    heard = samples(audio(ScriptedTts(chunk_s=0.0127), "Hello"))
    assert len(heard) == 7200
    assert max(heard) == 8192 == -min(heard)
    assert heard[0] == 0
    assert heard[25] == 8192  # a quarter of 240 Hz at 24 kHz
    assert all(a == b for a, b in zip(heard, heard[100:], strict=False))


def test_the_rate_is_that_of_the_format() -> None:
    telephone = AudioFormat(8_000)
    tts = ScriptedTts(format=telephone)
    assert tts.capabilities.format == telephone
    assert telephone.seconds_in(audio(tts)) == 0.6


def test_only_pcm_is_spoken() -> None:
    with pytest.raises(ConfigurationError):
        ScriptedTts(format=AudioFormat(8_000, "mulaw"))


def test_chunks_come_at_the_pace_of_the_voice() -> None:
    tts = ScriptedTts(first_byte_s=0.2, realtime_factor=2, chunk_s=0.25)
    seen = timeline(tts)
    assert [(at, OUTBOUND.seconds_in(chunk.pcm)) for at, chunk in seen] == [
        (0.2, 0.25),
        (0.325, 0.25),
        (0.45, 0.1),
    ]


def test_by_default_all_chunks_come_at_once_without_words() -> None:
    tts = ScriptedTts()
    assert [at for at, _ in timeline(tts)] == [0] * 6
    assert not tts.capabilities.word_times
    assert all(chunk.words == [] for _, chunk in timeline(tts))


def test_words_are_exact_and_come_with_the_chunk_in_which_they_begin() -> None:
    tts = ScriptedTts(word_times=True, seconds_per_char=0.1, chunk_s=0.5)
    assert tts.capabilities.word_times
    words = [chunk.words for _, chunk in timeline(tts, "Oh no, wait")]
    assert words == [
        [SpokenWord(0, 2, 0, 4800), SpokenWord(3, 6, 7200, 14400)],
        [SpokenWord(7, 11, 16800, 26400)],
        [],
    ]


def test_words_shrink_with_the_speed() -> None:
    tts = ScriptedTts(word_times=True, seconds_per_char=0.1, chunk_s=9)
    ((_, chunk),) = timeline(tts, "Oh no", speed=2)
    assert chunk.words == [SpokenWord(0, 2, 0, 2400), SpokenWord(3, 5, 3600, 6000)]


def test_a_failure_of_the_second_request_after_some_audio() -> None:
    tts = ScriptedTts({1: Fail(GONE, after_s=2.0, audio_s=0.25)})
    assert OUTBOUND.seconds_in(audio(tts)) == 0.6
    seen, breakdown = watch(tts, "0123456789", 1.0)
    assert breakdown == (2.0, GONE)
    assert OUTBOUND.seconds_in(b"".join(chunk.pcm for _, chunk in seen)) == 0.25
    assert OUTBOUND.seconds_in(audio(tts)) == 0.6
    tts.assert_finished()


def test_a_stall_from_the_beginning() -> None:
    tts = ScriptedTts({0: Stall()})
    assert watch(tts, "Hello", 1.0) == ([], (3600, None))
    assert tts.active == 0


def test_partial_audio_is_never_longer_than_the_text() -> None:
    ((_, chunk),), breakdown = watch(
        ScriptedTts({0: Fail(GONE, audio_s=99)}, chunk_s=9), "0123456789", 1.0
    )
    assert OUTBOUND.seconds_in(chunk.pcm) == 0.6
    assert breakdown == (0, GONE)


def test_garbage_is_given_as_it_is() -> None:
    chunks = [TtsChunk(b""), TtsChunk(b"\x01"), TtsChunk(b"", [SpokenWord(9, 3, -1, 0)])]
    assert [chunk for _, chunk in timeline(ScriptedTts({0: Garbage(chunks)}))] == chunks


def test_a_step_may_expect_its_text() -> None:
    tts = ScriptedTts({0: Garbage([], expects="Hello")})
    with pytest.raises(UnexpectedCall, match="expected 'Hello' in 'Goodbye'"):
        timeline(tts, "Goodbye")


def test_texts_must_come_in_order() -> None:
    tts = ScriptedTts(texts=["One.", "Two."])
    timeline(tts, "One.")
    with pytest.raises(UnexpectedCall, match=r"never asked for: 'Two\.'"):
        tts.assert_finished()
    timeline(tts, "Two.")
    tts.assert_finished()
    with pytest.raises(UnexpectedCall, match=r"did not expect 'Three\.' as request 2"):
        timeline(tts, "Three.")


def test_steps_of_requests_that_never_came_are_left() -> None:
    tts = ScriptedTts({0: Garbage([]), 1: Stall()})
    timeline(tts)
    with pytest.raises(UnexpectedCall, match="never asked for: Stall"):
        tts.assert_finished()
