from __future__ import annotations

from typing import Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workbench.foundation.errors import nearest

__all__ = ["PreferenceSet"]


class PreferenceSet(BaseModel):
    """Everything that can be preferred, and what holds for who said nothing. No number is computed differently by it:
    that would make two people see two numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    time_zone: str | None = Field(None, description="Whose clock times are shown by, as IANA calls it; null: UTC.")
    week_start: int = Field(1, ge=1, le=7, description="The first day of a week: 1 (Monday) to 7 (Sunday).")
    grain: Literal["hour", "day", "week", "month", "quarter", "year"] = Field(
        "day", description="What a new chart over time begins with."
    )
    theme: Literal["system", "light", "dark"] = Field("system", description="How pages look.")
    sql_rows: int | None = Field(
        None, ge=1, le=10**9, description="After how many rows the result of SQL is cut, outside of runs; null: never."
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            guess = nearest(zone, available_timezones())
            raise ValueError(f"no such time zone{f'; did you mean {guess!r}?' if guess else ''}")
        return zone
