"""Who is asked, with which key, and what a refusal means: for recognisers of vendors."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from parley.errors import (
    ConfigurationError,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)

SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}

_TERM = re.compile(r"[A-Za-z][\w.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Access:
    """A vendor's endpoint. `key_name` says where its key is from, for people.

    No `repr` shows the headers, which hold the key.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    key_name: str = ""

    def refused(self, status: int, body: bytes = b"") -> ProviderError:
        """What an HTTP status in the place of a WebSocket means."""
        what = f"HTTP status {status}{_code(body)}"
        if status in (401, 403):
            return self.unauthorized(what)
        if status in (402, 429):
            what = f"too many sessions at a time, or no credit is left ({what})"
            return ProviderRateLimited(self.name, what, remedy="Look into the vendor's console.")
        if status == 408:
            return ProviderTimeout(self.name, f"it gave up waiting ({what})")
        if status >= 500:
            return ProviderUnavailable(self.name, f"it is out of order ({what})")
        remedy = "Check the base URL and the transcriber's settings."
        return ProviderRequestError(self.name, f"it refuses the request ({what})", remedy=remedy)

    def unauthorized(self, what: str) -> ProviderAuthError:
        """The key is missing or not accepted."""
        if not self.key_name:
            remedy = "Name the environment variable that holds the key: api_key_env."
            return ProviderAuthError(
                self.name, f"it wants a key, and has none ({what})", remedy=remedy
            )
        return ProviderAuthError(
            self.name,
            f"it does not accept the key of {self.key_name} ({what})",
            remedy=f"Put a valid key into {self.key_name}, and see in the vendor's console what"
            " it may use.",
        )


def vendor_url(url: str, path: str) -> str:
    """A WebSocket URL, with `path` where it has none of its own. Raises ConfigurationError."""
    try:
        parts = urlsplit(url.strip().rstrip("/"))
        is_plain = parts.hostname and (parts.port or True) and "@" not in parts.netloc
    except ValueError:  # of brackets, or of the port
        is_plain = False
    if not is_plain or parts.scheme not in SCHEMES or parts.query or parts.fragment:
        raise ConfigurationError(
            "the base URL of a transcriber is not ws(s)://HOST[:PORT][/PATH]",
            remedy="Give for example wss://stt.example.com; a key belongs into api_key_env.",
        )
    return f"{SCHEMES[parts.scheme]}://{parts.netloc}{parts.path or path}"


def vendor_key(
    vendor: str, api_key: str | None, api_key_env: str | None, usual: str, *, own: bool
) -> tuple[str, str]:
    """The key and where it is from; both empty where none is wanted.

    `usual` is the environment variable that is used unasked, and only for the vendor's own
    server, so that a key for one is not sent to another. Raises ConfigurationError.
    """
    variable = api_key_env or (usual if own else "")
    key = (api_key or os.environ.get(variable) or "").strip()
    where = "the setting api_key" if api_key else variable
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            "the API key has characters that no HTTP header can hold", remedy=f"Check {where}."
        )
    if not key and (api_key_env or own):
        raise ConfigurationError(
            f"no API key for {vendor}", remedy=f"Set the environment variable {variable}."
        )
    return key, where if key else ""


def listed(what: str, value: str | Sequence[str]) -> list[str]:
    """Several terms, or the only one. Raises ConfigurationError."""
    terms = [value] if isinstance(value, str) else value
    if not (isinstance(terms, list | tuple) and all(isinstance(term, str) for term in terms)):
        raise ConfigurationError(
            f"transcriber.{what} is no list of texts", remedy="Give a list, each in quotes."
        )
    return list(terms)


def between(what: str, value: float | None, least: float, most: float) -> None:
    """Raises ConfigurationError for a number outside what the vendor documents."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (number and least <= value <= most):
        raise ConfigurationError(
            f"transcriber.{what} is no number from {least:g} to {most:g}",
            remedy=f"Give one from {least:g} to {most:g}, or leave it out.",
        )


def _code(body: bytes) -> str:
    """The vendor's own name for the refusal, where it is a name."""
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    code = data.get("err_code") if isinstance(data, dict) else None
    return f", {code}" if isinstance(code, str) and _TERM.fullmatch(code) else ""
