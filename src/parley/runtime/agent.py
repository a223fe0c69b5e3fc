"""An agent: an assistant with its engines running, ready to take calls."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from parley.audio.ambience import Background
from parley.audio.diskwriter import disk_writer
from parley.audio.echo import HearingSettings
from parley.core.settings import Settings, cached_phrases
from parley.providers.protocols import Provider, SpeechToText, SttOptions
from parley.runtime import collector
from parley.runtime.call import Call, Outcome, Parts
from parley.runtime.closing import to_the_end
from parley.runtime.ear import GAP_S
from parley.runtime.folder import CallFolder
from parley.runtime.responders import Responder
from parley.runtime.stages import EventStage, Stages
from parley.runtime.voice import Voice
from parley.speech.describing import SharedDescriber
from parley.speech.endofturn_shared import SharedEndOfTurn
from parley.speech.vad import SharedVad
from parley.text.cutting import ChunkSettings
from parley.text.speakable import speakable
from parley.tools.runner import Tool
from parley.transports.ambient import AmbientTransport
from parley.transports.base import Transport

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call that is over. `folder` and `summary` only where it was recorded."""

    outcome: Outcome
    folder: Path | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agent:
    """Takes any number of calls at a time.

    `responder` and `stages` are made anew for every call; all else is shared.
    """

    settings: Settings
    stt: SpeechToText
    vad: SharedVad
    voice: Voice
    responder: Callable[[], Responder]
    tools: Mapping[str, Tool] = field(default_factory=dict)
    stages: Callable[[], Stages] = Stages
    stt_options: SttOptions = field(default_factory=SttOptions)
    chunking: ChunkSettings | None = None
    gap_s: float | None = GAP_S
    end_of_turn: SharedEndOfTurn | None = None
    describer: SharedDescriber | None = None
    others: tuple[Provider, ...] = ()
    background: Background | None = None
    hearing: HearingSettings = field(default_factory=HearingSettings)

    async def start(self) -> None:
        """Load, connect and synthesise beforehand what would delay the first call."""
        await asyncio.gather(*(p.warm() for p in self._providers()))
        missing = await self.voice.prepare(self._phrases())
        if missing:
            log.warning("%d phrases could not be synthesised beforehand", len(missing))
        collector.settle()

    async def take(
        self,
        transport: Transport,
        calls: Path | None = None,
        *,
        simulated: bool = False,
        watch: Sequence[EventStage] = (),
        call: str = "",
    ) -> CallRecord:
        """Carry one call to its end, recording it in a new folder of `calls`.

        `watch` are stages that watch this call only; `call` names it, else it gets a new name.
        """
        settings = self.settings
        if transport.timing.push_to_talk:
            settings = replace(settings, turns=replace(settings.turns, push_to_talk=True))
        if self.background and transport.timing.continuous:
            transport = ambient = AmbientTransport(transport, self.background)
            watch = (*watch, ambient)
        elif self.background:
            log.warning("the caller hears no background: their line is silent between replies")
        parts = Parts(
            settings=settings,
            stt=self.stt,
            stt_options=self.stt_options,
            vad=self.vad,
            voice=self.voice,
            responder=self.responder(),
            tools=self.tools,
            stages=_watched(self.stages(), watch),
            chunking=self.chunking,
            gap_s=self.gap_s,
            judge=self.end_of_turn.open() if self.end_of_turn else None,
            describer=(self.describer.open(self.settings.voice_facts) if self.describer else None),
            hearing=self.hearing,
        )
        with collector.on_the_line():
            if calls is None:
                return CallRecord(await Call(parts, transport, None).run())
            folder = CallFolder(calls, settings, disk_writer(), call=call, simulated=simulated)
            try:
                outcome = await Call(parts, transport, folder).run()
            finally:
                summary = await to_the_end(folder.close())
            return CallRecord(outcome, folder.path, summary)

    async def close(self) -> None:
        """Release the engines."""
        await asyncio.gather(*(p.aclose() for p in self._providers()))

    def _phrases(self) -> list[str]:
        """What is said from the cache, in the words in which it is spoken."""
        stages, language = self.stages(), self.voice.language
        return [
            speakable(text, language, rewritten=stages.speakable(text)).text
            for text in cached_phrases(self.settings)
        ]

    def _providers(self) -> tuple[Provider, ...]:
        return (self.stt, self.voice.tts, *self.others)


def _watched(stages: Stages, watch: Sequence[EventStage]) -> Stages:
    return replace(stages, events=(*stages.events, *watch)) if watch else stages
