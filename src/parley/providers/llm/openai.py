"""Any OpenAI-compatible chat-completions endpoint: OpenAI, Groq, Together, vLLM, Ollama, ...

The `openai` package (`parley[openai]`) is imported on first use, in a thread: it takes
about a second. It brings authentication and the connection pool; its retries are off.
"""

import asyncio
import functools
import logging
import math
import os
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from parley.errors import (
    ConfigurationError,
    MissingExtraError,
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.owing import owing
from parley.providers.llm.chat_completions import AnswerDecoder, request_body, status_error
from parley.providers.protocols import LlmPart, LlmRequest

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI, AsyncStream

T = TypeVar("T")

OPENAI_URL = "https://api.openai.com/v1"

KEEP_ALIVE_S = 120.0
"""How long an idle connection is kept: longer than a caller's turn, shorter than the
350 s after which common network address translators drop one without a word."""

DRAIN_S = 0.1
"""How long the end of the HTTP body is awaited after the answer's, to reuse the connection."""

NO_SUCH_LIST = (403, 404, 405, 501)
"""Answers to GET /models that say nothing about chat: no such route, or no right to list."""

logger = logging.getLogger(__name__)


class OpenAiModel:
    """A language model behind an OpenAI-compatible endpoint. Belongs to one event loop.

    `base_url` is the part before `/chat/completions`; without it OPENAI_BASE_URL or
    OpenAI's own is used. The key is `api_key`, or the environment variable that
    `api_key_env` names. OPENAI_API_KEY is used unasked only where `base_url` is not
    given or OpenAI's, so that a key for one vendor is not sent to another; a server that
    needs no key gets none.

    `include_usage` asks the server to count tokens. None: it is asked, and if it refuses
    the question, that one request is repeated without it and the question never put
    again. Nothing else is repeated here.

    `max_tokens_field`: None means `max_completion_tokens` for OpenAI itself, whose newer
    models demand it, and `max_tokens` for all others. `extra_body` is merged into every
    request (`reasoning_effort`, `chat_template_kwargs`, ...). `connect_timeout_s` and
    `read_timeout_s` (silence between two pieces) are backstops to the core's deadlines.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        api_key_env: str | None = None,
        include_usage: bool | None = None,
        max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 30.0,
        name: str = "openai",
    ) -> None:
        self.name = name
        self.model = model
        self.base_url = _base_url(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
        own = not base_url or self.base_url == OPENAI_URL
        self._key = _key(api_key, api_key_env or ("OPENAI_API_KEY" if own else ""))
        if self._key is None and (api_key_env or self.base_url == OPENAI_URL):
            raise ConfigurationError(
                f"no API key for {self.base_url}",
                remedy=f"Set the environment variable {api_key_env or 'OPENAI_API_KEY'}.",
            )
        newer = "max_completion_tokens" if self.base_url == OPENAI_URL else "max_tokens"
        self._max_tokens_field = max_tokens_field or newer
        self._ask_usage = include_usage is not False
        self._may_drop_usage = include_usage is None
        self._extra_body = dict(extra_body or {})
        self._timeouts_s = (connect_timeout_s, read_timeout_s)
        self._client: AsyncOpenAI | None = None

    def __repr__(self) -> str:
        return f"OpenAiModel(model={self.model!r}, base_url={self.base_url!r})"

    async def warm(self) -> None:
        """Import the SDK and open a connection, with GET /models.

        Raises MissingExtraError, and what that request meets; only answers that say
        nothing about chat (403, 404, 405, 501) are passed over.
        """
        client = await self._connected()
        import httpx2
        import openai

        with self._errors():
            try:
                options = self._options()
                await _owed(client.get("/models", cast_to=httpx2.Response, options=options))
            except openai.APIStatusError as error:
                if error.status_code not in NO_SUCH_LIST:
                    raise

    async def aclose(self) -> None:
        """Close all connections. A later use opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        """Answer one request. Closing the iterator closes the HTTP stream at once."""
        client = await self._connected()
        decoder = AnswerDecoder(self.name)
        with self._errors():
            stream = await self._ask(client, request)
        try:
            body = stream.response.aiter_bytes()
            while not decoder.done:
                with self._errors():
                    data = await _owed(anext(body, None))
                if data is None:
                    break
                for part in decoder.receive(data):
                    yield part
            for part in decoder.end():
                yield part
            if decoder.cut:
                logger.warning("%s: the answer was cut at its token limit", self.name)
            await self._drain(body)
        finally:
            await stream.close()

    async def _connected(self) -> "AsyncOpenAI":
        if self._client is None:
            certificates = await asyncio.to_thread(_load)
            self._client = self._client or self._open(certificates)
        return self._client

    def _open(self, certificates: ssl.SSLContext) -> "AsyncOpenAI":
        import httpx2
        import openai

        connect_s, read_s = self._timeouts_s
        timeout = httpx2.Timeout(read_s, connect=connect_s, pool=connect_s)
        limits = httpx2.Limits(
            max_connections=1000, max_keepalive_connections=100, keepalive_expiry=KEEP_ALIVE_S
        )
        # A redirect is refused: it would take the caller's words to another host.
        http = httpx2.AsyncClient(
            verify=certificates, timeout=timeout, limits=limits, follow_redirects=False
        )
        return openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self.base_url,
            timeout=timeout,
            max_retries=0,
            http_client=http,
        )

    async def _ask(self, client: "AsyncOpenAI", request: LlmRequest) -> "AsyncStream[object]":
        import openai

        body = request_body(request, self.model, self._max_tokens_field) | self._extra_body
        if not self._ask_usage:
            return await self._post(client, body)
        try:
            return await self._post(client, body | {"stream_options": {"include_usage": True}})
        except openai.APIStatusError as error:
            if not (self._may_drop_usage and _refuses_usage(error)):
                raise
        self._ask_usage = False
        return await self._post(client, body)

    async def _post(self, client: "AsyncOpenAI", body: Mapping[str, Any]) -> "AsyncStream[object]":
        import openai

        request = client.post(
            "/chat/completions",
            cast_to=object,
            body=body,
            options=self._options(),
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )
        return await _owed(request)

    def _options(self) -> Any:
        import openai

        return {} if self._key else {"headers": {"Authorization": openai.Omit()}}

    async def _drain(self, body: AsyncIterator[bytes]) -> None:
        # The answer is complete: how its HTTP body ends only decides about the connection.
        with suppress(ProviderError), self._errors():
            async with asyncio.timeout(DRAIN_S):
                while await _owed(anext(body, None)) is not None:
                    pass

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what the SDK and its transport raise into Parley's errors.

        The cause is not attached: its text may hold the key or the caller's words.
        """
        import anyio
        import httpx2
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            raise self._status_error(error) from None
        except (openai.APITimeoutError, httpx2.TimeoutException):
            raise ProviderTimeout(self.name, f"no answer from {self.base_url} in time") from None
        except (httpx2.DecodingError, openai.APIResponseValidationError):
            raise ProviderProtocolError(self.name, "its answer cannot be decoded") from None
        except (openai.APIConnectionError, httpx2.RequestError, anyio.EndOfStream, OSError):
            raise ProviderUnavailable(
                self.name,
                f"no connection to {self.base_url}",
                remedy="Is the server running and reachable?",
            ) from None

    def _status_error(self, error: "APIStatusError") -> ProviderError:
        if error.status_code == 401 and self._key is None:
            remedy = "Name the environment variable that holds the key: api_key_env."
            return ProviderAuthError(self.name, "it wants a key, and has none", remedy=remedy)
        terms = [str(t) for t in (error.code, error.type, error.param) if t]
        harmless = [t for t in terms if _TERM.fullmatch(t) and (self._key or " ") not in t]
        detail = f" {', '.join(harmless)}" if harmless else ""
        retry_after = _retry_after(error.response.headers)
        return status_error(self.name, error.status_code, detail, retry_after)


_TERM = re.compile(r"[A-Za-z][\w.\[\]]{0,63}")


def _load() -> ssl.SSLContext:
    """Import the SDK and read the certificates: about a second, once per process."""
    try:
        import anyio  # noqa: F401
        import httpx2  # noqa: F401
        import openai  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "openai", "openai") from error
    return _certificates()


@functools.cache
def _certificates() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()


async def _owed(answer: Awaitable[T]) -> T:
    with owing():
        return await answer


def _refuses_usage(error: "APIStatusError") -> bool:
    text = str(error.body)
    named = "stream_options" in text or "include_usage" in text
    return error.status_code in (400, 422) and named


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as RFC 9110 (section 10.2.3) or OpenAI's milliseconds say it."""
    for header, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(header)
        if text is None:
            continue
        seconds = _number(text)
        seconds = _until(text) if seconds is None else seconds / scale
        if seconds is not None:
            return max(0.0, seconds)
    return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(date: str) -> float | None:
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a time zone
        return None


def _base_url(url: str) -> str:
    url = url.strip().rstrip("/").removesuffix("/chat/completions")
    parts = urlsplit(url)
    secrets = parts.query or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or secrets:
        raise ConfigurationError(
            "the base URL of a language model is not http(s)://HOST[:PORT][/PATH]",
            remedy="Give for example http://127.0.0.1:11434/v1; a key belongs into api_key_env.",
        )
    return url


def _key(api_key: str | None, api_key_env: str) -> str | None:
    key = (api_key or os.environ.get(api_key_env) or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            "the API key has characters that no HTTP header can hold",
            remedy=f"Check {'api_key' if api_key else api_key_env}.",
        )
    return key or None
