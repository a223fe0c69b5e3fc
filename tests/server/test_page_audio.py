"""The page's audio: what is played is exact to the sample, what is captured keeps its sound."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from page_stage import Laboratory, a_laboratory

RATE = 24_000
BLOCK = 128
FADE = 120

QUEUE = """async (steps) => {
  const { PlaybackQueue } = await import("/page/playback-queue.js");
  const reports = [], out = [];
  const queue = new PlaybackQueue(24000, (report) => reports.push({ ...report, now: queue.clock }));
  let next = 1;
  const act = {
    pull: (blocks) => {
      for (let i = 0; i < blocks; i++) {
        const block = new Float32Array(128);
        queue.pull(block);
        out.push(...block);
      }
    },
    append: (count) => queue.append(Float32Array.from({ length: count }, () => next++ / 65536)),
    sine: (count) => queue.append(Float32Array.from({ length: count }, () => Math.sin(next++ / 9))),
    latency: (samples) => { queue.latency = samples; },
  };
  for (const [what, ...given] of steps) (act[what] ?? queue[what].bind(queue))(...given);
  const { played, queued, underruns } = queue;
  return { out, reports, played, queued, underruns };
}"""
"""Carries steps out on a queue. The n-th sample appended is n / 65536."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with a_laboratory() as one:
        yield one


def played(lab: Laboratory, *steps: tuple[Any, ...]) -> dict[str, Any]:
    result: dict[str, Any] = lab.evaluate(QUEUE, steps)
    result["samples"] = [round(value * 65536, 3) for value in result["out"]]
    result["marked"] = [(r["name"], r["now"]) for r in result["reports"] if r["type"] == "marked"]
    return result


def ascending(first: int, count: int) -> list[int]:
    return list(range(first, first + count))


def test_every_sample_is_played_once_in_order(lab: Laboratory) -> None:
    it = played(lab, ("append", 7), ("append", 500), ("append", 493), ("end",), ("pull", 9))
    assert it["samples"][:1000] == ascending(1, 1000)
    assert it["played"] == 1000
    assert it["underruns"] == 0


def test_playing_goes_on_with_the_sample_before_which_it_was_paused(lab: Laboratory) -> None:
    it = played(
        lab, ("append", 4800), ("pull", 10), ("pause",), ("pull", 10), ("resume",), ("pull", 20)
    )
    before, paused, after = it["samples"][:1280], it["samples"][1280:2560], it["samples"][2560:]
    assert before == ascending(1, 1280)
    assert set(paused[FADE:]) == {0}
    assert after[FADE:] == ascending(1281 + FADE, len(after) - FADE)
    gains = [sample / (1281 + n) for n, sample in enumerate(after[:FADE])]
    assert gains == pytest.approx([(n + 1) / FADE for n in range(FADE)], abs=0.01)
    assert it["queued"] == 4800 - 1280 - len(after)


def test_what_was_cleared_is_never_heard_and_its_marks_come_at_once(lab: Laboratory) -> None:
    it = played(
        lab,
        ("append", 4800),
        ("mark", "a"),
        ("append", 4800),
        ("mark", "b"),
        ("pull", 10),
        ("clear",),
        ("append", 400),
        ("end",),
        ("pull", 5),
    )
    assert it["marked"] == [("a", 1280), ("b", 1280)]
    assert it["samples"][1280 + FADE : 1280 + 400] == ascending(9601 + FADE, 400 - FADE)
    assert set(it["samples"][1280 + 400 + FADE :]) == {0}


@pytest.mark.parametrize("interruption", ["pause", "clear"])
def test_an_interruption_does_not_click(lab: Laboratory, interruption: str) -> None:
    steps = [("sine", 4800), ("pull", 10), (interruption,), ("pull", 3), ("resume",)]
    it = played(lab, *steps, ("pull", 40))
    jumps = [abs(b - a) for a, b in zip(it["out"], it["out"][1:], strict=False)]
    assert max(jumps) < 0.13


