"""Whole calls through the client door, in virtual time, over a socket made of queues."""

import asyncio
import base64
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from realtime_support import kinds, of, parsed

from parley.audio.formats import OUTBOUND
from parley.core import actions as act
from parley.core import events as ev
from parley.core.reasons import EndReason
from parley.errors import ProviderUnavailable, TransportError
from parley.providers.protocols import SttOptions
from parley.providers.scripted import ScriptedLlm, ScriptedStt
from parley.runtime.agent import Agent, CallRecord
from parley.transports.realtime.limits import Limits
from parley.transports.realtime.sessions import Offer
from parley.transports.realtime.transport import OBEDIENT, STANDARD, Gone, RealtimeTransport

sys.path.append(str(Path(__file__).parents[1] / "runtime"))
from callers import Loudspeaker
from support import SETTINGS, an_agent, run_cleanly
from voices import read

FRAME_S = 0.02
SILENT = bytes(960)
VOICED = b"\x00\x10" * 480
OFFER = Offer("demo", "Demo", voice="spelling", transcriber="scripted")
ANSWER = "One two three. Four hundred and five, or six. Seven."


@dataclass(slots=True)
class Watcher:
    """Keeps the steps of the call."""

    name: str = "watcher"
    steps: list[tuple[float, ev.Event, Sequence[act.Action]]] = field(default_factory=list)

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        self.steps.append((now, event, actions))

    def actions(self, kind: type) -> list[Any]:
        return [a for _, _, actions in self.steps for a in actions if isinstance(a, kind)]


