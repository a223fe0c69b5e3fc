"""Echo: calls in simulated rooms, with and without the canceller, in virtual time.

    python bench/echo.py [--rooms N] [--out results/echo.json]

The agent speaks with the embedded voice; pocketsphinx and the voice detection are the real
ones. For each room two calls: one in which nobody but the agent speaks, and one in which
recorded people interrupt it. Without the canceller the transport is said to have one.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import sounds
from common import find_corpus
from parley.assistants.model import Assistant, MessagePlan, Model
from parley.audio import echo
from parley.audio.formats import INBOUND
from parley.audio.framing import samples_of
from parley.core import actions as act
from parley.core import events as ev
from parley.runtime.building import build_agent
from parley.runtime.vtime import run_virtual
from parley.sim.interrupting import Habits, InterruptingCaller
from parley.sim.room import InRoom, Room, RoomSettings

ROOMS = {
    "handset": RoomSettings(delay_s=0.01, t60_s=0.2, loss_db=20, seed=1),
    "laptop": RoomSettings(delay_s=0.04, t60_s=0.3, loss_db=12, seed=2),
    "speakerphone": RoomSettings(delay_s=0.06, t60_s=0.4, loss_db=6, seed=3),
    "far and live": RoomSettings(delay_s=0.12, t60_s=0.5, loss_db=12, seed=4),
    "far, live, loud": RoomSettings(delay_s=0.12, t60_s=0.5, loss_db=6, seed=5),
    "saturated": RoomSettings(delay_s=0.06, t60_s=0.4, loss_db=6, distortion=0.3, seed=6),
    "drifting clock": RoomSettings(delay_s=0.06, t60_s=0.4, loss_db=6, drift_ppm=100, seed=7),
}

HELD_OUT = {
    "desk": RoomSettings(delay_s=0.03, t60_s=0.3, loss_db=10, seed=21),
    "kitchen": RoomSettings(delay_s=0.07, t60_s=0.45, loss_db=7, seed=22),
    "late card": RoomSettings(delay_s=0.25, t60_s=0.35, loss_db=9, seed=23),
    "live and loud": RoomSettings(delay_s=0.12, t60_s=0.55, loss_db=6, seed=24),
    "overdriven": RoomSettings(delay_s=0.04, t60_s=0.3, loss_db=8, distortion=0.3, seed=25),
    "two clocks": RoomSettings(delay_s=0.04, t60_s=0.3, loss_db=8, drift_ppm=60, seed=26),
}
"""Rooms by which no margin was chosen; other people interrupt in them."""

NO_ECHO = RoomSettings(loss_db=80)
"""What the same calls are like without an echo, and without a canceller."""

TALK = (
    "Good morning, and thank you for calling. Before we begin I would like to tell you how this"
    " works. I can make an appointment for you, change one that you have, or cancel it.",
    "The practice is in the main street, across from the station, and it is open from eight in the"
    " morning until six in the evening. On Friday it closes at noon, and on Sunday all day.",
    "Please bring your insurance card and a list of the medicines that you take. If you have been"
    " here before, we know your address and your number, and there is nothing more to fill in.",
)

INTERRUPTING = ("interruption", "utterance")
"""The sounds by which the agent is interrupted, as `sounds` has them."""


@dataclass(slots=True)
class Watch:
    """What the core did, and when."""

    name = "watch"
    pauses: list[tuple[float, float]] = field(default_factory=list)
    yields: list[float] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    cleared: list[float] = field(default_factory=list)
    _since: float | None = None

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        for action in actions:
            match action:
                case act.PausePlayout():
                    self._since = now
                case act.ResumePlayout() | act.ClearPlayout():
                    if self._since is not None:
                        self.pauses.append((self._since, now))
                    self._since = None
                case act.FloorYielded():
                    self.yields.append(now)
                case act.TurnCommitted():
                    self.turns.append(action.text)


class Measured(echo.Hearing):
    """Keeps what came and what is left of it, and the time that it took."""

    made: ClassVar[list["Measured"]] = []

    def __init__(self, **settings: bool) -> None:
        super().__init__(**settings)
        self.taken: list[bytes] = []
        self.left: list[bytes] = []
        self.cpu_s = 0.0
        self.made.append(self)

    def process(self, now: float, pcm: bytes, played: bytes | None = None) -> bytes:
        began = time.thread_time()
        left = super().process(now, pcm, played)
        self.cpu_s += time.thread_time() - began
        self.taken.append(pcm)
        self.left.append(left)
        return left

    def erle_db(self) -> float:
        """The echo's energy against that of what is left of it, where there is an echo."""
        taken, left = (samples_of(b"".join(it)).astype(float) for it in (self.taken, self.left))
        blocks = min(len(taken), len(left)) // 160
        before, after = (
            np.mean(it[: blocks * 160].reshape(-1, 160) ** 2, axis=1) for it in (taken, left)
        )
        loud = before > 10 ** (-55 / 10) * 32768**2
        return float(10 * np.log10(before[loud].sum() / max(1.0, after[loud].sum())))


def assistant() -> Assistant:
    return Assistant(
        first_message=" ".join(TALK),
        model=Model(replies=[" ".join(TALK)]),
        message_plan=MessagePlan(
            idle_messages=list(TALK), idle_timeout_seconds=1, idle_message_max_spoken_count=10
        ),
        silence_timeout_seconds=600,
    )


