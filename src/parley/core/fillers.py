"""What is said while the caller waits: short, cached, and chosen by what they wait for.

A filler is not begun when the answer is about to be heard, never follows it, and ends after
the word that plays when the answer is there.
"""

from parley.core import speaking, tools
from parley.core.settings import ToolPhrase
from parley.core.state import Context, Tool

THINKING, WORKING = "thinking", "working"

BREATH_S = 1.0
"""Silence that is left between a tool's phrase and what was said before."""


def due(ctx: Context) -> float | None:
    """When the next filler is to be said while nothing is heard; None: there is none."""
    own, usual = _own_due(ctx), _usual_due(ctx)
    found = [when for when in (own, usual) if when is not None]
    silent_until = speaking.backing_off(ctx) or 0.0  # what waits for that is heard all at once
    return max(min(found), silent_until) if found else None


def say(ctx: Context) -> None:
    """An answer is owed and nothing is heard: say that it is coming."""
    state = ctx.state
    text = _take_own(ctx)
    if not text:
        text = state.last_filler = _choose(_usual(ctx), state.last_filler)
    if text:
        state.fillers += 1
        state.filler_kind = _kind(ctx)
        state.quiet_since = ctx.now
        speaking.say(ctx, "filler", text, leg=state.ear.leg)


# What fits what is waited for


def _kind(ctx: Context) -> str:
    return WORKING if tools.running(ctx) else THINKING


def _usual(ctx: Context) -> tuple[str, ...]:
    phrases, kind = ctx.settings.phrases, _kind(ctx)
    first = phrases.working if kind == WORKING else phrases.fillers
    return phrases.still or first if first and ctx.state.filler_kind == kind else first


def _choose(options: tuple[str, ...], last: str) -> str:
    """The first one, or the one after `last`."""
    place = options.index(last) + 1 if last in options else 0
    return options[place % len(options)] if options else ""


def _usual_due(ctx: Context) -> float | None:
    state, recover = ctx.state, ctx.settings.recovery
    if not _usual(ctx) or state.next_turn == 1:  # nobody has asked anything yet
        return None
    wait = recover.filler_again_s if state.fillers else recover.filler_after_s
    when = max(state.owed_since, state.quiet_since) + wait
    return when + min(max(_comes(ctx) - when, 0.0), recover.filler_put_off_s)


def _comes(ctx: Context) -> float:
    """When an answer of which something has just arrived would be heard."""
    replies = (ctx.state.replies[r] for r in ctx.state.queue)
    progress = [r.progress for r in replies if r.phase.state == "thinking"]
    return max(progress, default=0.0) + ctx.settings.recovery.filler_put_off_s


# The phrases of a tool


def _next_own(ctx: Context) -> tuple[float, Tool, int] | None:
    """When the next phrase of the tools that run is due, whose it is, and its place."""
    found = [it for tool in tools.running(ctx) if (it := _next_of(ctx, tool))]
    return min(found, key=lambda it: it[0]) if found else None


def _next_of(ctx: Context, tool: Tool) -> tuple[float, Tool, int] | None:
    for place, phrase in list(enumerate(_phrases_of(ctx, tool)))[tool.phrases :]:
        if phrase.after_s:
            when = max(tool.since + phrase.after_s, ctx.state.quiet_since + BREATH_S)
            return when, tool, place
        if not ctx.state.replies[tool.reply].spans:
            return max(tool.since, ctx.state.quiet_since), tool, place
    return None


def _phrases_of(ctx: Context, tool: Tool) -> list[ToolPhrase]:
    known = ctx.settings.phrases.tools
    own = [p for p in known if p.tool == tool.name] or [p for p in known if not p.tool]
    return sorted(own, key=lambda p: p.after_s)


def _own_due(ctx: Context) -> float | None:
    found = _next_own(ctx)
    return found[0] if found else None


def _take_own(ctx: Context) -> str:
    """The phrase that is due, which counts as said now."""
    found = _next_own(ctx)
    if found is None or found[0] > ctx.now:
        return ""
    _, tool, place = found
    tool.phrases = place + 1
    return _phrases_of(ctx, tool)[place].text
