"""The inside of an espeak-ng process: the only place where that library (GPL-3) is loaded.

espeak-ng says at which sample a word begins. A word's audio is sent when its end is
known: at the next word's beginning, or at the end of the text.
"""

from __future__ import annotations

import ctypes
import json
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

REQUEST = struct.Struct("<IHH")
"""Words per minute, flags, and the bytes of the voice's name; then that name and the text."""

WORD = struct.Struct("<IIII")
"""A part's word, from and to, in characters and in samples; then comes the part's PCM."""

SAMPLE_RATE = 22_050

END_PAUSE = 0x1000
"""Flag (`espeakENDPAUSE`): end with the pause that the last punctuation mark asks for."""

# Names and numbers of speak_lib.h
AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_DONT_EXIT = 0x8000
CHARS_UTF8 = 1
POS_CHARACTER = 1
RATE = 1
EVENT_LIST_TERMINATED, EVENT_WORD = 0, 1


class Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", Id),
    )


class Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


class Aligner:
    """Cuts a text's audio into words, from the events that come with it.

    An event's place is often only a part of what is spoken: digits of a number that is
    read as several words, the first of several Chinese characters, a word without its
    punctuation. So events inside the current word, and of blanks, prolong it, and it
    takes in what follows it up to the next blank or word.
    """

    def __init__(self, text: str, send: Callable[[bytes], None]) -> None:
        self._text = text
        self._send = send
        self._pcm = bytearray()
        self._sent = 0
        self._word: tuple[int, int, int] | None = None

    def audio(self, pcm: bytes) -> None:
        """The next audio, which the events that follow may be about."""
        self._pcm += pcm

    def word(self, position: int, length: int, sample: int) -> None:
        """A word is said at `sample`: `length` characters from `position`, which is 1-based."""
        place = self._text[position - 1 : position - 1 + length]
        start = position - 1 + len(place) - len(place.lstrip())
        if not place.strip() or (self._word and start < self._word[1]):
            return
        sample = max(sample, self._word[2] if self._word else 0)
        self._close(start, sample)
        self._word = (start, start + len(place.strip()), sample)

    def finish(self) -> None:
        """The text is at its end. Where no word was said there is nothing to hear."""
        self._close(len(self._text), self._sent + len(self._pcm) // 2)

    def _close(self, next_start: int, sample: int) -> None:
        if self._word is None:
            return
        start, end, begin = self._word
        while end < next_start and not self._text[end].isspace():
            end += 1
        cut = 2 * (sample - self._sent)
        piece = bytes(self._pcm[:cut])
        del self._pcm[:cut]
        # A pause is made of zeros, and not a part of the word before it.
        voiced = self._sent + (len(piece.rstrip(b"\0")) + 1) // 2
        self._send(WORD.pack(start, end, begin, max(begin, voiced)) + piece)
        self._sent = sample


class Espeak:
    """The library. Its state is global: one text at a time."""

    def __init__(self) -> None:
        from espeakng_loader import get_data_path, get_library_path

        self._library = ctypes.CDLL(get_library_path())
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(Voice))
        data = get_data_path().encode()
        rate = self._library.espeak_Initialize(
            AUDIO_OUTPUT_SYNCHRONOUS, 0, data, INITIALIZE_DONT_EXIT
        )
        if rate != SAMPLE_RATE:
            raise RuntimeError(f"its sample rate is {rate}")
        # By default the time is the seed: the same texts would not always sound the same.
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))
        self._callback = SynthCallback(self._heard)
        self._library.espeak_SetSynthCallback(self._callback)

    def voices(self) -> dict[str, Any]:
        """Identifiers of voices by their language tags, and the names of variants."""
        languages: dict[str, tuple[int, str]] = {}
        for identifier, tags in self._list(None):
            for priority, tag in tags:
                languages[tag] = min(languages.get(tag, (256, "")), (priority, identifier))
        wanted_tag = ctypes.create_string_buffer(b"variant")
        wanted = Voice(languages=ctypes.cast(wanted_tag, ctypes.c_void_p))
        variants = [name.removeprefix("!v/") for name, _ in self._list(ctypes.byref(wanted))]
        return {
            "languages": {tag.lower(): identifier for tag, (_, identifier) in languages.items()},
            "variants": variants,
        }

    def _list(self, wanted: Any) -> list[tuple[str, list[tuple[int, str]]]]:
        found: list[tuple[str, list[tuple[int, str]]]] = []
        voices = self._library.espeak_ListVoices(wanted)
        while voices[len(found)]:
            voice = voices[len(found)].contents
            found.append((voice.identifier.decode(), read_tags(voice.languages)))
        return found

    def speak(self, text: str, voice: str, wpm: int, flags: int, aligner: Aligner) -> bool:
        """Say a text; return False when there is no such voice."""
        if self._library.espeak_SetVoiceByName(voice.encode()):
            return False
        self._library.espeak_SetParameter(RATE, wpm, 0)
        self._aligner = aligner
        self._error: Exception | None = None
        data = text.encode()
        self._library.espeak_Synth(
            *(data, len(data) + 1, 0, POS_CHARACTER, 0, CHARS_UTF8 | flags, None, None)
        )
        if self._error is not None:
            raise self._error
        aligner.finish()
        return True

    def _heard(self, pcm: Any, samples: int, events: Any) -> int:
        """Called by the library with each piece of audio. Returns 1 to stop it."""
        try:
            if samples:
                self._aligner.audio(ctypes.string_at(pcm, 2 * samples))
            index = 0
            while (event := events[index]).type != EVENT_LIST_TERMINATED:
                if event.type == EVENT_WORD:
                    self._aligner.word(event.text_position, event.length, event.sample)
                index += 1
        except Exception as error:  # the library cannot pass it on
            self._error = error
            return 1
        return 0


def read_tags(address: int) -> list[tuple[int, str]]:
    """A voice's language tags with their priorities: bytes and strings, up to a zero."""
    tags = []
    while priority := ctypes.string_at(address, 1)[0]:
        tag = ctypes.string_at(address + 1)
        tags.append((priority, tag.decode()))
        address += len(tag) + 2
    return tags


def serve(channel: Channel) -> None:
    """Load the library, then speak one text after the other."""
    espeak = Espeak()
    channel.answer(json.dumps(espeak.voices()).encode())
    while True:
        _, payload = channel.receive()
        wpm, flags, voice_end = REQUEST.unpack_from(payload)
        voice_end += REQUEST.size
        voice = payload[REQUEST.size : voice_end].decode()
        text = payload[voice_end:].decode()
        if espeak.speak(text, voice, wpm, flags, Aligner(text, channel.part)):
            channel.answer()
        else:
            channel.refuse("")
