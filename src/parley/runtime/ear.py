"""How the agent hears a leg: frames in, voice edges and transcripts out."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from functools import partial

from parley.audio.echo import Hearing
from parley.audio.formats import INBOUND
from parley.core import events as ev
from parley.errors import ProviderError, ProviderProtocolError
from parley.providers.protocols import SpeechToText, SttOptions, SttStream
from parley.runtime.children import Children, given_up
from parley.runtime.stages import Stages
from parley.speech.describing import Description, VoiceDescriber
from parley.speech.detector import SpeechDetector, SpeechEdge, SpeechOnset, Window
from parley.speech.endofturn import HEARD_S, LEAD_S, SILENCE_S
from parley.speech.endofturn_shared import PauseJudge
from parley.speech.gate import VoiceGate
from parley.speech.interruption import VoiceMeter
from parley.speech.vad import SharedVad, VadStream

log = logging.getLogger(__name__)

REPLAY_S = 15.0
"""How much audio without a final text is kept for a recogniser that is started again."""

GAP_S = 0.6
"""Audio that stays away for so long is a gap in the media."""

VAD_RETRY_S = 1.0
"""After a failure the voice detector is opened again so much later."""

KEPT_S = HEARD_S + 2.0
"""So much sound is kept: a long pause is judged by what was before it."""

RESULTS, RESULTS_PER_S = 500, 100
"""So many results a recogniser may give, and so many more for each second of audio."""

Post = Callable[[ev.Event], None]
OnAudio = Callable[[float, bytes], None]


class _Newest:
    """The newest of the audio that came, in the pieces in which it came."""

    def __init__(self) -> None:
        self.pieces: deque[bytes] = deque()
        self._bytes = 0

    def add(self, pcm: bytes, seconds: float) -> None:
        """Add what came, and keep no more than so many seconds."""
        self.pieces.append(pcm)
        self._bytes += len(pcm)
        self.keep(INBOUND.bytes_for(seconds))

    def keep(self, count: int) -> None:
        """Keep so many bytes, the newest."""
        while self._bytes > count:
            self._bytes -= len(self.pieces.popleft())


class Ear:
    """Listens to one leg. Audio time is counted in samples, anchored at the earliest arrival."""

    def __init__(
        self,
        leg: ev.Leg,
        *,
        stt: SpeechToText,
        options: SttOptions,
        vad: SharedVad,
        stages: Stages,
        children: Children,
        post: Post,
        clock: Callable[[], float],
        on_audio: OnAudio | None,
        gap_s: float | None = GAP_S,
        judge: PauseJudge | None = None,
        push_to_talk: bool = False,
        describer: VoiceDescriber | None = None,
        languages: bool = False,
        hearing: Hearing | None = None,
    ) -> None:
        self._leg = leg
        self._stt = stt
        self._options = self._expected = options
        self._vad = vad
        self._stages = stages
        self._children = children
        self._post = post
        self._clock = clock
        self._on_audio = on_audio
        self._gap_s = gap_s
        self._judge = judge
        self._push_to_talk = push_to_talk
        self._silent = push_to_talk
        self._describer = describer
        self._languages = languages
        self._told: tuple[str | None, float | None] = None, None
        self._edge_at: float | None = None
        self._hearing = hearing
        self._recent = _Newest()
        self._loop = asyncio.get_running_loop()
        self._detector = SpeechDetector()
        self._meter = VoiceMeter()
        self._gate: VoiceGate | None = None
        self._voice: VadStream | None = None
        self._stream: SttStream | None = None
        self._task: asyncio.Task[None] | None = None
        self._replay = _Newest()
        self._asked: int | None = None
        self._segments = 0
        self._results = 0
        self._origin: float | None = None
        self._samples = 0
        self._handed = 0
        self._voice_base = 0
        self._last_frame = 0.0
        self._lost = False
        self._gap_timer: asyncio.TimerHandle | None = None
        self._retry_timer: asyncio.TimerHandle | None = None

    # Audio

    def audio(self, pcm: bytes, played: bytes | None = None) -> None:
        """Take in the next frame, and what was played meanwhile where that is known."""
        now = self._clock()
        if self._hearing is not None:
            pcm = self._hearing.process(now, pcm, played)
        pcm = self._stages.hear(pcm)
        samples = INBOUND.samples_in(pcm)
        began = now - (self._samples + samples) / INBOUND.sample_rate
        if self._lost:
            self._restore(now)
        if self._origin is None or began < self._origin:
            self._origin = began
        if self._on_audio is not None:
            self._on_audio(self._origin + self._samples / INBOUND.sample_rate, pcm)
        self._samples += samples
        self._last_frame = now
        if self._voice is not None:
            self._voice.push(pcm)
        if self._judge is not None or self._describer is not None:
            self._recent.add(pcm, KEPT_S)
        self._transcribe(pcm if self._gate is None else self._gate.feed(pcm))

    def talk(self) -> None:
        """The caller, who has sent nothing until now, talks."""
        self._silent = False
        self._last_frame = self._clock()
        self._begin_again()

    def talked(self) -> None:
        """The caller has finished, and sends nothing more for now."""
        self._silent = True

    def _begin_again(self) -> None:
        """The next frame begins a stretch of audio without gaps."""
        self._origin = None
        self._detector = SpeechDetector(listens_for_faint=self._detector.listens_for_faint)

    def _transcribe(self, pcm: bytes) -> None:
        if not pcm:
            return
        self._handed += INBOUND.samples_in(pcm)
        self._replay.add(pcm, REPLAY_S)
        if self._stream is not None:
            self._push(pcm)

    def _push(self, pcm: bytes) -> None:
        assert self._stream is not None  # noqa: S101 - the callers have looked
        try:
            self._stream.push(pcm)
        except ProviderError as error:
            self._failed(error)

    # Gaps

    def _watch(self) -> None:
        """Notice that frames stay away."""
        if self._gap_s is None:
            return
        now = self._clock()
        missing = now - self._last_frame > self._gap_s and not self._silent
        if self._origin is not None and not self._lost and missing:
            self._lost = True
            self._post(ev.MediaLost(self._leg, self._last_frame))
        self._gap_timer = self._loop.call_later(self._gap_s / 2, self._watch)

    def _restore(self, now: float) -> None:
        self._lost = False
        self._begin_again()
        self._post(ev.MediaRestored(self._leg, now))

    # Voice

    def open(self) -> None:
        """Begin to listen."""
        self._open_voice()
        self._watch()
        self._start()

    def _open_voice(self) -> None:
        self._detector = SpeechDetector(listens_for_faint=self._detector.listens_for_faint)
        self._voice = self._vad.open(self._window, self._voice_failed)
        self._voice_base = self._samples
        if self._stt.capabilities.needs_voice and not self._push_to_talk:
            self._gate = VoiceGate()

    def _window(self, window: Window) -> None:
        edge = self._detector.feed(window)
        if edge is not None:
            self._edge(edge)
        sound = self._meter.feed(window, edge, speaking=self._detector.speaking)
        if sound is not None:
            at = self._audio_time(window.end_sample)
            self._post(ev.SoundJudged(self._leg, at, **asdict(sound)))

    def _edge(self, edge: SpeechEdge) -> None:
        at = self._audio_time(edge.at)
        started = isinstance(edge, SpeechOnset)
        self._edge_at = at
        self._post((ev.SpeechStarted if started else ev.SpeechStopped)(self._leg, at))
        if started and self._judge is not None:
            self._judge.drop()
        if self._gate is not None and started:
            self._transcribe(self._gate.open())
        elif self._gate is not None:
            self._gate.close()

    def _audio_time(self, sample: int) -> float:
        origin = self._origin or 0.0
        return max(0.0, origin + (self._voice_base + sample) / INBOUND.sample_rate)

    def _voice_failed(self, error: ProviderError) -> None:
        """Words alone carry the turns until the detector is back."""
        log.error("voice detection failed: %s", error)
        self._voice = None
        if self._gate is not None:
            self._transcribe(self._gate.open())
        if self._detector.speaking:
            self._post(
                ev.SpeechStopped(self._leg, self._audio_time(self._samples - self._voice_base))
            )
        self._retry_timer = self._loop.call_later(VAD_RETRY_S, self._open_voice)

    def judge(self, since: float, at: float) -> None:
        """Have the sound of a turn judged whose first and last voice were at these times."""
        if self._judge is not None:
            until = at + SILENCE_S
            heard = self._heard(max(since - LEAD_S, until - HEARD_S), until)
            work = self._ask(self._judge, heard, at)
            self._children.spawn("end of turn", work, _not_judged)

    def _heard(self, start: float, until: float) -> bytes:
        """The sound from a time, as far back as it is kept, until another; a sample at least."""
        since, rest = (INBOUND.bytes_for(max(0.0, self._heard_until() - t)) for t in (start, until))
        kept = b"".join(self._recent.pieces)[-max(2, since) :]
        return kept[: max(2, len(kept) - rest)]

    def _heard_until(self) -> float:
        """The audio time of the next sample."""
        return (self._origin or 0.0) + self._samples / INBOUND.sample_rate

    async def _ask(self, judge: PauseJudge, pcm: bytes, at: float) -> None:
        judgement = await judge.judge(pcm)
        if judgement is not None:
            self._post(ev.TurnJudged(self._leg, at, *judgement))

    def describe(self, since: float, start: float, at: float, *, speaker: bool) -> None:
        """Have a turn described that began at `since`, with a stretch of voice until `at`."""
        if self._describer is not None:
            heard = self._heard(start, at)
            ask = partial(self._describer.describe, heard, start, at, since, speaker=speaker)
            self._children.spawn("voice description", self._tell_voice(ask, at), _not_described)

    async def _tell_voice(
        self, ask: Callable[[], Awaitable[Description | None]], at: float
    ) -> None:
        found = await ask()
        if found is not None and found != Description():
            self._post(ev.VoiceDescribed(self._leg, at, **asdict(found)))

    # Words

    def _tell_language(self, language: str | None) -> None:
        """Pass on which language the recogniser has heard, once for each stretch of voice."""
        told, wanted = (language, self._edge_at), self._languages and isinstance(language, str)
        if wanted and self._edge_at is not None and told != self._told:
            self._told = told
            self._post(ev.VoiceDescribed(self._leg, self._edge_at, language=language))

    def _start(self) -> None:
        self._task = self._children.spawn("transcriber", self._listen(), self._failed)

    def finalize(self) -> None:
        if self._stream is not None:
            self._asked = self._handed
            self._stream.finalize()

    def await_answer(self, awaited: bool) -> None:
        """Notice a faint voice too where an answer is awaited."""
        self._detector.listens_for_faint = awaited

    def expect(self, grammar: str) -> None:
        """Listen for what a grammar allows, or again for what the assistant is set to."""
        if not self._stt.capabilities.grammars:
            return
        self._expected = replace(self._options, grammar=grammar or self._options.grammar)
        if self._stream is not None:
            try:
                self._stream.expect(self._expected.grammar)
            except ProviderError as error:
                self._failed(error)

    def restart(self) -> None:
        """Replace the recogniser; it hears again what no final text covers."""
        self._stop()
        self._start()

    def _failed(self, error: ProviderError) -> None:
        log.warning("transcriber: %s", error)
        self._stop()
        self._post(ev.ListeningFailed(self._leg, error.category, error.permanent))

    def _stop(self) -> None:
        self._stream = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        stream = await self._stt.open(self._options)
        try:
            if given_up():
                return
            base = self._segments
            if self._expected is not self._options:
                stream.expect(self._expected.grammar)
            for pcm in list(self._replay.pieces):
                stream.push(pcm)
            self._stream = stream
            self._post(ev.ListeningReady(self._leg))
            async for result in stream:
                if given_up():
                    return
                if not isinstance(result.text, str):
                    raise ProviderProtocolError(self._stt.name, "a result's text is no text")
                self._account()
                await asyncio.sleep(0)  # one that never waits must not hold up other calls
                segment = base + result.segment
                self._segments = max(self._segments, segment + 1)
                if result.final:
                    self._covered()
                self._tell_language(result.language)
                text = await self._stages.transcribe(result.text, final=result.final)
                over = result.turn_over
                self._post(ev.Transcript(self._leg, segment, text, result.final, over))
        finally:
            await stream.aclose()
        raise ProviderError(self._stt.name, "its stream ended in the middle of a call")

    def _covered(self) -> None:
        """A final text covers what was said until it was asked for, or else until now."""
        since = 0 if self._asked is None else self._handed - self._asked
        self._asked = None
        self._replay.keep(since * INBOUND.sample_bytes)

    def _account(self) -> None:
        """Raise when the recogniser says more than can be."""
        self._results += 1
        heard_s = self._samples / INBOUND.sample_rate
        if self._results > RESULTS + RESULTS_PER_S * heard_s:
            raise ProviderProtocolError(self._stt.name, "it floods the call with results")

    def close(self) -> None:
        """Stop listening, and let go of the call: no cycle is left to be collected."""
        self._post = _ignore
        self._stop()
        if self._judge is not None:
            self._judge.drop()
        if self._describer is not None:
            self._describer.close()
        self._recent.keep(0)
        self._replay.keep(0)
        for timer in (self._gap_timer, self._retry_timer):
            if timer is not None:
                timer.cancel()
        if self._voice is not None:
            self._voice.close()
            self._voice = None


def _not_judged(error: ProviderError) -> None:
    """The turn ends without the judgement. The model has logged why."""


def _not_described(error: ProviderError) -> None:
    """The turn goes without it. What broke has been logged."""


def _ignore(event: ev.Event) -> None:
    """What a closed ear does with what it hears."""
