"""Tools named in a file: found, loaded once, and what is said where they are not."""

import sys
from pathlib import Path

import pytest

from parley.errors import ToolError
from parley.tools.named import named_tool

CLINIC = '''\
"""A calendar."""
from dataclasses import dataclass
from parley import tool

TABLES = 4
booked = []


@dataclass
class Guest:
    name: str


def book(guest: str) -> int:
    """Book a table."""
    booked.append(Guest(guest))
    return len(booked)


def free() -> int:
    """Count the free tables."""
    return TABLES - len(booked)


@tool(name="greet_guest")
def greet(guest: str) -> str:
    """Greet a guest."""
    return f"Hello {guest}"


def untyped(guest):
    """Do something."""


def undocumented(guest: str) -> str:
    return guest


def _hidden() -> None:
    """Not to be offered."""
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clinic.py").write_text(CLINIC)
    return tmp_path


def refusal(reference: str, folder: Path) -> str:
    with pytest.raises(ToolError) as caught:
        named_tool(reference, folder)
    return str(caught.value)


def test_a_function_of_a_file(folder: Path) -> None:
    made = named_tool("clinic.py:book", folder)
    assert (made.definition.name, made.definition.description) == ("book", "Book a table.")
    assert made("Anna") == 1


def test_the_functions_of_a_file_share_its_state(folder: Path) -> None:
    named_tool("clinic.py:book", folder)("Anna")
    named_tool(f"{folder}/clinic.py:book", Path("/"))("Ben")
    (folder / "below").mkdir()
    assert named_tool("../clinic.py:free", folder / "below")() == 2


def test_files_of_the_same_name_are_strangers(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "clinic.py").write_text(CLINIC.replace("TABLES = 4", "TABLES = 9"))
    named_tool("clinic.py:book", folder)("Anna")
    assert named_tool("clinic.py:free", other)() == 9


def test_a_changed_file_is_loaded_again(folder: Path) -> None:
    assert named_tool("clinic.py:free", folder)() == 4
    (folder / "clinic.py").write_text(CLINIC.replace("TABLES = 4", "TABLES = 12"))
    assert named_tool("clinic.py:free", folder)() == 12


def test_a_decorated_function_keeps_its_name(folder: Path) -> None:
    assert named_tool("clinic.py:greet", folder).definition.name == "greet_guest"


def test_a_function_of_a_module(tmp_path: Path) -> None:
    made = named_tool("parley.demo.clinic:opening_hours", tmp_path)
    assert made.definition.name == "opening_hours"


def test_nothing_is_left_behind(folder: Path) -> None:
    path, modules = list(sys.path), set(sys.modules)
    named_tool("clinic.py:book", folder)
    assert sys.path == path
    assert "clinic" not in sys.modules
    assert len({m for m in set(sys.modules) - modules if m.startswith("parley_tools_")}) == 1
    assert [f.name for f in folder.iterdir()] == ["clinic.py"]


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("book", "this names no function. Name it as clinic.py:book"),
        ("clinic.py", "names no function"),
        ("clinic.py:", "names no function"),
        (":book", "names no function"),
        ("clinic.py:book a table", "names no function"),
        ("klinik.py:book", "there is no file klinik.py beside this one. It would be /"),
        ("clinic.py:boook", "clinic.py has no function 'boook'. Did you mean book? It has: "),
        ("clinic.py:TABLES", "'TABLES' in clinic.py is no function, but of the type int"),
        ("clinic.py:Guest", "'Guest' in clinic.py is no function, but a class"),
        ("clinic.py:untyped", "parameter 'guest': it has no type. Annotate it"),
        ("clinic.py:undocumented", "has no description. Give it a docstring"),
        ("no_such_package.tools:book", "there is no module no_such_package. Install"),
        ("parley.no_such:book", "there is no module parley.no_such"),
        ("parley.errors:book", "parley.errors has no function 'book'. It has: no functions"),
        ("..:book", "'..' is no name of a module"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, reference: str, says: str) -> None:
    assert says in refusal(reference, folder)


def test_only_ones_own_functions_are_offered(folder: Path) -> None:
    says = refusal("clinic.py:nothing", folder)
    assert says.endswith("It has: book, free, greet, untyped, undocumented.")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "\n\nimport no_such_thing\n",
            "line 3, cannot be imported: ModuleNotFoundError: No module",
        ),
        ("\nfrom os import no_such\n", "line 2, cannot be imported: ImportError: cannot import"),
        ("a = 1\nb = = 2\n", "line 2, cannot be imported: SyntaxError: invalid syntax"),
        ("key = 's3cret'\nint(key)\n", "line 2, cannot be imported: ValueError. Correct"),
        ("def f():\n    1 / 0\nf()\n", "line 2, cannot be imported: ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", "line 2, cannot be imported: SystemExit"),
        ("import json\njson.loads('{')\n", "line 2, cannot be imported: JSONDecodeError"),
    ],
)
def test_a_file_that_breaks_says_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "broken.py").write_text(text)
    before = set(sys.modules)
    said = refusal("broken.py:book", tmp_path)
    assert said.startswith("broken.py, line")
    assert says in said
    assert "s3cret" not in said
    assert not [m for m in set(sys.modules) - before if m.startswith("parley_tools_")]


def test_a_file_that_is_not_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_bytes(b"a = '\xff'\n")
    assert "cannot be imported: SyntaxError" in refusal("broken.py:book", tmp_path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "tools.py").mkdir()
    assert "tools.py cannot be imported: IsADirectoryError" in refusal("tools.py:book", tmp_path)


def test_a_module_that_breaks_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "parley_test_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "needs.py").write_text("\nimport no_such_thing\n")
    (package / "raises.py").write_text("\n\nraise ValueError('s3cret')\n")
    (package / "wrong.py").write_text("\n\n\na b\n")
    monkeypatch.syspath_prepend(tmp_path)
    needs = refusal("parley_test_package.needs:book", tmp_path)
    assert "parley_test_package.needs, line 2, cannot be imported: ModuleNotFoundError" in needs
    assert "Install no_such_thing" in needs
    raises = refusal("parley_test_package.raises:book", tmp_path)
    assert raises.startswith("parley_test_package.raises, line 3, cannot be imported: ValueError.")
    assert "line 4," in refusal("parley_test_package.wrong:book", tmp_path)


def test_after_a_mistake_what_was_loaded_works_on(folder: Path) -> None:
    book = named_tool("clinic.py:book", folder)
    loaded = sys.modules[book.call.__module__]
    (folder / "clinic.py").write_text("(")
    assert "SyntaxError" in refusal("clinic.py:free", folder)
    assert sys.modules[book.call.__module__] is loaded
    assert book("Anna") == 1


def test_an_interruption_is_not_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("raise KeyboardInterrupt\n")
    before = set(sys.modules)
    with pytest.raises(KeyboardInterrupt):
        named_tool("slow.py:book", tmp_path)
    assert set(sys.modules) == before
