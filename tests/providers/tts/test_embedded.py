"""Which engine speaks, and that it does."""

import asyncio
from pathlib import Path

import pytest

from parley.errors import ConfigurationError, ProviderRequestError
from parley.providers.protocols import TtsChunk, TtsRequest
from parley.providers.tts import flite_worker
from parley.providers.tts.embedded import EmbeddedTts
from parley.providers.tts.espeak import EspeakTts
from parley.providers.tts.flite import REMEDY, FliteTts, available

needs_flite = pytest.mark.skipif(not available(), reason=f"flite is not installed. {REMEDY}")


@pytest.fixture
def no_flite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flite_worker, "folders", list)


@pytest.fixture
def flite_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if flite were installed; it is not loaded."""
    for voice in ("slt", "clb"):
        (tmp_path / f"libflite_cmu_us_{voice}.so.1").touch()
    monkeypatch.setattr(flite_worker, "folders", lambda: [tmp_path])


def speak(tts: EmbeddedTts, request: TtsRequest) -> list[TtsChunk]:
    async def main() -> list[TtsChunk]:
        try:
            await tts.warm()
            return [chunk async for chunk in tts.synthesize(request)]
        finally:
            await tts.aclose()

    return asyncio.run(main())


@pytest.mark.usefixtures("flite_files")
@pytest.mark.parametrize("language", ["en", "en-GB", "EN-us"])
def test_english_is_spoken_by_flite(language: str) -> None:
    tts = EmbeddedTts(language=language)
    assert tts.name == "flite"
    assert tts.capabilities == FliteTts.capabilities


@pytest.mark.usefixtures("flite_files")
@pytest.mark.parametrize("language", ["de", "fr-CA", "zh"])
def test_other_languages_are_spoken_by_espeak(language: str) -> None:
    tts = EmbeddedTts(language=language)
    assert tts.name == "espeak"
    assert tts.capabilities == EspeakTts.capabilities


@pytest.mark.usefixtures("no_flite")
def test_without_flite_everything_is_spoken_by_espeak() -> None:
    tts = EmbeddedTts()
    assert tts.name == "espeak"
    assert tts.capabilities == EspeakTts.capabilities


@pytest.mark.usefixtures("flite_files")
@pytest.mark.parametrize("voice", ["en-gb", "+f3", "en-us+m1", "nobody"])
def test_a_voice_that_is_not_of_flite_is_spoken_by_espeak(voice: str) -> None:
    assert EmbeddedTts(voice=voice).name == "espeak"


@pytest.mark.usefixtures("flite_files")
@pytest.mark.parametrize("voice", ["slt", "clb"])
def test_a_voice_of_flite_is_spoken_by_flite(voice: str) -> None:
    assert EmbeddedTts(voice=voice).name == "flite"
    assert EmbeddedTts(voice=voice, language="de").name == "espeak"


@pytest.mark.usefixtures("no_flite")
def test_a_voice_of_flite_needs_flite() -> None:
    with pytest.raises(ConfigurationError, match=r"'slt' is one of flite.* Install it with: "):
        EmbeddedTts(voice="slt")


@needs_flite
def test_flite_speaks_when_it_was_chosen() -> None:
    chunks = speak(EmbeddedTts(ready=0, maximum=1), TtsRequest("Hello."))
    assert sum(len(chunk.pcm) for chunk in chunks) == pytest.approx(0.8 * 32_000, rel=0.2)
    assert [word.char_end for chunk in chunks for word in chunk.words] == [6]


def test_espeak_speaks_when_it_was_chosen() -> None:
    request = TtsRequest("Guten Tag.", language="de", voice="+f3")
    chunks = speak(EmbeddedTts(language="de", voice="+f3"), request)
    assert [word.char_end for chunk in chunks for word in chunk.words] == [5, 10]


@needs_flite
def test_a_language_that_was_not_announced_is_refused() -> None:
    with pytest.raises(ProviderRequestError, match="no language 'de'"):
        speak(EmbeddedTts(language="en"), TtsRequest("Hallo.", language="de"))
