"""`parley talk`: talk to an assistant with this machine's microphone and loudspeaker."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from parley.assistants.model import Assistant
    from parley.cli.talkview import Microphone
    from parley.runtime.agent import CallRecord
    from parley.transports.device import DeviceTransport

FRAMES_PER_S = 12
"""How often the view is drawn."""


def talk(
    assistant: Annotated[
        Path | None, typer.Argument(help="The assistant, a YAML or JSON file.")
    ] = None,
    microphone: Annotated[
        str | None, typer.Option("--input", help="The microphone: a number or a part of its name.")
    ] = None,
    loudspeaker: Annotated[
        str | None, typer.Option("--output", help="The loudspeaker, likewise.")
    ] = None,
    push_to_talk: Annotated[
        bool, typer.Option("--push-to-talk", help="The space bar begins and ends what you say.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Where the call's folder is made.")] = Path("calls"),
) -> None:
    """Talk to an assistant with this machine's microphone and loudspeaker.

    The agent's own voice is taken out of what the microphone hears. The key q hangs up, m
    mutes. The call's record is kept as `parley call` keeps it.

    With --push-to-talk the space bar says when you talk, and once more that you have finished:
    a terminal does not tell when a key is let go.
    """
    from parley.assistants.files import load_assistant
    from parley.assistants.model import default_assistant
    from parley.audio.echo import is_installed
    from parley.errors import ConfigurationError, MissingExtraError
    from parley.transports.device import sound_library

    console = Console()
    described = load_assistant(assistant) if assistant else default_assistant()
    library = sound_library()
    if described.echo_cancellation != "off" and not is_installed():
        raise MissingExtraError("pywebrtc-audio", "talk")
    for warning in described.warnings:
        console.print(Text(f"note: {warning}", style="yellow"))
    if push_to_talk and not has_keys():
        raise ConfigurationError(
            "there is no terminal whose keys could be read",
            remedy="Run it in a terminal, or without --push-to-talk.",
        )
    devices = _device(microphone), _device(loudspeaker)
    record = asyncio.run(_talk(console, described, library, devices, out, push_to_talk))
    if record.folder is not None:
        ended, took = record.outcome.reason, record.outcome.duration_s
        console.print(Text(f"\nended: {ended} after {took:.1f} s; kept in {record.folder}"))


async def _talk(
    console: Console,
    described: "Assistant",
    library: Any,
    devices: tuple[int | str | None, int | str | None],
    out: Path,
    push_to_talk: bool,
) -> "CallRecord":
    from parley.cli.talkview import Microphone, TalkView
    from parley.runtime.building import build_agent
    from parley.runtime.stages import Stages
    from parley.transports.device import DeviceTransport

    switch = Microphone()
    view = TalkView(switch, push_to_talk=push_to_talk)
    agent = build_agent(described, stages=lambda: Stages(audio_in=[switch]))
    try:
        await agent.start()
        transport = DeviceTransport(
            library,
            input_device=devices[0],
            output_device=devices[1],
            push_to_talk=push_to_talk,
        )

        def pressed(key: str) -> None:
            if key == "q":
                transport.hang_up()
            elif key == "m":
                switch.muted = not switch.muted
            elif key == " " and push_to_talk:
                _toggle(transport, switch)

        live = Live(view, console=console, refresh_per_second=FRAMES_PER_S)
        with keys(pressed), live:
            record = await agent.take(transport, out, watch=[view])
        if view.latencies:
            answered = ", ".join(f"{1000 * it:.0f}" for it in view.latencies)
            console.print(Text(f"answered after {answered} ms"))
        return record
    finally:
        await agent.close()


def _toggle(transport: "DeviceTransport", switch: "Microphone") -> None:
    """The space bar: the caller begins, or has finished."""
    if transport.is_talking:
        transport.talked()
        switch.silence()
    else:
        transport.talk()


def _device(name: str | None) -> int | str | None:
    return int(name) if name is not None and name.isdecimal() else name


def has_keys() -> bool:
    """Whether standard input is a terminal that tells of each key at once."""
    return sys.stdin.isatty() and os.name == "posix"


@contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[None]:
    """Tell of each key at once, where standard input is a terminal that can."""
    if not has_keys():
        yield
        return
    import termios
    import tty

    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, lambda: pressed(os.read(descriptor, 1).decode(errors="replace")))
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
