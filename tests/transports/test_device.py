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
from parley.transports.device import SETTLE_S, WAITING_FRAMES, DeviceTransport, Speaker

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
        self.latency = 0.03
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

    def __init__(self, inputs: tuple[int, ...] = (16_000,), outputs: tuple[int, ...] = (24_000,)):
        self.rates = {"in": inputs, "out": outputs}
        self.streams: dict[str, Stream] = {}

    def _open(self, which: str, settings: dict[str, Any]) -> Stream:
        if settings["samplerate"] not in self.rates[which]:
            raise self.PortAudioError("Invalid sample rate")
        self.streams[which] = Stream(**settings)
        return self.streams[which]

    def RawInputStream(self, **settings: Any) -> Stream:
        return self._open("in", settings)

    def RawOutputStream(self, **settings: Any) -> Stream:
        return self._open("out", settings)

    def speak(self, pcm: bytes) -> None:
        self.streams["in"].settings["callback"](pcm, len(pcm) // 2, Times(), None)

    def listen(self, samples: int) -> bytes:
        data = bytearray(2 * samples)
        self.streams["out"].settings["callback"](memoryview(data), samples, Times(), None)
        return bytes(data)


class Side:
    def __init__(self) -> None:
        self.heard: list[bytes] = []
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

    def audio(self, pcm: bytes) -> None:
        self.heard.append(pcm)


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
    library = Library()

    async def do(transport: DeviceTransport, side: Side) -> None:
        assert side.is_connected
        library.speak(ramp(320))
        transport.play(ramp(480), ())
        assert library.listen(480) == ramp(480)
        await asyncio.sleep(0)
        library.streams["out"].time = 6.0
        assert transport.position() == 480
        assert not transport.timing.cancels_echo
        assert transport.timing.latency_s == 0.03
        transport.pause()
        transport.resume()
        transport.clear()
        transport.hang_up()

    assert call(library, do).heard == [ramp(320)]
    assert [s.log for s in library.streams.values()] == [["start", "abort", "close"]] * 2


def test_who_pushes_to_talk_is_heard_then_only() -> None:
    library = Library()

    async def do(transport: DeviceTransport, side: Side) -> None:
        assert transport.timing.push_to_talk
        transport.talked()
        for number, turn in enumerate((transport.talk, transport.talk, transport.talked)):
            library.speak(ramp(320, number + 1))
            await asyncio.sleep(0)
            turn()
        transport.talked()
        library.speak(ramp(320, 9))
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

    assert call(Library(), do).told == []


def test_a_loop_that_does_not_keep_up_loses_frames_and_not_its_memory() -> None:
    library = Library()

    async def do(transport: DeviceTransport, side: Side) -> None:
        for _ in range(WAITING_FRAMES + 3):
            library.speak(ramp(320))
        assert transport.lost == 3
        await asyncio.sleep(0.1)
        library.speak(ramp(320))
        await asyncio.sleep(0.1)
        assert transport.lost == 3
        transport.hang_up()

    assert len(call(library, do).heard) == WAITING_FRAMES + 1


def test_devices_that_insist_on_another_rate() -> None:
    library = Library(inputs=(44_100,), outputs=(48_000,))

    async def do(transport: DeviceTransport, side: Side) -> None:
        for _ in range(10):
            library.speak(ramp(882))
        transport.play(bytes(960), ())
        assert len(library.listen(960)) == 1920
        await asyncio.sleep(0)
        transport.hang_up()

    heard = call(library, do).heard
    assert sum(map(len, heard)) // 2 == pytest.approx(3200, abs=40)


def test_a_card_that_is_pulled_out_breaks_the_call() -> None:
    library = Library()

    async def do(transport: DeviceTransport, side: Side) -> None:
        library.streams["in"].settings["finished_callback"]()

    with pytest.raises(TransportError, match="sound card has stopped"):
        call(library, do)


@pytest.mark.parametrize(
    ("library", "missing"),
    [(Library(inputs=()), "no microphone"), (Library(outputs=()), "no loudspeaker")],
)
def test_without_a_device_it_says_what_to_do(library: Library, missing: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=f"{missing}.*libasound2-plugins"):
            DeviceTransport(library)

    asyncio.run(main())
    assert all(stream.log == ["close"] for stream in library.streams.values())


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
