"""The line on which the agent's own voice comes back, as a call without headphones has it.

The agent has been speaking for some seconds, and its reply goes on for the first half second of
the caller's talk. What its loudspeaker plays comes back through a simulated room, one of seven,
and goes through the canceller together with the caller, with what was played as the reference: as
`transports.device` has it. The trial is what the canceller has left. Everything is the same
in every run.
"""

import asyncio
from functools import cache

import numpy as np

from echo import ROOMS, TALK
from parley.audio.echo import Hearing
from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.framing import samples_of
from parley.audio.mixing import mixed
from parley.audio.resampling import resample
from parley.providers import registry
from parley.runtime.voice import Voice
from parley.sim.room import Room, RoomSettings
from utterances import RATE, Audio

BEFORE_S = 8.0
"""How long the agent has been speaking: the canceller knows the room by then."""

OVERLAP_S = 0.5
"""How long it speaks on while the caller does."""

FRAME_S = 0.02


def echoed(audio: Audio, begins_s: float, seed: int) -> Audio:
    """What is left, as long as the trial, whose caller begins to speak at `begins_s`."""
    rooms = list(ROOMS.values())
    lasts_s = BEFORE_S + begins_s + OVERLAP_S
    played = _reply(seed % len(TALK))[-OUTBOUND.bytes_for(lasts_s) :]
    silence = np.zeros(round(BEFORE_S * RATE), np.int16)
    caller = np.concatenate([silence, audio, np.zeros(RATE // 50, np.int16)])
    left = _cancelled(caller, played, rooms[seed % len(rooms)])
    return left[len(silence) : len(silence) + len(audio)]


def _cancelled(caller: Audio, played: bytes, room: RoomSettings) -> Audio:
    acoustics, hearing, left = Room(room), Hearing(), []
    far = resample(played, OUTBOUND.sample_rate, INBOUND.sample_rate)
    said = caller.astype("<i2").tobytes()
    size, given = INBOUND.bytes_for(FRAME_S), OUTBOUND.bytes_for(FRAME_S)
    for number in range(-(-len(said) // size)):
        voice, reference = (
            sound[number * size : (number + 1) * size].ljust(size, b"\0") for sound in (said, far)
        )
        sounding = played[number * given : (number + 1) * given].ljust(given, b"\0")
        taken = mixed(voice, acoustics.hear(sounding, size // 2))
        left.append(hearing.process((number + 1) * FRAME_S, taken, reference))
    return samples_of(b"".join(left))


@cache
def _reply(first: int) -> bytes:
    """What the agent says: at least ten seconds, with the voice that needs no model."""
    return asyncio.run(_speak(" ".join([*TALK[first:], *TALK[:first]])))


async def _speak(text: str) -> bytes:
    voice = Voice(registry.create("tts", "embedded"))
    try:
        return b"".join([speech.pcm async for speech in voice.speak(text)])
    finally:
        await voice.tts.aclose()
