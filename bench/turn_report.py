"""Tables and pictures of what `turns.py` has measured."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from parley.sim.tuning import wilson
from stats import NONE, number, percentile, rate, table
from turn_rules import DEFAULT, Rule

Row = dict[str, Any]
STAGE = "turns"
INTRODUCTION = """\
## Ends of turns

Recorded people, in virtual time: the engines run once on each trial, and the core is told what
they found, with other settings for each point. Inserted pauses are .3 to 1.5 s of room tone
between two words of a phrase; natural ones are the recordings' own, .15 to 2 s; ends are whole
recordings. Cut off: committed before the speaker had finished (95 % interval). Commit: from the
last voiced sample to the end of the turn; response: to the first audio of the answer. Text: oracle
has the words 100 ms after each stretch of speech; moonshine is the embedded recogniser,
pocketsphinx the one in its place where its model is not, each with the CPU time that it took.
Noise is 10 dB below the active speech level. silence X waits X ms; Smart
Turn is asked after 200 ms, and waits for up to 3 s where the turn is not over, as pipecat's
default does.
"""
AT_MS = (200, 300, 500, 800)
FRAME_MS = 20
COLUMNS = 3
OURS = DEFAULT.rule


@dataclass(frozen=True)
class Score:
    """One rule on one line with one text: pauses of one kind, and all true ends."""

    pauses: Sequence[Row]
    ends: Sequence[Row]

    def sum(self, what: str) -> int:
        return sum(row[what] for row in self.pauses)

    @property
    def n(self) -> int:
        return self.sum("n")

    @property
    def share(self) -> float:
        """Cut off of all pauses."""
        return self.sum("cut") / self.n if self.n else math.nan

    def delay(self, what: str, percent: float) -> float:
        return percentile([ms for row in self.ends for ms in row[what]], percent)


class Results:
    """The rows of turns.json."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.lines = list(dict.fromkeys(row["line"] for row in rows))
        self.texts = list(dict.fromkeys(row["text"] for row in rows))
        self.heard = list(dict.fromkeys((row["line"], row["text"]) for row in rows))
        self.rules = list(dict.fromkeys(map(_rule, rows)))
        self.curve = [rule for rule in self.rules if rule.wait_s is not None]
        self.baselines = [rule for rule in self.rules if rule.rule != OURS]

    def some(self, kind: str, **wanted: Any) -> list[Row]:
        wanted["kind"] = kind
        return [r for r in self.rows if all(r[key] == value for key, value in wanted.items())]

    def score(self, kind: str, rule: Rule, **wanted: Any) -> Score:
        """`wanted`: line, text and category; the ends are those of all categories."""
        wanted |= asdict(rule)
        ends = {key: value for key, value in wanted.items() if key != "category"}
        return Score(self.some(kind, **wanted), self.some("end", **ends))


def write(folder: Path) -> str:
    """TURNS.md and its pictures, from turns.json. Returns the page."""
    results = Results(json.loads((folder / "turns.json").read_text())["rows"])
    page = "\n".join(["# Ends of turns\n", *sections(results)])
    (folder / "TURNS.md").write_text(page)
    draw(results, folder)
    return page


def load(folder: Path) -> Results | None:
    """What the stage of run.py has left in some folders; None where it has not run."""
    files = sorted(folder.glob(f"{STAGE}-*/turns.json"))
    rows = [row for file in files for row in json.loads(file.read_text())["rows"]]
    return Results(rows) if rows else None


def section(folder: Path) -> str:
    """A section of the report."""
    results = load(folder)
    if results is None:
        return ""
    return "\n".join([INTRODUCTION, *(text.replace("## ", "### ") for text in sections(results))])


def pictures(folder: Path) -> list[str]:
    """Draw what there are results for; return the files' names."""
    results = load(folder)
    return [] if results is None else draw(results, folder)


def sections(results: Results) -> Iterable[str]:
    """All tables, each with its heading."""
    default = DEFAULT
    yield "## Parley's default, by line\n"
    yield _by_line(results, default)
    for line in results.lines[:1]:
        yield f"## Rules, on the line {line}\n"
        yield _rules(results, line)
        yield f"## At the same median commit, on the line {line}\n"
        yield _equal(results, line)
        yield f"## By category, on the line {line}\n"
        yield _categories(results, line, default)
    yield "## Against the baselines, by line\n"
    yield _lines_equal(results)


