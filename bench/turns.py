"""How well the end of a turn is told: cut-offs against latency, in virtual time.

What the engines find in each trial is found once (see turn_hearing) and told to the core
again and again, with other settings. Trials are in turn_trials, lines in turn_lines, rules
in turn_rules. Writes turns.json, TURNS.md and pictures into a folder.

    python bench/turns.py --out DIR                          all lines, all trials
    python bench/turns.py --out DIR --line clean --words -1  no recogniser but what is stored
    ... --change wait_s=0.4,ending.sound=0.6                 other settings than the defaults
"""

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import turn_report
from common import SETTINGS, find_corpus
from turn_hearing import RECOGNIZERS, TEXTS, Heard, prepare
from turn_lines import lines
from turn_rules import (
    BASELINES,
    DEFAULT,
    WAITS_S,
    Tally,
    baseline,
    changed,
    curve,
    parley,
    placed,
)
from turn_trials import KINDS, STORE, TurnTrial, stored

RECOGNIZED = 60
"""Trials of each kind that are recognised on a noisy line; on the others all are."""

WHOLE = ("clean", "telephone", "babble 10 dB", "babble 5 dB")


def measure(
    heard: Sequence[Heard], texts: Iterable[str], changes: str, waits: Sequence[float]
) -> list[dict[str, Any]]:
    """A row for each text, rule, kind and category."""
    default = changed(SETTINGS.turns, changes)
    rows = []
    for text in texts:
        for rule in [*BASELINES, DEFAULT, *curve(waits)]:
            tallies: dict[tuple[str, str], Tally] = {}
            for each in heard:
                tally = tallies.setdefault((each.trial.kind, each.trial.category), Tally())
                if rule in BASELINES:
                    baseline(each, text, rule, tally)
                else:
                    parley(each, text, placed(default, rule), tally)
            for (kind, category), tally in tallies.items():
                if tally.n:
                    rows.append(
                        {
                            "text": text,
                            **asdict(rule),
                            "kind": kind,
                            "category": category,
                            **asdict(tally),
                        }
                    )
    for each in heard:
        each.keep()
    return rows


def facts(heard: Heard, texts: Iterable[str]) -> dict[str, Any]:
    """What was found in a trial, to fit something to: edges, words, judgements.

    A judgement's name is when the turn began and when it was asked about.
    """
    trial = heard.trial
    known = {"line": heard.line, "name": trial.name, "kind": trial.kind, "pause": trial.pause}
    words = {text: h.to_json()["words"] for text in texts if (h := heard.with_text(text))}
    found = {**heard.hearing.to_json(), "words": words}
    return {**known, "category": trial.category, "end": trial.end, **found}


def chosen(found: Sequence[TurnTrial], most: int) -> list[TurnTrial]:
    """The first of each kind; all with 0."""
    by_kind = [[t for t in found if t.kind == kind] for kind in KINDS]
    return [t for some in by_kind for t in (some[:most] if most else some)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="a folder for what is written")
    parser.add_argument("--line", action="append", help="only this one; may be given often")
    parser.add_argument("--but", action="append", default=[], help="not this one")
    parser.add_argument("--text", action="append", choices=TEXTS, help="only with these words")
    parser.add_argument("--most", type=int, default=0, help="trials of each kind; 0: all")
    parser.add_argument(
        "--words", type=int, help="recognise so many of each kind; -1: take what is stored"
    )
    parser.add_argument("--change", default="", help="of the settings of turns")
    parser.add_argument(
        "--wait", action="append", type=float, help="only these points of the curve; 0: none"
    )
    parser.add_argument("--dump", type=Path, help="a file for what was found in each trial")
    parser.add_argument("--store", type=Path, default=STORE, help="where findings are kept")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    folder, began = find_corpus(), time.perf_counter()
    found = chosen(stored(given.store, folder), given.most)
    print(f"{len(found)} trials after {time.perf_counter() - began:.0f} s", flush=True)
    waits = WAITS_S if given.wait is None else [w for w in given.wait if w]
    rows, dumped = [], []
    for name, line in lines(folder).items():
        if name in given.but or (given.line and name not in given.line):
            continue
        texts = given.text or TEXTS
        most = given.words if given.words is not None else _words(name)
        recognized = {by: most for by in RECOGNIZERS if by in texts}
        heard = list(prepare(given.store, found, name, line, recognized))
        measured = measure(heard, texts, given.change, waits)
        rows += [{"line": name, **row} for row in measured]
        dumped += [facts(each, texts) for each in heard] if given.dump else []
        print(f"{name} after {time.perf_counter() - began:.0f} s", flush=True)
    if given.dump:
        given.dump.write_text(json.dumps(dumped))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "turns.json").write_text(json.dumps({"changes": given.change, "rows": rows}))
    print(turn_report.write(given.out))


def _words(line: str) -> int:
    return 10**6 if line in WHOLE else RECOGNIZED


if __name__ == "__main__":
    main()
