"""The gate, the mean and the recogniser of a pocketsphinx process, with decoders that are fakes."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from parley.providers.stt.pocketsphinx_worker import (
    CEPSTRAL_MEAN,
    FRAME_BYTES,
    HANGOVER_FRAMES,
    LEAD_FRAMES,
    MODELS_KEPT,
    MeanTracker,
    Recognizer,
    SpeechGate,
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
    tracker = MeanTracker()
    tracker.start(decoder)
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
    tracker = MeanTracker()
    tracker.start(decoder)
    decoder.frames = 80
    tracker.follow(80)
    learned = list(decoder.mean)
    decoder.mean = []
    tracker.start(decoder)
    assert decoder.mean == learned
    assert learned[0] == near(CEPSTRAL_MEAN[0] * 20 / 100)


def test_a_long_call_does_not_freeze_the_mean() -> None:
    decoder = FakeDecoder(CEPSTRAL_MEAN)
    tracker = MeanTracker()
    tracker.start(decoder)
    decoder.frames = 100_000
    tracker.follow(100_000)
    decoder.heard = [0.0] * 13
    tracker.start(decoder)
    decoder.frames = 500
    tracker.follow(500)
    assert decoder.mean[0] == near(CEPSTRAL_MEAN[0] / 2)


def test_only_real_words_are_spoken() -> None:
    said = "<s> <sil> [NOISE] [SPEECH] ++um++ the(2) it's (NULL) twenty-two(3) </s>"
    assert list(spoken(said.split())) == ["the", "it's", "twenty-two"]


# What is expected


class LetterDecoder(FakeDecoder):
    """Hears letters as words, each with the decoder's name and what it searches."""

    def __init__(self, name: str = "base") -> None:
        super().__init__(CEPSTRAL_MEAN)
        self.name = name
        self.search = ""
        self.heard_pcm = b""
        self.streams = 0
        self.in_utterance = False

    def lookup_word(self, word: str) -> str | None:
        return {"read": "R EH D", "read(2)": "R IY D", "yes": "Y EH S", "no": "N OW"}.get(word)

    def add_jsgf_string(self, name: str, grammar: str) -> None:
        if "read" in grammar or "yes" not in grammar:
            raise ValueError
        self.search = name

    def remove_search(self, name: str) -> None:
        assert not self.in_utterance
        assert self.search != name

    def activate_search(self, name: str | None = None) -> None:
        assert not self.in_utterance
        self.search = name or ""

    def start_stream(self) -> None:
        self.streams += 1

    def start_utt(self) -> None:
        self.in_utterance, self.heard_pcm, self.frames = True, b"", 0

    def end_utt(self) -> None:
        self.in_utterance = False

    def process_raw(self, pcm: bytes) -> None:
        self.heard_pcm += pcm

    def n_frames(self) -> int:
        return len(self.heard_pcm) // 320

    def seg(self) -> list[SimpleNamespace]:
        """One word for all frames of a letter in a row; a frame of the gate is three of these."""
        said = re.finditer(r"([a-z])\1*", letters(self.heard_pcm))
        return [
            SimpleNamespace(
                word="-".join(filter(None, (self.name, self.search, found[1]))),
                start_frame=3 * found.start(),
                end_frame=3 * found.end() - 1,
            )
            for found in said
        ]

    def hyp(self) -> SimpleNamespace:
        return SimpleNamespace(hypstr=" ".join(word.word for word in self.seg()))


