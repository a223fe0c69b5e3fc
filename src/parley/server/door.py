"""The client door: connections become calls."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket

from parley.errors import ParleyError
from parley.runtime.folder import new_call_id
from parley.server.guard import Guard
from parley.server.latency import LatencyWatch
from parley.server.served import Served
from parley.server.socket import WebSocketSide
from parley.transports.realtime.clientevents import Refusal
from parley.transports.realtime.limits import Limits
from parley.transports.realtime.transport import RealtimeTransport
from parley.transports.realtime.wire import encode

log = logging.getLogger(__name__)

CALENDAR = "/demo/calendar"

PROTOCOL = "realtime"
"""The subprotocol that clients in browsers offer beside their key."""

TRY_AGAIN, VIOLATION, BROKEN = 1013, 1008, 1011
"""Close codes of the WebSocket registry."""

FAILED = "Something is wrong with this server; its log says what."

MAX_CONNECTIONS = 100
"""So many clients at a time, with or without a call."""

FAREWELL_S = 1.0
"""How long a client is given to read the last events."""

DRAIN_S = 5.0
"""How long calls may take to end when the server shuts down."""


class Door:
    """Lets clients in, and gives each the assistant that it asks for.

    `calls` is the folder for their records; None: nothing is kept.
    """

    def __init__(
        self,
        served: Sequence[Served],
        guard: Guard,
        *,
        calls: Path | None = None,
        limits: Limits | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self.served = {it.name: it for it in served}
        self.guard = guard
        self.calls = 0
        self._folder = calls
        self._limits = limits or Limits()
        self._max = max_connections
        self._connections: set[asyncio.Task[None]] = set()
        self._draining = False

    # Connections

    async def enter(self, websocket: WebSocket) -> None:
        """Carry one connection to its end."""
        if not await self._admitted(websocket):
            return
        offered = websocket.scope.get("subprotocols", [])
        await websocket.accept(PROTOCOL if PROTOCOL in offered else None)
        served = self._wanted(websocket.query_params.get("model"))
        if isinstance(served, Refusal):
            await _turn_away(websocket, served, VIOLATION)
        elif self._draining:
            refusal = Refusal("shutdown", "The server is shutting down.", kind="server_error")
            await _turn_away(websocket, refusal, TRY_AGAIN)
        elif len(self._connections) >= self._max:
            message = f"All {self._max} lines are taken. Please try again in a moment."
            refusal = Refusal("server_busy", message, kind="server_error")
            await _turn_away(websocket, refusal, TRY_AGAIN)
        else:
            await self._connect(websocket, served)

    async def drain(self) -> None:
        """End all calls as a shutdown, and let nobody in any more."""
        self._draining = True
        connections = set(self._connections)
        for connection in connections:
            connection.cancel()
        if connections:
            await asyncio.wait(connections, timeout=DRAIN_S)

    async def _admitted(self, websocket: WebSocket) -> bool:
        headers = websocket.headers
        offered = websocket.scope.get("subprotocols", [])
        if not self.guard.knows_origin(headers.get("origin"), headers.get("host")):
            why, status = "Pages of other servers may not call this one.", 403
        elif not self.guard.knows_key(headers.get("authorization"), offered):
            why, status = "The API key is missing or wrong.", 401
        else:
            return True
        await websocket.send_denial_response(PlainTextResponse(why, status_code=status))
        return False

    def _wanted(self, model: str | None) -> Served | Refusal:
        if model is None:
            return next(iter(self.served.values()))
        if found := self.served.get(model):
            return found
        known = ", ".join(self.served)
        message = f"There is no assistant {model[:100]!r}. Served are: {known}."
        return Refusal("model_not_found", message, "model")

    async def _connect(self, websocket: WebSocket, served: Served) -> None:
        connection = asyncio.get_running_loop().create_task(self._converse(websocket, served))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        try:
            await asyncio.wait({connection})
        finally:
            if not connection.done():
                connection.cancel()
                await asyncio.wait({connection}, timeout=DRAIN_S)

    # Calls

    async def _converse(self, websocket: WebSocket, served: Served) -> None:
        call = new_call_id()
        transport = RealtimeTransport(
            WebSocketSide(websocket),
            served.offer(CALENDAR),
            session_id=secrets.token_hex(8),
            call=call,
            extensions="origin" in websocket.headers,
            limits=self._limits,
        )
        try:
            if await transport.negotiate():
                await self._call(transport, served, call)
        except ParleyError as error:
            log.error("the call %s could not be carried or kept: %s", call, error)
            transport.refuse("internal_error", FAILED, BROKEN)
        except asyncio.CancelledError:
            transport.refuse("shutdown", "The server is shutting down.")
        except Exception:
            log.exception("the call %s has failed", call)
            transport.refuse("internal_error", FAILED, BROKEN)
        finally:
            await _say_goodbye(transport)

    async def _call(self, transport: RealtimeTransport, served: Served, call: str) -> None:
        watch = transport, LatencyWatch(served.agent.settings, transport.tell)
        self.calls += 1
        try:
            await served.agent.take(transport, self._folder, watch=watch, call=call)
        finally:
            self.calls -= 1


async def _say_goodbye(transport: RealtimeTransport) -> None:
    try:
        async with asyncio.timeout(FAREWELL_S):
            await transport.close()
    except TimeoutError:
        transport.abandon()


async def _turn_away(websocket: WebSocket, refusal: Refusal, code: int) -> None:
    side = WebSocketSide(websocket)
    try:
        async with asyncio.timeout(FAREWELL_S):
            await side.send(encode(refusal.event(), "event_00001"))
            await side.close(code, refusal.message)
    except (TimeoutError, ParleyError):
        log.info("a client left before it was turned away")
