"""Spoken conversations with the demo's front desk, by real engines, in virtual time.

Success is what the caller wanted in the calendar, and a goodbye. Not one may get stuck, and
nothing may be changed that was not agreed to.
"""

from pathlib import Path

import pytest
from clinic_calls import NOW, SPEECH, Held, hold
from scenes import SCENES, Person, Scene

from parley.providers.tts import flite

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not flite.available(), reason="flite is not installed: it is the callers' voice"
    ),
]

HELD: dict[str, Held] = {}
LEAST = 0.8


def recordings(scene: Scene) -> list[str]:
    acts = [a for it in scene.answers.values() for a in (it if isinstance(it, list) else [it])]
    acts += [act for _, _, act in scene.during]
    return [a.file for a in acts if isinstance(a, Person)] + ([scene.noise] if scene.noise else [])


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_conversation_is_never_stuck_and_changes_nothing_unasked(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if recordings(scene) and not SPEECH.is_dir():
        pytest.skip("the folder of recorded speech is not here (PARLEY_SPEECH names it)")
    monkeypatch.setenv("PARLEY_DEMO_DB", str(tmp_path / "clinic.db"))
    monkeypatch.setenv("PARLEY_DEMO_NOW", NOW)
    held = HELD[scene.name] = hold(scene, tmp_path / "calls")
    assert held.ended_well, held.story
    assert held.unconfirmed == [], held.story


def test_four_of_five_get_what_they_called_for() -> None:
    failed = [name for name, held in HELD.items() if not held.succeeded]
    assert len(HELD) >= 13
    rate = 1 - len(failed) / len(HELD)
    assert rate >= LEAST, f"{failed} failed; the first:\n{HELD[failed[0]].story}"
