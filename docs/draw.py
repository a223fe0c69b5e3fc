"""Draws what the docs show from the code: the state diagrams and the reference.

python docs/draw.py            rewrite docs/ARCHITECTURE.md, docs/reference/ and pictures
python docs/draw.py --check    say whether they are up to date
"""

import argparse
import inspect
import re
import runpy
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typer.main import get_command

from parley.assistants import model, turntaking
from parley.assistants.problems import section_of
from parley.assistants.sections import Section
from parley.core import actions, events, settings
from parley.core.machines import TABLES, Table
from parley.core.reasons import AT_FAULT, EndReason

DOCS = Path(__file__).resolve().parent
BEGIN, END = "<!-- drawn from the tables -->", "<!-- end of drawing -->"


def diagram(table: Table) -> str:
    """One machine as a Mermaid state diagram; states that may last have a double border."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {table.initial}"]
    lines += [f"    {s} --> {t}: {trigger}" for (s, trigger), t in table.moves.items()]
    finals = set(table.states) - {source for source, _ in table.moves}
    lines += [f"    {state} --> [*]" for state in table.states if state in finals]
    return "\n".join([*lines, "```"])


def architecture(text: str) -> str:
    """The page with its drawings made anew."""
    drawings = "\n\n".join(f"**{t.name}**\n\n{diagram(t)}" for t in TABLES)
    inner = f"{BEGIN}\n\n{drawings}\n\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: inner, text, flags=re.DOTALL)


def settings_page() -> str:
    """Every setting with its default and its meaning."""
    out = ["# Settings of a conversation", "", inspect.getdoc(settings) or "", ""]
    for kind in vars(settings).values():
        if is_dataclass(kind) and isinstance(kind, type):
            out += [f"## {kind.__name__}", "", inspect.getdoc(kind) or "", ""]
            out += [*_fields(kind), ""]
    return "\n".join(out).rstrip() + "\n"


def _fields(kind: type) -> Iterator[str]:
    found = r'^    (\w+): [^\n]*(?:\n(?:    [ )\]].*)?)*?\n    """(.*?)"""'
    meanings = dict(re.findall(found, inspect.getsource(kind), re.MULTILINE | re.DOTALL))
    for field in fields(kind):
        default = getattr(kind(), field.name)
        shown = type(default).__name__ if is_dataclass(default) else repr(default)
        meaning = " ".join(meanings.get(field.name, "").split())
        yield f"- `{field.name}` = `{_short(shown)}`{': ' if meaning else ''}{meaning}"


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "…"


def assistant_page() -> str:
    """Every field of an assistant's file with its default and its meaning."""
    out = ["# Fields of an assistant", "", inspect.getdoc(model) or "", ""]
    for section in dict.fromkeys(_sections(model.Assistant)):
        out += [f"## {section.__name__}", "", inspect.getdoc(section) or "", ""]
        out += [*map(_field, section.model_fields.values()), ""]
    return "\n".join(out).rstrip() + "\n"


def _sections(section: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A section and those within it, each once; those of a flow have a page of their own."""
    yield section
    for field in section.model_fields.values():
        within = section_of(field.annotation)
        if within and within.__module__ in (model.__name__, turntaking.__name__):
            yield from _sections(within)


def _field(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    shown = type(default).__name__ if isinstance(default, Section) else repr(default)
    told = " must be given" if default is PydanticUndefined else f" = `{_short(shown)}`"
    return f"- `{field.serialization_alias or field.alias}`{told}: {field.description}"


def vocabulary_page() -> str:
    """The facts and the wishes."""
    out = ["# Events and actions", ""]
    for title, module, union in (
        ("Events", events, events.Event),
        ("Actions", actions, actions.Action),
    ):
        out += [f"## {title}", "", inspect.getdoc(module) or "", ""]
        for kind in union.__args__:
            names = ", ".join(f.name for f in fields(kind))
            meaning = " ".join((inspect.getdoc(kind) or "").split())
            out += [f"- **{kind.__name__}**({names}): {meaning}"]
        out += [""]
    out += ["## Why a call ended", "", "| reason | at fault |", "|---|---|"]
    out += [f"| `{reason}` | {AT_FAULT[reason]} |" for reason in EndReason]
    return "\n".join(out).rstrip() + "\n"


def command_page() -> str:
    """The help of every command."""
    from parley.cli.main import app

    root = get_command(app)
    out = ["# The command line", ""]
    for path, command in _commands(root, "parley"):
        with command.make_context(path, [], resilient_parsing=True) as context:
            usage = " ".join(command.collect_usage_pieces(context))
            out += [f"## `{path} {usage}`", "", inspect.cleandoc(command.help or ""), ""]
            for parameter in command.params:
                record = parameter.get_help_record(context)
                if record and parameter.name != "help":
                    out += [f"- `{record[0]}` {record[1]}"]
            out += [""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).rstrip() + "\n"


def _commands(command, path):  # type: ignore[no-untyped-def]
    children = getattr(command, "commands", {})
    if not children:
        yield path, command
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


def pages() -> dict[Path, str]:
    """Every drawn page and what it ought to hold."""
    page = DOCS / "ARCHITECTURE.md"
    return {
        page: architecture(page.read_text()),
        DOCS / "reference" / "assistant.md": assistant_page(),
        DOCS / "reference" / "settings.md": settings_page(),
        DOCS / "reference" / "vocabulary.md": vocabulary_page(),
        DOCS / "reference" / "commands.md": command_page(),
        **runpy.run_path(str(DOCS / "turn_pictures.py"))["pages"](),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [p for p, text in pages().items() if not p.exists() or p.read_text() != text]
    if check and stale:
        sys.exit(f"out of date: {', '.join(p.name for p in stale)}; run python docs/draw.py")
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
