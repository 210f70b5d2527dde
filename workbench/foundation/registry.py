"""One generic registry: connectors, engines, pipeline steps and whatever else third parties may add."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from workbench.foundation.errors import Conflict, Unavailable, unknown

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind, from this package and from installed entry points.

    Args:
        kind: What the things are, as error messages call them ("connector").
        group: The entry-point group other distributions register in; None for things only we register.
    """

    def __init__(self, kind: str, group: str | None = None) -> None:
        self._kind = kind
        self._group = group
        self._things: dict[str, T] = {}

    def register(self, name: str, thing: T) -> None:
        """Adds a thing.

        Raises:
            Conflict: Another thing has that name.
        """
        if self._things.setdefault(name, thing) is not thing:
            raise Conflict(f"a {self._kind} named '{name}' is registered already")

    def get(self, name: str) -> T:
        """The thing of that name; an entry point is imported when it is first asked for.

        Raises:
            NotFound: Nothing of that name; the message has the nearest one.
            Unavailable: It is declared by an installed package that cannot be imported.
        """
        if name in self._things:
            return self._things[name]
        for point in self._entry_points():
            if point.name == name:
                try:
                    thing: T = point.load()
                except ImportError as error:
                    raise Unavailable(
                        f"the {self._kind} '{name}' cannot be loaded: {error}",
                        hint=f"reinstall what provides {point.value}",
                    ) from error
                self._things[name] = thing
                return thing
        raise unknown(self._kind, name, self.names())

    def names(self) -> list[str]:
        return sorted(self._things.keys() | {point.name for point in self._entry_points()})

    def _entry_points(self) -> tuple[EntryPoint, ...]:
        return tuple(entry_points(group=self._group)) if self._group else ()
