"""Tools that are named in a file: `clinic.py:book`, `my_package.module:function`.

A path ends in `.py` and is looked up beside the file that names it; all else is a module
that Python can import. Naming a tool runs its module: only files of one's own are read so.
"""

import difflib
import hashlib
import inspect
import os
import sys
import threading
import traceback
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from parley.errors import ToolError
from parley.tools.runner import Tool, tool

EXAMPLES = "Name it as clinic.py:book or as package.module:function."

_loading = threading.RLock()


def named_tool(reference: str, folder: Path) -> Tool:
    """The tool that is named, with its module loaded; `folder` is where a path begins.

    The functions of a file share one module, which is loaded again only when the file has
    changed; neither `sys.path` nor a module of the same name is touched. Raises ToolError.
    """
    place, _, name = reference.rpartition(":")
    if not place or not name.isidentifier():
        raise ToolError("this names no function", remedy=EXAMPLES)
    if place.endswith(".py"):
        file = Path(os.path.abspath(folder / Path(place).expanduser()))  # noqa: PTH100
        module = _module_of_file(file, place)
    else:
        module = _module(place)
    found = vars(module).get(name)
    if isinstance(found, Tool):
        return found
    if found is None:
        raise ToolError(f"{place} has no function {name!r}", remedy=_functions_of(module, name))
    if not _is_function(found):
        raise ToolError(
            f"{name!r} in {place} is no function, but {_kind(found)}",
            remedy=_functions_of(module, name),
        )
    return tool(found)


def _is_function(found: object) -> bool:
    return callable(found) and not isinstance(found, type)


def _kind(found: object) -> str:
    return "a class" if isinstance(found, type) else f"of the type {type(found).__name__}"


def _functions_of(module: ModuleType, wrong: str) -> str:
    """What may have been meant instead."""
    own = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and _is_tool_of(value, module)
    ]
    close = difflib.get_close_matches(wrong, own, n=1)
    question = f"Did you mean {close[0]}? " if close else ""
    return f"{question}It has: {', '.join(own) or 'no functions'}."


def _is_tool_of(value: object, module: ModuleType) -> bool:
    if isinstance(value, Tool | partial):
        return True
    return inspect.isfunction(value) and value.__module__ == module.__name__


def _module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise ToolError(
                f"there is no module {error.name}",
                remedy="Install its package, or name a file beside this one, as clinic.py:book.",
            ) from error
        raise _broken(name, None, error) from error
    except (ValueError, TypeError) as error:
        if _line_in(error, None) is None:  # it is the name that Python does not like
            raise ToolError(f"{name!r} is no name of a module", remedy=EXAMPLES) from error
        raise _broken(name, None, error) from error
    except (Exception, SystemExit) as error:
        raise _broken(name, None, error) from error


def _module_of_file(file: Path, shown: str) -> ModuleType:
    try:
        status = file.stat()
    except OSError as error:
        raise ToolError(
            f"there is no file {shown} beside this one",
            remedy=f"It would be {file}; check its name.",
        ) from error
    name = f"parley_tools_{hashlib.sha256(os.fsencode(file)).hexdigest()[:16]}"
    version = (status.st_mtime_ns, status.st_size)
    with _loading:
        module = sys.modules.get(name)
        if module is None or vars(module).get("__parley_version__") != version:
            module = _load(file, name, shown)
            vars(module)["__parley_version__"] = version
        return module


def _load(file: Path, name: str, shown: str) -> ModuleType:
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ToolError(f"{shown} is no Python file", remedy=EXAMPLES)
    module = module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module  # dataclasses look their own module up
    try:
        # Not by the loader: it may take a stale file of bytecode for the new text.
        exec(compile(file.read_bytes(), file, "exec"), vars(module))  # noqa: S102 - the user's own
    except BaseException as error:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        if isinstance(error, (Exception, SystemExit)):
            raise _broken(shown, file, error) from error
        raise
    return module


def _broken(module: str, file: Path | None, error: BaseException) -> ToolError:
    """What went wrong, and in which line; what an error says is repeated only where it
    cannot hold a secret."""
    line = _line_in(error, file)
    where = f"{module}, line {line}," if line else module
    reason = f": {error.msg}" if isinstance(error, ImportError | SyntaxError) else ""
    remedy = "Correct it there."
    if isinstance(error, ModuleNotFoundError):
        remedy = (
            f"Install {error.name}; modules beside a file are not found, unless they are in"
            " an installed package."
        )
    return ToolError(f"{where} cannot be imported: {type(error).__name__}{reason}", remedy=remedy)


def _line_in(error: BaseException, file: Path | None) -> int | None:
    """The line of the file at which it broke; of a module, the innermost line of all that
    is no part of importing."""
    if isinstance(error, SyntaxError) and (file is None or error.filename == str(file)):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    if file is not None:
        lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    else:
        own = {__file__, import_module.__code__.co_filename}
        lines = [
            frame.lineno
            for frame in frames
            if frame.filename not in own and not frame.filename.startswith("<frozen")
        ]
    return lines[-1] if lines else None
