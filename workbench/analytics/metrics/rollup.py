"""What a rollup is, as its definition says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.analytics.metrics.ingredients import Name, Schedule

__all__ = ["Rollup"]


class Rollup(BaseModel):
    """Metrics of one dataset, computed ahead by time and some dimensions.

    Attributes:
        name: What it is called; a file says `rollup:` for it.
        metrics: Names of metrics; of one made of others, its parts are kept. Conversions cannot be.
        dimensions: Which of their dimensions it keeps.
        grain: How fine its periods are.
        time_zone: Whose midnight starts a day; by default the first metric's, or UTC.
        week_start: 1 (Monday) to 7 (Sunday); by default the first metric's, or 1.
        filter: SQL condition on the rows that it is made of; a query has to have the same one.
        refresh: When it is made anew where its dataset changed: `every 1 h`, or cron's five fields in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    description: str = ""
    metrics: tuple[str, ...] = Field(min_length=1)
    dimensions: tuple[str, ...] = ()
    grain: Literal["hour", "day", "week", "month"] = "day"
    time_zone: str | None = None
    week_start: Annotated[int, Field(ge=1, le=7)] | None = None
    filter: str | None = None
    refresh: Schedule | None = None
    owner: str = ""

    @model_validator(mode="before")
    @classmethod
    def _called(cls, given: Any) -> Any:
        """A file tells a rollup from a metric by its first key, which is its name."""
        if isinstance(given, Mapping) and "rollup" in given and "name" not in given:
            return {"name" if key == "rollup" else key: value for key, value in given.items()}
        return given

    @property
    def summary(self) -> str:
        """What it is, in one line."""
        by = ", ".join([self.grain, *self.dimensions])
        where = f" where {self.filter}" if self.filter else ""
        return f"{', '.join(self.metrics)} by {by}{where}"
