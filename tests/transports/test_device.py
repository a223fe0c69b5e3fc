"""The sound card: what it plays and when, what it hears, and what may be missing."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from parley.audio.formats import OUTBOUND
from parley.errors import ConfigurationError, MissingExtraError, TransportError
from parley.runtime.vtime import run_virtual
from parley.transports import device
from parley.transports.device import SETTLE_S, WAITING_BLOCKS, DeviceTransport, Speaker

RATE = OUTBOUND.sample_rate


def ramp(count: int, start: int = 1) -> bytes:
    return np.arange(start, start + count, dtype="<i2").tobytes()


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


# The loudspeaker


def test_what_is_given_is_played_and_then_silence() -> None:
    speaker = Speaker(RATE, Clock())
    speaker.play(ramp(300))
    assert speaker.take(200, 10.0) == ramp(200)
    assert speaker.take(200, 10.0) == ramp(100, 201) + bytes(200)


def test_the_position_follows_the_device_clock() -> None:
    clock = Clock()
    speaker = Speaker(RATE, clock)
    speaker.play(ramp(480))
    for number in range(3):
        speaker.take(240, 10.05 + 0.01 * number)
    positions = []
    for clock.now in (10.0, 10.05, 10.055, 10.065, 10.2):
        positions.append(speaker.position())
    assert positions == [0, 0, 120, 360, 480]


def test_reports_of_time_that_jitter_are_smoothed_and_a_gap_is_followed() -> None:
    clock = Clock()
    speaker = Speaker(RATE, clock)
    speaker.play(ramp(24_000))
    for number in range(10):
        speaker.take(240, 10.0 + 0.01 * number + (0.008 if number % 2 else 0.0))
    clock.now = 10.095
    assert speaker.position() == pytest.approx(0.095 * RATE, abs=60)
    speaker.take(240, 11.0)
    clock.now = 10.999
    assert speaker.position() == 2400
    clock.now = 11.005
    assert speaker.position() == 2520


def test_a_pause_keeps_what_the_device_has_not_taken() -> None:
    clock = Clock()
    speaker = Speaker(RATE, clock)
    speaker.play(ramp(480))
    speaker.take(240, 10.0)
    speaker.pause()
    assert speaker.take(240, 10.01) == bytes(480)
    clock.now = 11.0
    assert speaker.position() == 240
    speaker.resume()
    assert speaker.take(240, 11.0) == ramp(240, 241)


def test_the_device_and_the_loop_never_touch_it_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[bool] = []

    class Watched:
        def __enter__(self) -> None:
            held.append(True)

        def __exit__(self, *_: object) -> None:
            """Nobody waits."""

    monkeypatch.setattr(device, "Lock", Watched)
    it = Speaker(RATE, Clock())
    for do in (lambda: it.play(ramp(4)), it.pause, lambda: it.take(2, 0.0), it.resume, it.clear):
        held.clear()
        do()
        assert held == [True]


def test_what_is_cleared_counts_as_passed() -> None:
    speaker = Speaker(RATE, Clock())
    speaker.play(ramp(480))
    speaker.take(240, 10.0)
    speaker.pause()
    speaker.clear()
    assert speaker.position() == 480
    speaker.play(ramp(10))
    assert speaker.take(10, 10.0) == ramp(10)
    assert speaker.position() == 480


def test_a_device_with_another_rate() -> None:
    speaker = Speaker(48_000, Clock())
    speaker.play(b"\x00\x10" * 2400)
    played = np.frombuffer(b"".join(speaker.take(960, 10.0) for _ in range(5)), "<i2")
    assert len(played) == 4800
    assert np.abs(played[400:4500] - 0x1000).max() < 100


# The devices


class Times:
    outputBufferDacTime = 0.0  # noqa: N815
    currentTime = 5.0  # noqa: N815


class Stream:
    """What sounddevice's streams are."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.samplerate = float(settings["samplerate"])
        self.latency = (0.02, 0.03)
        self.time = 5.0
        self.log: list[str] = []

    def start(self) -> None:
        self.log.append("start")

    def abort(self) -> None:
        self.log.append("abort")

    def close(self) -> None:
        self.log.append("close")