class Client:
    """The other end of the socket: a loudspeaker, and a microphone that follows a script.

    With `marks` it obeys and acknowledges; else it clears when the caller is said to speak,
    as standard clients do. `reads_s` is how long it takes to read one event.
    """

    def __init__(self, *, marks: bool, reads_s: float = 0.0) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self.marks = marks
        self.reads_s = reads_s
        self.told: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.speaker = Loudspeaker(self.now)
        self.closed: tuple[int, str] | None = None
        self._messages: asyncio.Queue[str | bytes | Gone] = asyncio.Queue()
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._due = 0.0

    def now(self) -> float:
        return self._loop.time() - self._began

    # The socket

    async def receive(self) -> str | bytes | Gone:
        return await self._messages.get()

    async def send(self, text: str) -> None:
        if self.reads_s:
            await asyncio.sleep(self.reads_s)
        event = parsed(text)
        self.told.append(event)
        self.times.append(self.now())
        self._obey(event)

    async def close(self, code: int, reason: str) -> None:
        if self.closed is not None:
            raise TransportError("closed already")
        self.closed = code, reason

    # What a client does

    def _obey(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "response.output_audio.delta":
            self.speaker.play(base64.b64decode(event["delta"]))
        elif kind == "parley.mark":
            name = event["name"]
            self._marks[name] = self._loop.call_later(self.speaker.left_s, self._mark, name)
        elif kind == "parley.pause":
            self.speaker.pause()
            for timer in self._marks.values():
                timer.cancel()
        elif kind == "parley.resume":
            self.speaker.resume()
            self._marks_again()
        elif kind == "parley.clear":
            self.speaker.clear()
            for name in list(self._marks):
                self._mark(name)
        elif kind == "input_audio_buffer.speech_started" and not self.marks:
            self.speaker.clear()

    def _marks_again(self) -> None:
        """Marks are reached in order; each stands for a frame of 20 ms at least."""
        names = list(self._marks)
        total = self.speaker.left_s
        for number, name in enumerate(names):
            later = total * (number + 1) / len(names)
            self._marks[name] = self._loop.call_later(later, self._mark, name)

    def _mark(self, name: str) -> None:
        self._marks.pop(name).cancel()
        self.tell("parley.marked", name=name)

    def tell(self, kind: str, **fields: Any) -> None:
        self._messages.put_nowait(json.dumps({"type": kind, **fields}))

    def leave(self, *, lost: bool = False) -> None:
        self._messages.put_nowait(Gone(lost))

    async def _send(self, frame: bytes, seconds: float, enough: Callable[[], bool]) -> None:
        self._due = max(self._due, self.now())
        for _ in range(round(seconds / FRAME_S)):
            self._due += FRAME_S
            await asyncio.sleep(max(0.0, self._due - self.now()))
            self.tell("input_audio_buffer.append", audio=base64.b64encode(frame).decode())
            if enough():
                return

    async def say(self, seconds: float) -> None:
        await self._send(VOICED, seconds, lambda: False)

    async def quiet(self, seconds: float) -> None:
        await self._send(SILENT, seconds, lambda: False)

    async def until_speaking(self, for_s: float = 0.0) -> None:
        """Be quiet until the agent has been speaking for so long."""
        since: float | None = None

        def speaking() -> bool:
            nonlocal since
            since = (since or self.now()) if self.speaker.sounding else None
            return since is not None and self.now() - since >= for_s

        await self._send(SILENT, 20.0, speaking)

    async def listen(self, silence_s: float = 0.8) -> None:
        """Be quiet until the agent has spoken, and has then been silent for so long."""
        quiet_since: float | None = None

        def answered() -> bool:
            nonlocal quiet_since
            if self.speaker.sounding:
                quiet_since = self.now()
            return quiet_since is not None and self.now() - quiet_since >= silence_s

        await self._send(SILENT, 20.0, answered)

    @property
    def heard(self) -> str:
        """All that was heard from the loudspeaker."""
        self.speaker.advance()
        return read(b"".join(pcm for _, pcm in self.speaker.played))

    def when(self, kind: str) -> float:
        return next(at for at, e in zip(self.times, self.told, strict=True) if e["type"] == kind)


Script = Callable[[Client], Awaitable[None]]


@dataclass(slots=True)
class Carried:
    """A call that is over, if there was one."""

    client: Client
    watcher: Watcher
    record: CallRecord | None

    @property
    def reason(self) -> str:
        assert self.record is not None
        return self.record.outcome.reason

    @property
    def lines(self) -> list[tuple[str, str]]:
        assert self.record is not None
        return [(line.who, line.text) for line in self.record.outcome.transcript]


def carry(
    script: Script,
    agent: Agent | None = None,
    *,
    marks: bool = True,
    limits: Limits | None = None,
    reads_s: float = 0.0,
    push_to_talk: bool = False,
) -> Carried:
    """Let one client have its way."""
    agent = agent or an_agent(stt=ScriptedStt([], then=""), llm=ScriptedLlm([], then="Yes."))

    async def main() -> Carried:
        await agent.start()
        client, watcher, record = Client(marks=marks, reads_s=reads_s), Watcher(), None
        transport = RealtimeTransport(
            client, OFFER, session_id="s", call="c1", extensions=marks, limits=limits
        )
        following = asyncio.get_running_loop().create_task(_follow(script, client, marks))
        try:
            if await transport.negotiate():
                timing = OBEDIENT if marks else STANDARD
                assert transport.timing == replace(timing, push_to_talk=push_to_talk)
                record = await agent.take(transport, watch=[transport, watcher])
        finally:
            following.cancel()
            await asyncio.wait({following})
            await transport.close()
            for timer in client._marks.values():
                timer.cancel()
        return Carried(client, watcher, record)

    return run_cleanly(main())


async def _follow(script: Script, client: Client, marks: bool) -> None:
    if marks:
        client.tell("parley.client", playback="marks")
    await script(client)


def answering(*words: str) -> Agent:
    return an_agent(stt=ScriptedStt(list(words), then=""), llm=ScriptedLlm([ANSWER], then="Yes."))


async def conversation(client: Client) -> None:
    await client.listen()
    await client.say(0.8)
    await client.listen()
    client.tell("parley.hangup")


@pytest.mark.parametrize("marks", [True, False])
def test_a_conversation(marks: bool) -> None:
    call = carry(conversation, answering("count"), marks=marks)
    assert call.client.heard == SETTINGS.greeting + ANSWER.replace(". ", ".")
    assert call.lines == [("agent", SETTINGS.greeting), ("caller", "count"), ("agent", ANSWER)]
    assert [r["response"]["status"] for r in of(call.client.told, "response.done")] == [
        "completed",
        "completed",
    ]
    (said,) = of(call.client.told, "conversation.item.input_audio_transcription.completed")
    assert said["transcript"] == "count"
    assert call.reason == "caller-hung-up"
    assert call.client.closed == (1000, "")
    extensions = [e for e in call.client.told if e["type"].startswith("parley.")]
    assert (extensions[-1]["type"] == "parley.ended") if marks else not extensions


def test_event_names_are_unique_and_in_order() -> None:
    names = [e["event_id"] for e in carry(conversation, answering("count")).client.told]
    assert len(set(names)) == len(names)
    assert names == sorted(names)


def test_the_greeting_begins_with_the_first_audio() -> None:
    async def script(client: Client) -> None:
        await asyncio.sleep(5.0)
        await client.until_speaking()
        client.leave()

    call = carry(script)
    assert 5.0 < call.client.when("response.output_audio.delta") < 5.1


def test_all_that_was_said_is_heard_from_the_first_sample_on() -> None:
    heard: list[bytes] = []

    class Ear:
        name = "ear"

        def process(self, pcm: bytes) -> bytes:
            heard.append(pcm)
            return pcm

    from parley.runtime.stages import Stages

    async def script(client: Client) -> None:
        await client.say(0.5)
        await client.quiet(0.5)
        client.leave()

    stages = lambda: Stages(audio_in=[Ear()])  # noqa: E731
    carry(script, an_agent(stt=ScriptedStt([], then=""), llm=ScriptedLlm([]), stages=stages))
    total = sum(map(len, heard)) / 32_000
    assert total == pytest.approx(1.0, abs=0.005)
    assert any(heard[0]), "the first frame was voiced"


def interrupted(marks: bool, sound_s: float, words: str) -> Carried:
    async def script(client: Client) -> None:
        await client.listen()
        await client.say(0.8)
        await client.until_speaking(for_s=1.0)
        await client.say(sound_s)
        await client.listen(silence_s=1.5)
        client.leave()

    return carry(script, answering("count", words), marks=marks)


def test_an_interruption_silences_an_obedient_client_at_once() -> None:
    call = interrupted(True, 1.0, "no wait")
    client = call.client
    playback = ("parley.pause", "parley.clear", "parley.resume")
    wanted = ("input_audio_buffer.speech_started", *playback)
    told = [kind for kind in kinds(client.told) if kind in wanted]
    assert told[1:4] == ["input_audio_buffer.speech_started", "parley.pause", "parley.clear"]
    statuses = [r["response"]["status"] for r in of(client.told, "response.done")]
    assert statuses == ["completed", "cancelled", "completed"]
    cut = of(client.told, "response.done")[1]["response"]["output"][0]["content"][0]["transcript"]
    answer = client.heard.removeprefix(SETTINGS.greeting).removesuffix("Yes.")
    assert ANSWER.startswith(cut)
    # by frames of 20 ms at the beginning, then by 100 ms: less than two letters are unknown
    assert 0 <= len(answer) - len(cut.replace(". ", ".")) <= 8
    assert ("agent", cut) in call.lines


def test_a_cough_does_not_cost_an_obedient_client_a_sample() -> None:
    call = interrupted(True, 0.2, "")
    assert "parley.resume" in kinds(call.client.told)
    assert call.client.heard == SETTINGS.greeting + ANSWER.replace(". ", ".")
    assert len(of(call.client.told, "response.done")) == 2


def test_an_interruption_silences_a_standard_client() -> None:
    call = interrupted(False, 1.0, "no wait")
    statuses = [r["response"]["status"] for r in of(call.client.told, "response.done")]
    assert statuses == ["completed", "cancelled", "completed"]
    answer = call.client.heard.removeprefix(SETTINGS.greeting).removesuffix("Yes.")
    assert ANSWER.replace(". ", ".").startswith(answer)


def test_after_a_cough_a_standard_client_hears_the_rest() -> None:
    call = interrupted(False, 0.2, "")
    statuses = [r["response"]["status"] for r in of(call.client.told, "response.done")]
    assert statuses == ["completed", "cancelled", "completed"]
    heard = call.client.heard.removeprefix(SETTINGS.greeting)
    spoken = ANSWER.replace(". ", ".")
    assert spoken.startswith(heard[:15])
    assert spoken.endswith(heard[-15:]), "no word is skipped"
    assert len(spoken) <= len(heard) < len(spoken) + 12, "and one word repeated at most"


def test_keys_reach_the_call() -> None:
    async def script(client: Client) -> None:
        await client.listen()
        for key in "12#":
            client.tell("parley.key", key=key)
        await client.listen()
        client.leave()

    call = carry(script)
    assert ("caller", "12") in call.lines


@pytest.mark.parametrize(("lost", "reason"), [(False, "caller-hung-up"), (True, "connection-lost")])
def test_a_client_that_leaves_ends_the_call(lost: bool, reason: str) -> None:
    async def script(client: Client) -> None:
        await client.listen()
        client.leave(lost=lost)

    call = carry(script)
    assert call.reason == reason
    assert call.client.closed is None, "there is nobody to be told"


@pytest.mark.parametrize("message", [Gone(lost=False), Gone(lost=True)])
def test_a_client_that_never_speaks_is_no_call(message: Gone) -> None:
    async def script(client: Client) -> None:
        client.leave(lost=message.lost)

    call = carry(script)
    assert call.record is None


def test_who_hangs_up_before_the_call_is_let_go() -> None:
    async def script(client: Client) -> None:
        client.tell("parley.hangup")

    call = carry(script)
    assert call.record is None
    assert call.client.closed == (1000, "")


def test_a_client_without_audio_is_closed_after_a_while() -> None:
    async def script(client: Client) -> None:
        while True:
            client.tell("session.update", session={"type": "realtime"})
            await asyncio.sleep(1.0)

    call = carry(script)
    assert call.record is None
    assert call.client.when("error") == pytest.approx(30.0)
    assert call.client.closed == (1008, "No audio has come.")


def test_garbage_is_answered_and_the_call_goes_on() -> None:
    async def script(client: Client) -> None:
        await client.listen()
        for garbage in ("{", "[]", '{"type": "x"}', '{"type": "input_audio_buffer.append"}'):
            client._messages.put_nowait(garbage)
        client._messages.put_nowait(b"\x00\x01")
        client.tell("input_audio_buffer.append", audio="AAA=")
        client.tell("input_audio_buffer.append", audio="AA==")
        await client.say(0.8)
        await client.listen()
        client.leave()

    call = carry(script, answering("count"))
    assert len(of(call.client.told, "error")) == 6
    assert call.lines[-1] == ("agent", ANSWER)


@pytest.mark.parametrize("begun", [True, False])
def test_a_flood_is_cut_off(begun: bool) -> None:
    async def script(client: Client) -> None:
        if begun:
            await client.listen()
        for _ in range(5000):
            client.tell("parley.marked", name="no such mark")

    call = carry(script)
    assert call.client.closed == (1008, "Too many events in too short a time.")
    assert of(call.client.told, "error")[-1]["error"]["code"] == "rate_limit_exceeded"
    if begun:
        assert call.reason == "connection-lost"
        assert call.client.told[-1]["type"] == "parley.ended"


def test_audio_in_no_time_at_all_is_cut_off() -> None:
    async def script(client: Client) -> None:
        audio = base64.b64encode(bytes(48_000 * 5)).decode()
        for _ in range(5):
            client.tell("input_audio_buffer.append", audio=audio)
        await asyncio.sleep(1.0)

    call = carry(script)
    assert of(call.client.told, "error")[-1]["error"]["code"] == "audio_too_fast"
    assert call.client.closed is not None
    assert call.client.closed[0] == 1008


def test_a_client_that_does_not_read_is_given_up() -> None:
    async def script(client: Client) -> None:
        client.reads_s = 0.0
        await client.until_speaking()
        client.reads_s = 1000.0
        await client.quiet(60.0)

    call = carry(script)
    assert call.reason == "connection-lost"
    ended = [now for now, _, actions in call.watcher.steps
             if any(isinstance(a, act.EndCall) for a in actions)]  # fmt: skip
    assert ended[0] < 6.0


def test_a_call_that_the_agent_ends_is_heard_to_its_end() -> None:
    settings = SETTINGS.__class__(greeting="Hello.", end_phrases=("goodbye",))

    async def script(client: Client) -> None:
        await client.listen()
        await client.say(0.8)
        await client.quiet(20.0)

    stt = ScriptedStt(["bye"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm(["Goodbye."]), settings=settings)
    call = carry(script, agent)
    assert call.reason == "agent-ended"
    assert call.client.heard == "Hello.Goodbye."
    assert call.client.told[-1]["reason"] == "agent-ended"
    assert call.client.closed == (1000, "")


@pytest.mark.parametrize("marks", [True, False])
def test_when_the_engines_have_no_room_every_client_is_told(marks: bool) -> None:
    class Full(ScriptedStt):
        async def open(self, options: SttOptions) -> Any:
            raise ProviderUnavailable("scripted", "all of its 8 processes are busy")

    async def script(client: Client) -> None:
        await client.quiet(60.0)

    call = carry(script, an_agent(stt=Full([]), llm=ScriptedLlm([])), marks=marks)
    assert call.reason == EndReason.TRANSCRIBER_FAILED
    (error,) = of(call.client.told, "error")
    assert error["error"]["type"] == "server_error"
    assert error["error"]["code"] == "transcriber_failed"
    assert call.client.closed == (1011, "transcriber-failed")
    assert call.watcher.steps[-1][0] < 5.0


def test_a_shutdown_is_told() -> None:
    told: list[dict[str, Any]] = []

    async def main() -> None:
        agent = an_agent(stt=ScriptedStt([], then=""), llm=ScriptedLlm([]))
        await agent.start()
        client = Client(marks=True)
        transport = RealtimeTransport(client, OFFER, session_id="s", call="c", extensions=True)
        client.tell("input_audio_buffer.append", audio=base64.b64encode(SILENT).decode())
        assert await transport.negotiate()
        taking = asyncio.get_running_loop().create_task(agent.take(transport, watch=[transport]))
        await asyncio.sleep(0.5)
        taking.cancel()
        await asyncio.wait({taking})
        await transport.close()
        told.extend(client.told)
        assert client.closed == (1001, "shutdown")

    run_cleanly(main())
    assert told[-1]["type"] == "parley.ended"
    assert told[-1]["reason"] == EndReason.SHUTDOWN


def test_a_refusal_before_the_call_is_told() -> None:
    async def main() -> Client:
        client = Client(marks=True)
        transport = RealtimeTransport(client, OFFER, session_id="s", call="c", extensions=True)
        negotiating = asyncio.get_running_loop().create_task(transport.negotiate())
        await asyncio.sleep(1.0)
        negotiating.cancel()
        await asyncio.wait({negotiating})
        transport.refuse("shutdown", "The server is shutting down.")
        await transport.close()
        await transport.close()
        return client

    client = run_cleanly(main())
    assert of(client.told, "error")[0]["error"]["code"] == "shutdown"
    assert client.closed == (1001, "The server is shutting down.")


def test_who_is_abandoned_is_told_nothing_more() -> None:
    async def main() -> Client:
        client = Client(marks=True, reads_s=1000.0)
        transport = RealtimeTransport(client, OFFER, session_id="s", call="c", extensions=True)
        client.tell("input_audio_buffer.append", audio=base64.b64encode(SILENT).decode())
        assert await transport.negotiate()
        transport.abandon()
        transport.tell({"type": "parley.latency"})
        await transport.close()
        await asyncio.sleep(0)
        return client

    client = run_cleanly(main())
    assert client.told == []
    assert client.closed is None


def test_the_audio_of_the_telephone() -> None:
    async def script(client: Client) -> None:
        formats = {"format": {"type": "audio/pcmu"}}
        client.tell("session.update", session={"audio": {"input": formats, "output": formats}})
        for _ in range(200):
            frame = base64.b64encode(b"\xff" * 160).decode()
            client.tell("input_audio_buffer.append", audio=frame)
            await asyncio.sleep(FRAME_S)
        client.leave()

    call = carry(script, marks=False)
    sent = b"".join(
        base64.b64decode(e["delta"]) for e in of(call.client.told, "response.output_audio.delta")
    )
    greeting_s = len(SETTINGS.greeting) * 0.06
    assert len(sent) / 8000 == pytest.approx(greeting_s, abs=0.01)


def test_stale_audio_that_waits_is_never_sent() -> None:
    """Pain 4: what was cleared is not heard, though the line is slow."""

    async def main() -> Client:
        client = Client(marks=True)
        transport = RealtimeTransport(client, OFFER, session_id="s", call="c", extensions=True)
        client.tell("parley.client", playback="marks")
        client.tell("input_audio_buffer.append", audio=base64.b64encode(SILENT).decode())
        assert await transport.negotiate()
        transport.step(0.0, ev.Tick(), [act.PromoteReply(1), act.Synthesize(1, 0, "A", 1, True)])
        transport.step(0.0, ev.SpanAudio(1, 0), [act.PlayReply(1, "caller", False)])
        transport.play(bytes(OUTBOUND.bytes_for(0.2)), ("heard:4800",))
        transport.clear()
        await asyncio.sleep(0.1)
        await transport.close()
        return client

    client = run_cleanly(main())
    assert of(client.told, "response.output_audio.delta") == []
    assert "parley.clear" in kinds(client.told)


# Push-to-talk

MANUAL = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


async def walkie_talkie(client: Client) -> None:
    client.tell("session.update", session=MANUAL)
    client.tell("response.create")
    await asyncio.sleep(3.0)
    await client.say(2.0)
    client.tell("input_audio_buffer.commit")
    client.tell("response.create")
    await asyncio.sleep(4.0)
    client.tell("parley.hangup")


@pytest.mark.parametrize("marks", [True, False])
def test_a_client_may_end_the_turns_itself(marks: bool) -> None:
    """Nothing is sent but what is said; that is no gap, and no pause is waited for."""
    call = carry(walkie_talkie, answering("count"), marks=marks, push_to_talk=True)
    assert call.lines == [("agent", SETTINGS.greeting), ("caller", "count"), ("agent", ANSWER)]
    assert not of(call.client.told, "error")
    assert call.reason == "caller-hung-up"
    stopped = call.client.when("input_audio_buffer.committed")
    assert stopped == pytest.approx(5.1, abs=0.3)


async def taking_back(client: Client) -> None:
    client.tell("session.update", session=MANUAL)
    await client.say(1.0)
    client.tell("input_audio_buffer.clear")
    await asyncio.sleep(2.0)
    client.tell("input_audio_buffer.commit")
    await client.say(1.0)
    client.tell("input_audio_buffer.commit")
    await asyncio.sleep(4.0)
    client.tell("parley.hangup")


def test_what_was_said_may_be_taken_back() -> None:
    call = carry(taking_back, answering("no", "yes"), push_to_talk=True)
    assert [text for who, text in call.lines if who == "caller"] == ["yes"]
    (error,) = of(call.client.told, "error")
    assert error["error"]["code"] == "input_audio_buffer_commit_empty"
    assert of(call.client.told, "input_audio_buffer.cleared")


async def cutting_short(client: Client) -> None:
    await client.until_speaking(0.2)
    client.tell("response.cancel")
    await client.quiet(1.0)
    client.tell("parley.hangup")


@pytest.mark.parametrize("marks", [True, False])
def test_the_agent_stops_when_it_is_told_to(marks: bool) -> None:
    call = carry(cutting_short, marks=marks)
    (response,) = of(call.client.told, "response.done")
    assert response["response"]["status"] == "cancelled"
    assert not of(call.client.told, "error")
