"""What is wrong with an assistant, in words that say where and what to do."""

import difflib
import typing
from collections.abc import Callable, Iterable, Sequence

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.alias_generators import to_snake
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from parley.errors import AssistantError

Path = tuple[str | int, ...]
Locate = Callable[[Path], str]
"""Where a path was written ("agent.yaml, line 3: "), or nothing."""


def nowhere(_: Path) -> str:
    """A value that was made in Python has no line."""
    return ""


def assistant_error(
    model: type[BaseModel], error: ValidationError, locate: Locate = nowhere
) -> AssistantError:
    """Pydantic's error as ours: every problem with its place, a remedy for the first.

    No value is repeated, for it may be a secret.
    """
    details = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [f"{locate(d['loc'])}{_dotted(d['loc'])}{d['msg']}" for d in details]
    return AssistantError("; ".join(problems), remedy=_remedy(model, details[0]))


def found_error(
    problems: Sequence[tuple[Path, str, str]], locate: Locate = nowhere
) -> AssistantError:
    """Problems that a check has found: each with its place, and the remedy for the first."""
    described = [f"{locate(path)}{_dotted(path)}{what}" for path, what, _ in problems]
    return AssistantError("; ".join(described), remedy=problems[0][2])


def close_match(key: str, fields: Iterable[str]) -> str:
    """The field that was probably meant, or nothing."""
    matches = difflib.get_close_matches(to_snake(key), list(fields), n=1, cutoff=0.75)
    return matches[0] if matches else ""


def keys_of(name: str, field: FieldInfo) -> set[str]:
    """All keys under which a field may be given."""
    aliases = field.validation_alias
    if isinstance(aliases, AliasChoices):
        return {name, *(alias for alias in aliases.choices if isinstance(alias, str))}
    return {name, *([aliases] if isinstance(aliases, str) else [])}


def _dotted(path: Path) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""


def _remedy(model: type[BaseModel], detail: ErrorDetails) -> str:
    description = _description(model, detail["loc"])
    quotes = " Put it in quotes." if detail["type"] == "string_type" else ""
    return f"Give {description}.{quotes}" if description else quotes.strip()


def _description(model: type[BaseModel], path: Path) -> str:
    """The description of the innermost field on the path that has one."""
    description = ""
    section: type[BaseModel] | None = model
    for key in (key for key in path if isinstance(key, str)):
        fields = section.model_fields.items() if section else ()
        found = next((field for name, field in fields if key in keys_of(name, field)), None)
        description = (found and found.description) or description
        section = section_of(found and found.annotation)
    return description


def section_of(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation: M, M | None, list[M]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (section_of(argument) for argument in typing.get_args(annotation))
    return next((section for section in inner if section), None)
