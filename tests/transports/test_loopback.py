"""A caller without a network: recordings speak, and a perfect loudspeaker listens."""

import asyncio
from collections.abc import Callable

import pytest

from parley.audio.formats import INBOUND, OUTBOUND
from parley.runtime.vtime import run_virtual
from parley.transports.loopback import (
    BED_AMPLITUDE,
    FRAME_S,
    LoopbackTransport,
    Loudspeaker,
    Manners,
)

FRAME = INBOUND.bytes_for(FRAME_S)
RATE = OUTBOUND.sample_rate
LOUD = b"\x00\x20"


def recording(seconds: float) -> bytes:
    return LOUD * round(seconds * INBOUND.sample_rate)


class Call:
    """The call's side: keeps what it hears, and answers each recording."""

    def __init__(self, transport: LoopbackTransport, answer_s: float = 1.0) -> None:
        self.log: list[tuple[float, str]] = []
        self.frames: list[tuple[float, bytes]] = []
        self._transport = transport
        self._answer_s = answer_s
        self._speaking = False

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def connected(self) -> None:
        self.log.append((self.now(), "connected"))

    def disconnected(self) -> None:
        self.log.append((self.now(), "disconnected"))

    def marked(self, name: str) -> None:
        raise AssertionError("it sends no marks")

    def drained(self) -> None:
        raise AssertionError("it is asked for its position instead")

    def audio(self, pcm: bytes, played: bytes | None = None) -> None:
        self.frames.append((self.now(), pcm))
        speaking = pcm.startswith(LOUD)
        if self._speaking and not speaking and self._answer_s:
            asyncio.get_running_loop().call_later(0.5, self.answer)
        self._speaking = speaking

    def answer(self) -> None:
        self._transport.play(bytes(OUTBOUND.bytes_for(self._answer_s)), ())

    def speaks(self) -> list[tuple[float, float]]:
        """From when to when recordings are heard."""
        found: list[tuple[float, float]] = []
        for at, pcm in self.frames:
            if not pcm.startswith(LOUD):
                continue
            if found and at - found[-1][1] < 1.5 * FRAME_S:
                found[-1] = found[-1][0], at
            else:
                found.append((at - FRAME_S, at))
        return found


def carried(
    transport: LoopbackTransport, call: Call, before: Callable[[], None] = lambda: None
) -> list[str]:
    async def main() -> None:
        before()
        await transport.run(call)
        await transport.close()

    run_virtual(main())
    return [what for _, what in call.log]


def test_recordings_are_said_one_after_the_other() -> None:
    begun: list[int] = []
    transport = LoopbackTransport([recording(1.0), recording(0.5)], None, begun.append)
    call = Call(transport)
    assert carried(transport, call) == ["connected", "disconnected"]
    assert begun == [0, 1]
    (first, first_end), (second, second_end) = call.speaks()
    manners = Manners()
    assert first == pytest.approx(manners.first_s + manners.patience_s * 0, abs=0.021)
    assert first_end - first == pytest.approx(1.0, abs=0.021)
    assert second - first_end == pytest.approx(0.5 + 1.0 + manners.pause_s, abs=0.1)
    assert second_end - second == pytest.approx(0.5, abs=0.021)
    assert call.log[-1][0] - second_end == pytest.approx(0.5 + 1.0 + manners.pause_s, abs=0.1)


def test_a_greeting_is_listened_to() -> None:
    transport = LoopbackTransport([recording(0.5)])
    call = Call(transport, answer_s=3.0)
    carried(transport, call, before=lambda: asyncio.get_running_loop().call_later(0.1, call.answer))
    ((first, _),) = call.speaks()
    assert first == pytest.approx(0.1 + 3.0 + Manners().first_s, abs=0.05)


def test_who_is_not_answered_loses_patience() -> None:
    transport = LoopbackTransport([recording(0.5)], Manners(patience_s=4.0))
    call = Call(transport, answer_s=0.0)
    carried(transport, call)
    ((_, end),) = call.speaks()
    assert call.log[-1][0] - end == pytest.approx(4.0, abs=0.05)


def test_an_answer_with_pauses_is_heard_to_its_end() -> None:
    transport = LoopbackTransport([recording(0.5)], Manners(pause_s=1.0))

    class Pausing(Call):
        def answer(self) -> None:
            for at in (0.0, 1.5):  # of 0.9 s each
                asyncio.get_running_loop().call_later(at, super().answer)

    call = Pausing(transport, answer_s=0.9)
    carried(transport, call)
    ((_, end),) = call.speaks()
    assert call.log[-1][0] - end == pytest.approx(0.5 + 1.5 + 0.9 + 1.0, abs=0.1)


