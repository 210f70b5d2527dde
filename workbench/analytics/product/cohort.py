"""A cohort as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["Cohort"]


@dataclass(frozen=True)
class Cohort:
    """A named set of subjects of one dataset.

    Attributes:
        definition: Conditions, as `segment_document` reads them; a static cohort lists its subjects.
        updated: When it was last saved, UTC.
    """

    name: str
    dataset: str
    definition: Mapping[str, Any]
    description: str
    owner: str
    updated: datetime

    @property
    def static(self) -> bool:
        return set(self.definition) == {"subjects"}

    @property
    def size(self) -> int | None:
        """Of a static cohort; None for one that is found anew each time."""
        return len(self.definition["subjects"]) if self.static else None

    def __repr__(self) -> str:
        what = f"{self.size:,} subjects" if self.static else "found by what they do"
        return f"{self.name}: {what}, of {self.dataset}" + (f"\n{self.description}" if self.description else "")
