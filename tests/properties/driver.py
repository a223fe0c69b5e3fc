"""A simulated shell, caller and providers, driven by a string of bytes.

`play` reads a script: which of the things that could happen now does happen, and when.
Each byte string is a valid script, so Hypothesis can make and shrink them; zeros are
uneventful. The shell remembers what the conversation asked for and answers, fails,
stalls; where it `lies` it also repeats, reorders, contradicts and makes things up.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from parley.core import CALLER, Conversation, Settings
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import SilenceSettings, TurnSettings

T = TypeVar("T")

UTTERANCES = (
    "yes",
    "mm-hmm",
    "no wait",
    "four",
    "I would like to book a table for two",
    "what is the weather in Köln",
    "okay yeah",
    "我 想 去 北京",
)
SENTENCES = (
    "Sure.",
    "Let me look that up for you.",
    "The table is booked for eight o'clock tonight.",
    "Would you like anything else?",
)
NOISE = ("", " ", "uh", "\u2028", 'a "quoted"\nline', "😀", "no wait", "mm-hmm")
WAITS = (0.0, 0.0, 0.0, 0.01, 0.01, 0.02, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.6)

SETTINGS_BYTES = 16
STEP_BYTES = 3


class Choices:
    """Reads a script byte by byte; beyond its end everything is zero."""

    def __init__(self, script: bytes) -> None:
        self._script = script
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._script)

    def byte(self) -> int:
        self._at += 1
        return 0 if self._at > len(self._script) else self._script[self._at - 1]

    def of(self, options: Sequence[T]) -> T:
        return options[self.byte() % len(options)]


@dataclass(frozen=True, slots=True)
class Step:
    """One call of `handle`; `pending` are the caller's segments in the turn after it."""

    now: float
    event: ev.Event
    actions: tuple[act.Action, ...]
    pending: tuple[int, ...]


@dataclass(slots=True)
class Sound:
    """A span that a voice is to speak."""

    text: str
    cached: bool
    audio: bool = False
    complete: bool = False
    over: bool = False
    heard: int = 0


@dataclass(slots=True)
class Talk:
    """A reply as the shell knows it."""

    id: int
    spans: dict[int, Sound] = field(default_factory=dict)
    generating: bool = False
    chars: int = 0
    next_span: int = 0
    begun: bool = False
    dry: bool = False
    closed: bool = False


Move = tuple[int, Callable[[], None]]
Watch = Callable[["World", Step], None]


def settings_from(choices: Choices) -> Settings:
    """Settings that change what can happen; zeros choose the defaults."""
    base = Settings()
    return replace(
        base,
        greeting=choices.of(("", "Hello, how can I help you?")),
        greeting_interruptible=choices.of((True, False)),
        greeting_generated=choices.of((False, True)),
        end_phrases=choices.of(((), ("anything else",))),
        end_message=choices.of(("", "Thank you for calling.")),
        max_duration_s=choices.of((600.0, 600.0, 20.0)),
        turns=replace(
            base.turns,
            wait_s=choices.of((0.45, 0.2, 1.0)),
            speculation_limit=choices.of((4, 1, 0)),
            recognizer_finalizes=choices.of((True, True, False)),
            utterance_limit_s=choices.of((60.0, 5.0)),
        ),
        interruption=replace(
            base.interruption,
            words=choices.of((1, 2)),
            commands=choices.of(((), ("two",))),
        ),
        silence=SilenceSettings(
            prompt_after_s=choices.of((10.0, 3.0)),
            prompts=choices.of((("Are you still there?",), ("Hello?", "Anybody?"), ())),
        ),
        recovery=replace(base.recovery, model_timeout_s=choices.of((6.0, 2.0, 15.0))),
        phrases=replace(
            base.phrases,
            fillers=choices.of((base.phrases.fillers, base.phrases.fillers, ())),
            silence_goodbye=choices.of((base.phrases.silence_goodbye, "")),
        ),
    )


