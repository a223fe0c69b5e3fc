"""The checks of `parley doctor`, each for itself: none keeps another from being made."""

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from parley.errors import ConfigurationError, ParleyError, ProviderError

State = Literal["ok", "missing", "optional"]
"""`missing`: the demo cannot run without it; `optional`: it can."""

PYTHON = (3, 11)

SENTENCE = "I would like an appointment on Tuesday"
GRAMMAR = (
    "#JSGF V1.0; grammar g; public <g> = i would like an appointment on"
    " (monday | tuesday | friday) | goodbye | when are you open;"
)

LIMIT_S = 30.0
"""No check takes longer."""

LITTLE_SPACE, TOO_LITTLE_SPACE = 2_000_000_000, 100_000_000
"""Bytes; an hour of a call takes 0.35 GB."""


PIP = f"{sys.executable} -m pip install"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and the command that gets it where it is not there."""

    what: str
    state: State
    detail: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


Check = Callable[[], list[Finding] | Awaitable[list[Finding]]]


async def examine(*, calls: Path, port: int) -> list[Finding]:
    """All findings, in the order in which one would put them right."""
    from parley.providers.stt.embedded import embedded_name

    again = f"{PIP} --force-reinstall"
    name = embedded_name()
    hearing = "parley models pull moonshine" if name == "moonshine" else f"{again} {name}"
    checks: list[tuple[str, Check, str]] = [
        ("Python", _python, ""),
        ("packages", _packages, ""),
        ("models", _models, ""),
        ("voice espeak", _espeak, f"{again} espeakng-loader"),
        ("voice flite", _flite, ""),
        ("recogniser", _recogniser, hearing),
        ("voice detector", _detector, "parley models pull silero-vad"),
        ("page", _page, f"{again} parley"),
        (f"port {port}", lambda: _port(port), ""),
        ("calls", lambda: _space(calls), ""),
        ("language model", _language_model, ""),
    ]
    return [finding for check in checks for finding in await _made(*check)]


async def _made(what: str, check: Check, remedy: str) -> list[Finding]:
    """What a check finds; one that breaks is a finding, too."""
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await asyncio.to_thread(check)
            return await found if isinstance(found, Awaitable) else found
    except TimeoutError:
        return [Finding(what, "missing", f"no answer within {LIMIT_S:.0f} s", remedy)]
    except ParleyError as error:
        return [Finding(what, "missing", error.what, error.remedy or remedy)]
    except ImportError as error:
        name = error.name or "a package"
        return [Finding(what, "missing", f"{name} cannot be imported", f"{PIP} {name}")]
    except Exception as error:  # whatever is broken is what a doctor is to find
        return [Finding(what, "missing", f"{type(error).__name__}: {error}", remedy)]


def _python() -> list[Finding]:
    here = f"{sys.version.split()[0]}, {sys.executable}"
    if sys.version_info < PYTHON:
        needed = ".".join(map(str, PYTHON))
        return [Finding("Python", "missing", here, f"Install Python {needed} or newer.")]
    return [Finding("Python", "ok", here)]


def _packages() -> list[Finding]:
    """Those that Parley's own metadata names; of the extras, what a language model needs."""
    needed = list(_requirements(""))
    missing = [name for name in needed if not _installed(name)]
    lacking = "the package is not installed"
    found = [Finding(name, "missing", lacking, f"{PIP} {name}") for name in missing]
    if not missing:
        found.append(Finding("packages", "ok", f"all {len(needed)} are installed"))
    for name in _requirements("openai"):
        if not _installed(name):
            detail = f"{lacking}: language models need it"
            found.append(Finding(name, "optional", detail, f"{PIP} 'parley[openai]'"))
    return found


def _requirements(extra: str) -> Iterator[str]:
    """The names of the packages that an extra needs, or Parley itself."""
    for requirement in requires("parley") or ():
        wanted = re.search(r"extra == ['\"]([\w-]+)['\"]", requirement)
        if (wanted[1] if wanted else "") == extra:
            yield re.split(r"[\s\[<>=!~;(]", requirement)[0]


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _models() -> list[Finding]:
    from parley.models import CATALOGUE

    found = []
    for name, model in CATALOGUE.items():
        if model.fetched:
            found.append(Finding(f"model {name}", "ok", f"{model.version}, {model.path}"))
        else:
            detail = f"{model.version} was not fetched ({model.wheel_bytes / 1e6:.0f} MB)"
            state: State = "optional" if model.optional else "missing"
            found.append(Finding(f"model {name}", state, detail, f"parley models pull {name}"))
    return found


async def _espeak() -> list[Finding]:
    pcm, took_s = await _spoken(SENTENCE)
    detail = f"speaks; {_length_s(pcm):.1f} s of speech took {took_s * 1000:.0f} ms"
    return [Finding("voice espeak", "ok", detail)]


