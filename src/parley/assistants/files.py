"""Assistants in YAML or JSON files, with the line in every error."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic.alias_generators import to_snake

from parley.assistants.model import Assistant
from parley.assistants.problems import Locate, Path
from parley.errors import AssistantError, ToolError
from parley.tools.named import EXAMPLES, named_tool
from parley.tools.runner import Tool

SIZE_LIMIT = 1 << 20
"""Bytes of a file; what is larger is no assistant."""


def load_assistant(path: str | FilePath) -> Assistant:
    """Read an assistant from a `.json` file, or from a YAML file of any other name.

    Its `tools` are named (`parley.tools.named`), and their modules are loaded: read no file
    of a stranger. Raises AssistantError, which names the file, the line and the remedy.
    """
    return located_assistant(path)[0]


def located_assistant(path: str | FilePath) -> tuple[Assistant, Locate]:
    """As `load_assistant`; and what says where each field was written."""
    path = FilePath(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AssistantError(
            f"{path}: the file cannot be read: {error.strerror}", remedy="Check its name."
        ) from error
    if len(data) > SIZE_LIMIT:
        raise AssistantError(
            f"{path}: the file is larger than 1 MiB", remedy="Is it the right one?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise AssistantError(
            f"{path}, line {line}: the text is not UTF-8", remedy="Save it as UTF-8."
        ) from None
    return _parse(text, path)


def _parse(text: str, path: FilePath) -> tuple[Assistant, Locate]:
    read = _json if path.suffix.lower() == ".json" else _yaml
    content, lines = read(text, path)
    if not isinstance(content, dict):
        raise AssistantError(
            f"{path}: the file holds no fields",
            remedy="Begin with, for example, first_message: Hello!",
        )

    written = {tuple(map(to_snake, keys)): line for keys, line in lines.items()}

    def locate(where: Path) -> str:
        keys = tuple(to_snake(str(key)) for key in where)
        outward = (written.get(keys[:n]) for n in range(len(keys), 0, -1))
        return f"{path}, line {next(filter(None, outward), 1)}: "

    if isinstance(content.get("tools"), list):
        content["tools"] = _tools(content["tools"], path.parent, locate)
    return Assistant.parse(content, locate), locate


def _tools(named: list[Any], folder: FilePath, locate: Locate) -> list[Tool]:
    """Raises AssistantError for the first one that is none, or that is there already."""
    tools: dict[str, Tool] = {}
    for n, name in enumerate(named):
        place = f"{locate(('tools', n))}tools.{n}: "
        try:
            if not isinstance(name, str):
                raise ToolError("this is no text", remedy=EXAMPLES)
            tool = named_tool(name, folder)
        except ToolError as error:
            raise AssistantError(f"{place}{error.what}", remedy=error.remedy) from error
        known_as = tool.definition.name
        if known_as in tools:
            raise AssistantError(
                f"{place}a tool of the name {known_as} is there already",
                remedy="Remove it, or give one of them another name with @parley.tool(name=...).",
            )
        tools[known_as] = tool
    return list(tools.values())


Lines = dict[tuple[str, ...], int]
"""The line, from 1, on which each field and each item of a list begins."""


def _json(text: str, path: FilePath) -> tuple[Any, Lines]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise AssistantError(
            f"{path}, line {error.lineno}: this is not JSON: {error.msg}",
            remedy="Correct it, or save it as .yaml.",
        ) from None
    # JSON is YAML, but for tabs, which cannot occur within its strings.
    with suppress(yaml.YAMLError):
        node = yaml.compose(text.replace("\t", " "), _Loader)
        return content, _lines(node, path)
    return content, {}


def _yaml(text: str, path: FilePath) -> tuple[Any, Lines]:
    try:
        node = yaml.compose(text, _Loader)
        content = yaml.load(text, _Loader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, ValueError, AttributeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or type(error).__name__
        raise AssistantError(
            f"{path}{line}: this is not YAML: {reason}",
            remedy="Check the indentation, and quote texts that hold ': ' or ' #'.",
        ) from None
    return content, _lines(node, path)


class _Loader(yaml.SafeLoader):
    """Dates are texts to an assistant, and so are yes, no, on and off: people say them."""


_SPOKEN = {
    "tag:yaml.org,2002:bool": re.compile("(?:true|True|TRUE|false|False|FALSE)$"),
    "tag:yaml.org,2002:timestamp": re.compile("(?!)"),
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, _SPOKEN.get(tag, pattern)) for tag, pattern in resolvers]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _lines(root: yaml.Node | None, path: FilePath) -> Lines:
    """Raises AssistantError for a field that is given twice."""
    lines: Lines = {}
    nodes: list[tuple[tuple[str, ...], yaml.Node]] = [((), root)] if root else []
    visited: set[int] = set()  # aliases may lead in circles
    while nodes:
        where, node = nodes.pop()
        if id(node) in visited or isinstance(node, yaml.ScalarNode):
            continue
        visited.add(id(node))
        for key, mark, value in _children(node):
            if (*where, key) in lines:
                raise AssistantError(
                    f"{path}, line {mark}: {key} is given twice",
                    remedy=f"Remove it here or on line {lines[*where, key]}.",
                )
            lines[*where, key] = mark
            nodes.append(((*where, key), value))
    return lines


def _children(node: yaml.Node) -> Iterator[tuple[str, int, yaml.Node]]:
    """Each child's key, line and node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, key.start_mark.line + 1, value
    else:
        for n, item in enumerate(node.value):
            yield str(n), item.start_mark.line + 1, item
