"""How well replays agree with whole calls: the same trials both ways, in virtual time.

The whole runtime (as cutoffs.py has it) against parley.sim, with the manifest's words and
Parley's defaults. The end-of-turn model takes no virtual time in either.

    python bench/turn_agreement.py [--every N]
"""

import argparse

import numpy as np

from common import SETTINGS, find_corpus
from cutoffs import calls, inserted, natural
from parley.runtime.vtime import run_virtual
from parley.sim import engines
from parley.sim import hearing as sim
from parley.sim.hearing import Hearing
from parley.sim.replaying import Pace, Told, replay
from parley.speech.pauses import Judgement
from scripted import work
from turn_trials import TAIL_S
from utterances import RATE, Trial


def replayed(trials: list[Trial]) -> list[Told]:
    """What the replays tell."""
    model = engines.turn_model()
    assert model is not None, "parley models pull smart-turn"
    silences = (np.resize(t.room, round(TAIL_S * RATE)).astype("<i2").tobytes() for t in trials)
    pcms = [t.pcm + silence for t, silence in zip(trials, silences, strict=True)]
    told = []
    found = sim.edges(engines.voice_model(), pcms)
    for trial, pcm, edges in zip(trials, pcms, found, strict=True):
        words = sim.scripted(trial.finals, work.STT_DELAY)
        hearing = Hearing(len(pcm) / (2 * RATE), edges, words)

        def judge(
            since: float, asked: float, h: Hearing = hearing, heard: bytes = pcm
        ) -> Judgement:
            return sim.judge(h, model, heard, since, asked)

        told.append(replay(hearing, SETTINGS, judge, Pace(judgement_s=0.0)))
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--every", type=int, default=4, help="of the trials, every so many")
    given = parser.parse_args()
    folder = find_corpus()
    trials = [*inserted(folder, 8), *natural(folder)][:: given.every]
    called = run_virtual(calls(trials))
    told = replayed(trials)
    pairs = [(c["committed"], t.committed) for c, t in zip(called, told, strict=True)]
    alike = [(a, b) for a, b in pairs if len(a) == len(b)]
    late = np.array([y - x for a, b in alike for x, y in zip(a, b, strict=True)])
    ends = [trial.end for trial in trials]
    same = sum(
        any(x < end for x in a) == any(y < end for y in b)
        for (a, b), end in zip(pairs, ends, strict=True)
    )
    print(f"{len(trials)} trials; as many commits in {len(alike)}, cut off alike in {same}")
    middle, high = np.percentile(np.abs(late), [50, 95]) * 1000
    print(
        f"of {len(late)} commits the replay's is {1000 * np.median(late):+.1f} ms later (median);"
        f" difference {middle:.0f} ms (median), {high:.0f} ms (95th)"
    )


if __name__ == "__main__":
    main()
