"""How soon the page's button is answered: from the press to the greeting's first sound.

`parley serve` with the demo, and a browser with a fake microphone, both on this machine. In
milliseconds from the press: when the loudspeaker was open, the socket open, the session made,
the microphone granted, the greeting's first audio received, its first sample at the
loudspeaker (its place on the audio clock plus what the context tells of its output latency),
and its first sample that is not silence. "page adds" is from the first audio's arrival to its
sound. The server's first call is not counted, that of a freshly loaded page is.

Run: python bench/page.py [--presses 20] [--reload]
"""

import argparse
import asyncio
import math
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser import browser, until
from demo_server import demo_server

STAGES = (
    ("loudspeaker open", "loudspeaker"),
    ("socket open", "socket"),
    ("session made", "session"),
    ("microphone granted", "microphone"),
    ("first audio received", "firstAudio"),
    ("first sample played", "greeting"),
    ("first sound heard", "sound"),
    ("page adds", "page"),
)

LISTEN = """
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    window.silence = null;
    let samples = 0;
    this.addEventListener("message", ({ data }) => {
      const event = JSON.parse(data);
      if (window.silence !== null || event.type !== "response.output_audio.delta") return;
      const bytes = Uint8Array.from(atob(event.delta), (character) => character.charCodeAt(0));
      const pcm = new Int16Array(bytes.buffer);
      const first = pcm.findIndex((sample) => Math.abs(sample) > 100);
      samples += first < 0 ? pcm.length : first;
      if (first >= 0) window.silence = samples / 24;
    });
  }
};
"""
"""The milliseconds of silence (50 dB below full scale) with which the greeting begins."""


async def press(page: Any) -> dict[str, float]:
    """Call, hear the greeting begin, hang up."""
    await page.click("#call")
    await until(page, "parley.greetingMs !== null && silence !== null")
    timings: dict[str, float] = await page.evaluate("parley.timings")
    timings["sound"] = timings["greeting"] + await page.evaluate("silence")
    timings["page"] = timings["greeting"] - timings["firstAudio"]
    # The page takes a second press so soon for a double click.
    await until(page, "document.getElementById('clock').textContent > '0:00'")
    await page.click("#call")
    await until(page, "parley.state === 'ended'")
    return timings


async def measured(presses: int, reload: bool) -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        async with demo_server(Path(folder)) as url, browser() as page:
            await page.add_init_script(LISTEN)
            await page.goto(url)
            await until(page, "document.querySelector('#board td')")
            await press(page)
            found = []
            for n in range(presses):
                if reload or n == 0:
                    await page.reload()
                    await until(page, "document.querySelector('#board td')")
                found.append(await press(page))
    return found


def show(found: list[dict[str, float]]) -> None:
    print(f"{f'{len(found)} presses; ms':<24}{'median':>8}{'p95':>8}{'max':>8}")
    for title, stage in STAGES:
        values = sorted(it[stage] for it in found)
        p95 = values[math.ceil(0.95 * len(values)) - 1]
        print(f"{title:<24}{median(values):>8.0f}{p95:>8.0f}{values[-1]:>8.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--presses", type=int, default=20)
    parser.add_argument("--reload", action="store_true", help="load the page before each press")
    options = parser.parse_args()
    show(asyncio.run(measured(options.presses, options.reload)))


if __name__ == "__main__":
    main()
