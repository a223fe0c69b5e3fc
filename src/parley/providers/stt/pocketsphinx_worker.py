"""The inside of a pocketsphinx process: decodes one call's audio at a time.

Only speech, as pocketsphinx's own (WebRTC) voice detector sees it in its most
permissive mode, reaches the decoder, with some audio before it and after it. Noise
costs more to decode than speech, becomes words, and spoils the cepstral mean.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from parley.providers.stt.jsgf import Grammar
from parley.providers.stt.ngrams import arpa
from parley.providers.stt.requests import work

if TYPE_CHECKING:
    from pocketsphinx import Decoder, Vad

    from parley.providers.engine_process import Channel

STRICT = "strict"
"""The name of the search for the grammar that a call was opened with."""

MODELS_KEPT = 10
"""What is expected will be again, in this call and in others: the decoders of so many grammars
are kept, 5 MB each."""

RATE = 16_000
SAMPLES_PER_FRAME = 160
FRAME_S = 0.03
FRAME_BYTES = 960
LEAD_FRAMES = 10
"""Audio before the first voiced frame that is decoded with it: 0.3 s."""

HANGOVER_FRAMES = 20
"""Audio after the last voiced frame that is still decoded: 0.6 s."""

PARTIAL_SAMPLES = 1_600
"""How often a partial result is looked for: every 0.1 s of speech."""

CEPSTRAL_MEAN = (
    *(41.0, -5.29, -0.12, 5.09, 2.48, -4.07, -1.37),
    *(-1.78, -5.08, -2.05, -6.45, -1.42, 1.17),
)
"""What an unknown voice is taken for: `cmninit` in `feat.params` of CMU's en-us-5.2 model."""


class MeanTracker:
    """Follows a speaker's cepstral mean faster than the decoder does.

    The decoder corrects its mean only after 8 s or at the end of an utterance, and gives
    the value it began with the weight of 5 s (`CMN_WIN` in its cmn.h). Here the first
    value weighs 0.2 s and is corrected every 0.3 s of speech. In the first utterances of
    18 calls that took 7 to 20 % off the word error rate.
    """

    WINDOW = 500
    PRIOR = 20
    EVERY = 30

    def __init__(self) -> None:
        self._frames = self.PRIOR
        self._mean = list(CEPSTRAL_MEAN)
        self._begin = 0

    def start(self, decoder: Decoder) -> None:
        """An utterance begins, in a decoder that may be another than before."""
        self._decoder = decoder
        self._begin = 0
        self._set()

    def follow(self, frames: int) -> None:
        """So many frames of 10 ms of the utterance were decoded."""
        new = frames - self._begin
        if new < self.EVERY:
            return
        self._begin = frames
        decoder_mean = [float(c) for c in self._decoder.get_cmn(True).split(",")]
        weight = min(self._frames, self.WINDOW)
        self._mean = [
            (weight * mean + (self.WINDOW + new) * blended - self.WINDOW * mean) / (weight + new)
            for mean, blended in zip(self._mean, decoder_mean, strict=True)
        ]
        self._frames = weight + new
        self._set()

    def _set(self) -> None:
        self._decoder.set_cmn(",".join(f"{c:.3f}" for c in self._mean))


class SpeechGate:
    """Lets speech through, with what surrounds it, and says where in the stream it was."""

    def __init__(self, vad: Vad) -> None:
        self._vad = vad
        self._pending = bytearray()
        self._held: deque[bytes] = deque(maxlen=LEAD_FRAMES)
        self._samples = 0
        self._quiet = HANGOVER_FRAMES

    @property
    def is_open(self) -> bool:
        """Whether what comes next gets through even if it is silence."""
        return self._quiet < HANGOVER_FRAMES

    def push(self, pcm: bytes) -> Iterator[tuple[int, bytes]]:
        """What is to be decoded, each piece with its first sample's number."""
        self._pending += pcm
        while len(self._pending) >= FRAME_BYTES:
            frame = self._take(FRAME_BYTES)
            self._held.append(frame)
            self._quiet = 0 if self._vad.is_speech(frame) else self._quiet + 1
            if self.is_open:
                piece = b"".join(self._held)
                self._held.clear()
                yield self._samples - len(piece) // 2, piece

    def cut(self) -> tuple[int, bytes]:
        """What is still to be decoded now, maybe nothing; then wait for the next speech."""
        start, is_open = self._samples, self.is_open
        self._quiet = HANGOVER_FRAMES
        return start, self._take(len(self._pending) & ~1) if is_open else b""

    def _take(self, length: int) -> bytes:
        taken = bytes(self._pending[:length])
        del self._pending[:length]
        self._samples += length // 2
        return taken


