"""The web application."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from parley import __version__
from parley.errors import ConfigurationError
from parley.server import pages, realtime
from parley.server.door import MAX_CONNECTIONS, Door
from parley.server.guard import Guard, Guarded
from parley.server.served import Served
from parley.transports.realtime.limits import Limits


def create_app(
    served: Sequence[Served],
    *,
    guard: Guard | None = None,
    calls: Path | None = None,
    limits: Limits | None = None,
    max_connections: int = MAX_CONNECTIONS,
) -> FastAPI:
    """An application that serves these assistants, the first to whom no name is given.

    Their agents must have been started, and are closed by who started them. The door is
    `app.state.door`. Raises ConfigurationError when two have one name, or there is none.
    """
    names = [it.name for it in served]
    if not names or len(set(names)) < len(names):
        raise ConfigurationError(
            f"no assistant, or two of one name: {names}",
            remedy="Give each assistant that is served a name of its own.",
        )
    app = FastAPI(title="Parley", version=__version__, docs_url=None, redoc_url=None)
    app.state.door = Door(
        served,
        guard := guard or Guard(),
        calls=calls,
        limits=limits,
        max_connections=max_connections,
    )
    app.include_router(pages.router)
    app.include_router(realtime.router)
    app.mount("/page", StaticFiles(directory=pages.PAGE, check_dir=False), name="page")
    app.add_middleware(Guarded, guard=guard)
    return app
