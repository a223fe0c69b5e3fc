"""The latency of each turn, told while the call goes on."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from parley.core import actions as act
from parley.core import events as ev
from parley.core.conversation import VERSION
from parley.core.settings import Settings
from parley.core.trace import Step, Trace
from parley.owing import owe, settle
from parley.telemetry.waterfall import waterfall

log = logging.getLogger(__name__)

TURNS_KEPT = 3
"""The steps since so many turns suffice: a turn's words may be those of the one before."""


class LatencyWatch:
    """An event stage that tells a turn's latency once its answer begins to be heard.

    It is computed by a thread from the latest steps; `tell` gets the event on the loop.
    """

    name = "latency of the turns"

    def __init__(self, settings: Settings, tell: Callable[[dict[str, Any]], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._recent: deque[list[Step]] = deque([[]], maxlen=TURNS_KEPT)
        self._answers: set[int] = set()
        self._open = False

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        """Keep the step."""
        self._recent[-1].append(Step(now, event, tuple(actions)))
        for action in actions:
            match action:
                case act.StartReply():
                    self._answers.add(action.reply)
                case act.ReplyEnded():
                    self._answers.discard(action.reply)
                case act.TurnCommitted():
                    self._open = True
                    self._recent.append([])
                case act.TurnReopened():
                    self._open = False
        if self._open and isinstance(event, ev.PlayoutStarted) and event.reply in self._answers:
            self._open = False
            self._measure()

    def _measure(self) -> None:
        steps = tuple(step for turn in self._recent for step in turn)
        owe()
        done = self._loop.run_in_executor(None, partial(latest_latency, self._settings, steps))
        done.add_done_callback(self._measured)

    def _measured(self, done: "asyncio.Future[dict[str, Any] | None]") -> None:
        settle()
        if done.cancelled():
            return
        if error := done.exception():
            log.error("the latency of a turn could not be computed", exc_info=error)
        elif event := done.result():
            self._tell(event)


def latest_latency(settings: Settings, steps: tuple[Step, ...]) -> dict[str, Any] | None:
    """The event about the last turn of these steps, in milliseconds."""
    turns = waterfall(Trace(VERSION, settings, "", "", steps), simulated=False).turns
    if not turns:
        return None
    turn = turns[-1]
    parts = [(f.name.removesuffix("_s"), getattr(turn.parts, f.name)) for f in fields(turn.parts)]
    return {
        "type": "parley.latency",
        "turn": turn.turn,
        "response_ms": None if turn.response_s is None else round(1000 * turn.response_s, 1),
        "parts": [{"name": name, "ms": round(1000 * s, 1)} for name, s in parts if s],
    }
