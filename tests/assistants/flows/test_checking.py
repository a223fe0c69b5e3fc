from typing import Any

import pytest

from parley.assistants import Assistant, load_assistant
from parley.assistants.flows import Flow, problems
from parley.assistants.problems import Path
from parley.errors import AssistantError

GOOD: dict[str, Any] = {
    "start": "a",
    "slots": {"day": {"type": "date"}, "ok": {"type": "yes_no"}},
    "nodes": {
        "a": {"ask": "day", "say": "Which day?", "next": "b"},
        "b": {"say": "{day}.", "end": True},
    },
}


def found(tools: Any = None, **changes: Any) -> dict[Path, str]:
    flow = Flow.model_validate(GOOD | changes)
    return {problem.path: problem.what for problem in problems(flow, tools)}


def node(tools: Any = None, **fields: Any) -> dict[Path, str]:
    """What is wrong with a flow whose first node is as given."""
    problem = found(tools, nodes={"a": fields, "b": GOOD["nodes"]["b"]})
    unreached = ("nodes", "b")
    return {p: what for p, what in problem.items() if p != unreached}


def test_nothing_is_wrong_with_a_good_flow() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"start": "aa"}, ("start",)),
        ({"changed": "x"}, ("changed",)),
        ({"give_up": "x"}, ("give_up",)),
        ({"anywhere": {"bye": {"phrases": ["bye"], "go": "x"}}}, ("anywhere", "bye", "go")),
        ({"answers": [{"questions": ["why"], "say": "{x}"}]}, ("answers", 0, "say")),
        ({"slots": {**GOOD["slots"], "t": {"type": "time", "earliest": "25"}}}, ("slots", "t")),
        ({"slots": {**GOOD["slots"], "t": {"type": "time", "sise": 1}}}, ("slots", "t")),
    ],
)
def test_wrong_names_and_settings(changes: dict[str, Any], path: Path) -> None:
    assert path in found(**changes)


@pytest.mark.parametrize(
    ("fields", "path", "what"),
    [
        ({}, (), "nothing says what follows"),
        ({"say": "Hm.", "ask": "day"}, (), "nothing says what follows"),
        ({"ask": "day", "next": "b"}, (), "it asks, but says nothing"),
        ({"say": "Hm.", "ask": "dya", "next": "b"}, ("ask",), "there is no 'dya'"),
        ({"say": "Hm.", "ask": "day", "also": ["x"], "next": "b"}, ("also",), "there is no 'x'"),
        ({"say": "Hm.", "next": "c"}, ("next",), "there is no 'c'"),
        ({"say": "Hm.", "forget": ["x"], "next": "b"}, ("forget",), "there is no 'x'"),
        ({"say": "{dya}", "next": "b"}, ("say",), "there is no 'dya'"),
        ({"say": "{day|dat}", "next": "b"}, ("say",), "there is no 'dat'"),
        ({"say": ["One.", "Two."], "next": "b"}, ("say",), "only a question has several wordings"),
        ({"say": "Hm.", "end": True, "next": "b"}, ("next",), "nothing follows the end"),
        ({"say": "Hm.", "next": "a"}, (), "it leads back to itself without asking anything"),
        ({"say": "Hm.", "confirm": ["day"], "next": "b"}, (), "nothing says where to go on when"),
        ({"call": "x", "end": True}, ("end",), "a node does one thing, not call and end"),
        ({"call": "x", "failed": "q", "next": "b"}, ("failed",), "there is no 'q'"),
        (
            {"call": "x", "arguments": {"d": "{q}"}, "next": "b"},
            ("arguments", "d"),
            "there is no 'q'",
        ),
        ({"say": "Hm.", "hand_over": "Bob"}, ("hand_over",), "there is nobody called 'Bob'"),
        ({"say": "Hm.", "next": {"yes": "b"}}, ("next",), "the next node depends on a value"),
        (
            {"say": "Hm.", "ask": "day", "next": {"yes": "b"}},
            ("next",),
            "the next node depends on a value",
        ),
        (
            {"say": "Hm.", "ask": "ok", "next": {"yes": "b"}},
            ("next",),
            "nothing says what follows no",
        ),
        (
            {"say": "Hm.", "ask": "ok", "next": {"yes": "b", "no": "b", "oui": "b"}},
            ("next", "oui"),
            "it is none of yes, no",
        ),
        ({"next": []}, ("next",), "no case may fit"),
        ({"next": [{"when": {"day": None}, "go": "b"}]}, ("next",), "no case may fit"),
        (
            {"next": [{"when": {"x": 1}, "go": "b"}, {"go": "b"}]},
            ("next", 0, "when"),
            "there is no",
        ),
        ({"next": [{"go": "x"}]}, ("next", 0, "go"), "there is no 'x'"),
        ({"next": [{"go": "b"}, {"go": "b"}]}, ("next", 0), "the cases after it are never"),
        (
            {"next": [{"when": {"ok": "maybe"}, "go": "b"}, {"go": "b"}]},
            ("next", 0, "when", "ok"),
            "ok can never be 'maybe'",
        ),
        ({"put": {"ok": "oui"}, "next": "b"}, ("put", "ok"), "ok can never be 'oui'"),
        ({"say": "{day |date}", "next": "b"}, ("say",), "a brace holds no name"),
        ({"say": "{day|choice}", "next": "b"}, ("say",), "a choice cannot be spoken without"),
        ({"say": "Hm.", "also": ["ok"], "next": "b"}, ("also",), "it has no effect without ask"),
        (
            {"call": "x", "interruptible": False, "next": "b"},
            ("interruptible",),
            "nothing is said here",
        ),
        ({"say": "Hm.", "failed": "b", "next": "b"}, ("failed",), "it has no effect without call"),
        ({"call": "x", "failed": "a", "next": "b"}, (), "it leads back to itself without asking"),
        ({"ask": "day", "say": "?", "offered": "x", "next": "b"}, ("offered",), "there is no 'x'"),
        ({"ask": "day", "say": "?", "wrong": ["x"], "next": "b"}, ("wrong",), "there is no 'x'"),
        (
            {"say": "Hm.", "instead": {"x": {"phrases": ["x"], "go": "b"}}, "next": "b"},
            ("instead",),
            "nothing is asked here",
        ),
        (
            {
                "ask": "day",
                "say": "?",
                "instead": {"x": {"phrases": ["..."], "go": "q"}},
                "next": "b",
            },
            ("instead", "x", "go"),
            "there is no 'q'",
        ),
    ],
)
def test_wrong_nodes(fields: dict[str, Any], path: Path, what: str) -> None:
    problem = node(**fields)
    assert problem.get(("nodes", "a", *path), "").startswith(what), problem


