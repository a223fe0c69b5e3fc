"""What a server serves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parley.runtime.agent import Agent
from parley.transports.realtime.sessions import Offer


@dataclass(frozen=True, slots=True)
class Served:
    """One assistant, under the name that clients ask for.

    `brain_kind` is "flow", "model" or "scripted". `calendar` returns what the page shows
    as calendar, where there is one.
    """

    agent: Agent
    name: str
    brain_kind: str = "model"
    brain_name: str = ""
    voice: str = ""
    transcriber: str = ""
    calendar: Callable[[], Any] | None = None

    def offer(self, calendar_url: str) -> Offer:
        """As clients see it."""
        return Offer(
            model=self.name,
            assistant=self.name,
            brain_kind=self.brain_kind,
            brain_name=self.brain_name,
            voice=self.voice or self.agent.voice.tts.name,
            transcriber=self.transcriber or self.agent.stt.name,
            language=self.agent.stt_options.language,
            calendar=calendar_url if self.calendar else None,
        )
