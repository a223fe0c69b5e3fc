"""The inside of a flite process: finds the voices on this machine, and speaks with them.

Before flite makes an utterance's audio it has decided when each word is said, so a word's
times are sent with the audio in which it begins.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

REQUEST = struct.Struct("<fHH")
"""How much longer than usual words take, the most milliseconds of silence at the end, and
the bytes of the voice's name; then that name and the text, both in ASCII."""

COUNT = struct.Struct("<H")
WORD = struct.Struct("<IIII")
"""A part is its count of words, for each from and to in characters and in samples, then PCM.
Samples count from the first one that was sent."""

SAMPLE_RATE = 16_000

CHUNK = 800
"""Samples that flite gathers at the least before it passes them on: 50 ms."""

LEAD_IN_S = 0.02
"""Of the silence before the first word this much is kept: flite makes 0.2 s of it."""

PREFERRED = ("slt", "rms", "awb", "kal16")
"""Voices from the most to the least natural one."""

OTHER_RATE = {"kal"}
"""Voices that speak at 8 kHz; `kal16` is this one at 16 kHz."""

FILE_NAME = re.compile(r"libflite_cmu_us_(\w+)\.(?:so|so\.1|dylib|1\.dylib)")

# Names that flite keeps by their addresses: they must live as long as the process.
STREAMING_INFO = b"streaming_info"
DURATION_STRETCH = b"duration_stretch"

CONTINUE, STOP = 0, -1

Said = tuple[str, float, float]
"""A token of the text, and the seconds from and to which it is said."""

Word = tuple[int, int, int, int]
"""From and to in characters, from and to in samples."""


