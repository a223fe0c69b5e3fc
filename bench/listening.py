"""What is expected, as pocketsphinx's own grammar (FSG), as a trigram model, and by Moonshine.

Flite's voices answer five questions of the demo: with sentences of the question's grammar,
and with sentences that are nearly so (a word more, less or other). All ways hear the same
audio, in one call for each question, in this process.

    build       CPU s until the grammar can be listened for: median, least and most
    decoding    CPU s per s of the voice's audio: median, 10th and 90th percentile
    words       sentences of the grammar of which every word is right
    understood  sentences from which the question's value is read as it was said

Alternatives without a pronunciation are taken out of the FSG's grammar, which may have none.

Run: python bench/listening.py [--builds N] [--question NAME ...] [--noise DBFS]
"""

import argparse
import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from pocketsphinx import Decoder, Vad

import parley.demo
from parley.assistants.files import load_assistant
from parley.assistants.flows.dialogue import Dialogue
from parley.assistants.flows.state import State
from parley.audio.formats import INBOUND
from parley.audio.resampling import resample
from parley.models import model_path
from parley.providers.protocols import TtsRequest
from parley.providers.stt.jsgf import Grammar
from parley.providers.stt.moonshine_worker import Recognizer as MoonshineRecognizer
from parley.providers.stt.moonshine_worker import Said
from parley.providers.stt.moonshine_worker import recognizer as moonshine
from parley.providers.stt.pocketsphinx_worker import FRAME_S, RATE, Recognizer
from parley.providers.tts.flite import FliteTts, available

TODAY = date(2026, 11, 30)
QUIET_S, LEAD_S = 0.7, 0.3
FRAME_BYTES = 640

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "date": ("which_day", "day"),
    "time": ("which_time", "time"),
    "choice": ("welcome", "wish"),
    "name": ("whose", "name"),
    "name, also": ("who", "name"),
}
"""The node that asks, and the slot of the answer; the last may be told a day and a time, too."""

EXACT: Mapping[str, Sequence[str]] = {
    "day": (
        "next tuesday",
        "the third of december",
        "i'd like friday please",
        "how about the day after tomorrow",
        "wednesday the ninth of december",
        "um on monday",
    ),
    "time": (
        "at half past ten",
        "eleven o'clock",
        "nine thirty please",
        "how about quarter to three",
        "two in the afternoon",
        "at three fifteen",
    ),
    "wish": (
        "i'd like to book an appointment",
        "cancel my appointment please",
        "i want to move my appointment",
        "when are you open",
        "i would like to see a doctor",
        "no thank you",
    ),
    "name": (
        "my name is anna smith",
        "it's david miller",
        "sarah johnson",
        "this is peter clark",
        "i'm laura baker",
        "james",
    ),
}

NEARLY: Mapping[str, Sequence[str]] = {
    "day": (
        "uh i think it should be next tuesday then",
        "let me say the third of december",
        "could we do it on friday",
        "well the day after tomorrow would be best",
    ),
    "time": (
        "i could be there at half past ten",
        "eleven o'clock would be great",
        "well nine thirty if that is free",
        "we could do three in the afternoon",
    ),
    "wish": (
        "i was hoping to book an appointment with you",
        "i have to cancel my appointment today",
        "hi there can i move my appointment",
        "could you tell me when are you open",
    ),
    "name": (
        "yes of course my name is anna smith",
        "that would be david miller",
        "sarah johnson is my name",
        "you can put it under peter clark",
    ),
}


@dataclass(slots=True)
class Tally:
    """What one way makes of one question."""

    builds: list[float] = field(default_factory=list)
    decoding: list[float] = field(default_factory=list)
    words: dict[str, list[bool]] = field(default_factory=dict)
    understood: dict[str, list[bool]] = field(default_factory=dict)

    def row(self, title: str) -> str:
        tenths = quantiles(self.decoding, n=10)
        judged = (self.words["exact"], self.understood["exact"], self.understood["nearly"])
        right = [f"{sum(found)}/{len(found)}" for found in judged]
        return (
            f"{title:17} {median(self.builds):6.2f} ({min(self.builds):.2f} to"
            f" {max(self.builds):.2f}; {len(self.builds)})"
            f" {median(self.decoding):6.2f} ({tenths[0]:.2f} to {tenths[-1]:.2f};"
            f" {len(self.decoding)})  " + "  ".join(right)
        )


