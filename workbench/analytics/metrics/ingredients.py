"""What a definition of a metric is made of: dimensions, joined datasets, other metrics, properties held constant."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from workbench.analytics.metrics.schedules import check_schedule
from workbench.analytics.metrics.spans import SpanText

__all__ = ["Dimension", "Input", "Join", "Name", "Property", "Schedule", "StarJoins", "spoken"]

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63),
    Field(description="Lower-case letters, digits and underscores, a letter first."),
]
Schedule = Annotated[str, AfterValidator(check_schedule)]


class _Ingredient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dimension(_Ingredient):
    """What a metric may be broken down by.

    Attributes:
        name: The column of the result.
        label: How it is called in charts and tables.
        sql: An expression over one row's columns; by default the column of the dimension's name.
        order: Its values in the order in which they are shown, where the alphabet would not do; others follow.
    """

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


class Join(_Ingredient):
    """A dataset whose columns are had beside a metric's own: of each row at most one row of it.

    Attributes:
        name: The joined columns are called by it: `customer__country`.
        dataset: What is joined.
        on: Column of the metric's dataset -> column of the joined one. The latter's tell its rows apart.
        columns: Which columns are had; by default all but those of `on`.
    """

    name: Name
    dataset: str
    on: dict[str, str] = Field(min_length=1)
    columns: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _on(cls, given: Any) -> Any:
        """YAML 1.1 reads the bare word `on` as true."""
        if isinstance(given, dict) and True in given and "on" not in given:
            return {"on" if key is True else key: value for key, value in given.items()}
        return given

    def called(self, column: str) -> str:
        """The name of a joined column beside the metric's own."""
        return f"{self.name}__{column}"


class StarJoins(_Ingredient):
    """The section of a file that declares the joins of a dataset once, for every metric of it."""

    dataset: str
    joins: tuple[Join, ...] = Field(min_length=1)


class Input(_Ingredient):
    """Another metric, as a derived one uses it.

    Attributes:
        metric: Its name.
        alias: What the expression calls it; by default its name.
        filter: SQL condition over the rows it is made from, besides its own.
        offset: How much earlier it is taken: of May with `1 month`, its April.
    """

    metric: str
    alias: Name | None = None
    filter: str | None = None
    offset: SpanText | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        return {"metric": given} if isinstance(given, str) else given

    @property
    def called(self) -> str:
        return self.alias or self.metric


class Property(_Ingredient):
    """What has to be the same of a base event and of the conversion that it is given.

    Attributes:
        base: Dimension or column of the base metric.
        conversion: Dimension or column of the conversion metric; by default of the same name.
    """

    base: str
    conversion: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        return {"base": given} if isinstance(given, str) else given


def spoken(name: str) -> str:
    """A name as people say it: "mean_delay" is "Mean delay"."""
    return name.replace("_", " ").capitalize()
