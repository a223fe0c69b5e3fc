"""Replies on their way: from the responder's text, cut into spans, to synthesised audio."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from parley.audio.formats import OUTBOUND
from parley.audio.ledger import voiced_range
from parley.audio.mixing import amplified
from parley.core import actions as act
from parley.core import events as ev
from parley.core.history import Line
from parley.errors import ProviderError
from parley.providers.protocols import ToolCall
from parley.runtime.children import Children, given_up
from parley.runtime.closing import closing
from parley.runtime.mouth import Mouth
from parley.runtime.responders import (
    Expects,
    HangUp,
    MustBeHeard,
    ReplyPart,
    ReplyRequest,
    ReplyText,
    Responder,
    Understood,
    Used,
)
from parley.runtime.stages import Stages
from parley.runtime.voice import Speech, Voice
from parley.text.chunking import Chunked, Chunker
from parley.text.cutting import ChunkSettings
from parley.text.speakable import speakable

log = logging.getLogger(__name__)

PARALLEL_SPANS = 2
"""How many spans of a call are synthesised at the same time."""

LONGEST_BACKCHANNEL_S = 0.5
"""What lasts longer is no backchannel: the caller would wait for its end. It is what
`AttendingSettings.room_s` leaves room for."""

LONGEST_REPLY = 10_000
"""Characters after which a reply is cut off: about eleven minutes of speech."""

MOST_TOOLS = 20
"""Tool calls after which a reply is cut off."""

Post = Callable[[ev.Event], None]


class Replies:
    """Generates and synthesises what the core asks for, and reports how it goes."""

    def __init__(
        self,
        *,
        responder: Responder,
        voice: Voice,
        mouth: Mouth,
        stages: Stages,
        children: Children,
        post: Post,
        tool_timeout: Callable[[str], float],
        chunking: ChunkSettings | None = None,
    ) -> None:
        self._responder = responder
        self._voice = voice
        self._mouth = mouth
        self._stages = stages
        self._children = children
        self._post = post
        self._tool_timeout = tool_timeout
        self._chunking = chunking
        self._answers: set[int] = set()
        self._generating: dict[int, asyncio.Task[None]] = {}
        self._speaking: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._attempts: dict[tuple[int, int], int] = {}
        self._tokens: dict[int, int] = {}
        self._slots = asyncio.Semaphore(PARALLEL_SPANS)

    # Text

    def start(self, action: act.StartReply, lines: Sequence[Line]) -> None:
        request = ReplyRequest(action.reply, action.attempt, lines)
        self._answers.add(action.reply)
        self._generating[action.reply] = self._children.spawn(
            "responder", self._generate(request), partial(self._broke, action.reply)
        )

    def promote(self, reply: int) -> None:
        """A reply became part of the call; phrases are none of the responder's business."""
        if reply in self._answers:
            self._responder.promoted(reply)

    def cancel(self, reply: int) -> None:
        """Stop everything about a reply, and forget its audio."""
        self._stop_generating(reply)
        self._stop_speaking(reply)
        self._mouth.discard(reply)

    def close(self, reply: int) -> None:
        """Nothing is to come: what there is will be heard to its end."""
        self._stop_generating(reply)
        for key in self._stop_speaking(reply):
            self._mouth.end_span(*key, complete=False)
        self._mouth.end_reply(reply)

    def ended(self, action: act.ReplyEnded) -> None:
        """A reply has come to its end."""
        self._generating.pop(action.reply, None)
        if action.reply not in self._answers:
            return
        self._answers.remove(action.reply)
        if action.outcome != "done" and not action.heard:
            self._responder.withdrawn(action.reply)

    def _stop_generating(self, reply: int) -> None:
        if task := self._generating.pop(reply, None):
            task.cancel()
            self._estimate(reply)

    def _estimate(self, reply: int) -> None:
        """Report what came of a model that has given no account, if anything did."""
        if tokens := self._tokens.pop(reply, 0):
            self._post(ev.ReplyUsed(reply, 0, tokens, estimated=True))

    def _stop_speaking(self, reply: int) -> list[tuple[int, int]]:
        """Cancel what is being synthesised for a reply; return which spans."""
        for key in [k for k in self._attempts if k[0] == reply]:
            del self._attempts[key]
        stopped = [k for k in self._speaking if k[0] == reply]
        for key in stopped:
            self._speaking.pop(key).cancel()
        return stopped

    def _broke(self, reply: int, error: ProviderError) -> None:
        self._estimate(reply)
        self._post(ev.ReplyFailed(reply, error.category, error.permanent))

    async def _generate(self, request: ReplyRequest) -> None:
        lines = await self._stages.tell(request.lines)
        request = ReplyRequest(request.reply, request.attempt, lines)
        cutter = _Cutter(request.reply, self._voice.language, self._chunking, self._mouth)
        first, left = True, float(LONGEST_REPLY)
        async with closing(self._responder.respond(request)) as parts:
            async for part in parts:
                if given_up():
                    return
                if first:
                    self._post(ev.ReplyToken(request.reply))
                    first = False
                left -= self._take_in(request.reply, part, cutter, int(left))
                if left <= 0:
                    log.warning("a reply does not end and is cut off")
                    break
                await asyncio.sleep(0)  # one that never waits must not hold up other calls
        for event in cutter.finish():
            self._post(event)
        self._estimate(request.reply)
        self._post(ev.ReplyGenerated(request.reply))

    def _take_in(self, reply: int, part: ReplyPart, cutter: "_Cutter", limit: int) -> float:
        """Report a part; return how many characters of the longest reply it stands for."""
        if isinstance(part, ReplyText):
            self._tokens[reply] = self._tokens.get(reply, 0) + part.tokens
            for event in cutter.push(part.text[:limit]):
                self._post(event)
            return max(1, len(part.text))
        if isinstance(part, ToolCall):
            self._call_tool(reply, part)
            return LONGEST_REPLY / MOST_TOOLS
        if isinstance(part, Used):
            self._tokens.pop(reply, None)
            self._post(ev.ReplyUsed(reply, part.input_tokens, part.output_tokens, False))
        elif isinstance(part, Understood):
            self._post(ev.ReplyUnderstood(reply, part.name, part.label, part.value))
        elif isinstance(part, Expects):
            self._post(ev.ReplyExpects(reply, part.kind, part.question, part.grammar, part.digits))
        elif isinstance(part, HangUp):
            self._post(ev.ReplyEndsCall(reply))
        elif isinstance(part, MustBeHeard):
            self._post(ev.ReplyMustBeHeard(reply))
        return 1

    def _call_tool(self, reply: int, call: ToolCall) -> None:
        identity = f"{reply}-{call.id}"
        timeout = self._tool_timeout(call.name)
        self._post(ev.ReplyToolCall(reply, identity, call.name, call.arguments, timeout))

    # Audio

    def synthesize(self, action: act.Synthesize) -> None:
        key = action.reply, action.span
        if self._mouth.playout.has_begun(*key):
            return  # the attempt before this one is heard already, and goes on
        rewritten = self._stages.speakable(action.text)
        spoken = speakable(action.text, self._voice.language, rewritten=rewritten)
        text = spoken.text
        self._mouth.playout.open_span(*key, action.text, text, spoken.alignment)
        self._attempts[key] = action.attempt
        if not text.strip():
            self._done(key, 0)
            return
        if action.cached and (pieces := self._voice.cached(text)):
            self._take(key, pieces)
            return
        self._speaking[key] = self._children.spawn(
            "voice",
            self._speak(key, text, action.attempt),
            partial(self._fell_silent, key),
        )

    def listen_aloud(self, action: act.Backchannel) -> None:
        """Say a backchannel at once, or not at all: later it would be out of place."""
        rewritten = self._stages.speakable(action.text)
        text = speakable(action.text, self._voice.language, rewritten=rewritten).text
        pieces = self._voice.cached(text) or ()
        whole = b"".join(self._stages.speak(piece.pcm) for piece in pieces)
        first, end = voiced_range(whole) or (0, 0)
        pcm = amplified(whole[2 * first : 2 * end], action.level_db)
        if OUTBOUND.seconds_in(pcm) > LONGEST_BACKCHANNEL_S:
            log.warning("a backchannel lasts too long in this voice and is not said")
        elif pcm:
            self._mouth.playout.open_span(action.reply, 0, action.text)
            self._mouth.append(action.reply, 0, pcm, ())
            self._mouth.end_span(action.reply, 0)
            self._mouth.end_reply(action.reply)
            self._post(ev.SpanSynthesized(action.reply, 0, OUTBOUND.seconds_in(pcm)))
            self._mouth.release(action.reply, aside=False)

    def cancel_synthesis(self, reply: int, span: int) -> None:
        """Give a span up, unless it is heard already; the same step may try it again."""
        key = reply, span
        if self._mouth.playout.has_begun(*key):
            return
        self._attempts.pop(key, None)
        if task := self._speaking.pop(key, None):
            task.cancel()
        self._mouth.playout.open_span(*key, "")  # nothing after it is heard meanwhile
        asyncio.get_running_loop().call_soon(self._drop, key)

    def _drop(self, key: tuple[int, int]) -> None:
        if key not in self._attempts:
            self._mouth.playout.drop_span(*key)

    def _take(self, key: tuple[int, int], pieces: Sequence[Speech]) -> None:
        total = 0
        for piece in pieces:
            total += len(piece.pcm)
            self._mouth.append(*key, self._stages.speak(piece.pcm), piece.words)
        self._post(ev.SpanAudio(*key))
        self._done(key, total)

    async def _speak(self, key: tuple[int, int], text: str, attempt: int) -> None:
        total = 0
        async with self._slots, closing(self._voice.speak(text)) as pieces:
            async for piece in pieces:
                if self._attempts.get(key) != attempt:
                    return
                starved = self._mouth.playout.is_starved(key[0])
                self._mouth.append(*key, self._stages.speak(piece.pcm), piece.words)
                resumed = starved and not self._mouth.playout.is_starved(key[0])
                if piece.pcm and (resumed or not total):
                    self._post(ev.SpanAudio(*key))
                total += len(piece.pcm)
        if not total:
            self._post(ev.SpanFailed(*key, "empty", permanent=False))
            return
        self._done(key, total)

    def _done(self, key: tuple[int, int], total: int) -> None:
        self._speaking.pop(key, None)
        self._mouth.end_span(*key)
        self._post(ev.SpanSynthesized(*key, total / OUTBOUND.bytes_for(1)))

    def _fell_silent(self, key: tuple[int, int], error: ProviderError) -> None:
        self._post(ev.SpanFailed(*key, error.category, error.permanent))