def test_a_confirmation_needs_a_yes_only() -> None:
    fields = {"say": "OK?", "confirm": ["day"], "changed": "b"}
    assert node(**fields, next={"yes": "b"}) == {}
    assert ("nodes", "a", "next") in node(**fields, next={"no": "b"})


def test_a_phrase_has_words() -> None:
    anywhere = {"bye": {"phrases": ["bye", "..."], "go": "b"}}
    answers = [{"questions": [""], "say": "Hm."}]
    assert found(anywhere=anywhere, answers=answers) == {
        ("anywhere", "bye", "phrases", 1): "it has no words",
        ("answers", 0, "questions", 0): "it has no words",
    }


def test_options_of_a_choice_are_all_led_on() -> None:
    slots = {"c": {"type": "choice", "options": {"red": ["red"], "blue": ["blue"]}}}
    nodes = {"a": {"say": "?", "ask": "c", "next": {"red": "b"}}, "b": {"end": True}}
    assert found(slots=slots, nodes=nodes) == {
        ("nodes", "a", "next"): "nothing says what follows blue"
    }


def test_tools_are_checked_where_they_are_known() -> None:
    fields = {"call": "book", "arguments": {"dya": 1}, "next": "b"}
    assert node(**fields) == {}
    assert node({"book": ["day"]}, **fields) == {("nodes", "a", "arguments"): "there is no 'dya'"}
    assert ("nodes", "a", "call") in node({"bok": ["day"]}, **fields)


def test_a_node_that_nothing_leads_to_is_reported() -> None:
    nodes = {**GOOD["nodes"], "island": {"say": "Hm.", "end": True}}
    assert found(nodes=nodes) == {("nodes", "island"): "nothing leads here"}


def test_a_longer_circle_is_found() -> None:
    nodes = {"a": {"say": "A.", "next": "b"}, "b": {"say": "B.", "next": "a"}}
    assert list(found(nodes=nodes)) == [("nodes", "a")]


FILE = """\
flow:
  start: day
  slots:
    day: {type: date}
  nodes:
    day:
      ask: day
      say: Which day?
      next: done
    don:
      say: "{dya}"
      end: true
"""


def test_a_file_says_line_and_remedy(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "a.yaml"
    path.write_text(FILE)
    with pytest.raises(AssistantError) as caught:
        load_assistant(path)
    assert f"{path}, line 9: flow.nodes.day.next: there is no 'done'" in caught.value.what
    assert f"{path}, line 11: flow.nodes.don.say: there is no 'dya'" in caught.value.what
    assert caught.value.remedy == "Did you mean 'don'?"


def test_data_without_lines_is_checked_too() -> None:
    with pytest.raises(AssistantError, match=r"flow\.start: there is no 'x'"):
        Assistant.parse({"flow": GOOD | {"start": "x"}})


def test_unknown_fields_of_nodes_are_reported() -> None:
    nodes = {**GOOD["nodes"], "a": {**GOOD["nodes"]["a"], "nxt": "b"}}
    warnings = Assistant.parse({"firstMessage": "Hi", "flow": GOOD | {"nodes": nodes}}).warnings
    assert warnings == ("flow.nodes.a.nxt: unknown, kept without effect; did you mean next?",)


def test_yes_and_no_are_words_in_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "a.yaml"
    path.write_text(
        "flow:\n  start: a\n  slots: {ok: {type: yes_no}}\n  nodes:\n"
        '    a: {ask: ok, say: "OK?", next: {yes: b, no: b}}\n    b: {end: true}\n'
    )
    assert load_assistant(path).flow is not None
