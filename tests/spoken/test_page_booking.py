"""The whole product: a caller books an appointment at the page, in real time.

The server is `parley serve` with the demo, in a process of its own; the page is in a real
browser, whose microphone hears a synthetic caller, and a person who says yes.

PARLEY_SCREENSHOTS names a folder for pictures of the page; docs/img/page.png is its
`page.png`.
"""

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("parley.providers.tts.flite")
from clinic_calls import SPEECH, TODAY, appointments, script_of, times_of
from page_caller import MICROPHONE, PageCaller, Seen
from scenes import BYE, DAY, HELP, MORE, NAME, SURE, TIME, TUESDAY, Scene, yes

from browser import DESKTOP, PHONE, browser, until, watch
from demo_server import demo_server, environment
from parley.assistants.flows.values import make
from parley.providers.tts import flite

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not flite.available(), reason="flite is not installed: it is the caller's voice"
    ),
]

NAMED = "Laura Davis"

SCENE = Scene(
    "at the page",
    {
        HELP: "I would like to book an appointment.",
        DAY: "On Tuesday.",
        TIME: "At {free}.",
        NAME: "My name is Laura Davis.",
        SURE: yes("189cbabe_nohash_0") if SPEECH.is_dir() else "Yes.",
        MORE: BYE,
    },
    [(TUESDAY, "{free}", NAMED)],
)

VIEWS: tuple[tuple[str, tuple[int, int], Any], ...] = (
    ("-phone", PHONE, "light"),
    ("-dark", DESKTOP, "dark"),
    ("", DESKTOP, "light"),
)

BOOKED = "It is booked."

TURNS = """() => [...document.querySelectorAll("#ending .turns li")].map((turn) => ({
  ms: turn.querySelector(".ms").textContent,
  parts: turn.querySelectorAll("rect").length,
}))"""


def test_an_appointment_is_booked_at_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    asyncio.run(scene(tmp_path))


async def scene(folder: Path) -> None:
    times = times_of([TUESDAY])
    before = appointments()
    script = await script_of(SCENE, times)
    async with demo_server(folder) as url, browser() as page:
        watched = watch(page)
        await page.add_init_script(MICROPHONE)
        await page.goto(url)
        await until(page, "document.querySelector('#board td.free')")
        await picture(page, "before")
        await until(page, "document.activeElement.id === 'call'")
        await page.keyboard.press("Enter")
        caller = PageCaller(page, script)
        await caller.converse(BOOKED)
        assert BOOKED in caller.seen.said_by("agent"), caller.seen.captions
        await until(page, "document.querySelector('#board .changed')")
        await the_calendar_shows_it(page, times.free)
        await picture(page, "page")
        await caller.converse()
        await picture(page, "after")
        assert appointments() - before == {(TUESDAY, times.free, NAMED)}, caller.seen.captions
        both_sides_are_on_the_page(caller.seen)
        what_was_understood_was_shown(caller.seen, times.free)
        await each_turn_has_its_latency(page)
        await the_call_ended_well(page)
    assert watched.complaints == []


async def the_calendar_shows_it(page: Any, time: str) -> None:
    cell = page.locator(f"#board td[data-date='{TUESDAY}'][data-time='{time}']")
    assert await cell.inner_text() == NAMED
    assert await cell.get_attribute("class") == "taken mine changed"
    assert await page.inner_text("#news") == f"Booked: Tuesday 1 December, {time}, {NAMED}"


def both_sides_are_on_the_page(seen: Seen) -> None:
    agent, caller = seen.said_by("agent"), seen.said_by("caller").lower()
    for words in ("How can I help you?", "For which day?", "Is that right?", BOOKED, "Goodbye."):
        assert words in agent, seen.captions
    for words in ("appointment", "tuesday"):
        assert words in caller, seen.captions


def what_was_understood_was_shown(seen: Seen, time: str) -> None:
    wanted = {"date": TUESDAY, "time": time, "name": NAMED}
    said = {make(kind).spoken(value, TODAY) for kind, value in wanted.items()}
    assert said <= {value for _, value in seen.understood}, seen.understood


async def each_turn_has_its_latency(page: Any) -> None:
    turns = await page.evaluate(TURNS)
    assert len(turns) >= len(SCENE.answers)
    for turn in turns:
        assert re.fullmatch(r"\d+ ms", turn["ms"]), turns
        assert turn["parts"] >= 2, turns
    # A call that is over can still be looked into.
    await page.click("#turns button >> nth=0")
    assert "from your last word to the answer" in await page.inner_text("#waterfall .total")


async def the_call_ended_well(page: Any) -> None:
    assert "The assistant ended the call." in await page.inner_text("#ending")
    assert await page.inner_text("#call") == "Call again"


async def picture(page: Any, name: str) -> None:
    """The page as it is, on a desk and on a telephone, by day and by night."""
    if folder := os.environ.get("PARLEY_SCREENSHOTS"):
        for suffix, size, scheme in VIEWS:
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            path = Path(folder) / f"{name}{suffix}.png"
            await page.screenshot(path=path, animations="disabled", full_page=size == PHONE)
