"""Push-to-talk at the page: what is held, what is sent, and what ends it."""

import asyncio
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from door_support import served, with_server
from page_door import Line, tone
from page_stage import Stage, a_stage, on_stage

from browser import PHONE, browser, until, watch
from parley.server.serving import Running

GREETING = "Hello, this is the clinic. How can I help you?"
APPEND, COMMIT = "input_audio_buffer.append", "input_audio_buffer.commit"
PRESSED = "document.getElementById('talk').getAttribute('aria-pressed') === 'true'"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


async def called(stage: Stage) -> Line:
    """A call in which the caller pushes to talk."""
    if not await stage.page.is_checked("#push"):
        await stage.page.check("#push")
    await stage.page.click("#call")
    line = await stage.door.connection()
    await line.open()
    await line.wait("response.create")
    await until(stage.page, "parley.state === 'waiting'")
    return line


async def spoken(line: Line, turn: int = 1) -> None:
    """Some audio of a turn has come."""
    before = count(line, APPEND)
    await line.wait(APPEND, count=before + 5)
    assert count(line, COMMIT) == turn - 1


def count(line: Line, kind: str) -> int:
    return sum(event["type"] == kind for event in line.events)


@on_stage
async def test_nothing_is_sent_before_the_button_is_held_and_nothing_after(s: Stage) -> None:
    line = await called(s)
    kinds = [event["type"] for event in line.events]
    assert kinds == ["parley.client", "session.update", "response.create"]
    detection = line.events[1]["session"]["audio"]["input"]
    assert detection == {"turn_detection": None}
    await line.says("r1", GREETING, tone(0.1), "m1")
    await line.wait("parley.marked", name="m1")
    await line.done("r1")
    assert count(line, APPEND) == 0
    assert await level(s) == 0
    await s.page.hover("#talk")
    await s.page.mouse.down()
    await spoken(line)
    assert await s.page.evaluate("parley.state") == "listening"
    assert await s.page.inner_text("#talk") == "Release to send\nSpace"
    await until(s.page, "Number(document.getElementById('meter').style.cssText.slice(9, -1)) > 0")
    await s.page.mouse.up()
    await line.wait(COMMIT)
    sent = count(line, APPEND)
    assert max(line.audio) > 0
    await line.tell("parley.caption", who="caller", text="book an appointment", final=True)
    await line.says("r2", "For which day?", tone(0.1), "m2")
    await line.wait("parley.marked", name="m2")
    await line.done("r2")
    assert count(line, APPEND) == sent
    assert await level(s) == 0
    assert count(line, "response.cancel") == 0
    await until(s.page, "parley.state === 'waiting'")


async def level(stage: Stage) -> float:
    style = await stage.page.evaluate("document.getElementById('meter').style.cssText")
    return float(style.removeprefix("--level:").rstrip(";") or 0)


@on_stage
async def test_the_space_bar_is_the_button(s: Stage) -> None:
    line = await called(s)
    assert await s.page.evaluate("document.activeElement.id") == "talk"
    for turn, key in enumerate(("Space", "Enter", "Space"), 1):
        if turn == 3:
            await s.page.evaluate("document.activeElement.blur()")
        await s.page.keyboard.down(key)
        await s.page.keyboard.down(key)
        await spoken(line, turn)
        await s.page.keyboard.up(key)
        await line.wait(COMMIT, count=turn)
    assert await s.page.evaluate("parley.state") != "ended"


@on_stage
async def test_a_key_for_something_else_does_not_talk(s: Stage) -> None:
    line = await called(s)
    await s.page.focus("#keypad-toggle")
    await s.page.keyboard.press("Space")
    assert await s.page.is_visible("#keypad")
    await s.page.keyboard.press("Space")
    await line.wait("parley.key", key="1")
    await s.page.evaluate("document.getElementById('key-form').hidden = false")
    await s.page.focus("#key")
    await s.page.keyboard.press("Space")
    assert await s.page.input_value("#key") == " "
    await s.page.focus("#captions")
    await s.page.keyboard.press("Control+Space")
    await s.page.keyboard.press("Enter")
    assert count(line, APPEND) == count(line, COMMIT) == 0


@pytest.mark.parametrize(
    "ends",
    [
        "dispatchEvent(new Event('blur'))",
        "document.getElementById('talk').dispatchEvent(new PointerEvent('lostpointercapture'))",
        "Object.defineProperty(document, 'hidden', { get: () => true });"
        " document.dispatchEvent(new Event('visibilitychange'))",
    ],
)
def test_what_is_no_longer_held_ends_the_talk(stage: Stage, ends: str) -> None:
    async def scene() -> None:
        line = await called(stage)
        await stage.page.hover("#talk")
        await stage.page.mouse.down()
        await spoken(line)
        await stage.page.evaluate(ends)
        await line.wait(COMMIT)
        assert not await stage.page.evaluate(PRESSED)
        await stage.page.mouse.up()
        assert count(line, COMMIT) == 1

    stage.play(scene)


@on_stage
async def test_letting_go_outside_the_button_ends_the_talk(s: Stage) -> None:
    line = await called(s)
    await s.page.hover("#talk")
    await s.page.mouse.down()
    await spoken(line)
    await s.page.mouse.move(600, 20)
    assert await s.page.evaluate(PRESSED)
    await s.page.mouse.up()
    await line.wait(COMMIT)
    assert not await s.page.evaluate(PRESSED)


