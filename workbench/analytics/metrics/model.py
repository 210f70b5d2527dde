"""What a metric is, as its definition says it."""

from __future__ import annotations

import hashlib
import json
from html import escape
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from workbench.analytics.metrics.distinct_sketch import STANDARD_ERROR
from workbench.analytics.metrics.ingredients import Dimension, Input, Join, Name, Property, Schedule, spoken
from workbench.analytics.metrics.quantile_sketch import RELATIVE_ERROR
from workbench.analytics.metrics.spans import SpanText
from workbench.charts import is_format
from workbench.compute import expressions, grains

__all__ = ["Aggregation", "Kind", "Metric", "digest"]

Aggregation = Literal["count", "count_distinct", "sum", "mean", "min", "max", "median", "percentile", "first", "last"]
Kind = Literal["simple", "ratio", "derived", "cumulative", "conversion"]

# What only metrics of a type may say, and what they have to.
_OWN: dict[str, tuple[str, ...]] = {
    "simple": ("dataset", "aggregation", "column", "percentile", "approximate", "tie", "filter", "joins"),
    "ratio": ("numerator", "denominator"),
    "derived": ("expr", "inputs"),
    "cumulative": ("metric", "window", "grain_to_date", "period_agg"),
    "conversion": (
        "base_metric", "conversion_metric", "entity", "window", "calculation", "constant_properties"
    ),
}  # fmt: skip
_NEEDED: dict[str, tuple[str, ...]] = {
    "ratio": ("numerator", "denominator"),
    "derived": ("expr",),
    "cumulative": ("metric",),
    "conversion": ("base_metric", "conversion_metric", "entity"),
}
_IS = {"ratio": "is a ratio"}
_METRICS = ("numerator", "denominator", "metric", "base_metric", "conversion_metric")


