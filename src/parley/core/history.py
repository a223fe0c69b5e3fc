"""The conversation as a responder may see it: what was heard, not what was generated."""

from dataclasses import dataclass

from parley.core.events import VoiceDescribed
from parley.core.state import AgentTurn, CallerTurn, Reply, State, Tool

INTERRUPTED = "[The caller interrupted here and heard nothing after this.]"
PENDING = "The tool is still running; its result is not known yet."


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call and what is known of its result."""

    call: str
    name: str
    arguments: str
    result: str


@dataclass(frozen=True, slots=True)
class Line:
    """One contribution: `who` is "caller" or "agent"; `voice` is how the caller sounded."""

    who: str
    text: str
    interrupted: bool = False
    tools: tuple[ToolUse, ...] = ()
    voice: VoiceDescribed | None = None


def lines(state: State, reply: Reply | None = None) -> tuple[Line, ...]:
    """What `reply` is to answer; without one, the whole conversation so far."""
    found = [line for entry in state.history if (line := _line(state, entry, reply))]
    if reply is not None and reply.basis:
        committed = any(isinstance(h, CallerTurn) and h.turn == reply.turn for h in state.history)
        if not committed:
            found.append(Line("caller", reply.basis, voice=state.ear.voice))
    return tuple(found)


def _line(state: State, entry: CallerTurn | AgentTurn, asking: Reply | None) -> Line | None:
    if isinstance(entry, CallerTurn):
        return Line("caller", entry.text, voice=entry.voice)
    reply = state.replies[entry.reply]
    if reply is asking or reply.kind == "filler":
        return None
    being_said = asking is not None and reply.live and not reply.interrupted
    text = reply.text if being_said else reply.heard
    tools = tuple(_use(state.tools[t]) for t in reply.tools if _counts(state.tools[t]))
    if not text and not tools:
        return None
    return Line("agent", text, reply.interrupted, tools)


def _counts(tool: Tool) -> bool:
    """A tool that never ran is no fact."""
    return tool.phase.state != "cancelled" or tool.ran


def _use(tool: Tool) -> ToolUse:
    running = tool.phase.state in ("waiting", "running")
    return ToolUse(tool.id, tool.name, tool.arguments, PENDING if running else tool.result)