def test_frames_come_every_20_ms_on_an_absolute_clock() -> None:
    transport = LoopbackTransport([recording(0.507)])
    call = Call(transport)
    carried(transport, call)
    assert {len(pcm) for _, pcm in call.frames} == {FRAME}
    for n, (at, _) in enumerate(call.frames, 1):
        assert at == pytest.approx(n * FRAME_S, abs=1e-6)


def test_frames_that_are_late_are_caught_up() -> None:
    """A machine that was busy for a while makes the caller neither slower nor shorter."""
    transport = LoopbackTransport([recording(1.0)])

    class Busy(Call):
        def audio(self, pcm: bytes, played: bytes | None = None) -> None:
            super().audio(pcm)
            if len(self.frames) == 40:
                asyncio.get_running_loop().advance(0.3)  # type: ignore[attr-defined]

    call = Busy(transport)
    carried(transport, call)
    said = b"".join(pcm for _, pcm in call.frames)
    assert said.count(LOUD * 16_000) == 1
    assert call.frames[80][0] == pytest.approx(81 * FRAME_S, abs=1e-6)


def test_a_recording_that_ends_within_a_frame_goes_on_in_room_tone() -> None:
    transport = LoopbackTransport([recording(0.031)])
    call = Call(transport)
    carried(transport, call)
    said = [pcm for _, pcm in call.frames if pcm.startswith(LOUD)]
    whole = round(0.031 * INBOUND.sample_rate) * 2 - FRAME
    assert said[0] == LOUD * (FRAME // 2)
    assert said[1][:whole] == LOUD * (whole // 2)
    assert len(said[1]) == FRAME
    assert not said[1][whole:].startswith(LOUD)


def test_between_recordings_there_is_room_tone() -> None:
    """Not digital silence, which no telephone has; and the same each time."""
    tones = []
    for _ in range(2):
        transport = LoopbackTransport([])
        call = Call(transport)
        carried(transport, call)
        tones.append(b"".join(pcm for _, pcm in call.frames))
    assert tones[0] == tones[1]
    values = memoryview(tones[0]).cast("h")
    assert 0 < max(values) <= BED_AMPLITUDE
    assert -BED_AMPLITUDE <= min(values) < 0


# The loudspeaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def speaker(clock: Clock) -> Loudspeaker:
    return Loudspeaker(RATE, clock)


def test_it_plays_what_it_is_given_in_its_time(clock: Clock, speaker: Loudspeaker) -> None:
    assert not speaker.is_sounding
    speaker.play(RATE)
    assert speaker.is_sounding
    clock.now = 0.25
    assert speaker.position() == RATE // 4
    clock.now = 2.0
    assert speaker.position() == RATE
    assert not speaker.is_sounding


def test_time_without_audio_is_not_made_up_for(clock: Clock, speaker: Loudspeaker) -> None:
    clock.now = 10.0
    speaker.play(RATE)
    assert speaker.position() == 0
    clock.now = 10.5
    assert speaker.position() == RATE // 2


def test_it_stops_at_a_sample_and_goes_on_from_there(clock: Clock, speaker: Loudspeaker) -> None:
    speaker.play(RATE)
    clock.now = 0.1
    speaker.pause()
    clock.now = 5.0
    assert speaker.position() == RATE // 10
    assert not speaker.is_sounding
    speaker.resume()
    assert speaker.is_sounding
    clock.now = 5.2
    assert speaker.position() == RATE * 3 // 10


def test_what_is_given_in_a_pause_is_played_after_it(clock: Clock, speaker: Loudspeaker) -> None:
    speaker.pause()
    speaker.play(RATE)
    clock.now = 1.0
    assert speaker.position() == 0
    speaker.resume()
    clock.now = 2.0
    assert speaker.position() == RATE


def test_what_is_cleared_counts_as_passed(clock: Clock, speaker: Loudspeaker) -> None:
    speaker.play(RATE)
    clock.now = 0.1
    speaker.pause()
    speaker.clear()
    assert speaker.position() == RATE
    speaker.play(RATE)
    clock.now = 0.6
    assert speaker.position() == RATE + RATE // 2  # and a clear ends a pause


def test_steps_of_odd_lengths_lose_nothing(clock: Clock, speaker: Loudspeaker) -> None:
    speaker.play(10 * RATE)
    for n in range(1, 3001):
        clock.now = n / 1000 * 0.9871
        speaker.position()
    assert speaker.position() == pytest.approx(3 * 0.9871 * RATE, abs=1)
