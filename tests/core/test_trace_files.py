"""Every recorded call does today what it did when it was recorded."""

from pathlib import Path

import pytest

from parley.core import VERSION, trace

FILES = sorted((Path(__file__).parent.parent / "traces").glob("*.jsonl"))


def test_there_are_traces() -> None:
    assert len(FILES) >= 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recorded_call_replays(path: Path) -> None:
    found = trace.parse(path.read_text(encoding="utf-8"))
    assert found.version == VERSION
    assert list(trace.replay(found)) == []
    assert trace.fold(found).ended
