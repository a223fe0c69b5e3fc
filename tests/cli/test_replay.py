"""`parley replay` says whether recorded calls lead to the same actions, and never breaks down."""

import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from parley.cli import replay as command
from parley.core import trace
from parley.core.conversation import VERSION, Conversation
from parley.core.events import (
    CALLER,
    Connected,
    Disconnected,
    Event,
    ListeningReady,
    SpeechStarted,
    SpeechStopped,
    Tick,
    Transcript,
)
from parley.core.settings import Settings

app = typer.Typer()
app.command()(command.replay)

EVENTS: list[tuple[float, Event]] = [
    (0.0, Connected(CALLER)),
    (0.1, ListeningReady(CALLER)),
    (1.1, SpeechStarted(CALLER, 1.0)),
    (2.1, SpeechStopped(CALLER, 2.0)),
    (2.3, Transcript(CALLER, 1, "Hällo", True)),
    (2.5, Tick()),
    (3.0, Disconnected(CALLER)),
]


def lines() -> list[str]:
    """The lines of a trace, each with its end."""
    conversation = Conversation(Settings())
    steps = [trace.line(now, event, conversation.handle(event, now)) for now, event in EVENTS]
    return [trace.header(Settings(), "call-1", "2026-01-01T12:00:00Z"), *steps]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write(tmp_path / "trace.jsonl", "".join(lines()))


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def changed(path: Path, line: int, **values: object) -> None:
    """Change values in a line of a trace, counted from 1."""
    rows = path.read_text().splitlines(keepends=True)
    rows[line - 1] = json.dumps(json.loads(rows[line - 1]) | values) + "\n"
    path.write_text("".join(rows))


# The same actions


def test_the_same_actions(recording: Path) -> None:
    result = run(recording)
    assert (result.exit_code, result.stdout) == (0, f"{recording}: 7 steps, same actions\n")


def test_a_folder_of_a_call(recording: Path) -> None:
    assert f"{recording.parent}: 7 steps, same actions" in run(recording.parent).stdout


def test_show_tells_what_happened(recording: Path) -> None:
    result = run(recording, "--show")
    assert result.exit_code == 0
    assert "    2.300    +0.200 caller “Hällo”" in [x.rstrip() for x in result.stdout.splitlines()]
    assert result.stdout.endswith("7 steps, same actions\n")
    assert "Hällo" not in run(recording).stdout


# Other actions


def test_a_difference_is_shown_line_by_line(recording: Path) -> None:
    ready = {"type": "ListeningReady", "leg": CALLER}
    other = {"type": "PromoteReply", "reply": 9}
    changed(recording, 3, event=ready, actions=[other])
    result = run(recording)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{recording}: 7 steps, 1 differ",
        "  - recorded, + replayed",
        "  line 3, 0.100 s: ListeningReady(leg='caller')",
        "    - PromoteReply(reply=9)",
    ]


def test_what_is_the_same_stands_between_what_is_not(recording: Path) -> None:
    step = json.loads(lines()[-1])
    first, *rest = step["actions"]
    stop = {"type": "StopListening", "leg": "supervisor"}
    changed(recording, 8, actions=[*rest[:-1], stop, rest[-1]])
    shown = run(recording).stdout.splitlines()[3:]
    assert shown[0].startswith(f"    + {first['type']}(")
    assert shown[-2:] == [
        "    - StopListening(leg='supervisor')",
        "      EndCall(reason='caller-hung-up')",
    ]
    assert all(line.startswith("      ") for line in shown[1:-2])


@pytest.mark.parametrize(("steps", "more"), [(10, []), (13, ["  and 3 more"])])
def test_ten_differences_are_shown(tmp_path: Path, steps: int, more: list[str]) -> None:
    wrong = trace.line(0.0, Tick(), [command.Conversation().handle(Connected(CALLER), 0.0)[0]])
    path = write(tmp_path / "wrong.jsonl", lines()[0] + wrong * steps)
    result = run(path)
    assert result.exit_code == 1
    assert f"{steps} steps, {steps} differ" in result.stdout
    assert result.stdout.count("    - Listen(leg='caller')") == 10
    assert result.stdout.splitlines()[22:] == more


