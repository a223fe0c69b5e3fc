"""Finds a provider by its kind and name, and makes it from settings.

A package adds providers with entry points in the groups `parley.stt`, `parley.llm` and
`parley.tts`: each names a class, or a function, whose keyword parameters are the
provider's settings. Built-in names cannot be replaced. Nothing is imported until used.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, cast, overload

from parley.errors import ConfigurationError
from parley.providers.protocols import LanguageModel, Provider, SpeechToText, TextToSpeech

Kind = Literal["stt", "llm", "tts"]
Factory = Callable[..., Provider]

KINDS: dict[Kind, str] = {"stt": "speech-to-text", "llm": "language model", "tts": "text-to-speech"}

BUILT_IN: dict[Kind, dict[str, str]] = {
    "stt": {
        "assembly-ai": "parley.providers.stt.assemblyai:AssemblyAiStt",
        "deepgram": "parley.providers.stt.deepgram:DeepgramStt",
        "embedded": "parley.providers.stt.embedded:embedded",
        "moonshine": "parley.providers.stt.moonshine:MoonshineStt",
        "pocketsphinx": "parley.providers.stt.pocketsphinx:PocketsphinxStt",
        "scripted": "parley.providers.scripted:ScriptedStt",
    },
    "llm": {
        "openai": "parley.providers.llm.openai:OpenAiModel",
        "scripted": "parley.providers.scripted:RepliesLlm",
    },
    "tts": {
        "embedded": "parley.providers.tts.embedded:EmbeddedTts",
        "espeak": "parley.providers.tts.espeak:EspeakTts",
        "flite": "parley.providers.tts.flite:FliteTts",
        "scripted": "parley.providers.scripted:ScriptedTts",
    },
}


@overload
def create(kind: Literal["stt"], name: str, settings: Mapping[str, Any] = ...) -> SpeechToText: ...
@overload
def create(kind: Literal["llm"], name: str, settings: Mapping[str, Any] = ...) -> LanguageModel: ...
@overload
def create(kind: Literal["tts"], name: str, settings: Mapping[str, Any] = ...) -> TextToSpeech: ...
def create(kind: Kind, name: str, settings: Mapping[str, Any] | None = None) -> Provider:
    """Make a provider.

    Raises ConfigurationError when there is none of that name, when it cannot be
    imported, and when it does not know a setting or misses one.
    """
    factory = find(kind, name)
    given = dict(settings or {})
    known = _parameters(factory)
    provider = f"the {KINDS[kind]} provider {name!r}"
    if known is not None:
        if unknown := [key for key in given if key not in known]:
            raise ConfigurationError(
                f"{provider} has no setting {' or '.join(map(repr, unknown))}",
                remedy=_choice(unknown[0], list(known), "Its settings are"),
            )
        missing = [key for key, required in known.items() if required and key not in given]
        if missing:
            raise ConfigurationError(
                f"{provider} needs the setting {' and '.join(map(repr, missing))}",
                remedy=f"Give it one: {', '.join(missing)}.",
            )
    return factory(**given)


def check_language(recognizer: SpeechToText, language: str) -> None:
    """Raises ConfigurationError where it would not understand a caller: no call could be held."""
    known = recognizer.capabilities
    if not known.understands(language):
        raise ConfigurationError(
            f"{recognizer.name}: it does not understand the language {language!r}",
            remedy=f"As it is set it knows {', '.join(known.languages)} only; choose another"
            " transcriber or model.",
        )


def find(kind: Kind, name: str) -> Factory:
    """The factory of a provider, imported. Raises ConfigurationError."""
    path = BUILT_IN[kind].get(name)
    if path is not None:
        module, _, attribute = path.partition(":")
        return cast("Factory", getattr(import_module(module), attribute))
    plugin = _plugins(kind).get(name)
    if plugin is None:
        raise ConfigurationError(
            f"there is no {KINDS[kind]} provider {name!r}",
            remedy=_choice(name, names(kind), "There are"),
        )
    try:
        return cast("Factory", plugin.load())
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"the {KINDS[kind]} provider {name!r} ({plugin.value}) cannot be imported: {error}",
            remedy="Install what it needs, or ask its authors.",
        ) from error


def names(kind: Kind) -> list[str]:
    """All providers of a kind that are installed, in alphabetical order."""
    return sorted({*BUILT_IN[kind], *_plugins(kind)})


def setting_names(kind: Kind, name: str) -> list[str]:
    """The settings that a provider takes; empty when it takes any. Imports it."""
    return list(_parameters(find(kind, name)) or ())


def _plugins(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"parley.{kind}")}


def _parameters(factory: Factory) -> dict[str, bool] | None:
    """The keyword parameters of a factory, and which of them are required; None: any."""
    parameters = inspect.signature(factory).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    by_keyword = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return {p.name: p.default is p.empty for p in by_keyword}


def _choice(wrong: str, right: list[str], introduction: str) -> str:
    close = difflib.get_close_matches(wrong, right, n=1)
    question = f"Did you mean {close[0]!r}? " if close else ""
    return f"{question}{introduction}: {', '.join(sorted(right)) or 'none'}."
