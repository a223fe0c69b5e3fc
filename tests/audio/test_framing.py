import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.audio.framing import Framer, samples_of
from parley.errors import AudioError


@given(st.lists(st.binary(max_size=40)), st.integers(1, 17))
def test_every_byte_leaves_once_in_order_and_in_whole_frames(bursts, size):
    framer = Framer(size)
    frames = [frame for burst in bursts for frame in framer.push(burst)]
    rest = framer.flush(pad=False)

    assert b"".join(frames + rest) == b"".join(bursts)
    assert all(len(frame) == size for frame in frames)
    assert all(0 < len(frame) < size for frame in rest)


def test_a_frame_leaves_as_soon_as_it_is_complete():
    framer = Framer(4)

    assert framer.push(b"abc") == []
    assert framer.push(b"d") == [b"abcd"]
    assert framer.push(b"efghijklm") == [b"efgh", b"ijkl"]
    assert framer.push(b"nop") == [b"mnop"]


def test_flush_fills_up_with_the_silence_of_the_encoding():
    framer = Framer(4, silence=0xFF)
    framer.push(b"ab")

    assert framer.flush() == [b"ab\xff\xff"]


def test_flush_starts_anew():
    framer = Framer(4)
    framer.push(b"ab")
    framer.flush()

    assert framer.flush() == []
    assert framer.push(b"cdef") == [b"cdef"]


def test_a_frame_holds_at_least_a_byte():
    with pytest.raises(AudioError, match="0 bytes"):
        Framer(0)


def test_samples_are_little_endian_and_signed():
    assert samples_of(b"\x01\x00\xff\xff\x00\x80").tolist() == [1, -1, -32768]


def test_half_a_sample_is_refused():
    with pytest.raises(AudioError, match="3 bytes") as caught:
        samples_of(b"abc")

    assert "two bytes a sample" in caught.value.remedy