class Library:
    """What sounddevice is; `rates` are those that its devices take."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *rates: int) -> None:
        self.rates = rates
        self.streams: list[Stream] = []
        self.played: list[bytes] = []

    def RawStream(self, **settings: Any) -> Stream:
        if settings["samplerate"] not in self.rates:
            raise self.PortAudioError("Invalid sample rate")
        self.streams.append(Stream(**settings))
        return self.streams[0]

    def exchange(self, pcm: bytes) -> bytes:
        """Say this; what is played meanwhile."""
        data = bytearray(len(pcm))
        callback = self.streams[0].settings["callback"]
        callback(memoryview(pcm), memoryview(data), len(pcm) // 2, Times(), None)
        self.played.append(bytes(data))
        return bytes(data)


class Side:
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.played: list[bytes] = []
        self.is_connected = False
        self.told: list[str] = []

    def stop(self) -> None:
        self.told.append("stop")

    def talk(self) -> None:
        self.told.append("talk")

    def talked(self, *, wanted: bool = True) -> None:
        self.told.append("talked")

    def connected(self) -> None:
        self.is_connected = True

    def audio(self, pcm: bytes, played: bytes | None = None) -> None:
        assert played is not None
        assert len(played) == len(pcm)
        self.heard.append(pcm)
        self.played.append(played)


Do = Callable[[DeviceTransport, Side], Awaitable[None]]


def call(library: Library, do: Do, *, push_to_talk: bool = False) -> Side:
    side = Side()

    async def main() -> None:
        transport = DeviceTransport(library, push_to_talk=push_to_talk)
        transport.talk()
        transport.talked()
        running = asyncio.create_task(transport.run(side))  # type: ignore[arg-type]
        await asyncio.sleep(SETTLE_S + 0.1)
        try:
            await do(transport, side)
            await running
        finally:
            await transport.close()
            running.cancel()

    run_virtual(main())
    return side


def test_a_call_over_the_sound_card() -> None:
    library = Library(16_000)

    async def do(transport: DeviceTransport, side: Side) -> None:
        assert side.is_connected
        transport.play(b"\x00\x10" * 2400, ())
        for _ in range(10):
            library.exchange(ramp(160))
        await asyncio.sleep(0)
        library.streams[0].time = 6.0
        assert transport.position() == 2400
        assert not transport.timing.cancels_echo
        assert transport.timing.latency_s == 0.03
        transport.pause()
        transport.resume()
        transport.clear()
        transport.hang_up()

    side = call(library, do)
    assert side.heard == [ramp(160)] * 10
    assert side.played == library.played
    assert np.abs(np.frombuffer(side.played[5], "<i2") - 0x1000).max() < 100
    assert library.streams[0].log == ["start", "abort", "close"]


def test_who_pushes_to_talk_is_heard_then_only() -> None:
    library = Library(16_000)

    async def do(transport: DeviceTransport, side: Side) -> None:
        assert transport.timing.push_to_talk
        transport.talked()
        for number, turn in enumerate((transport.talk, transport.talk, transport.talked)):
            library.exchange(ramp(320, number + 1))
            await asyncio.sleep(0)
            turn()
        transport.talked()
        library.exchange(ramp(320, 9))
        await asyncio.sleep(0)
        transport.hang_up()

    side = call(library, do, push_to_talk=True)
    assert side.heard == [ramp(320, 2), ramp(320, 3)]
    assert side.told == ["stop", "talk", "talked"]


def test_who_does_not_always_talks() -> None:
    async def do(transport: DeviceTransport, side: Side) -> None:
        transport.talk()
        transport.talked()
        transport.hang_up()

    assert call(Library(16_000), do).told == []


def test_a_loop_that_does_not_keep_up_loses_blocks_and_not_its_memory() -> None:
    library = Library(16_000)

    async def do(transport: DeviceTransport, side: Side) -> None:
        for _ in range(WAITING_BLOCKS + 3):
            library.exchange(ramp(160))
        assert transport.lost == 3
        await asyncio.sleep(0.1)
        library.exchange(ramp(160))
        await asyncio.sleep(0.1)
        assert transport.lost == 3
        transport.hang_up()

    assert len(call(library, do).heard) == WAITING_BLOCKS + 1


@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_an_echo_is_equally_late_at_any_rate(rate: int) -> None:
    library = Library(rate)

    async def do(transport: DeviceTransport, side: Side) -> None:
        rng, block = np.random.default_rng(1), rate // 100
        transport.play(rng.integers(-9000, 9000, 12_000).astype("<i2").tobytes(), ())
        back = bytes(6 * block)
        for _ in range(60):
            back += library.exchange(back[: 2 * block])
            back = back[2 * block :]
        await asyncio.sleep(0)
        transport.hang_up()

    side = call(library, do)
    heard, played = (np.frombuffer(b"".join(it), "<i2") for it in (side.heard, side.played))
    assert len(heard) == pytest.approx(9600, abs=40)
    assert np.abs(heard[480 + 100 :].astype(int) - played[100:-480]).max() <= 100


def test_a_card_that_is_pulled_out_breaks_the_call() -> None:
    library = Library(48_000)

    async def do(transport: DeviceTransport, side: Side) -> None:
        library.streams[0].settings["finished_callback"]()

    with pytest.raises(TransportError, match="sound card has stopped"):
        call(library, do)


def test_without_a_device_it_says_what_to_do() -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=r"no microphone.*libasound2-plugins"):
            DeviceTransport(Library())

    asyncio.run(main())


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingExtraError, match=r"parley\[talk\]"):
        device.sound_library()


def test_without_portaudio_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(device, "import_module", missing)
    with pytest.raises(ConfigurationError, match="apt-get install libportaudio2"):
        device.sound_library()


def test_with_both_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setattr(device, "import_module", lambda name: library)
    assert device.sound_library() is library
