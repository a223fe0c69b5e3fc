"""A WebSocket to a vendor. The library is imported, and certificates are read, on first use."""

import asyncio
import functools
import logging
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from parley.errors import ProviderTimeout, ProviderUnavailable
from parley.owing import owing
from parley.providers.stt.hosted_access import Access

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection, connect

PING_S = 15.0
"""How often a connection is tried, and how long that may take. Flux closes one that says nothing
for 60 s, and knows no other sign of life than pings."""

CLOSE_S = 0.5
"""How long a farewell may take."""

SIZE_LIMIT = 1 << 20
"""Bytes of a message; none of either vendor comes near it."""


class Socket(Protocol):
    """What a stream needs of a connection."""

    @property
    def close_code(self) -> int | None:
        """Why it was closed (RFC 6455, 7.4), where that was said."""

    async def send(self, data: str | bytes) -> None:
        """Nothing, once the connection is closed: `receive` tells."""

    async def receive(self) -> str | bytes | None:
        """The next message; None once the connection is closed."""

    async def ping(self) -> None:
        """Until the other side has shown that it is there. It may never."""

    async def close(self, farewell: str) -> None:
        """Say so, and go, within a second."""


class WebSocket:
    """An open connection."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection

    @property
    def close_code(self) -> int | None:
        """Why it was closed (RFC 6455, 7.4), where that was said."""
        return self._connection.close_code

    async def send(self, data: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            await self._connection.send(data)

    async def receive(self) -> str | bytes | None:
        from websockets.exceptions import ConnectionClosed

        try:
            return await self._connection.recv()
        except ConnectionClosed:
            return None

    async def ping(self) -> None:
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            await (await self._connection.ping())

    async def close(self, farewell: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.send(farewell)
                await self._connection.close()
        except TimeoutError:
            self._connection.transport.abort()


async def connect_to(access: Access, query: str, timeout_s: float) -> WebSocket:
    """Open a connection. Raises ProviderError, without its cause, which may hold the key."""
    connector = await asyncio.to_thread(_load, secure=access.url.startswith("wss:"))
    from websockets.exceptions import InvalidStatus, WebSocketException

    try:
        async with asyncio.timeout(timeout_s):
            with owing():
                return WebSocket(await connector(f"{access.url}?{query}", access))
    except InvalidStatus as error:
        raise access.refused(error.response.status_code, error.response.body or b"") from None
    except TimeoutError:
        raise ProviderTimeout(access.name, f"no answer from {access.url} in time") from None
    except ImportError:
        raise ProviderUnavailable(
            access.name,
            f"no connection to {access.url} through a SOCKS proxy",
            remedy="Install python-socks, or name the host in NO_PROXY.",
        ) from None
    except (OSError, WebSocketException):
        raise ProviderUnavailable(
            access.name, f"no connection to {access.url}", remedy="Is it reachable from here?"
        ) from None


class _Connector:
    """Opens connections as all of ours are."""

    def __init__(self, connect: "type[connect]", certificates: ssl.SSLContext | None) -> None:
        self._connect = connect
        self._certificates = certificates

    async def __call__(self, url: str, access: Access) -> "ClientConnection":
        return await self._connect(
            url,
            additional_headers=dict(access.headers),
            ssl=self._certificates,
            compression=None,  # sound does not get smaller, and a core serves many calls
            ping_interval=PING_S,
            ping_timeout=PING_S,
            open_timeout=None,
            close_timeout=CLOSE_S,
            max_size=SIZE_LIMIT,
            logger=_silent(),
        )


@functools.cache
def _load(*, secure: bool) -> _Connector:
    """Import the library and read the certificates: a tenth of a second, once per process."""
    from websockets.asyncio.client import connect

    class Direct(connect):
        """A redirect is refused: it would take the key and the caller's words to another host."""

        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    return _Connector(Direct, ssl.create_default_context() if secure else None)


@functools.cache
def _silent() -> logging.Logger:
    """The library would log headers, with the key, and messages, with the caller's words."""
    logger = logging.Logger("parley.silent")  # in no hierarchy, so that nothing turns it on
    logger.disabled = True
    return logger
