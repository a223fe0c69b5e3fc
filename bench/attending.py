"""Where the agent's backchannels fall in recorded stories: run it on recordings, in virtual time.

    python bench/attending.py spontaneous/mfa_acoustic_corpus.wav dialogue/ami_dev00.wav …

Each recording is one caller's story, told to an assistant that listens aloud; recogniser,
voice activity and the model of the end of turns are real. Without names: all that are longer
than 20 s and spontaneous. Names are relative to the folder of recorded speech.
"""

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common import find_corpus
from parley.assistants import Assistant
from parley.audio.files import read_recording
from parley.core import actions as act
from parley.core import events as ev
from parley.core import trace
from parley.runtime.building import build_agent
from parley.runtime.vtime import run_virtual
from parley.transports.loopback import LoopbackTransport

ASSISTANT = Assistant(
    first_message="Hello, what happened?",
    backchanneling_enabled=True,
    model={"replies": ["Thank you, I have noted that.", "All right. Anything else?"]},
)


@dataclass(frozen=True, slots=True)
class Fall:
    """One backchannel, in seconds: how long into the pause it began, how much of the caller's
    next words it overlapped, and how long an answer waited for its end."""

    at: float
    into_pause: float
    overlap: float
    answer_delayed: float


def falls(path: Path) -> list[Fall]:
    """The backchannels of a recorded call that were heard."""
    steps = trace.parse(path.read_text()).steps
    begins = {s.event.reply: s.event.at for s in steps if isinstance(s.event, ev.PlayoutStarted)}
    ends = {s.event.reply: s.event.at for s in steps if isinstance(s.event, ev.PlayoutFinished)}
    voices = [s.event.at for s in steps if isinstance(s.event, ev.SpeechStarted)]
    pauses = [s.event.at for s in steps if isinstance(s.event, ev.SpeechStopped)]
    plays = [s.now for s in steps for a in s.actions if isinstance(a, act.PlayReply)]
    found = []
    for said in [a.reply for s in steps for a in s.actions if isinstance(a, act.Backchannel)]:
        if said in begins and said in ends:
            begin, end = begins[said], ends[said]
            pause = max(at for at in pauses if at <= begin)
            resumed = min((at for at in voices if at > pause), default=end)
            waits = [end - at for at in plays if begin <= at < end]
            found.append(Fall(begin, begin - pause, max(0.0, end - resumed), max(waits, default=0)))
    return found


def stories(corpus: Path) -> list[str]:
    items = json.loads((corpus / "manifest.json").read_text())["items"]
    spoken = ("spontaneous", "dialogue", "meeting")
    return [
        item["file"]
        for item in items
        if item["duration_s"] > 20 and item["category"] in spoken and item["channels"] == 1
    ]


async def main(names: list[str], corpus: Path, out: Path) -> None:
    agent = build_agent(ASSISTANT)
    await agent.start()
    total, heard_s = [], 0.0
    for name in names:
        recording = read_recording(corpus / name)
        record = await agent.take(LoopbackTransport([recording.pcm]), out, simulated=True)
        assert record.folder is not None
        found = falls(record.folder / "trace.jsonl")
        total += found
        heard_s += recording.duration_s
        print(f"{name}: {len(found)} in {recording.duration_s:.1f} s")
        for it in found:
            print(f"  at {it.at:.2f} s, {it.into_pause:.2f} s into the pause,", end=" ")
            print(f"overlap {it.overlap:.2f} s, answer delayed {it.answer_delayed:.2f} s")
    await agent.close()
    over = [it.overlap for it in total if it.overlap > 0]
    late = [it.answer_delayed for it in total if it.answer_delayed > 0]
    print(f"{len(total)} in {heard_s:.0f} s; {len(over)} overlapped the next words", end="")
    print(f" (at most {max(over, default=0):.2f} s); {len(late)} answers were delayed", end="")
    print(f" (at most {max(late, default=0):.2f} s)")


if __name__ == "__main__":
    CORPUS = find_corpus()
    with tempfile.TemporaryDirectory() as folder:
        run_virtual(main(sys.argv[1:] or stories(CORPUS), CORPUS, Path(folder)))
