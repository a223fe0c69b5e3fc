"""Speech to text with Deepgram's Flux (`/v2/listen`), which ends turns by itself.

The protocol: https://developers.deepgram.com/reference/speech-to-text/listen-flux; its states:
https://developers.deepgram.com/docs/flux/state.
"""

import logging
import re
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

NAME = "deepgram"

DEEPGRAM_URL = "wss://api.deepgram.com"

ENGLISH, MULTILINGUAL = "flux-general-en", "flux-general-multi"

LANGUAGES = ("de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt", "ru")
"""What the multilingual model understands."""

THRESHOLD = 0.7
"""From this confidence on Flux ends a turn where nothing else is set."""

PAUSE_S = 0.2
"""So much sound after the last word makes an opinion one of a pause."""

NO_TURN = "FORCE_END_TURN_NO_ACTIVE_TURN"

log = logging.getLogger(__name__)

_TERM = re.compile(r"[A-Z][A-Z0-9_-]{0,63}")


class _Word(msgspec.Struct):
    word: str
    confidence: float | None = None
    start: float | None = None
    end: float | None = None


class _TurnInfo(msgspec.Struct):
    event: str
    turn_index: int
    transcript: str
    end_of_turn_confidence: float
    audio_window_end: float = 0.0
    words: list[_Word] = []
    languages: list[str] | None = None


class FluxDialect:
    """Flux on one connection."""

    chunk_s = 0.08
    least_s = 0.0
    pace: float | None = None
    updates = True
    answers = True
    end_turn = '{"type":"ForceEndTurn"}'
    farewell = '{"type":"CloseStream"}'

    def __init__(self, access: Access, threshold: float) -> None:
        self._access = access
        self._threshold = threshold

    def read(self, message: Mapping[str, Any]) -> Heard | Signal | None:
        """The types that are not named here tell nothing that is needed."""
        kind = message.get("type")
        if kind == "TurnInfo":
            return self._turn(msgspec.convert(message, _TurnInfo, strict=False))
        if kind == "Connected":
            return "ready"
        if kind == "Warning":
            return self._warning(_term(message.get("code")))
        if kind == "Error":
            raise self._fatal(_term(message.get("code")))
        if not isinstance(kind, str):
            raise ProviderProtocolError(self._access.name, "its message has no type")
        return None

    def closed(self, code: int | None) -> ProviderError:
        """A failure that has a reason comes as an Error message before."""
        return ProviderUnavailable(self._access.name, f"it closed the connection (code {code})")

    def _turn(self, info: _TurnInfo) -> Heard:
        sure = [word.confidence for word in info.words if word.confidence is not None]
        return Heard(
            info.turn_index,
            info.transcript,
            ended=info.event == "EndOfTurn",
            over=self._over(info),
            words=_timed(info.words),
            confidence=sum(sure) / len(sure) if sure else None,
            language=info.languages[0] if info.languages else None,
        )

    def _over(self, info: _TurnInfo) -> float | None:
        """Its confidence, where it is about a pause: at the changes of state, and once the sound
        after the last word has been heard."""
        confidence = info.end_of_turn_confidence
        if info.event == "EndOfTurn":
            return judged(confidence, self._threshold)
        if info.event in ("EagerEndOfTurn", "TurnResumed"):
            return confidence
        last = info.words[-1].end if info.words else None
        paused = last is not None and info.audio_window_end - last >= PAUSE_S
        return confidence if paused else None

    def _warning(self, code: str) -> Signal | None:
        if code == NO_TURN:
            return "no turn"
        log.warning("%s warns: %s", self._access.name, code)
        return None

    def _fatal(self, code: str) -> ProviderError:
        if code == "UNPARSABLE_CLIENT_MESSAGE":
            return ProviderRequestError(
                self._access.name,
                "it does not understand a message of ours",
                remedy="Where it runs at your place, update it, or set force_end_turn to false.",
            )
        return ProviderUnavailable(self._access.name, f"it gives up: {code}")


