"""The report of a run: its sections, its pictures, and the page for the documentation."""

import json
import math
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import plots
import tables
import turn_report
from common import ROOT
from peers import Peer

META = "meta.json"
REPORT = "REPORT.md"
PUBLISHED = ROOT / "docs" / "BENCHMARKS.md"
PACKAGES = ("parley", "numpy", "onnxruntime", "pocketsphinx")

INTRODUCTION = """\
# Benchmarks

The same scripted call through Parley and, in the same run, through other frameworks,
measured from outside: a caller's audio goes in on an absolute clock, a real-time sink
marks what is heard. Speech recognition gives its final text 100 ms after the end of
speech; the model's first token takes 200 ms, then come 80 tokens a second; the voice's
first byte takes 100 ms. Parley runs with its defaults, trace and recording on.

To measure again: `make bench`, or one stage of it (`python bench/run.py headline`; `--quick` for
a little of everything). The report and its pictures are then in `bench/results/`.
"""


def describe(
    results: Path, peers: Sequence[Peer], stages: Sequence[str], *, quick: bool
) -> dict[str, Any]:
    """Note the machine and the versions, and which stages have run in haste."""
    before = _meta(results) if (results / META).exists() else {"packages": {}, "quick": []}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
    packages = {name: found for name in PACKAGES if (found := _version(name))}
    packages |= {peer.distribution: peer.version for peer in peers}
    hasty = set(before["quick"]) | set(stages) if quick else set(before["quick"]) - set(stages)
    meta = {
        "machine": _machine(),
        "python": platform.python_version(),
        "packages": before["packages"] | packages,
        "load": round(load, 1),
        "quick": sorted(hasty),
    }
    (results / META).write_text(json.dumps(meta))
    return meta


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _machine() -> str:
    return f"{_cpu()}, {os.cpu_count()} cores, {_memory()}, {platform.system()} {_kernel()}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{models[0]} ({platform.machine()})" if models else platform.machine()


def _memory() -> str:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{size / 2**30:.0f} GiB"


def _kernel() -> str:
    return ".".join(platform.release().split(".")[:2])


def write(results: Path) -> Path:
    """Make the report from what the stages have left."""
    pictures = [*plots.draw(results), *turn_report.pictures(results)]
    images = "\n".join(f"![]({name})\n" for name in pictures)
    path = results / REPORT
    path.write_text("\n".join([_text(results), images]) if images else _text(results))
    return path


def publish(results: Path) -> Path:
    """Put the report into the documentation. Raises ValueError for a quick run."""
    if hasty := _meta(results)["quick"]:
        raise ValueError(f"only a quick run was made of: {', '.join(hasty)}")
    PUBLISHED.parent.mkdir(exist_ok=True)
    PUBLISHED.write_text(_text(results))
    return PUBLISHED


def _meta(results: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((results / META).read_text())
    return meta


def _text(results: Path) -> str:
    sections = [
        tables.headline_section(results),
        turn_report.section(results),
        tables.density_section(results),
        tables.soak_section(results),
        tables.local_section(results),
    ]
    return "\n".join([INTRODUCTION, _about(_meta(results)), *filter(None, sections)])


def _about(meta: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in meta["packages"].items())
    hasty = ", ".join(meta["quick"])
    quick = f" Quick runs, with too few turns for percentiles: {hasty}." if hasty else ""
    return (
        f"Machine: {meta['machine']}; load {meta['load']} before the run. "
        f"CPython {meta['python']}; {packages}.{quick}\n"
    )
