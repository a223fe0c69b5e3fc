"""What the server answers over HTTP: its health, the page, and the demo's calendar."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, PlainTextResponse, Response

from parley import __version__
from parley.server.door import CALENDAR, Door

PAGE = Path(__file__).parent / "page"
"""The page's files, served as they are."""

router = APIRouter()


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """Whether the server is well, and how many calls it carries."""
    return {"status": "ok", "version": __version__, "calls": _door(request).calls}


@router.get("/", include_in_schema=False)
async def page() -> Response:
    """The page."""
    index = PAGE / "index.html"
    if not index.exists():
        return PlainTextResponse("Parley is running; its page is not installed.", 404)
    return FileResponse(index)


@router.get(CALENDAR)
async def calendar(request: Request, assistant: str | None = None) -> Any:
    """What an assistant has in its calendar; without a name, the first that has one."""
    door = _door(request)
    if not door.guard.knows_key(request.headers.get("authorization")):
        raise HTTPException(401, "The API key is missing or wrong.")
    for served in door.served.values():
        if served.calendar is not None and assistant in (None, served.name):
            return await run_in_threadpool(served.calendar)
    raise HTTPException(404, "No assistant here keeps a calendar.")
