"""Who takes the floor from an agent that speaks, and how soon it falls silent. In virtual time.

Each trial is a call of its own, through the whole runtime: the caller says something, the
agent answers with a long story, and in the middle of it a recorded sound comes in. The
recogniser is scripted (a word is known 100 ms after its end; of noise there are no words)
or the installed one, whose computing takes no virtual time, but some seconds a call. What was
learned of many voices was learned from the other half of the speakers. Prints two tables, writes
each call's outcome as JSON and, if wanted, a picture.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import crowds
import interruption_plots
import sounds
from common import SETTINGS, find_corpus
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import Settings
from parley.providers.protocols import (
    LlmPart,
    LlmRequest,
    LlmText,
    SpeechToText,
    SttCapabilities,
    SttOptions,
    SttResult,
)
from parley.providers.stt.embedded import ENGINES, EmbeddedName
from parley.runtime.building import heeding
from parley.runtime.responders import ModelResponder
from parley.runtime.stages import Stages
from parley.runtime.vtime import run_virtual
from parley.speech.crowd import Crowd
from parley.speech.silero import SileroVad
from parley.speech.vad import SharedVad
from scripted import Caller, ScriptLlm, agent_for
from sounds import RATE, Uttered
from stats import number, percentile, rate, table

STORY = "Once upon a time there was a miller who had three sons, a mill, a donkey and a cat. "
TOGETHER = 8
BEFORE_S, AFTER_S = 1.2, 2.0
OPENING = "Tell me a story."
ROOM_DBFS = -75.0
EARLY_S = 0.3
"""The detector may notice a sound before it is well audible."""

BETWEEN_S = 0.003
"""Texts come between two points of the voice detector's grid of 10 ms: which of two facts of one
instant comes first would be chance."""

TAKES = ("interruption", "utterance", "command")
SECTIONS = ("noise", *sounds.BABBLE, "somebody else", "echo", "listening")


class LiveStt:
    """Texts when the caller's script says so."""

    name = "scripted"
    capabilities = SttCapabilities(partials=True)

    def __init__(self) -> None:
        self._due: asyncio.Queue[SttResult] = asyncio.Queue()

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to release."""

    async def open(self, options: SttOptions) -> "LiveStt":
        return self

    def push(self, pcm: bytes) -> None:
        """The script does not listen."""

    def finalize(self) -> None:
        """The script sends its final texts by itself."""

    def later(self, segment: int, texts: Sequence[sounds.Text]) -> int:
        """Texts, each so many seconds from now; the number of the next segment."""
        for delay, text, final in texts:
            result = SttResult(segment, text, final=final)
            asyncio.get_running_loop().call_later(delay + BETWEEN_S, self._due.put_nowait, result)
            segment += final
        return segment

    async def __aiter__(self) -> AsyncIterator[SttResult]:
        while True:
            yield await self._due.get()


class StoryLlm(ScriptLlm):
    """A story that is longer than the call."""

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        for _ in range(12):
            yield LlmText(STORY)


@dataclass(slots=True)
class Watcher:
    """Notes the floor's changes, in the caller's seconds."""

    name = "watcher"
    caller: Caller | None = None
    floor: list[tuple[float, str, str]] = field(default_factory=list)

    def step(self, at: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        assert self.caller is not None
        for action in actions:
            if isinstance(action, act.PausePlayout):
                self.floor.append((self.caller.clock(), "pause", ""))
            elif isinstance(action, act.FloorKept | act.FloorYielded):
                kind = "keep" if isinstance(action, act.FloorKept) else "yield"
                self.floor.append((self.caller.clock(), kind, action.reason))


@dataclass(slots=True)
class Scene:
    """What the caller of one call does."""

    uttered: Uttered
    opening: sounds.Audio
    stt: LiveStt | None
    began: float = 0.0

    async def play(self, caller: Caller) -> None:
        segment = 0
        if self.stt and not self.uttered.first:
            segment = self.stt.later(0, [(len(self.opening) / RATE + 0.1, OPENING, True)])
        if not self.uttered.first:
            await caller.say(self.opening.tobytes())
        await caller.wait(lambda: caller.hears, 8.0)
        start = caller.clock() + BEFORE_S + len(self.uttered.name) % 10 / 20
        await caller.wait(lambda: caller.clock() >= start, 3.0)
        self.began = caller.clock()
        if self.stt:
            self.stt.later(segment, self.uttered.texts)
        await caller.say(self.uttered.audio.tobytes())
        await caller.wait(lambda: False, AFTER_S)


async def call(
    uttered: Uttered,
    opening: sounds.Audio,
    settings: Settings,
    local: SpeechToText | None,
    vad: SharedVad,
) -> dict[str, Any]:
    """One trial's outcome; times are seconds from the sound's first audible sample."""
    live = None if local else LiveStt()
    turns = replace(settings.turns, recognizer_partials=True)
    settings = replace(settings, turns=turns)
    if uttered.first:
        settings = replace(settings, greeting=12 * STORY)
    scene = Scene(uttered, opening, live)
    noise = np.random.default_rng(7).normal(0, 32768 * 10 ** (ROOM_DBFS / 20), RATE)
    watcher = Watcher(Caller(scene.play, noise.astype(np.int16)))
    assert watcher.caller is not None
    agent = replace(
        agent_for((), {}, settings, partial(Stages, events=[watcher])),
        stt=local or live,
        vad=vad,
        responder=partial(ModelResponder, StoryLlm(), instructions="You tell stories."),
    )
    await agent.voice.prepare((settings.greeting,) if settings.greeting else ())
    await agent.take(watcher.caller)
    onset = scene.began + uttered.onset
    heard = [(s.begin - onset, s.end - onset) for s in watcher.caller.sounds]
    return {
        "name": uttered.name,
        "group": uttered.group,
        "half": uttered.half,
        "seconds": len(uttered.audio) / RATE,
        "heard": heard,
        "floor": [
            (at - onset, kind, why) for at, kind, why in watcher.floor if at >= onset - EARLY_S
        ],
    }


async def calls(
    uttered: Sequence[Uttered],
    opening: sounds.Audio,
    settings: Settings,
    local: EmbeddedName | None,
) -> list[dict[str, Any]]:
    """All trials, some at a time. Each begins at a whole second: at the same place in the voice
    detector's grid, whichever calls came before it."""
    together = 4 if local else TOGETHER
    room = asyncio.Semaphore(together)
    stt = ENGINES[local](maximum=together, ready=together) if local else None
    vads = {h: SharedVad(SileroVad(), Crowd(w)) for h, w in crowds.held_out(find_corpus()).items()}
    if stt:
        turns = replace(
            settings.turns,
            recognizer_finalizes=True,
            finalize_after_s=stt.capabilities.finalize_after_s,
        )
        floor = heeding(settings.interruption, stt.capabilities)
        settings = replace(settings, turns=turns, interruption=floor)

    async def one(sound: Uttered) -> dict[str, Any]:
        async with room:
            await asyncio.sleep(-asyncio.get_running_loop().time() % 1.0)
            return await call(sound, opening, settings, stt, vads[sound.half])

    found = await asyncio.gather(*(one(sound) for sound in uttered))
    if stt:
        await stt.aclose()
    return found


