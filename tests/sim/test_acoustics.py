"""Lines that speech comes over: levels are what they are said to be, and so are bands."""

import numpy as np
import pytest

from parley.sim import acoustics
from parley.sim.acoustics import Audio
from parley.sim.room import RoomSettings, impulse_response

RATE = 16_000


def tone(seconds: float, hertz: float = 500.0, amplitude: float = 4000.0) -> Audio:
    times = np.arange(round(seconds * RATE)) / RATE
    return acoustics.to_samples(amplitude * np.sin(2 * np.pi * hertz * times))


def power_db(audio: np.ndarray) -> float:
    return 10 * float(np.log10((audio.astype(np.float64) ** 2).mean() / 32768**2 + 1e-12))


def test_the_active_level_leaves_pauses_out() -> None:
    loud = tone(1.0)
    with_pauses = np.concatenate((loud, np.zeros(3 * RATE, np.int16), loud))
    assert acoustics.active_level_dbfs(with_pauses) == pytest.approx(power_db(loud), abs=0.1)


def test_quiet_parts_within_the_margin_count() -> None:
    loud, soft = tone(1.0), tone(1.0, amplitude=1000.0)  # 12 dB below
    both = np.concatenate((loud, soft))
    assert acoustics.active_level_dbfs(both) == pytest.approx(power_db(both), abs=0.1)


@pytest.mark.parametrize("audio", [np.zeros(RATE, np.int16), np.zeros(0, np.int16)])
def test_silence_has_the_least_level(audio: Audio) -> None:
    assert acoustics.active_level_dbfs(audio) == -200.0


def test_a_level_can_be_set() -> None:
    assert acoustics.active_level_dbfs(acoustics.at_level(tone(1.0), -30.0)) == pytest.approx(
        -30.0, abs=0.1
    )


@pytest.mark.parametrize("snr_db", [20.0, 5.0, -5.0])
def test_noise_lies_so_far_below_the_speech(snr_db: float) -> None:
    speech = np.concatenate((tone(1.0), np.zeros(RATE, np.int16)))
    noise = acoustics.room_tone(0.7, dbfs=-40.0, seed=3)
    mixed = acoustics.add_noise(speech, noise, snr_db)
    assert len(mixed) == len(speech)
    assert power_db(tone(1.0)) - power_db(mixed[RATE:]) == pytest.approx(snr_db, abs=0.3)


def test_noise_can_be_set_against_a_given_level() -> None:
    mixed = acoustics.add_noise(
        np.zeros(RATE, np.int16), acoustics.room_tone(1.0), 10.0, level_dbfs=-22.0
    )
    assert power_db(mixed) == pytest.approx(-32.0, abs=0.3)


def test_too_much_is_clipped_and_not_turned_round() -> None:
    mixed = acoustics.add_noise(tone(0.1), tone(0.1, amplitude=30_000.0), -40.0)
    assert mixed.max() == 32767
    assert mixed.min() == -32768


def test_the_same_seed_gives_the_same_noise() -> None:
    noise = acoustics.room_tone(1.0, seed=1)
    first, again, other = (
        acoustics.add_noise(tone(1.0), noise, 10.0, seed=seed) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_babble_has_all_voices_equally_loud() -> None:
    voices = [tone(0.5, 300.0, 200.0), tone(0.7, 700.0, 9000.0)]
    spectrum = np.abs(np.fft.rfft(acoustics.babble(voices, RATE)))
    assert spectrum[300] == pytest.approx(spectrum[700], rel=0.2)
    assert acoustics.active_level_dbfs(acoustics.babble(voices, RATE)) == pytest.approx(
        -26.0, abs=0.5
    )


@pytest.mark.parametrize(
    ("hertz", "passes"), [(100.0, False), (1000.0, True), (3000.0, True), (5000.0, False)]
)
def test_the_telephone_lets_its_band_through(hertz: float, passes: bool) -> None:
    sent = tone(1.0, hertz)
    received = acoustics.telephone(sent)
    assert len(received) == len(sent)
    loss = power_db(sent) - power_db(received[RATE // 4 : -RATE // 4])
    assert loss < 1.0 if passes else loss > 15.0


def test_the_telephone_does_not_delay() -> None:
    click = np.zeros(RATE, np.int16)
    click[8000:8080] = tone(0.005, 1000.0)
    assert abs(int(np.abs(acoustics.telephone(click)).argmax()) - 8020) < 30


def test_a_room_rings_on_and_keeps_the_level_and_the_time() -> None:
    speech = np.concatenate((np.zeros(1000, np.int16), tone(0.5), np.zeros(RATE, np.int16)))
    response = impulse_response(RoomSettings(delay_s=50 / RATE, t60_s=0.4, reverberation_db=0.0))
    wet = acoustics.reverberate(speech, response)
    assert len(wet) == len(speech)
    assert acoustics.active_level_dbfs(wet) == pytest.approx(
        acoustics.active_level_dbfs(speech), abs=0.2
    )
    assert not wet[:990].any()
    assert power_db(wet[9000 : 9000 + 800]) > -50.0
    assert power_db(wet[9000 + 6400 :]) < power_db(wet[9000 : 9000 + 800]) - 40.0


def test_room_tone_is_as_long_and_as_loud_as_wanted() -> None:
    tone_ = acoustics.room_tone(2.0, dbfs=-60.0)
    assert len(tone_) == 2 * RATE
    assert power_db(tone_) == pytest.approx(-60.0, abs=0.2)