def patient_settings(choices: Choices) -> Settings:
    """Settings with which nothing may keep the caller waiting: all that is said is there."""
    settings = settings_from(choices)
    phrases = replace(settings.phrases, fillers=Settings().phrases.fillers)
    turns = TurnSettings(
        speculation_limit=settings.turns.speculation_limit,
        recognizer_finalizes=settings.turns.recognizer_finalizes,
        unclear_limit=1000,
    )
    return replace(settings, phrases=phrases, turns=turns)


class World:
    """A conversation and everything around it."""

    def __init__(
        self, choices: Choices, settings: Settings, *, lies: bool, watch: Watch | None
    ) -> None:
        self.choices = choices
        self.conversation = Conversation(settings)
        self.lies = lies
        self.watch = watch
        self.punctual = not lies
        self.now = 0.0
        self.steps: list[Step] = []
        self.fired: list[str] = []
        self.over = False
        self.talks: dict[int, Talk] = {}
        self.line: list[int] = []
        self.paused = False
        self.clears = 0
        self.cleared: list[tuple[int, int, int]] = []
        self.recognizer = "off"
        self.finalizing = False
        self.segment = 0
        self.words: list[str] = []
        self.said = 0
        self.finals: dict[int, str] = {}
        self.voiced = False
        self.onset = 0.0
        self.lost = False
        self.running: list[str] = []
        self.calls: list[str] = []
        self.ran: set[str] = set()
        self.results: dict[str, list[str]] = {}
        self.told: dict[tuple[int, int], int] = {}
        self.audio: set[tuple[int, int]] = set()
        self.released: set[int] = set()
        self.cut: set[int] = set()
        self.begun: set[int] = set()
        self.finished: set[int] = set()
        self.interrupted: set[int] = set()

    # Telling and doing

    def tell(self, event: ev.Event) -> None:
        """Hand the conversation a fact, and carry out what follows."""
        actions = tuple(self.conversation.handle(event, self.now))
        pending = tuple(s.id for s in self.conversation.state.ear.segments)
        step = Step(self.now, event, actions, pending)
        self.steps.append(step)
        for action in actions:
            if perform := PERFORM.get(type(action)):
                perform(self, action)
        self.remember(event)
        if self.watch:
            self.watch(self, step)

    def remember(self, event: ev.Event) -> None:
        """What the conversation can know of what was heard."""
        if isinstance(event, ev.Heard):
            key = event.reply, event.span
            self.told[key] = max(self.told.get(key, 0), event.chars)
        elif isinstance(event, ev.SpanAudio | ev.SpanSynthesized):
            self.audio.add((event.reply, event.span))
        elif isinstance(event, ev.PlayoutStarted) and event.reply in self.released:
            self.begun.add(event.reply)
        elif isinstance(event, ev.PlayoutFinished):
            self.finished.add(event.reply)
        elif isinstance(event, ev.ToolFinished):
            self.results.setdefault(event.call, []).append(event.result)

    def tick(self) -> None:
        """Let the timer fire at the next deadline."""
        due = self.conversation.next_deadline()
        if due is not None:
            self.now = max(self.now, due)
            self.fired.append(self.conversation.deadline_names()[0])
            self.tell(ev.Tick())
            self.go_on()

    def wait(self, seconds: float) -> None:
        """Let time pass; a punctual timer fires on its way."""
        self.go_on()
        until = self.now + seconds
        while self.punctual and (self.conversation.next_deadline() or until + 1) <= until:
            self.tick()
        self.now = until

    # What may happen next

    def step(self) -> None:
        """Let the script choose the next thing that happens."""
        what, wait = self.choices.byte(), self.choices.of(WAITS)
        self.wait(wait)
        moves = list(self.moves())
        place = what * sum(weight for weight, _ in moves) // 256
        for weight, move in moves:
            place -= weight
            if place < 0:
                move()
                return

    def moves(self) -> Iterator[Move]:
        yield 6, self.pass_time
        if self.over:
            if self.lies:
                yield 10, self.lie
            return
        yield from self.caller_moves()
        yield from self.provider_moves()
        yield from self.playout_moves()
        if self.lies:
            yield 14, self.lie

    def pass_time(self) -> None:
        """Nothing else happens until a deadline that is near, or now and then whichever."""
        how = self.choices.byte()
        near = (self.conversation.next_deadline() or 0.0) < self.now + 2.5
        for _ in range(how // 85 if how > 200 else int(near)):
            self.tick()

    # The caller and the recogniser

    def caller_moves(self) -> Iterator[Move]:
        if self.conversation.state.call.state == "new":
            yield 60, lambda: self.tell(ev.Connected(CALLER))
            yield 1, self.hang_up
            return
        yield 1, self.leave
        if self.lost:
            yield 40, self.restore
            return
        yield 1, self.lose
        yield (8, self.stop_voice) if self.voiced else (6, self.start_voice)
        if self.recognizer == "opening":
            yield 40, lambda: self.listening(ev.ListeningReady(CALLER))
        if self.recognizer != "off":
            yield 1, self.fail_listening
        if self.recognizer == "open":
            yield from self.word_moves()

    def word_moves(self) -> Iterator[Move]:
        if self.said < len(self.words):
            yield 10, self.partial
        if self.words:
            yield 5, self.final
        if self.finalizing:
            yield 12, self.final

    def leave(self) -> None:
        """Seldom."""
        if self.choices.byte() > 200:
            self.hang_up()

    def hang_up(self) -> None:
        event: ev.Event = ev.Disconnected(CALLER)
        self.tell(event if self.choices.byte() % 2 else ev.EndRequested("operator-ended"))

    def lose(self) -> None:
        self.lost = True
        self.voiced = False
        self.tell(ev.MediaLost(CALLER, self.now))

    def restore(self) -> None:
        self.lost = False
        self.tell(ev.MediaRestored(CALLER, self.now))

    def start_voice(self) -> None:
        self.voiced = True
        self.onset = max(0.0, self.now - self.choices.of((0.03, 0.1, 0.3)))
        if not self.words:
            self.words = self.choices.of(UTTERANCES).split()
        self.tell(ev.SpeechStarted(CALLER, self.onset))

    def stop_voice(self) -> None:
        self.voiced = False
        at = max(self.onset, self.now - self.choices.of((0.1, 0.2, 0.3)))
        self.tell(ev.SpeechStopped(CALLER, at))

    def listening(self, event: ev.ListeningReady | ev.ListeningFailed) -> None:
        self.recognizer = "open" if isinstance(event, ev.ListeningReady) else "off"
        self.tell(event)

    def fail_listening(self) -> None:
        if self.choices.byte() < 150:
            return
        self.finalizing = False
        if self.said:
            self.segment += 1  # a new recogniser numbers on from what was reported
        permanent = self.choices.byte() % 4 == 1
        self.listening(ev.ListeningFailed(CALLER, "unavailable", permanent))

    def partial(self) -> None:
        self.said += 1 + self.choices.byte() % 3
        text = " ".join(self.words[: self.said])
        self.tell(ev.Transcript(CALLER, self.segment, text, final=False))

    def final(self) -> None:
        """All that was said, or less: the recogniser cuts in the middle of a sentence."""
        count = max(self.said, len(self.words) - self.choices.byte() % 3)
        text, segment = " ".join(self.words[:count]), self.segment
        self.words, self.said = self.words[count:], 0
        self.segment += 1
        self.finalizing = False
        self.finals[segment] = text
        self.tell(ev.Transcript(CALLER, segment, text, final=True))

    # The providers

    def provider_moves(self) -> Iterator[Move]:
        if generating := [t for t in self.talks.values() if t.generating]:
            yield 14, lambda: self.generate(self.choices.of(generating))
        waiting = [
            (talk, span)
            for talk in self.talks.values()
            for span, sound in talk.spans.items()
            if not sound.over
        ]
        if waiting:
            yield 24, lambda: self.speak(*self.choices.of(waiting))
        if self.running:
            yield 6, lambda: self.finish_tool(self.choices.of(self.running))

    def generate(self, talk: Talk) -> None:
        """The responder goes on with a reply."""
        how = self.choices.byte() % 16
        if how < 6:
            self.write(talk)
        elif how < 10:
            talk.generating = False
            self.tell(ev.ReplyGenerated(talk.id))
        elif how < 12:
            self.call_tool(talk)
        elif how == 12:
            self.tell(ev.ReplyToken(talk.id))
        elif how == 13:
            self.retract(talk)
        elif how == 14:
            self.tell(ev.ReplyEndsCall(talk.id))
        else:
            talk.generating = False
            self.tell(ev.ReplyFailed(talk.id, "unavailable", self.choices.byte() % 4 == 1))

    def write(self, talk: Talk) -> None:
        text = self.choices.of(SENTENCES)
        span, start = talk.next_span, talk.chars
        talk.next_span += 1
        talk.chars = start + len(text) + 1
        self.tell(ev.ReplySpan(talk.id, span, text, start, start + len(text)))

    def call_tool(self, talk: Talk) -> None:
        call = f"{talk.id}-{len(self.calls)}"
        self.calls.append(call)
        timeout = self.choices.of((10.0, 1.0))
        self.tell(ev.ReplyToolCall(talk.id, call, "look_up", "{}", timeout))

    def retract(self, talk: Talk) -> None:
        last = talk.next_span - 1
        sound = talk.spans.get(last)
        if sound and not sound.heard:
            self.tell(ev.SpanRetracted(talk.id, last))

    def speak(self, talk: Talk, span: int) -> None:
        """A voice goes on with a span; cached phrases hardly ever fail."""
        sound = talk.spans[span]
        how = self.choices.byte() % 16
        fails = how == 0 and self.choices.byte() % 8 == 0 if sound.cached else how < 3
        if fails:
            self.tell(ev.SpanFailed(talk.id, span, "unavailable", self.choices.byte() % 4 == 1))
        elif how < 9 and not sound.audio:
            sound.audio = True
            self.tell(ev.SpanAudio(talk.id, span))
        else:
            sound.audio = sound.complete = sound.over = True
            self.tell(ev.SpanSynthesized(talk.id, span, 1.0))

    def finish_tool(self, call: str) -> None:
        if self.choices.byte() % 4 == 1:
            self.tell(ev.ToolFailed(call, "it is broken."))
        else:
            self.tell(ev.ToolFinished(call, "it is done"))

    # The playout

    def playout_moves(self) -> Iterator[Move]:
        if self.clears:
            yield 16, self.confirm_clear
        late = self.paused and self.choices.byte() % 4
        if self.line and not late:
            yield 30, lambda: self.play(self.talks[self.line[0]])

    def confirm_clear(self) -> None:
        """The last progress of what was cleared, then the confirmation."""
        self.clears -= 1
        for reply, span, chars in self.cleared:
            self.tell(ev.Heard(CALLER, reply, span, chars, self.now, estimated=False))
        self.cleared = []
        self.tell(ev.PlayoutCleared(CALLER))

    def play(self, talk: Talk) -> None:
        """The transport reports on the reply that is being heard."""
        if not talk.begun:
            if any(s.audio for s in talk.spans.values()):
                talk.begun = True
                self.tell(ev.PlayoutStarted(CALLER, talk.id, self.now))
            return
        sounding = [(n, s) for n, s in sorted(talk.spans.items()) if self._left(s)]
        if sounding and sounding[0][1].audio:
            self.hear(talk, *sounding[0])
        elif talk.closed and not sounding:
            self.line.remove(talk.id)
            self.tell(ev.PlayoutFinished(CALLER, talk.id, self.now))
        elif not talk.dry and not talk.closed:
            self.run_dry(talk)

    @staticmethod
    def _left(sound: Sound) -> int:
        """How many characters are still to be heard; of a broken span the rest never is."""
        broken = sound.over and not sound.complete
        return 0 if broken else len(sound.text) - sound.heard

    def go_on(self) -> None:
        """A punctual transport goes on at once when it need not wait for audio any more."""
        for talk in [self.talks[r] for r in self.line[: int(self.punctual)]]:
            left = any(map(self._left, talk.spans.values()))
            if talk.begun and talk.closed and (talk.dry or not left):
                self.play(talk)

    def hear(self, talk: Talk, span: int, sound: Sound) -> None:
        """A span goes on; of one that is not complete there is audio for the first half."""
        end = len(sound.text) if sound.complete else len(sound.text) // 2
        if sound.heard < end:
            talk.dry = False
            sound.heard = min(end, sound.heard + self.choices.of((3, 12, 100, 100)))
            self.tell(ev.Heard(CALLER, talk.id, span, sound.heard, self.now, estimated=False))
        elif not talk.dry:
            self.run_dry(talk)

    def run_dry(self, talk: Talk) -> None:
        talk.dry = True
        at = max(0.0, self.now - self.choices.of((0.0, 0.1)))
        self.tell(ev.PlayoutStarved(CALLER, talk.id, at))

    @property
    def audible(self) -> bool:
        """Whether the caller hears something."""
        head = self.talks[self.line[0]] if self.line and not self.paused else None
        return head is not None and head.begun and not head.dry

    # Lies

    def lie(self) -> None:
        """Tell something that is not so: known things again, or made up."""
        how = self.choices.byte()
        if how % 3 == 0 and self.steps:
            self.tell(self.choices.of(self.steps[-40:]).event)
        else:
            self.tell(self.invent(how))

    def invent(self, how: int) -> ev.Event:
        some = self.choices.byte
        reply = some() % (len(self.talks) + 2)
        span, at = some() % 4, self.now + (some() % 8 - 4) / 4
        text = NOISE[some() % len(NOISE)]
        call = f"{reply}-{some() % 8}"
        inventions: tuple[ev.Event, ...] = (
            ev.SpeechStarted(CALLER, at),
            ev.SpeechStopped(CALLER, at),
            ev.Transcript(CALLER, some() % (self.segment + 2), text, final=bool(span % 2)),
            ev.MediaLost(CALLER, at),
            ev.MediaRestored(CALLER, at),
            ev.ListeningReady(CALLER),
            ev.ListeningFailed(CALLER, "unavailable", permanent=False),
            ev.ReplyToken(reply),
            ev.ReplySpan(reply, span, text, span * 10, span * 10 + len(text)),
            ev.SpanRetracted(reply, span),
            ev.ReplyToolCall(reply, call, "look_up", text, 2.0),
            ev.ReplyEndsCall(reply),
            ev.ReplyGenerated(reply),
            ev.ReplyFailed(reply, "garbage", permanent=False),
            ev.SpanAudio(reply, span),
            ev.SpanSynthesized(reply, span, 1.0),
            ev.SpanFailed(reply, span, "garbage", permanent=False),
            ev.PlayoutStarted(CALLER, reply, at),
            ev.Heard(CALLER, reply, span, some(), at, estimated=True),
            ev.PlayoutStarved(CALLER, reply, at),
            ev.PlayoutFinished(CALLER, reply, at),
            ev.PlayoutCleared(CALLER),
            ev.ToolFinished(call, text),
            ev.ToolFailed(call, text),
            ev.StageFailed("stage", "hear", "too slow"),
            ev.Connected(CALLER),
        )
        return inventions[how % len(inventions)]

    # For the reader of a failure

    def story(self) -> str:
        """The last steps in words."""
        return "\n".join(f"{s.now:8.3f} {s.event}\n{'':8} → {list(s.actions)}" for s in self.steps)


# Carrying out


def _listen(world: World, action: act.Action) -> None:
    world.recognizer = "opening"


def _close_recognizer(world: World, action: act.Action) -> None:
    world.recognizer = "off"


def _finalize(world: World, action: act.Action) -> None:
    world.finalizing = True


def _start(world: World, action: act.StartReply) -> None:
    world.talks[action.reply] = Talk(action.reply, generating=True)


def _promote(world: World, action: act.PromoteReply) -> None:
    world.talks.setdefault(action.reply, Talk(action.reply))


def _synthesize(world: World, action: act.Synthesize) -> None:
    world.talks[action.reply].spans[action.span] = Sound(action.text, action.cached)
    world.audio.discard((action.reply, action.span))


def _unsynthesize(world: World, action: act.CancelSynthesis) -> None:
    del world.talks[action.reply].spans[action.span]
    world.audio.discard((action.reply, action.span))
    if not any(reply == action.reply for reply, _ in world.audio):
        world.released -= {action.reply} - world.begun


def _play(world: World, action: act.PlayReply) -> None:
    world.released.add(action.reply)
    if action.reply in world.line:
        return
    begun = bool(world.line) and world.talks[world.line[0]].begun
    place = int(begun and not world.talks[world.line[0]].dry) if action.aside else len(world.line)
    world.line.insert(place, action.reply)


def _close(world: World, action: act.CloseReply) -> None:
    talk = world.talks[action.reply]
    talk.closed, talk.generating = True, False
    for sound in talk.spans.values():
        sound.over = True


def _cancel(world: World, action: act.CancelReply) -> None:
    if action.reply in world.released:
        world.cut.add(action.reply)
    if action.reply in world.begun:
        world.interrupted.add(action.reply)
    talk = world.talks[action.reply]
    talk.generating = False
    talk.spans = {}
    if talk.id in world.line:
        world.line.remove(talk.id)


def _pause(world: World, action: act.Action) -> None:
    world.paused = True


def _resume(world: World, action: act.Action) -> None:
    world.paused = False


def _clear(world: World, action: act.Action) -> None:
    world.paused = False
    world.clears += 1
    for talk in [world.talks[r] for r in world.line[:1]]:
        for span, sound in sorted(talk.spans.items()):
            if talk.begun and sound.audio and sound.heard < len(sound.text):
                sound.heard += 1
                world.cleared.append((talk.id, span, sound.heard))
                break
    world.line.clear()


def _run(world: World, action: act.RunTool) -> None:
    world.running.append(action.call)
    world.ran.add(action.call)


def _end_tool(world: World, action: act.ToolEnded) -> None:
    if action.call in world.running:
        world.running.remove(action.call)


def _end_call(world: World, action: act.Action) -> None:
    world.over = True


PERFORM: dict[type, Callable[[World, object], None]] = {
    act.Listen: _listen,
    act.RestartListening: _listen,
    act.StopListening: _close_recognizer,
    act.FinalizeTranscript: _finalize,
    act.StartReply: _start,
    act.PromoteReply: _promote,
    act.Synthesize: _synthesize,
    act.CancelSynthesis: _unsynthesize,
    act.PlayReply: _play,
    act.CloseReply: _close,
    act.CancelReply: _cancel,
    act.PausePlayout: _pause,
    act.ResumePlayout: _resume,
    act.ClearPlayout: _clear,
    act.RunTool: _run,
    act.ToolEnded: _end_tool,
    act.EndCall: _end_call,
}


# Playing


def play(
    script: bytes,
    *,
    lies: bool = True,
    watch: Watch | None = None,
    settings: Callable[[Choices], Settings] = settings_from,
) -> World:
    """Let a script happen. Without `lies` only providers and the caller misbehave."""
    head, body = script[:SETTINGS_BYTES], script[SETTINGS_BYTES:]
    choices = Choices(body)
    world = World(choices, settings(Choices(head)), lies=lies, watch=watch)
    world.punctual = not lies or choices.byte() % 2 == 0
    while not choices.done and (lies or not world.over):
        world.step()
    return world


def scripts(count: int, size: int = 400) -> Iterator[bytes]:
    """The same scripts every time."""
    for seed in range(count):
        source = random.Random(seed)
        settings = bytes(
            source.choice((0, 0, source.randrange(256))) for _ in range(SETTINGS_BYTES)
        )
        yield settings + source.randbytes(size)
