"""A room with an echo."""

import asyncio

import numpy as np
import pytest

from parley.audio.formats import INBOUND, OUTBOUND
from parley.runtime.vtime import run_virtual
from parley.sim.interrupting import Habits, InterruptingCaller
from parley.sim.room import InRoom, Room, RoomSettings, impulse_response

CLICK = b"\x00\x40" + bytes(2 * 239)


def level(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(sound)) + 1e-9))


def echo(settings: RoomSettings, played: bytes, seconds: float = 1.0) -> np.ndarray:
    room, size = Room(settings), OUTBOUND.bytes_for(0.02)
    frames = [
        played[n * size : (n + 1) * size].ljust(size, b"\0") for n in range(int(seconds * 50))
    ]
    return np.concatenate([room.hear(frame, 320) for frame in frames])


def noise(seconds: float) -> bytes:
    rng = np.random.default_rng(1)
    white = rng.normal(0, 3000, round(seconds * OUTBOUND.sample_rate) + 3)
    return np.convolve(white, np.ones(4) / 2, "valid").astype("<i2").tobytes()


def test_an_echo_comes_after_its_delay_and_dies_away() -> None:
    heard = echo(RoomSettings(delay_s=0.05, t60_s=0.2, loss_db=6), CLICK)
    first = int(np.flatnonzero(np.abs(heard) > 50)[0]) / INBOUND.sample_rate
    assert first == pytest.approx(0.05, abs=0.004)
    assert level(heard[12_000:]) < level(heard[800:1600]) - 60


def test_the_loss_is_that_of_the_echo() -> None:
    assert np.sum(impulse_response(RoomSettings(loss_db=12)) ** 2) == pytest.approx(10**-1.2)
    soft, loud = (echo(RoomSettings(loss_db=loss), noise(1.0)) for loss in (20, 8))
    assert level(loud) - level(soft) == pytest.approx(12, abs=0.5)


def test_frames_make_no_seam() -> None:
    whole = Room(RoomSettings()).hear(noise(0.1), 1600)
    assert np.allclose(echo(RoomSettings(), noise(0.1), 0.1), whole, atol=1)


def test_a_loudspeaker_that_is_driven_too_far_is_no_longer_linear() -> None:
    played = noise(1.0)
    straight = echo(RoomSettings(), played)
    bent = echo(RoomSettings(distortion=1.0), played)
    part = float(straight @ bent / (straight @ straight))
    assert level(bent - part * straight) > level(bent) - 30


@pytest.mark.parametrize("ppm", [200, -200])
def test_clocks_that_run_apart(ppm: float) -> None:
    played = noise(5.0)
    apart = echo(RoomSettings(drift_ppm=ppm), played, 5.0)
    together = echo(RoomSettings(), played, 5.0)

    def late(at_s: int) -> int:
        at = at_s * 16_000
        part = apart[at : at + 1600]
        lags = [float(part @ together[at - k : at - k + 1600]) for k in range(600)]
        return int(np.argmax(lags))

    assert late(4) - late(1) == pytest.approx(-3 * 16_000 * ppm * 1e-6, abs=1)


def test_clocks_that_run_apart_make_no_seam() -> None:
    settings, played = RoomSettings(drift_ppm=200), noise(0.1)
    whole = Room(settings).hear(played, 1600)
    assert np.allclose(echo(settings, played, 0.1), whole, atol=1)


class Listener:
    """A call's side that keeps what it hears, and plays at the beginning."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.over = False

    def connected(self) -> None: ...
    def key(self, key: str) -> None: ...
    def marked(self, name: str) -> None: ...
    def drained(self) -> None: ...
    def talk(self) -> None: ...
    def talked(self, *, wanted: bool = True) -> None: ...
    def stop(self) -> None: ...

    def audio(self, pcm: bytes, played: bytes | None = None) -> None:
        self.heard.append(pcm)

    def disconnected(self) -> None:
        self.over = True


def loud(heard: list[bytes]) -> list[int]:
    """The frames in which something is heard."""
    return [n for n, pcm in enumerate(heard) if np.abs(np.frombuffer(pcm, "<i2")).max() > 200]


def test_what_a_transport_plays_comes_back_when_it_is_heard() -> None:
    side = Listener()
    dry = RoomSettings(delay_s=0.0, t60_s=0.01, loss_db=0)

    async def main() -> InRoom:
        it = InRoom(InterruptingCaller((), Habits(lasts_s=1.5)), Room(dry))
        call = asyncio.create_task(it.run(side))  # type: ignore[arg-type]
        await asyncio.sleep(0.2)
        it.play(noise(0.4), ())
        await asyncio.sleep(0.1)
        it.pause()
        await asyncio.sleep(0.3)
        it.resume()
        await asyncio.sleep(0.1)
        it.clear()
        await call
        assert it.position() == OUTBOUND.samples_in(noise(0.4))
        await it.close()
        return it

    it = run_virtual(main())
    assert not it.timing.cancels_echo
    assert side.over
    frames = loud(side.heard)
    assert set(range(11, 14)) <= set(frames) <= set(range(10, 17)) | set(range(30, 37))
    assert set(range(31, 34)) <= set(frames)


def test_a_caller_who_interrupts() -> None:
    side, voice = Listener(), noise(0.2)[: INBOUND.bytes_for(0.3)]
    caller = InterruptingCaller([voice], Habits(after_s=0.5, lasts_s=2.0))

    async def main() -> None:
        call = asyncio.create_task(caller.run(side))  # type: ignore[arg-type]
        await asyncio.sleep(0.1)
        caller.play(bytes(OUTBOUND.bytes_for(1.0)), ())
        await call

    run_virtual(main())
    ((start, end),) = caller.spoke
    assert start == pytest.approx(0.6, abs=0.05)
    assert end - start == pytest.approx(0.3)
    assert caller.sounding_s == pytest.approx(1.0, abs=0.05)
    assert min(loud(side.heard)) == pytest.approx(30, abs=2)
