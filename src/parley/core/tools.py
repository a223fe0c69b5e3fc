"""Tools: each runs at most once, never for a reply that is only held, and ends once."""

from parley.core import actions as act
from parley.core import events as ev
from parley.core import speaking
from parley.core.state import Context, Reply, Tool

FAILED = "ERROR: {error} The action was NOT done. Tell the caller so."
CANCELLED = "The call ended before the tool answered."
EXPIRED = "no answer within {timeout_s:g} seconds."


def requested(ctx: Context, event: ev.ReplyToolCall) -> None:
    reply = speaking.live(ctx, event.reply)
    if reply is None or reply.generated or event.call in ctx.state.tools:
        return
    reply.progress = ctx.now
    reply.tools.append(event.call)
    ctx.state.tools[event.call] = Tool(
        event.call, reply.id, event.name, event.arguments, event.timeout_s
    )


def run_promoted(ctx: Context) -> None:
    """Run what replies on the floor have asked for; forget what cancelled ones have."""
    for tool in [t for t in ctx.state.tools.values() if t.phase.state == "waiting"]:
        phase = ctx.state.replies[tool.reply].phase.state
        if phase == "held":
            continue
        if phase in ("cancelled", "failed", "stopping") or ctx.state.call.state != "active":
            _end(ctx, tool, "cancel", "")
        else:
            tool.phase.fire("run")
            tool.ran = True
            tool.since = ctx.now
            ctx.do(act.RunTool(tool.id, tool.name, tool.arguments))


def finished(ctx: Context, event: ev.ToolFinished) -> None:
    if tool := _running(ctx, event.call):
        _end(ctx, tool, "finish", event.result)


def failed(ctx: Context, event: ev.ToolFailed) -> None:
    if tool := _running(ctx, event.call):
        _end(ctx, tool, "fail", FAILED.format(error=event.error))


def expired(ctx: Context, tool: Tool) -> None:
    """Deadline: the tool has not answered in time."""
    ctx.do(act.CancelTool(tool.id))
    error = EXPIRED.format(timeout_s=tool.timeout_s)
    _end(ctx, tool, "expire", FAILED.format(error=error))


def running(ctx: Context) -> list[Tool]:
    """Those whose result is awaited."""
    return [t for t in ctx.state.tools.values() if t.phase.state == "running"]


def cancel_all(ctx: Context) -> None:
    """The call ends."""
    for tool in ctx.state.tools.values():
        if tool.phase.state == "running":
            ctx.do(act.CancelTool(tool.id))
        if tool.phase.can("cancel"):
            _end(ctx, tool, "cancel", CANCELLED)


def _running(ctx: Context, call: str) -> Tool | None:
    tool = ctx.state.tools.get(call)
    return tool if tool and tool.phase.state == "running" else None


def _end(ctx: Context, tool: Tool, trigger: str, result: str) -> None:
    tool.phase.fire(trigger)
    tool.result = result
    if trigger == "cancel":
        tool.told = True
    else:
        speaking.cancel_held(ctx)
    ctx.do(act.ToolEnded(tool.id, tool.phase.state))


def untold(ctx: Context) -> Reply | None:
    """The reply whose tools have all ended, and whose results nobody has been told."""
    for tool in ctx.state.tools.values():
        reply = ctx.state.replies[tool.reply]
        ended = all(ctx.state.tools[t].phase.state not in ("waiting", "running")
                    for t in reply.tools)  # fmt: skip
        if not tool.told and ended and (reply.generated or not reply.live):
            return reply
    return None


def tell(ctx: Context) -> None:
    """Answer with the results as soon as the floor is free for it."""
    state = ctx.state
    free = (
        state.call.state == "active"
        and state.ear.idle
        and state.floor.state == "settled"
        and state.held is None
        and not speaking.thinking(ctx)
        and not _leaving(ctx)
    )
    asked = untold(ctx) if free else None
    if asked is None:
        return
    state.rounds += 1
    if state.rounds > ctx.settings.recovery.tool_rounds:
        _give_up(ctx)
        return
    reply = speaking.start(ctx, asked.leg, "continuation", asked.turn, "")
    speaking.promote(ctx, reply)


def _leaving(ctx: Context) -> bool:
    return any(ctx.state.replies[r].ends_call for r in ctx.state.queue)


def _give_up(ctx: Context) -> None:
    for tool in ctx.state.tools.values():
        tool.told = True
    speaking.say(ctx, "apology", ctx.settings.phrases.apology, leg=ctx.state.ear.leg)
