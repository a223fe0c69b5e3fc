"""A caller at the page: speaks into its microphone when the agent has asked something."""

import asyncio
import base64
import time
from dataclasses import dataclass, field
from typing import Any

from listening_caller import PAUSE_S, Line, Script

from parley.audio.formats import INBOUND

MICROPHONE = f"""
navigator.mediaDevices.getUserMedia = async () => {{
  const context = new AudioContext({{ sampleRate: 48000 }});
  const microphone = context.createMediaStreamDestination();
  const play = (samples, rate, loop) => {{
    const source = context.createBufferSource();
    source.buffer = context.createBuffer(1, samples.length, rate);
    source.buffer.copyToChannel(Float32Array.from(samples), 0);
    source.loop = loop;
    source.connect(microphone);
    source.start();
    return new Promise((ended) => {{ source.onended = ended; }});
  }};
  play(Array.from({{ length: 96000 }}, () => (Math.random() - 0.5) * 0.002), 48000, true);
  window.speak = (pcm) => {{
    const bytes = Uint8Array.from(atob(pcm), (character) => character.charCodeAt(0));
    const samples = Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768);
    return play(samples, {INBOUND.sample_rate}, false);
  }};
  return microphone.stream;
}};
"""
"""Run before the page's own scripts: its microphone hears a faint noise and what `speak`s."""

LOOK = """() => ({
  state: parley.state,
  captions: [...document.querySelectorAll("#captions li")].filter((li) => !li.hidden).map((li) => [
    li.classList.contains("agent") ? "agent" : "caller",
    li.querySelector(".words").textContent,
    Boolean(li.querySelector(".coming")) || li.classList.contains("partial"),
  ]),
  understood: [...document.querySelectorAll("#slots .slot")].flatMap((slot) =>
    slot.querySelector("dd.open")
      ? [] : [[slot.dataset.slot, slot.querySelector("dd").textContent]]),
})"""

GLANCE_S = 0.05


@dataclass(slots=True)
class Seen:
    """What the page has shown."""

    captions: list[tuple[str, str]] = field(default_factory=list)
    understood: set[tuple[str, str]] = field(default_factory=set)

    def said_by(self, who: str) -> str:
        return " ".join(words for speaker, words in self.captions if speaker == who)


class PageCaller:
    """Follows a script, by what the page shows and plays."""

    def __init__(self, page: Any, script: Script) -> None:
        self.seen = Seen()
        self._page = page
        self._script = script
        self._answered = 0
        self._quiet_since = 0.0
        self._before: Any = None

    async def converse(self, until: str = "") -> None:
        """Answer what is asked, until the agent has said `until` or the call has ended."""
        while (look := await self._look())["state"] != "ended":
            said = [words for who, words, _ in look["captions"][self._answered :] if who == "agent"]
            if until and any(until in words for words in said):
                return
            if said and self._is_quiet(look) and (line := self._script.answer(" ".join(said))):
                self._answered = len(look["captions"])
                await self._say(line)
            await asyncio.sleep(GLANCE_S)

    async def _look(self) -> Any:
        look = await self._page.evaluate(LOOK)
        self.seen.captions = [(who, words) for who, words, _ in look["captions"]]
        self.seen.understood |= {(name, value) for name, value in look["understood"]}
        return look

    def _is_quiet(self, look: Any) -> bool:
        """Whether the agent has nothing more to say: all is heard, and for a while."""
        waits = look["state"] == "listening" and not any(it[2] for it in look["captions"])
        if not waits or look["captions"] != self._before:
            self._quiet_since = time.monotonic()
        self._before = look["captions"]
        return time.monotonic() - self._quiet_since >= PAUSE_S

    async def _say(self, line: Line) -> None:
        await self._page.evaluate("pcm => speak(pcm)", base64.b64encode(line.pcm).decode())
