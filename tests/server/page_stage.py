"""A stage for tests of the page: one browser for a file's tests, a server and a page for each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from page_door import Door, a_door

from browser import DESKTOP, Watched, launched, watch

FOREIGN = "insecure.test"
"""A name of this machine for which the browser trusts no microphone."""


class Stage:
    """What a scene plays on; `page` shows the page of `door`."""

    door: Door
    page: Any
    watched: Watched

    def __init__(self, runner: asyncio.Runner, chrome: Any) -> None:
        self._runner = runner
        self._chrome = chrome

    def play(
        self,
        scene: Callable[[], Awaitable[None]],
        *,
        before: str = "",
        complaints: tuple[str, ...] = (),
        prepare: Callable[[Door], None] = lambda _: None,
    ) -> None:
        """Play it on a fresh page of a fresh server.

        `before` is a script that the page runs before its own. The console may only complain
        of what contains one of `complaints`; the page may ask nobody but its server.
        """
        self._runner.run(self._whole(scene, before, complaints, prepare))

    async def _whole(
        self,
        scene: Callable[[], Awaitable[None]],
        before: str,
        complaints: tuple[str, ...],
        prepare: Callable[[Door], None],
    ) -> None:
        async with a_door() as self.door:
            prepare(self.door)
            self.page = await self._chrome.new_page()
            self.watched = watch(self.page)
            try:
                await self.page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
                if before:
                    await self.page.add_init_script(before)
                await self.page.goto(self.door.url)
                await scene()
            finally:
                await self.page.close()
        unexpected = [c for c in self.watched.complaints if not any(e in c for e in complaints)]
        assert unexpected == [], unexpected
        hosts = {host.partition(":")[0] for host in self.watched.hosts}
        assert hosts <= {"127.0.0.1", FOREIGN}, hosts


def on_stage(scene: Callable[[Stage], Awaitable[None]]) -> Callable[[Stage], None]:
    """Make a scene a test."""

    def test(stage: Stage) -> None:
        stage.play(lambda: scene(stage))

    test.__name__, test.__doc__ = scene.__name__, scene.__doc__
    return test


class Laboratory:
    """One page whose modules are looked at, without a call."""

    def __init__(self, runner: asyncio.Runner, page: Any) -> None:
        self._runner = runner
        self._page = page

    def evaluate(self, script: str, argument: Any = None) -> Any:
        return self._runner.run(self._page.evaluate(script, argument))


@contextmanager
def a_laboratory() -> Iterator[Laboratory]:
    async def open_page() -> Any:
        chrome = await stack.enter_async_context(launched())
        door = await stack.enter_async_context(a_door())
        await chrome.pages[0].goto(door.url)
        return chrome.pages[0]

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Laboratory(runner, runner.run(open_page()))
        finally:
            runner.run(stack.aclose())


@contextmanager
def a_stage() -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        opened = launched(flags=[f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1"])
        chrome = runner.run(opened.__aenter__())
        try:
            yield Stage(runner, chrome)
        finally:
            runner.run(opened.__aexit__(None, None, None))
