"""Cut-offs of other frameworks with their defaults, on the same audio, in real time.

A part of the trials, on the clean line, with the manifest's words at the common work's delay.
Each framework runs in its own environment (peers.py) or in one that --python names.

    python bench/turn_peers.py --out DIR [--peer pipecat --python PATH] [--most 60]
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import peers
from common import ROOT, find_corpus
from scripted import work
from stats import NONE, number, percentile, rate, table
from turn_rules import EARLY_S
from turn_trials import KINDS, stored
from turns import STORE, chosen

Json = dict[str, Any]


def measure(peer: str, python: str, out: Path, most: int, together: int) -> Json:
    """Run a framework over the trials."""
    kinds = [t for t in chosen(stored(STORE, find_corpus()), most) if t.kind in KINDS[:3]]
    fields = ("name", "kind", "pcm", "pause", "end", "finals")
    trials = [{name: getattr(trial, name) for name in fields} for trial in kinds]
    given, found = out / "trials.pickle", out / f"{peer}.json"
    given.write_bytes(pickle.dumps(trials))
    folder = str(Path(str(work.__file__)).parent)
    script = [python, str(ROOT / "bench/turn_peer.py"), peer, "--trials", str(given)]
    command = [*script, "--out", str(found), "--together", str(together)]
    with (out / f"{peer}.log").open("w") as log:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment["PARLEY_BENCH"] = folder
        subprocess.run(command, env=environment, stdout=log, stderr=log, check=True)
    result: Json = json.loads(found.read_text())
    return result


ASKS_BEFORE = ("livekit",)
"""They ask the model before the turn has ended: when they ask tells nothing."""


def row(result: Json) -> list[str]:
    """One framework in a line."""
    good = [trial for trial in result["trials"] if "error" not in trial]
    cells = [result["peer"]]
    for kind in KINDS[:2]:
        some = [t for t in good if t["kind"] == kind]
        for what in ("committed", "heard"):
            if what == "committed" and result["peer"] in ASKS_BEFORE:
                cells.append(NONE)
                continue
            hits = sum(any(at < t["end"] - EARLY_S for at in t[what]) for t in some)
            cells.append(f"{rate(hits, len(some))}, n={len(some)}")
    ends = [t for t in good if t["kind"] == "end"]
    for what in ("committed", "heard"):
        after = [[at - t["end"] for at in t[what] if at >= t["end"] - EARLY_S] for t in ends]
        unknown = what == "committed" and result["peer"] in ASKS_BEFORE
        delays = [1000 * times[0] for times in after if times and not unknown]
        cells += [number(percentile(delays, p)) for p in (50, 95)]
    late = percentile([1000 * t["late"] for t in good], 95)
    return [*cells, number(late), str(len(result["trials"]) - len(good))]


HEAD = (
    "framework",
    "put in: model asked",
    "put in: heard",
    "natural: model asked",
    "natural: heard",
    "asked p50, ms",
    "p95",
    "response p50, ms",
    "p95",
    "frames late, p95, ms",
    "broken",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--peer", action="append", choices=[p.name for p in peers.PEERS])
    parser.add_argument("--python", help="of the environment in which the framework is")
    parser.add_argument("--most", type=int, default=60, help="trials of each kind")
    parser.add_argument("--together", type=int, default=4)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.python:
        wanted = dict.fromkeys(given.peer or (), given.python)
    else:
        ready = [p for p in peers.ready() if not given.peer or p.name in given.peer]
        wanted = {peer.name: str(peer.python) for peer in ready}
    if not wanted:
        sys.exit("No framework is there to be measured.")
    rows = [
        row(measure(name, python, given.out, given.most, given.together))
        for name, python in wanted.items()
    ]
    page = table(HEAD, rows)
    (given.out / "PEERS.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
