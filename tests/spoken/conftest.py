"""What holds for spoken calls in virtual time."""

from pathlib import Path

import pytest

from parley.providers.stt.moonshine import MoonshineStt

ENGINE = Path(__file__).with_name("steady_moonshine.py")


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is heard every time."""
    monkeypatch.setattr(MoonshineStt, "engine", str(ENGINE))
