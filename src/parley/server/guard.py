"""Who may speak to the server: which hosts, which pages, with which key.

A server on this machine is reachable from every page that the browser shows. A page of
another origin is refused at the WebSocket (browsers send `Origin`, and do not enforce
anything); a page whose name was made to point here (DNS rebinding) by the `Host` that it
asks for.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")

KEY_PROTOCOL = "openai-insecure-api-key."
"""A WebSocket subprotocol that begins so holds the key: browsers cannot send it otherwise."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Every answer carries these."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that is bound to `host`."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass(frozen=True, slots=True)
class Guard:
    """`hosts` are the names under which the server may be asked for; empty: any name."""

    key: str = ""
    hosts: tuple[str, ...] = ()

    def knows_host(self, host: str | None) -> bool:
        """Whether a `Host` header names this server."""
        if not self.hosts:
            return True
        name, _ = _authority(f"//{host or ''}")
        return name in self.hosts

    def knows_origin(self, origin: str | None, host: str | None) -> bool:
        """Whether a page is this server's own; no page at all is fine, too."""
        if origin is None:
            return True
        page = _authority(origin)
        return bool(page[0]) and page == _authority(f"//{host or ''}")

    def knows_key(self, authorization: str | None, protocols: Sequence[str] = ()) -> bool:
        """Whether the key came along, as a bearer or in a subprotocol."""
        if not self.key:
            return True
        scheme, _, bearer = (authorization or "").partition(" ")
        given = [bearer.strip()] if scheme.lower() == "bearer" else []
        given += [p.removeprefix(KEY_PROTOCOL) for p in protocols if p.startswith(KEY_PROTOCOL)]
        return any(hmac.compare_digest(key.encode(), self.key.encode()) for key in given)


def _authority(url: str) -> tuple[str, int | None]:
    """Name and port of a URL; usual ports count as none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None
    return parts.hostname or "", None if port in (80, 443) else port


class Guarded:
    """An application that nobody reaches under a foreign name; its answers are protected."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def protected(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif self._guard.knows_host(Headers(scope=scope).get("host")):
            await self._app(scope, receive, protected)
        else:
            refusal = PlainTextResponse("This server has another name.", status_code=421)
            await refusal(scope, receive, protected)
