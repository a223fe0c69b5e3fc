"""The how-tos and the README, carried out."""

import asyncio
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from parley.assistants.files import load_assistant
from parley.assistants.flows import Dialogue
from parley.assistants.flows.state import Call, Returned, Said
from parley.assistants.turntaking import StartSpeakingPlan, StopSpeakingPlan
from parley.cli.main import app
from parley.core.events import VoiceDescribed
from parley.core.history import Line
from parley.core.settings import EndingSettings
from parley.core.voicing import FACTS
from parley.transports.realtime import clientevents
from parley.transports.realtime.sessions import Offer, Session

ROOT = Path(__file__).resolve().parent.parent
HOWTO = ROOT / "docs" / "howto"
TRACES = sorted((ROOT / "tests" / "traces").glob("*.jsonl"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def parley(command: str) -> str:
    """Run a line of a page that begins with `parley`."""
    import shlex

    words = shlex.split(command.split("#")[0])
    result = CliRunner().invoke(app, words[words.index("parley") + 1 :], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_assistant_of_ones_own() -> None:
    page = HOWTO / "assistant.md"
    whole, stops, away, german, model = blocks(page, "yaml")
    Path("assistant.yaml").write_text(whole)
    (call,) = blocks(page, "sh")
    said = parley(call)
    assert "Let me see. You said:" in said
    Path("stops.yaml").write_text(stops)
    assert load_assistant("stops.yaml").stop_speaking_plan.backoff_seconds == 1
    Path("away.yaml").write_text(away)
    assert load_assistant("away.yaml").hold_plan.phrases == ["hold on", "one moment"]
    Path("german.yaml").write_text(german)
    assert load_assistant("german.yaml").warnings == ()
    Path("model.yaml").write_text(model)
    assert load_assistant("model.yaml").model.base_url == "http://localhost:11434/v1"
    (tools,) = blocks(page, "python")
    namespace: dict[str, object] = {}
    exec(tools, namespace)  # noqa: S102 - our own page
    assert len(namespace["assistant"].tools) == 1  # type: ignore[attr-defined]


def test_reading_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    page = HOWTO / "record.md"
    shutil.copy(TRACES[0], "trace.jsonl")
    (code,) = blocks(page, "python")
    namespace: dict[str, object] = {}
    exec(code, namespace)  # noqa: S102 - our own page
    assert namespace["differences"] == []
    assert "Line(" in capsys.readouterr().out
    assert "same actions" in parley("parley replay trace.jsonl")


def test_the_agent_as_listener(capsys: pytest.CaptureFixture[str]) -> None:
    page = HOWTO / "listener.md"
    (described,) = blocks(page, "yaml")
    Path("listener.yaml").write_text(described)
    assistant = load_assistant("listener.yaml")
    assert assistant.warnings == ()
    assert assistant.backchanneling_enabled
    assert assistant.tool_messages[1].timing_milliseconds == 6000
    (call,) = blocks(page, "sh")
    assert "noted that" in parley(call)
    (code,) = blocks(page, "python")
    exec(code, {})  # noqa: S102 - our own page
    assert "backchannels [" in capsys.readouterr().out


def test_adding_a_stage() -> None:
    (code,) = blocks(HOWTO / "extend.md", "python")
    namespace: dict[str, object] = {}
    exec(code, namespace)  # noqa: S102 - our own page
    (stage,) = namespace["agent"].stages().events  # type: ignore[attr-defined]
    assert stage.name == "turns"


def test_how_the_caller_sounds() -> None:
    page = HOWTO / "voice-facts.md"
    (described,), (stage, consent) = blocks(page, "yaml"), blocks(page, "python")
    Path("assistant.yaml").write_text(described)
    Path("consent.py").write_text(consent)
    assistant = load_assistant("assistant.yaml")
    assert len(assistant.tools) == 2
    assert set(assistant.voice_facts) < set(FACTS)
    (warning,) = assistant.warnings
    assert "same_speaker" in warning
    assert re.findall(r"^\| `(\w+)`", page.read_text(), re.MULTILINE) == [
        "loudness", "pitch", "rate", "hesitation", "language", "emotion", "same_speaker",
    ]  # fmt: skip
    namespace: dict[str, object] = {}
    exec(stage, namespace)  # noqa: S102 - our own page
    lines = [Line("caller", "Hi.", voice=VoiceDescribed("caller", 1.0, rate=1.7))]
    stages = namespace["agent"].stages()  # type: ignore[attr-defined]
    assert asyncio.run(stages.tell(lines)) == [Line("caller", "Hi. (quickly)")]


def test_the_two_commands_of_the_readme() -> None:
    commands, call = blocks(ROOT / "README.md", "sh")
    assert commands.split() == ["make", "run", "make", "test"]
    call = call.replace("\\\n", "").strip()
    call = call.replace("examples/", f"{ROOT}/examples/").replace(".venv/bin/", "")
    said = parley(f"{call} --fast")
    assert "do you open on monday" in " ".join(said.split())
    assert "agent-ended" in said
    (folder,) = Path("calls").iterdir()
    assert {f.name for f in folder.iterdir()} == {
        "call.json",
        "recording.wav",
        "trace.jsonl",
        "waterfall.json",
    }


def test_the_ten_lines_of_the_readme_build_an_assistant() -> None:
    """The conversation itself is held in tests/test_library.py, where a model answers."""
    (code,) = blocks(ROOT / "README.md", "python")
    *lines, run = code.strip().split("\n")
    assert run == 'parley.run(assistant, ["caller.wav"])'
    namespace: dict[str, object] = {}
    exec("\n".join(lines), namespace)  # noqa: S102 - our own page
    assert namespace["assistant"].warnings == ()  # type: ignore[attr-defined]


def test_from_the_demo_to_ones_own() -> None:
    page = HOWTO / "flow.md"
    (described,) = blocks(page, "yaml")
    (tool,) = blocks(page, "python")
    Path("pizzeria.yaml").write_text(described)
    Path("kitchen.py").write_text(tool)
    check, _serve = blocks(page, "sh")[0].strip().split("\n")
    parley(check)
    assistant = load_assistant("pizzeria.yaml")
    assert assistant.warnings == ()
    assert assistant.flow is not None
    dialogue, today = Dialogue(assistant.flow), date(2026, 11, 28)
    state, _ = dialogue.begin(today)
    for said in ("two mushroom pizzas at eight", "no, at nine", "yes"):
        state, reply = dialogue.step(state, Said(said), today)
    assert reply.call == Call("order", {"pizza": "mushroom", "count": 2, "time": "21:00"})
    _, reply = dialogue.step(state, Returned('{"number": 7}'), today)
    assert (reply.text, reply.ends) == ("Done, your number is 7. See you at nine o'clock!", True)


def test_an_assistant_at_the_microphone() -> None:
    (described,) = blocks(HOWTO / "talk.md", "yaml")
    Path("assistant.yaml").write_text(described)
    assistant = load_assistant("assistant.yaml")
    assert assistant.warnings == ()
    assert assistant.echo_cancellation == "on"
    assert assistant.background_speech_denoising_plan.smart_denoising_plan.enabled
    assert "--input" in parley("parley talk --help")


def test_tuning_on_ones_own_calls() -> None:
    page = HOWTO / "tune.md"
    first, wishes = blocks(page, "sh")
    call, tune = first.strip().split("\n")
    parley(call)
    assert "1 calls, 1 with a trace" in parley(tune)
    assert Path("tuned/curve.svg").read_text().startswith("<svg")
    (plan,) = blocks(page, "yaml")
    Path("assistant.yaml").write_text(plan)
    proposed = StartSpeakingPlan(unsure_seconds=1.6, patience_seconds=0.35)
    assert load_assistant("assistant.yaml").start_speaking_plan == proposed
    for wish in wishes.strip().split("\n"):
        result = CliRunner().invoke(app, wish.split()[1:], catch_exceptions=False)
        assert result.exit_code == 1
        assert "Nothing is proposed" in result.output


def test_a_recogniser_that_ends_turns_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    page = HOWTO / "recognisers.md"
    for described, variable in zip(
        blocks(page, "yaml"), ("DEEPGRAM_API_KEY", "ASSEMBLYAI_API_KEY"), strict=True
    ):
        name = described.split()[1]
        Path(name).write_text(described)
        monkeypatch.delenv(variable, raising=False)
        result = CliRunner().invoke(app, ["assistants", "check", name])
        assert result.exit_code == 2
        assert variable in result.output
        monkeypatch.setenv(variable, "a key")
        assert "nothing is wrong" in parley(f"parley assistants check {name}")
        assert variable in page.read_text()
    assert load_assistant("flux.yaml").transcriber.settings()["eot_threshold"] == 0.7
    _key, check, talk = blocks(page, "sh")[0].strip().split("\n")
    assert "nothing is wrong" in parley(check)
    assert "ASSISTANT" in parley(f"{talk} --help").upper()


def test_turn_taking(capsys: pytest.CaptureFixture[str]) -> None:
    page = HOWTO / "turn-taking.md"
    described, number = blocks(page, "yaml")
    Path("assistant.yaml").write_text(described)
    assistant = load_assistant("assistant.yaml")
    assert assistant.warnings == ()
    (rule,) = assistant.start_speaking_plan.custom_endpointing_rules
    assert re.search(rule.regex, "What is your date of birth?")
    call, replay = blocks(page, "sh")[0].strip().split("\n")
    assert "end of turn" in parley(call)
    (folder,) = Path("calls").iterdir()
    said = " ".join(parley(replay.replace("calls/*", str(folder))).split())
    assert re.search(r"after the last voiced sample; [^)]*: \d\.\d\d s", said)
    (code,) = blocks(page, "python")
    exec(code, {})  # noqa: S102 - our own page
    assert re.search(r"turn 1: \d\.\d\d s, .*: \d\.\d\d s", capsys.readouterr().out)
    Path("number.yaml").write_text(number)
    flow = load_assistant("number.yaml").flow
    assert flow is not None
    dialogue, today = Dialogue(flow), date(2026, 11, 28)
    state, _ = dialogue.begin(today)
    assert dialogue.question(state).digits == 10  # type: ignore[union-attr]
    _, reply = dialogue.step(state, Said("oh seven one one two three four five six seven"), today)
    assert reply.ends


@pytest.mark.parametrize("plan", [StartSpeakingPlan, StopSpeakingPlan])
def test_every_knob_of_turn_taking_is_explained(plan: type[StartSpeakingPlan]) -> None:
    page = (HOWTO / "turn-taking.md").read_text()
    for field in plan.model_fields.values():
        assert f"`{field.alias}`" in page
    for name in ("wait", "unsure", "longest", "patience"):
        default = getattr(StartSpeakingPlan(), f"{name}_seconds")
        assert f"| `{name}Seconds` ({default})" in page
    assert f"up to {EndingSettings().doubt:g} it is outweighed" in page


def test_the_session_of_push_to_talk_is_one() -> None:
    (update,) = blocks(HOWTO / "turn-taking.md", "json")
    event = clientevents.read(update.strip())
    assert isinstance(event, clientevents.SessionUpdate)
    session = Session("s", Offer("demo", "Demo"))
    assert session.update(event.session, begun=False) == []
    assert session.push_to_talk