async def speech(texts: Sequence[str], noise_dbfs: float) -> dict[tuple[str, str], bytes]:
    """Each text by each voice, 16 kHz, with noise on the line and silence around it."""
    tts = FliteTts(maximum=1)
    rate = tts.capabilities.format.sample_rate
    dice = np.random.default_rng(1)
    spoken: dict[tuple[str, str], bytes] = {}
    for voice in [v for v in ("slt", "rms", "awb") if v in available()]:
        for text in texts:
            request = TtsRequest(text, voice=voice)
            pcm = b"".join([chunk.pcm async for chunk in tts.synthesize(request)])
            quiet = bytes(INBOUND.bytes_for(QUIET_S))
            line = np.frombuffer(quiet + resample(pcm, rate, RATE) + quiet, "<i2")
            noisy = line + dice.normal(0, 32768 * 10 ** (noise_dbfs / 20), len(line))
            spoken[voice, text] = np.clip(np.round(noisy), -32768, 32767).astype("<i2").tobytes()
    await tts.aclose()
    return spoken


def recognizer() -> Recognizer:
    def decoder(**files: str) -> Decoder:
        return Decoder(samprate=RATE, fwdflat=False, bestpath=False, loglevel="FATAL", **files)

    return Recognizer(
        decoder(),
        lambda model, words: decoder(lm=str(model), dict=str(words)),
        lambda: Vad(Vad.LOOSE, RATE, FRAME_S),
    )


def pronounceable(grammar: str) -> str:
    """The grammar without the alternatives that the decoder does not know."""
    known = Decoder(loglevel="FATAL").lookup_word
    for word in Grammar(grammar).words:
        if known(word) is None:
            grammar = re.sub(rf"\|\s*{re.escape(word)}\s*(?=[|;])", "", grammar)
    return grammar


def hear(ears: Recognizer | MoonshineRecognizer, pcm: bytes) -> tuple[str, float]:
    """The words, and the CPU seconds that they took.

    Moonshine hears what a voice gate gives: digital silence around the voice.
    """
    if isinstance(ears, MoonshineRecognizer):
        silent = bytes(INBOUND.bytes_for(QUIET_S - LEAD_S))
        pcm = silent + pcm[len(silent) : -len(silent)] + silent
    begun = time.process_time()
    for at in range(0, len(pcm), FRAME_BYTES):
        ears.hear(pcm[at : at + FRAME_BYTES])
    said = ears.finish()
    text = said.text if isinstance(said, Said) else " ".join(word for word, _, _ in said)
    return text, time.process_time() - begun


def measure(dialogue: Dialogue, name: str, way: str, noise_dbfs: float, builds: int) -> Tally:
    node, slot = QUESTIONS[name]
    grammar = dialogue.grammar(State(node, awaits="answer"), TODAY)
    kind = dialogue.types[slot]
    ears = recognizer() if way != "Moonshine" else moonshine(model_path("moonshine"))
    prepare = ears.open if way == "FSG" else ears.expect
    if way == "FSG":
        grammar = pronounceable(grammar)
    tally = Tally()
    for n in range(builds):
        begun = time.process_time()
        prepare(f"{grammar}// {n}\n")
        tally.builds.append(time.process_time() - begun)
    for group, texts in (("exact", EXACT[slot]), ("nearly", NEARLY[slot])):
        tally.words[group], tally.understood[group] = [], []
        for (_, text), pcm in asyncio.run(speech(texts, noise_dbfs)).items():
            heard, took_s = hear(ears, pcm)
            tally.decoding.append(took_s / (INBOUND.seconds_in(pcm) - 2 * QUIET_S))
            tally.words[group].append(heard.lower().rstrip(".?!") == text)
            wanted, got = ([f.value for f in kind.find(t, TODAY)] for t in (text, heard))
            tally.understood[group].append(got == wanted != [])
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--builds", type=int, default=5)
    parser.add_argument("--question", nargs="*", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--noise", type=float, default=-50.0, help="on the line, in dBFS")
    given = parser.parse_args()
    path = Path(parley.demo.__file__).with_name("front_desk.yaml")
    flow = load_assistant(path).flow
    assert flow is not None
    dialogue = Dialogue(flow)
    print(f"{'question':17} {'build':27} {'decoding':26} words, understood: exact, nearly")
    for name in given.question:
        tallies = {}
        for way in ("FSG", "n-gram", "Moonshine"):
            tallies[way] = measure(dialogue, name, way, given.noise, given.builds)
            print(tallies[way].row(f"{name} {way}"), flush=True)
        fsg, ngram = tallies["FSG"], tallies["n-gram"]
        print(
            f"{name} FSG : n-gram, build {median(fsg.builds) / median(ngram.builds):.1f},"
            f" decoding {median(fsg.decoding) / median(ngram.decoding):.1f}"
        )


if __name__ == "__main__":
    main()
