"""Rules that end a turn, and what becomes of the trials under each.

Parley's is the core itself: as it is by default, and on a curve where a turn that is certainly
over ends after so long, one of which nothing is known after 1.6 s, and none is held back until
its reply is ready; on a part of it a turn is certainly over, or ends after 2 s. The baselines:

    silence X     X ms after the last voiced sample, whatever was said
    Smart Turn    asked after 200 ms of silence; over where it says so (0.5), else after 3 s.
                  That is pipecat's default.

A baseline asks the model when the turn is over and its text is there, and speaks when the
first sentence has audio; Parley begins before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from common import SETTINGS
from parley.core.settings import Settings, TurnSettings
from parley.providers.stt.embedded import ENGINES
from parley.sim.hearing import Edge
from parley.sim.replaying import Pace, replay
from turn_hearing import Heard

WAITS_S = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25)
UNSURE_S = 1.6
"""On the curve. By default it is less, for the sake of the slowest commits."""

ASSURED_WAITS_S, STEEP_S = (0.25, 0.3), 4.0
ASSURANCES = (0.5, 1.0, 1.5, 1.75, 1.9, 2.0, 2.5)
"""On the rest of it only what is so well assured ends at once, and all else after `longest_s`."""

SILENCES_S = (0.2, 0.5, 0.8)
ASK_S, OVER, GIVE_UP_S = 0.2, 0.5, 3.0
PACE = Pace()
ANSWER_S = PACE.text_s + PACE.voice_s
"""From the question to the model to the first audio of its answer."""

KNOWN_S = 0.3
"""By then a voice that goes on is known to."""

EARLY_S = 0.02
"""A commit so near to the end of speech is none before it: a frame of audio."""

Times = Sequence[float]


@dataclass(slots=True)
class Tally:
    """What became of some trials under one rule. Times are ms after the end of speech.

    `cut`: committed in the trial's pause although the speaker went on; `heard`: and the agent
    was heard. `elsewhere`: committed before the end, but not in that pause. `missed`: not
    committed at all.
    """

    n: int = 0
    cut: int = 0
    heard: int = 0
    elsewhere: int = 0
    missed: int = 0
    commits: list[int] = field(default_factory=list)
    responses: list[int] = field(default_factory=list)
    judgements: int = 0
    started: int = 0
    wasted_tokens: int = 0

    def add(self, heard: Heard, committed: Times, spoken: Times) -> None:
        end = heard.trial.end
        self.n += 1
        early = [at for at in committed if at < end - EARLY_S]
        cut = any(_is_in(at, heard.trial.pause) for at in early)
        aloud = any(at < end - EARLY_S for at in spoken)
        self.cut += cut
        self.heard += cut and aloud
        self.elsewhere += any(not _is_in(at, heard.trial.pause) for at in early)
        after = [at - end for at in committed if at >= end - EARLY_S]
        self.missed += not after
        if after and not aloud:
            self.commits.append(round(1000 * after[0]))
        answers = [at - end for at in spoken if at >= end - EARLY_S]
        if answers and not aloud:
            self.responses.append(round(1000 * answers[0]))


def _is_in(at: float, pause: tuple[float, float]) -> bool:
    """Whether a turn was committed in a pause: not before it, nor after the next words began."""
    return pause[0] - EARLY_S <= at <= pause[1] + KNOWN_S


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides; `wait_s` places it on the curve: the pause after a turn that is over."""

    rule: str
    wait_s: float | None = None
    assurance: float = 0.0


BASELINES = (*(Rule(f"silence {1000 * s:.0f} ms") for s in SILENCES_S), Rule("Smart Turn"))
DEFAULT = Rule("parley")


def curve(waits: Sequence[float] = WAITS_S) -> list[Rule]:
    """The points of Parley's curve with these waits."""
    assured = [Rule(DEFAULT.rule, w, a) for w in ASSURED_WAITS_S if w in waits for a in ASSURANCES]
    return [*(Rule(DEFAULT.rule, wait_s) for wait_s in waits), *assured]