class Recognizer:
    """Decodes calls, one after the other; nothing of one reaches the next.

    `decoder` knows all words. What is expected has a decoder of its own that knows only the
    words of the grammar: with all of them, each would take 17 MB and 0.1 s.
    """

    def __init__(
        self,
        decoder: Decoder,
        make_decoder: Callable[[Path, Path], Decoder],
        make_vad: Callable[[], Vad],
    ) -> None:
        self._base = decoder
        self._make_decoder = make_decoder
        self._make_vad = make_vad
        self._expectable: dict[str, Decoder] = {}
        self._strict = ""
        self._decoder = decoder
        self._next: tuple[Decoder, str | None] | None = None
        self._in_utterance = False
        self._decoded = 0
        self._looked = 0
        self._text = ""
        self._words: list[tuple[str, float, float]] = []
        self._places: list[tuple[int, int]] = []
        self._forget()

    def open(self, grammar: str) -> None:
        """Begin with a call. Raises ValueError, with the reason, when its grammar is unusable."""
        if self._in_utterance:
            self._end()
        self._use(self._base, None)
        if self._strict:
            self._base.remove_search(STRICT)
        self._strict = ""
        self._forget()
        if grammar:
            try:
                self._base.add_jsgf_string(STRICT, grammar)
            except ValueError:
                raise ValueError(self._why_not(grammar)) from None
            self._strict = grammar
            self._use(self._base, STRICT)

    def expect(self, grammar: str) -> None:
        """From the next utterance on, listen for the sentences of a grammar, or for anything.

        The call's own grammar is kept to strictly. Of another, what is said nearly so is
        understood, too, and words that have no pronunciation are passed over. Raises
        ValueError, with the reason, when it cannot be used.
        """
        if not grammar:
            self._next = self._base, None
        elif grammar == self._strict:
            self._next = self._base, STRICT
        else:
            decoder = self._expectable.pop(grammar, None) or self._decoder_for(grammar)
            self._expectable[grammar] = decoder
            if len(self._expectable) > MODELS_KEPT:
                del self._expectable[next(iter(self._expectable))]
            self._next = decoder, None
        self._change()

    def hear(self, pcm: bytes) -> str:
        """Decode audio; return the text so far if it has changed, else nothing."""
        for start, piece in self._gate.push(pcm):
            self._decode(start, piece)
        self._change()
        if not self._in_utterance or self._decoded - self._looked < PARTIAL_SAMPLES:
            return ""
        self._looked = self._decoded
        hypothesis = self._decoder.hyp()
        now = spoken(hypothesis.hypstr.split()) if hypothesis else ()
        text = " ".join([*(word for word, _, _ in self._words), *now])
        if text == self._text:
            return ""
        self._text = text
        return text

    def finish(self) -> list[tuple[str, float, float]]:
        """The words since the last time, each with its begin and end in seconds."""
        start, rest = self._gate.cut()
        if rest:
            self._decode(start, rest)
        if self._in_utterance:
            self._end()
        self._change()
        words, self._words = self._words, []
        self._text = ""
        return words

    def heard(self, pcm: bytes, *, more: bool) -> bytes:
        return self.hear(pcm).encode()

    def final(self) -> bytes:
        return json.dumps(self.finish()).encode()

    def _decoder_for(self, grammar: str) -> Decoder:
        read = Grammar(grammar)
        dictionary = {word: self._pronunciations(word) for word in read.words}
        known = {word for word in dictionary if dictionary[word]}
        if not known:
            raise ValueError(f"its dictionary lacks all words of it: {_some(dictionary)}")
        with TemporaryDirectory() as folder:
            model, words = Path(folder, "model.arpa"), Path(folder, "words.dict")
            model.write_text(arpa(read, known))
            words.write_text("\n".join(line for lines in dictionary.values() for line in lines))
            return self._make_decoder(model, words)

    def _pronunciations(self, word: str) -> list[str]:
        """The word's lines of a dictionary; none if it is not known."""
        lines: list[str] = []
        for number in count(1):
            name = word if number == 1 else f"{word}({number})"
            phones = self._base.lookup_word(name)
            if phones is None:
                break
            lines.append(f"{name} {phones}")
        return lines

    def _why_not(self, grammar: str) -> str:
        """What is wrong with a grammar that the decoder does not take."""
        try:
            words = Grammar(grammar).words
        except ValueError as error:
            return str(error)
        missing = [word for word in words if self._base.lookup_word(word) is None]
        if missing:
            return f"its dictionary lacks words of it: {_some(missing)}"
        return "pocketsphinx does not take it"

    def _change(self) -> None:
        """Go over to what is expected, unless somebody is speaking.

        Without a final result, the words until now are kept for it: noise may have begun an
        utterance that nobody asks about, and the next answer is not to be taken for its rest.
        """
        if self._next is None or self._gate.is_open:
            return
        if self._in_utterance:
            self._end()
        self._use(*self._next)

    def _use(self, decoder: Decoder, search: str | None) -> None:
        self._next = None
        decoder.activate_search(search)
        if decoder is not self._decoder:
            decoder.start_stream()
            self._decoder = decoder

    def _decode(self, start: int, pcm: bytes) -> None:
        if not self._in_utterance:
            self._begin(start)
        at, place = self._places[-1]
        if start != place + self._decoded - at:
            self._places.append((self._decoded, start))
        self._decoder.process_raw(pcm)
        self._decoded += len(pcm) // 2
        self._mean.follow(self._decoder.n_frames())

    def _begin(self, start: int) -> None:
        self._in_utterance = True
        self._decoded = self._looked = 0
        self._places = [(0, start)]
        self._mean.start(self._decoder)
        self._decoder.start_utt()

    def _end(self) -> None:
        self._decoder.end_utt()
        self._in_utterance = False
        self._words += [
            (word, self._seconds(segment.start_frame), self._seconds(segment.end_frame + 1))
            for segment in self._decoder.seg() or ()
            for word in spoken([segment.word])
        ]

    def _forget(self) -> None:
        self._gate = SpeechGate(self._make_vad())
        self._mean = MeanTracker()
        self._words = []
        self._text = ""
        self._base.start_stream()

    def _seconds(self, frame: int) -> float:
        sample = min(frame * SAMPLES_PER_FRAME, self._decoded)
        at, place = [p for p in self._places if p[0] <= sample][-1]
        return (place + sample - at) / RATE


def spoken(words: Iterable[str]) -> Iterator[str]:
    """The real words, without silence, noise, grammar states and variants' numbers."""
    for word in words:
        if word[0] not in "<[+(":
            yield re.sub(r"\(\d+\)$", "", word)


def _some(words: Iterable[str]) -> str:
    return " ".join(word[:40] for word in islice(words, 5))


def recognizer() -> Recognizer:
    """Load the model."""
    from pocketsphinx import Decoder, Vad

    def decoder(**files: str) -> Decoder:
        # One pass: the second pass and the lattice delay a final result by 0.1 to 0.8 s, and
        # lower the word error rate of recorded speech by nothing that can be measured.
        return Decoder(samprate=RATE, fwdflat=False, bestpath=False, loglevel="FATAL", **files)

    return Recognizer(
        decoder(),
        lambda model, words: decoder(lm=str(model), dict=str(words)),
        lambda: Vad(Vad.LOOSE, RATE, FRAME_S),
    )


def serve(channel: Channel) -> None:
    """Load the model, then work for one call after the other."""
    ears = recognizer()
    work(channel, lambda: ears)
