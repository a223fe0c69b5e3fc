"""`parley serve`: assistants take calls, from the page and from any OpenAI Realtime client."""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from parley.errors import ConfigurationError, ParleyError

if TYPE_CHECKING:
    from parley.assistants.model import Assistant
    from parley.runtime.brain import Brain
    from parley.server.served import Served

DEMO = "front_desk.yaml"

NO_BRAIN = "no language model is offered: run Ollama, or set OPENAI_API_KEY"


class Answers(StrEnum):
    """Who answers the caller."""

    AUTO = "auto"
    FLOW = "flow"
    MODEL = "model"


def serve(
    assistants: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[ASSISTANT]...", help="YAML or JSON files; none: the demo."),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port to listen on; 0: any that is free.")
    ] = 8000,
    calls: Annotated[Path, typer.Option(help="Where the calls' folders are made.")] = Path("calls"),
    brain: Annotated[
        Answers,
        typer.Option(help="Who answers; auto: a language model where the environment offers one."),
    ] = Answers.AUTO,
    name: Annotated[
        list[str] | None, typer.Option(help="A further name under which the server is reached.")
    ] = None,
) -> None:
    """Serve assistants: a page to call them from, and the OpenAI Realtime protocol.

    Without an assistant, the front desk of a clinic answers: the demo. A model is offered
    by OPENAI_API_KEY, OPENAI_BASE_URL or an Ollama on this machine, and named by
    PARLEY_MODEL. With PARLEY_API_KEY set, clients must know that key.
    """
    from parley.runtime.folder import close_dead_calls
    from parley.server import serving

    console = Console(highlight=False, soft_wrap=True)
    described = [_load(path, console) for path in assistants or [_demo()]]
    offered, note = asyncio.run(_offered(brain))
    served = [_served(assistant, stem, brain, offered) for stem, assistant in described]
    for closed in close_dead_calls(calls):
        console.print(Text(_closed(closed), style="yellow"))
    for it in served:
        _show(console, it)
    if note:
        console.print(Text(f"  note        {note}", style="yellow"))
    console.print(Text(f"  calls       kept in {calls.absolute()}"))

    def ready(url: str) -> None:
        line = Text("\nCall it at ").append(url, style="bold green")
        console.print(line.append("   (Ctrl+C ends it)"))

    serving.serve(served, host=host, port=port, calls=calls, hosts=name or (), on_ready=ready)


def _demo() -> Path:
    import parley.demo

    return Path(parley.demo.__file__).with_name(DEMO)


def _load(path: Path, console: Console) -> "tuple[str, Assistant]":
    from parley.assistants.files import load_assistant

    assistant = load_assistant(path)
    for warning in assistant.warnings:
        console.print(Text(f"note: {path}: {warning}", style="yellow"))
    return path.stem, assistant


def _closed(closed: Any) -> str:
    from parley.cli.call import closed_note

    return closed_note(closed)


async def _offered(answers: Answers) -> "tuple[Brain | None, str]":
    """The model that the environment offers, if one is wanted; and what to say about it.

    Where nobody insists on a model, one that does not work is none.
    """
    from parley.runtime.brain import NONE, offered, works

    if answers is Answers.FLOW:
        return None, ""
    try:
        brain = await offered(os.environ)
        if brain is None and answers is Answers.MODEL:
            raise ConfigurationError(NO_BRAIN, remedy="Or leave --brain model out.")
        if brain is None:
            wanted = os.environ.get("PARLEY_MODEL", "").strip().lower()
            return None, "" if wanted == NONE else NO_BRAIN
        await works(brain)
    except ParleyError as error:
        if answers is Answers.MODEL:
            raise
        return None, f"the language model is not used: {error}"
    return brain, ""


def _served(
    assistant: "Assistant", stem: str, answers: Answers, offered: "Brain | None"
) -> "Served":
    from parley.runtime.building import build_agent, machines_date
    from parley.server.served import Served

    name = assistant.name or stem
    assistant, kind, brain = _with_answers(assistant, name, answers, offered)
    module = _module_with_calendar(assistant)
    clock: Callable[[], datetime] | None = module.get("clock")
    return Served(
        agent=build_agent(assistant, today=(lambda: clock().date()) if clock else machines_date),
        name=name,
        brain_kind=kind,
        brain_name=brain,
        calendar=module.get("SHOWN_CALENDAR"),
    )


def _with_answers(
    assistant: "Assistant", name: str, answers: Answers, offered: "Brain | None"
) -> "tuple[Assistant, str, str]":
    """The assistant with what is to answer, its kind and its name."""
    from parley.runtime.brain import with_brain

    own_model = assistant.model.provider != "scripted"
    wants_model = answers is Answers.MODEL or bool(assistant.model.prompt())
    if offered and not own_model and wants_model:
        return with_brain(assistant, offered), "model", offered.name
    if answers is Answers.MODEL:
        return assistant.model_copy(update={"flow": None}), "model", _model_name(assistant)
    if assistant.flow is not None:
        return assistant, "flow", f"{len(assistant.flow.nodes)} nodes"
    if answers is Answers.FLOW:
        raise ConfigurationError(f"{name} has no flow", remedy="Leave --brain flow out.")
    return assistant, "model" if own_model else "scripted", _model_name(assistant)


def _model_name(assistant: "Assistant") -> str:
    return assistant.model.model or f"{len(assistant.model.replies)} replies"


def _module_with_calendar(assistant: "Assistant") -> dict[str, Any]:
    """The names of the module, among those of the tools, that has a calendar to show."""
    for tool in assistant.tools:
        names: dict[str, Any] = getattr(getattr(tool, "call", tool), "__globals__", {})
        if callable(names.get("SHOWN_CALENDAR")):
            return names
    return {}


def _show(console: Console, served: "Served") -> None:
    offer = served.offer("")
    console.print(Text(f"\n{served.name}", style="bold"))
    for label, value in {
        "brain": f"{offer.brain_kind}: {offer.brain_name}",
        "voice": offer.voice,
        "recogniser": f"{offer.transcriber} ({offer.language})",
    }.items():
        console.print(Text(f"  {label:<12}{value}"))
