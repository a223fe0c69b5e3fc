"""Providers by name: built in, plugged in, misspelt."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from parley.errors import ConfigurationError
from parley.providers import registry
from parley.providers.registry import BUILT_IN, Kind, create, find, names, setting_names
from parley.providers.scripted import RepliesLlm, ScriptedStt, ScriptedTts

PLUGINS = EntryPoints(
    [
        EntryPoint("anything", "test_registry:takes_anything", "parley.stt"),
        EntryPoint("broken", "no_such_module:Stt", "parley.stt"),
        EntryPoint("empty", "test_registry:NoSuchName", "parley.stt"),
        EntryPoint("scripted", "no_such_module:Stt", "parley.stt"),
        EntryPoint("strict", "test_registry:Strict", "parley.llm"),
    ]
)


def takes_anything(**settings: Any) -> dict[str, Any]:
    return settings


class Strict:
    def __init__(self, url: str, *, depth: int = 3) -> None:
        self.settings = (url, depth)


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: PLUGINS.select(group=group))
    monkeypatch.setitem(sys.modules, "test_registry", sys.modules[__name__])


def test_the_names_of_all_kinds() -> None:
    assert names("stt") == [
        "anything", "assembly-ai", "broken", "deepgram", "embedded", "empty", "moonshine",
        "pocketsphinx", "scripted",
    ]  # fmt: skip
    assert names("llm") == ["openai", "scripted", "strict"]
    assert names("tts") == ["embedded", "espeak", "flite", "scripted"]


def test_real_entry_points_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert "scripted" in names("stt")


def test_built_in_providers_are_made_from_settings() -> None:
    assert isinstance(create("stt", "scripted", {"steps": ["yes"]}), ScriptedStt)
    assert isinstance(create("llm", "scripted", {"replies": ["Hi."]}), RepliesLlm)
    assert isinstance(create("tts", "scripted"), ScriptedTts)
    model = create("llm", "openai", {"model": "m", "base_url": "http://127.0.0.1:9/v1"})
    assert "127.0.0.1:9" in repr(model)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, paths in BUILT_IN.items() for name in paths]
)
def test_all_built_in_providers_are_where_they_are_said_to_be(kind: Kind, name: str) -> None:
    assert callable(find(kind, name))
    assert setting_names(kind, name)


def test_a_plugin() -> None:
    model = create("llm", "strict", {"url": "u", "depth": 5})
    assert isinstance(model, Strict)
    assert model.settings == ("u", 5)
    anything: Any = create("stt", "anything", {"a": 1})
    assert anything == {"a": 1}


def test_a_built_in_name_cannot_be_replaced() -> None:
    assert find("stt", "scripted") is ScriptedStt


def test_the_settings_of_a_provider() -> None:
    assert setting_names("llm", "strict") == ["url", "depth"]
    assert setting_names("llm", "scripted") == ["replies", "name"]
    assert setting_names("stt", "anything") == []


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (
            "scriptd",
            "Did you mean 'scripted'? There are: anything, assembly-ai, broken, deepgram, ",
        ),
        (
            "zzz",
            "There are: anything, assembly-ai, broken, deepgram, embedded, empty, moonshine,"
            " pocketsphinx, scripted.",
        ),
    ],
)
def test_an_unknown_name(name: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no speech-to-text provider '{name}'") as caught:
        create("stt", name)
    assert caught.value.remedy.startswith(remedy)


def test_names_belong_to_their_kind() -> None:
    with pytest.raises(ConfigurationError, match="no text-to-speech provider 'openai'"):
        create("tts", "openai")


def test_unknown_settings() -> None:
    with pytest.raises(ConfigurationError) as caught:
        create("llm", "strict", {"url": "u", "depht": 5, "x": 1})
    assert caught.value.what == (
        "the language model provider 'strict' has no setting 'depht' or 'x'"
    )
    assert caught.value.remedy == "Did you mean 'depth'? Its settings are: depth, url."


def test_a_missing_setting() -> None:
    with pytest.raises(ConfigurationError, match="'strict' needs the setting 'url'"):
        create("llm", "strict", {"depth": 5})


@pytest.mark.parametrize("name", ["broken", "empty"])
def test_a_plugin_that_cannot_be_imported(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"provider '{name}' .*cannot be imported"):
        create("stt", name)


def test_nothing_heavy_is_imported_until_it_is_used() -> None:
    code = (
        "import sys; from parley.providers.registry import names, create;"
        "names('stt'), names('llm');"
        "create('llm', 'openai', {'model': 'm', 'base_url': 'http://h/v1'});"
        "heavy = {'openai', 'httpx2', 'pocketsphinx', 'numpy', 'pydantic'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("language", ["fr", "fr-CA", "multi"])
def test_a_language_that_the_recogniser_does_not_understand_is_refused_beforehand(
    language: str,
) -> None:
    for name, settings in (("pocketsphinx", {}), ("deepgram", {"api_key": "k"})):
        recognizer = registry.create("stt", name, settings)
        registry.check_language(recognizer, "en-GB")
        with pytest.raises(ConfigurationError, match=f"{name}: .*'{language}'.*knows en only"):
            registry.check_language(recognizer, language)
    registry.check_language(registry.create("stt", "scripted", {"steps": []}), language)
