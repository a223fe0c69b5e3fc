"""Draws how a pause ends a turn, with what the core itself says of it.

`docs/draw.py` writes these pictures with everything else that it draws.
"""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from parley.core import CALLER, Conversation
from parley.core import actions as act
from parley.core import events as ev
from parley.core.ending import silence
from parley.core.settings import EndingSettings, Settings, TurnSettings

IMG = Path(__file__).resolve().parent / "img"
BLUE, PALE, GREY = "#1f5fa8", "#b9d0ea", "#666666"

VOICE_S, KNOWN_S, JUDGED_S = 1.0, 0.12, 0.05
"""A second of voice; its words are known so long after it; to judge its sound takes so long."""

Row = tuple[str, str, float | None]
"""What the caller says, the type of what was asked, how sure the sound is of the end."""

ROWS: Sequence[Row] = (
    ("all the way", "", None),
    ("all the way", "", 0.75),
    ("all the way", "", 0.9),
    ("all the way", "", 0.1),
    ("this afternoon", "", None),
    ("I would like", "", None),
    ("I would like", "", 0.9),
    ("well, um", "", None),
    ("zero seven nine", "", None),
    ("yes", "yes_no", None),
)

LEFT, SCALE, ROW, TOP = 250, 150, 40, 62


def ended(row: Row) -> tuple[float, str]:
    """The silence that ended the turn, and why."""
    text, asked, sound = row
    turns = TurnSettings(judges=True, speculation_limit=0)
    greeting = Settings(greeting_kind=asked, greeting_question="Well?" * bool(asked))
    call = Conversation(replace(greeting, turns=turns))
    facts: list[tuple[float, ev.Event]] = [
        (0.0, ev.Connected(CALLER)),
        (0.0, ev.ListeningReady(CALLER)),
        (1.0, ev.SpeechStarted(CALLER, 1.0)),
        (1.0 + VOICE_S, ev.SpeechStopped(CALLER, 1.0 + VOICE_S)),
        (1.0 + VOICE_S + KNOWN_S, ev.Transcript(CALLER, 0, text, final=True)),
    ]
    for now, event in facts:
        call.handle(event, now)
    judged: float | None = None
    while (due := call.next_deadline()) is not None:
        now, event = due, ev.Tick()
        if sound is not None and judged is not None and judged <= due:
            now, event, judged = judged, ev.TurnJudged(CALLER, 1.0 + VOICE_S, sound), None
        for action in call.handle(event, now):
            if isinstance(action, act.JudgeTurn):
                judged = now + JUDGED_S
            if isinstance(action, act.TurnCommitted):
                return now - action.at, action.why
    raise AssertionError("the turn did not end")


def pauses() -> str:
    """Pauses, the evidence in them, and how long they last until the turn has ended."""
    last = LEFT + (VOICE_S + 2.15) * SCALE
    parts = [_text(16, 22, "what was said"), _text(LEFT, 22, "voice", BLUE)]
    for tenth in range(0, 21, 5):
        x = LEFT + (VOICE_S + tenth / 10) * SCALE
        parts.append(f'<path d="M{x:.0f} {TOP - 22}V{TOP + ROW * len(ROWS)}" stroke="#dddddd"/>')
        parts.append(_text(x, 22, f"{tenth / 10:g} s", GREY, 'text-anchor="middle"'))
    for number, row in enumerate(ROWS):
        parts += _row(row, TOP + ROW * number)
    return _svg(round(last), TOP + ROW * len(ROWS), parts)


def _row(row: Row, y: int) -> list[str]:
    text, asked, sound = row
    pause_s, why = ended(row)
    more = " to a yes/no question" if asked else ""
    more += f", sounds {sound:.0%} over" if sound is not None else ""
    begun, silent = LEFT, LEFT + VOICE_S * SCALE
    end = silent + pause_s * SCALE
    return [
        _text(16, y, f"“{text}”{more}"),
        f'<rect x="{begun}" y="{y - 12}" width="{VOICE_S * SCALE:.0f}" height="12" fill="{BLUE}"/>',
        f'<rect x="{silent:.0f}" y="{y - 12}" width="{end - silent:.0f}" height="12"'
        f' fill="{PALE}"/>',
        f'<path d="M{end:.0f} {y - 15}v18" stroke="black" stroke-width="2"/>',
        _text(silent, y + 14, why, GREY),
    ]


