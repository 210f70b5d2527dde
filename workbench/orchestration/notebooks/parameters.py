"""A notebook's parameters: what its parameters cell declares, and whether what was given fits.

A notebook declares its parameters in the one cell tagged `parameters`, as annotated Python that runs as it stands, so
that the notebook works in JupyterLab without any runner:

    from datetime import date

    start: date = date(2013, 1, 1)  # first day, inclusive
    end: date | None = None         # day after the last; None: until today
    carriers: list[str] = []
    grain: Literal["day", "month"] = "day"
    region: str = None              # required: annotated, and None without `| None`

A run puts a cell below it that assigns what was given: `start = date.fromisoformat('2013-02-01')`. So the code that
follows meets a `date` either way. Outside of the notebook (command line, catalog, receipts) dates are ISO text.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.foundation.errors import Invalid, nearest
from workbench.foundation.secret import named_like_a_secret
from workbench.orchestration.notebooks import document
from workbench.orchestration.notebooks.annotations import ParameterType, evaluate, of_annotation, of_value

__all__ = ["Parameter", "check", "declared", "injected", "resolved"]

_SECRET_VALUE = re.compile(r"://[^/@\s:]*:[^/@\s]+@")
_STORED = "parameters are stored in clear text in the output notebook and the catalog"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook.

    Attributes:
        default: As JSON holds it (dates as ISO text); None also where it is required.
        required: A run must give it.
        help: The comment beside or above it.
    """

    name: str
    type: ParameterType
    default: Any
    required: bool
    help: str

    @classmethod
    def written(
        cls, name: str, type_: str, default: Any = None, *, required: bool = False, help_: str = ""
    ) -> Parameter:
        """A parameter that is declared elsewhere than in a notebook, its type as a notebook would write it.

        Raises:
            ValueError: The type or the default does not do; the message is a sentence.
        """
        refuse_secret(name)
        try:
            kind = of_annotation(ast.parse(type_, mode="eval").body)
        except SyntaxError:
            raise ValueError(f"the parameter '{name}' has the type {type_}, which is none") from None
        except ValueError as error:
            raise ValueError(f"the parameter '{name}' {error}") from None
        try:
            return cls(name, kind, None if required else kind.conform(default), required, help_)
        except ValueError as error:
            raise ValueError(f"the default of '{name}' {error}") from None


def refuse_secret(name: str) -> None:
    """Raises ValueError for a name that a secret would have."""
    if named_like_a_secret(name):
        raise ValueError(f"the parameter '{name}' looks like a secret, and {_STORED}")


def declared(path: Path) -> list[Parameter]:
    """The parameters of the notebook at a path, in the order of its parameters cell; none where it has no such cell.

    Raises:
        NotFound: No such notebook.
        Invalid: Not a notebook, two parameters cells, or a cell that cannot be understood without running it.
    """
    notebook = document.read(path)
    cells = document.tagged(notebook, "parameters")
    if not cells:
        return []
    if len(cells) > 1:
        raise Invalid(f"{path.name} has {len(cells)} cells tagged 'parameters'; it may have one")
    text = document.source(notebook["cells"][cells[0]])
    try:
        statements = ast.parse(text).body
    except SyntaxError as error:
        raise Invalid(
            f"the parameters cell of {path.name} is not valid Python: {error.msg}, line {error.lineno}"
        ) from error
    comments = _comments(text)
    try:
        return [parameter for statement in statements if (parameter := _parameter(statement, comments))]
    except ValueError as error:
        raise Invalid(
            f"{path.name}: {error}", hint="a parameters cell holds imports and lines like 'days: int = 7'"
        ) from error


