"""One call: a caller, a conversation, and everything that runs for its sake."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from parley.audio.echo import Hearing, HearingSettings, hearing_for
from parley.audio.formats import INBOUND
from parley.core import actions as act
from parley.core import events as ev
from parley.core.conversation import Conversation
from parley.core.history import Line
from parley.core.reasons import EndReason
from parley.core.settings import Settings
from parley.errors import ConfigurationError, ProviderError, ToolError, TransportError
from parley.providers.protocols import SpeechToText, SttOptions
from parley.runtime.children import Children
from parley.runtime.consent import consenting
from parley.runtime.ear import GAP_S, Ear
from parley.runtime.mouth import Mouth
from parley.runtime.replies import Replies
from parley.runtime.responders import Responder
from parley.runtime.shell import Shell
from parley.runtime.stages import Stages
from parley.runtime.voice import Voice
from parley.speech.describing import VoiceDescriber
from parley.speech.endofturn_shared import PauseJudge
from parley.speech.vad import SharedVad
from parley.text.cutting import ChunkSettings
from parley.tools.runner import Tool, run
from parley.transports.base import Transport

log = logging.getLogger(__name__)

HANG_UP_S = 1.0
"""How long a transport may take to hang up."""


class Recorder(Protocol):
    """Keeps what was said. Every method returns at once."""

    def caller(self, at_s: float, pcm: bytes) -> None: ...

    def agent(self, at_s: float, pcm: bytes) -> None: ...

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a call is made of. Engines are shared between calls; responder and stages are not."""

    settings: Settings
    stt: SpeechToText
    stt_options: SttOptions
    vad: SharedVad
    voice: Voice
    responder: Responder
    tools: Mapping[str, Tool]
    stages: Stages
    chunking: ChunkSettings | None = None
    gap_s: float | None = GAP_S
    judge: PauseJudge | None = None
    describer: VoiceDescriber | None = None
    hearing: HearingSettings = field(default_factory=HearingSettings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went."""

    reason: str
    duration_s: float
    transcript: tuple[Line, ...]


class Call:
    """Runs one call. Make it in a running event loop; `run` it once."""

    def __init__(self, parts: Parts, transport: Transport, recorder: Recorder | None) -> None:
        if transport.input != INBOUND:
            raise ConfigurationError(
                f"a transport sends {transport.input}, not {INBOUND}",
                remedy="Convert at the transport's edge.",
            )
        self._parts = parts
        self._transport = transport
        self._recorder = recorder
        self._conversation = Conversation(parts.settings)
        self._shell = Shell(
            self._conversation,
            dispatch=self._dispatch,
            observe=self._observe,
            crashed=partial(self._finish, EndReason.INTERNAL_ERROR),
        )
        self._running: dict[str, asyncio.Task[None]] = {}
        self._over = asyncio.Event()
        self._reason = ""
        self._handlers = self._wire()

    async def run(self) -> Outcome:
        """Carry the call to its end. Cancelling it ends the call as a shutdown."""
        parts, recorder = self._parts, self._recorder
        post, clock = self._shell.post, self._shell.now
        parts.stages.failed = post
        hearing = self._hearing()
        self._mouth = Mouth(
            ev.CALLER,
            self._transport,
            post=post,
            clock=clock,
            on_heard=recorder.agent if recorder else None,
            far=hearing.far if hearing else None,
        )
        async with asyncio.TaskGroup() as group:
            self._children = Children(group)
            self._ear = Ear(
                ev.CALLER,
                stt=parts.stt,
                options=parts.stt_options,
                vad=parts.vad,
                stages=parts.stages,
                children=self._children,
                post=self._post_heard,
                clock=clock,
                on_audio=recorder.caller if recorder else None,
                gap_s=parts.gap_s,
                judge=parts.judge,
                push_to_talk=parts.settings.turns.push_to_talk,
                describer=parts.describer,
                languages="language" in parts.settings.voice_facts,
                hearing=hearing,
            )
            self._replies = Replies(
                responder=parts.responder,
                voice=parts.voice,
                mouth=self._mouth,
                stages=parts.stages,
                children=self._children,
                post=post,
                tool_timeout=partial(_timeout_of, parts.tools),
                chunking=parts.chunking,
            )
            self._children.spawn("transport", self._carry(), self._broken_off)
            try:
                await self._over.wait()
            except asyncio.CancelledError:
                self.end(EndReason.SHUTDOWN)
                raise
            finally:
                await self._hang_up()
        return Outcome(self._reason, clock(), self._conversation.transcript())

    def end(self, reason: EndReason) -> None:
        """End the call from outside, at once."""
        self._mouth.report()
        self._shell.post(ev.EndRequested(reason))
        self._shell.drain()

    def consent(self, what: str, given: bool, evidence: str) -> None:
        """Record that the caller has consented to something, or has taken it back."""
        self._shell.post(ev.ConsentRecorded(ev.CALLER, what, given, evidence))

    # The transport's side

    def connected(self) -> None:
        self._shell.post(ev.Connected(ev.CALLER))
        self._shell.drain()

    def audio(self, pcm: bytes, played: bytes | None = None) -> None:
        if not self._over.is_set():
            if played is None:
                self._mouth.listen_back()
            self._ear.audio(pcm, played)

    def key(self, key: str) -> None:
        self._post_heard(ev.KeyPressed(ev.CALLER, key, self._shell.now()))

    def talk(self) -> None:
        self._ear.talk()
        self._post_heard(ev.TalkStarted(ev.CALLER, self._shell.now()))

    def talked(self, *, wanted: bool = True) -> None:
        self._ear.talked()
        self._post_heard(ev.TalkEnded(ev.CALLER, self._shell.now(), wanted))

    def stop(self) -> None:
        self._post_heard(ev.StopRequested(ev.CALLER))

    def marked(self, name: str) -> None:
        self._mouth.marked(name)

    def drained(self) -> None:
        self._mouth.report()

    def disconnected(self) -> None:
        self._mouth.report()
        self._shell.post(ev.Disconnected(ev.CALLER))

    async def _carry(self) -> None:
        try:
            await self._transport.run(self)
        except TransportError as error:
            log.warning("the connection broke: %s", error)
            self.end(EndReason.CONNECTION_LOST)
        else:
            self.disconnected()

    def _broken_off(self, error: ProviderError) -> None:
        self.end(EndReason.TRANSPORT_FAILED)

    def _hearing(self) -> Hearing | None:
        cancels = self._transport.timing.cancels_echo
        return hearing_for(self._parts.hearing, cancels_echo=cancels)

    async def _hang_up(self) -> None:
        """Close everything, within bounds."""
        self._mouth.close()
        self._ear.close()
        self._shell.close()
        self._handlers.clear()
        self._children.cancel_all()
        hanging_up = self._children.spawn("hanging up", self._transport.close(), _not_hung_up)
        await asyncio.wait({hanging_up}, timeout=HANG_UP_S)
        if not hanging_up.done():
            log.warning("the transport did not hang up within %g s", HANG_UP_S)
            hanging_up.cancel()

    # Facts and wishes

    def _post_heard(self, event: ev.Event) -> None:
        """What the caller does is judged by what they have heard until now."""
        self._mouth.report()
        self._shell.post(event)

    def _observe(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        if self._recorder is not None:
            self._recorder.step(now, event, actions)
        self._parts.stages.watch(now, event, actions)

    def _dispatch(self, action: act.Action) -> None:
        handler = self._handlers.get(type(action))
        if handler is not None:
            handler(action)

    def _wire(self) -> dict[type, Callable[..., None]]:
        """What carries out which wish; entries for the record need nobody."""
        return {
            act.Listen: lambda a: self._ear.open(),
            act.FinalizeTranscript: lambda a: self._ear.finalize(),
            act.JudgeTurn: lambda a: self._ear.judge(a.since, a.at),
            act.DescribeVoice: lambda a: self._ear.describe(
                a.since, a.start, a.at, speaker=a.speaker
            ),
            act.RestartListening: lambda a: self._ear.restart(),
            act.Expect: lambda a: self._ear.expect(a.grammar),
            act.AwaitAnswer: lambda a: self._ear.await_answer(a.awaited),
            act.StopListening: lambda a: self._ear.close(),
            act.StartReply: self._start_reply,
            act.PromoteReply: lambda a: self._replies.promote(a.reply),
            act.PlayReply: lambda a: self._mouth.release(a.reply, aside=a.aside),
            act.CancelReply: lambda a: self._replies.cancel(a.reply),
            act.CloseReply: lambda a: self._replies.close(a.reply),
            act.ShortenReply: lambda a: self._mouth.shorten(a.reply),
            act.Backchannel: lambda a: self._replies.listen_aloud(a),
            act.ReplyEnded: lambda a: self._replies.ended(a),
            act.Synthesize: lambda a: self._replies.synthesize(a),
            act.CancelSynthesis: lambda a: self._replies.cancel_synthesis(a.reply, a.span),
            act.PausePlayout: lambda a: self._mouth.pause(),
            act.ResumePlayout: lambda a: self._mouth.resume(),
            act.ClearPlayout: lambda a: self._mouth.clear(),
            act.RunTool: self._run_tool,
            act.CancelTool: self._cancel_tool,
            act.EndCall: lambda a: self._finish(a.reason),
        }

    def _start_reply(self, action: act.StartReply) -> None:
        self._replies.start(action, self._conversation.messages(action.reply))

    def _finish(self, reason: str) -> None:
        self._reason = reason
        self._over.set()

    # Tools

    def _run_tool(self, action: act.RunTool) -> None:
        self._running[action.call] = self._children.spawn(
            "tool", self._use(action), partial(self._tool_failed, action.call)
        )

    def _cancel_tool(self, action: act.CancelTool) -> None:
        if task := self._running.pop(action.call, None):
            task.cancel()

    async def _use(self, action: act.RunTool) -> None:
        tool = self._parts.tools.get(action.name)
        try:
            if tool is None:
                known = ", ".join(self._parts.tools) or "none"
                raise ToolError(f"there is no tool {action.name!r}", remedy=f"Tools: {known}")
            with consenting(self.consent):
                result = await run(tool, action.arguments)
        except ToolError as error:
            self._shell.post(ev.ToolFailed(action.call, str(error)))
        else:
            self._shell.post(ev.ToolFinished(action.call, result))

    def _tool_failed(self, call: str, error: ProviderError) -> None:
        self._shell.post(ev.ToolFailed(call, error.what))


def _timeout_of(tools: Mapping[str, Tool], name: str) -> float:
    tool = tools.get(name)
    return tool.timeout_s if tool else 1.0


def _not_hung_up(error: ProviderError) -> None:
    """Why has been logged; the call is over in any case."""
