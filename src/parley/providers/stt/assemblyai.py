"""Speech to text with AssemblyAI's streaming models (`/v3/ws`), which end turns by themselves.

The protocol: https://www.assemblyai.com/docs/streaming/message-sequence; how it fails:
https://www.assemblyai.com/docs/streaming/common-session-errors-and-closures.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from parley.audio.formats import INBOUND
from parley.core.listeners import MULTI, primary
from parley.errors import (
    ConfigurationError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRequestError,
    ProviderUnavailable,
)
from parley.providers.protocols import SttCapabilities, SttOptions, TimedWord
from parley.providers.stt.hosted import FINALIZE_AFTER_S, OPEN_LIMIT_S, HostedStream, Signal, Vendor
from parley.providers.stt.hosted_access import (
    Access,
    between,
    listed,
    vendor_key,
    vendor_url,
)
from parley.providers.stt.hosted_turns import Heard, judged

NAME = "assembly-ai"
"""As VAPI calls it."""

ASSEMBLYAI_URL = "wss://streaming.assemblyai.com"

API_VERSION = "2025-05-12"
"""Of the messages that are read here."""

ENGLISH, MULTILINGUAL = "universal-streaming-english", "universal-streaming-multilingual"

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    ENGLISH: ("en",),
    MULTILINGUAL: ("de", "en", "es", "fr", "it", "pt", MULTI),
}
"""What these understand; what others do is not known here."""

THRESHOLD = 0.4
"""From this confidence on it ends a turn where nothing else is set."""

KEYTERMS, KEYTERM_CHARS = 100, 50
"""So many key terms of so many characters may be given."""

UNAUTHORIZED, SERVER, INVALID, AUDIO, EXPIRED, TOO_MANY = 1008, 3005, 3006, 3007, 3008, 3009
"""Why a session ends. The key is checked only after the connection was accepted."""

log = logging.getLogger(__name__)


class _Word(msgspec.Struct):
    text: str
    start: int
    end: int
    confidence: float | None = None
    word_is_final: bool = True


class _Turn(msgspec.Struct):
    turn_order: int
    end_of_turn: bool
    transcript: str
    turn_is_formatted: bool = False
    end_of_turn_confidence: float = 0.0
    utterance: str | None = None
    words: list[_Word] = []
    language_code: str | None = None

    @property
    def text(self) -> str:
        """All words: the transcript, and what is not certain yet. Some models have that in it."""
        known = self.transcript.split()
        more = (word.text for word in self.words[len(known) :] if not word.word_is_final)
        return " ".join([*known, *more])


class UniversalDialect:
    """AssemblyAI on one connection."""

    chunk_s = 0.05
    least_s = 0.05
    pace: float | None = 4.0
    """What comes much faster than it is spoken it transcribes badly, or not at all."""
    updates = False
    answers = False
    end_turn = '{"type":"ForceEndpoint"}'
    farewell = '{"type":"Terminate"}'

    def __init__(self, access: Access, model: str, threshold: float, *, formats: bool) -> None:
        self._access = access
        self._model = model
        self._threshold = threshold
        self._formats = formats

    def read(self, message: Mapping[str, Any]) -> Heard | Signal | None:
        """The types that are not named here tell nothing that is needed."""
        kind = message.get("type")
        if kind == "Turn":
            return self._turn(msgspec.convert(message, _Turn, strict=False))
        if kind == "Begin":
            self._compare(message.get("configuration"))
            return "ready"
        if kind == "Error" or "error" in message:
            raise self._refusal(message.get("error_code"), str(message.get("error")).lower())
        if not isinstance(kind, str):
            raise ProviderProtocolError(self._access.name, "its message has no type")
        return None

    def closed(self, code: int | None) -> ProviderError:
        return self._refusal(code, "")

    def _turn(self, turn: _Turn) -> Heard:
        whole = turn.turn_is_formatted or not self._formats
        return Heard(
            turn.turn_order,
            turn.text,
            ended=turn.end_of_turn and whole,
            over=self._over(turn),
            words=tuple(TimedWord(w.text, w.start / 1000, w.end / 1000) for w in turn.words),
            confidence=_mean([w.confidence for w in turn.words if w.confidence is not None]),
            language=turn.language_code,
        )

    def _over(self, turn: _Turn) -> float | None:
        """Its confidence, where it is about a pause. While words come it is about none."""
        if turn.end_of_turn:
            return judged(turn.end_of_turn_confidence, self._threshold)
        return turn.end_of_turn_confidence if turn.utterance else None

    def _compare(self, configuration: object) -> None:
        """A model that it does not know it does not refuse: it takes another one."""
        model = configuration.get("model") if isinstance(configuration, Mapping) else None
        if isinstance(model, str) and model != self._model:
            log.warning("%s does not use the speech_model that was asked for", self._access.name)

    def _refusal(self, code: object, text: str) -> ProviderError:
        """What an error means. Its text, which may repeat what was sent, is not passed on."""
        name, what = self._access.name, f"code {code if isinstance(code, int) else 'unknown'}"
        if code == TOO_MANY or "too many" in text:
            return ProviderRateLimited(name, f"too many sessions at a time ({what})")
        if code == UNAUTHORIZED and ("balance" in text or "funds" in text):
            remedy = "Look into the vendor's console."
            return ProviderRateLimited(name, f"no credit is left ({what})", remedy=remedy)
        if code == UNAUTHORIZED:
            return self._access.unauthorized(what)
        if code == INVALID:
            remedy = "Check the transcriber's settings."
            return ProviderRequestError(
                name, f"it refuses what it was sent ({what})", remedy=remedy
            )
        if code == AUDIO:
            return ProviderUnavailable(name, f"it does not take the audio at this pace ({what})")
        why = "the session is too long" if code == EXPIRED else "it ended the session"
        return ProviderUnavailable(name, f"{why} ({what})")


class AssemblyAiStt:
    """AssemblyAI, with a session for each call. The names of its settings are VAPI's.

    It ends a turn from `end_of_turn_confidence_threshold` (0 to 1, by default 0.4) on after a
    silence of `min_turn_silence` ms (also `min_end_of_turn_silence_when_confident`), and one of
    `max_turn_silence` ms anyhow. `keyterms_prompt` are words to look out for. With `format_turns`
    it writes punctuation and numerals, and takes longer. `prompt`, `mode`, `agent_context` and
    `language_codes` are for models that know them.

    The key is `api_key` or the environment variable that `api_key_env` names; ASSEMBLYAI_API_KEY
    is used unasked only where neither `base_url` nor `realtime_url` (the same) is given.
    """

    name = NAME

    def __init__(
        self,
        speech_model: str | None = None,
        *,
        end_of_turn_confidence_threshold: float | None = None,
        min_turn_silence: float | None = None,
        min_end_of_turn_silence_when_confident: float | None = None,
        max_turn_silence: float | None = None,
        vad_threshold: float | None = None,
        format_turns: bool = False,
        keyterms_prompt: str | Sequence[str] = (),
        prompt: str | None = None,
        mode: str | None = None,
        agent_context: str | None = None,
        language_codes: str | Sequence[str] = (),
        base_url: str | None = None,
        realtime_url: str | None = None,
        api_key: str | None = None,
        api_key_env: str | None = None,
        connect_timeout_s: float = OPEN_LIMIT_S,
    ) -> None:
        between("end_of_turn_confidence_threshold", end_of_turn_confidence_threshold, 0.0, 1.0)
        between("vad_threshold", vad_threshold, 0.0, 1.0)
        keyterms = _few(listed("keyterms_prompt", keyterms_prompt))
        languages = listed("language_codes", language_codes)
        if min_turn_silence is None:
            min_turn_silence = min_end_of_turn_silence_when_confident
        for silence in (min_turn_silence, max_turn_silence):
            between("min_turn_silence or max_turn_silence", silence, 0, 60_000)
        given = base_url or realtime_url
        key, key_name = vendor_key(
            "AssemblyAI", api_key, api_key_env, "ASSEMBLYAI_API_KEY", own=not given
        )
        headers = {"AssemblyAI-Version": API_VERSION} | ({"Authorization": key} if key else {})
        access = Access(NAME, vendor_url(given or ASSEMBLYAI_URL, "/v3/ws"), headers, key_name)
        self._vendor = Vendor(access, connect_timeout_s=connect_timeout_s)
        self._model = speech_model
        threshold = end_of_turn_confidence_threshold
        self._threshold = THRESHOLD if threshold is None else threshold
        self._formats = format_turns
        asked = {
            "end_of_turn_confidence_threshold": threshold,
            "min_turn_silence": _whole(min_turn_silence),
            "max_turn_silence": _whole(max_turn_silence),
            "vad_threshold": vad_threshold,
            "format_turns": "true" if format_turns else None,
            "prompt": prompt,
            "mode": mode,
            "agent_context": agent_context,
            "keyterms_prompt": json.dumps(keyterms) if keyterms else None,
            "language_codes": json.dumps(languages) if languages else None,
        }
        self._query = {name: str(value) for name, value in asked.items() if value is not None}
        self.capabilities = SttCapabilities(
            partials=True,
            word_times=True,
            finalizes=True,
            finalize_after_s=FINALIZE_AFTER_S,
            languages=LANGUAGES.get(speech_model or MULTILINGUAL, ()),
        )

    def __repr__(self) -> str:
        return f"AssemblyAiStt(speech_model={self._model!r}, url={self._vendor.access.url!r})"

    async def warm(self) -> None:
        """Load what is needed, and learn once whether key and settings are accepted."""
        model = self._model or ENGLISH
        await self._vendor.warm(self._asking(model), self._dialect(model))

    async def open(self, options: SttOptions) -> HostedStream:
        """Start to listen to one call: without a `speech_model`, with the multilingual one where
        its language is not English. Raises ProviderRequestError for a language that the model
        does not understand.
        """
        language = primary(options.language)
        model = self._model or (ENGLISH if language == "en" else MULTILINGUAL)
        if not self.capabilities.understands(language):
            raise ProviderRequestError(
                NAME,
                f"{model} does not understand the language {options.language!r}",
                remedy=f"{MULTILINGUAL} knows {', '.join(LANGUAGES[MULTILINGUAL])}; else give"
                " another speech_model.",
            )
        return await self._vendor.open(self._asking(model), self._dialect(model))

    async def aclose(self) -> None:
        """Nothing is held between calls."""

    def _asking(self, model: str) -> str:
        sound = {"sample_rate": str(INBOUND.sample_rate), "encoding": "pcm_s16le"}
        return urlencode({**sound, "speech_model": model, **self._query})

    def _dialect(self, model: str) -> UniversalDialect:
        access = self._vendor.access
        return UniversalDialect(access, model, self._threshold, formats=self._formats)


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _whole(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)


def _few(keyterms: list[str]) -> list[str]:
    if len(keyterms) > KEYTERMS or any(len(term) > KEYTERM_CHARS for term in keyterms):
        raise ConfigurationError(
            "transcriber.keyterms_prompt holds too many or too long terms",
            remedy=f"Give at most {KEYTERMS} terms of at most {KEYTERM_CHARS} characters.",
        )
    return keyterms
