"""A cohort as it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.foundation.listing import Listing
from workbench.foundation.wording import counted

__all__ = ["Cohort", "cohorts_listed"]


@dataclass(frozen=True)
class Cohort:
    """A named set of subjects of one dataset.

    Attributes:
        definition: Conditions, as `segment_document` reads them; a static cohort lists its subjects. Lists are
            empty where they are hidden.
        updated: When it was last saved, UTC.
        hidden: It lists subjects, and whoever asks sees its dataset through a policy: a list could tell what that
            hides. Who is in it among the rows that they see can still be asked.
    """

    name: str
    dataset: str
    definition: Mapping[str, Any]
    description: str
    owner: str
    updated: datetime
    hidden: bool = False

    @property
    def static(self) -> bool:
        return set(self.definition) == {"subjects"}

    @property
    def size(self) -> int | None:
        """Of a static cohort; None for one that is found anew each time, or hidden."""
        return len(self.definition["subjects"]) if self.static and not self.hidden else None

    def __repr__(self) -> str:
        what = "listed by somebody who sees more of them" if self.hidden else "found by what they do"
        what = what if self.size is None else counted(self.size, "subject")
        return f"{self.name}: {what}, of {self.dataset}" + (f"\n{self.description}" if self.description else "")


def cohorts_listed(cohorts: Iterable[Cohort]) -> Listing[Cohort]:
    return Listing(
        cohorts,
        caption="Cohorts",
        row=lambda one: {
            "cohort": one.name,
            "dataset": one.dataset,
            "subjects": f"{one.size:,}" if one.size is not None else "found when asked",
            "owner": one.owner,
            "description": one.description,
        },
        empty="There is no cohort yet: wb.product.cohorts.save('name', 'dataset', {'did': 'purchase'})",
    )
