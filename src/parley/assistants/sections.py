"""What every part of an assistant's description has in common."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel, to_snake
from pydantic_core import PydanticCustomError

from parley.assistants.problems import assistant_error, close_match, keys_of


def _whole(value: Any) -> Any:
    """JSON has one kind of numbers, and VAPI's own SDK writes 2 as 2.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number."""


class Section(BaseModel):
    """A part of an assistant. Immutable; unknown fields are kept in `model_extra`."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        frozen=True,
        strict=True,
    )

    meant: ClassVar[Mapping[str, str]] = {}
    """Names that are looked for in vain, and the fields that do what they say; "": none does,
    though one resembles it."""

    if not TYPE_CHECKING:  # type checkers see the fields as parameters

        def __init__(self, /, **data):
            try:
                super().__init__(**data)
            except ValidationError as error:
                raise assistant_error(type(self), error) from None

        # Pydantic then validates sections within sections without this constructor, so
        # that the outermost one reports all problems with their whole paths.
        __init__.__pydantic_base_init__ = True

    @model_validator(mode="before")
    @classmethod
    def _each_field_once(cls, data: Any) -> Any:
        for name, field in cls.model_fields.items() if isinstance(data, Mapping) else ():
            given = sorted(keys_of(name, field) & set(data))
            if len(given) > 1:
                both = " and ".join(given)
                raise PydanticCustomError("twice", "{both} are the same field", {"both": both})
        return data

    def unknown(self) -> Iterator[tuple[str, str]]:
        """Path and reason for every field, here and below, that nothing in Parley reads."""
        for key in self.model_extra or {}:
            meant = self.meant.get(to_snake(key))
            meant = close_match(key, type(self).model_fields) if meant is None else meant
            if reason := self._reason(meant):
                yield key, reason
        for name, section in self._sections():
            yield from ((f"{name}.{path}", reason) for path, reason in section.unknown())

    def _reason(self, meant: str) -> str:
        question = f"; did you mean {meant}?" if meant else ""
        return f"unknown, kept without effect{question}"

    def _sections(self) -> Iterator[tuple[str, "Section"]]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            items: Iterable[tuple[Any, Any]] = [(None, value)]
            if isinstance(value, list):
                items = enumerate(value)
            elif isinstance(value, dict):
                items = value.items()
            for n, item in items:
                if isinstance(item, Section):
                    yield (name if n is None else f"{name}.{n}"), item


class ProviderSection(Section):
    """A section whose unknown fields are settings of the provider that it names."""

    def settings(self) -> dict[str, Any]:
        """The provider's settings, as `parley.providers.registry.create` takes them."""
        return {to_snake(key): value for key, value in (self.model_extra or {}).items()}

    def _reason(self, meant: str) -> str:
        # The provider judges its settings itself.
        return f"passed on to the provider; did you mean {meant}?" if meant else ""
