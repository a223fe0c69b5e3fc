"""The address of the client door."""

from fastapi import APIRouter, WebSocket

from parley.server.door import Door

router = APIRouter()


@router.websocket("/v1/realtime")
async def realtime(websocket: WebSocket) -> None:
    """One client, from its handshake to its end."""
    door: Door = websocket.app.state.door
    await door.enter(websocket)