def settings_for(text: str, turns: TurnSettings) -> Settings:
    """As a call with this recogniser has them."""
    if engine := ENGINES.get(text):
        turns = replace(turns, finalize_after_s=engine.capabilities.finalize_after_s)
    return replace(SETTINGS, turns=turns)


def placed(turns: TurnSettings, rule: Rule) -> TurnSettings:
    """Where the rule has them on the curve, or as they are."""
    if rule.wait_s is None:
        return turns
    ending, unsure_s = replace(turns.ending, shortest_s=rule.wait_s), UNSURE_S
    if rule.assurance:
        ending = replace(ending, assurance=rule.assurance, patience_s=STEEP_S)
        unsure_s = ending.longest_s
    return replace(turns, wait_s=max(unsure_s, rule.wait_s), unready_s=0.0, ending=ending)


def changed(turns: TurnSettings, changes: str) -> TurnSettings:
    """With "wait_s=0.4,ending.sound=0.6"; the values are Python's."""
    for change in filter(None, changes.split(",")):
        name, value = change.split("=")
        parsed = {"None": None, "True": True, "False": False}.get(value, value)
        number: Any = float(parsed) if isinstance(parsed, str) else parsed
        if name.startswith("ending."):
            turns = replace(
                turns, ending=replace(turns.ending, **{name.removeprefix("ending."): number})
            )
        else:
            turns = replace(turns, **{name: number})
    return turns


# Every trial under a rule


def parley(heard: Heard, text: str, turns: TurnSettings, tally: Tally) -> None:
    """As the core decides; nothing where there is no such text."""
    hearing = heard.with_text(text)
    if hearing is not None:
        settings = settings_for(text, turns)
        if heard.trial.kind == "answer":  # to something that the agent has asked
            settings = replace(settings, greeting_kind="answer")
        told = replay(hearing, settings, heard.judge, PACE)
        tally.add(heard, told.committed, told.heard)
        tally.judgements += told.judgements
        tally.started += told.started
        tally.wasted_tokens += told.wasted_tokens


def baseline(heard: Heard, text: str, rule: Rule, tally: Tally) -> None:
    """As a baseline decides on the same edges of the voice."""
    hearing = heard.with_text(text)
    if hearing is None:
        return
    ends = _smart if rule.rule == "Smart Turn" else partial(_silent, rule)
    committed = list(ends(heard, _pauses(hearing.edges, hearing.seconds)))
    finals = [words.known_s for words in hearing.words if words.final]
    onsets = [edge.known_s for edge in hearing.edges if edge.began]
    spoken = ((at, _answered(at, finals)) for at in committed)
    heard_at = [s for at, s in spoken if not any(at < onset <= s for onset in onsets)]
    tally.add(heard, committed, heard_at)


def _answered(at: float, finals: Times) -> float:
    """When the answer is heard: the text that is on its way at the turn's end is waited for."""
    due = [known for known in finals if at - 1.0 < known < at + 1.0]
    return max([at, *due[-1:]]) + ANSWER_S


def _pauses(edges: Sequence[Edge], seconds: float) -> Iterator[tuple[float, Edge, float]]:
    """The last beginning of the voice, its end, and when it was known to go on."""
    for begun, stopped, after in zip(edges[::2], edges[1::2], [*edges[2::2], None], strict=False):
        yield begun.at_s, stopped, seconds if after is None else after.known_s


def _silent(
    rule: Rule, heard: Heard, pauses: Iterable[tuple[float, Edge, float]]
) -> Iterator[float]:
    wait_s = int(rule.rule.split()[1]) / 1000
    for _, stopped, until in pauses:
        at = max(stopped.known_s, stopped.at_s + wait_s)
        if at < until:
            yield at


def _smart(heard: Heard, pauses: Iterable[tuple[float, Edge, float]]) -> Iterator[float]:
    since: float | None = None
    for begun, stopped, until in pauses:
        since = begun if since is None else since
        asked = max(stopped.known_s, stopped.at_s + ASK_S)
        if asked >= until:
            continue
        over = heard.judge(since, asked).probability > OVER
        at = asked + PACE.judgement_s if over else max(asked, stopped.at_s + GIVE_UP_S)
        if at < until:
            since = None
            yield at