def _flite() -> list[Finding]:
    from parley.providers.tts import flite

    if voices := flite.available():
        return [Finding("voice flite", "ok", f"has {', '.join(voices)}")]
    detail = "is not installed: the demo speaks with espeak, which sounds robotic"
    return [Finding("voice flite", "optional", detail, flite.REMEDY)]


async def _spoken(text: str) -> tuple[bytes, float]:
    """A sentence at 16 kHz, and how long it took to have it."""
    from parley.audio.formats import INBOUND
    from parley.audio.resampling import resample
    from parley.providers.protocols import TtsRequest
    from parley.providers.tts.espeak import EspeakTts

    tts = EspeakTts()
    try:
        await tts.warm()
        begun = time.perf_counter()
        chunks = [chunk.pcm async for chunk in tts.synthesize(TtsRequest(text, voice="en-us"))]
        took_s = time.perf_counter() - begun
    finally:
        await tts.aclose()
    rate = tts.capabilities.format.sample_rate
    return resample(b"".join(chunks), rate, INBOUND.sample_rate), took_s


def _length_s(pcm: bytes) -> float:
    return len(pcm) / 2 / 16_000


async def _recogniser() -> list[Finding]:
    """The recogniser listens to the voice."""
    from parley.providers.protocols import SttOptions
    from parley.providers.stt.embedded import embedded

    pcm, _ = await _spoken(SENTENCE)
    stt = embedded()
    try:
        begun = time.perf_counter()
        stream = await stt.open(SttOptions(grammar=GRAMMAR if stt.capabilities.grammars else None))
        opened = time.perf_counter()
        stream.push(pcm)
        stream.finalize()
        heard = await anext(result.text async for result in stream if result.final)
        took_s = time.perf_counter() - opened
        await stream.aclose()
    finally:
        await stt.aclose()
    if heard.lower().rstrip(".") != SENTENCE.lower():
        raise ProviderError(stt.name, "it did not understand a sentence of the voice")
    detail = (
        f"{stt.name} starts in {opened - begun:.1f} s; understood {_length_s(pcm):.1f} s of speech"
        f" in {took_s:.1f} s ({took_s / _length_s(pcm):.2f} of real time)"
    )
    return [Finding("recogniser", "ok", detail)]


async def _detector() -> list[Finding]:
    import numpy as np

    from parley.speech.silero import SileroVad, fresh_state

    pcm, _ = await _spoken(SENTENCE)
    model, state = SileroVad(), fresh_state()
    samples = np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32_768)
    voiced = []
    begun = time.perf_counter()
    for start in range(0, len(samples) - 576, 512):
        probability, state = model(samples[None, start : start + 576], state)
        voiced.append(float(probability.reshape(-1)[0]) > 0.5)
    took_ms = 1000 * (time.perf_counter() - begun) / len(voiced)
    share = sum(voiced) / len(voiced)
    if share < 0.3:
        raise ProviderError("silero", "it does not notice the voice")
    detail = f"notices the voice; {took_ms:.2f} ms for 32 ms of sound"
    return [Finding("voice detector", "ok", detail)]


def _page() -> list[Finding]:
    server = find_spec("parley.server")
    folder = Path((server and server.origin) or "").parent / "page"
    if not (folder / "index.html").is_file():
        raise ConfigurationError(f"{folder} has no index.html")
    return [Finding("page", "ok", f"{len(list(folder.iterdir()))} files in {folder}")]


def _port(port: int) -> list[Finding]:
    import socket

    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError as error:
            remedy = f"parley serve --port {port + 1 if port < 65_535 else 8000}"
            return [Finding(f"port {port}", "missing", f"not free: {error.strerror}", remedy)]
    return [Finding(f"port {port}", "ok", "is free")]


def _space(calls: Path) -> list[Finding]:
    folder = calls.absolute()
    while not folder.exists():
        folder = folder.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        remedy = "parley serve --calls ANOTHER_FOLDER"
        return [Finding("calls", "missing", f"{folder} cannot be written to", remedy)]
    free = shutil.disk_usage(folder).free
    state: State = "ok"
    if free < LITTLE_SPACE:
        state = "missing" if free < TOO_LITTLE_SPACE else "optional"
    remedy = "" if state == "ok" else f"Make room, for example: rm -r {calls}/OLD_CALL"
    hours = free / 350e6
    detail = f"{free / 1e9:.1f} GB free for {calls.absolute()}: {hours:.0f} hours of calls"
    return [Finding("calls", state, detail, remedy)]


async def _language_model() -> list[Finding]:
    from parley.runtime.brain import offered, works

    what = "language model"
    try:
        brain = await offered(os.environ)
        if brain is not None:
            await works(brain)
    except ParleyError as error:
        return [Finding(what, "optional", error.what, error.remedy)]
    if brain is None:
        remedy = "ollama pull llama3.2 (with Ollama running), or export OPENAI_API_KEY=..."
        return [Finding(what, "optional", "none is offered: the demo's flow answers", remedy)]
    return [Finding(what, "ok", brain.name)]
