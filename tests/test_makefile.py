"""What `make` does on machines that lack something; commands are played by little scripts."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parent.parent / "Makefile"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


class Machine:
    """A folder with a checkout's `Makefile` and commands of our own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands = folder / "commands"
        self.commands.mkdir()
        shutil.copy(MAKEFILE, folder)
        for name in ("requirements.txt", "pyproject.toml"):
            (folder / name).touch()

    def command(self, name: str, script: str, folder: str = "commands") -> Path:
        """A command that also notes how it was called."""
        path = self.folder / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.folder}/calls"\n{script}\n')
        path.chmod(0o755)
        return path

    def environment(self) -> None:
        """A virtual environment that is ready."""
        for name in ("python", "pip", "parley"):
            self.command(name, "exit 0", ".venv/bin")
        for stamp in (".installed", ".ready"):  # in the order in which they are made
            (self.folder / ".venv" / stamp).touch()

    def make(self, *arguments: str) -> tuple[int, str]:
        environment = {
            "PATH": f"{self.commands}:{os.environ['PATH']}",
            "HOME": str(self.folder),
        }
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    @property
    def calls(self) -> list[str]:
        notes = self.folder / "calls"
        return notes.read_text().splitlines() if notes.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# The environment


def test_a_machine_without_python(machine: Machine) -> None:
    code, said = machine.make("setup", "PYTHON=no-such-python")
    assert code != 0
    assert "There is no no-such-python: install Python 3.11 or newer" in said


def test_a_python_that_cannot_make_environments(machine: Machine) -> None:
    machine.command("bare", 'case "$2" in *ensurepip*) exit 1;; esac')
    code, said = machine.make("setup", "PYTHON=bare")
    assert code != 0
    assert "bare cannot make environments: apt-get install python3-venv" in said
    assert not [call for call in machine.calls if call.startswith("bare -m venv")]


def test_packages_that_cannot_be_fetched(machine: Machine) -> None:
    machine.environment()
    for stamp in (".ready", ".installed"):
        (machine.folder / ".venv" / stamp).unlink()
        machine.command("python", "echo no network; exit 1", ".venv/bin")
        code, said = machine.make("setup", "PYTHON=true")
        assert code != 0
        assert "could not be installed: check the network and pip's configuration" in said
        assert not (machine.folder / ".venv" / stamp).exists()


def test_who_only_runs_parley_needs_no_tools_of_tests(machine: Machine) -> None:
    machine.environment()
    for stamp in (".ready", ".installed"):
        (machine.folder / ".venv" / stamp).unlink()
    assert machine.make("run", "PYTHON=true")[0] == 0
    installed = [call for call in machine.calls if "pip install" in call]
    assert [call.split("--disable-pip-version-check ")[1] for call in installed] == [
        "-c requirements.txt -e .[openai,echo]"
    ]
    assert machine.make("setup", "PYTHON=true")[0] == 0
    assert machine.calls[-1].endswith("-r requirements.txt")


def test_what_is_ready_is_left_alone(machine: Machine) -> None:
    machine.environment()
    assert machine.make("setup")[0] == 0
    assert machine.calls == []


# Packages of the system


def without_flite(machine: Machine, user: int) -> None:
    machine.environment()
    machine.command("python", "exit 1", ".venv/bin")
    machine.command("id", f"echo {user}")


def test_who_is_not_root_is_told_how(machine: Machine) -> None:
    without_flite(machine, 1000)
    machine.command("apt-get", "exit 0")
    code, said = machine.make("voice")
    assert code == 0
    assert said == (
        "Not installed: libflite1, a natural voice. To have it: apt-get install libflite1\n"
    )
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_root_has_it_installed(machine: Machine) -> None:
    without_flite(machine, 0)
    machine.command("apt-get", "echo noise; exit 0")
    assert machine.make("voice") == (0, "Installing libflite1, a natural voice.\n")
    (call,) = [call for call in machine.calls if call.startswith("apt-get")]
    assert call.endswith("install libflite1")


def test_lists_of_packages_are_fetched_where_there_are_none(machine: Machine) -> None:
    without_flite(machine, 0)
    machine.command("apt-get", 'case "$*" in *update) touch lists;; esac; test -e lists')
    assert machine.make("voice") == (0, "Installing libflite1, a natural voice.\n")
    calls = [call.split()[-1] for call in machine.calls if call.startswith("apt-get")]
    assert calls == ["libflite1", "update", "libflite1"]


def test_what_failed_is_not_tried_again(machine: Machine) -> None:
    without_flite(machine, 0)
    machine.command("apt-get", "exit 1")
    assert "Not installed: libflite1" in machine.make("voice")[1]
    tried = len(machine.calls)
    code, said = machine.make("voice")
    assert (code, said.startswith("Not installed: libflite1")) == (0, True)
    assert not [call for call in machine.calls[tried:] if call.startswith("apt-get")]


def test_what_is_there_is_not_installed(machine: Machine) -> None:
    machine.environment()
    machine.command("apt-get", "exit 0")
    machine.command("chromium", "exit 0")
    assert machine.make("voice", "browser") == (0, "")
    assert not [call for call in machine.calls if call.startswith("apt-get")]


# The demo


def test_run_fetches_the_models_and_serves(machine: Machine) -> None:
    machine.environment()
    code, said = machine.make("run", "PORT=9123", "ASSISTANT=desk.yaml")
    assert (code, said) == (0, "")
    parley = [call for call in machine.calls if call.startswith("parley")]
    assert parley == ["parley models pull", "parley serve --port 9123 desk.yaml"]


def test_what_cannot_be_fetched_is_not_served(machine: Machine) -> None:
    machine.environment()
    machine.command("parley", "echo no network; exit 2", ".venv/bin")
    code, said = machine.make("run")
    assert code != 0
    assert "no network" in said
    assert [call for call in machine.calls if "serve" in call] == []