@on_stage
async def test_a_finger_holds_it_too(s: Stage) -> None:
    line = await called(s)
    box = await s.page.locator("#talk").bounding_box()
    touch = await s.page.context.new_cdp_session(s.page)
    at = [{"x": box["x"] + 60, "y": box["y"] + 30}]
    for turn, (end, kind) in enumerate([("touchEnd", "up"), ("touchCancel", "cancel")], 1):
        await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
        await spoken(line, turn)
        assert await s.page.evaluate(PRESSED)
        await touch.send("Input.dispatchTouchEvent", {"type": end, "touchPoints": []})
        await line.wait(COMMIT, count=turn)
        assert not await s.page.evaluate(PRESSED), kind


@on_stage
async def test_assistive_software_clicks_twice(s: Stage) -> None:
    line = await called(s)
    await s.page.evaluate("document.getElementById('talk').click()")
    assert await s.page.evaluate(PRESSED)
    await spoken(line)
    await s.page.evaluate("document.getElementById('talk').click()")
    await line.wait(COMMIT)
    await s.page.click("#talk", button="right")
    assert not await s.page.evaluate(PRESSED)


@on_stage
async def test_the_agent_is_stopped_where_it_speaks(s: Stage) -> None:
    line = await called(s)
    await line.says("r1", GREETING, tone(5), "m1")
    await until(s.page, "parley.state === 'speaking'")
    await s.page.keyboard.down("Space")
    await line.wait("response.cancel")
    await line.tell("parley.clear")
    await line.done("r1", "cancelled")
    await line.tell("error", error={"code": "response_cancel_not_active", "message": "Nothing."})
    await spoken(line)
    await s.page.keyboard.up("Space")
    await line.wait(COMMIT)
    line.drop()
    await until(s.page, "parley.state === 'ended'")
    assert "The connection was lost" in await s.page.inner_text("#ending")


@on_stage
async def test_who_presses_again_at_once_goes_on(s: Stage) -> None:
    line = await called(s)
    await s.page.evaluate(
        """const talk = document.getElementById("talk");
        talk.click(); setTimeout(() => talk.click(), 200); setTimeout(() => talk.click(), 240)"""
    )
    await line.wait(APPEND, count=25)
    assert count(line, COMMIT) == 0


@on_stage
async def test_a_call_that_ends_while_the_button_is_held(s: Stage) -> None:
    line = await called(s)
    await s.page.keyboard.down("Space")
    await spoken(line)
    await line.hang_up()
    await until(s.page, "parley.state === 'ended'")
    assert await s.page.is_hidden("#talk")
    assert count(line, COMMIT) == 0


@on_stage
async def test_the_switch_is_remembered_and_the_usual_call_is_as_before(s: Stage) -> None:
    assert await s.page.get_attribute("#push", "role") == "switch"
    await s.page.evaluate("localStorage.removeItem('parley-push-to-talk')")
    await s.page.reload()
    assert not await s.page.is_checked("#push")
    await s.page.focus("#push")
    await s.page.keyboard.press("Space")
    await s.page.reload()
    assert await s.page.is_checked("#push")
    await s.page.uncheck("#push")
    await s.page.click("#call")
    line = await s.door.call()
    await until(s.page, "parley.state === 'listening'")
    assert await s.page.is_hidden("#talk")
    assert await s.page.is_hidden(".mode")
    assert count(line, "session.update") == 0


@on_stage
async def test_the_button_fits_a_telephone_and_covers_nothing(s: Stage) -> None:
    for size in ((320, 640), PHONE):
        await s.page.set_viewport_size({"width": size[0], "height": size[1]})
        await s.page.reload()
        assert not await s.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        line = await called(s)
        box = await s.page.locator("#talk").bounding_box()
        assert box["height"] >= 64
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        below = await s.page.locator("#call").bounding_box()
        assert box["y"] + box["height"] <= below["y"]
        await line.hang_up()
        await until(s.page, "parley.state === 'ended'")


DONE = "parley.state === 'waiting' && parley.counts.received['response.done'] === {}"
WORDS = "[...document.querySelectorAll('#captions .words')].map((line) => line.innerText)"


def test_a_conversation_is_held_with_a_server(tmp_path: Path) -> None:
    """The microphone hears a voice without an end; what is a turn is what the button makes one."""
    microphone = tmp_path / "voice.wav"
    with wave.open(str(microphone), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(tone(20) * 2)

    async def scene(server: Running) -> None:
        async with browser(fake_audio=microphone, loop=True) as page:
            watched = watch(page)
            await page.goto(f"{server.url}/")
            await page.check("#push")
            await page.click("#call")
            await until(page, DONE.format(1))
            assert APPEND not in await page.evaluate("parley.counts.sent")
            for turn in (1, 2):
                await page.keyboard.down("Space")
                await asyncio.sleep(1.0)
                await page.keyboard.up("Space")
                await until(page, DONE.format(turn + 1))
            sent = (await page.evaluate("parley.counts.sent"))[APPEND]
            assert 80 < sent < 150
            lines = ["Hello.", "book an appointment", "Yes.", "on Tuesday", "Yes."]
            assert await page.evaluate(WORDS) == lines
            await until(page, "document.querySelectorAll('#turns button').length === 2")
            await page.keyboard.press("Escape")
            await until(page, "parley.state === 'ended'")
        assert [c for c in watched.complaints if "404" not in c] == [], "there is no calendar"

    with_server(scene, [served(says=["book an appointment", "on Tuesday"])])
