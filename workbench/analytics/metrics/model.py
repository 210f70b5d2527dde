"""What a metric is, as its definition says it."""

from __future__ import annotations

import hashlib
import json
from html import escape
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from workbench.charts import is_format

__all__ = ["Aggregation", "Dimension", "Metric", "Name", "digest"]

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63),
    Field(description="Lower-case letters, digits and underscores, a letter first."),
]
Aggregation = Literal["count", "count_distinct", "sum", "mean", "min", "max", "median", "percentile", "first", "last"]

_SIMPLE_ONLY = ("dataset", "aggregation", "column", "percentile", "tie", "filter")
_RATIO_ONLY = ("numerator", "denominator")


class Dimension(BaseModel):
    """What a metric may be broken down by.

    Attributes:
        name: The column of the result.
        label: How it is called in charts and tables.
        sql: An expression over one row's columns; by default the column of the dimension's name.
        order: Its values in the order in which they are shown, where the alphabet would not do; others follow.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    label: str = ""
    sql: str | None = None
    order: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @property
    def title(self) -> str:
        return self.label or spoken(self.name)


class Metric(BaseModel):
    """One number and how it comes about.

    Attributes:
        name: What it is asked for by.
        label: How it is called in charts and tables; made from the name when empty.
        type: `simple` aggregates one dataset; `ratio` divides one simple metric by another.
        dataset: Whose rows are aggregated (simple).
        aggregation: How (simple). Nulls, and NaN among floats, never count; `count` without a column counts rows.
        column: What is aggregated; `count` may do without.
        tie: Column that decides among rows of one time which is `first` or `last`; without one, or where equal, the value.
        percentile: 0 to 100, exclusive; interpolated between neighbours as numpy's default does.
        filter: SQL condition over one row's columns; rows for which it is not true do not count.
        numerator: Name of a simple metric (ratio).
        denominator: Name of a simple metric (ratio); where it is zero or unknown the ratio is null.
        dimensions: What it may be broken down by. A ratio that names none has those that both its parts have.
        time: The time column, for grains and time ranges. A ratio that names none has its parts'.
        time_zone: Whose midnight starts a day.
        unit: Of the values ("min"); empty for a plain number or a share.
        format: d3 number format (",.0f", ".1%"): [+][,][.digits][~] and one of f d % e.
        owner: Whom to ask.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    label: str = ""
    description: str = ""
    type: Literal["simple", "ratio"] = "simple"
    dataset: str | None = None
    aggregation: Aggregation | None = None
    column: str | None = None
    percentile: Annotated[float, Field(gt=0, lt=100)] | None = None
    tie: str | None = None
    filter: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    dimensions: tuple[Dimension, ...] = ()
    time: str | None = None
    time_zone: str | None = None
    unit: str = ""
    format: str = ""
    owner: str = ""

    _version: str = PrivateAttr(default="")

    @property
    def version(self) -> str:
        """Changes whenever what the metric computes, or how it is shown, may have changed."""
        return self._version or digest(self)

    @property
    def title(self) -> str:
        return self.label or spoken(self.name)

    @property
    def summary(self) -> str:
        """What it is, in one line: label, unit, what of which dataset, by what."""
        unit = f" ({self.unit})" if self.unit else ""
        if self.type == "ratio":
            made = f"{self.numerator} / {self.denominator}"
        else:
            of = f" of {self.column}" if self.column else ""
            made = f"{self.aggregation}{of} in {self.dataset}"
        by = f", by {', '.join(dimension.name for dimension in self.dimensions)}" if self.dimensions else ""
        return f"{self.title}{unit}, {made}{by}"

    def __repr__(self) -> str:
        return f"{self.name}: {self.summary}" + (f"\n{self.description}" if self.description else "")

    def _repr_html_(self) -> str:
        said = {
            "name": self.name,
            "is": self.summary,
            "filter": self.filter or "",
            "time": f"{self.time or ''} {self.time_zone or ''}".strip(),
            "format": self.format,
            "owner": self.owner,
            "version": self.version,
        }
        rows = "".join(
            f'<tr><th scope="row">{what}</th><td>{escape(value)}</td></tr>' for what, value in said.items() if value
        )
        return f"<strong>{escape(self.title)}</strong><p>{escape(self.description)}</p><table>{rows}</table>"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        problems = self._ratio_problems() if self.type == "ratio" else self._simple_problems()
        names = [dimension.name for dimension in self.dimensions]
        if self.format and not is_format(self.format):
            problems.append(f"has the format '{self.format}'; write a d3 number format such as ',d', ',.1f' or '.1%'")
        problems += [f"names the dimension '{name}' twice" for name in sorted({n for n in names if names.count(n) > 1})]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _simple_problems(self) -> list[str]:
        problems = [f"is simple, so it cannot have '{name}'" for name in _RATIO_ONLY if getattr(self, name) is not None]
        if self.dataset is None:
            problems.append("needs a dataset")
        if self.aggregation is None:
            problems.append("needs an aggregation")
        elif self.aggregation != "count" and self.column is None:
            problems.append(f"needs a column to take the {self.aggregation} of")
        if self.aggregation == "percentile" and self.percentile is None:
            problems.append("needs a percentile, e.g. percentile: 95")
        if self.aggregation != "percentile" and self.percentile is not None:
            problems.append("has a percentile, so its aggregation has to be percentile")
        by_order = self.aggregation in ("first", "last")
        if by_order and self.time is None:
            problems.append(f"needs a time, the column that says which row is the {self.aggregation}")
        if self.tie is not None and not by_order:
            problems.append("has a tie, so its aggregation has to be first or last")
        return problems

    def _ratio_problems(self) -> list[str]:
        problems = [
            f"is a ratio, so it cannot have '{name}'" for name in _SIMPLE_ONLY if getattr(self, name) is not None
        ]
        return problems + [f"needs a {name}, the name of a metric" for name in _RATIO_ONLY if not getattr(self, name)]

    def dimension(self, name: str) -> Dimension | None:
        return next((dimension for dimension in self.dimensions if dimension.name == name), None)


def digest(metric: Metric, *parts: str) -> str:
    """The version of a definition: a short SHA-256 of what it says and of the versions of what it is made of."""
    said = json.dumps([metric.model_dump(mode="json", exclude_defaults=True), *parts], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()
