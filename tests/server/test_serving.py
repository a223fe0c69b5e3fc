"""Running the server: where it listens, what it says, and how it stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from door_support import served, with_server

from parley.errors import ConfigurationError
from parley.server.serving import Running, bind, serve

HERE = Path(__file__).parent


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError) as raised:
            bind("127.0.0.1", port)
    assert str(raised.value) == (
        f"port {port} is taken. Stop what listens there, or choose another: "
        f"parley serve --port {port + 1}"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_host_that_is_not_here_is_named(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{host} is no address of this machine"):
        bind(host, 0)


def test_nobody_is_served_on_all_addresses_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="PARLEY_API_KEY"):
        serve([served()], host="0.0.0.0", port=0)  # noqa: S104


def test_the_engines_are_started_and_released() -> None:
    mine = served()

    async def main(server: Running) -> None:
        assert mine.agent.stt.warmed == 1  # type: ignore[attr-defined]
        assert mine.agent.stt.closed == 0  # type: ignore[attr-defined]

    with_server(main, [mine])
    assert mine.agent.stt.closed == 1  # type: ignore[attr-defined]


def test_the_key_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_API_KEY", "s3cret")

    async def main(server: Running) -> str:
        return server.door.guard.key

    assert with_server(main, key=None) == "s3cret"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_when_all_is_kept(number: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, HERE / "door_process.py", tmp_path],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PARLEY_API_KEY": ""},
    )
    with process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("Parley is ready: http://localhost:")
        url = ready.split()[-1]
        caller = subprocess.Popen([sys.executable, HERE / "door_caller.py", url])
        with caller:
            deadline = time.monotonic() + 30
            while _calls(url) < 1:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(number)
            assert process.wait(timeout=30) == 0
            caller.wait(timeout=30)
        assert "stopped" in process.stdout.read()
    (summary,) = [json.loads(p.read_text()) for p in tmp_path.glob("*/call.json")]
    assert summary["reason"] == "shutdown"


def _calls(url: str) -> int:
    with urllib.request.urlopen(f"{url}/health", timeout=20) as response:  # noqa: S310
        return int(json.load(response)["calls"])
