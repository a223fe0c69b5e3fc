"""Speakers who pause once and go on: the trials, and each as a call of its own.

Pauses are put between words in the middle of a phrase, or are those that the recordings have.
In a call the recogniser gives a final text 100 ms after each end of words; the voice detector
is the real one, time is virtual.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import utterances
from common import SETTINGS
from parley.core import actions as act
from parley.core import events as ev
from parley.runtime.stages import Stages
from parley.runtime.voice import Speech
from scripted import Caller, agent_for, work
from utterances import Trial

INSERTED = ("transcribed", "accented", "speakers", "commands", "telephony", "spontaneous")
NATURAL = {
    "calls": "lca",
    "conversations": "pvs2i",
    "read aloud": "so762",
}
HESITANT = ("disfluency", "backchannel_filler", "spontaneous")
SHORTEST_S, LONGEST_S = 0.3, 1.5
GOLDEN = 0.6180339887498949
TOGETHER = 16
PATIENCE_S = 4.0


@dataclass(slots=True)
class Watcher:
    """Notes when turns are committed and reopened, in the caller's seconds."""

    name = "watcher"
    caller: Caller | None = None
    committed: list[float] = field(default_factory=list)
    reopened: list[float] = field(default_factory=list)

    def step(self, at: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        assert self.caller is not None
        for action in actions:
            if isinstance(action, act.TurnCommitted):
                self.committed.append(self.caller.clock())
            elif isinstance(action, act.TurnReopened):
                self.reopened.append(self.caller.clock())


# Trials


def inserted(folder: Path, per_recording: int) -> Iterator[Trial]:
    """Pauses from `SHORTEST_S` to `LONGEST_S`, evenly spread over lengths and recordings."""
    number = 0
    for item in _spoken(folder, INSERTED):
        source = utterances.take(folder, item, "inserted")
        places = utterances.boundaries(source)
        count = min(per_recording, len(places))
        for place in (places[round((k + 0.5) * len(places) / count - 0.5)] for k in range(count)):
            number += 1
            length = SHORTEST_S + (LONGEST_S - SHORTEST_S) * (number * GOLDEN % 1)
            yield utterances.with_pause(source, place, length, work.LEAD)


def natural(folder: Path) -> Iterator[Trial]:
    """The pauses that recordings have, labelled or found by energy."""
    for item in utterances.manifest(folder):
        if (item.get("labels") or {}).get("internal_pauses") and item["category"] == "pause":
            stem = Path(item["file"]).stem
            group = next(g for g, prefix in NATURAL.items() if stem.startswith(prefix))
            yield from utterances.natural(utterances.take(folder, item, group), work.LEAD)
    for item in _spoken(folder, HESITANT):
        yield from utterances.natural(utterances.take(folder, item, "hesitant"), work.LEAD)


def _spoken(folder: Path, categories: Sequence[str]) -> Iterator[dict[str, Any]]:
    for item in utterances.manifest(folder):
        if item["category"] in categories and item["transcript"] and item["lang"] == "en":
            yield item


# Calls


async def _script(trial: Trial, caller: Caller) -> None:
    await caller.say(trial.pcm)
    await caller.answer(trial.end, PATIENCE_S)


async def call(trial: Trial, phrases: dict[str, tuple[Speech, ...]]) -> dict[str, Any]:
    """One trial's outcome; all times are the caller's seconds."""
    watcher = Watcher(Caller(partial(_script, trial), trial.room))
    assert watcher.caller is not None
    stages = partial(Stages, events=[watcher])
    agent = agent_for(trial.finals, phrases, SETTINGS, stages)
    await agent.voice.prepare(())
    outcome = await agent.take(watcher.caller)
    return {
        "name": trial.name,
        "group": trial.group,
        "pause": trial.pause,
        "end": trial.end,
        "committed": watcher.committed,
        "reopened": watcher.reopened,
        "sounds": [sound.begin for sound in watcher.caller.sounds],
        "reason": outcome.outcome.reason,
    }


async def calls(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """All trials, some at a time."""
    room, phrases = asyncio.Semaphore(TOGETHER), dict[str, tuple[Speech, ...]]()

    async def one(trial: Trial) -> dict[str, Any]:
        async with room:
            return await call(trial, phrases)

    return await asyncio.gather(*map(one, trials))