# What it amounts to


def silent_after(trial: dict[str, Any]) -> float | None:
    """Until the last sample of the agent that is heard; None where it goes on."""
    ends = [
        max(0.0, end)
        for begin, end in trial["heard"]
        if begin < -EARLY_S and -EARLY_S <= end < trial["seconds"]
    ]
    return ends[0] if ends else None


def verdict(trial: dict[str, Any], kind: str) -> tuple[float, str] | None:
    return next(((at, why) for at, k, why in trial["floor"] if k == kind), None)


def pauses(trial: dict[str, Any]) -> list[float]:
    """How long each pause is that was for nothing."""
    lengths, began = [], None
    for at, kind, _ in trial["floor"]:
        if kind == "pause":
            began = at
        elif began is not None:
            lengths += [at - began] if kind == "keep" else []
            began = None
    return lengths


def summary(found: Sequence[dict[str, Any]]) -> str:
    rows = []
    for group in dict.fromkeys(trial["group"] for trial in found):
        some = [trial for trial in found if trial["group"] == group]
        if group not in SECTIONS:
            rows.append(_short(group, some))
    sections = [_section(g, [t for t in found if t["group"] == g]) for g in SECTIONS]
    head = (
        "sound",
        "n",
        "yields",
        *("silent p50", "p95", "yield p50", "p95", "keep p50", "paused"),
    )
    beds = ("bed", "minutes", "yields", "pauses a minute", "share paused")
    return table(head, rows) + "\n" + table(beds, [row for row in sections if row])


