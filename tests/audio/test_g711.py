"""Every code and every sample, against the tables of ITU-T G.711 (11/1988)."""

import numpy as np
import pytest

from parley.audio.formats import INBOUND
from parley.audio.g711 import SILENCE, decode, encode
from parley.errors import AudioError

LAWS = ["mulaw", "alaw"]
CODES = bytes(range(256))
SAMPLES = np.arange(-32768, 32768)


def values(law):
    """The PCM16 value of each code."""
    return np.frombuffer(decode(CODES, law), np.int16).astype(int)


def codes(law):
    """The code of each sample from -32768 to 32767."""
    return np.frombuffer(encode(SAMPLES.astype(np.int16).tobytes(), law), np.uint8)


def table(law):
    """The standard's positive half: its decision values and output values, in PCM16's scale.

    Tables 1a and 2a give a number of intervals of a size each, and the output values are
    the middles of the decision values. (The µ-law's first interval is half a one, around 0.)
    """
    if law == "mulaw":
        sizes = [1] + 15 * [2] + [s for s in (4, 8, 16, 32, 64, 128, 256) for _ in range(16)]
        decisions = np.cumsum([0, *sizes]) * 4
        outputs = (decisions[:-1] + decisions[1:]) // 2
        outputs[0] = 0
    else:
        sizes = 32 * [2] + [s for s in (4, 8, 16, 32, 64, 128) for _ in range(16)]
        decisions = np.cumsum([0, *sizes]) * 8
        outputs = (decisions[:-1] + decisions[1:]) // 2
    return decisions, outputs


@pytest.mark.parametrize(("law", "largest"), [("mulaw", 8159 * 4), ("alaw", 4096 * 8)])
def test_the_tables_end_at_the_standards_virtual_decision_value(law, largest):
    assert table(law)[0][-1] == largest


@pytest.mark.parametrize("law", LAWS)
def test_every_code_has_the_standards_value(law):
    _, outputs = table(law)
    level = np.arange(128)
    positive = SILENCE[law] ^ level

    assert values(law)[positive].tolist() == outputs.tolist()
    assert values(law)[positive ^ 0x80].tolist() == (-outputs).tolist()


@pytest.mark.parametrize("law", LAWS)
def test_every_sample_has_the_code_of_its_interval(law):
    decisions, _ = table(law)
    magnitude = np.minimum(np.abs(SAMPLES), decisions[-1] - 1)
    level = codes(law) ^ SILENCE[law] ^ np.where(SAMPLES < 0, 0x80, 0)

    assert (level < 128).all()
    assert (decisions[level] <= magnitude).all()
    assert (magnitude < decisions[level + 1]).all()


@pytest.mark.parametrize(
    ("law", "code", "value"),
    [
        ("mulaw", 0x80, 32124),
        ("mulaw", 0x00, -32124),
        ("mulaw", 0xFF, 0),
        ("mulaw", 0x7F, 0),
        ("mulaw", 0xFE, 8),
        ("alaw", 0xAA, 32256),
        ("alaw", 0x2A, -32256),
        ("alaw", 0xD5, 8),
        ("alaw", 0x55, -8),
    ],
)
def test_codes_that_the_standard_spells_out(law, code, value):
    assert values(law)[code] == value


@pytest.mark.parametrize(
    ("law", "one_period", "below_full_scale_db"),
    [
        ("mulaw", "1E 0B 0B 1E 9E 8B 8B 9E", 3.17),
        ("alaw", "34 21 21 34 B4 A1 A1 B4", 3.14),
    ],
)
def test_the_standards_tone_of_1_mw_has_its_level(law, one_period, below_full_scale_db):
    """Tables 5 and 6: 1 kHz at 0 dBm0, where full scale is +3.17 or +3.14 dBm0."""
    tone = np.frombuffer(decode(bytes.fromhex(one_period), law), np.int16).astype(float)
    full_scale = table(law)[0][-1]

    level = 20 * np.log10(np.sqrt(2 * np.mean(tone**2)) / full_scale)

    assert level == pytest.approx(-below_full_scale_db, abs=0.02)
    assert np.argmax(np.abs(np.fft.rfft(tone))) == 1


@pytest.mark.parametrize("law", LAWS)
def test_what_was_coded_once_is_not_changed_by_coding_it_again(law):
    once = decode(CODES, law)

    assert decode(encode(once, law), law) == once


@pytest.mark.parametrize("law", LAWS)
def test_louder_never_becomes_softer(law):
    decoded = values(law)[codes(law)]

    assert (np.diff(decoded) >= 0).all()


@pytest.mark.parametrize("law", LAWS)
def test_both_signs_are_treated_alike(law):
    decoded = values(law)[codes(law)]
    positive, negative = decoded[32769:], decoded[1:32768][::-1]

    assert (positive == -negative).all()


@pytest.mark.parametrize("law", LAWS)
def test_the_error_of_what_is_not_clipped_is_half_a_step_at_most(law):
    """A step is at most 1/16 of the segment's beginning (µ-law: with its bias of 33)."""
    error = np.abs(values(law)[codes(law)] - SAMPLES)
    magnitude = np.abs(SAMPLES)
    clipped = magnitude > table(law)[0][-1]
    half_step = (magnitude + 33 * 4) / 32 if law == "mulaw" else np.maximum(magnitude / 32, 8)

    assert (error <= half_step)[~clipped].all()


@pytest.mark.parametrize("law", LAWS)
def test_silence_is_the_code_of_zero(law):
    assert encode(b"\0\0", law) == bytes([SILENCE[law]])


@pytest.mark.parametrize("law", LAWS)
def test_a_frame_keeps_its_length_in_samples(law):
    frame = bytes(INBOUND.bytes_for(0.02))

    assert len(encode(frame, law)) == 320
    assert decode(encode(frame, law), law) == decode(bytes([SILENCE[law]]) * 320, law)
    assert encode(b"", law) == decode(b"", law) == b""


def test_half_a_sample_is_refused():
    with pytest.raises(AudioError, match="3 bytes"):
        encode(b"abc", "mulaw")
