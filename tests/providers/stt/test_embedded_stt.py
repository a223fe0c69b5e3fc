"""The recogniser that needs no account: which of them it is."""

import asyncio
from pathlib import Path

import pytest

from parley.models import find_model
from parley.providers.protocols import SpeechToText
from parley.providers.registry import create
from parley.providers.stt.embedded import ENGINES, embedded, embedded_name
from parley.providers.stt.moonshine import MoonshineStt
from parley.providers.stt.pocketsphinx import PocketsphinxStt


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that looks as if the model were on it."""
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    for path in find_model("moonshine").paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without models."""
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))


def made(stt: SpeechToText) -> SpeechToText:
    asyncio.run(stt.aclose())
    return stt


@pytest.mark.usefixtures("fetched")
def test_where_its_model_is_moonshine_listens() -> None:
    assert embedded_name() == "moonshine"
    assert isinstance(made(embedded()), MoonshineStt)
    assert isinstance(made(create("stt", "embedded", {"ready": 0, "maximum": 3})), MoonshineStt)


@pytest.mark.usefixtures("bare")
def test_without_it_pocketsphinx_listens() -> None:
    assert embedded_name() == "pocketsphinx"
    assert isinstance(made(embedded()), PocketsphinxStt)


@pytest.mark.usefixtures("fetched")
def test_half_a_model_is_none() -> None:
    find_model("moonshine").paths[1].unlink()
    assert embedded_name() == "pocketsphinx"


def test_all_have_the_names_they_are_known_by() -> None:
    assert {name: engine.name for name, engine in ENGINES.items()} == {n: n for n in ENGINES}
    assert all(engine.capabilities.needs_voice for engine in ENGINES.values())