async def call(
    room: RoomSettings, utterances: Sequence[bytes], *, cancel: bool, lasts_s: float
) -> tuple[Watch, InterruptingCaller, float]:
    agent = build_agent(assistant())
    watch, caller = Watch(), InterruptingCaller(utterances, Habits(lasts_s=lasts_s))
    try:
        await agent.start()
        began = asyncio.get_running_loop().time()
        await agent.take(InRoom(caller, Room(room), cancels=not cancel), watch=[watch])
    finally:
        await agent.close()
    return watch, caller, began


def alone(room: RoomSettings, *, cancel: bool, lasts_s: float) -> dict[str, Any]:
    """Nobody speaks but the agent."""
    Measured.made.clear()
    watch, caller, _ = run_virtual(call(room, (), cancel=cancel, lasts_s=lasts_s))
    paused = sum(end - start for start, end in watch.pauses)
    measured = Measured.made[0] if Measured.made else None
    return {
        "minutes": caller.sounding_s / 60,
        "pauses_a_minute": len(watch.pauses) / (caller.sounding_s / 60),
        "share_paused": paused / (paused + caller.sounding_s),
        "yields": len(watch.yields),
        "turns": len(watch.turns),
        "erle_db": measured and measured.erle_db(),
        "cpu_ms_per_10_ms": measured and 10 * measured.cpu_s / lasts_s,
    }


def interrupted(room: RoomSettings, voices: Sequence[bytes], *, cancel: bool) -> dict[str, Any]:
    """Recorded people interrupt: whether the floor is yielded within 2 s, and after how long."""
    lasts_s = 12.0 * len(voices)
    watch, caller, began = run_virtual(call(room, voices, cancel=cancel, lasts_s=lasts_s))
    delays, paused, false = [], [], 0
    spoke = [(start - began, end - began) for start, end in caller.spoke]
    for start, end in spoke:
        delays += [y - start for y in watch.yields if start < y < end + 1.0][:1]
        paused += [p - start for p, _ in watch.pauses if start - 0.1 < p < end + 1.0][:1]
    false = sum(not any(s < y < e + 1.0 for s, e in spoke) for y in watch.yields)
    return {
        "interruptions": len(spoke),
        "yielded": len(delays),
        "yield_s": sorted(delays),
        "pause_s": sorted(paused),
        "false_yields": false,
        "turns": len(watch.turns),
    }


def voices(count: int, *, held_out: bool = False) -> list[bytes]:
    """Recorded people from their first audible sample on, as loud as a typical caller."""
    half = "b" if held_out else "a"
    found = [it for it in sounds.all_of(find_corpus()) if it.half == half]
    groups = [[it for it in found if it.group == group] for group in INTERRUPTING]
    chosen = [group[n] for n in range(count) for group in groups if n < len(group)][:count]
    return [it.audio[round(it.onset * INBOUND.sample_rate) :].tobytes() for it in chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=len(ROOMS))
    parser.add_argument("--seconds", type=float, default=120.0, help="of each call without caller")
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--without", type=int, default=2, help="rooms without the canceller, too")
    parser.add_argument("--held-out", action="store_true", help="other rooms and people")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    echo.Hearing = Measured  # type: ignore[misc]
    people = voices(options.people, held_out=options.held_out)
    rooms = list((HELD_OUT if options.held_out else ROOMS).items())[: options.rooms]
    wanted = [("no echo", NO_ECHO, False), *((name, room, True) for name, room in rooms)]
    wanted += [(name, room, False) for name, room in rooms[: options.without]]
    rows = []
    for name, room, cancel in wanted:
        row: dict[str, Any] = {"room": name, "settings": asdict(room), "canceller": cancel}
        row["alone"] = alone(room, cancel=cancel, lasts_s=options.seconds)
        row["interrupted"] = interrupted(room, people, cancel=cancel)
        rows.append(row)
        print(line(row), flush=True)
    if options.out:
        options.out.write_text(json.dumps({"calls": rows}, indent=1) + "\n", encoding="utf-8")


def line(row: dict[str, Any]) -> str:
    it, dt = row["alone"], row["interrupted"]
    yield_ms, pause_ms = _spread(dt["yield_s"]), _spread(dt["pause_s"])
    cancelled = (
        f"ERLE {it['erle_db']:.0f} dB, {it['cpu_ms_per_10_ms']:.2f} ms" if it["erle_db"] else ""
    )
    return (
        f"{row['room']:16} {'with   ' if row['canceller'] else 'without'}"
        f" {it['pauses_a_minute']:5.1f} pauses/min, {it['share_paused']:6.1%} paused,"
        f" {it['yields']} yields, {it['turns']} turns;"
        f" interruptions {dt['yielded']}/{dt['interruptions']},"
        f" pause {pause_ms} ms, yield {yield_ms} ms, false {dt['false_yields']}; {cancelled}"
    )


def _spread(seconds: Sequence[float]) -> str:
    """The median and the 95th percentile, in ms."""
    return "/".join(f"{1000 * np.percentile(seconds, p):.0f}" for p in (50, 95)) if seconds else "-"


if __name__ == "__main__":
    main()
