"""The frameworks that Parley is compared with, each in an environment of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common import ROOT

ENVIRONMENTS = ROOT / ".venvs"

_VERSION = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Peer:
    """A framework at a fixed version. `runner` is its script in the common work."""

    name: str
    distribution: str
    version: str
    packages: tuple[str, ...]
    runner: str

    @property
    def python(self) -> Path:
        return ENVIRONMENTS / self.name / "bin" / "python"


PEERS = (
    Peer(
        "livekit", "livekit-agents", "1.8.9", ("livekit-plugins-silero==1.8.9",), "run_livekit.py"
    ),
    Peer("pipecat", "pipecat-ai", "1.14.0", ("pipecat-ai[silero]==1.14.0",), "run_pipecat.py"),
)


def ready() -> list[Peer]:
    """Set up what is missing. A framework that cannot be had is left out, with a note."""
    return [peer for peer in PEERS if _installed(peer) or _install(peer)]


def _installed(peer: Peer) -> bool:
    if not peer.python.exists():
        return False
    found = subprocess.run(
        [peer.python, "-c", _VERSION, peer.distribution], capture_output=True, text=True
    )
    return found.stdout.strip() == peer.version


def _install(peer: Peer) -> bool:
    print(f"installing {peer.distribution} {peer.version} into .venvs/{peer.name}", flush=True)
    packages = [f"{peer.distribution}=={peer.version}", *peer.packages]
    for command in _commands(peer, packages):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            print(f"{peer.name} is left out: {' '.join(last)}", file=sys.stderr, flush=True)
            return False
    return _installed(peer)


def _commands(peer: Peer, packages: Sequence[str]) -> list[list[str]]:
    home = str(ENVIRONMENTS / peer.name)
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv:
        return [
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, home],
            [uv, "pip", "install", "--quiet", "--python", str(peer.python), *packages],
        ]
    return [
        [sys.executable, "-m", "venv", "--clear", home],
        [str(peer.python), "-m", "pip", "install", "--quiet", *packages],
    ]
