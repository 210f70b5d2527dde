"""What subjects do over time, asked of a server: the same questions as `wb.product`, computed there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, timedelta
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar

import polars as pl
from pydantic import BaseModel

from workbench.analytics.product import Answered, Product, ProductResult, Questions, Subjects, Words
from workbench.charts import Chart, Mark
from workbench.compute import EngineUse
from workbench.foundation.errors import Invalid
from workbench.remote.cohorts import RemoteCohorts
from workbench.remote.door import Door
from workbench.remote.reading import Reading

__all__ = ["RemoteProduct", "RemoteProductResult"]

P = ParamSpec("P")
Head = TypeVar("Head", bound=BaseModel)


class _Column(BaseModel):
    name: str
    label: str
    unit: str
    format: str


class _Head(BaseModel):
    title: str
    note: str
    dataset: str
    version: int
    use: EngineUse
    columns: tuple[_Column, ...]

    def words(self) -> Words:
        seconds = tuple(one.name for one in self.columns if one.unit == "s")
        return Words(
            self.title,
            {one.name: one.label for one in self.columns},
            units={one.name: one.unit for one in self.columns if one.unit and one.name not in seconds},
            formats={one.name: one.format for one in self.columns if one.format},
            durations=seconds,
            note=self.note,
        )


class _Plot(BaseModel):
    """Of a chart all but its rows."""

    kind: Mark
    x: str
    y: str
    title: str
    color: str | None
    labels: dict[str, str]
    units: dict[str, str]
    formats: dict[str, str]
    note: str
    stacked: bool


class _Who(BaseModel):
    what: str


class _Told(BaseModel):
    text: str


@dataclass(frozen=True, eq=False, repr=False)
class RemoteProductResult(Answered):
    """The rows of one question that a server computed, with what they mean. What it is asked further, it asks there.

    Its charts and subjects are computed when they are asked for, on the version that the rows are of.
    """

    _head: _Head
    _door: Door
    _path: str
    _asked: Mapping[str, Any]

    @property
    def dataset(self) -> str:
        return self._head.dataset

    @property
    def version(self) -> int:
        return self._head.version

    @property
    def use(self) -> EngineUse:
        return self._head.use

    def chart(self) -> Chart:
        frame, head = _rows(self._door, f"{self._path}/chart", self._asked, _Plot)
        return Chart(frame=frame, **dict(head))

    def subjects(self, **cell: Any) -> Subjects:
        asked = {**self._asked, "cell": _cell(self._path, cell)}
        frame, head = _rows(self._door, f"{self._path}/subjects/rows", asked, _Who)
        return Subjects(frame, head.what)

    def explain(self) -> str:
        return self._door.ask(f"{self._path}/explain", _Told, self._asked).text


def _far(
    question: Callable[Concatenate[Product, P], ProductResult],
) -> Callable[Concatenate[RemoteProduct, P], RemoteProductResult]:
    """A question of `wb.product`, with its arguments and its docstring, as one to a server."""
    takes = signature(question)

    @wraps(question)
    def ask(asker: RemoteProduct, /, *args: P.args, **given: P.kwargs) -> RemoteProductResult:
        said = takes.bind(asker, *args, **given).arguments
        return asker._ask(question.__name__, {name: _plain(name, one) for name, one in said.items() if name != "self"})

    return ask


class RemoteProduct(Reading, Questions):
    """Product analytics, as whoever the token belongs to sees it: as `Workbench.product`, on the server.

    Attributes:
        cohorts: Saved cohorts.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self.cohorts = RemoteCohorts(door)

    funnel = _far(Product.funnel)
    retention = _far(Product.retention)
    stickiness = _far(Product.stickiness)
    lifecycle = _far(Product.lifecycle)
    paths = _far(Product.paths)
    sessions = _far(Product.sessions)
    duplicates = _far(Product.duplicates)

    def _ask(self, name: str, asked: Mapping[str, Any]) -> RemoteProductResult:
        path = f"product/{name}"
        frame, head = _rows(self._door, f"{path}/rows", asked, _Head)
        sealed = {**asked, "version": head.version}
        return RemoteProductResult(frame, head.words(), head, self._door, path, sealed)


def _rows(door: Door, path: str, asked: Mapping[str, Any], kind: type[Head]) -> tuple[pl.DataFrame, Head]:
    with door.rows(path, f"the rows of {path}", asked) as stream:
        frame = stream.frame()
        with door.understanding(path):
            return frame, kind.model_validate(stream.head)


def _plain(name: str, said: Any) -> Any:
    """An argument as JSON has it.

    Raises:
        Invalid: It has no such form.
    """
    if said is None or isinstance(said, str | int | float):
        return said
    if isinstance(said, timedelta):
        return f"{said.total_seconds():.6f} seconds"
    if isinstance(said, date):
        return said.isoformat()
    if is_dataclass(said) and not isinstance(said, type):
        return {key: _plain(name, one) for key, one in asdict(said).items()}
    if isinstance(said, Mapping):
        return {str(key): _plain(name, one) for key, one in said.items()}
    if isinstance(said, list | tuple | set | frozenset | pl.Series):
        return [_plain(name, one) for one in said]
    raise Invalid(f"{name} has a {type(said).__name__}, which cannot be sent to a server", hint="texts and numbers can")


def _cell(path: str, cell: Mapping[str, Any]) -> dict[str, Any]:
    """What names a number; of questions that are told apart by columns, those stand by themselves."""
    sent = {name: _plain(name, one) for name, one in cell.items()}
    if path.rpartition("/")[2] not in ("sessions", "duplicates"):
        return sent
    period = {"period": sent.pop("period")} if "period" in sent else {}
    return {**period, "by": sent}
