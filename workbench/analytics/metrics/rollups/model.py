"""What a rollup is, as its definition says it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.analytics.metrics.ingredients import Name, Schedule

__all__ = ["Chunk", "Mode", "Rollup", "RollupState", "RollupSummary"]

Mode = Literal["use", "off", "only"]


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


@dataclass(frozen=True)
class Chunk:
    """What is kept of the rows of a month.

    Attributes:
        month: Its first day, of the calendar in UTC; None for rows without a time.
        files: A path and a size for each of the rollup's sheets, below the folder of rollups.
        rows: In all of them.
    """

    month: date | None
    files: tuple[tuple[str, int], ...]
    rows: int


@dataclass(frozen=True)
class RollupState:
    """What is kept of a rollup, and what it stands for.

    Attributes:
        fingerprint: Of what it was made by; another definition has another one.
        dataset_id: Whose rows.
        version: The version of them that it stands for.
        beside: Joined dataset -> its id and the version that was joined.
        made: When, in UTC.
        seconds: How long that took.
    """

    name: str
    fingerprint: str
    dataset_id: str
    version: int
    beside: Mapping[str, tuple[str, int]]
    chunks: tuple[Chunk, ...]
    made: datetime
    seconds: float

    @property
    def rows(self) -> int:
        return sum(chunk.rows for chunk in self.chunks)

    @property
    def bytes(self) -> int:
        return sum(size for chunk in self.chunks for _, size in chunk.files)


@dataclass(frozen=True)
class RollupSummary:
    """A rollup in a list.

    Attributes:
        version: Of its dataset, which it stands for; None where it was never made.
        newest: The newest version of its dataset.
        status: never made, current, behind, or to be made anew where its definition changed.
        made: When it was made last, in UTC.
    """

    rollup: Rollup
    dataset: str
    status: Literal["never made", "current", "behind", "outdated"]
    version: int | None
    newest: int
    rows: int
    bytes: int
    made: datetime | None
