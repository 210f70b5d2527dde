"""The application and how it ends: 0 done, 1 the job failed, 2 the call was wrong."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from workbench._version import __version__
from workbench.cli import (
    cohort,
    dataset,
    metric,
    new,
    people,
    preference,
    product,
    quality,
    quarantine,
    query,
    report,
    rollup,
    run,
    serve,
    source,
    sql,
    start,
    state,
    transform,
    upload,
    view,
)
from workbench.cli.groups import Group
from workbench.foundation.errors import WorkbenchError

__all__ = ["app", "main"]

app = typer.Typer(
    name="workbench",
    cls=Group,
    help="A Jupyter-native analytics workbench: checked datasets, one metric layer, pipelines and sealed reports.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"workbench {__version__}")
        raise typer.Exit


@app.callback()
def options(
    home: Annotated[str | None, typer.Option(help="The workspace; default: the one this folder is in.")] = None,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    state.home, state.debug = home, debug


start.add_to(app)
dataset.add_to(app)
quality.add_to(dataset.commands)
source.add_to(app)
view.add_to(app)
quarantine.add_to(app)
upload.add_to(app)
sql.add_to(app)
metric.add_to(app)
transform.add_to(app)
rollup.add_to(app)
query.add_to(app)
product.add_to(app)
cohort.add_to(app)
run.add_to(app)
report.add_to(app)
new.add_to(app)
people.add_to(app)
preference.add_to(app)
serve.add_to(app)


def main(arguments: list[str] | None = None) -> None:
    """Runs one command line and exits the process with its code."""
    for name in ("stdout", "stderr"):  # closed by whoever called; the next file opened would be taken for it
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  (to the end)
    sys.exit(_call(sys.argv[1:] if arguments is None else arguments))


def _call(arguments: list[str]) -> int:
    # Known before parsing, so that an error while parsing can be debugged as well.
    state.debug = "--debug" in arguments
    try:
        outcome = app(arguments, standalone_mode=False, prog_name="workbench")
        sys.stdout.flush()  # here, where it can be told what went wrong with it
        return outcome if isinstance(outcome, int) else 0
    except WorkbenchError as error:
        return _fail(str(error), error.hint, error.exit_code)
    except typer.Abort:
        return 130
    except TyperException as error:
        message = error.format_message()
        if message.startswith("Usage:"):  # called without a command: the help is the answer
            typer.echo(message)
            return error.exit_code
        said = message[:1].lower() + message[1:]
        return _fail(said, "--help after a command shows how it is called", error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted", "run the same command again: what was finished is kept", 130)
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):  # which Typer makes an end of
            raise
        return _unread()
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _let_go()
            return _fail(
                f"no space left on the disk of {error.filename or 'the workspace'}", "free some and run it again", 1
            )
        return _unexpected(error)
    except Exception as error:  # noqa: BLE001 - the last place that can turn a bug into a sentence
        return _unexpected(error)


def _unread() -> int:
    """The reader of a pipe left, as `head` does; there is nobody to tell."""
    _let_go()
    return 0


def _let_go() -> None:
    """What is not printed yet goes nowhere; Python would fail on it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception) -> int:
    lines = str(error).strip().splitlines()
    said = f": {lines[0]}" if lines else ""
    return _fail(f"unexpected {type(error).__name__}{said}", "run it again with --debug for the traceback", 1)


def _fail(message: str, hint: str | None, code: int) -> int:
    if state.debug and sys.exc_info()[0] is not None:
        import traceback

        # The hint is a note of the error, and is said below in any case.
        typer.echo(traceback.format_exc().rstrip("\n").removesuffix(f"\nhint: {hint}"), err=True)
    typer.secho("error: ", fg="red", err=True, nl=False)
    typer.echo(message, err=True)
    if hint:
        typer.secho("hint:  ", fg="cyan", err=True, nl=False)
        typer.echo(hint, err=True)
    return code
