"""The embedded recognisers as the analysis of recordings knows them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from voices_sim import Scribe, quiet, tone

from parley.providers.stt import moonshine_worker, pocketsphinx_worker
from parley.providers.stt.embedded import ENGINES, EmbeddedName
from parley.providers.stt.moonshine_worker import Said
from parley.sim import engines
from parley.sim.hearing import Edge


class Sphinx:
    """The inside of a pocketsphinx process."""

    def __init__(self) -> None:
        self.grammars: list[str] = []
        self.texts = ["", "hello", "hello there"]

    def open(self, grammar: str) -> None:
        self.grammars.append(grammar)

    def hear(self, pcm: bytes) -> str:
        return self.texts.pop(0)

    def finish(self) -> list[tuple[str, float, float]]:
        return [("hello", 0.5, 0.8), ("there", 0.8, 1.1)]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    engines.recognizer.cache_clear()
    yield
    engines.recognizer.cache_clear()


def test_pocketsphinx_tells_words_and_judges_no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    sphinx = Sphinx()
    monkeypatch.setattr(pocketsphinx_worker, "recognizer", lambda: sphinx)
    found = engines.recognizer("pocketsphinx")
    found.open()
    assert sphinx.grammars == [""]
    assert [found.hear(b"") for _ in range(3)] == [None, Said("hello"), Said("hello there")]
    assert found.finish() == Said("hello there")
    assert engines.recognizer("pocketsphinx") is found


def test_moonshine_is_what_is_in_its_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scribe = Scribe()
    monkeypatch.setattr(engines, "model_path", lambda name: tmp_path / name)
    monkeypatch.setattr(
        moonshine_worker, "recognizer", {tmp_path / "moonshine": scribe}.__getitem__
    )
    assert engines.recognizer("moonshine") is scribe


@pytest.mark.parametrize("name", list(ENGINES))
def test_each_is_asked_as_late_as_in_a_call(
    monkeypatch: pytest.MonkeyPatch, name: EmbeddedName
) -> None:
    monkeypatch.setattr(engines, "recognizer", {name: Scribe()}.__getitem__)
    voice = (Edge(0.6, 0.5, True), Edge(1.6, 1.5, False))
    words = engines.recognize(name, quiet(0.5) + tone(1.0) + quiet(2.0), voice)
    assert [(w.text, w.final) for w in words] == [("hello", False), ("hello", True)]
    asked = max(1.6, 1.5 + ENGINES[name].capabilities.finalize_after_s)
    assert words[1].asked_s == pytest.approx(asked)
