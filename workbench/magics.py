"""What a notebook has after `%load_ext workbench`: the cell magic `%%workbench_sql`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable
from typing import NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from workbench.app import Workbench
from workbench.data.sql import SqlResult, typed
from workbench.foundation.errors import WorkbenchError

__all__ = ["load_ipython_extension"]

NAME = "workbench_sql"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Registers the magic; IPython calls it for `%load_ext workbench`."""
    shell.magics_manager.register_function(SqlCell(shell), "cell", NAME)


class SqlCell:
    """Answers a cell that is one SELECT, and shows its rows as a card.

        %%workbench_sql -o late --param least=15 --version flights=3 --limit 100
        SELECT * FROM flights WHERE delay > $least

    It asks through `wb` where the notebook has one, else as `Workbench.open()`. IPython puts a variable in place of
    `{name}` in the first line, nowhere in the statement. What is wrong is said in a line, without a traceback; the cell
    has failed all the same.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._own: Workbench | None = None

    def __call__(self, line: str, cell: str) -> SqlResult:
        given = _parser().parse_args(_words(line))
        if given.output is not None and not given.output.isidentifier():
            raise UsageError(f"-o: '{given.output}' cannot be a variable's name")
        parameters = {name: typed(text) for name, text in _pairs(given.param, "--param")}
        versions = {name: _number(text, "--version") for name, text in _pairs(given.version, "--version")}
        try:
            found = self._workbench().sql(
                cell, parameters, versions=versions, limit=given.limit, time_limit=given.time_limit
            )
        except WorkbenchError as error:
            _in_a_line(error)
            raise
        if given.output is not None:
            self._shell.user_ns[given.output] = found
        return found

    def _workbench(self) -> Workbench:
        named = self._shell.user_ns.get("wb")
        if isinstance(named, Workbench):
            return named
        if self._own is None:
            self._own = Workbench.open()
        return self._own


def _in_a_line(error: WorkbenchError) -> None:
    """Has IPython show an error without its traceback."""
    said = [f"error: {error}", *([f"hint: {error.hint}"] if error.hint else [])]
    error._render_traceback_ = lambda: said  # type: ignore[attr-defined]  # what IPython looks for


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%{NAME}: {message}")


def _parser() -> _Parser:
    parser = _Parser(prog=f"%%{NAME}", add_help=False, allow_abbrev=False)
    parser.add_argument("-o", "--output", metavar="NAME")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--version", action="append", default=[], metavar="DATASET=NUMBER")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--time-limit", type=float)
    return parser


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%%{NAME}: {error}") from error


def _pairs(given: Iterable[str], option: str) -> Iterable[tuple[str, str]]:
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"{option}: '{text}' is not NAME=VALUE")
        yield name, value


def _number(text: str, option: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{option}: '{text}' is no number of a version")
    return int(text)
