"""How the agent hears: no word is lost, and everything has its right time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

import pytest
from callers import ScriptedCaller
from support import SETTINGS, Carried, an_agent, carry, heedless
from voices import LevelVad

from parley.audio.formats import INBOUND
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingSettings
from parley.errors import ProviderTimeout, ProviderUnavailable
from parley.providers.protocols import SttCapabilities, SttOptions, SttResult, SttStream
from parley.providers.scripted import ScriptedLlm
from parley.runtime.ear import GAP_S, REPLAY_S, VAD_RETRY_S
from parley.runtime.responders import Expects, ReplyPart, ReplyRequest, ReplyText
from parley.speech.detector import Window
from parley.speech.endofturn import HEARD_S
from parley.speech.endofturn import LEAD_S as TURN_LEAD_S
from parley.speech.endofturn_shared import SharedEndOfTurn, TurnModel
from parley.speech.gate import LEAD_S
from parley.speech.pauses import Judgement

GONE = ProviderUnavailable("tape", "gone")


class TapeStt:
    """Keeps what each stream was given. `finals` are its final texts, in order.

    The n-th stream opens after `opens_s[n]` seconds, and behaves as `misbehave[n]` says when
    it has been given so many seconds of audio.
    """

    name = "tape"
    capabilities = SttCapabilities(finalizes=True)

    def __init__(
        self,
        finals: Sequence[str] = (),
        *,
        opens_s: Sequence[float] = (),
        misbehave: Sequence[tuple[float, Callable[["TapeStream"], None]]] = (),
    ) -> None:
        self.finals = list(finals)
        self.streams: list[TapeStream] = []
        self._opens_s = list(opens_s)
        self._misbehave = list(misbehave)

    async def warm(self) -> None:
        """Nothing needs to be loaded."""

    async def aclose(self) -> None:
        """Nothing needs to be released."""

    async def open(self, options: SttOptions) -> SttStream:
        await asyncio.sleep(self._opens_s.pop(0) if self._opens_s else 0.0)
        stream = TapeStream(self, self._misbehave.pop(0) if self._misbehave else None)
        self.streams.append(stream)
        return stream


class TapeStream:
    """One of its streams."""

    def __init__(self, stt: TapeStt, misbehave: Any) -> None:
        self.given = bytearray()
        self.closed = False
        self.queue: asyncio.Queue[SttResult | Exception] = asyncio.Queue()
        self._stt = stt
        self._misbehave = misbehave
        self._segment = 0

    @property
    def seconds(self) -> float:
        return INBOUND.seconds_in(self.given)

    def push(self, pcm: bytes) -> None:
        self.given += pcm
        if self._misbehave and self.seconds >= self._misbehave[0]:
            _, how = self._misbehave
            self._misbehave = None
            how(self)

    def finalize(self) -> None:
        text = self._stt.finals.pop(0) if self._stt.finals else ""
        self.queue.put_nowait(SttResult(self._segment, text, final=True))
        self._segment += 1

    async def __aiter__(self) -> AsyncIterator[SttResult]:
        while True:
            result = await self.queue.get()
            if isinstance(result, EOFError):
                return
            if isinstance(result, Exception):
                raise result
            yield result

    async def aclose(self) -> None:
        self.closed = True


def breaks(stream: TapeStream) -> None:
    stream.queue.put_nowait(GONE)


def is_behind(stream: TapeStream) -> None:
    raise ProviderTimeout("tape", "it does not keep up")


def ends(stream: TapeStream) -> None:
    stream.queue.put_nowait(EOFError())


def called(
    stt: TapeStt, script: Any, *, answers: Sequence[str] = ("Yes.",), **more: Any
) -> Carried:
    agent = an_agent(stt=stt, llm=ScriptedLlm(answers, then="Well."), **more)
    return carry(agent, ScriptedCaller(script))


async def one_question(caller: ScriptedCaller) -> None:
    await caller.quiet(1.0)
    await caller.say(1.0)
    await caller.listen()


def voiced(pcm: bytes | bytearray) -> float:
    """Seconds of voice in it."""
    return sum(map(any, (pcm[n : n + 2] for n in range(0, len(pcm), 2)))) / INBOUND.sample_rate


# The recogniser


class JudgingStt(TapeStt):
    """An engine that ends turns by itself, as Deepgram's Flux and AssemblyAI do."""

    capabilities = SttCapabilities(partials=True)