def _by_line(results: Results, rule: Rule) -> str:
    def row(line: str, text: str) -> list[str]:
        where = {"line": line, "text": text}
        put_in, own = (results.score(k, rule, **where) for k in ("inserted", "natural"))
        ends = results.some("end", **asdict(rule), **where)
        n, missed = (sum(r[key] for r in ends) for key in ("n", "missed"))
        return [
            line,
            text,
            *(cell for score in (put_in, own) for cell in (str(score.n), *_pauses(score))),
            str(n),
            *_delays(put_in),
            str(missed),
        ]

    head = ["line", "text", "n", "put in: cut off", "agent heard", "elsewhere"]
    head += ["n", "natural: cut off", "agent heard", "elsewhere", "ends"]
    head += ["commit p50, ms", "p95", "response p50, ms", "p95", "missed"]
    return table(head, [row(line, text) for line, text in results.heard])


def _rule(row: Row) -> Rule:
    return Rule(row["rule"], row["wait_s"], row["assurance"])


def _name(rule: Rule) -> str:
    wait = "" if rule.wait_s is None else f", {1000 * rule.wait_s:.0f} ms"
    return rule.rule + wait + (f", assured {rule.assurance:g}" if rule.assurance else "")


def _rate(score: Score) -> str:
    return rate(score.sum("cut"), score.n)


def _pauses(score: Score) -> list[str]:
    return [rate(score.sum(what), score.n) for what in ("cut", "heard", "elsewhere")]


def _delays(score: Score) -> list[str]:
    whats = ("commits", "responses")
    return [number(score.delay(what, p)) for what in whats for p in (50, 95)]


def _rules(results: Results, line: str) -> str:
    def row(rule: Rule, text: str) -> list[str]:
        where = {"line": line, "text": text}
        put_in, own = (results.score(k, rule, **where) for k in ("inserted", "natural"))
        name = f"**{OURS}**" if rule == DEFAULT else _name(rule)
        wasted = put_in.sum("wasted_tokens") / put_in.n if put_in.n else math.nan
        cut, *others = _pauses(put_in)
        cells = [name, text, cut, _rate(own), *others, *_delays(put_in)]
        return [*cells, number(wasted, "{:.1f}") if rule.rule == OURS else NONE]

    head = ["rule", "text", "put in: cut off", "natural: cut off"]
    head += ["put in: agent heard", "put in: elsewhere"]
    head += ["commit p50, ms", "p95", "response p50, ms", "p95", "tokens wasted a trial"]
    return table(head, [row(rule, text) for text in results.texts for rule in results.rules])


def _equal(results: Results, line: str) -> str:
    def row(kind: str, text: str, what: str) -> list[str]:
        points = curve(results, kind, line, text, what)
        cells = [f"{number(100 * reached(points, at), '{:.1f}')} %" for at in AT_MS]
        return [kind, text, what, *(NONE if NONE in cell else cell for cell in cells)]

    head = ["pauses", "text", "median of"] + [f"{at} ms" for at in AT_MS]
    kinds, whats = ("inserted", "natural"), ("commits", "responses")
    return table(head, [row(k, t, w) for k in kinds for t in results.texts for w in whats])


def _categories(results: Results, line: str, rule: Rule) -> str:
    where = {"line": line, **asdict(rule)}
    cells = []
    for text in results.texts:
        for kind in ("inserted", "natural", "end", "answer"):
            for row in results.some(kind, text=text, **where):
                pause = kind in ("inserted", "natural")
                delays = [
                    number(percentile(row[what], p))
                    for what in ("commits", "responses")
                    for p in (50, 95)
                ]
                cut = rate(row["cut"], row["n"]) if pause else NONE
                delays = [NONE] * 4 if pause else delays
                missed = NONE if pause else str(row["missed"])
                cells.append([kind, row["category"], text, str(row["n"]), cut, *delays, missed])
    head = ["kind", "category", "text", "n", "cut off", "commit p50, ms", "p95"]
    return table([*head, "response p50, ms", "p95", "missed"], sorted(cells))


