from collections.abc import Sequence
from functools import partial

import pytest

from parley.providers.stt.pocketsphinx_worker import (
    CEPSTRAL_MEAN,
    FRAME_BYTES,
    HANGOVER_FRAMES,
    LEAD_FRAMES,
    MeanTracker,
    SpeechGate,
    missing_words,
    spoken,
)

FRAME = FRAME_BYTES // 2

near = partial(pytest.approx, rel=0.01)


class MarkedSpeech:
    """A voice detector for audio whose voiced samples are not zero."""

    def is_speech(self, frame: bytes) -> bool:
        return any(frame)


def timeline(pattern: str) -> bytes:
    """Audio of one frame per letter: '.' is silence, another letter its own code."""
    return b"".join(bytes(FRAME_BYTES) if c == "." else c.encode() * FRAME_BYTES for c in pattern)


def letters(pcm: bytes) -> str:
    return "".join(chr(c) if c else "." for c in pcm[::FRAME_BYTES])


def passed(gate: SpeechGate, pcm: bytes, size: int = 640) -> list[tuple[int, bytes]]:
    """What gets through when the audio comes in pieces of `size` bytes."""
    return [p for i in range(0, len(pcm), size) for p in gate.push(pcm[i : i + size])]


def test_silence_never_gets_through() -> None:
    gate = SpeechGate(MarkedSpeech())
    assert passed(gate, timeline("." * 100)) == []
    assert gate.cut()[1] == b""


def test_speech_comes_with_what_was_before_and_after_it() -> None:
    gate = SpeechGate(MarkedSpeech())
    pieces = passed(gate, timeline("." * 15 + "ab.c" + "." * 50))
    assert letters(b"".join(pcm for _, pcm in pieces)) == (
        "." * (LEAD_FRAMES - 1) + "ab.c" + "." * (HANGOVER_FRAMES - 1)
    )
    assert pieces[0][0] == (15 - LEAD_FRAMES + 1) * FRAME


def test_each_piece_says_where_in_the_stream_it_was() -> None:
    gate = SpeechGate(MarkedSpeech())
    pcm = timeline("a" + "." * 60 + "b" + "." * 7)
    for size in (2, 100, 960, 100_000):
        gate = SpeechGate(MarkedSpeech())
        for start, piece in passed(gate, pcm, size):
            assert pcm[2 * start :].startswith(piece)


def test_a_cut_in_the_middle_of_speech_loses_and_repeats_nothing() -> None:
    gate = SpeechGate(MarkedSpeech())
    pcm = timeline("abcdefgh")
    cut_at = 3 * FRAME_BYTES + 500
    before = passed(gate, pcm[:cut_at])
    before.append(gate.cut())
    after = passed(gate, pcm[cut_at:] + timeline("i."))
    assert b"".join(piece for _, piece in before) == pcm[:cut_at]
    assert after[0][0] == cut_at // 2
    assert b"".join(piece for _, piece in after).startswith(pcm[cut_at:])


def test_an_odd_byte_waits_for_its_other_half() -> None:
    gate = SpeechGate(MarkedSpeech())
    assert [len(p) for _, p in gate.push(timeline("a") + b"xyz")] == [FRAME_BYTES]
    assert gate.cut() == (FRAME, b"xy")
    assert [p for _, p in gate.push(b"b" * (FRAME_BYTES - 1))] == [b"z" + b"b" * (FRAME_BYTES - 1)]


def test_after_a_cut_in_silence_the_next_speech_has_its_lead() -> None:
    gate = SpeechGate(MarkedSpeech())
    passed(gate, timeline("a" + "." * 60))
    assert gate.cut()[1] == b""
    assert letters(passed(gate, timeline("b"))[0][1]) == "." * (LEAD_FRAMES - 1) + "b"


class FakeDecoder:
    """Averages like the decoder: what it is given first has the weight of 500 frames."""

    def __init__(self, heard: Sequence[float]) -> None:
        self.heard = heard
        self.frames = 0
        self.mean: list[float] = []

    def set_cmn(self, mean: str) -> None:
        self.mean = [float(c) for c in mean.split(",")]
        self.frames = 0

    def get_cmn(self, update: bool) -> str:
        assert update
        blended = [
            (500 * mean + self.frames * heard) / (500 + self.frames)
            for mean, heard in zip(self.mean, self.heard, strict=True)
        ]
        return ",".join(f"{c:g}" for c in blended)


def test_the_mean_moves_to_what_is_heard() -> None:
    heard = [c + 10 for c in CEPSTRAL_MEAN]
    decoder = FakeDecoder(heard)
    tracker = MeanTracker(decoder)
    tracker.start()
    assert decoder.mean == list(CEPSTRAL_MEAN)
    distances = []
    for frames in range(1, 200):
        decoder.frames += 1
        tracker.follow(frames)
        distances.append(heard[0] - decoder.mean[0])
    assert distances[28] == 10
    assert distances[29] == near(10 * 20 / 50)
    assert distances[-1] == near(10 * 20 / 200)


def test_the_next_utterance_begins_with_the_mean_of_the_last() -> None:
    decoder = FakeDecoder([0.0] * 13)
    tracker = MeanTracker(decoder)
    tracker.start()
    decoder.frames = 80
    tracker.follow(80)
    learned = list(decoder.mean)
    decoder.mean = []
    tracker.start()
    assert decoder.mean == learned
    assert learned[0] == near(CEPSTRAL_MEAN[0] * 20 / 100)


def test_a_long_call_does_not_freeze_the_mean() -> None:
    decoder = FakeDecoder(CEPSTRAL_MEAN)
    tracker = MeanTracker(decoder)
    tracker.start()
    decoder.frames = 100_000
    tracker.follow(100_000)
    decoder.heard = [0.0] * 13
    tracker.start()
    decoder.frames = 500
    tracker.follow(500)
    assert decoder.mean[0] == near(CEPSTRAL_MEAN[0] / 2)


def test_only_real_words_are_spoken() -> None:
    said = "<s> <sil> [NOISE] [SPEECH] ++um++ the(2) it's (NULL) twenty-two(3) </s>"
    assert list(spoken(said.split())) == ["the", "it's", "twenty-two"]


def test_the_words_that_a_grammar_misses() -> None:
    grammar = """#JSGF V1.0 utf-8 en;
    // a comment with zzz
    grammar numbers; /* another
    with zzz */
    import <com.zzz.*>;
    <digit> = /2/ one {zzz} | /1.5/ two;
    public <all> = (<digit> | <NULL> | it's)+ [Yes] * qwx qwx | grüße;
    """
    known = {"one", "two", "it's"}
    assert missing_words(grammar, known.__contains__) == ["Yes", "qwx", "grüße"]
    assert missing_words(" ".join("abcdefgh"), known.__contains__) == list("abcdefgh")
