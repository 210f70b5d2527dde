"""What checks of a workspace's datasets found, through its server."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbench.data.quality import Freshness, QualityResult, Trend, trends
from workbench.foundation.errors import Invalid
from workbench.remote.door import Door, path
from workbench.remote.reading import Reading

__all__ = ["RemotePromises", "RemoteQuality"]

MOST = 200
"""Checks that a server tells of at once."""


@dataclass(frozen=True)
class _Checks:
    items: tuple[QualityResult, ...]


@dataclass(frozen=True)
class _Promises:
    items: tuple[Freshness, ...]


@dataclass(frozen=True)
class _Proposed:
    yaml: str


class RemotePromises(Reading):
    """How fresh datasets are promised to be, judged on the server by the rows that the asker may see."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> list[Freshness]:
        """Every promise, by the dataset's name; a dataset that cannot be read as its promise asks is a broken one."""
        return [*self._door.ask("freshness", _Promises).items]

    def look(self, dataset: str) -> Freshness:
        """Whether a dataset is as fresh as was promised, and the rows of its latest days.

        Raises:
            NotFound: No such dataset, or nothing was promised of it.
        """
        return self._door.ask(path("datasets", dataset, "freshness"), Freshness)


class RemoteQuality(Reading):
    """What checks found: those by people who see the same of a dataset as whoever the token belongs to.

    Attributes:
        promises: How fresh datasets are promised to be.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self.promises = RemotePromises(door)

    def history(self, dataset: str, *, limit: int = 50) -> list[QualityResult]:
        """What checks of a dataset found, newest first, without sample rows.

        Args:
            limit: At most so many, up to 200.

        Raises:
            NotFound: No such dataset.
        """
        if limit > MOST:
            raise Invalid(f"a server tells of {MOST} checks at most, not of {limit:,}")
        found = self._door.ask(path("datasets", dataset, "quality", "checks"), _Checks, limit=limit)
        return [replace(one, dataset=dataset) for one in found.items]

    def trend(self, dataset: str, *, limit: int = 50) -> list[Trend]:
        """How each expectation of a dataset fared in its latest checks: oldest first, by the order of the newest check.

        Raises:
            NotFound: No such dataset.
        """
        return trends(self.history(dataset, limit=limit))

    def propose(self, dataset: str) -> str:
        """A suite of expectations as YAML, proposed from a dataset's profile: to be edited and saved in expectations/.

        Raises:
            NotFound: No such dataset.
        """
        return self._door.ask(path("datasets", dataset, "quality", "proposed"), _Proposed).yaml
