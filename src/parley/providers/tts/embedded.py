"""The best voice that is on this machine: flite for English where it is installed, or espeak.

Which of them it is is decided when the voice is made, since their audio formats differ.
"""

from collections.abc import AsyncIterator

from parley.errors import ConfigurationError
from parley.providers.protocols import TextToSpeech, TtsCapabilities, TtsChunk, TtsRequest
from parley.providers.tts import flite
from parley.providers.tts.espeak import EspeakTts
from parley.providers.tts.flite import FliteTts
from parley.providers.tts.flite_worker import PREFERRED


class EmbeddedTts:
    """`language` (a BCP 47 tag) and `voice` are those that will be asked for.

    A voice of flite's is spoken by flite, any other by espeak. `name` is the name of the
    engine that was chosen. Raises ConfigurationError for a voice of flite's where that is
    not installed.
    """

    name: str
    capabilities: TtsCapabilities

    def __init__(
        self, *, language: str = "en", voice: str | None = None, ready: int = 1, maximum: int = 2
    ) -> None:
        chosen = FliteTts if _is_for_flite(language, voice) else EspeakTts
        self._engine: TextToSpeech = chosen(ready=ready, maximum=maximum)
        self.name = self._engine.name
        self.capabilities = self._engine.capabilities

    async def warm(self) -> None:
        await self._engine.warm()

    def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        """Speak one text as the engine does, with its errors."""
        return self._engine.synthesize(request)

    async def aclose(self) -> None:
        await self._engine.aclose()


def _is_for_flite(language: str, voice: str | None) -> bool:
    voices = flite.available()
    if voice in PREFERRED and not voices:
        raise ConfigurationError(
            f"the voice {voice!r} is one of flite, which is not installed",
            remedy=f"{flite.REMEDY} Or name no voice.",
        )
    return flite.speaks(language) and (bool(voices) if voice is None else voice in voices)
