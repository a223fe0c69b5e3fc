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
    phrases = [f"- `{name}`" for name in ("fillers", "unclear", "apology", "lost_thread", "gap")]
    goodbyes = ["- `failure_goodbye`", "- `silence_goodbye`", "- `duration_goodbye`"]
    assert [u for u in unsaid if not u.startswith((*phrases, *goodbyes))] == []
