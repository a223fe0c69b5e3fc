"""The docs say what the code says."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DRAW = runpy.run_path(str(ROOT / "docs" / "draw.py"))


@pytest.mark.parametrize("path", list(DRAW["pages"]()), ids=lambda path: path.name)
def test_a_drawn_page_is_up_to_date(path: Path) -> None:
    assert path.read_text() == DRAW["pages"]()[path], "run: python docs/draw.py"


def test_every_setting_says_what_it_means() -> None:
    unsaid = [
        line
        for line in DRAW["settings_page"]().splitlines()
        if line.startswith("- `") and line.endswith("`") and "Settings`" not in line
    ]
    assert unsaid == []


def test_every_field_of_an_assistant_says_what_it_means() -> None:
    page = DRAW["assistant_page"]()
    assert ": None\n" not in page
    for name in ("firstMessageMode", "keypadInputPlan", "regexOptions", "idleTimeoutSeconds"):
        assert f"- `{name}`" in page
