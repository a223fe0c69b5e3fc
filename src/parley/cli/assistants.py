"""`parley assistants`: check an assistant's file, and begin one of one's own."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parley.errors import ConfigurationError, ParleyError

if TYPE_CHECKING:
    from parley.assistants.model import Assistant
    from parley.assistants.problems import Locate

app = typer.Typer(
    help="Check an assistant's file, and begin one of your own.", no_args_is_help=True
)

FINE, WARNED, WRONG = 0, 1, 2
"""Exit codes of `check`; of several files the highest counts."""

ON_THIS_MACHINE = ("embedded", "moonshine", "pocketsphinx", "espeak", "flite")
"""Providers that can be tried without anybody's bill."""

START = ("front_desk.yaml", "clinic.py")


@app.command()
def check(
    assistants: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Assistants, YAML or JSON files.")
    ],
) -> None:
    """Say what is wrong with assistants, with the line and what to do about it.

    What is checked: the fields, the tools, the flow, the providers and their settings; and
    the voice, the language and the grammar, where their engines run on this machine.
    Exit code 1 where there are warnings only, 2 where an assistant cannot be used.
    """
    raise typer.Exit(max(_check(path) for path in assistants))


@app.command()
def new(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the files go; it is made.")
    ],
) -> None:
    """Begin an assistant of your own: the demo's flow and its tools, to be changed."""
    wanted = [folder / name for name in START]
    if there := [path for path in wanted if path.exists()]:
        raise ConfigurationError(
            f"{there[0]} is there already", remedy="Name a folder that does not hold one."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in wanted:
            path.write_bytes((files("parley.demo") / path.name).read_bytes())
            print(path)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be written: {error.strerror}", remedy="Name another folder."
        ) from error
    assistant = shlex.quote(str(wanted[0]))
    print(f"\nTry it:                   parley serve {assistant}")
    print(f"Check it after a change:  parley assistants check {assistant}")


def _check(path: Path) -> int:
    from parley.assistants.files import located_assistant

    try:
        assistant, locate = located_assistant(path)
    except ParleyError as error:
        print(error)
        return WRONG
    wrong = asyncio.run(_problems(assistant, locate))
    for problem in wrong:
        print(problem)
    for warning in assistant.warnings:
        where = warning.partition(":")[0].split(".")
        print(f"{locate(tuple(where))}{warning} (a warning)")
    if wrong:
        return WRONG
    if assistant.warnings:
        return WARNED
    print(f"{path}: nothing is wrong")
    return FINE


async def _problems(assistant: "Assistant", locate: "Locate") -> list[str]:
    """What a call would stumble over, each with its place."""
    sections: dict[str, Callable[[Assistant], Awaitable[None]]] = {
        "transcriber": _try_transcriber,
        "model": _try_model,
        "voice": _try_voice,
    }
    found = _flow_problems(assistant, locate)
    for name, attempt in sections.items():
        try:
            await attempt(assistant)
        except ParleyError as error:
            found.append(f"{locate((name,))}{name}: {error}")
    return found


def _flow_problems(assistant: "Assistant", locate: "Locate") -> list[str]:
    from parley.assistants.flows import problems
    from parley.assistants.problems import found_error
    from parley.tools.runner import Tool

    tools = [tool for tool in assistant.tools if isinstance(tool, Tool)]
    known = {tool.definition.name: list(tool.parameters) for tool in tools}
    found = problems(assistant.flow, known) if assistant.flow else []
    return [str(found_error([(("flow", *p.path), p.what, p.remedy)], locate)) for p in found]


async def _try_transcriber(assistant: "Assistant") -> None:
    from parley.providers import registry
    from parley.providers.protocols import SttOptions

    described = assistant.transcriber
    stt = registry.create("stt", described.provider, described.settings())
    try:
        registry.check_language(stt, described.language)
        if described.grammar and not stt.capabilities.grammars:
            raise ConfigurationError(
                f"{described.provider} knows no grammars",
                remedy="Leave the grammar out, or use the provider embedded.",
            )
        if described.provider in ON_THIS_MACHINE:
            options = SttOptions(language=described.language, grammar=described.grammar)
            await (await stt.open(options)).aclose()
    finally:
        await stt.aclose()


async def _try_model(assistant: "Assistant") -> None:
    from parley.providers import registry

    model = registry.create("llm", assistant.model.provider, assistant.model.settings())
    await model.aclose()


async def _try_voice(assistant: "Assistant") -> None:
    from parley.providers import registry
    from parley.providers.protocols import TtsRequest

    described, language = assistant.voice, assistant.transcriber.language
    asked = {"language": language, "voice": described.voice_id}
    wanted = registry.setting_names("tts", described.provider)
    settings = {key: value for key, value in asked.items() if key in wanted}
    tts = registry.create("tts", described.provider, settings | described.settings())
    try:
        if described.provider in ON_THIS_MACHINE:
            request = TtsRequest(
                "Yes.", language=language, voice=described.voice_id, speed=described.speed
            )
            async for _ in tts.synthesize(request):
                pass
    finally:
        await tts.aclose()
