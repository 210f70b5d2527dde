"""The address of a database server, with its password by reference."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from workbench.data.connectors.fragment import options_of
from workbench.foundation.errors import Invalid, Unavailable, sentence
from workbench.foundation.secret import is_reference, read_secret

__all__ = ["DatabaseAddress", "DatabaseOptions"]

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}
# A server that is gone without a word is noticed after a minute, not after hours.
_POSTGRES = {"connect_timeout": "10", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}


def _by_reference(given: str) -> str:
    if given and not is_reference(given):  # without repeating it, since it may be the password
        raise ValueError("has a password in clear: it is env:NAME, file:/path or keyring:service/name")
    return given


class DatabaseOptions(BaseModel):
    """What the address of a database server says behind its `#`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    password: Annotated[str, AfterValidator(_by_reference)] = Field("", description="Where the password is.")


class DatabaseAddress:
    """The address of a database, with the driver that we use, and with its password, if it says where that is.

    Attributes:
        url: For SQLAlchemy.
        shown: As it is shown and kept: without its password, and without what we added.
        kind: "sqlite", "postgresql", "mysql" or "mariadb".
    """

    def __init__(self, given: str) -> None:
        """
        Raises:
            Invalid: It cannot be parsed, or its options are none.
            NotFound: There is no such secret.
        """
        self._scheme = given.split(":")[0]
        place, fragment = given, ""
        rest, _, behind = given.rpartition("#")
        if rest and "=" in behind and "@" not in behind and not given.startswith("sqlite"):
            place, fragment = rest, behind
        try:
            parsed = make_url(place)
        except (ArgumentError, ValueError) as error:
            raise Invalid(
                f"the database URL cannot be used: {sentence(error)}", hint="scheme://user@host/name"
            ) from None
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        self.shown = parsed.render_as_string(hide_password=True)
        self.kind = parsed.get_backend_name()
        options = options_of(DatabaseOptions, fragment, self.shown, noun="database", example="password=env:NAME")
        if options.password:
            parsed = parsed.set(password=read_secret(options.password))
        if self.kind == "postgresql":
            wanting = {name: value for name, value in _POSTGRES.items() if name not in parsed.query}
            parsed = parsed.update_query_dict(wanting)
        self.url: URL = parsed

    def without_driver(self, error: ModuleNotFoundError) -> Unavailable:
        """The error for a driver that is not installed."""
        extra = _EXTRAS.get(error.name or "", "postgres")
        return Unavailable(
            f"a database by '{self._scheme}' needs the package '{error.name}'",
            hint=f"pip install 'analytics-workbench[{extra}]'",
        )
