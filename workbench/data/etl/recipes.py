"""Transforms as they are written down: `transforms/flights.yaml`, or a list in a notebook.

    description: What the airline sends, ready to be loaded.
    reads: flights_landed
    into: flights
    key: [time_hour, carrier, flight]
    transforms:
      - cast: {columns: {flight: integer}, on_failure: quarantine}
      - deduplicate: {by: [time_hour, carrier, flight], order: -updated}
      - join: {right: airlines, on: {carrier: code}}

A transform is called what its function is called, and takes what that takes: what a file may say is read off the
functions' signatures, so that there is one code and one set of words.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import takewhile
from pathlib import Path
from typing import Any, get_type_hints

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, create_model

from workbench.compute import frames, listed
from workbench.data.etl import cleaning, features, filling, grouping, normalizing, transforms
from workbench.data.etl.kinds import AnyFrame, alike
from workbench.data.etl.quarantine import Quarantine
from workbench.data.lake import Mode
from workbench.foundation import definitions
from workbench.foundation.definitions import Complaint, Definition, Place, meant
from workbench.foundation.errors import Invalid, WorkbenchError, unknown
from workbench.foundation.observability import logger

__all__ = ["TRANSFORMS", "Recipe"]

_logger = logger("etl")

TRANSFORMS: dict[str, Callable[..., Any]] = {
    name: getattr(module, name)
    for module in (cleaning, filling, normalizing, transforms, features, grouping)
    for name in module.__all__
}
_BY_ROW = (
    "band", "convert", "date_parts", "derive", "drop_nulls", "log", "ratio", "rename", "select", "tidy", "where",
)  # fmt: skip
_GIVEN = ("quarantine",)  # by whoever runs them, never written down
_KINDS = inspect.Parameter


class _Written(BaseModel):
    """What stands in a file beside its transforms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    reads: str = ""
    into: str = ""
    key: tuple[str, ...] = ()
    mode: Mode = Mode.REPLACE
    transforms: tuple[Any, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Step:
    """One transform with what it is given.

    Attributes:
        place: Where it was written, for errors.
        values: What stands after `*` in the function's signature.
        named: What stands after `**`.
    """

    name: str
    place: str
    arguments: Mapping[str, Any]
    values: Sequence[Any] = ()
    named: Mapping[str, Any] | None = None

    @property
    def by_row(self) -> bool:
        """Whether what becomes of a row depends on that row alone, and nothing is taken out for anybody to keep."""
        said = self.arguments
        match self.name:
            case "cast":
                return bool(said.get("on_failure") != "quarantine")
            case "categorize":
                return bool(said.get("otherwise") != "quarantine")
            case "fill_nulls":
                return not self.values
            case "one_hot":
                return said.get("values") is not None
            case "join":
                return bool(said.get("relation", "many_to_one") == "many_to_one")
        return self.name in _BY_ROW

    def holding(self, read: Callable[[str], Any]) -> Step:
        """The same with the dataset that it joins, in the place of its name."""
        right = self.arguments.get("right")
        return replace(self, arguments={**self.arguments, "right": read(right)}) if isinstance(right, str) else self

    def run(self, frame: Any, read: Callable[[str], Any], quarantine: Quarantine | None) -> Any:
        """
        Raises:
            WorkbenchError: What the transform raises, with the place.
        """
        function = TRANSFORMS[self.name]
        arguments = dict(self.arguments)
        try:
            if isinstance(arguments.get("right"), str):
                arguments["right"] = read(arguments["right"])
            if "quarantine" in inspect.signature(function).parameters:
                arguments["quarantine"] = quarantine
            first, *_ = inspect.signature(function).parameters
            leading = [arguments.pop(name) for name in _before_star(function) if name != first and name in arguments]
            return function(frame, *leading, *self.values, **arguments, **(self.named or {}))
        except WorkbenchError as error:
            raise type(error)(f"{self.place}: {error}", hint=error.hint) from error


class _Listed(Definition):
    """Transforms that are in no file, and so on no line."""

    def validated(self, *given: Any, **named: Any) -> Any:
        made = super().validated(*given, **named)
        self.found = [replace(one, line=None) for one in self.found]
        return made

    def complain(self, place: Place, sentence: str) -> None:
        self.found.append(Complaint(place, sentence))


@dataclass(frozen=True)
class Recipe:
    """Transforms in their order.

    Attributes:
        reads: The dataset they are for; empty where none is said, as in a list.
        into: The dataset that gets the result.
        key: What tells its rows apart.
        mode: How they are loaded.
        name: The file's; empty where it is in none.
        written: The transforms as they were written.
    """

    steps: tuple[Step, ...]
    description: str = ""
    reads: str = ""
    into: str = ""
    key: tuple[str, ...] = ()
    mode: Mode = Mode.REPLACE
    name: str = ""
    written: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Reads a file.

        Raises:
            NotFound: No such file.
            Invalid: All that is wrong with it, each with its line.
        """
        return replace(cls._of(definitions.read(path, kind="definition of transforms")), name=path.stem)

    @classmethod
    def of(cls, steps: Sequence[Mapping[str, Any] | str] | Mapping[str, Any]) -> Recipe:
        """The same of a list: `[{"cast": {"columns": {"flight": "integer"}}}, "drop_nulls"]`; or of all that could
        stand in a file: `{"reads": "landed", "into": "flights", "transforms": [...]}`.

        Raises:
            Invalid: All that is wrong with it, each with the number of the transform.
        """
        content = dict(steps) if isinstance(steps, Mapping) else {"transforms": list(steps)}
        return cls._of(_Listed("the transforms", b"", content, None))

    def changed(self, said: Mapping[str, Any]) -> Recipe:
        """The same with something else said of what it reads, into what, by which key and how.

        Raises:
            Invalid: It is nothing that can be said of it, or no such mode.
        """
        known = [name for name in _Written.model_fields if name != "transforms"]
        for name in said:
            if name not in known:
                raise unknown("setting of transforms", name, known, error=Invalid)
        said = {**said, "key": listed(said["key"])} if "key" in said else said
        file = _Listed("the settings", b"", dict(said), None)
        made = file.validated(_Written, {**said, "transforms": ["-"]}, noun="setting")
        file.refuse(hint="see docs/transforms.md")
        assert made is not None, "what is not valid was refused"
        return replace(self, **{name: getattr(made, name) for name in said})

    @property
    def datasets(self) -> tuple[str, ...]:
        """What it is computed from: what it reads, and the datasets that it joins."""
        joined = [step.arguments.get("right") for step in self.steps]
        return tuple(dict.fromkeys(filter(None, [self.reads, *(one for one in joined if isinstance(one, str))])))

    def apply(
        self, frame: AnyFrame, *, read: Callable[[str], Any], quarantine: Quarantine | None = None, since: int = 0
    ) -> AnyFrame:
        """The frame after all transforms, of the kind it was given.

        Args:
            since: The number of the first transform, for rows that those before went over.
            read: Gives the dataset of a name, for joins.
            quarantine: Gets the rows that are taken out.

        Raises:
            Invalid: A transform does not fit the frame; says which, and where it was written.
            NotFound: No such column or dataset.
        """
        steps = self.steps[since:]
        leading = tuple(takewhile(lambda step: step.by_row, steps))
        apart = frames.mapped(frame, partial(_run, tuple(step.holding(read) for step in leading))) if leading else None
        rest = steps if apart is None else steps[len(leading) :]
        given: Any = frame if apart is None else apart
        if apart is not None and not rest:
            return given  # type: ignore[no-any-return]
        if type(frame).__module__.startswith("dask"):
            _logger.warning("%s needs rows of other partitions: all are computed on this machine", rest[0].place)
        rows: Any = frames.to_polars(given)
        for number, step in enumerate(rest, start=len(self.steps) - len(rest)):
            if quarantine is not None:
                quarantine.at(number)
            rows = step.run(rows, read, quarantine)
        return alike(frame, rows.lazy())

    @classmethod
    def _of(cls, file: Definition) -> Recipe:
        said = file.validated(_Written, file.content, noun="file of transforms")
        content = file.content if isinstance(file.content, dict) else {}
        listed = content.get("transforms")
        found = [_step(file, number, one) for number, one in enumerate(listed if isinstance(listed, list) else [])]
        file.refuse(hint="see docs/transforms.md")
        assert said is not None, "what is not valid was refused"
        return cls(
            tuple(step for step in found if step is not None), said.description, said.reads, said.into, said.key,
            said.mode, written=tuple(_as_mapping(one) for one in said.transforms),
        )  # fmt: skip


def _run(steps: Sequence[Step], rows: pl.DataFrame) -> pl.DataFrame:
    """Steps that hold all that they need, as a worker of Dask runs them."""
    for step in steps:
        rows = step.run(rows, lambda name: name, None)
    return rows


def _as_mapping(given: Any) -> Any:
    """A transform as name -> what it takes, with `on` for what YAML takes that key for."""
    if isinstance(given, str):
        return {given: None}
    if not isinstance(given, Mapping):
        return given
    return {
        name: {"on" if key is True else key: value for key, value in takes.items()}
        if isinstance(takes, Mapping)
        else takes
        for name, takes in given.items()
    }


def _step(file: Definition, number: int, given: Any) -> Step | None:
    """A transform of the list; None where something is wrong with it, which is noted."""
    at = ("transforms", number)
    given = _as_mapping(given)
    if not isinstance(given, Mapping) or len(given) != 1:
        file.complain(at, f"transform {number + 1} is one name with what it takes, such as 'cast: {{columns: ...}}'")
        return None
    ((name, content),) = given.items()
    if name not in TRANSFORMS:
        there = f"; there is {', '.join(sorted(TRANSFORMS))}"
        file.complain((*at, name), f"there is no transform '{name}'{meant(str(name), TRANSFORMS) or there}")
        return None
    function = TRANSFORMS[name]
    made = file.validated(_model(name), {} if content is None else content, (*at, name), noun="transform")
    if made is None:
        return None
    parameters = inspect.signature(function).parameters
    arguments = {field: getattr(made, field) for field in made.model_fields_set}
    values: Sequence[Any] = ()
    named: Mapping[str, Any] = {}
    for parameter in parameters.values():
        if parameter.kind is _KINDS.VAR_POSITIONAL:
            values = arguments.pop(parameter.name, ())
        elif parameter.kind is _KINDS.VAR_KEYWORD:
            named = arguments.pop(parameter.name, {})
            for column in set(named) & set(parameters):
                file.complain((*at, name), f"transform '{name}' has a column '{column}', which it takes for an option")
    line = f", line {file.line((*at, name))}" if file.node is not None else ""
    return Step(name, f"{file.shown}{line}, transform {number + 1} ({name})", arguments, values, named)


def _before_star(function: Callable[..., Any]) -> list[str]:
    """The parameters that have to be given by place, since values follow after `*`."""
    parameters = inspect.signature(function).parameters.values()
    if not any(one.kind is _KINDS.VAR_POSITIONAL for one in parameters):
        return []
    return [one.name for one in parameters if one.kind is _KINDS.POSITIONAL_OR_KEYWORD]


@cache
def _model(name: str) -> type[BaseModel]:
    """What may be written of a transform: its function's parameters, without the frame."""
    function = TRANSFORMS[name]
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        kind: Any = hints[parameter.name]
        if parameter.name in _GIVEN:
            continue
        if parameter.kind is _KINDS.VAR_POSITIONAL:
            fields[parameter.name] = (Sequence[kind], ())
        elif parameter.kind is _KINDS.VAR_KEYWORD:
            fields[parameter.name] = (dict[str, kind], {})
        else:
            fields[parameter.name] = (kind, ... if parameter.default is _KINDS.empty else parameter.default)
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