def folders() -> list[Path]:
    """Where a voice's library may be, the likeliest first."""
    listed = [os.environ.get(name, "") for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")]
    usual = [
        f"/usr/lib/{getattr(sys.implementation, '_multiarch', '')}",
        *("/usr/lib64", "/usr/local/lib64", "/usr/local/lib", "/opt/homebrew/lib"),
    ]
    named = [folder for paths in listed for folder in paths.split(os.pathsep)]
    return [Path(folder) for folder in dict.fromkeys([*named, *usual, "/usr/lib"]) if folder]


def find_voices(places: Iterable[Path] | None = None) -> dict[str, Path]:
    """The voices on this machine and their libraries, the most natural one first."""
    found: dict[str, Path] = {}
    for folder in folders() if places is None else places:
        for path in sorted(folder.glob("libflite_cmu_us_*")):
            match = FILE_NAME.fullmatch(path.name)
            if match and match[1] not in OTHER_RATE:
                found.setdefault(match[1], path)
    order = [*PREFERRED, *sorted(found)]
    return {name: found[name] for name in sorted(found, key=order.index)}


def place(text: str, said: Iterable[Said]) -> list[Word]:
    """Where in the text the tokens are, with what follows each up to a blank or the next.

    A token of which nothing is heard is left out.
    """
    found: list[tuple[int, int, float, float]] = []
    position = 0
    for token, begin, end in said:
        start = text.find(token, position)
        if start < 0:
            continue
        position = start + len(token)
        if end > begin:
            found.append((start, position, begin, end))
    nexts = [*(start for start, *_ in found[1:]), len(text)]
    words = []
    for (start, stop, begin, end), following in zip(found, nexts, strict=True):
        while stop < following and not text[stop].isspace():
            stop += 1
        words.append((start, stop, round(begin * SAMPLE_RATE), round(end * SAMPLE_RATE)))
    return words


class Cutter:
    """Cuts an utterance's audio to what is to be heard, and adds to it the words.

    Without words there is nothing to hear.
    """

    def __init__(self, words: list[Word], pause: int, send: Callable[[bytes], None]) -> None:
        self._words = words
        self._send = send
        self._begin = max(0, words[0][2] - round(LEAD_IN_S * SAMPLE_RATE)) if words else 0
        self._end = words[-1][3] + pause if words else 0
        self._heard = self._begin

    def audio(self, start: int, pcm: bytes) -> None:
        """The utterance's samples from number `start`, which follow the ones before."""
        stop = min(start + len(pcm) // 2, self._end)
        first = max(start, self._begin)
        if first < stop:
            self._heard = stop
            self._put(pcm[2 * (first - start) : 2 * (stop - start)], stop)

    def finish(self) -> None:
        """There is no more audio. Words that were to begin later are at its end."""
        if self._words:
            self._put(b"", None)

    def _put(self, pcm: bytes, stop: int | None) -> None:
        words = [word for word in self._words if stop is None or word[2] < stop]
        del self._words[: len(words)]
        packed = []
        for start, end, begin, finish in words:
            if stop is None:
                begin = finish = self._heard
            packed.append(WORD.pack(start, end, begin - self._begin, finish - self._begin))
        self._send(COUNT.pack(len(words)) + b"".join(packed) + pcm)


# Of flite's cst_voice.h, cst_wave.h and cst_audio.h, what comes first


class Voice(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


class Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.c_void_p),
    )


class StreamingInfo(ctypes.Structure):
    pass


StreamCallback = ctypes.CFUNCTYPE(
    ctypes.c_int,
    *(ctypes.POINTER(Wave), ctypes.c_int, ctypes.c_int, ctypes.c_int),
    ctypes.POINTER(StreamingInfo),
)

StreamingInfo._fields_ = (
    ("min_buffsize", ctypes.c_int),
    ("callback", StreamCallback),
    ("utterance", ctypes.c_void_p),
)


class Flite:
    """The library with its voices, each loaded when it is first wanted. One text at a time."""

    def __init__(self) -> None:
        self.voices = find_voices()
        if not self.voices:
            raise OSError("no voice of flite is installed")
        self._voices: dict[str, tuple[Voice, float]] = {}
        self._callback = StreamCallback(self._heard)
        # A voice's library brings flite itself along.
        self._library = ctypes.CDLL(str(next(iter(self.voices.values()))))
        self._declare()
        self._library.flite_init()
        self._random = ctypes.CDLL(None)

    def _declare(self) -> None:
        pointer, string, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float
        info = ctypes.POINTER(StreamingInfo)
        functions: dict[str, tuple[Any, ...]] = {  # what it returns, what it takes
            "new_audio_streaming_info": (info,),
            "audio_streaming_info_val": (pointer, info),
            "flite_feat_set": (None, pointer, string, pointer),
            "flite_feat_set_float": (None, pointer, string, number),
            "flite_get_param_float": (number, pointer, string, number),
            "flite_get_param_int": (ctypes.c_int, pointer, string, ctypes.c_int),
            "flite_synth_text": (pointer, string, ctypes.POINTER(Voice)),
            "delete_utterance": (None, pointer),
            "utt_relation": (pointer, pointer, string),
            "relation_head": (pointer, pointer),
            "item_next": (pointer, pointer),
            "item_daughter": (pointer, pointer),
            "flite_ffeature_string": (string, pointer, string),
            "flite_ffeature_float": (number, pointer, string),
        }
        for name, (returned, *taken) in functions.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = returned, taken

    def load(self, name: str) -> bool:
        """Load a voice if that was not done; return False when there is none of that name."""
        if name not in self._voices and name in self.voices:
            register = getattr(ctypes.CDLL(str(self.voices[name])), f"register_cmu_us_{name}")
            register.restype, register.argtypes = ctypes.POINTER(Voice), [ctypes.c_char_p]
            voice = register(None).contents
            flite, features = self._library, voice.features
            rate = flite.flite_get_param_int(features, b"sample_rate", 0)
            if rate != SAMPLE_RATE:
                raise RuntimeError(f"the sample rate of a voice is {rate}")
            info = flite.new_audio_streaming_info()
            info.contents.min_buffsize = CHUNK
            info.contents.callback = self._callback
            flite.flite_feat_set(features, STREAMING_INFO, flite.audio_streaming_info_val(info))
            stretch = flite.flite_get_param_float(features, DURATION_STRETCH, 1.0)
            self._voices[name] = voice, stretch
        return name in self._voices

    def speak(
        self, text: str, voice: str, stretch: float, pause: int, send: Callable[[bytes], None]
    ) -> bool:
        """Say a text as one utterance; return False when there is no such voice."""
        if not self.load(voice):
            return False
        found, usual = self._voices[voice]
        self._library.flite_feat_set_float(found.features, DURATION_STRETCH, usual * stretch)
        # The noise in the voice is random: the same texts would not always sound the same.
        self._random.srand(1)
        self._text, self._pause, self._send = text, pause, send
        self._cutter: Cutter | None = None
        self._error: Exception | None = None
        utterance = self._library.flite_synth_text(text.encode(), ctypes.byref(found))
        self._library.delete_utterance(utterance)
        if self._error is not None:
            raise self._error
        if self._cutter is not None:
            self._cutter.finish()
        return True

    def _heard(self, wave: Any, start: int, size: int, last: int, info: Any) -> int:
        """Called by the library with each piece of audio."""
        try:
            if self._cutter is None:
                words = place(self._text, self._said(info.contents.utterance))
                self._cutter = Cutter(words, self._pause, self._send)
            samples = wave.contents.samples + 2 * start
            self._cutter.audio(start, ctypes.string_at(samples, 2 * size))
        except Exception as error:  # the library cannot pass it on
            self._error = error
            return STOP
        return CONTINUE

    def _said(self, utterance: int) -> list[Said]:
        """The tokens of an utterance whose sounds have their times."""
        flite = self._library
        said: list[Said] = []
        token = flite.relation_head(flite.utt_relation(utterance, b"Token"))
        while token:
            times = []
            word = flite.item_daughter(token)
            while word:
                times.append(self._times(word))
                word = flite.item_next(word)
            heard = [(begin, end) for begin, end in times if end > begin] or [(0.0, 0.0)]
            name = flite.flite_ffeature_string(token, b"name").decode()
            said.append((name, heard[0][0], heard[-1][1]))
            token = flite.item_next(token)
        return said

    def _times(self, word: int) -> tuple[float, float]:
        """From and to when a word is said, in seconds; the same twice when it is not."""
        feature = self._library.flite_ffeature_float
        begin = feature(word, b"R:SylStructure.daughter1.daughter1.R:Segment.p.end")
        return begin, feature(word, b"R:SylStructure.daughtern.daughtern.R:Segment.end")


def serve(channel: Channel) -> None:
    """Load the library and its best voice, then speak one text after the other."""
    flite = Flite()
    flite.speak("Hello.", next(iter(flite.voices)), 1.0, 0, lambda part: None)
    channel.answer()
    while True:
        _, payload = channel.receive()
        stretch, pause_ms, voice_end = REQUEST.unpack_from(payload)
        voice_end += REQUEST.size
        voice = payload[REQUEST.size : voice_end].decode()
        text = payload[voice_end:].decode()
        pause = pause_ms * SAMPLE_RATE // 1000
        if flite.speak(text, voice, stretch, pause, channel.part):
            channel.answer()
        else:
            channel.refuse("")
