"""What `parley talk` shows while a call lasts: a level, who has the floor, and the words."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from parley.core import actions as act
from parley.core import events as ev

LINES = 12
"""Lines of the conversation that are kept in sight."""

METER_DB, METER_WIDTH = 60.0, 30
"""The range below full scale that the meter shows, and its width in characters."""


class Microphone:
    """An audio stage: the meter, and the switch that mutes. It runs after the canceller."""

    name = "microphone"

    def __init__(self) -> None:
        self.muted = False
        self.level_db = -METER_DB

    def process(self, pcm: bytes) -> bytes:
        """The audio, or silence while muted."""
        sound = np.frombuffer(pcm, "<i2").astype(np.float64)
        power = float(sound @ sound) / max(1, len(sound)) / 32768**2
        self.level_db = max(-METER_DB, 10 * float(np.log10(power + 1e-12)))
        return bytes(len(pcm)) if self.muted else pcm

    def silence(self) -> None:
        """Nothing is heard for now."""
        self.level_db = -METER_DB


class TalkView:
    """An event stage that keeps what is to be seen; rich draws it in a thread of its own."""

    name = "talk view"

    def __init__(self, microphone: Microphone, *, push_to_talk: bool = False) -> None:
        self.latencies: list[float] = []
        self._talking = False
        self._push_to_talk = push_to_talk
        self._microphone = microphone
        self._lines: deque[Text] = deque(maxlen=LINES)
        self._floor = "nobody"
        self._partial = ""
        self._spans: dict[tuple[int, int], str] = {}
        self._heard: dict[tuple[int, int], int] = {}
        self._turns: dict[int, Text] = {}
        self._since: float | None = None
        self._started: set[int] = set()
        self._answers: set[int] = set()

    def __rich__(self) -> RenderableType:
        return Group(*list(self._lines), *self._saying(), Text(), self._status())

    def _saying(self) -> list[Text]:
        """What is being said: what of the reply was heard until now, and the partial caption."""
        heard = [self._spans.get(key, "")[:count] for key, count in sorted(self._heard.items())]
        spoken = "".join(
            b if a[-1:].isspace() or b[:1].isspace() else f" {b}" for a, b in pairwise(["", *heard])
        )
        shown = [_line("agent", spoken.strip(), "green")] if spoken.strip() else []
        return shown + ([_line("you", f"{self._partial} …", "dim")] if self._partial else [])

    def _status(self) -> Text:
        part = 1 + self._microphone.level_db / METER_DB
        bar = round(METER_WIDTH * max(0.0, min(1.0, part)))
        meter = "muted".ljust(METER_WIDTH) if self._microphone.muted else "█" * bar
        status = Text(f"{meter:<{METER_WIDTH}} ", style="red" if self._microphone.muted else "cyan")
        status.append(f" {self._floor:<14}", style="bold")
        if self.latencies:
            status.append(f" answered in {self.latencies[-1] * 1000:.0f} ms ", style="yellow")
        keys = "q hangs up, m mutes"
        if self._push_to_talk:
            keys = f"space {'sends' if self._talking else 'talks'}, {keys}"
        return status.append(f"  {keys}", style="dim")

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        """Keep what has changed."""
        self._note_voice(event)
        self._note_event(event)
        for action in actions:
            self._note_action(action)

    def _note_voice(self, event: ev.Event) -> None:
        """A voice says nothing where a key tells who talks."""
        match event:
            case ev.TalkStarted():
                self._talking, self._floor = True, "you talk"
            case ev.TalkEnded():
                self._talking, self._floor = False, "you have talked"
            case ev.SpeechStarted() if not self._push_to_talk:
                self._floor = "you speak"
            case ev.SpeechStopped() if not self._push_to_talk:
                self._floor = "you pause"

    def _note_event(self, event: ev.Event) -> None:
        match event:
            case ev.Transcript():
                self._partial = "" if event.final else event.text
            case ev.PlayoutStarted():
                self._floor = "agent speaks"
                if self._since is not None and event.reply in self._answers:
                    self.latencies.append(max(0.0, event.at - self._since))
                    self._since = None
            case ev.PlayoutFinished():
                self._floor = "nobody"
            case ev.Heard():
                self._heard[event.reply, event.span] = event.chars

    def _note_action(self, action: act.Action) -> None:
        match action:
            case act.TurnCommitted():
                self._partial, self._floor = "", "agent thinks"
                self._since, self._answers = action.at, set()
                self._turns[action.turn] = _line("you", action.text, "bold cyan")
                self._lines.append(self._turns[action.turn])
            case act.TurnReopened():
                self._reopen(action)
            case act.StartReply():
                self._started.add(action.reply)
            case act.PromoteReply() if action.reply in self._started:
                self._answers.add(action.reply)
            case act.Synthesize():
                self._spans[action.reply, action.span] = action.text
            case act.ReplyEnded():
                self._end(action)
            case act.ResumePlayout():
                self._floor = "agent speaks"
            case act.EndCall():
                self._lines.append(_line("call", f"ends: {action.reason}", "bold"))

    def _reopen(self, action: act.TurnReopened) -> None:
        """The words are shown with the turn that they join."""
        self._since, gone = None, self._turns.pop(action.turn, None)
        self._lines = deque((line for line in self._lines if line is not gone), LINES)

    def _end(self, action: act.ReplyEnded) -> None:
        self._started.discard(action.reply)
        if action.outcome == "cancelled" and action.reply in self._answers:
            self._since = None
        for kept in (self._spans, self._heard):
            for key in [key for key in kept if key[0] == action.reply]:
                del kept[key]
        if action.heard:
            mark = " ✂" if action.outcome == "cancelled" else ""
            self._lines.append(_line("agent", action.heard + mark, "bold green"))


def _line(who: str, what: str, style: str) -> Text:
    return Text(f"{who:>7}  ").append(what, style=style)
