"""What the asker prefers, through the server: the same wherever they work."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from workbench.foundation.errors import unknown
from workbench.remote.door import Door
from workbench.remote.reading import Reading

__all__ = ["RemotePreferences"]


class _Item(BaseModel):
    key: str
    value: Any


class _Preferences(BaseModel):
    items: tuple[_Item, ...]


class RemotePreferences(Reading):
    """The preferences of whoever the token belongs to."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def get(self, key: str) -> Any:
        """
        Raises:
            NotFound: No such preference; the message has the nearest one.
        """
        known = self.all()
        if key not in known:
            raise unknown("preference", key, known)
        return known[key]

    def all(self) -> dict[str, Any]:
        """Every preference; where nothing was set, its default."""
        return {item.key: item.value for item in self._door.ask("preferences", _Preferences).items}

    def __repr__(self) -> str:
        return "\n".join(f"{key:<12}{value}" for key, value in self.all().items())
