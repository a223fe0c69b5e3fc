"""A simulated shell, caller and providers, driven by a string of bytes.

`play` reads a script: which of the things that could happen now does happen, and when.
Each byte string is a valid script, so Hypothesis can make and shrink them; zeros are
uneventful. The shell remembers what the conversation asked for and answers, fails,
stalls; where it `lies` it also repeats, reorders, contradicts and makes things up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from carrying_out import PERFORM, Sound, Talk
from choices import SETTINGS_BYTES, Choices, settings_from

from parley.core import CALLER, Conversation, Settings
from parley.core import actions as act
from parley.core import events as ev

UTTERANCES = (
    "yes",
    "mm-hmm",
    "no wait",
    "four",
    "I would like to book a table for two",
    "what is the weather in Köln",
    "okay yeah",
    "hold on please",
    "我 想 去 北京",
)
SENTENCES = (
    "Sure.",
    "Let me look that up for you.",
    "The table is booked for eight o'clock tonight.",
    "Would you like anything else?",
)
KEYS = ("1", "2", "34", "#", "567#", "*")
NOT_KEYS = ("", "A", "12", "٣", " ")
FACTS = (
    ("day", "Day", "Monday"),
    ("day", "Day", "Tuesday"),
    ("time", "Time", "ten"),
    ("day", "Day", ""),
)
QUESTIONS = (("day", "Which day?"), ("time", "At what time?"), ("", ""))
NOISE = ("", " ", "uh", "\u2028", 'a "quoted"\nline', "😀", "no wait", "mm-hmm")
WAITS = (0.0, 0.0, 0.0, 0.01, 0.01, 0.02, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.6)


@dataclass(frozen=True, slots=True)
class Step:
    """One call of `handle`; `pending` are the caller's segments in the turn after it."""

    now: float
    event: ev.Event
    actions: tuple[act.Action, ...]
    pending: tuple[int, ...]


Move = tuple[int, Callable[[], None]]
Watch = Callable[["World", Step], None]


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
        self.judging: list[float] = []
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
        ear = self.conversation.state.ear
        pending = tuple(s.id for s in [*ear.segments, *ear.later_words])
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
            if event.reply in self.talks and event.span in self.talks[event.reply].spans:
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
        """Nothing else happens until a deadline that is near, or now and then whichever.

        Who is on hold has time.
        """
        how = self.choices.byte()
        soon = 6.0 if self.conversation.state.hold.kind else 2.5
        near = (self.conversation.next_deadline() or 0.0) < self.now + soon
        for _ in range(how // 85 if how > 200 else int(near)):
            self.tick()

    # The caller and the recogniser

    def caller_moves(self) -> Iterator[Move]:
        if self.conversation.state.call.state == "new":
            yield 60, lambda: self.tell(ev.Connected(CALLER))
            yield 1, self.hang_up
            return
        yield 1, self.leave
        yield 2, self.press
        yield 1, lambda: self.tell(ev.StopRequested(CALLER))
        if self.lost:
            yield 40, self.restore
            return
        yield 1, self.lose
        yield (8, self.stop_voice) if self.voiced else (6, self.start_voice)
        if self.voiced:
            yield 4, self.sound
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
        if self.judging:
            yield 12, self.judge

    def judge(self) -> None:
        """One judgement, of this pause or of one before."""
        probable, cadence = self.choices.byte() / 255, self.choices.byte() / 32 - 4
        self.tell(ev.TurnJudged(CALLER, self.judging.pop(0), probable, cadence))

    def press(self) -> None:
        """Some keys, one after the other and at once."""
        for key in self.choices.of(KEYS):
            self.tell(ev.KeyPressed(CALLER, key, self.now))

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
        if self.conversation.settings.turns.push_to_talk:
            self.tell(ev.TalkStarted(CALLER, self.onset))
        self.tell(ev.SpeechStarted(CALLER, self.onset))

    def sound(self) -> None:
        """One judgement of the voice so far."""
        level_dbfs = self.choices.of((-25.0, -28.0, -45.0))
        speech = self.choices.of((0.95, 0.6, 0.2))
        self.tell(ev.SoundJudged(CALLER, self.now, self.now - self.onset, speech, level_dbfs))

    def stop_voice(self) -> None:
        self.voiced = False
        at = max(self.onset, self.now - self.choices.of((0.1, 0.2, 0.3)))
        self.tell(ev.SpeechStopped(CALLER, at))
        if self.conversation.settings.turns.push_to_talk:
            wanted = self.choices.of((True, True, True, False))
            self.tell(ev.TalkEnded(CALLER, self.now, wanted))

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
        over = self.choices.of((None, 0.2, 0.9))
        self.tell(ev.Transcript(CALLER, segment, text, final=True, over=over))

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
        how = self.choices.byte() % 20
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
            last = self.choices.byte() % 2 == 0
            self.tell(ev.ReplyEndsCall(talk.id) if last else ev.ReplyMustBeHeard(talk.id))
        elif how < 18:
            self.tell(ev.ReplyUnderstood(talk.id, *self.choices.of(FACTS)))
        elif how == 18:
            self.tell(ev.ReplyExpects(talk.id, *self.choices.of(QUESTIONS), ""))
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
        born = min(reply, len(self.talks))
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
            ev.TalkStarted(CALLER, at),
            ev.TalkEnded(CALLER, at, wanted=bool(span % 2)),
            ev.StopRequested(CALLER),
            ev.KeyPressed(CALLER, (*KEYS, *NOT_KEYS)[some() % 11], at),
            ev.TurnJudged(CALLER, at, span / 2, span * how),
            ev.VoiceDescribed(CALLER, at, span * 3.0, hesitation=span / 2, language=text),
            ev.ConsentRecorded(CALLER, "same_speaker", given=bool(span % 2), evidence=text),
            ev.SoundJudged(CALLER, at, span - 1.0, span / 2, 20.0 * how - 90.0),
            ev.ReplyToken(reply),
            ev.ReplySpan(reply, span, text, span * 10, span * 10 + len(text)),
            ev.SpanRetracted(reply, span),
            ev.ReplyToolCall(reply, call, "look_up", text, 2.0),
            ev.ReplyEndsCall(reply),
            ev.ReplyMustBeHeard(reply),
            ev.ReplyUnderstood(born, *FACTS[span]),
            ev.ReplyExpects(born, *QUESTIONS[span % 3], text),
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
        """All steps in words."""
        return "\n".join(f"{s.now:8.3f} {s.event}\n{'':8} → {list(s.actions)}" for s in self.steps)


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
