"""Running the server in this process."""

import asyncio
import errno
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from parley.errors import ConfigurationError
from parley.server.accepting import Acceptor, Turnstile
from parley.server.app import create_app
from parley.server.connections import HttpConnection, WebSocketConnection
from parley.server.door import DRAIN_S, MAX_CONNECTIONS, Door
from parley.server.guard import LOOPBACK, Guard, is_loopback
from parley.server.served import Served
from parley.transports.realtime.limits import Limits

API_KEY = "PARLEY_API_KEY"
"""The environment variable that holds the key which clients must know."""

MAX_FRAME = 1_048_576
"""A WebSocket message may have so many bytes; a larger one closes the connection (1009)."""

MAX_FILES = 8192
"""So many files and connections may be open at a time."""

BACKLOG = 1024
"""So many connections may wait to be taken in."""

SOCKET_BYTES = 131_072
"""What the system may hold for a connection in each direction: two seconds of audio."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections at `url`."""

    url: str
    door: Door
    _server: "_Server"
    _task: "asyncio.Task[None]"

    @property
    def connections(self) -> int:
        """How many clients are connected, whatever for."""
        return len(self._server.server_state.connections)

    def stop(self) -> None:
        """End all calls, then the server."""
        self._server.should_exit = True

    async def wait(self) -> None:
        """Return when the server has stopped."""
        await asyncio.wait({self._task})
        self._task.result()


def serve(
    served: Sequence[Served],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    calls: Path | None = Path("calls"),
    key: str | None = None,
    hosts: Sequence[str] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Start the agents and serve them until the process is told to stop (SIGINT, SIGTERM).

    Calls that are on the line then end as a shutdown, their records complete.
    `key` is what clients must know, by default the environment's `PARLEY_API_KEY`. `hosts`
    are further names of this server. `on_ready` is told its URL, which is printed by default.
    Raises ConfigurationError when the port is taken, the host is not this machine's, or
    others could reach the server without a key.
    """

    async def main() -> None:
        async with running(served, host=host, port=port, calls=calls, key=key, hosts=hosts) as it:
            (on_ready or _print)(it.url)
            await it.wait()

    _allow_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def _allow_files() -> None:
    """Connections are files; the usual limit is for programs with few of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def _print(url: str) -> None:
    sys.stdout.write(f"Parley is ready: {url}\n")
    sys.stdout.flush()


@asynccontextmanager
async def running(
    served: Sequence[Served],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    calls: Path | None = None,
    key: str | None = None,
    hosts: Sequence[str] = (),
    limits: Limits | None = None,
    max_connections: int = MAX_CONNECTIONS,
) -> AsyncIterator[Running]:
    """Serve for the length of the block, as `serve` does; `port` 0 is any free one."""
    guard = guard_for(host, os.environ.get(API_KEY, "") if key is None else key, hosts)
    app = create_app(
        served, guard=guard, calls=calls, limits=limits, max_connections=max_connections
    )
    listener = bind(host, port)
    try:
        await asyncio.gather(*(it.agent.start() for it in served))
        server = _Server(_config(app), app.state.door)
        task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        ready = asyncio.get_running_loop().create_task(server.ready.wait())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        try:
            yield Running(_url(host, listener), app.state.door, server, task)
        finally:
            server.should_exit = True
            await asyncio.wait({task})
    finally:
        listener.close()
        await asyncio.gather(*(it.agent.close() for it in served))


def guard_for(host: str, key: str, hosts: Sequence[str] = ()) -> Guard:
    """Who may come in to a server that is bound to `host`.

    Raises ConfigurationError where anybody could.
    """
    if is_loopback(host):
        return Guard(key, (*LOOPBACK, *(name.lower() for name in hosts)))
    if not key:
        raise ConfigurationError(
            f"on {host} everybody who reaches this machine could call your assistants",
            remedy=f"Set {API_KEY} to a key of your choice, or serve on 127.0.0.1.",
        )
    return Guard(key, tuple(name.lower() for name in hosts))


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ConfigurationError when it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise _not_this_machine(host) from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # what is accepted inherits these
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                f"port {port} is taken",
                remedy=f"Stop what listens there, or choose another: "
                f"parley serve --port {port + 1}",
            ) from error
        if error.errno == errno.EACCES:
            raise ConfigurationError(
                f"port {port} may not be used by you",
                remedy="Choose one above 1023: parley serve --port 8000",
            ) from error
        raise _not_this_machine(host) from error
    return listener


def _not_this_machine(host: str) -> ConfigurationError:
    return ConfigurationError(
        f"{host} is no address of this machine",
        remedy="Serve on 127.0.0.1, or on 0.0.0.0 for all its addresses.",
    )


def _url(host: str, listener: socket.socket) -> str:
    name = "localhost" if is_loopback(host) and host != "::1" else host
    name = f"[{name}]" if ":" in name.strip("[]") and "[" not in name else name
    return f"http://{name}:{listener.getsockname()[1]}"


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HttpConnection,
        ws=WebSocketConnection,
        ws_max_size=MAX_FRAME,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        log_level="error",  # below it, keys and all that is said would be logged
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=round(DRAIN_S),
    )


class _Server(uvicorn.Server):
    """A server that ends its calls before its connections."""

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._door = door
        self._turnstile = Turnstile()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        self.servers: list[Acceptor] = [Acceptor(it, self._connection) for it in sockets or []]  # type: ignore[assignment]
        self.ready.set()

    def _connection(self) -> HttpConnection:
        return HttpConnection(
            self._turnstile,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._door.drain()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop when told to; a second time at once. The process goes on to its own end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        signals = signal.SIGINT, signal.SIGTERM
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
