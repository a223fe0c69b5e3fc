"""What the simulated shell does about each wish of the conversation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parley.core import actions as act

if TYPE_CHECKING:
    from driver import World


@dataclass(slots=True)
class Sound:
    """A span that a voice is to speak."""

    text: str
    cached: bool
    audio: bool = False
    complete: bool = False
    over: bool = False
    heard: int = 0


@dataclass(slots=True)
class Talk:
    """A reply as the shell knows it."""

    id: int
    spans: dict[int, Sound] = field(default_factory=dict)
    generating: bool = False
    chars: int = 0
    next_span: int = 0
    begun: bool = False
    dry: bool = False
    closed: bool = False


def _listen(world: "World", action: act.Action) -> None:
    world.recognizer = "opening"


def _close_recognizer(world: "World", action: act.Action) -> None:
    world.recognizer = "off"


def _finalize(world: "World", action: act.Action) -> None:
    world.finalizing = True


def _start(world: "World", action: act.StartReply) -> None:
    world.talks[action.reply] = Talk(action.reply, generating=True)


def _promote(world: "World", action: act.PromoteReply) -> None:
    world.talks.setdefault(action.reply, Talk(action.reply))


def _synthesize(world: "World", action: act.Synthesize) -> None:
    world.talks[action.reply].spans[action.span] = Sound(action.text, action.cached)
    world.audio.discard((action.reply, action.span))


def _unsynthesize(world: "World", action: act.CancelSynthesis) -> None:
    del world.talks[action.reply].spans[action.span]
    world.audio.discard((action.reply, action.span))
    if not any(reply == action.reply for reply, _ in world.audio):
        world.released -= {action.reply} - world.begun


def _play(world: "World", action: act.PlayReply) -> None:
    world.released.add(action.reply)
    if action.reply in world.line:
        return
    begun = bool(world.line) and world.talks[world.line[0]].begun
    place = int(begun and not world.talks[world.line[0]].dry) if action.aside else len(world.line)
    world.line.insert(place, action.reply)


def _close(world: "World", action: act.CloseReply) -> None:
    talk = world.talks[action.reply]
    talk.closed, talk.generating = True, False
    for sound in talk.spans.values():
        sound.over = True


def _cancel(world: "World", action: act.CancelReply) -> None:
    if action.reply in world.released:
        world.cut.add(action.reply)
    if action.reply in world.begun:
        world.interrupted.add(action.reply)
    talk = world.talks[action.reply]
    talk.generating = False
    talk.spans = {}
    if talk.id in world.line:
        world.line.remove(talk.id)


def _pause(world: "World", action: act.Action) -> None:
    world.paused = True


def _resume(world: "World", action: act.Action) -> None:
    world.paused = False


def _clear(world: "World", action: act.Action) -> None:
    world.paused = False
    world.clears += 1
    for talk in [world.talks[r] for r in world.line[:1]]:
        for span, sound in sorted(talk.spans.items()):
            if talk.begun and sound.audio and sound.heard < len(sound.text):
                sound.heard += 1
                world.cleared.append((talk.id, span, sound.heard))
                break
    world.line.clear()


def _shorten(world: "World", action: act.ShortenReply) -> None:
    """What was not heard yet will not be."""
    for sound in world.talks[action.reply].spans.values():
        sound.text = sound.text[: sound.heard]


def _listen_aloud(world: "World", action: act.Backchannel) -> None:
    sound = Sound(action.text, cached=True, audio=True, complete=True, over=True)
    world.talks[action.reply] = Talk(action.reply, {0: sound}, closed=True)
    world.line.append(action.reply)


def _run(world: "World", action: act.RunTool) -> None:
    world.running.append(action.call)
    world.ran.add(action.call)


def _end_tool(world: "World", action: act.ToolEnded) -> None:
    if action.call in world.running:
        world.running.remove(action.call)


def _judge(world: "World", action: act.JudgeTurn) -> None:
    world.judging.append(action.at)


def _end_call(world: "World", action: act.Action) -> None:
    world.over = True


PERFORM: dict[type, Callable[["World", Any], None]] = {
    act.Listen: _listen,
    act.RestartListening: _listen,
    act.StopListening: _close_recognizer,
    act.FinalizeTranscript: _finalize,
    act.JudgeTurn: _judge,
    act.StartReply: _start,
    act.PromoteReply: _promote,
    act.Synthesize: _synthesize,
    act.CancelSynthesis: _unsynthesize,
    act.PlayReply: _play,
    act.CloseReply: _close,
    act.CancelReply: _cancel,
    act.ShortenReply: _shorten,
    act.Backchannel: _listen_aloud,
    act.PausePlayout: _pause,
    act.ResumePlayout: _resume,
    act.ClearPlayout: _clear,
    act.RunTool: _run,
    act.ToolEnded: _end_tool,
    act.EndCall: _end_call,
}