class Desk:
    """A recogniser whose decoders are fakes; the files of each are kept."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.base = LetterDecoder()
        self.recognizer = Recognizer(self.base, self._make, MarkedSpeech)

    def _make(self, model: Path, words: Path) -> LetterDecoder:
        self.made.append((model.read_text(), words.read_text()))
        return LetterDecoder(f"model{len(self.made)}")

    def hear(self, pattern: str) -> list[str]:
        """The partial texts of a timeline that comes frame by frame."""
        pcm = timeline(pattern)
        frames = (pcm[i : i + FRAME_BYTES] for i in range(0, len(pcm), FRAME_BYTES))
        return list(filter(None, map(self.recognizer.hear, frames)))

    def finish(self) -> list[str]:
        return [word for word, _, _ in self.recognizer.finish()]


def grammar(words: str) -> str:
    return f"#JSGF V1.0; grammar g; public <g> = {words};"


PAUSE = "." * (HANGOVER_FRAMES + LEAD_FRAMES + 5)
YES, NO, READ = grammar("yes"), grammar("no"), grammar("read")


def test_what_is_expected_holds_for_the_next_utterance() -> None:
    desk = Desk()
    desk.hear("aaa" + PAUSE)
    assert desk.finish() == ["base-a"]
    desk.recognizer.expect(YES)
    desk.hear("bbb" + PAUSE)
    assert desk.finish() == ["model1-b"]
    desk.recognizer.expect("")
    desk.hear("ccc")
    assert desk.finish() == ["base-c"]


def test_who_speaks_is_heard_to_the_end_with_what_was_expected_before() -> None:
    desk = Desk()
    desk.hear("aaa")
    desk.recognizer.expect(YES)
    desk.hear("..bbb")
    desk.recognizer.expect(NO)
    desk.hear("ccc")
    assert desk.finish() == ["base-a", "base-b", "base-c"]
    desk.hear("ddd")
    assert desk.finish() == ["model2-d"]


@pytest.mark.parametrize("early", [True, False])
def test_noise_that_nobody_asks_about_does_not_hold_up_what_is_expected(early: bool) -> None:
    desk = Desk()
    desk.hear("aaa" + ("" if early else PAUSE))
    desk.recognizer.expect(YES)
    assert desk.hear((PAUSE if early else "") + "bbbbbb")[-1] == "base-a model1-b"
    said = desk.recognizer.finish()
    assert [word for word, _, _ in said] == ["base-a", "model1-b"]
    begin = (3 + len(PAUSE)) * 0.03
    assert [time for _, *times in said for time in times] == near([0, 0.09, begin, begin + 0.18])
    assert desk.finish() == []


def test_a_grammar_that_cannot_be_used_changes_nothing() -> None:
    desk = Desk()
    desk.recognizer.expect(YES)
    with pytest.raises(ValueError, match="lacks all words of it: xyzzq plugh"):
        desk.recognizer.expect(grammar("xyzzq | plugh"))
    with pytest.raises(ValueError, match="line 1, column 42: ';' stands"):
        desk.recognizer.expect(grammar("yes ("))
    desk.hear("aaa")
    assert desk.finish() == ["model1-a"]


def test_a_model_knows_the_words_of_its_grammar_and_all_their_pronunciations() -> None:
    desk = Desk()
    desk.recognizer.expect(grammar("read | no | xyzzq"))
    ((model, words),) = desk.made
    assert words.splitlines() == ["read R EH D", "read(2) R IY D", "no N OW"]
    assert "xyzzq" not in model


def test_the_models_that_were_used_last_are_kept() -> None:
    desk = Desk()
    many = [grammar(f"yes | no [{'yes ' * n}yes]") for n in range(MODELS_KEPT)]
    for each in many:
        desk.recognizer.expect(each)
    for each in many:
        desk.recognizer.expect(each)
    assert len(desk.made) == MODELS_KEPT
    desk.recognizer.expect(READ)
    desk.recognizer.expect(many[1])
    assert len(desk.made) == MODELS_KEPT + 1
    desk.recognizer.expect(many[0])
    assert len(desk.made) == MODELS_KEPT + 2


def test_a_model_that_is_in_use_outlives_all_others() -> None:
    desk = Desk()
    desk.recognizer.expect(READ)
    desk.hear("aaa")
    for n in range(MODELS_KEPT + 1):
        desk.recognizer.expect(grammar("yes " * (n + 1)))
    desk.hear("b")
    assert desk.finish() == ["model1-a", "model1-b"]


def test_the_grammar_of_the_call_stays_strict() -> None:
    desk = Desk()
    desk.recognizer.open(YES)
    for expected, heard in ((NO, "model1-a"), (YES, "base-strict-a"), ("", "base-a")):
        desk.recognizer.expect(expected)
        desk.hear("aaa")
        assert desk.finish() == [heard]
    assert len(desk.made) == 1


def test_the_next_call_begins_with_what_it_was_opened_with() -> None:
    desk = Desk()
    desk.recognizer.open(YES)
    desk.recognizer.expect(NO)
    desk.hear("aaa")
    desk.recognizer.expect(READ)
    desk.recognizer.open("")
    desk.hear("bbb")
    assert desk.finish() == ["base-b"]
    desk.recognizer.expect(YES)
    desk.hear("ccc")
    assert desk.finish() == ["model3-c"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (grammar("no ("), "line 1, column 41: ';' stands where a word is wanted"),
        (grammar("read | xyzzq | Yes"), "its dictionary lacks words of it: xyzzq Yes"),
        (READ, "pocketsphinx does not take it"),
    ],
)
def test_a_call_is_not_opened_with_a_grammar_that_cannot_be_used(text: str, why: str) -> None:
    desk = Desk()
    with pytest.raises(ValueError, match=re.escape(why)):
        desk.recognizer.open(text)
    desk.recognizer.open(YES)
    desk.hear("aaa")
    assert desk.finish() == ["base-strict-a"]
