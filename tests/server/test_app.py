"""What is answered over HTTP."""

import asyncio
import json
import urllib.request
from typing import Any
from urllib.error import HTTPError

import pytest
from door_clients import dialled
from door_support import served, with_server

from parley import __version__
from parley.errors import ConfigurationError
from parley.server import pages
from parley.server.app import create_app
from parley.server.serving import Running

WEEK = {"today": "2026-11-30", "days": []}


def get(server: Running, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(server.url + path, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return response.status, dict(response.headers), response.read()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def answered(
    path: str, *assistants: Any, headers: dict[str, str] | None = None, **options: Any
) -> tuple[int, dict[str, str], bytes]:
    async def main(server: Running) -> tuple[int, dict[str, str], bytes]:
        return await asyncio.to_thread(get, server, path, **(headers or {}))

    return with_server(main, assistants or None, **options)


def test_its_health_is_told() -> None:
    async def main(server: Running) -> None:
        _, _, body = await asyncio.to_thread(get, server, "/health")
        assert json.loads(body) == {"status": "ok", "version": __version__, "calls": 0}
        async with dialled(server) as line:
            await line.begin()
            _, _, body = await asyncio.to_thread(get, server, "/health")
            assert json.loads(body)["calls"] == 1

    with_server(main)


def test_every_answer_is_protected() -> None:
    async def main(server: Running) -> None:
        for path in ("/health", "/", "/nothing", "/page/nothing.js"):
            _, headers, _ = await asyncio.to_thread(get, server, path)
            assert headers["content-security-policy"].startswith("default-src 'self'")
            assert headers["x-content-type-options"] == "nosniff"

    with_server(main)


def test_a_foreign_name_is_refused() -> None:
    assert answered("/health", headers={"Host": "evil.example"})[0] == 421


def test_the_page_is_there_or_its_absence_is_told(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", tmp_path)
    assert answered("/")[0] == 404
    (tmp_path / "index.html").write_text("<h1>Hello</h1>")
    (tmp_path / "app.js").write_text("1")
    assert answered("/")[2] == b"<h1>Hello</h1>"
    assert answered("/page/app.js")[2] == b"1"
    assert answered("/page/../app.py")[0] == 404


def test_the_calendar_is_that_of_the_first_assistant_that_has_one() -> None:
    assistants = served("first"), served("second", calendar=lambda: WEEK)
    status, _, body = answered("/demo/calendar", *assistants)
    assert (status, json.loads(body)) == (200, WEEK)
    assert answered("/demo/calendar?assistant=second", *assistants)[0] == 200
    assert answered("/demo/calendar?assistant=first", *assistants)[0] == 404
    assert answered("/demo/calendar")[0] == 404


def test_the_calendar_is_nobodys_business_without_the_key() -> None:
    mine = served(calendar=lambda: WEEK)
    assert answered("/demo/calendar", mine, key="s3cret")[0] == 401
    headers = {"Authorization": "Bearer s3cret"}
    assert answered("/demo/calendar", mine, key="s3cret", headers=headers)[0] == 200


def test_assistants_have_names_of_their_own() -> None:
    with pytest.raises(ConfigurationError, match="name of its own"):
        create_app([served("one"), served("one")])
    with pytest.raises(ConfigurationError, match="no assistant"):
        create_app([])
