"""What a parameters cell declares, what fits it, and how it reads as code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.foundation.errors import Invalid, NotFound
from workbench.orchestration.notebooks.parameters import Parameter, check, declared, injected, resolved

Notebook = Callable[..., Path]

CELL = """\
from datetime import UTC, date, datetime
import datetime as dt
from typing import Literal

start: date = date(2013, 1, 1)  # first day, inclusive
# day after the last;
# none means until today
end: dt.date | None = None
seen: datetime = datetime(2013, 1, 1, 12, tzinfo=UTC)
days: int = 7
share: float = 1
dry: bool = False
grain: Literal["day", "month"] = "day"
carriers: list[str] = ["UA"]
labels: dict[str, int] = {"a": 1}
holidays: list[date] = [date(2013, 7, 4)]
region: str = None  # which region
limit = 10
note = None
"""


@pytest.fixture
def known(notebook: Notebook) -> list[Parameter]:
    return declared(notebook(CELL))


def one(known: list[Parameter], name: str) -> Parameter:
    return next(parameter for parameter in known if parameter.name == name)


def test_a_parameters_cell_is_read_without_running_it(known: list[Parameter]) -> None:
    assert [parameter.name for parameter in known] == [
        "start", "end", "seen", "days", "share", "dry", "grain", "carriers", "labels", "holidays", "region", "limit",
        "note",
    ]  # fmt: skip
    assert one(known, "start").default == "2013-01-01"
    assert one(known, "start").help == "first day, inclusive"
    assert one(known, "end").help == "day after the last; none means until today"
    assert one(known, "seen").default == "2013-01-01T12:00:00+00:00"
    assert one(known, "limit").type.kind == "int"


def test_only_an_annotated_none_without_none_in_its_type_is_required(known: list[Parameter]) -> None:
    assert [parameter.name for parameter in known if parameter.required] == ["region"]


def test_texts_from_a_command_line_are_read_as_the_declared_types(known: list[Parameter]) -> None:
    given = {
        "start": "2013-02-01", "end": "none", "seen": "2013-02-01T00:00:00+01:00", "days": "3", "share": "0.5",
        "dry": "yes", "grain": "month", "carriers": "UA,AA", "labels": '{"b": 2}', "holidays": "2013-12-25",
        "region": "none", "limit": "5", "note": "[1, 2]",
    }  # fmt: skip
    assert check(known, given, text=True) == {
        "start": "2013-02-01", "end": None, "seen": "2013-01-31T23:00:00+00:00", "days": 3, "share": 0.5, "dry": True,
        "grain": "month", "carriers": ["UA", "AA"], "labels": {"b": 2}, "holidays": ["2013-12-25"], "region": "none",
        "limit": 5, "note": [1, 2],
    }  # fmt: skip


def test_values_from_python_are_taken_as_what_they_are(known: list[Parameter]) -> None:
    east = timezone(timedelta(hours=-5))
    given = {
        "region": "x", "start": date(2013, 2, 1), "seen": datetime(2013, 1, 1, 7, tzinfo=east), "days": np.int64(3),
        "carriers": ("UA",), "share": 2,
    }  # fmt: skip
    assert check(known, given) == {
        "region": "x", "start": "2013-02-01", "seen": "2013-01-01T12:00:00+00:00", "days": 3, "carriers": ["UA"],
        "share": 2.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"strat": 1}, "has no parameter 'strat'; did you mean 'start'?"),
        ({"days": "3"}, "'days' of the notebook must be int, not '3'"),
        ({"days": True}, "must be int, not True"),
        ({"days": None}, "must be int, not None"),
        ({"share": float("nan")}, "must be a finite number"),
        ({"grain": "year"}, "must be one of 'day', 'month', not 'year'"),
        ({"start": "yesterday"}, "(a date is written 2013-01-31)"),
        ({"start": datetime(2013, 1, 1, tzinfo=UTC)}, "must be date"),
        ({"seen": datetime(2013, 1, 1)}, "has no time zone"),  # noqa: DTZ001
        ({"carriers": "UA"}, "must be list[str]"),
        ({"carriers": [1]}, "must be str, not 1"),
        ({"note": {1, 2}}, "something JSON can hold"),
        ({"region": "postgresql://ada:secret@host/db"}, "holds a password"),
        ({}, "needs the parameter 'region': str (which region)"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    known: list[Parameter], given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        check(known, given)
    assert sentence in str(refused.value)


def test_everything_wrong_is_said_at_once(known: list[Parameter]) -> None:
    with pytest.raises(Invalid) as refused:
        check(known, {"strat": "x", "days": "seven"}, notebook="load.ipynb", text=True)
    assert [part in str(refused.value) for part in ("'strat'", "'days' of load.ipynb", "'region'")] == [True] * 3


def test_the_injected_cell_gives_the_notebook_its_own_types(known: list[Parameter]) -> None:
    given = {"region": "O'Hare", "start": "2013-02-01", "end": date(2013, 3, 1), "holidays": ["2013-12-25"]}
    code = injected(known, check(known, given))
    scope: dict[str, Any] = {}
    exec(CELL, scope)
    exec(code, scope)
    assert scope["start"] == date(2013, 2, 1)
    assert scope["end"] == date(2013, 3, 1)
    assert scope["holidays"] == [date(2013, 12, 25)]
    assert scope["region"] == "O'Hare"
    assert scope["days"] == 7


def test_a_runs_parameters_hold_the_defaults_too(known: list[Parameter]) -> None:
    values = resolved(known, check(known, {"region": "x", "days": 3}))
    assert values["days"] == 3
    assert values["start"] == "2013-01-01"
    assert len(values) == len(known)


def test_a_notebook_without_parameters_takes_none(notebook: Notebook) -> None:
    known = declared(notebook(None, "1 + 1"))
    assert known == []
    with pytest.raises(Invalid, match="has no parameter 'x'; it has none"):
        check(known, {"x": 1})


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("days: int = len('abc')", "is computed"),
        ("days: int = 'seven'", "the default of 'days' must be int"),
        ("days: int = 7\nraise ValueError", "does something else than assign"),
        ("path: Path = None", "has the type Path"),
        ("api_token: str = None", "looks like a secret"),
        ("days: int =", "is not valid Python"),
        ("start: date = date(2013, 2, 30)", "which fails"),
    ],
)
def test_a_parameters_cell_that_cannot_be_understood_is_refused(notebook: Notebook, cell: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        declared(notebook(cell))
    assert sentence in str(refused.value)


def test_a_date_default_has_to_be_a_date_so_that_the_notebook_runs_alike_everywhere(notebook: Notebook) -> None:
    with pytest.raises(Invalid, match="must be date"):
        declared(notebook("from datetime import date\nstart: date = '2013-01-01'"))


def test_a_missing_notebook_names_the_nearest(notebook: Notebook) -> None:
    path = notebook("days: int = 1", name="load.ipynb")
    with pytest.raises(NotFound, match=r"did you mean '.*load\.ipynb'"):
        declared(path.with_name("laod.ipynb"))


def test_a_corrupt_notebook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text('{"cells": [')
    with pytest.raises(Invalid, match="is not a notebook"):
        declared(path)
