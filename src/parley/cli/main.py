"""The `parley` command."""

import logging
import sys

import typer

from parley.cli import assistants, models
from parley.cli.call import call
from parley.cli.doctor import doctor
from parley.cli.replay import replay
from parley.cli.serve import serve
from parley.cli.talk import talk
from parley.cli.tune import tune
from parley.errors import ParleyError

app = typer.Typer(
    help="A self-hosted platform for real-time voice agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(call)
app.command()(talk)
app.command()(replay)
app.command()(tune)
app.command()(doctor)
app.add_typer(assistants.app, name="assistants", help="Check assistants, and begin one.")
app.add_typer(models.app, name="models", help="Model files that Parley uses.")


@app.callback()
def options(verbose: bool = typer.Option(False, "--verbose", "-v", help="Log more.")) -> None:
    """A self-hosted platform for real-time voice agents."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def run() -> None:
    """Run the command; what went wrong is said in a line, without a traceback."""
    try:
        app()
    except ParleyError as error:
        typer.secho(f"parley: {error}", err=True, fg="red")
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