class DeepgramStt:
    """Flux, with a connection for each call. The names of its settings are VAPI's.

    `eot_threshold` (0.5 to 1, by default 0.7) is the confidence from which on it ends a turn,
    `eager_eot_threshold` (0.3 to 0.9) one from which on it says so beforehand, `eot_timeout_ms` the
    silence that ends one anyhow. `keyterm` are words to look out for, `languages` hints for the
    multilingual model, which else is hinted at the assistant's language.

    The key is `api_key` or the environment variable that `api_key_env` names; DEEPGRAM_API_KEY is
    used unasked only where `base_url` is not given. With `force_end_turn` it is asked to end turns
    that it does not end in time; a server of your own may not know that, and then ends the call.
    """

    name = NAME

    def __init__(
        self,
        model: str = ENGLISH,
        *,
        eot_threshold: float | None = None,
        eager_eot_threshold: float | None = None,
        eot_timeout_ms: float | None = None,
        keyterm: str | Sequence[str] = (),
        languages: str | Sequence[str] = (),
        numerals: bool | None = None,
        profanity_filter: bool | None = None,
        mip_opt_out: bool | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        api_key_env: str | None = None,
        force_end_turn: bool = True,
        connect_timeout_s: float = OPEN_LIMIT_S,
    ) -> None:
        if model not in (ENGLISH, MULTILINGUAL):
            raise ConfigurationError(
                "transcriber.model is none of Deepgram's Flux models",
                remedy=f"Give {ENGLISH} or {MULTILINGUAL}; no other ends turns by itself.",
            )
        between("eot_threshold", eot_threshold, 0.5, 1.0)
        between("eager_eot_threshold", eager_eot_threshold, 0.3, 0.9)
        between("eot_timeout_ms", eot_timeout_ms, 500, 60_000)
        self._threshold = THRESHOLD if eot_threshold is None else eot_threshold
        if eager_eot_threshold is not None and eager_eot_threshold > self._threshold:
            raise ConfigurationError(
                "transcriber.eager_eot_threshold is more than eot_threshold",
                remedy=f"Give {self._threshold:g} or less: the eager end comes first.",
            )
        key, key_name = vendor_key(
            "Deepgram", api_key, api_key_env, "DEEPGRAM_API_KEY", own=not base_url
        )
        url = vendor_url(base_url or DEEPGRAM_URL, "/v2/listen")
        headers = {"Authorization": f"Token {key}"} if key else {}
        self._vendor = Vendor(
            Access(NAME, url, headers, key_name), connect_timeout_s=connect_timeout_s
        )
        self._model = model
        self._hints = [primary(language) for language in listed("languages", languages)]
        asked = {
            "eot_threshold": eot_threshold,
            "eager_eot_threshold": eager_eot_threshold,
            "eot_timeout_ms": None if eot_timeout_ms is None else round(eot_timeout_ms),
            "numerals": numerals,
            "profanity_filter": profanity_filter,
            "mip_opt_out": mip_opt_out,
        }
        self._query: list[tuple[str, str]] = [
            ("model", model),
            ("encoding", "linear16"),
            ("sample_rate", str(INBOUND.sample_rate)),
            *((name, str(value).lower()) for name, value in asked.items() if value is not None),
            *(("keyterm", term) for term in listed("keyterm", keyterm)),
        ]
        self.capabilities = SttCapabilities(
            partials=True,
            word_times=True,
            finalizes=force_end_turn,
            finalize_after_s=FINALIZE_AFTER_S,
            languages=("en",) if model == ENGLISH else (*LANGUAGES, MULTI),
        )

    def __repr__(self) -> str:
        return f"DeepgramStt(model={self._model!r}, url={self._vendor.access.url!r})"

    async def warm(self) -> None:
        """Load what is needed, and learn once whether key and settings are accepted."""
        await self._vendor.warm(urlencode(self._query), self._dialect())

    async def open(self, options: SttOptions) -> HostedStream:
        """Start to listen to one call. Raises ProviderRequestError for a language that the
        model does not understand."""
        language = primary(options.language)
        if not self.capabilities.understands(language):
            raise ProviderRequestError(
                NAME,
                f"{self._model} does not understand the language {options.language!r}",
                remedy=f"{ENGLISH} knows en; {MULTILINGUAL} knows {', '.join(LANGUAGES)}, and"
                f" {MULTI} for several of them.",
            )
        return await self._vendor.open(
            urlencode([*self._query, *self._hinted(language)]), self._dialect()
        )

    async def aclose(self) -> None:
        """Nothing is held between calls."""

    def _dialect(self) -> FluxDialect:
        return FluxDialect(self._vendor.access, self._threshold)

    def _hinted(self, language: str) -> list[tuple[str, str]]:
        if self._model == ENGLISH:
            return []
        hints = self._hints or ([] if language == MULTI else [language])
        return [("language_hint", hint) for hint in hints]


def _timed(words: Sequence[_Word]) -> tuple[TimedWord, ...]:
    """The words with their times; empty where one has none."""
    timed = [
        TimedWord(word.word, word.start, word.end)
        for word in words
        if word.start is not None and word.end is not None
    ]
    return tuple(timed) if len(timed) == len(words) else ()


def _term(code: object) -> str:
    """A code of theirs, which is a term and nothing that somebody said."""
    return code if isinstance(code, str) and _TERM.fullmatch(code) else "unknown"
