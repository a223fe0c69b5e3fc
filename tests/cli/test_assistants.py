"""`parley assistants` says what is wrong, and begins an assistant of one's own."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from parley.cli.assistants import FINE, START, WARNED, WRONG
from parley.cli.main import app
from parley.errors import ConfigurationError

TOOLS = '''\
def book(day: str) -> str:
    """Book a table."""
    return day
'''

FLOW = """\
transcriber: {provider: scripted, steps: []}
tools: [tools.py:book]
flow:
  start: greet
  nodes:
    greet:
      say: Hello.
      call: book
      arguments: {%s: Monday}
      next: end
    end: {say: Bye., end: true}
"""


QUIET = "transcriber: {provider: scripted, steps: []}\n"
"""A recogniser that needs no process."""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tools.py").write_text(TOOLS)


def check(*texts: str) -> tuple[int, str]:
    names = [f"agent{n}.yaml" for n in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        Path(name).write_text(text)
    result = CliRunner().invoke(app, ["assistants", "check", *names], catch_exceptions=False)
    return result.exit_code, result.stdout


def test_an_assistant_with_nothing_wrong() -> None:
    assert check("first_message: Hello!\n") == (FINE, "agent0.yaml: nothing is wrong\n")


def test_warnings_have_a_line() -> None:
    code, said = check(
        QUIET + "first_message: Hello!\nvoice:\n  provider: espeak\n  chunkPlan: {x: 1}\n"
    )
    assert code == WARNED
    assert said.startswith("agent0.yaml, line 5: voice.chunk_plan.x: unknown, kept without effect")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: [\n", "agent0.yaml, line 2: this is not YAML"),
        (
            QUIET + "model:\n  provider: nobody\n",
            "line 2: model: there is no language model provider",
        ),
        (
            QUIET + "voice:\n  provider: nobody\n",
            "line 2: voice: there is no text-to-speech provider",
        ),
        (
            QUIET + "voice:\n  provider: espeak\n  voice_id: klingon\n",
            "line 2: voice: espeak: it has no",
        ),
        (
            QUIET + "voice: {provider: espeak, pitch: 3}\n",
            "line 2: voice: the text-to-speech provider",
        ),
        ("transcriber: {provider: nobody}\n", "line 1: transcriber: there is no speech-to-text"),
        (
            "transcriber: {provider: pocketsphinx, language: de}\n",
            "line 1: transcriber: pocketsphinx: it does not under",
        ),
        (
            "transcriber:\n  provider: pocketsphinx\n  grammar: nonsense\n",
            "transcriber: pocketsphinx: it cannot use the grammar: line 1",
        ),
        (
            "transcriber: {provider: scripted, steps: [], grammar: x}\n",
            "scripted knows no grammars",
        ),
        ("tools: [tools.py:cook]\n", "line 1: tools.0: tools.py has no function 'cook'"),
        (FLOW % "when", "line 9: flow.nodes.greet.arguments: there is no 'when'"),
    ],
)
def test_what_is_wrong_has_a_line(text: str, says: str) -> None:
    code, said = check(text)
    assert code == WRONG, said
    assert says in said


def test_a_flow_that_fits_its_tools() -> None:
    code, said = check(FLOW % "day")
    assert code in (FINE, WARNED), said


def test_all_that_is_wrong_is_said_and_the_worst_counts() -> None:
    code, said = check(
        f"{QUIET}first_message: Hello!\n",
        f"{QUIET}model: {{provider: nobody}}\nvoice: {{provider: nobody}}\n",
        f"{QUIET}first_message: Hello!\nfirst_masage: Hi\n",
    )
    assert code == WRONG
    assert [line.partition(": ")[0] for line in said.splitlines()] == [
        "agent0.yaml",
        "agent1.yaml, line 2",
        "agent1.yaml, line 3",
        "agent1.yaml, line 1",
        "agent2.yaml, line 3",
    ]


def test_a_new_assistant_is_fine_as_it_is() -> None:
    result = CliRunner().invoke(app, ["assistants", "new", "my desk/clinic"])
    assert result.exit_code == 0
    assert {path.name for path in Path("my desk/clinic").iterdir()} == set(START)
    assert "parley serve 'my desk/clinic/front_desk.yaml'" in result.stdout
    checked = CliRunner().invoke(app, ["assistants", "check", "my desk/clinic/front_desk.yaml"])
    assert checked.exit_code == FINE, checked.output


def test_nothing_is_overwritten() -> None:
    Path("clinic.py").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"clinic\.py is there already"):
        CliRunner().invoke(app, ["assistants", "new", "."], catch_exceptions=False)
    assert Path("clinic.py").read_text() == "mine"
    assert not Path("front_desk.yaml").exists()


def test_a_folder_that_cannot_be_made_is_said() -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        CliRunner().invoke(app, ["assistants", "new", "tools.py/below"], catch_exceptions=False)