def _lines_equal(results: Results) -> str:
    """Each baseline's rate, and Parley's at the median commit of that baseline."""
    baselines = results.baselines

    def cell(line: str, text: str, rule: Rule) -> str:
        score = results.score("inserted", rule, line=line, text=text)
        points = curve(results, "inserted", line, text, "commits")
        ours = reached(points, score.delay("commits", 50))
        theirs = number(100 * score.share)
        return f"{theirs} / {number(100 * ours)}"

    head = ["line", "text", *(f"{rule.rule}, % / Parley" for rule in baselines)]
    rows = [
        [line, text, *(cell(line, text, rule) for rule in baselines)]
        for line, text in results.heard
    ]
    return table(head, rows)


Point = tuple[float, float]


def curve(results: Results, kind: str, line: str, text: str, what: str) -> list[Point]:
    """The median delay at ends and the share cut off, fastest first: of the points of the curve
    those than which no faster one cuts off fewer."""
    scores = [results.score(kind, rule, line=line, text=text) for rule in results.curve]
    points = list[Point]()
    for at, share in sorted((s.delay(what, 50), s.share) for s in scores if s.n and s.ends):
        if not points or share < points[-1][1]:
            points.append((at, share))
    return points


def reached(points: Sequence[Point], at: float) -> float:
    """The least share at a delay, within a frame of audio; NaN where nothing is so fast."""
    return min((share for ms, share in points if ms <= at + FRAME_MS), default=math.nan)


# Pictures


def draw(results: Results, folder: Path) -> list[str]:
    """Cut-offs against latency, a picture for each kind of pause and of latency."""
    drawn = []
    for kind in ("inserted", "natural"):
        for what in ("commits", "responses"):
            path = folder / f"turns-{kind}-{what}.png"
            panels(results, kind, what, path)
            drawn.append(path.name)
    return drawn


def panels(results: Results, kind: str, what: str, path: Path) -> None:
    """Small multiples: a panel for each line."""
    count = len(results.lines)
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    size = (3.4 * columns + 0.6, 2.6 * rows + 0.6)
    figure, grid = plt.subplots(
        rows, columns, figsize=size, layout="constrained", sharex=True, sharey=True, squeeze=False
    )
    for axes, line in zip(grid.flat, results.lines, strict=False):
        _panel(axes, results, kind, what, line)
    for axes in list(grid.flat)[count:]:
        axes.axis("off")
    latency = "commit" if what == "commits" else "response"
    figure.supxlabel(f"median {latency} after the end of speech, ms")
    figure.supylabel(f"cut off, % ({kind} pauses)")
    grid.flat[0].legend(fontsize=6)
    figure.savefig(path, dpi=140)
    plt.close(figure)


def _panel(axes: Axes, results: Results, kind: str, what: str, line: str) -> None:
    axes.set_title(line, fontsize=8)
    axes.set(xlim=(0, 1400), ylim=(0, 100))
    axes.tick_params(labelsize=7)
    for text, style in zip(results.texts, ("-", "--"), strict=False):
        _ours(axes, results, kind, what, line, text, style)
    text = results.texts[0]
    for rule, mark in zip(results.baselines, ("v", "s", "^", "D"), strict=False):
        score = results.score(kind, rule, line=line, text=text)
        if score.n:
            x, y = score.delay(what, 50), 100 * score.share
            axes.plot(x, y, mark, color="0.35", markersize=5, label=rule.rule)


def _ours(
    axes: Axes, results: Results, kind: str, what: str, line: str, text: str, style: str
) -> None:
    points = curve(results, kind, line, text, what)
    if not points:
        return
    (drawn,) = axes.plot(
        [x for x, _ in points],
        [100 * y for _, y in points],
        style,
        marker="o",
        markersize=2.5,
        label=f"Parley, {text}",
    )
    score = results.score(kind, DEFAULT, line=line, text=text)
    x, y = score.delay(what, 50), 100 * score.share
    low, high = (100 * w for w in wilson(score.sum("cut"), score.n))
    axes.errorbar(x, y, yerr=[[y - low], [high - y]], color=drawn.get_color(), capsize=2)
    axes.plot(x, y, "o", markersize=9, fillstyle="none", color=drawn.get_color())