def patience() -> str:
    """The pause that ends a turn, by the evidence, for three patiences."""
    left, right, top, foot, most = 70, 500, 30, 270, 4.0
    rules, usual = EndingSettings(), TurnSettings().wait_s

    def x(odds: float) -> float:
        return left + (right - left) * (odds + most) / (2 * most)

    def y(seconds: float) -> float:
        return foot - (foot - top) * seconds / 2.2

    steps = [n / 20 - most for n in range(161)]
    parts = [f'<path d="M{left} {top}V{foot}H{right}" stroke="black" fill="none"/>']
    right_hand = 'text-anchor="end"'
    scale = (0.0, 0.5, 1.0, 1.5, 2.0)
    parts += [_text(left - 8, y(s) + 4, f"{s:g}", GREY, right_hand) for s in scale]
    for odds in range(-4, 5):
        where = 'text-anchor="middle"'
        parts.append(_text(x(odds), foot + 18, f"{odds:+d}" if odds else "0", GREY, where))
    for patience_s, dash in ((0.0, "2 3"), (0.35, "7 3"), (rules.patience_s, "1 0")):
        one = replace(rules, patience_s=patience_s)
        places = " ".join(f"{x(o):.1f},{y(silence(o, usual, one)):.1f}" for o in steps)
        parts.append(
            f'<polyline points="{places}" fill="none" stroke="{BLUE}" stroke-width="2"'
            f' stroke-dasharray="{dash}"/>'
        )
    for row, (label, dash) in enumerate(
        (("patienceSeconds 0", "2 3"), ("0.35", "7 3"), (f"{rules.patience_s:g}", "1 0"))
    ):
        at = top + 46 + 18 * row
        parts.append(
            f'<path d="M350 {at - 4}h30" stroke="{BLUE}" stroke-width="2"'
            f' stroke-dasharray="{dash}"/>'
        )
        parts.append(_text(388, at, label))
    middle = 'text-anchor="middle"'
    parts += [
        _text(
            (left + right) / 2, foot + 38, "evidence: goes on  ←  →  has finished", "black", middle
        ),
        _text(16, 20, "the pause that ends the turn, s"),
        _text(right + 6, y(rules.longest_s) + 4, "longestSeconds", GREY),
        _text(right + 6, y(usual) + 4, "unsureSeconds", GREY),
        _text(right + 6, y(rules.shortest_s) + 4, "waitSeconds", GREY),
    ]
    for level in (rules.longest_s, usual, rules.shortest_s):
        parts.append(
            f'<path d="M{left} {y(level):.1f}H{right}" stroke="#cccccc" stroke-dasharray="1 3"/>'
        )
    unready = TurnSettings().unready_s
    begun, at = x(next(o for o in steps if silence(o, usual, rules) < unready)), y(unready)
    parts.append(f'<path d="M{begun:.1f} {at:.1f}H{right}" stroke="{PALE}" stroke-width="2"/>')
    parts.append(_text(right, at - 6, "until the answer is ready", GREY, right_hand))
    return _svg(620, foot + 50, parts)


def _text(x: float, y: float, text: str, fill: str = "black", more: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{fill}" {more}>{escape(text)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
    style = f'width="{width}" height="{height}" font-family="sans-serif" font-size="13"'
    background = f'<rect width="{width}" height="{height}" fill="white"/>'
    return "\n".join([f"{head} {style}>", background, *parts, "</svg>", ""])


def pages() -> dict[Path, str]:
    """Every picture and what it ought to hold."""
    return {IMG / "pauses.svg": pauses(), IMG / "patience.svg": patience()}