def test_a_mark_is_reported_when_what_is_before_it_has_been_heard(lab: Laboratory) -> None:
    it = played(
        lab,
        ("latency", 480),
        ("append", 1000),
        ("mark", "a"),
        ("append", 500),
        ("mark", "b"),
        ("end",),
        ("pull", 40),
        ("mark", "c"),
        ("pull", 1),
    )
    due = {"a": 1000 + 480, "b": 1500 + 480, "c": 40 * BLOCK}
    assert [name for name, _ in it["marked"]] == ["a", "b", "c"]
    for name, at in it["marked"]:
        assert due[name] <= at <= due[name] + BLOCK


def test_marks_behind_paused_audio_wait(lab: Laboratory) -> None:
    it = played(lab, ("append", 1000), ("mark", "a"), ("pull", 2), ("pause",), ("pull", 50))
    assert it["marked"] == []


def test_a_reply_that_ran_dry_goes_on_once_enough_of_it_is_there(lab: Laboratory) -> None:
    it = played(
        lab,
        ("append", 640),
        ("pull", 10),
        ("append", 640),
        ("pull", 2),
        ("append", 960),
        ("pull", 9),
    )
    assert it["underruns"] == 1
    assert set(it["samples"][640 + FADE : 12 * BLOCK]) == {0}
    assert it["samples"][12 * BLOCK + FADE :] == ascending(641 + FADE, 9 * BLOCK - FADE)


def test_the_short_rest_of_a_reply_does_not_wait_for_more(lab: Laboratory) -> None:
    it = played(lab, ("append", 640), ("pull", 10), ("append", 640), ("end",), ("pull", 9))
    assert it["samples"][10 * BLOCK + FADE : 10 * BLOCK + 640] == ascending(641 + FADE, 640 - FADE)
    late = played(lab, ("append", 640), ("pull", 10), ("append", 640), ("pull", 40))
    assert late["played"] == 1280


def test_the_end_of_a_reply_is_no_underrun(lab: Laboratory) -> None:
    it = played(lab, ("append", 640), ("pull", 10), ("end",), ("append", 640), ("pull", 5))
    assert it["underruns"] == 0
    assert it["samples"][10 * BLOCK + FADE :] == ascending(641 + FADE, 5 * BLOCK - FADE)


RESAMPLED = """async ([from, hz]) => {
  const { Resampler } = await import("/page/resampler.js");
  const resampler = new Resampler(from, 24000);
  const out = [];
  for (let n = 0; n < from; n += 128) {
    const sine = (_, i) => Math.sin((2 * Math.PI * hz * (n + i)) / from);
    out.push(...resampler.push(Float32Array.from({ length: 128 }, sine)));
  }
  const steady = out.slice(2400);
  const power = steady.reduce((sum, x) => sum + x * x, 0) / steady.length;
  return { count: out.length, rms: Math.sqrt(power) };
}"""


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 96_000])
def test_a_microphone_of_another_rate_keeps_its_voice(lab: Laboratory, rate: int) -> None:
    for hz in (200, 1000, 6000):
        it = lab.evaluate(RESAMPLED, [rate, hz])
        assert it["count"] == pytest.approx(RATE, abs=200)
        assert 20 * math.log10(it["rms"] * math.sqrt(2)) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_is_too_high_for_the_wire_does_not_fold_back(lab: Laboratory, rate: int) -> None:
    for hz in (12_500, 15_000, 20_000):
        it = lab.evaluate(RESAMPLED, [rate, hz])
        assert 20 * math.log10(it["rms"] * math.sqrt(2) + 1e-9) < -60


def test_the_wire_carries_samples_and_back(lab: Laboratory) -> None:
    samples = lab.evaluate("""async () => {
      const { fromBase64, toBase64 } = await import("/page/pcm.js");
      const sent = Int16Array.of(0, 1, -1, 32767, -32768, 256);
      return [...fromBase64(toBase64(sent.buffer))].map((x) => x * 32768);
    }""")
    assert samples == [0, 1, -1, 32767, -32768, 256]