def test_a_core_that_breaks_down_is_a_difference(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = Conversation.handle

    def breaks(self: Conversation, event: Event, now: float) -> list:
        if isinstance(event, Transcript):
            raise AssertionError("floor: yield in settled")
        return handle(self, event, now)

    monkeypatch.setattr(Conversation, "handle", breaks)
    result = run(recording)
    assert result.exit_code == 1
    assert "7 steps, 1 differ" in result.stdout
    assert result.stdout.splitlines()[-2].startswith("  line 6, 2.300 s: Transcript(")
    assert "! the core breaks down: AssertionError('floor: yield in settled')" in result.stdout


# Across versions


def test_another_version_may_differ(recording: Path) -> None:
    changed(recording, 1, core="0")
    changed(recording, 3, actions=[{"type": "PromoteReply", "reply": 9}])
    result = run(recording)
    assert result.exit_code == 0
    assert f"{recording}: recorded by core '0', this is core '{VERSION}'\n" in result.stdout
    assert "- PromoteReply(reply=9)" in result.stdout
    assert run(recording, "--strict").exit_code == 1


def test_another_version_with_the_same_actions_is_strictly_fine(recording: Path) -> None:
    changed(recording, 1, core="0")
    result = run(recording, "--strict")
    assert result.exit_code == 0
    assert "same actions" in result.stdout


# Bad input


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    whole = "".join(lines()[:6]).encode()
    letter = whole.index("ä".encode())
    path = write(tmp_path / "cut.jsonl", whole[: letter + 1])
    result = run(path)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{path}: the last line is cut off; it is left out",
        f"{path}: 4 steps, same actions",
    ]


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        result = run(path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"{path}: there is no such file. "
            "Name a trace, or a call's folder that holds a trace.jsonl\n"
        )


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "trace.jsonl").mkdir()
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "the file cannot be read: Is a directory" in result.stderr


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    result = run(tmp_path / ("x" * 5000))
    assert result.exit_code == 2
    assert "the file cannot be read: File name too long" in result.stderr


HEADER = lines()[0]
SETTINGS = json.loads(HEADER)["settings"]


def header(**values: object) -> str:
    return json.dumps(json.loads(HEADER) | values) + "\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "line 1: the header is missing"),
        ("RIFF", "line 1: the header is missing"),
        ("a\nb\n", "line 1: not JSON"),
        ("[]\n", "line 1: not a JSON object"),
        ("{}\n", "line 1: not a parley-trace-1 header"),
        (b"\xff\xfe\n", "can't decode"),
        ("[" * 100_000 + "\n", "line 1: not JSON"),
        (header(settings=[1]), "line 1: the header does not fit"),
        (header(settings=SETTINGS | {"tail_s": "0.2"}), "line 1: the settings"),
        (header(settings=SETTINGS | {"greeting_interruptible": 1}), "line 1: the settings"),
        (header(settings=SETTINGS | {"silence": {"prompts": [1]}}), "line 1: the settings"),
        (header(settings=SETTINGS | {"silence": {"prompts": "?"}}), "line 1: the settings"),
        (HEADER + "\n", "line 2: not JSON"),
        (HEADER + "{}\n", "line 2: the step does not fit"),
        (HEADER + '{"now":1,"event":{"type":"Laughter"},"actions":[]}\n', "line 2"),
        (HEADER + '{"now":1,"event":{"type":"Tick","x":1},"actions":[]}\n', "line 2"),
        (HEADER + '{"now":1,"event":"Tick","actions":[]}\n', "line 2"),
        (HEADER + '{"now":NaN,"event":{"type":"Tick"},"actions":[]}\n', "line 2: a value"),
        (HEADER + f'{{"now":1{"0" * 400},"event":{{"type":"Tick"}},"actions":[]}}\n', "damaged"),
        (
            HEADER + '{"now":1,"event":{"type":"SpeechStarted","leg":"caller","at":"x"},'
            '"actions":[]}\n',
            "line 2: a value",
        ),
        (
            HEADER + '{"now":1,"event":{"type":"Tick"},"actions":[{"type":"StartReply",'
            '"reply":"x","attempt":true}]}\n',
            "line 2: a value",
        ),
    ],
)
def test_a_damaged_trace(tmp_path: Path, content: str | bytes, problem: str) -> None:
    path = write(tmp_path / "damaged.jsonl", content)
    result = run(path, "--show")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}: not a trace, or a damaged one: ")
    assert problem in result.stderr


def test_a_name_that_cannot_be_printed(tmp_path: Path) -> None:
    result = run(f"{tmp_path}/\udcff")
    assert result.exit_code == 2
    assert "there is no such file" in result.stderr


def test_the_worst_of_several_traces_counts(recording: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", recording.read_bytes())
    changed(other, 3, actions=[{"type": "PromoteReply", "reply": 9}])
    assert run(recording, other).exit_code == run(other, recording).exit_code == 1
    result = run(tmp_path / "nowhere", other, recording)
    assert result.exit_code == 2
    assert "same actions" in result.stdout, "the others are replayed all the same"
