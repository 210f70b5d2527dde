"""Preferences. The only file that opens sessions on their table."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, select

from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Invalid, unknown
from workbench.governance.preferences.model import PreferenceSet
from workbench.governance.preferences.tables import PreferenceRow
from workbench.governance.security import Principal, Role, Scope, Security

__all__ = ["Preferences"]

_KEYS = tuple(PreferenceSet.model_fields)


class Preferences:
    """What one user prefers. Nobody sees or sets another's."""

    def __init__(self, catalog: Catalog, security: Security, principal: Principal) -> None:
        self._catalog = catalog
        self._security = security
        self._principal = principal

    def __repr__(self) -> str:
        return "\n".join(f"{key:<12}{value}" for key, value in self.all().items())

    def get(self, key: str) -> Any:
        """
        Raises:
            NotFound: No such preference; the message has the nearest one.
        """
        return self.all()[_known(key)]

    def all(self) -> dict[str, Any]:
        """Every preference; where nothing was set, its default."""
        with self._catalog.read() as session:
            rows = session.scalars(select(PreferenceRow).where(PreferenceRow.user == self._principal.name))
            kept = {row.key: row.value["value"] for row in rows}
        found = PreferenceSet().model_dump()
        for key, value in kept.items():
            with suppress(ValidationError):  # set by another version, which knew other ones
                found[key] = getattr(PreferenceSet.model_validate({key: value}), key)
        return found

    def set(self, key: str, value: Any) -> Any:
        """Sets a preference; what it is now.

        Raises:
            NotFound: No such preference.
            Invalid: It cannot have this value.
            Forbidden: A token that may only read asks.
        """
        self._security.require(self._principal, Role.VIEWER, f"set the preference '{_known(key)}'", scope=Scope.RUN)
        try:
            wanted = getattr(PreferenceSet.model_validate({key: value}), key)
        except ValidationError as error:
            why = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise Invalid(
                f"{str(value)[:80]!r} cannot be the preference '{key}': {why[:1].lower()}{why[1:]}"
            ) from error
        with self._catalog.begin() as session:
            session.merge(PreferenceRow(user=self._principal.name, key=key, value={"value": wanted}, updated=utcnow()))
        return wanted

    def reset(self, key: str | None = None) -> None:
        """Forgets what was set for a preference, or for all of them.

        Raises:
            NotFound: No such preference.
            Forbidden: A token that may only read asks.
        """
        self._security.require(self._principal, Role.VIEWER, "reset preferences", scope=Scope.RUN)
        gone = delete(PreferenceRow).where(PreferenceRow.user == self._principal.name)
        if key is not None:
            gone = gone.where(PreferenceRow.key == _known(key))
        with self._catalog.begin() as session:
            session.execute(gone)


def _known(key: str) -> str:
    if key not in _KEYS:
        raise unknown("preference", key, _KEYS)
    return key