def _parameter(statement: ast.stmt, comments: Mapping[int, tuple[str, bool]]) -> Parameter | None:
    annotation: ast.expr | None = None
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return None
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            pass
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            pass
        case _:
            raise ValueError(f"its parameters cell does something else than assign: {ast.unparse(statement)[:60]}")
    refuse_secret(name)
    try:
        kind = of_annotation(annotation) if annotation is not None else None
    except ValueError as error:
        raise ValueError(f"the parameter '{name}' {error}") from None
    try:
        default = evaluate(value) if value is not None else None
        required = kind is not None and default is None and not kind.nullable and kind.kind != "any"
        if kind is None:
            assert value is not None  # a plain assignment has one
            kind = of_value(default, value)
        _same_by_hand(kind, default)
        default = None if required else kind.conform(default)
    except ValueError as error:
        raise ValueError(f"the default of '{name}' {error}") from None
    return Parameter(name, kind, default, required, _help(statement, comments))


def _same_by_hand(kind: ParameterType, default: Any) -> None:
    """Refuses a date written as text: the notebook would meet a text when run by hand and a date when run by us."""
    for value in default if kind.kind == "list" and isinstance(default, list) else [default]:
        inner = kind.items[0] if kind.kind == "list" else kind
        if inner.kind in ("date", "datetime") and isinstance(value, str):
            raise ValueError(f"must be {inner.written}, not the text {value!r}; write {inner.call}(2013, 1, 31)")


def _comments(text: str) -> dict[int, tuple[str, bool]]:
    """Line to its comment, and whether the comment has the line for itself."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        token.start[0]: (token.string.lstrip("#").strip(), not token.line[: token.start[1]].strip())
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _help(statement: ast.stmt, comments: Mapping[int, tuple[str, bool]]) -> str:
    beside = comments.get(statement.end_lineno or statement.lineno)
    if beside is not None:
        return beside[0]
    above: list[str] = []
    line = statement.lineno - 1
    while line in comments and comments[line][1]:
        above.insert(0, comments[line][0])
        line -= 1
    return " ".join(above)


def check(
    parameters: Sequence[Parameter], given: Mapping[str, Any], *, notebook: str = "the notebook", text: bool = False
) -> dict[str, Any]:
    """What was given, as JSON holds it, once it fits what the notebook declares.

    Args:
        parameters: From `declared`.
        given: Parameter names to values.
        notebook: How messages name the notebook.
        text: The values come from a command line: texts are read as the declared type.

    Raises:
        Invalid: Unknown, missing or wrong ones, all named at once; also a value that holds a password.
    """
    known = {parameter.name: parameter for parameter in parameters}
    problems: list[str] = []
    checked: dict[str, Any] = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            guess = nearest(name, known)
            listed = f"; it has {', '.join(known)}" if known else "; it has none"
            problems.append(
                f"{notebook} has no parameter '{name}'" + (f"; did you mean '{guess}'?" if guess else listed)
            )
            continue
        if isinstance(value, str) and _SECRET_VALUE.search(value):
            problems.append(f"the parameter '{name}' holds a password, and {_STORED}")
            continue
        try:
            checked[name] = (
                parameter.type.of_text(value) if text and isinstance(value, str) else parameter.type.conform(value)
            )
        except ValueError as error:
            problems.append(f"the parameter '{name}' of {notebook} {error}")
    for parameter in parameters:
        if parameter.required and parameter.name not in given:
            about = f" ({parameter.help})" if parameter.help else ""
            problems.append(f"{notebook} needs the parameter '{parameter.name}': {parameter.type.written}{about}")
    if problems:
        raise Invalid("; ".join(problems))
    return checked


def resolved(parameters: Sequence[Parameter], checked: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter's value in a run that was given `checked`: what the result depends on."""
    return {parameter.name: checked.get(parameter.name, parameter.default) for parameter in parameters}


def injected(parameters: Sequence[Parameter], checked: Mapping[str, Any]) -> str:
    """The code of the cell that a run puts below the parameters cell."""
    lines = [
        f"{parameter.name} = {parameter.type.code(checked[parameter.name])}"
        for parameter in parameters
        if parameter.name in checked
    ]
    return "\n".join(["# What this run was given", *lines])
