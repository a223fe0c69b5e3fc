"""The WebSocket of the web framework as the transports know it."""

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from parley.errors import TransportError
from parley.transports.realtime.transport import Gone

SAID_GOODBYE = (1000, 1001, 1005)
"""Close codes of a client that has closed on purpose; 1005 is a close without a code."""


class WebSocketSide:
    """Implements `parley.transports.realtime.transport.Socket`."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes | Gone:
        if self._websocket.client_state is WebSocketState.DISCONNECTED:
            return Gone(lost=False)
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return Gone(lost=message.get("code", 1005) not in SAID_GOODBYE)
        text: str | None = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def send(self, text: str) -> None:
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise TransportError("the client's connection is closed") from error

    async def close(self, code: int, reason: str) -> None:
        """Reasons may be 123 bytes long."""
        try:
            await self._websocket.close(code, reason.encode()[:123].decode(errors="ignore"))
        except (WebSocketDisconnect, RuntimeError) as error:
            raise TransportError("the client's connection is closed") from error