class _Cutter:
    """Cuts a reply into spans, and takes a cut back while nobody has heard it."""

    def __init__(
        self, reply: int, language: str, settings: ChunkSettings | None, mouth: Mouth
    ) -> None:
        self._reply = reply
        self._chunker = Chunker(language, settings)
        self._mouth = mouth
        self._next = 0
        self._provisional: int | None = None

    def push(self, text: str) -> list[ev.Event]:
        chunked = self._settle_audible()
        return [e for c in [*chunked, *self._chunker.push(text)] for e in self._event(c)]

    def finish(self) -> list[ev.Event]:
        chunked = self._settle_audible()
        return [e for c in [*chunked, *self._chunker.finish()] for e in self._event(c)]

    def _settle_audible(self) -> list[Chunked]:
        """A provisional span that was heard stands."""
        span = self._provisional
        if span is not None and self._mouth.playout.has_begun(self._reply, span):
            return self._chunker.commit()
        return []

    def _event(self, chunked: Chunked) -> list[ev.Event]:
        if chunked.status == "confirmed":
            self._provisional = None
            return []
        if chunked.status == "retracted":
            assert self._provisional is not None  # noqa: S101 - the chunker's promise
            span, self._provisional = self._provisional, None
            return [ev.SpanRetracted(self._reply, span)]
        span = self._next
        self._next += 1
        if chunked.status == "provisional":
            self._provisional = span
        chunk = chunked.chunk
        return [ev.ReplySpan(self._reply, span, chunk.text, chunk.start, chunk.end)]
