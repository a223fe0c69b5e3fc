"""How often a speaker who pauses is cut off, and what patience costs. In virtual time.

Each trial is a call of its own: a caller speaks, pauses once, goes on, and waits for the
answer. Pauses are put between words in the middle of a phrase, or are those that the
recordings have. The recogniser gives a final text 100 ms after each end of words; the
voice detector is the real one. Writes what happened in each trial as JSON.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import utterances
from common import SETTINGS, find_corpus
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingSettings, Settings, TurnSettings
from parley.runtime.stages import Stages
from parley.runtime.voice import Speech
from parley.runtime.vtime import run_virtual
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


async def call(
    trial: Trial, settings: Settings, phrases: dict[str, tuple[Speech, ...]]
) -> dict[str, Any]:
    """One trial's outcome; all times are the caller's seconds."""
    watcher = Watcher(Caller(partial(_script, trial), trial.room))
    assert watcher.caller is not None
    stages = partial(Stages, events=[watcher])
    agent = agent_for(trial.finals, phrases, settings, stages)
    await agent.voice.prepare(())
    outcome = await agent.take(watcher.caller)
    return {
        "name": trial.name,
        "group": trial.group,
        "wait_s": settings.turns.wait_s,
        "pause": trial.pause,
        "end": trial.end,
        "committed": watcher.committed,
        "reopened": watcher.reopened,
        "sounds": [sound.begin for sound in watcher.caller.sounds],
        "reason": outcome.outcome.reason,
    }


POLICIES: dict[str, Callable[[TurnSettings], TurnSettings]] = {
    "silence": lambda turns: replace(turns, judges=False, ending=SILENCE),
    "words": lambda turns: replace(turns, judges=False),
    "sound": lambda turns: replace(turns, judges=True, ending=NO_WORDS),
    "both": lambda turns: turns,
}
"""What is evidence for the end of a turn; "both" is what Parley does by default."""

SILENCE = EndingSettings(shortest_s=1e9, longest_s=0.0)
BY_WORDS = ("open_end", "words", "hesitation", "dictation", "answer", "short_answer")
"""Weights of what is said; of these a version has some."""

NO_WORDS = EndingSettings(
    **{f.name: 0.0 for f in fields(EndingSettings) if f.name in (*BY_WORDS, "stop", "comma")}  # type: ignore[arg-type]
)


async def calls(
    trials: Sequence[Trial], waits: Sequence[float], policy: str
) -> list[dict[str, Any]]:
    """All trials with all waits, some at a time."""
    room, phrases = asyncio.Semaphore(TOGETHER), dict[str, tuple[Speech, ...]]()

    async def one(trial: Trial, wait_s: float) -> dict[str, Any]:
        turns = POLICIES[policy](replace(SETTINGS.turns, wait_s=wait_s))
        async with room:
            return await call(trial, replace(SETTINGS, turns=turns), phrases)

    return await asyncio.gather(*(one(trial, wait_s) for wait_s in waits for trial in trials))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the JSON goes")
    parser.add_argument("--wait", default="", help="seconds, comma-separated; empty: the default")
    parser.add_argument("--policy", choices=POLICIES, default="both", help="what counts")
    parser.add_argument("--per-recording", type=int, default=8, help="pauses put into each")
    parser.add_argument("--share", default="0/1", help="which part of the trials, as 0/2 or 1/2")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    folder, began = find_corpus(), time.perf_counter()
    share, shares = (int(n) for n in given.share.split("/"))
    waits = [float(w) for w in given.wait.split(",") if w] or [SETTINGS.turns.wait_s]
    trials = [*inserted(folder, given.per_recording), *natural(folder)][share::shares]
    print(f"{len(trials)} trials after {time.perf_counter() - began:.0f} s", flush=True)
    found = run_virtual(calls(trials, waits, given.policy))
    print(f"{len(found)} calls after {time.perf_counter() - began:.0f} s", flush=True)
    given.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