def tells(over: float | None, *again: float) -> Callable[[TapeStream], None]:
    def tell(stream: TapeStream) -> None:
        stream.queue.put_nowait(SttResult(0, "on Tuesday", final=False, turn_over=over))
        for then in again:  # the same words again: only its opinion has changed
            stream.queue.put_nowait(SttResult(0, "on Tuesday", final=False, turn_over=then))
        stream.queue.put_nowait(
            SttResult(0, "on Tuesday", final=True, turn_over=[over, *again][-1])
        )

    return tell


@pytest.mark.parametrize(
    ("opinion", "pause_s"),
    [((None,), 0.5), ((0.99,), 0.3), ((0.02,), 0.89), ((0.99, 0.02), 0.89), ((0.02, 0.99), 0.3)],
)
def test_the_opinion_of_an_engine_that_ends_turns_counts(
    opinion: tuple[float, ...], pause_s: float
) -> None:
    stt = JudgingStt(misbehave=[(2.1, tells(*opinion))])
    turns = replace(SETTINGS.turns, ending=EndingSettings(), speculation_limit=0)
    call = called(stt, one_question, settings=replace(SETTINGS, turns=turns))
    (turn,) = call.memory.actions(act.TurnCommitted)
    (committed,) = call.memory.when(act.TurnCommitted)
    assert committed - turn.at == pytest.approx(pause_s, abs=0.03)