def _short(group: str, some: Sequence[dict[str, Any]]) -> list[str]:
    yields = [v[0] * 1e3 for t in some if (v := verdict(t, "yield"))]
    keeps = [v[0] * 1e3 for t in some if not verdict(t, "yield") and (v := verdict(t, "keep"))]
    silent = [s * 1e3 for t in some if (s := silent_after(t)) is not None]
    held = [sum(pauses(t)) * 1e3 for t in some if not verdict(t, "yield")]
    share = rate(len(yields), len(some))
    middle = [(silent, 50), (silent, 95), (yields, 50), (yields, 95), (keeps, 50), (held, 50)]
    return [group, str(len(some)), share, *(number(percentile(v, p)) for v, p in middle)]


def _section(group: str, some: Sequence[dict[str, Any]]) -> list[str] | None:
    if not some:
        return None
    minutes = sum(t["seconds"] for t in some) / 60
    yields = sum(verdict(t, "yield") is not None for t in some)
    lost = [length for t in some for length in pauses(t)]
    told = f"{yields} of {len(some)}"
    share = sum(lost) / 60 / minutes
    return [group, f"{minutes:.1f}", told, f"{len(lost) / minutes:.1f}", f"{share:.1%}"]


def draw(found: Sequence[dict[str, Any]], path: Path) -> None:
    """When real interruptions silence the agent and take the floor; what else does."""
    real = [trial for trial in found if trial["group"] in TAKES]
    delays = {
        "silent": [s * 1e3 for t in real if (s := silent_after(t)) is not None],
        "the floor is given": [v[0] * 1e3 for t in real if (v := verdict(t, "yield"))],
    }
    yields = {}
    for group in dict.fromkeys(trial["group"] for trial in found):
        some = [trial for trial in found if trial["group"] == group]
        yields[group] = sum(verdict(t, "yield") is not None for t in some), len(some)
    interruption_plots.draw(delays, yields, path)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the JSON goes")
    parser.add_argument("--plot", type=Path, help="where the picture goes")
    parser.add_argument("--local", choices=ENGINES, help="with an embedded recogniser")
    parser.add_argument("--half", choices=("a", "b", "ab"), default="ab", help="of the speakers")
    parser.add_argument("--group", action="append", help="only the sounds of this name; again")
    return parser.parse_args()


def material(half: str, groups: Sequence[str] | None) -> list[Uttered]:
    folder = find_corpus()
    found = [*sounds.all_of(folder), *sounds.crowded(folder), *sounds.sections(folder)]
    wanted: Callable[[Uttered], bool] = lambda u: not groups or u.group in groups  # noqa: E731
    return [u for u in found if u.half in half and wanted(u)]


def main() -> None:
    given = arguments()
    began = time.perf_counter()
    trials = material(given.half, given.group)
    print(f"{len(trials)} sounds after {time.perf_counter() - began:.0f} s", flush=True)
    opening = sounds.opening(find_corpus())
    found = run_virtual(calls(trials, opening, SETTINGS, given.local))
    given.out.write_text(json.dumps(found))
    print(summary(found))
    if given.plot:
        draw(found, given.plot)
    print(f"{len(found)} calls after {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
