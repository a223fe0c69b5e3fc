"""Chromium for tests: a page whose microphone is a file.

    async with browser(fake_audio=path) as page:
        await page.goto(url)

Real audio flows both ways; nothing is mocked in the page. A test is skipped where Debian's
`chromium` or the package `playwright` is missing.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
)
DESKTOP = (1280, 800)
PHONE = (390, 844)

Microphone = Literal["granted", "blocked", "missing"]


def chromium() -> str:
    """The browser's path; where there is none, the test is skipped."""
    pytest.importorskip("playwright", reason="needs the Python package playwright")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs chromium: apt-get install chromium")
    return path


@asynccontextmanager
async def launched(
    *,
    fake_audio: Path | None = None,
    microphone: Microphone = "granted",
    loop: bool = False,
    flags: Sequence[str] = (),
    **context: Any,
) -> AsyncIterator["BrowserContext"]:
    """A browser with a profile of its own, as a context for pages.

    `fake_audio` is what the microphone hears from the moment at which a page opens it: a WAV
    file, best of 48 kHz mono; `loop` begins it again at its end, else silence follows.
    Without a file it hears a beep every second. `microphone` is what the page finds, `flags`
    are more of the browser's own. What is left in `context` goes to Playwright's
    `launch_persistent_context`.
    """
    executable = chromium()
    from playwright.async_api import async_playwright

    flags = [*FLAGS, *flags]
    if microphone == "granted":
        flags.append("--use-fake-ui-for-media-stream")
        context.setdefault("permissions", ["microphone"])
    if microphone != "missing":
        flags.append("--use-fake-device-for-media-stream")
    if fake_audio is not None:
        flags.append(f"--use-file-for-fake-audio-capture={_heard(fake_audio, loop)}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        async with async_playwright() as playwright:
            running = await playwright.chromium.launch_persistent_context(
                profile, executable_path=executable, args=flags, **context
            )
            try:
                yield running
            finally:
                await running.close()


def _heard(fake_audio: Path, loop: bool) -> str:
    return f"{fake_audio.resolve()}{'' if loop else '%noloop'}"


@asynccontextmanager
async def browser(
    *,
    fake_audio: Path | None = None,
    microphone: Microphone = "granted",
    loop: bool = False,
    size: tuple[int, int] = DESKTOP,
    **context: Any,
) -> AsyncIterator["Page"]:
    """An empty page in a browser of its own; see `launched`. `size` is in CSS pixels."""
    context.setdefault("viewport", {"width": size[0], "height": size[1]})
    async with launched(
        fake_audio=fake_audio, microphone=microphone, loop=loop, **context
    ) as running:
        yield running.pages[0]


@dataclass(slots=True)
class Watched:
    """What a page complained of, and which hosts it asked."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


def watch(page: "Page") -> Watched:
    """Take note of errors and warnings in the console, uncaught errors and requests."""
    watched = Watched()

    def said(message: Any) -> None:
        if message.type in ("error", "warning"):
            watched.complaints.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("request", lambda request: watched.hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: watched.hosts.add(urlsplit(socket.url).netloc))
    return watched


async def until(page: "Page", condition: str, seconds: float = 10.0) -> None:
    """Return when a JavaScript expression is true in the page.

    Playwright's own `wait_for_function` needs `eval`, which the page forbids itself.
    """
    async with asyncio.timeout(seconds):
        while not await page.evaluate(f"Boolean({condition})"):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)
