"""The page in a browser, against a server that says what the test tells it to."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from page_door import TAKEN, Door, Line, a_week, tone
from page_stage import FOREIGN, Stage, a_stage, on_stage

from browser import until

GREETING = "Hello, this is the clinic. How can I help you?"
CLOSED = "closed before the connection is established"
PARTS = [
    {"name": "transcript", "ms": 120},
    {"name": "end_of_turn", "ms": 260},
    {"name": "first_token", "ms": 20},
    {"name": "first_audio", "ms": 40},
    {"name": "playout", "ms": 60},
]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


async def called(stage: Stage) -> Line:
    """Press the button; the other end of the call that comes of it."""
    await stage.page.click("#call")
    line = await stage.door.call()
    await until(stage.page, "parley.state === 'listening'")
    return line


async def greeted(stage: Stage) -> Line:
    line = await called(stage)
    await line.says("r1", GREETING, tone(0.1), "m1")
    await line.wait("parley.marked", name="m1")
    await line.tell("parley.heard", response_id="r1", text=GREETING)
    await line.done("r1")
    return line


async def caption(line: Line, text: str, *, final: bool) -> None:
    await line.tell("parley.caption", who="caller", text=text, final=final)


async def captions(stage: Stage, count: int | None = None) -> list[str]:
    """What is to be read, line by line; a line is told with its classes."""
    if count is not None:
        await until(stage.page, f"document.querySelectorAll('#captions li').length === {count}")
    found: list[str] = await stage.page.evaluate(
        """[...document.querySelectorAll('#captions li')].filter((li) => !li.hidden)
        .map((li) => `${li.className}: ${li.querySelector('.words').textContent}`)"""
    )
    return found


async def text_of(stage: Stage, selector: str) -> str:
    return " ".join((await stage.page.inner_text(selector)).split())


# What is said


@on_stage
async def test_the_callers_words_change_in_place_until_their_turn_is_committed(s: Stage) -> None:
    line = await greeted(s)
    await caption(line, "book", final=False)
    await caption(line, "book an appoint", final=False)
    await until(s.page, "document.querySelector('.partial')?.innerText.includes('appoint')")
    assert (await captions(s, 2))[1] == "caller partial: book an appoint"
    await caption(line, "book an appointment", final=True)
    await caption(line, "uh", final=False)
    await until(s.page, "document.querySelectorAll('#captions li').length === 3")
    await caption(line, "", final=True)
    assert await captions(s, 2) == [f"agent: {GREETING}", "caller: book an appointment"]
    assert "You: book an appointment" in await s.page.inner_text("#announcements")
    assert await s.page.evaluate("parley.state") == "thinking"


@on_stage
async def test_the_agents_words_are_lit_as_they_are_heard(s: Stage) -> None:
    line = await called(s)
    await line.says("r1", "For which  day?")
    await line.tell("parley.heard", response_id="r1", text="For which")
    await until(s.page, "document.querySelector('.heard')")
    assert await s.page.inner_text(".heard") == "For which"
    assert (await s.page.inner_text(".coming")).strip() == "day?"
    assert "For which" not in await s.page.inner_text("#announcements")
    await line.tell("parley.heard", response_id="r1", text="For which day?")
    await until(s.page, "!document.querySelector('.coming')")
    assert "Front desk: For which day?" in await s.page.inner_text("#announcements")


@on_stage
async def test_an_interrupted_reply_is_cut_where_it_stopped(s: Stage) -> None:
    line = await called(s)
    await line.says("r1", "We are open from nine to five.")
    await line.tell("parley.heard", response_id="r1", text="We are open")
    await line.tell("parley.clear")
    await line.says("r2", "Never heard.")
    await line.done("r2", "cancelled")
    await line.done("r1", "cancelled")
    await until(s.page, "document.querySelector('.interrupted .unheard')")
    assert await s.page.inner_text(".interrupted .heard") == "We are open"
    assert (await s.page.inner_text("del.unheard")).strip() == "from nine to five."
    assert len(await captions(s)) == 1


# What is heard


@on_stage
async def test_the_greeting_is_heard_and_its_time_from_the_press_is_known(s: Stage) -> None:
    line = await called(s)
    assert await s.page.evaluate("parley.greetingMs") is None
    await line.says("r1", GREETING, tone(0.3), "m1")
    await until(s.page, "parley.state === 'speaking'")
    spoken = time.monotonic()
    await line.wait("parley.marked", name="m1")
    assert time.monotonic() - spoken > 0.2
    await until(s.page, "parley.state !== 'speaking'")
    timings = await s.page.evaluate("parley.timings")
    assert 0 < timings["socket"] < timings["session"] < timings["firstAudio"] < timings["greeting"]
    assert await s.page.evaluate("parley.greetingMs") == timings["greeting"]
    assert await s.page.evaluate("parley.playback.played") == 24_000 * 0.3
    assert await s.page.evaluate("parley.audio.rate") == 24_000


@on_stage
async def test_a_pause_keeps_the_rest_and_a_clear_answers_its_marks(s: Stage) -> None:
    line = await called(s)
    await line.says("r1", GREETING, tone(1.0), "m1")
    await until(s.page, "parley.state === 'speaking'")
    await line.tell("parley.pause")
    await until(s.page, "parley.state === 'paused'")
    await asyncio.sleep(0.1)
    stopped = await s.page.evaluate("parley.playback")
    assert 0 < stopped["played"] < 24_000
    assert stopped["played"] + stopped["queued"] == 24_000
    await line.tell("parley.resume")
    await line.wait("parley.marked", name="m1")
    await until(s.page, "parley.playback.played === 24000")
    await line.says("r2", GREETING, tone(20), "m2")
    await until(s.page, "parley.state === 'speaking'")
    await line.tell("parley.clear")
    await line.wait("parley.marked", name="m2")
    await until(s.page, "parley.state !== 'speaking'")


@on_stage
async def test_what_is_said_while_the_call_is_set_up_is_not_lost(s: Stage) -> None:
    s.door.slow_s = 1.0
    await called(s)
    sent, timings = await s.page.evaluate("[parley.counts.sent, parley.timings]")
    assert timings["socket"] - timings["firstFrame"] > 500
    sent_ms = 20 * sent["input_audio_buffer.append"]
    assert sent_ms > timings["socket"] - timings["firstFrame"] - 200


@on_stage
async def test_what_the_microphone_hears_arrives_in_frames_of_20_ms(s: Stage) -> None:
    line = await called(s)
    await line.wait("input_audio_buffer.append", count=60)
    assert line.events[0] == {"type": "parley.client", "playback": "marks"}
    appended = [e for e in line.events if e["type"] == "input_audio_buffer.append"]
    assert len(line.audio) == 960 * len(appended)
    assert max(line.audio) > 0


TWO_RATES = """const open = AudioContext.prototype.createMediaStreamSource;
AudioContext.prototype.createMediaStreamSource = function (stream) {
  if (this.sampleRate === 24000) throw new DOMException("rates differ", "NotSupportedError");
  return open.call(this, stream);
};"""


def test_a_browser_that_keeps_the_microphone_at_its_own_rate(stage: Stage) -> None:
    async def scene() -> None:
        line = await called(stage)
        await line.wait("input_audio_buffer.append", count=60)
        assert await stage.page.evaluate("parley.audio.ownRate") > 24_000
        assert max(line.audio) > 0

    stage.play(scene, before=TWO_RATES)


# What is shown


@on_stage
async def test_what_was_understood_and_the_open_question(s: Stage) -> None:
    line = await called(s)
    slots = [
        {"name": "day", "label": "Day", "value": "Tuesday"},
        {"name": "time", "label": "Time", "value": ""},
    ]
    expects = {"kind": "time", "question": "At what time?"}
    await line.tell("parley.slots", slots=slots, expects=expects)
    await until(s.page, "!document.getElementById('question').hidden")
    assert await text_of(s, "#slots") == "Day Tuesday Time not known yet"
    assert await text_of(s, "#question") == "Open question At what time? expects a time"
    slots[1]["value"] = "half past ten"
    await line.tell("parley.slots", slots=slots, expects=None)
    await until(s.page, "document.getElementById('question').hidden")
    assert await s.page.inner_text(".slot.new") == "Time\nhalf past ten"


@on_stage
async def test_what_is_not_known_any_more_was_known_earlier(s: Stage) -> None:
    line = await called(s)
    day = {"name": "day", "label": "Day", "value": "Tuesday"}
    time_ = {"name": "time", "label": "Time", "value": "ten o'clock"}
    await line.tell("parley.slots", slots=[day, time_], expects=None)
    await line.tell("parley.slots", slots=[], expects=None)
    await until(s.page, "!document.getElementById('earlier').hidden")
    assert await text_of(s, "#earlier") == "Earlier in this call Day Tuesday Time ten o'clock"
    await line.tell("parley.slots", slots=[day | {"value": "Thursday"}], expects=None)
    await until(s.page, "document.querySelector('#slots .slot')")
    assert await text_of(s, "#slots") == "Day Thursday"
    assert await text_of(s, "#earlier") == "Earlier in this call Time ten o'clock"
    await line.hang_up()
    await until(s.page, "parley.state === 'ended'")
    await called(s)
    assert await s.page.is_hidden("#earlier")


@on_stage
async def test_a_turns_latency_is_drawn_to_scale_and_told_in_a_table(s: Stage) -> None:
    line = await called(s)
    await line.tell("parley.latency", turn=1, response_ms=500, parts=PARTS)
    await until(s.page, "document.querySelector('svg.waterfall')")
    assert (await text_of(s, "#waterfall .total")).startswith("500 ms from your last word")
    bars = await s.page.evaluate(
        """[...document.querySelectorAll('svg.waterfall rect')].map((bar) =>
        ({ x: Number(bar.getAttribute('x')), width: Number(bar.getAttribute('width')),
           y: Number(bar.getAttribute('y')) }))"""
    )
    scale = bars[1]["width"] / 260
    starts = [sum(part["ms"] for part in PARTS[:n]) for n in range(len(PARTS))]
    assert [bar["width"] for bar in bars] == pytest.approx([p["ms"] * scale for p in PARTS])
    assert [bar["x"] - bars[0]["x"] for bar in bars] == pytest.approx([t * scale for t in starts])
    assert [bar["y"] for bar in bars] == sorted({bar["y"] for bar in bars})
    figures = await s.page.evaluate(
        "[...document.querySelectorAll('svg.waterfall .ms')].map((text) => text.textContent)"
    )
    assert figures == ["120 ms", "260 ms", "20 ms", "40 ms", "60 ms"]
    table = " ".join((await s.page.text_content("#waterfall table")).split())
    assert "Transcript120 ms" in table
    assert table.endswith("Total500 ms")
    assert "End of turn 260 ms" in await s.page.get_attribute("svg.waterfall", "aria-label")


@on_stage
async def test_earlier_turns_can_be_looked_at_again(s: Stage) -> None:
    line = await called(s)
    await line.tell("parley.latency", turn=1, response_ms=500, parts=PARTS)
    await line.tell("parley.latency", turn=2, response_ms=None, parts=PARTS[:2])
    await until(s.page, "document.querySelectorAll('#turns button').length === 2")
    assert (await text_of(s, "#waterfall .total")).startswith("not measured")
    await s.page.click("#turns button >> nth=0")
    assert (await text_of(s, "#waterfall .total")).startswith("500 ms")
    assert await s.page.get_attribute("#turns button >> nth=0", "aria-pressed") == "true"


@on_stage
async def test_the_calendar_shows_what_a_tool_has_changed(s: Stage) -> None:
    await until(s.page, "document.querySelectorAll('#board td.taken').length === 2")
    line = await called(s)
    taken = {**TAKEN, "2026-12-01 10:30": "Anna Smith"}
    del taken["2026-11-30 09:30"]
    s.door.week = a_week(taken, mine="Anna Smith")
    await line.tell("parley.tool", call="t1", name="book", status="running")
    await line.tell("parley.tool", call="t1", name="book", status="done")
    await until(s.page, "document.querySelectorAll('#news li').length === 2")
    news = await s.page.inner_text("#news")
    assert news.splitlines() == [
        "Freed: Monday 30 November, 09:30",
        "Booked: Tuesday 1 December, 10:30, Anna Smith",
    ]
    cell = "#board td[data-date='2026-12-01'][data-time='10:30']"
    assert await s.page.get_attribute(cell, "class") == "taken mine changed"
    await line.hang_up()
    await until(s.page, "parley.state === 'ended'")
    await called(s)
    assert await s.page.locator("#board .changed").count() == 0


@on_stage
async def test_what_answers_is_named(s: Stage) -> None:
    line = await called(s)
    expected = "Brain flow · front_desk Voice flite rms Recogniser pocketsphinx"
    assert await text_of(s, "#engines") == expected
    assert await text_of(s, "#assistant") == "Front desk"
    await line.tell("parley.session", **SESSION_WITHOUT_CALENDAR)
    await until(s.page, "document.getElementById('calendar').hidden")


SESSION_WITHOUT_CALENDAR: dict[str, Any] = {
    "call": "c",
    "assistant": {"name": "Another"},
    "brain": {"kind": "model", "name": ""},
    "voice": "",
    "transcriber": "whisper",
    "calendar": None,
}


# What the caller does


@on_stage
async def test_keys_are_sent_from_the_pad_and_from_the_keyboard(s: Stage) -> None:
    await s.page.keyboard.press("1")
    line = await called(s)
    await s.page.keyboard.press("7")
    await s.page.click("#keypad-toggle")
    await s.page.click("[data-key='4']")
    await s.page.click("[aria-label='hash']")
    await s.page.keyboard.press("*")
    await line.wait("parley.key", count=4)
    assert [e["key"] for e in line.events if e["type"] == "parley.key"] == ["7", "4", "#", "*"]
    assert await s.page.inner_text(".pressed") == "74#*"
    await s.page.keyboard.press("Escape")
    assert await s.page.is_hidden("#keypad")
    assert await s.page.evaluate("document.activeElement.id") == "keypad-toggle"
    assert await s.page.evaluate("parley.state") == "listening"


@on_stage
async def test_a_key_that_is_held_down_and_a_double_click_do_not_hang_up(s: Stage) -> None:
    for _ in range(3):
        await s.page.keyboard.down("Enter")
    line = await s.door.call()
    await asyncio.sleep(0.6)
    await s.page.keyboard.down("Enter")
    await s.page.keyboard.up("Enter")
    assert await s.page.evaluate("parley.state") == "listening"
    await line.hang_up()
    await until(s.page, "parley.state === 'ended'")
    await s.page.dblclick("#call")
    await s.door.call()
    await until(s.page, "parley.state === 'listening'")


@on_stage
async def test_a_call_with_the_keyboard_alone(s: Stage) -> None:
    await until(s.page, "document.activeElement.id === 'call'")
    outline = "getComputedStyle(document.activeElement).outline"
    assert "solid 3px" in await s.page.evaluate(outline)
    await s.page.keyboard.press("Space")
    line = await s.door.call()
    await until(s.page, "parley.state === 'listening'")
    await s.page.keyboard.press("Shift+Tab")
    assert await s.page.evaluate("document.activeElement.id") == "keypad-toggle"
    await s.page.keyboard.press("Enter")
    assert await s.page.evaluate("document.activeElement.dataset.key") == "1"
    await s.page.keyboard.press("Enter")
    await line.wait("parley.key", key="1")
    await s.page.keyboard.press("Escape")
    await s.page.keyboard.press("Escape")
    await line.wait("parley.hangup")
    await line.hang_up("caller-hung-up")
    await until(s.page, "parley.state === 'ended'")
    assert await text_of(s, "#call") == "Call again"


@on_stage
async def test_hanging_up_needs_no_answer(s: Stage) -> None:
    line = await greeted(s)
    await asyncio.sleep(0.5)
    await s.page.click("#call")
    await line.wait("parley.hangup")
    await until(s.page, "parley.state === 'ended'")
    assert "You hung up." in await s.page.inner_text("#ending")
    appended = len(line.audio)
    await asyncio.sleep(0.2)
    assert len(line.audio) == appended


@on_stage
async def test_after_the_call_how_it_ended_and_how_fast_it_was(s: Stage) -> None:
    line = await greeted(s)
    for turn, ms in enumerate([500, 700, 600], 1):
        await line.tell("parley.latency", turn=turn, response_ms=ms, parts=PARTS)
    await asyncio.sleep(1.0)
    await line.hang_up()
    await until(s.page, "parley.state === 'ended'")
    said = await text_of(s, "#ending")
    assert said.startswith("Call ended The assistant ended the call. Duration")
    assert "Turns 3 Median response 600 ms Turn 1 500 ms Turn 2 700 ms Turn 3 600 ms" in said
    await called(s)
    assert await s.page.is_hidden("#ending")
    assert await captions(s) == []


@on_stage
async def test_the_last_words_are_heard_before_the_call_ends(s: Stage) -> None:
    line = await called(s)
    await line.says("r1", "Goodbye.", tone(0.5))
    await until(s.page, "parley.state === 'speaking'")
    await line.hang_up()
    await until(s.page, "parley.state === 'ended'")
    assert await s.page.evaluate("parley.playback.played") == 12_000


# What can go wrong


def refused(name: str) -> str:
    """A browser in which the microphone is refused."""
    return f"""navigator.mediaDevices.getUserMedia =
      () => Promise.reject(new DOMException("no", {json.dumps(name)}))"""


@pytest.mark.parametrize(
    ("name", "title", "advice"),
    [
        ("NotAllowedError", "The microphone is blocked", "set Microphone to Allow"),
        ("NotFoundError", "No microphone was found", "Plug one in"),
        ("NotReadableError", "The microphone is in use", "Close that program"),
    ],
)
def test_a_microphone_that_cannot_be_had(stage: Stage, name: str, title: str, advice: str) -> None:
    async def scene() -> None:
        await stage.page.click("#call")
        await until(stage.page, "parley.state === 'ended'")
        said = await text_of(stage, "#ending")
        assert said.startswith(title)
        assert advice in said
        assert title in await stage.page.text_content("[role=alert]")
        assert await text_of(stage, "#call") == "Try again"

    stage.play(scene, before=refused(name), complaints=(CLOSED,))


@on_stage
async def test_a_page_that_is_not_trusted_with_a_microphone(s: Stage) -> None:
    await s.page.goto(s.door.url.replace("127.0.0.1", FOREIGN))
    await s.page.click("#call")
    await until(s.page, "parley.state === 'ended'")
    assert (await text_of(s, "#ending")).startswith("This address cannot use a microphone")


def test_a_server_that_has_gone(stage: Stage) -> None:
    async def scene() -> None:
        await stage.door.gone()
        await stage.page.click("#call")
        await until(stage.page, "parley.state === 'ended'")
        assert (await text_of(stage, "#ending")).startswith("The server does not answer")

    # a connection that was kept alive may be reset or closed before a new one is refused
    gone = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", CLOSED)
    stage.play(scene, complaints=gone)


@on_stage
async def test_a_connection_that_is_lost_in_the_call(s: Stage) -> None:
    line = await called(s)
    await line.says("r1", GREETING, tone(10))
    await until(s.page, "parley.state === 'speaking'")
    line.drop()
    await until(s.page, "parley.state === 'ended'")
    assert (await text_of(s, "#ending")).startswith("The connection was lost")
    assert await text_of(s, "#call") == "Call again"
    await called(s)


@pytest.mark.parametrize(
    ("code", "message", "close", "title"),
    [
        ("server_busy", "All 2 lines are taken.", 1013, "All lines are busy"),
        (
            "model_not_found",
            "There is no assistant 'x'.",
            1008,
            "The server did not take the call There is no assistant 'x'.",
        ),
    ],
)
def test_a_server_that_turns_the_call_away(
    stage: Stage, code: str, message: str, close: int, title: str
) -> None:
    async def scene() -> None:
        await stage.page.click("#call")
        line = await stage.door.connection()
        await line.turn_away(code, message, close)
        await until(stage.page, "parley.state === 'ended'")
        assert (await text_of(stage, "#ending")).startswith(title)
        assert await text_of(stage, "#call") == "Try again"
        await called(stage)

    stage.play(scene)


def test_a_server_that_asks_for_a_key(stage: Stage) -> None:
    def with_a_key(door: Door) -> None:
        door.key = "sesame"

    async def scene() -> None:
        await until(stage.page, "!document.getElementById('key-form').hidden")
        await stage.page.click("#call")
        await until(stage.page, "parley.state === 'ended'")
        assert (await text_of(stage, "#ending")).startswith("This server asks for a key")
        await stage.page.fill("#key", "sesame")
        await stage.page.keyboard.press("Enter")
        await until(stage.page, "!document.getElementById('calendar').hidden")
        await called(stage)

    stage.play(scene, prepare=with_a_key, complaints=("401", "Authentication failed"))


# How it looks


@on_stage
async def test_nothing_is_wider_than_a_telephones_screen(s: Stage) -> None:
    await s.page.set_viewport_size({"width": 360, "height": 740})
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not await s.page.evaluate(wide)
    line = await greeted(s)
    await caption(line, "thereisawordwithoutanyspaces" * 4, final=True)
    await line.tell("parley.latency", turn=1, response_ms=500, parts=PARTS)
    await line.tell("parley.latency", turn=2, response_ms=12_500, parts=PARTS)
    slots = [{"name": "note", "label": "A rather long label", "value": "long " * 30}]
    await line.tell("parley.slots", slots=slots, expects={"kind": "name", "question": "Who?" * 20})
    await until(s.page, "document.querySelectorAll('#turns button').length === 2")
    await s.page.click("#keypad-toggle")
    assert not await s.page.evaluate(wide)
    inside = await s.page.evaluate(
        """[...document.querySelectorAll('button:not([hidden])')].every((button) => {
          const { left, right, width, height } = button.getBoundingClientRect();
          return !width || (left >= 0 && right <= innerWidth && height >= 44);
        })"""
    )
    assert inside


@pytest.mark.parametrize("width", [320, 390, 720, 900, 1100, 1280, 1600])
def test_nothing_in_the_bar_lies_on_anything_else(stage: Stage, width: int) -> None:
    async def scene() -> None:
        await stage.page.set_viewport_size({"width": width, "height": 800})
        line = await called(stage)
        await line.says("r1", GREETING, tone(2))
        await until(stage.page, "parley.state === 'speaking'")
        places = await stage.page.evaluate(
            """["state", "keypad-toggle", "call"].map((id) => {
              const { left, right } = document.getElementById(id).getBoundingClientRect();
              return [left, right];
            })"""
        )
        ends = [end for place in places for end in place]
        assert ends == sorted(ends)
        assert ends[-1] <= width

    stage.play(scene)


@on_stage
async def test_who_wants_less_motion_gets_none(s: Stage) -> None:
    await s.page.emulate_media(reduced_motion="reduce")
    line = await called(s)
    await caption(line, "hello", final=True)
    slots = [{"name": "day", "label": "Day", "value": "Tuesday"}]
    await line.tell("parley.slots", slots=slots, expects=None)
    await until(s.page, "document.querySelector('.slot.new')")
    assert await s.page.evaluate("document.getAnimations().length") == 0


TEXT_ON = [
    ("ink", "panel"),
    ("ink", "paper"),
    ("soft", "panel"),
    ("soft", "paper"),
    ("soft", "taken"),
    ("accent", "panel"),
    ("danger", "panel"),
    ("accent-ink", "accent"),
    ("danger-ink", "danger"),
    ("tint-ink", "tint"),
    ("ink", "danger-tint"),
    ("soft", "danger-tint"),
]
"""Which colours text has on which."""


@on_stage
async def test_text_can_be_told_from_its_ground_in_both_schemes(s: Stage) -> None:
    for scheme in ("light", "dark"):
        await s.page.emulate_media(color_scheme=scheme)
        for text, ground in TEXT_ON:
            colours = [await colour(s, name) for name in (text, ground)]
            assert contrast(*colours) >= 4.5, (scheme, text, ground)


async def colour(stage: Stage, name: str) -> str:
    script = f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()"
    found: str = await stage.page.evaluate(script)
    return found


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances (WCAG 2, section "contrast ratio")."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
