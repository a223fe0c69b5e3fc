"""Invariant 9: within two seconds something is heard, whatever a provider does."""

from dataclasses import dataclass

from choices import patient_settings
from driver import Step, World, play
from invariants import demand, found

from parley.core import actions as act
from parley.core import bargein
from parley.core import events as ev
from parley.core.recovery import MISSED_BY_NOBODY

PATIENCE_S = 2.0
GRACE_S = 1e-6


def check_fillers(script: bytes) -> None:
    """A filler is not said over an answer, nor after it."""
    world = play(script, lies=False, settings=patient_settings)
    replies = world.conversation.state.replies
    sounding: set[int] = set()
    for step in world.steps:
        if isinstance(step.event, ev.PlayoutStarved):
            sounding.discard(step.event.reply)
        for action in step.actions:
            if isinstance(action, act.ReplyEnded | act.CancelSynthesis):
                sounding.discard(action.reply)
            elif isinstance(action, act.PlayReply) and replies[action.reply].kind != "filler":
                sounding.add(action.reply)
            elif isinstance(action, act.PlayReply):
                demand(not sounding, world, f"{action} though {sounding} are heard")


@dataclass
class Patience:
    """Until when a caller must hear something who has spoken, or hears a reply run dry."""

    world: World
    turn_due: float | None = None
    reply_due: float | None = None
    answered: bool = True
    onset: float | None = None
    voiced_s: float = 0.0
    last_sound: float = 0.0
    last_turn: float = 0.0
    quiet: bool = True
    waiting: bool = False

    def check(self, now: float) -> None:
        for due, what in ((self.turn_due, "a turn"), (self.reply_due, "an audible sample")):
            late = due is not None and now > due + GRACE_S
            demand(not late, self.world, f"nothing is heard within {PATIENCE_S} s after {what}")

    def take(self, world: World, step: Step) -> None:
        self.check(step.now)
        self._hear_caller(step.event, step.now)
        self._hear_agent(step)
        for action in step.actions:
            if isinstance(action, act.TurnCommitted):
                self.answered, self.voiced_s, self.last_turn = False, 0.0, action.at
                speaking = world.conversation.state.ear.listening.state == "speaking"
                self.onset = step.now if speaking else None
                due = max(action.at, self.last_sound) + PATIENCE_S
                self.turn_due = None if speaking else due  # who goes on speaking is not waiting
            elif isinstance(action, act.FloorYielded):
                self.answered = False
                if self.onset is None:
                    self.turn_due = step.now + PATIENCE_S
        stopped = isinstance(step.event, ev.StopRequested) and found([step], act.FloorYielded)
        if found([step], act.PlayReply | act.EndCall) or _phrases(step) or stopped:
            self._content()
        state = world.conversation.state
        if state.call.state != "active" or state.hold.kind:
            self._content()
        self.quiet = state.ear.listening.state == "quiet"
        if self.quiet:
            self.voiced_s = 0.0
        if self.answered and state.queue and self.quiet:
            self.turn_due, self.voiced_s = None, 0.0
        if state.ear.keys:
            self.turn_due = None  # more keys may come
        self._wait_for_what_must_be_heard(step.now)

    def _wait_for_what_must_be_heard(self, now: float) -> None:
        blocked = bargein.blocked(self.world.conversation._ctx)
        if blocked and self.turn_due:
            self.turn_due, self.waiting = None, True
        elif self.waiting and not blocked:
            self.waiting = False
            self.turn_due = now + PATIENCE_S if self.onset is None else None

    def _hear_caller(self, event: ev.Event, now: float) -> None:
        if isinstance(event, ev.SpeechStarted):
            self.onset = event.at
            self.turn_due = None
        elif isinstance(event, ev.SpeechStopped) and self.onset is not None:
            self.voiced_s += event.at - self.onset
            self.onset = None
            long = self.voiced_s >= self.world.conversation.settings.turns.unclear_voice_s
            if long or not self.answered:
                self.turn_due = max(event.at, self.last_turn) + PATIENCE_S  # or keys were the turn
        elif isinstance(event, ev.Transcript) and self.quiet and event.text and self.turn_due:
            self.turn_due = now + PATIENCE_S  # words without a voice: the caller goes on
        elif isinstance(event, ev.MediaLost):
            self.onset = None
            self._content()

    def _hear_agent(self, step: Step) -> None:
        if isinstance(step.event, ev.StopRequested):
            self.last_sound = step.now  # who stops what is said waits from then on
        if isinstance(step.event, ev.PlayoutStarved):
            self.last_sound = max(self.last_sound, step.event.at)
            if not _is_aside(self.world, step.event):
                self.reply_due = step.event.at + PATIENCE_S
        elif isinstance(step.event, ev.SpanAudio) and self.reply_due:
            self.reply_due = step.now + PATIENCE_S  # the transport has it, as with `PlayReply`
        elif isinstance(step.event, ev.Heard | ev.PlayoutFinished | ev.PlayoutStarted):
            self.last_sound = step.now
            self.reply_due = None
        if found([step], act.FloorYielded | act.ReplyEnded) or self.onset is not None:
            self.reply_due = None

    def _content(self) -> None:
        self.turn_due = self.reply_due = None
        self.answered, self.waiting = True, False
        self.voiced_s = 0.0


def _is_aside(world: World, event: ev.PlayoutStarved) -> bool:
    return world.conversation.state.replies[event.reply].kind in MISSED_BY_NOBODY


def _phrases(step: Step) -> list[act.Synthesize]:
    return [a for a in found([step], act.Synthesize) if a.cached and a.text.strip()]


def check_patience(script: bytes) -> None:
    caller: list[Patience] = []

    def watch(world: World, step: Step) -> None:
        if not caller:
            caller.append(Patience(world))
        caller[0].take(world, step)

    world = play(script, lies=False, watch=watch, settings=patient_settings)
    world.wait(PATIENCE_S + 1)
    for patience in caller:
        patience.check(world.now)