class Metric(BaseModel):
    """One number and how it comes about.

    Attributes:
        name: What it is asked for by.
        label: How it is called in charts and tables; made from the name when empty.
        type: `simple` aggregates one dataset; `ratio` divides one simple metric by another; `derived` is an expression
            over metrics; `cumulative` is a simple metric over a window that ends with each period; `conversion` counts
            the events of one metric that follow those of another.
        dataset: Whose rows are aggregated (simple).
        aggregation: How (simple). Nulls, and NaN among floats, never count; `count` without a column counts rows.
        column: What is aggregated; `count` may do without.
        percentile: 0 to 100, exclusive; interpolated between neighbours as numpy's default does.
        approximate: A `count_distinct`, `median` or `percentile` is made from a sketch, whose bound every result says.
        tie: Column that decides which of several rows of one time is `first` or `last`; without one the value does.
        filter: SQL condition over one row's columns; rows for which it is not true do not count.
        joins: Datasets whose columns are had beside the metric's own (simple), besides what its file's sections say.
        numerator: Name of a simple metric (ratio).
        denominator: Name of a simple metric (ratio); where it is zero or unknown the ratio is null.
        expr: SQL expression over the names of metrics, or the aliases of `inputs` (derived).
        inputs: Metrics of `expr` that are filtered, taken earlier, or called otherwise (derived).
        metric: Name of the simple metric that is accumulated (cumulative).
        window: How far back it looks, such as `7 days` (cumulative; all time without), or how long a conversion may
            take (conversion; for ever without).
        grain_to_date: The period whose beginning it starts at again, such as `month` (cumulative).
        period_agg: Which of a period's values stands for it at a coarser grain (cumulative).
        base_metric: Name of the simple metric that counts the events from which on (conversion).
        conversion_metric: Name of the simple metric that counts the events that follow (conversion).
        entity: Dimension or column that both have, of who does them (conversion).
        calculation: The share of base events that are followed, or the number of conversions (conversion).
        constant_properties: What has to be the same of both events (conversion).
        dimensions: What it may be broken down by. A metric made of others that names none has those that all have.
        time: The time column, for grains and time ranges. A metric made of others that names none has the first's.
        time_zone: Whose midnight starts a day.
        grain: What `grain="default"` means.
        week_start: 1 (Monday) to 7 (Sunday).
        refresh: When it is to be computed ahead: `every 1 h`, or cron's five fields.
        unit: Of the values ("min"); empty for a plain number or a share.
        format: d3 number format (",.0f", ".1%"): [+][,][.digits][~] and one of f d % e.
        owner: Whom to ask.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    label: str = ""
    description: str = ""
    type: Kind = "simple"
    dataset: str | None = None
    aggregation: Aggregation | None = None
    column: str | None = None
    percentile: Annotated[float, Field(gt=0, lt=100)] | None = None
    approximate: bool = False
    tie: str | None = None
    filter: str | None = None
    joins: tuple[Join, ...] = ()
    numerator: str | None = None
    denominator: str | None = None
    expr: str | None = None
    inputs: tuple[Input, ...] = ()
    metric: str | None = None
    window: SpanText | None = None
    grain_to_date: grains.Grain | None = None
    period_agg: Literal["first", "last", "average"] | None = None
    base_metric: str | None = None
    conversion_metric: str | None = None
    entity: str | None = None
    calculation: Literal["conversion_rate", "conversions"] | None = None
    constant_properties: tuple[Property, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    time: str | None = None
    time_zone: str | None = None
    grain: grains.Grain | None = None
    week_start: Annotated[int, Field(ge=1, le=7)] | None = None
    refresh: Schedule | None = None
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
    def bound(self) -> str:
        """How far off an approximate metric may be, in words; empty for one that is not itself approximate."""
        if not self.approximate:
            return ""
        if self.aggregation == "count_distinct":
            return f"has a standard error of {STANDARD_ERROR:.1%}"
        return f"is at most {RELATIVE_ERROR:.0%} off"

    @property
    def summary(self) -> str:
        """What it is, in one line: label, unit, what of which dataset, by what."""
        unit = f" ({self.unit})" if self.unit else ""
        made = self._made()
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

    def _made(self) -> str:
        match self.type:
            case "ratio":
                return f"{self.numerator} / {self.denominator}"
            case "derived":
                return str(self.expr)
            case "cumulative":
                over = f"over {self.window}" if self.window else f"{self.grain_to_date or 'all time'} to date"
                return f"{self.metric} {over}"
            case "conversion":
                within = f" within {self.window}" if self.window else ""
                return (
                    f"{self.calculation or 'conversion_rate'} of {self.base_metric} to {self.conversion_metric}{within}"
                )
        about = "approximate " if self.approximate else ""
        return f"{about}{self.aggregation}{f' of {self.column}' if self.column else ''} in {self.dataset}"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        problems = self._foreign() + [
            f"needs {'an' if name[0] in 'aeiou' else 'a'} {name}"
            + (", the name of a metric" if name in _METRICS else "")
            for name in _NEEDED.get(self.type, ())
            if not getattr(self, name)
        ]
        if self.type == "simple":
            problems += self._simple_problems()
        if self.window is not None and self.grain_to_date is not None:
            problems.append("has both a window and a grain_to_date; a metric accumulates over one of them")
        if self.format and not is_format(self.format):
            problems.append(f"has the format '{self.format}'; write a d3 number format such as ',d', ',.1f' or '.1%'")
        for kind, names in (
            ("dimension", [dimension.name for dimension in self.dimensions]),
            ("join", [join.name for join in self.joins]),
            ("input", [one.called for one in self.inputs]),
        ):
            problems += [
                f"names the {kind} '{name}' twice" for name in sorted({n for n in names if names.count(n) > 1})
            ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _foreign(self) -> list[str]:
        """What is said that only metrics of another type may say."""
        own = _OWN[self.type]
        others = dict.fromkeys(name for names in _OWN.values() for name in names if name not in own)
        is_one = _IS.get(self.type, f"is {self.type}")
        return [
            f"{is_one}, so it cannot have '{name}'" for name in others if getattr(self, name) not in (None, (), False)
        ]

    def _simple_problems(self) -> list[str]:
        problems = []
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
        if self.approximate and self.aggregation not in ("count_distinct", "median", "percentile", None):
            problems.append(f"is approximate, but a {self.aggregation} is exact anyway; leave approximate out")
        by_order = self.aggregation in ("first", "last")
        if by_order and self.time is None:
            problems.append(f"needs a time, the column that says which row is the {self.aggregation}")
        if self.tie is not None and not by_order:
            problems.append("has a tie, so its aggregation has to be first or last")
        return problems

    def input(self, called: str) -> Input:
        """What a name in the expression of a derived metric stands for."""
        return next((one for one in self.inputs if one.called == called), Input(metric=called))

    def uses(self) -> list[tuple[str, str]]:
        """The metrics it is made of: (what they are to it, name).

        Raises:
            Invalid: The expression of a derived metric cannot be read.
        """
        if self.type == "derived":
            named = [self.input(name) for name in expressions.names_in(str(self.expr), self.spoken_expr)]
            return [("input", metric) for metric in dict.fromkeys(one.metric for one in (*named, *self.inputs))]
        if self.type == "simple":
            return []
        return [(role, str(getattr(self, role))) for role in _METRICS if getattr(self, role) is not None]

    @property
    def spoken_expr(self) -> str:
        """What messages call the expression of a derived metric."""
        return f"the expr of metric '{self.name}'"

    def dimension(self, name: str) -> Dimension | None:
        return next((dimension for dimension in self.dimensions if dimension.name == name), None)


def digest(metric: Metric, *parts: str) -> str:
    """The version of a definition: a short SHA-256 of what it says and of the versions of what it is made of."""
    said = json.dumps([metric.model_dump(mode="json", exclude_defaults=True), *parts], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]
