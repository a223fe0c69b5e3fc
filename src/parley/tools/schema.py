"""A tool's JSON Schema from a plain Python function.

    def book(day: Annotated[Weekday, "in the coming week"], guests: int = 2) -> str:
        \"""Book a table.

        Args:
            guests: how many will come.
        \"""

The name is the function's, the description its docstring's first paragraph. Parameters
may have any type that pydantic can validate and JSON can carry: str, int, float, bool,
list, dict, Literal, Enum, Optional, dates, dataclasses, TypedDicts, pydantic models.
"""

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from parley.errors import ToolError

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What models accept as the name of a tool."""


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool as a model sees it; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function, and what validates its argument."""

    adapter: TypeAdapter[Any]
    description: str
    required: bool
    default: Any = None


def describe(
    function: Callable[..., Any], name: str | None = None, description: str | None = None
) -> tuple[ToolSchema, dict[str, Parameter]]:
    """A function's schema and its parameters by name.

    Raises ToolError, which names the function and the parameter, for what no model could
    call: a parameter without a type, one that can only be given by position, a type that
    JSON cannot carry, a tool without a name or a description.
    """
    name = name or str(getattr(function, "__name__", ""))
    if not NAME.fullmatch(name):
        raise ToolError(
            f"a tool cannot be named {name!r}",
            remedy="Give it a name of at most 64 letters, digits, '_' and '-'.",
        )
    doc = inspect.getdoc(_written(function)) or ""
    before_args = _SECTION.split(doc)[0]
    description = description or " ".join(before_args.split("\n\n")[0].split())
    if not description:
        raise ToolError(
            f"the tool {name} has no description",
            remedy="Give it a docstring that says what it does and when to use it.",
        )
    parameters = _parameters(function, name, _args_section(doc))
    return ToolSchema(name, description, _json_schema(name, parameters)), parameters


def _parameters(
    function: Callable[..., Any], name: str, documented: Mapping[str, str]
) -> dict[str, Parameter]:
    try:
        declared = inspect.signature(function).parameters
    except ValueError as error:
        remedy = "Wrap it in a function of your own."
        raise ToolError(f"the tool {name} does not say what it takes", remedy=remedy) from error
    hints = _hints(function, name)
    parameters = {}
    for key, parameter in declared.items():
        where = f"the tool {name}, parameter {key!r}:"
        if parameter.kind not in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise ToolError(f"{where} it cannot be given by name", remedy="Declare it plainly.")
        if key not in hints:
            raise ToolError(f"{where} it has no type", remedy="Annotate it.")
        parameters[key] = Parameter(
            _adapter(hints[key], where),
            _note(hints[key]) or documented.get(key, ""),
            parameter.default is parameter.empty,
            None if parameter.default is parameter.empty else parameter.default,
        )
    return parameters


def _written(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that somebody wrote: below partials, or behind a callable object."""
    while isinstance(function, partial):
        function = function.func
    if inspect.isroutine(function):
        return function
    return type(function).__call__


def _hints(function: Callable[..., Any], name: str) -> dict[str, Any]:
    written = _written(function)
    try:
        return typing.get_type_hints(written, include_extras=True)
    except NameError as error:
        annotations = inspect.signature(written).parameters.items()
        keys = [key for key, p in annotations if str(error.name) in str(p.annotation)]
        raise ToolError(
            f"the tool {name}, parameter {' or '.join(keys)!r}: the type {error.name!r} is unknown",
            remedy="Import it, or define it, at the top of the function's module.",
        ) from error


def _note(hint: Any) -> str:
    """The text in `Annotated[..., "text"]`."""
    if typing.get_origin(hint) is not Annotated:
        return ""
    return " ".join(m for m in typing.get_args(hint)[1:] if isinstance(m, str))


def _adapter(hint: Any, where: str) -> TypeAdapter[Any]:
    try:
        adapter = TypeAdapter(hint)
        adapter.json_schema()
    except (PydanticUserError, NameError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ToolError(
            f"{where} no model can give it {hint}: {reason}",
            remedy="Use a type that JSON can carry, defined at the top of its module.",
        ) from error
    return adapter


def _json_schema(name: str, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    adapters = [(key, "validation", p.adapter) for key, p in parameters.items()]
    schemas, shared = TypeAdapter.json_schemas(typing.cast("Any", adapters))
    properties = {}
    for (key, _), schema in schemas.items():
        properties[key] = _without_titles(schema) | _extras(parameters[str(key)])
    whole = {
        "type": "object",
        "properties": properties,
        "required": [key for key, p in parameters.items() if p.required],
        "additionalProperties": False,
    }
    return whole | {key: _without_titles(value) for key, value in shared.items()}


def _extras(parameter: Parameter) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if parameter.description:
        extras["description"] = parameter.description
    if not parameter.required:
        # A default that JSON cannot carry is the function's own affair.
        with suppress(PydanticSerializationError):
            extras["default"] = to_jsonable_python(parameter.default)
    return extras


def _without_titles(schema: Any) -> Any:
    """`schema` without pydantic's titles, which repeat the names."""
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_titles(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }


_SECTION = re.compile(r"^(?:Args|Arguments|Parameters):[ \t]*\n((?:[ \t]+\S.*\n?|\s*\n)*)", re.M)
_ENTRY = re.compile(r"^(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")


def _args_section(doc: str) -> dict[str, str]:
    """What a docstring in Google's style says about each parameter."""
    section = _SECTION.search(doc)
    if not section:
        return {}
    lines = inspect.cleandoc("\n" + section[1]).splitlines()
    entries: dict[str, str] = {}
    current = ""
    for line in lines:
        entry = _ENTRY.match(line)
        if entry:
            current = entry[1]
            entries[current] = entry[2]
        elif current and line.strip():
            entries[current] = f"{entries[current]} {line.strip()}"
    return entries
