"""The default assistant with its embedded engines, in real time: what a first try is like.

One call; each recording is a turn. Latency is from the last sample of speech to the first
sample of the answer that is heard.
"""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
from jiwer import wer

from common import find_corpus
from parley.assistants.model import default_assistant
from parley.core.phrases import plain
from parley.providers.stt.embedded import embedded_name
from parley.runtime.building import build_agent
from scripted import Caller, work

RECORDINGS = (
    ("commands/az_whatstheweatherlike.wav", "what's the weather like"),
    ("commands/g_brooklyn.wav", "how old is the brooklyn bridge"),
    ("commands/ps_card_002.wav", "four queen of clubs"),
    ("commands/ps_card_005.wav", "eight of spades four of clubs seven of hearts"),
    ("transcribed/arctic_a0024.wav", work.CLIPS[0][1]),
    ("transcribed/sb_spk1_snt1.wav", "the child almost hurt the small dog"),
    ("transcribed/sb_spk1_snt3.wav", work.CLIPS[1][1]),
    ("transcribed/sb_spk1_snt4.wav", work.CLIPS[2][1]),
    ("transcribed/sb_spk1_snt5.wav", "sunday is the best part of the week"),
    ("transcribed/ps_0930_austen.wav", "he might even have been made amiable himself"),
)
PATIENCE_S = 12.0
REST_S = 1.0


class Questions:
    """Says one recording after the other, each when the agent has been quiet for a while."""

    def __init__(self, count: int) -> None:
        self._clips = work.load_clips(str(find_corpus()), RECORDINGS[:count])
        self.asked: list[tuple[float, float]] = []

    async def script(self, caller: Caller) -> None:
        await caller.answer(0.0)
        for audio, _ in self._clips:
            await caller.quiet(REST_S)
            began = caller.clock()
            await caller.say(audio.tobytes())
            self.asked.append((began, began + len(audio) / work.SR_IN))
            await caller.answer(self.asked[-1][1], PATIENCE_S)
        await caller.quiet(REST_S)


def judge(questions: Questions, caller: Caller, heard: list[str]) -> dict[str, Any]:
    """One latency for each question; None where nothing was heard in answer."""
    ends = [begin for begin, _ in questions.asked[1:]] + [caller.clock()]
    latencies = []
    for (_, asked), end in zip(questions.asked, ends, strict=True):
        answers = [s.begin - asked for s in caller.sounds if asked <= s.begin < end]
        latencies.append(answers[0] if answers else None)
    said = " ".join(text for _, text in RECORDINGS[: len(questions.asked)])
    early = sum(any(a <= s.begin < b for s in caller.sounds) for a, b in questions.asked)
    wrong = wer(said, plain(" ".join(heard)))
    found = {"recogniser": embedded_name(), "latencies": latencies, "early": early}
    return {**found, "word_error_rate": wrong}


async def measure(count: int) -> dict[str, Any]:
    questions = Questions(count)
    agent = build_agent(default_assistant())
    caller = Caller(questions.script, np.asarray(work.noise(0, 48_000)))
    try:
        await agent.start()
        record = await agent.take(caller)
    finally:
        await agent.close()
    lines = record.outcome.transcript
    return judge(questions, caller, [line.text for line in lines if line.who == "caller"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the JSON goes")
    parser.add_argument("--recordings", type=int, default=len(RECORDINGS))
    given = parser.parse_args()
    found = asyncio.run(measure(given.recordings))
    given.out.write_text(json.dumps(found))
    print(found)


if __name__ == "__main__":
    main()
