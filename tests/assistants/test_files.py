"""Assistants in files: where exactly something is wrong."""

from pathlib import Path

import pytest

from parley.assistants import load_assistant
from parley.assistants.files import SIZE_LIMIT
from parley.errors import AssistantError

YAML = """\
# The front desk
name: Front desk
first_message: Hello!
transcriber:
  language: en
model:
  messages:
    - role: system
      content: Be kind.
    - {role: user, content: Hi}
"""

JSON = """\
{
\t"firstMessage": "Hello \\ud83d\\ude00 \\/",
\t"model": {
\t\t"messages": [
\t\t\t{"role": "system", "content": "Be kind."}
\t\t]
\t}
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str | bytes, name: str = "agent.yaml") -> object:
    path = Path(name)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_assistant(name)


def refusal(text: str | bytes, name: str = "agent.yaml") -> AssistantError:
    with pytest.raises(AssistantError) as caught:
        load(text, name)
    return caught.value


pytestmark = pytest.mark.usefixtures("folder")


def test_yaml() -> None:
    Path("agent.yml").write_text(YAML)
    assistant = load_assistant(Path("agent.yml"))
    assert assistant.name == "Front desk"
    assert [m.content for m in assistant.model.messages] == ["Be kind.", "Hi"]
    assert assistant.warnings == ()


def test_json_with_tabs_and_escapes() -> None:
    Path("agent.JSON").write_text(JSON)
    assistant = load_assistant("agent.JSON")
    assert assistant.first_message == "Hello 😀 /"


def test_a_byte_order_mark_is_no_text() -> None:
    load(b"\xef\xbb\xbfname: a")
    load(b'\xef\xbb\xbf{"name": "a"}', "agent.json")


def test_a_wrong_value_has_a_line_and_a_remedy() -> None:
    error = refusal(YAML.replace("language: en", "language: true"))
    assert error.what == (
        "agent.yaml, line 5: transcriber.language: Input should be a valid string"
    )
    assert error.remedy == "Give a BCP 47 language tag. Put it in quotes."


def test_items_of_lists_have_lines() -> None:
    assert refusal(YAML.replace("role: user", "role: tool")).what.startswith(
        "agent.yaml, line 10: model.messages.1.role: "
    )


def test_a_missing_field_is_on_the_line_of_its_section() -> None:
    assert refusal(YAML.replace(", content: Hi", "")).what == (
        "agent.yaml, line 10: model.messages.1.content: Field required"
    )


def test_json_has_lines_too() -> None:
    error = refusal(JSON.replace('"system"', '"tool"'), "agent.json")
    assert error.what.startswith("agent.json, line 5: model.messages.0.role: Input should be")


def test_a_name_that_is_no_text() -> None:
    error = refusal("name: a\n3: b\n")
    assert error.what.startswith("agent.yaml, line 2: 3: Keys should be strings")


def test_each_of_several_problems_has_its_line() -> None:
    error = refusal("first_message: 3\nvoice:\n  speed: fast\n")
    assert error.what == (
        "agent.yaml, line 3: voice.speed: Input should be a valid number; "
        "agent.yaml, line 1: first_message: Input should be a valid string"
    )


def test_two_names_of_one_field_are_on_the_line_of_their_section() -> None:
    error = refusal("name: a\nvoice:\n  voice_id: a\n  voiceId: b\n")
    assert error.what == "agent.yaml, line 2: voice: voiceId and voice_id are the same field"
    assert refusal("firstMessage: a\nfirst_message: b\n").what.startswith("agent.yaml, line 1: ")


TOOLS = '''\
def book(guest: str) -> str:
    """Book a table."""
    return guest


def cancel(guest):
    """Cancel a table."""
'''


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("agent.yaml", "name: a\ntools:\n  - tools.py:book\n"),
        ("agent.json", '{"tools": ["tools.py:book"]}'),
    ],
)
def test_tools_are_named_beside_the_file(folder: Path, name: str, text: str) -> None:
    below = folder / "below"
    below.mkdir()
    (below / "tools.py").write_text(TOOLS)
    (below / name).write_text(text)
    assistant = load_assistant(f"below/{name}")
    assert [tool("Anna") for tool in assistant.tools] == ["Anna"]
    assert "tools" not in assistant.wire()


@pytest.mark.parametrize(
    ("tools", "says"),
    [
        ("\n  - now", "line 3: tools.0: this names no function. Name it as clinic.py:book"),
        ("\n  - tools.py:book\n  - {type: function}", "line 4: tools.1: this is no text"),
        ("\n  - missing.py:book", "line 3: tools.0: there is no file missing.py beside this one"),
        ("\n  - tools.py:boook", "line 3: tools.0: tools.py has no function 'boook'. Did you mean"),
        (
            "\n  - tools.py:book\n  - tools.py:cancel",
            "line 4: tools.1: the tool cancel, parameter 'guest': it has no type. Annotate it",
        ),
        (
            "\n  - tools.py:book\n  - ./tools.py:book",
            "line 4: tools.1: a tool of the name book is there already. Remove it, or give",
        ),
        (" tools.py:book", "line 2: tools: tools are Python functions; only an assistant's file"),
    ],
)
def test_what_is_wrong_with_a_tool_has_a_line_and_a_remedy(tools: str, says: str) -> None:
    Path("tools.py").write_text(TOOLS)
    assert f"agent.yaml, {says}" in str(refusal(f"name: a\ntools:{tools}\n"))


def test_unknown_fields_are_warnings() -> None:
    Path("agent.yaml").write_text("first_message: Hi\nfirst_masage: Ho\n")
    assert load_assistant("agent.yaml").warnings == (
        "first_masage: unknown, kept without effect; did you mean first_message?",
    )


def test_dates_are_texts() -> None:
    Path("agent.yaml").write_text("first_message: 2026-13-99\nname: 2026-05-01\n")
    assistant = load_assistant("agent.yaml")
    assert (assistant.first_message, assistant.name) == ("2026-13-99", "2026-05-01")


@pytest.mark.parametrize(
    ("text", "name", "line", "key", "first"),
    [
        ("name: a\nvoice:\n  speed: 1\n  speed: 2\n", "agent.yaml", 4, "speed", 3),
        ('{\n"name": "a",\n"name": "b"}', "agent.json", 3, "name", 2),
    ],
)
def test_a_field_given_twice(text: str, name: str, line: int, key: str, first: int) -> None:
    error = refusal(text, name)
    assert error.what == f"{name}, line {line}: {key} is given twice"
    assert error.remedy == f"Remove it here or on line {first}."


def test_aliases_and_merged_sections() -> None:
    text = "first_message: Hi\nextra: &slow\n  speed: 0.5\nvoice:\n  <<: *slow\n  voice_id: a\n"
    Path("agent.yaml").write_text(text)
    assert load_assistant("agent.yaml").voice.speed == 0.5
    error = refusal(text.replace("0.5", "slow"))
    assert error.what.startswith("agent.yaml, line 4: voice.speed: ")


def test_aliases_in_circles_end() -> None:
    Path("agent.yaml").write_text("extra: &a\n  again: *a\n  1: x\n")
    assert "extra: unknown, kept without effect" in load_assistant("agent.yaml").warnings


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: a\n bad: b: c\n", "agent.yaml, line 2: this is not YAML: "),
        ("name: *nobody\n", "agent.yaml, line 1: this is not YAML: "),
        ("name: a\nother: !!python/object:os.system x\n", "agent.yaml, line 2: this is not YAML: "),
        ("name: \x01\n", "agent.yaml: this is not YAML: "),
        ("name: !!int x\n", "agent.yaml: this is not YAML: ValueError"),
        ("name: !!timestamp x\n", "agent.yaml: this is not YAML: AttributeError"),
        ("[" * 1000, "agent.yaml: this is not YAML: RecursionError"),
        ("? [a]\n: b\n", "agent.yaml, line 1: this is not YAML: "),
    ],
)
def test_what_is_not_yaml(text: str, place: str) -> None:
    error = refusal(text)
    assert error.what.startswith(place)
    assert error.remedy.startswith("Check the indentation")


def test_what_is_not_json() -> None:
    error = refusal('{"name": "a",\n"voice": }', "agent.json")
    assert error.what == "agent.json, line 2: this is not JSON: Expecting value"
    assert error.remedy == "Correct it, or save it as .yaml."


def test_json_that_yaml_cannot_read_has_no_lines_but_the_first() -> None:
    long_key = "k" * 1100
    error = refusal(f'{{"{long_key}": 1,\n"voice": 3}}', "agent.json")
    assert error.what.startswith("agent.json, line 1: voice: Input should be a valid dictionary")


@pytest.mark.parametrize(
    ("text", "name"), [("", "a.yaml"), ("- a\n", "a.yaml"), ("hello", "a.yaml"), ("[]", "a.json")]
)
def test_files_without_fields(text: str, name: str) -> None:
    assert refusal(text, name).what == f"{name}: the file holds no fields"


def test_a_file_that_is_not_utf8() -> None:
    error = refusal("name: a\nfirst_message: grüß\n".encode("latin-1"))
    assert error.what == "agent.yaml, line 2: the text is not UTF-8"


def test_a_file_that_is_too_large() -> None:
    assert "larger than 1 MiB" in refusal(b"#" * (SIZE_LIMIT + 1)).what


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(
        AssistantError, match=r"nobody\.yaml: the file cannot be read: No such file"
    ):
        load_assistant("nobody.yaml")
