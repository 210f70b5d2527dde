"""What a connection cannot do is said to be that, and not to be missing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, NoReturn, TypeVar

from workbench.foundation.errors import Invalid, NotFound, nearest
from workbench.foundation.listing import Listing

__all__ = ["Named", "Reading", "ReadsOnly"]

T = TypeVar("T")


class ReadsOnly(Invalid, AttributeError):
    """What was asked of a connection changes something, or takes the workspace itself."""


class Reading:
    """Has the names of what stands behind a server, as far as they read."""

    def __getattr__(self, name: str) -> NoReturn:
        kind = type(self).__name__
        if name.startswith("_"):
            raise AttributeError(f"'{kind}' object has no attribute '{name}'")
        guess = nearest(name, [known for known in dir(self) if not known.startswith("_")])
        meant = f"; did you mean '{guess}'?" if guess else ""
        raise ReadsOnly(
            f"a connection only reads, and its {kind} has no '{name}'{meant}",
            hint="what writes, runs or computes on its own is done in the workspace: Workbench.open()",
        )


class Named(Reading, ABC, Generic[T]):
    """Things that have names: read like a mapping, and listed like a sequence."""

    @abstractmethod
    def get(self, name: str) -> T:
        """
        Raises:
            NotFound: There is none of that name.
        """

    @abstractmethod
    def list(self) -> Listing[T]:
        """All of them, by name."""

    def __getitem__(self, name: str) -> T:
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and self.get(name) is not None
        except NotFound:
            return False

    def __iter__(self) -> Iterator[T]:
        return iter(self.list())
