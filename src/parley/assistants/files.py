"""Assistants in YAML or JSON files, with the line in every error."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any

import yaml

from parley.assistants.model import Assistant
from parley.assistants.problems import Path
from parley.errors import AssistantError

SIZE_LIMIT = 1 << 20
"""Bytes of a file; what is larger is no assistant."""


def load_assistant(path: str | FilePath) -> Assistant:
    """Read an assistant from a `.json` file, or from a YAML file of any other name.

    Raises AssistantError, which names the file, the line and the remedy.
    """
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


def _parse(text: str, path: FilePath) -> Assistant:
    read = _json if path.suffix.lower() == ".json" else _yaml
    content, lines = read(text, path)
    if not isinstance(content, dict):
        raise AssistantError(
            f"{path}: the file holds no fields",
            remedy="Begin with, for example, first_message: Hello!",
        )

    def locate(where: Path) -> str:
        keys = tuple(map(str, where))
        known = next((keys[:n] for n in range(len(keys), 0, -1) if keys[:n] in lines), ())
        return f"{path}, line {lines.get(known, 1)}: "

    return Assistant.parse(content, locate)


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
    """Without dates: they are texts to an assistant."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
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
