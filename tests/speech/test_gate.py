"""The gate before a recogniser: only voice passes, and time stays as it was."""

from hypothesis import given
from hypothesis import strategies as st

from parley.audio.formats import INBOUND
from parley.speech.gate import HANGOVER_S, LEAD_S, VoiceGate

FRAME = INBOUND.bytes_for(0.02)
LEAD = INBOUND.bytes_for(LEAD_S)


def noise(frames: int, first: int = 1) -> list[bytes]:
    """Frames that can be told apart, none of them silence."""
    return [bytes([n % 250 + 1]) * FRAME for n in range(first, first + frames)]


def test_noise_becomes_silence_a_little_later() -> None:
    gate = VoiceGate()
    passed = b"".join(gate.feed(frame) for frame in noise(100))
    assert len(passed) == 100 * FRAME - LEAD
    assert not any(passed)


def test_a_voice_passes_with_what_was_just_before_it() -> None:
    gate = VoiceGate()
    before, voice = noise(100), noise(10, 101)
    silence = b"".join(gate.feed(frame) for frame in before)
    lead = gate.open()
    assert silence + lead == bytes(len(silence)) + b"".join(before)[-LEAD:]
    assert [gate.feed(frame) for frame in voice] == voice


def test_a_voice_at_once_passes_with_all_there_was() -> None:
    gate = VoiceGate()
    assert [gate.feed(frame) for frame in noise(3)] == [b""] * 3
    assert gate.open() == b"".join(noise(3))


def test_after_a_voice_some_more_passes() -> None:
    gate = VoiceGate()
    gate.open()
    gate.close()
    passed = b"".join(gate.feed(frame) for frame in noise(100))
    sounding = INBOUND.bytes_for(HANGOVER_S)
    assert passed[:sounding] == b"".join(noise(100))[:sounding]
    assert not any(passed[sounding:])


@given(st.lists(st.sampled_from(["frame", "open", "close"]), max_size=200))
def test_no_sample_is_added_or_lost_or_moved(steps: list[str]) -> None:
    """What passes is what came in, or silence in its place."""
    gate, frames, passed, given_ = VoiceGate(), iter(noise(200)), b"", b""
    for step in steps:
        if step == "frame":
            frame = next(frames)
            given_ += frame
            passed += gate.feed(frame)
        elif step == "open":
            passed += gate.open()
        else:
            gate.close()
    passed += gate.open()
    assert len(passed) == len(given_)
    assert all(out in (0, came) for out, came in zip(passed, given_, strict=True))
