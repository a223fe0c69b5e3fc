"""The canceller: an echo goes, a caller stays."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from parley.audio import adaptive, echo
from parley.audio.adaptive import BLOCK, PARTITIONS, AdaptiveFilter
from parley.audio.echo import Hearing, HearingSettings, check, hearing_for
from parley.audio.formats import OUTBOUND
from parley.errors import MissingExtraError
from parley.sim.room import Room, RoomSettings, impulse_response

FRAME_S = 0.02
LAPTOP = RoomSettings(delay_s=0.04, t60_s=0.2, loss_db=10)


def babble(seconds: float, rate: int, seed: int, level_db: float = -20.0) -> np.ndarray:
    """Noise in syllables: 4 Hz, with a pause every second."""
    rng, times = np.random.default_rng(seed), np.arange(round(seconds * rate)) / rate
    smooth = np.convolve(rng.standard_normal(len(times)), np.ones(8) / np.sqrt(8), "same")
    envelope = np.abs(np.sin(4 * np.pi * times)) * (times % 1.0 < 0.8)
    return smooth * envelope * 32768 * 10 ** (level_db / 20)


def pcm(sound: np.ndarray) -> bytes:
    return np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes()


def level(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(sound.astype(float))) + 1e-9) - 90.3)


def call(
    hearing: Hearing,
    agent: np.ndarray,
    caller: np.ndarray,
    *rooms: RoomSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """What the microphone took, and what was left of it, at 16 kHz; the rooms in equal parts."""
    acoustics, played = [Room(room) for room in rooms or (LAPTOP,)], pcm(agent)
    size, taken, left = OUTBOUND.bytes_for(FRAME_S), [], []
    noise = np.random.default_rng(3)
    for n in range(len(caller) // 320):
        frame = played[n * size : (n + 1) * size]
        echoes = [room.hear(frame.ljust(size, b"\0"), 320) for room in acoustics]
        near = caller[n * 320 : (n + 1) * 320] + echoes[n * 320 * len(echoes) // len(caller)]
        taken.append(pcm(near + noise.normal(0, 6, 320)))
        if hearing.far is not None:
            ahead = played[n * size : n * size + 2 * size]
            hearing.far.played(n * FRAME_S, ahead)
        left.append(hearing.process((n + 1) * FRAME_S, taken[-1]))
    return (np.frombuffer(b"".join(parts), "<i2") for parts in (taken, left))  # type: ignore[return-value]


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, echo.MODULE, None)


def test_an_echo_alone_is_taken_out_from_the_beginning() -> None:
    taken, left = call(Hearing(), babble(6.0, 24_000, 1), np.zeros(6 * 16_000))
    assert level(taken) > -40
    assert level(left[: 16_000 * 2]) < -60
    assert level(left[16_000 * 2 :]) < -65


def test_who_speaks_at_the_same_time_is_heard() -> None:
    caller = np.zeros(8 * 16_000)
    caller[4 * 16_000 :] = babble(4.0, 16_000, 2, level_db=-24)
    _, left = call(Hearing(), babble(8.0, 24_000, 1), caller)
    spoken = slice(4 * 16_000, 8 * 16_000)
    assert level(left[spoken]) == pytest.approx(level(caller[spoken]), abs=4)


def test_who_is_as_loud_as_the_echo_passes_at_once_and_unharmed() -> None:
    begin, room = 7 * 16_000 + 3200, RoomSettings(delay_s=0.06, t60_s=0.3, loss_db=6)
    caller = np.zeros(9 * 16_000)
    caller[begin : begin + 16_000] = babble(1.0, 16_000, 2, level_db=-22)
    taken, left = call(Hearing(), babble(9.0, 24_000, 1, level_db=-12), caller, room)
    assert level(taken[begin - 16_000 : begin]) > level(caller[begin:]) - 3
    assert level(left[begin - 16_000 : begin]) < -65
    first = slice(begin, begin + 8_000)
    assert level(left[first] - caller[first]) < level(caller[first]) - 12


def test_where_nobody_plays_the_caller_passes() -> None:
    caller = babble(2.0, 16_000, 2)
    _, left = call(Hearing(), np.zeros(0), caller)
    assert level(left) == pytest.approx(level(caller), abs=2)


def test_a_room_that_changes_is_learnt_anew() -> None:
    other = RoomSettings(delay_s=0.02, t60_s=0.3, loss_db=8, seed=9)
    taken, left = call(Hearing(), babble(10.0, 24_000, 1), np.zeros(160_000), LAPTOP, other)
    assert level(taken[112_000:]) > -40
    assert level(left[112_000:]) < -55


def test_an_echo_that_is_later_than_the_filter_reaches_is_taken_out() -> None:
    hearing = Hearing()
    room = RoomSettings(delay_s=0.4, t60_s=0.2, loss_db=6)
    taken, left = call(hearing, babble(8.0, 24_000, 1), np.zeros(128_000), room)
    assert level(taken[80_000:]) > -40
    assert level(left[80_000:]) < -65
    assert hearing.canceller is not None
    assert hearing.canceller.delay_blocks == pytest.approx(38, abs=2.5)
    assert hearing.canceller.filter_starts >= 1


def test_a_transport_that_knows_what_it_played_meanwhile_is_believed() -> None:
    hearing, sound = Hearing(), pcm(babble(6.0, 16_000, 1))
    late = bytes(2 * 1600) + sound
    left = b"".join(
        hearing.process(0.0, late[at : at + 640], sound[at : at + 640])
        for at in range(0, len(sound), 640)
    )
    assert level(np.frombuffer(late, "<i2")) > -40
    assert level(np.frombuffer(left, "<i2")[48_000:]) < -65


@pytest.mark.parametrize("ppm", [100, -100])
def test_where_two_clocks_run_apart_the_echo_is_taken_out(ppm: float) -> None:
    room = RoomSettings(delay_s=0.04, t60_s=0.3, loss_db=8, drift_ppm=ppm)
    taken, left = call(Hearing(), babble(14.0, 24_000, 1), np.zeros(14 * 16_000), room)
    assert level(taken) > -40
    assert level(left[32_000:]) < -65


def test_a_pause_that_is_known_late_lets_no_echo_pass() -> None:
    sound, hearing, late = babble(10.0, 16_000, 1), Hearing(), 3200 // 10
    heard, told = sound.copy(), sound.copy()
    for begin in range(97_600, 150_000, 16_000):
        heard[begin : begin + 4800] = 0.0
        told[begin + late : begin + 4800 + late] = 0.0
    near, far = bytes(2 * 960) + pcm(heard / 2), pcm(told)
    left = b"".join(
        hearing.process(0.0, near[at : at + 640], far[at : at + 640])
        for at in range(0, len(far), 640)
    )
    assert level(np.frombuffer(left, "<i2")[96_000:]) < -60


def test_frames_of_any_length() -> None:
    hearing = Hearing()
    sizes = [100, 60, 159, 1, 500, 0, 300]
    got = [len(hearing.process(0.02, bytes(2 * size))) // 2 for size in sizes]
    assert got == [0, 160, 0, 160, 480, 0, 320]


def test_noise_is_suppressed_and_a_soft_caller_is_made_louder() -> None:
    noise = np.random.default_rng(4).normal(0, 300, 3 * 16_000)
    hearing = Hearing(echo=False, suppress_noise=True)
    assert hearing.far is None
    _, left = call(hearing, np.zeros(0), noise)
    assert level(left[32_000:]) < level(noise) - 6
    gained = Hearing(echo=False, control_gain=True)
    assert len(gained.process(0.02, bytes(640))) == 640


# Who gets one


def test_where_the_transport_sees_to_it_there_is_nothing_to_do() -> None:
    assert hearing_for(HearingSettings(), cancels_echo=True) is None
    assert hearing_for(HearingSettings(echo="off"), cancels_echo=False) is None


def test_where_it_does_not_the_echo_is_cancelled() -> None:
    for settings, cancels in ((HearingSettings(), False), (HearingSettings(echo="on"), True)):
        hearing = hearing_for(settings, cancels_echo=cancels)
        assert hearing is not None
        assert hearing.far is not None


def test_noise_may_be_suppressed_without_cancelling() -> None:
    hearing = hearing_for(HearingSettings(suppress_noise=True), cancels_echo=True)
    assert hearing is not None
    assert hearing.far is None


@pytest.mark.usefixtures("without_the_extra")
def test_without_the_extra_auto_does_nothing_and_on_says_what_to_install() -> None:
    assert hearing_for(HearingSettings(), cancels_echo=False) is None
    check(HearingSettings())
    for wanted in (
        HearingSettings(echo="on"),
        HearingSettings(suppress_noise=True),
        HearingSettings(control_gain=True),
    ):
        with pytest.raises(MissingExtraError, match=r"parley\[echo\]"):
            check(wanted)


# The linear filter


def blocks(sound: np.ndarray) -> Iterator[np.ndarray]:
    return (sound[at : at + BLOCK] for at in range(0, len(sound) - BLOCK + 1, BLOCK))


def test_the_filter_learns_a_path_while_somebody_speaks() -> None:
    far = babble(12.0, 16_000, 1, level_db=-10) / 32768
    echoed = 0.5 * np.concatenate([np.zeros(700), far[:-700]])
    caller = babble(12.0, 16_000, 2, level_db=-30) / 32768
    it, left = AdaptiveFilter(), []
    for near, played in zip(blocks(echoed + caller), blocks(far), strict=True):
        left.append(it.process(near, played))
    rest = np.concatenate(left)[96_000:] - caller[96_000:]
    assert level(rest * 32768) < level(echoed[96_000:] * 32768) - 12


def left_of(it: AdaptiveFilter, near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """What the filter leaves of each second of an echo, in dB of what there was."""
    left = np.concatenate(
        [it.process(*pair) for pair in zip(blocks(near), blocks(far), strict=True)]
    )
    seconds = range(0, len(left) - 15_999, 16_000)
    return np.array([level(left[n : n + 16_000]) - level(near[n : n + 16_000]) for n in seconds])


def echo_in(room: RoomSettings, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """An echo at the microphone, and what was played."""
    far = babble(seconds, 16_000, 1, level_db=-14)
    response = impulse_response(room)
    return np.convolve(far, response)[: len(far)] / 32768, far / 32768


def test_most_of_a_loud_echo_is_learnt_in_a_second() -> None:
    near, far = echo_in(RoomSettings(delay_s=0.03, t60_s=0.3, loss_db=6), 2.0)
    assert left_of(AdaptiveFilter(), near, far)[1] < -25


def test_a_path_that_was_moved_is_learnt_on() -> None:
    near, far = echo_in(RoomSettings(delay_s=0.15, t60_s=0.3, loss_db=6), 4.0)
    it, half = AdaptiveFilter(), 32_000
    left_of(it, near[:half], far[:half])
    shift = 12 * BLOCK
    it.hold_back(12, far[half - shift - BLOCK : half - shift])
    after = left_of(it, near[half:], far[half - shift : -shift])
    assert it.starts == 1
    assert after[0] < -15


def test_after_a_silence_another_path_is_learnt_sooner_than_without_one() -> None:
    near, far = echo_in(RoomSettings(delay_s=0.03, t60_s=0.3, loss_db=6, seed=1), 4.0)
    later, _ = echo_in(RoomSettings(delay_s=0.03, t60_s=0.3, loss_db=6, seed=2), 4.0)
    after = []
    for seconds in (0, 10):
        it = AdaptiveFilter()
        left_of(it, near, far)
        left_of(it, *2 * (np.zeros(seconds * 16_000 + 16_000),))
        after.append(left_of(it, later, far)[0])
    assert after[1] < after[0] - 2


def test_a_filter_that_makes_it_worse_starts_anew() -> None:
    it = AdaptiveFilter()
    far = babble(4.0, 16_000, 1) / 32768
    for played in blocks(far):
        it.process(2.0 * played, played)
    left = [it.process(0.001 * played, played) for played in blocks(far)]
    assert max(np.abs(part).max() for part in left[60:]) < 0.05


def test_a_loudspeaker_that_has_been_silent_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    it, near = AdaptiveFilter(), np.full(BLOCK, 0.1)
    it.process(near, near)
    for _ in range(PARTITIONS):
        it.process(near, np.zeros(BLOCK))
    monkeypatch.setattr(adaptive.np.fft, "irfft", None)
    assert it.process(near, np.zeros(BLOCK)) is near