@pytest.mark.parametrize("opens_s", [0.0, 0.7, 1.9])
def test_the_first_words_are_not_lost_while_it_opens(opens_s: float) -> None:
    """Pain 10: the caller speaks at once, as people do, and those words are lost."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.say(1.0)
        await caller.listen(within_s=8.0)

    stt = TapeStt(["hello"], opens_s=[opens_s])
    call = called(stt, script)
    assert voiced(stt.streams[0].given) == 1.0
    assert ("caller", "hello") in call.lines
    (sent,) = [b"".join(pcm for _, pcm in call.memory.heard)]
    assert sent.startswith(bytes(stt.streams[0].given))


@pytest.mark.parametrize("how", [breaks, is_behind, ends])
@pytest.mark.parametrize("at", [0.5, 1.5, 1.99])
def test_another_one_hears_what_it_has_heard(
    how: Callable[[TapeStream], None], at: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    stt = TapeStt(["how are you"], misbehave=[(at, how)])
    call = called(stt, one_question)
    first, second = stt.streams
    assert first.closed
    assert voiced(second.given) == 1.0
    assert second.given.startswith(first.given)
    assert call.lines[1:] == [("caller", "how are you"), ("agent", "Yes.")]


def test_another_one_does_not_hear_what_was_understood() -> None:
    async def script(caller: ScriptedCaller) -> None:
        await one_question(caller)
        await caller.say(0.6)
        await caller.listen()

    stt = TapeStt(["one", "two"], misbehave=[(3.9, breaks)])
    call = called(stt, script)
    _, second = stt.streams
    assert voiced(second.given) == pytest.approx(0.6, abs=0.02)
    assert [text for who, text in call.lines if who == "caller"] == ["one", "two"]


class SlowStt(TapeStt):
    """Its final texts take 0.4 s."""

    async def open(self, options: SttOptions) -> SttStream:
        stream = await super().open(options)
        at_once = self.streams[-1].queue.put_nowait
        later = partial(asyncio.get_running_loop().call_later, 0.4)

        def put(result: SttResult | Exception) -> None:
            if isinstance(result, Exception):
                at_once(result)
            else:
                later(at_once, result)

        self.streams[-1].queue.put_nowait = put  # type: ignore[method-assign]
        return stream


async def goes_on(caller: ScriptedCaller) -> None:
    """The caller speaks again before the first words are known."""
    await caller.quiet(1.0)
    await caller.say(1.0)
    await caller.quiet(0.2)
    await caller.say(1.0)
    await caller.listen()


def test_a_final_text_covers_what_was_said_before_it_was_asked_for() -> None:
    stt = SlowStt(["one", "two"], misbehave=[(2.9, breaks)])
    called(stt, goes_on)
    assert voiced(stt.streams[1].given) == pytest.approx(1.0, abs=0.02)


def test_what_was_said_while_a_final_text_was_awaited_is_asked_for() -> None:
    assert ("caller", "one two") in called(SlowStt(["one", "two"]), goes_on).lines


def test_what_is_kept_for_another_one_is_bounded() -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.say(25.0)
        await caller.listen()

    stt = TapeStt(["a long story"], misbehave=[(20.0, breaks)])
    called(stt, script)
    assert stt.streams[1].seconds <= REPLAY_S + 5.0 + 4.0
    assert voiced(stt.streams[1].given) == pytest.approx(REPLAY_S + 5.0, abs=0.05)


def test_what_one_says_that_was_given_up_is_not_heeded() -> None:
    """It does not care that it was cancelled, and goes on talking."""

    class Ghost(TapeStream):
        async def __aiter__(self) -> AsyncIterator[SttResult]:
            try:
                await asyncio.sleep(60.0)
            except asyncio.CancelledError:
                await heedless(0.9)
                yield SttResult(0, "ghost words", final=False)
                yield SttResult(0, "ghost words", final=True)

    class Haunted(TapeStt):
        async def open(self, options: SttOptions) -> SttStream:
            if not self.streams:
                self.streams.append(Ghost(self, (0.6, is_behind)))
                return self.streams[0]
            return await super().open(options)

    stt = Haunted(["how are you"])
    call = called(stt, one_question)
    assert [it.text for it in call.memory.events(ev.Transcript)] == ["how are you"]
    assert stt.streams[0].closed


# One that makes words of noise


class JumpyStt(TapeStt):
    """Must hear nothing but voice."""

    capabilities = SttCapabilities(finalizes=True, needs_voice=True)


NOISE = b"\0\x02"


async def on_a_noisy_line(caller: ScriptedCaller) -> None:
    """Two seconds of noise, a word of one second, noise."""
    for n in range(250):
        await asyncio.sleep(0.02)
        loud = 100 <= n < 150
        caller.side.audio((b"\0\x10" if loud else NOISE) * 320)


def kinds(given: bytes) -> list[tuple[str, float]]:
    """What was heard, as runs of silence, noise and voice with their lengths in s."""
    names = {b"\0\0": "silence", NOISE: "noise", b"\0\x10": "voice"}
    heard = [names[bytes(given[n : n + 2])] for n in range(0, len(given), 2)]
    return [(k, len(list(run)) / INBOUND.sample_rate) for k, run in groupby(heard)]


def test_a_recogniser_that_makes_words_of_noise_hears_only_the_voice() -> None:
    stt = JumpyStt(["hello"])
    call = called(stt, on_a_noisy_line, vad=LevelVad(noise=NOISE))
    (silence, quiet_s), (noise, lead_s), (voice, voice_s), *after = kinds(stt.streams[0].given)
    assert (silence, noise, voice) == ("silence", "noise", "voice")
    assert voice_s == pytest.approx(1.0, abs=0.001)
    assert 0.2 < lead_s <= LEAD_S
    assert quiet_s + lead_s == pytest.approx(2.0, abs=0.001)
    assert after[0][0] == "noise"
    assert after[0][1] < 0.8
    assert {kind for kind, _ in after[1:]} <= {"silence"}
    assert ("caller", "hello") in call.lines


def test_without_a_voice_detector_it_hears_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    stt = JumpyStt(["hello"])
    called(stt, on_a_noisy_line, vad=LevelVad(fail_after_s=1.0, noise=NOISE))
    given = kinds(stt.streams[0].given)
    assert given[0][0] == "silence"
    assert given[0][1] == pytest.approx(1.0 - LEAD_S, abs=0.05)
    assert given[1][0] == "noise"


class FaintVad(LevelVad):
    """What sounds little like speech, as a short word does over a telephone."""

    def open(self, on_window: Any, on_failure: Any) -> Any:
        def told(window: Window) -> None:
            on_window(replace(window, probability=min(window.probability, 0.2)))

        return super().open(told, on_failure)


@pytest.mark.parametrize(("greeting", "heard"), [("Hello?", ["yes"]), ("Hello.", [])])
def test_a_faint_voice_is_heard_where_an_answer_is_awaited(greeting: str, heard: list[str]) -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(2.0)
        await caller.say(0.5)
        await caller.listen()

    settings = replace(SETTINGS, greeting=greeting)
    call = called(TapeStt(["yes"]), script, vad=FaintVad(), settings=settings)
    turns = [action.text for action in call.memory.actions(act.TurnCommitted)]
    assert turns == heard
    assert bool(call.memory.events(ev.SpeechStarted)) == bool(heard)


# The end of a turn


def told(call: Carried) -> list[ev.Event]:
    return [step.event for step in call.memory.steps]


def hears_and_judges(script: Any, judge: TurnModel) -> Carried:
    agent = an_agent(
        stt=TapeStt(["one", "two", "three"]),
        llm=ScriptedLlm(["Yes."] * 3, then="Well."),
        settings=replace(SETTINGS, turns=replace(SETTINGS.turns, judges=True)),
        end_of_turn=SharedEndOfTurn(judge),
    )
    try:
        return carry(agent, ScriptedCaller(script))
    finally:
        assert agent.end_of_turn is not None
        agent.end_of_turn.close()


def test_the_sound_of_the_turn_is_judged_and_nothing_before_it() -> None:
    heard: list[bytes] = []

    def judge(pcm: bytes) -> Judgement:
        heard.append(pcm)
        return Judgement(0.75, -0.25)

    call = hears_and_judges(two_questions, judge)
    judged = [e for e in told(call) if isinstance(e, ev.TurnJudged)]
    assert [(e.probability, e.cadence) for e in judged] == [(0.75, -0.25)] * 2
    for (_, offset), event in zip(edges(call)[1::2], judged, strict=True):
        assert event.at == offset
    for pcm in heard:
        lead, voice, rest = (len(list(run)) / INBOUND.sample_rate for _, run in by_sound(pcm))
        assert lead == pytest.approx(TURN_LEAD_S, abs=0.04)
        assert voice == pytest.approx(1.0, abs=0.02)
        assert rest == pytest.approx(SETTINGS.turns.judge_after_s, abs=0.06)


def test_of_a_long_turn_the_last_of_its_sound_is_judged() -> None:
    heard: list[bytes] = []

    async def tells_a_story(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.say(12.0)
        await caller.listen()

    def judge(pcm: bytes) -> Judgement:
        heard.append(pcm)
        return Judgement(0.5)

    hears_and_judges(tells_a_story, judge)
    assert INBOUND.seconds_in(heard[0]) == pytest.approx(HEARD_S, abs=0.03)


def test_a_model_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def judge(pcm: bytes) -> Judgement:
        raise ValueError("no")

    caplog.set_level(logging.CRITICAL)
    call = hears_and_judges(two_questions, judge)
    assert not [e for e in told(call) if isinstance(e, ev.TurnJudged)]
    assert [text for who, text in call.lines if who == "caller"] == ["one", "two"]


def by_sound(pcm: bytes) -> Any:
    return groupby(pcm[n : n + 2] != b"\0\0" for n in range(0, len(pcm), 2))


# Voice


def edges(call: Carried) -> list[tuple[str, float]]:
    kinds = ev.SpeechStarted | ev.SpeechStopped
    found = [s.event for s in call.memory.steps if isinstance(s.event, kinds)]
    return [(type(it).__name__.removeprefix("Speech"), it.at) for it in found]


def test_edges_are_in_audio_time() -> None:
    """Whenever the frames arrive: each 200 ms late, in bursts of five."""

    async def script(caller: ScriptedCaller) -> None:
        caller.side.audio(bytes(640))
        for n in range(40):
            await asyncio.sleep(0.1)
            frame = b"\0\x10" * 320 if 10 <= n < 20 else bytes(640)
            for _ in range(5):
                caller.side.audio(frame)

    call = called(TapeStt(["hi"]), script)
    (began, onset), (ended, offset) = edges(call)
    assert (began, ended) == ("Started", "Stopped")
    assert offset - onset == pytest.approx(1.0, abs=0.01)
    assert onset == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("times", [1, 2])
def test_a_voice_detector_that_fails_is_replaced(
    times: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What it had begun to hear ends with it; words carry the turn; then it hears again."""

    class Failing(LevelVad):
        def open(self, on_window: Any, on_failure: Any) -> Any:
            self.fail_after_s = 1.5 if self.opened < times else None
            return super().open(on_window, on_failure)

    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.say(1.0)
        await caller.quiet(0.5)
        await caller.say(1.0)
        await caller.listen()
        await caller.say(1.0)
        await caller.listen()

    vad = Failing()
    call = called(TapeStt(["one", "two", "three"]), script, vad=vad)
    assert vad.opened == 1 + times
    assert vad.open_streams == 0
    assert "voice detection failed" in caplog.text
    found = edges(call)
    assert [what for what, _ in found] == ["Started", "Stopped"] * (len(found) // 2)
    times_of = [at for _, at in found]
    assert times_of == sorted(times_of)
    assert all(at <= step.now for (_, at), step in zip(found, steps_of(call), strict=True))
    assert found[1] == ("Stopped", pytest.approx(1.5, abs=0.04))
    last_onset = call.caller.spoke[-1][0]
    assert found[-2] == ("Started", pytest.approx(last_onset, abs=0.02))
    assert vad.opened * VAD_RETRY_S < last_onset


def steps_of(call: Carried) -> list[Any]:
    kinds = ev.SpeechStarted | ev.SpeechStopped
    return [step for step in call.memory.steps if isinstance(step.event, kinds)]


# Gaps


async def interrupted_line(caller: ScriptedCaller) -> None:
    await caller.quiet(1.0)
    await caller.gap(2.0)
    await caller.quiet(0.5)
    await caller.say(1.0)
    await caller.listen()


def test_a_gap_in_the_media_is_told() -> None:
    call = called(TapeStt(["hi"]), interrupted_line)
    (lost,), (restored,) = call.memory.events(ev.MediaLost), call.memory.events(ev.MediaRestored)
    assert lost.at == pytest.approx(1.0)
    (noticed,) = call.memory.when(ev.MediaLost)
    assert GAP_S <= noticed - lost.at <= 1.5 * GAP_S + 0.001
    assert restored.at == pytest.approx(3.02)


def test_times_after_a_gap_are_right() -> None:
    call = called(TapeStt(["hi"]), interrupted_line)
    onset, offset = (at for _, at in edges(call))
    assert onset == pytest.approx(call.caller.spoke[0][0], abs=0.02)
    assert offset == pytest.approx(call.caller.spoke[0][1], abs=0.02)
    starts = [at for at, _ in call.memory.heard]
    assert starts == sorted(starts)


def test_where_frames_may_stay_away_there_are_no_gaps() -> None:
    call = called(TapeStt(["hi"]), interrupted_line, gap_s=None)
    assert call.memory.events(ev.MediaLost) == []


def test_a_short_gap_is_none() -> None:
    async def script(caller: ScriptedCaller) -> None:
        for _ in range(10):
            await caller.quiet(0.3)
            await caller.gap(0.9 * GAP_S)

    call = called(TapeStt(), script)
    assert call.memory.events(ev.MediaLost) == []


def test_a_caller_who_is_cut_off_is_asked_to_repeat() -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.say(0.7)
        await caller.gap(2.0)
        await caller.listen()

    call = called(TapeStt(["half of"]), script)
    assert "you were cut off" in call.caller.text
    assert "cut off by a gap in the media" in [
        drop.reason for drop in call.memory.actions(act.SegmentDropped)
    ] or not call.memory.events(ev.Transcript)


def test_a_line_that_stays_dead_ends_the_call() -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.gap(60.0)

    call = called(TapeStt(), script)
    assert call.outcome.reason == "connection-lost"
    assert call.outcome.duration_s < 20.0


# What is expected


class ListeningFor(TapeStt):
    """Keeps what each of its streams was to listen for, at first and then."""

    capabilities = SttCapabilities(finalizes=True, grammars=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.expected: list[list[str | None]] = []

    async def open(self, options: SttOptions) -> SttStream:
        mine: list[str | None] = [options.grammar]
        self.expected.append(mine)
        stream = await super().open(options)
        stream.expect = mine.append  # type: ignore[method-assign]
        return stream


def asks(*grammars: str) -> Callable[[], "Asking"]:
    return lambda: Asking(grammars)


class Asking:
    """Answers the n-th turn with a question that has the n-th grammar."""

    def __init__(self, grammars: Sequence[str]) -> None:
        self._grammars = list(grammars)

    async def respond(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        grammar = self._grammars[request.reply - 2]
        yield Expects("choice", "What?", grammar)
        yield ReplyText("What?")

    def promoted(self, reply: int) -> None:
        """Nothing to keep."""

    def withdrawn(self, reply: int) -> None:
        """Nothing to undo."""


async def two_questions(caller: ScriptedCaller) -> None:
    for _ in range(2):
        await caller.quiet(1.0)
        await caller.say(1.0)
        await caller.listen()


def test_the_recogniser_is_told_what_is_expected_and_then_what_it_is_set_to() -> None:
    stt = ListeningFor(["one", "two"])
    agent = an_agent(stt=stt, responder=asks("A", ""), stt_options=SttOptions(grammar="SET"))
    carry(agent, ScriptedCaller(two_questions))
    assert stt.expected == [["SET", "A", "SET"]]


def test_a_recogniser_that_takes_over_listens_for_the_same() -> None:
    def dies(stream: TapeStream) -> None:
        stream.queue.put_nowait(GONE)

    stt = ListeningFor(["one", "two"], misbehave=[(4.0, dies)])
    agent = an_agent(stt=stt, responder=asks("A", "B"), stt_options=SttOptions(grammar="SET"))
    carry(agent, ScriptedCaller(two_questions))
    assert stt.expected == [["SET", "A"], ["SET", "A", "B"]]


def test_a_recogniser_without_grammars_is_told_nothing() -> None:
    stt = TapeStt(["one", "two"])
    carry(an_agent(stt=stt, responder=asks("A", "B")), ScriptedCaller(two_questions))
    assert len(stt.streams) == 1
